//! Authenticator apps: a six-digit code beside the password (TOTP, RFC 6238), and recovery codes for a lost device.
//!
//! SHA-1, six digits and 30 s, which every app understands. The secret is sealed with the vault's master key; no time
//! step is taken twice.

use model::{Instant, PartyId};
use store::{AuthenticatorRow, StoreError, Tx};
use totp_rs::{Builder, Secret, Totp};

use crate::accounts::Accounts;
use crate::token::sha256;
use crate::vault::{Vault, decrypt, encrypt};

/// Length of a secret, bytes (RFC 4226 §4 R6 asks for 160 bits).
const SECRET_LEN: usize = 20;

/// Recovery codes given at once.
const RECOVERY_CODES: usize = 8;

/// Random bytes of a recovery code: 80 bits, 16 letters and digits in four groups.
const RECOVERY_LEN: usize = 10;

/// A new authenticator, shown to its owner this once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAuthenticator {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same as `otpauth://` URI, to be scanned.
    pub uri: String,
}

impl std::fmt::Debug for NewAuthenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewAuthenticator(..)")
    }
}

/// Why a code was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// A code is asked for.
    #[error("enter the code of your authenticator app")]
    Needed,
    /// It is wrong, or was used before.
    #[error("the code is wrong or was used before; wait for the next one")]
    Wrong,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A secret as an authenticator app counts with it.
fn totp(secret: &[u8], issuer: &str, login: &str) -> Totp {
    // A colon parts issuer and account in the URI, so neither may have one.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(plain(login))
        .with_issuer(Some(plain(issuer)))
        .build()
        .expect("20 bytes of secret, six digits, and names without a colon are what the builder asks for")
}

/// The time step whose code this is, one step of clock skew to either side; `None` for a wrong one.
fn step_of(secret: &[u8], code: &str, now: Instant) -> Option<i64> {
    let seconds = u64::try_from(now.as_micros().div_euclid(1_000_000)).ok()?;
    totp(secret, "", "").check(code, seconds).and_then(|step| i64::try_from(step).ok())
}

/// What is left of a code as a person types it.
fn typed(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

fn name_of(party: PartyId) -> Vec<u8> {
    format!("authenticator/{party}").into_bytes()
}

impl Vault {
    fn seal_authenticator(&self, tx: &mut Tx, party: PartyId, secret: &[u8]) -> Vec<u8> {
        encrypt(&self.master, tx.random_bytes(), secret, &name_of(party))
    }

    fn open_authenticator(&self, row: &AuthenticatorRow) -> Option<Vec<u8>> {
        decrypt(&self.master, &row.sealed, &name_of(row.party))
    }
}

impl Accounts {
    /// Gives somebody a new secret for their authenticator app. It is asked for at sign-in only once
    /// [`Accounts::confirm_authenticator`] has seen a code of it; until then the app they had stays good.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn make_authenticator(&self, party: PartyId, issuer: &str) -> Result<NewAuthenticator, StoreError> {
        let secret: [u8; SECRET_LEN] = self.random_bytes();
        let (vault, now, issuer) = (self.vault.clone(), self.clock.now(), issuer.to_owned());
        self.store
            .write(move |tx: &mut Tx| {
                let account = tx
                    .find_party(party)?
                    .ok_or_else(|| StoreError::NotFound { what: "account", id: party.to_string() })?;
                let sealed = vault.seal_authenticator(tx, party, &secret);
                tx.record_waiting_authenticator(&AuthenticatorRow { party, sealed, last_step: 0, created_at: now })?;
                let totp = totp(&secret, &issuer, &account.login);
                let uri = totp.to_url().expect("an issuer and an account name make a URI");
                Ok(NewAuthenticator { secret: totp.secret().to_base32(), uri })
            })
            .await
    }

    /// Takes the first code of a new authenticator app, which is asked for from then on in the place of the one before;
    /// answers recovery codes, in clear this once.
    ///
    /// # Errors
    /// [`CodeError::Wrong`], or the store's.
    pub async fn confirm_authenticator(&self, party: PartyId, code: &str) -> Result<Vec<String>, CodeError> {
        let (vault, now, code) = (self.vault.clone(), self.clock.now(), typed(code));
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(self.random_bytes())).collect();
        let hashes: Vec<[u8; 32]> = codes.iter().map(|code| sha256(&typed(code))).collect();
        self.store
            .write(move |tx: &mut Tx| {
                let waiting = tx.find_waiting_authenticator(party)?.ok_or(CodeError::Wrong)?;
                let secret = vault.open_authenticator(&waiting).ok_or(CodeError::Wrong)?;
                let last_step = step_of(&secret, &code, now).ok_or(CodeError::Wrong)?;
                tx.record_authenticator(&AuthenticatorRow { last_step, ..waiting })?;
                tx.replace_recovery_codes(party, &hashes)?;
                Ok::<_, CodeError>(())
            })
            .await?;
        Ok(codes)
    }

    /// Forgets the authenticator app of a person with its recovery codes.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn remove_authenticator(&self, party: PartyId) -> Result<(), StoreError> {
        self.store.write(move |tx: &mut Tx| tx.remove_authenticator(party)).await
    }

    /// Takes the code of who signs in. `None` when they have no authenticator app, so none is needed.
    pub(crate) async fn take_code(
        &self,
        party: PartyId,
        code: Option<&str>,
        now: Instant,
    ) -> Result<Option<()>, CodeError> {
        if self.store.read(move |reader| reader.find_authenticator(party)).await?.is_none() {
            return Ok(None);
        }
        let code = code.map(typed).filter(|code| !code.is_empty()).ok_or(CodeError::Needed)?;
        let vault = self.vault.clone();
        self.store
            .write(move |tx: &mut Tx| {
                let is_taken =
                    take_step(tx, &vault, party, &code, now)? || tx.take_recovery_code(party, &sha256(&code))?;
                is_taken.then_some(Some(())).ok_or(CodeError::Wrong)
            })
            .await
    }
}

/// Takes a code of an authenticator app; false when it is none of its present ones, or was taken before.
fn take_step(tx: &mut Tx, vault: &Vault, party: PartyId, code: &str, now: Instant) -> Result<bool, StoreError> {
    let Some(row) = tx.find_authenticator(party)? else { return Ok(false) };
    let Some(secret) = vault.open_authenticator(&row) else { return Ok(false) };
    let Some(step) = step_of(&secret, code, now) else { return Ok(false) };
    tx.take_authenticator_step(party, step)
}

/// 16 characters of base32 in four groups.
fn recovery_code(bytes: [u8; RECOVERY_LEN]) -> String {
    let text = Secret::from(bytes.to_vec()).to_base32();
    [&text[..4], &text[4..8], &text[8..12], &text[12..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B: the secret of SHA-1, and its codes cut to six digits.
    #[test]
    fn the_codes_of_the_rfc_are_known_within_one_step() {
        let secret = b"12345678901234567890";
        for (seconds, code, expect) in [
            (59, "287082", Some(1)),
            (1_111_111_109, "081804", Some(37_037_036)),
            (1_234_567_890, "005924", Some(41_152_263)),
            (20_000_000_000, "353130", Some(666_666_666)),
            (59 + 30, "287082", Some(1)),
            (59 - 30, "287082", Some(1)),
            (59 + 61, "287082", None),
            (59, "287083", None),
            (59, "", None),
            (59, "２８７０８２", None),
            (-1, "287082", None),
        ] {
            let now = Instant::from_micros(seconds * 1_000_000);
            assert_eq!(step_of(secret, code, now), expect, "{code} at {seconds} s");
        }
    }

    #[test]
    fn a_code_is_typed_with_or_without_its_groups() {
        let code = recovery_code([0xfb; RECOVERY_LEN]);
        assert_eq!(code, "7P57-X673-7P57-X673", "80 bits are 16 characters");
        assert_eq!(typed(&format!(" {} ", code.to_lowercase())), typed(&code.replace('-', "")));
        assert_eq!(typed("123 456"), "123456");
    }

    #[test]
    fn the_uri_names_city_and_login() {
        let uri = totp(&[7; SECRET_LEN], "瑶光市: 天枢", "li@example").to_url().unwrap();
        assert!(uri.starts_with("otpauth://totp/") && uri.contains("secret=A4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYH"), "{uri}");
    }
}
