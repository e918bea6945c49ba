//! Kiosks (自助终端): terminals of service halls that people sign in at with their own phone.
//!
//! The flow is that of RFC 8628: the terminal shows a code, the person opens it on the phone they are signed in with, sees
//! which terminal asks, and agrees. No secret is typed at the terminal, and nothing of the person stays there.

use std::sync::Arc;

use model::{Clock, Instant, KioskId, OfficeId, PartyId};
use store::{KioskRow, KioskSignInRow, PartyKind, Reader, Store, StoreError, Tx};

use crate::accounts::{Opening, SignedIn};
use crate::mandate_codes::{code_hash, code_of};
use crate::token::{Secret, sha256};

/// How long the code that opens a terminal is good, a day: it is printed in the office and typed in the hall.
const OPENING_US: i64 = 24 * 3_600 * 1_000_000;

/// How long a code shown at a terminal is good, 3 minutes: somebody stands before it.
const CODE_US: i64 = 3 * 60 * 1_000_000;

/// Why something at a terminal was refused.
#[derive(Debug, thiserror::Error)]
pub enum KioskError {
    /// There is no such terminal.
    #[error("this is no terminal of a service hall")]
    NotKiosk,
    /// The code does not open a terminal.
    #[error("the code opens no terminal: it was used, or is older than a day; ask for a new one")]
    Opening,
    /// The code is not one that a terminal shows.
    #[error("no terminal shows this code now; look at it again, codes change after three minutes")]
    Code,
    /// Staff do not sign in at terminals for residents.
    #[error("only residents sign in at a terminal")]
    NotResident,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of the question a terminal asks.
#[derive(Debug, Clone)]
pub enum KioskSignIn {
    /// Nobody has answered yet.
    Waiting {
        /// Until when the code is good.
        until: Instant,
    },
    /// Nobody answered in time, or nothing was asked.
    Over,
    /// Somebody agreed: their session at this terminal.
    SignedIn(SignedIn),
}

/// The terminals.
pub struct Kiosks {
    /// Where they are kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Kiosks {
    /// Registers a terminal, or closes and readies one for opening anew; the code that opens it is told once.
    ///
    /// # Errors
    /// [`KioskError::Store`].
    pub fn add_blocking(&self, id: KioskId, title: String, office: OfficeId) -> Result<String, KioskError> {
        let now = self.clock.now();
        self.store.write_blocking(move |tx: &mut Tx| {
            tx.remove_kiosk(&id)?;
            let code = code_of(tx.random_bytes());
            let (opening, opening_until) = (Some(sha256(&code)), Some(now.plus_micros(OPENING_US)));
            let row =
                KioskRow { id, title, office, opening, opening_until, secret: None, created_at: now, opened_at: None };
            tx.record_kiosk(&row)?;
            Ok(code)
        })
    }

    /// Makes whoever has the code the terminal; what its cookie holds from now on.
    ///
    /// # Errors
    /// [`KioskError::Opening`].
    pub async fn open(&self, code: &str) -> Result<(KioskRow, Secret), KioskError> {
        let (now, opening) = (self.clock.now(), code_hash(code));
        self.store
            .write(move |tx: &mut Tx| {
                let kiosk = tx.find_kiosk_by_opening(&opening)?.ok_or(KioskError::Opening)?;
                if kiosk.opening_until.is_none_or(|until| until <= now) {
                    return Err(KioskError::Opening);
                }
                let secret = Secret::from_random(tx.random_bytes());
                let kiosk = KioskRow {
                    opening: None,
                    opening_until: None,
                    secret: Some(sha256(secret.reveal())),
                    opened_at: Some(now),
                    ..kiosk
                };
                tx.record_kiosk(&kiosk)?;
                Ok((kiosk, secret))
            })
            .await
    }

    /// The terminal of a cookie.
    ///
    /// # Errors
    /// [`KioskError::NotKiosk`].
    pub async fn find(&self, secret: &str) -> Result<KioskRow, KioskError> {
        let secret = sha256(secret);
        self.store.read(move |db| find(db, &secret)).await
    }

    /// Asks for a sign-in at a terminal; the code it shows, and until when. Whoever was signed in there is no longer.
    ///
    /// # Errors
    /// [`KioskError::NotKiosk`].
    pub async fn ask(&self, secret: &str) -> Result<(String, Instant), KioskError> {
        let (now, secret) = (self.clock.now(), sha256(secret));
        self.store
            .write(move |tx: &mut Tx| {
                let kiosk = find(tx, &secret)?.id;
                tx.remove_sessions_at_kiosk(&secret)?;
                let (code, until) = (code_of(tx.random_bytes()), now.plus_micros(CODE_US));
                tx.record_kiosk_sign_in(&KioskSignInRow { kiosk, code_hash: sha256(&code), until, party: None })?;
                Ok((code, until))
            })
            .await
    }

    /// The terminal that shows a code now, and until when.
    ///
    /// # Errors
    /// [`KioskError::Code`].
    pub async fn find_asking(&self, code: &str) -> Result<(KioskRow, Instant), KioskError> {
        let (now, code) = (self.clock.now(), code_hash(code));
        self.store
            .read(move |db| {
                let asked = asking(db, &code, now)?;
                let kiosk = db.find_kiosk(&asked.kiosk)?.ok_or(KioskError::Code)?;
                Ok((kiosk, asked.until))
            })
            .await
    }

    /// Agrees to be signed in at the terminal that shows a code. The code is used up.
    ///
    /// # Errors
    /// [`KioskError::Code`], [`KioskError::NotResident`].
    pub async fn agree(&self, code: &str, party: PartyId) -> Result<KioskRow, KioskError> {
        let (now, code) = (self.clock.now(), code_hash(code));
        self.store
            .write(move |tx: &mut Tx| {
                let asked = asking(tx, &code, now)?;
                let kiosk = tx.find_kiosk(&asked.kiosk)?.ok_or(KioskError::Code)?;
                if !tx.find_party(party)?.is_some_and(|party| party.kind == PartyKind::Resident && !party.disabled) {
                    return Err(KioskError::NotResident);
                }
                tx.record_kiosk_sign_in(&KioskSignInRow { party: Some(party), ..asked })?;
                Ok(kiosk)
            })
            .await
    }

    /// Takes the session that somebody agreed to. It is given once, to the terminal that asked.
    ///
    /// # Errors
    /// [`KioskError::NotKiosk`].
    pub async fn take(&self, secret: &str) -> Result<KioskSignIn, KioskError> {
        let (now, secret) = (self.clock.now(), sha256(secret));
        self.store
            .write(move |tx: &mut Tx| {
                let kiosk = find(tx, &secret)?.id;
                let Some(asked) = tx.find_kiosk_sign_in(&kiosk)? else { return Ok(KioskSignIn::Over) };
                if asked.until <= now {
                    tx.remove_kiosk_sign_in(&kiosk)?;
                    return Ok(KioskSignIn::Over);
                }
                let Some(party) = asked.party else { return Ok(KioskSignIn::Waiting { until: asked.until }) };
                tx.remove_kiosk_sign_in(&kiosk)?;
                let Some(account) = tx.find_party(party)?.filter(|account| !account.disabled) else {
                    return Ok(KioskSignIn::Over);
                };
                let opening = Opening::at_kiosk(secret, [tx.random_bytes(), tx.random_bytes()]);
                let signed_in = opening.begin(tx, party, account.kind, account.display_name, now)?;
                Ok(KioskSignIn::SignedIn(signed_in))
            })
            .await
    }
}

fn find(reader: &mut Reader, secret: &[u8; 32]) -> Result<KioskRow, KioskError> {
    reader.find_kiosk_by_secret(secret)?.ok_or(KioskError::NotKiosk)
}

/// A question nobody has answered, by its code.
fn asking(reader: &mut Reader, code: &[u8; 32], now: Instant) -> Result<KioskSignInRow, KioskError> {
    let asked = reader.find_kiosk_sign_in_by_code(code)?.ok_or(KioskError::Code)?;
    if asked.until > now && asked.party.is_none() { Ok(asked) } else { Err(KioskError::Code) }
}
