//! Local accounts: making them, signing in and out.
//!
//! Hashing a password takes tens of milliseconds and megabytes, so it runs on blocking threads, a few at a time.

use std::sync::{Arc, Mutex, PoisonError};

use model::{Clock, Grant, Instant, PartyId};
use store::{Entropy, PartyKind, PartyRow, Reader, SignInMethod, Store, StoreError, Tx, fold_login};
use tokio::sync::Semaphore;

use crate::authenticator::CodeError;
use crate::lockout::{UnknownLogins, locked_until};
use crate::passkeys::RelyingParty;
use crate::password::{Password, PasswordError, hash_password, nobody_hash, verify_password};
use crate::sessions::{KIOSK_LIFETIME_US, Remembered, Session, lifetime_us};
use crate::token::{Secret, sha256};
use crate::vault::Vault;

/// Passwords hashed at the same time: 4 × 19 MiB.
const HASHING_AT_ONCE: usize = 4;

/// Shortest and longest login, in characters.
const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 3..=64;

/// Longest display name, in characters.
const NAME_MAX: usize = 64;

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The login does not fit.
    #[error("a login must have 3 to 64 letters, digits or . _ - @")]
    Login,
    /// The login is taken.
    #[error("the login is taken")]
    Taken,
    /// The name does not fit.
    #[error("a display name must have 1 to {NAME_MAX} characters of plain text")]
    Name,
    /// The password does not fit.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store did not take it.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AccountError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { .. } => Self::Taken,
            error => Self::Store(error),
        }
    }
}

/// Why somebody was not signed in. Says nothing about whether the login exists.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Login or password is wrong, or the account is disabled.
    #[error("login or password is wrong")]
    BadCredentials,
    /// The password is right, and a code of the authenticator app is asked for too.
    #[error("enter the code of your authenticator app, or a recovery code")]
    CodeNeeded,
    /// The code is wrong or was used before.
    #[error("the code is wrong or was used before; wait for the next one")]
    BadCode,
    /// Too many failures.
    #[error("too many failed attempts; try again in {wait_s} s")]
    Locked {
        /// How long to wait, seconds.
        wait_s: u64,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Staff or resident.
    pub kind: PartyKind,
    /// The login, case ignored.
    pub login: String,
    /// The name shown.
    pub display_name: String,
    /// The hash of its password, by [`hash_password`]; empty when it cannot sign in by password.
    pub password_hash: String,
    /// Its posts.
    pub grants: Vec<Grant>,
}

impl NewAccount {
    pub(crate) fn check(&self) -> Result<(), AccountError> {
        let login = fold_login(&self.login);
        let is_login = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        if !LOGIN_CHARS.contains(&login.chars().count()) || !login.chars().all(is_login) {
            return Err(AccountError::Login);
        }
        check_name(&self.display_name)
    }
}

fn check_name(name: &str) -> Result<(), AccountError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(AccountError::Name);
    }
    Ok(())
}

/// Makes an account with its posts, within the caller's transaction.
///
/// # Errors
/// [`AccountError`] when the login or the name does not fit or the login is taken.
pub fn record_account(tx: &mut Tx, account: &NewAccount, now: Instant) -> Result<PartyId, AccountError> {
    let id = tx.new_party_id(now);
    record_account_as(tx, id, account, now)?;
    Ok(id)
}

fn record_account_as(tx: &mut Tx, id: PartyId, account: &NewAccount, now: Instant) -> Result<(), AccountError> {
    account.check()?;
    if tx.find_party_by_login(&account.login)?.is_some() {
        return Err(AccountError::Taken);
    }
    tx.record_party(&PartyRow {
        id,
        kind: account.kind,
        login: fold_login(&account.login),
        password_hash: account.password_hash.clone(),
        display_name: account.display_name.trim().to_owned(),
        disabled: false,
        failed_count: 0,
        locked_until: None,
        created_at: now,
    })?;
    for grant in &account.grants {
        tx.record_grant(id, grant)?;
    }
    Ok(())
}

/// Somebody signed in: the cookie's token, given once, and the session it opens.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The token, for the cookie alone.
    pub token: Secret,
    /// The session.
    pub session: Arc<Session>,
}

/// Accounts and sessions of the city.
pub struct Accounts {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) relying_party: Option<RelyingParty>,
    entropy: Mutex<Box<dyn Entropy>>,
    unknown: UnknownLogins,
    hashing: Semaphore,
    remembered: Remembered,
}

impl Accounts {
    /// Begins with an empty memory; `entropy` makes tokens and salts, `vault` seals secrets of authenticator apps.
    pub fn new(store: Store, clock: Arc<dyn Clock>, entropy: Box<dyn Entropy>, vault: Arc<Vault>) -> Self {
        Self {
            store,
            clock,
            vault,
            relying_party: None,
            entropy: Mutex::new(entropy),
            unknown: UnknownLogins::default(),
            hashing: Semaphore::new(HASHING_AT_ONCE),
            remembered: Remembered::default(),
        }
    }

    /// The same, taking passkeys for the address people reach it under.
    #[must_use]
    pub fn with_passkeys(mut self, relying_party: Option<RelyingParty>) -> Self {
        self.relying_party = relying_party;
        self
    }

    /// Random bytes for tokens and salts.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        bytes
    }

    /// Registers a resident and signs them in.
    ///
    /// # Errors
    /// [`AccountError`]; nothing is written then.
    pub async fn register_resident(
        &self,
        login: &str,
        password: &str,
        display_name: &str,
    ) -> Result<SignedIn, AccountError> {
        let password = Password::new(password)?;
        let mut account = NewAccount {
            kind: PartyKind::Resident,
            login: login.to_owned(),
            display_name: display_name.to_owned(),
            password_hash: String::new(),
            grants: Vec::new(),
        };
        account.check()?;
        let salt = self.random_bytes();
        account.password_hash = self.hashing(move || hash_password(&password, salt)).await;
        let (now, opening) = (self.clock.now(), self.opening(SignInMethod::Password));
        self.store.write(move |tx: &mut Tx| opening.register(tx, &account, now)).await
    }

    /// Signs somebody in by password, and by a code of their authenticator app where they have one.
    ///
    /// # Errors
    /// [`SignInError`]; a failure is counted, and after some the login is locked for a while.
    pub async fn sign_in(&self, login: &str, password: &str, code: Option<&str>) -> Result<SignedIn, SignInError> {
        let (login, now) = (fold_login(login), self.clock.now());
        let login_hash = sha256(&login);
        let party = self.store.read(move |reader| reader.find_party_by_login(&login)).await?;
        let locked = match &party {
            Some(party) => party.locked_until,
            None => self.unknown.locked_until(&login_hash),
        };
        if let Some(until) = locked.filter(|until| now < *until) {
            let wait_s = until.micros_since(now).unsigned_abs().div_ceil(1_000_000);
            return Err(SignInError::Locked { wait_s });
        }
        let hash = party.as_ref().map_or_else(nobody_hash, |party| party.password_hash.clone());
        let password = password.to_owned();
        let is_right = self.hashing(move || verify_password(&password, &hash)).await;
        match party {
            Some(party) if is_right && !party.disabled => self.begin_by_password(party, code, now).await,
            Some(party) => {
                self.record_failure(&party, now).await?;
                Err(SignInError::BadCredentials)
            }
            None => {
                self.unknown.record_failure(login_hash, now);
                Err(SignInError::BadCredentials)
            }
        }
    }

    async fn record_failure(&self, party: &PartyRow, now: Instant) -> Result<(), StoreError> {
        let (id, until) = (party.id, locked_until(party.failed_count.saturating_add(1), now));
        self.store.write(move |tx: &mut Tx| tx.record_failed_sign_in(id, until)).await.map(drop)
    }

    async fn begin_by_password(
        &self,
        party: PartyRow,
        code: Option<&str>,
        now: Instant,
    ) -> Result<SignedIn, SignInError> {
        match self.take_code(party.id, code, now).await {
            Ok(None) => self.begin(party, SignInMethod::Password, now).await.map_err(SignInError::Store),
            Ok(Some(())) => self.begin(party, SignInMethod::PasswordCode, now).await.map_err(SignInError::Store),
            Err(CodeError::Needed) => Err(SignInError::CodeNeeded),
            Err(CodeError::Wrong) => {
                self.record_failure(&party, now).await?;
                Err(SignInError::BadCode)
            }
            Err(CodeError::Store(error)) => Err(error.into()),
        }
    }

    pub(crate) async fn begin(
        &self,
        party: PartyRow,
        method: SignInMethod,
        now: Instant,
    ) -> Result<SignedIn, StoreError> {
        let opening = self.opening(method);
        self.store
            .write(move |tx: &mut Tx| {
                tx.record_sign_in(party.id)?;
                opening.begin(tx, party.id, party.kind, party.display_name, now)
            })
            .await
    }

    /// The session of a cookie's token; `None` when there is none, it ended, or its account was disabled.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn find_session(&self, token: &str) -> Result<Option<Arc<Session>>, StoreError> {
        let (token_hash, now) = (sha256(token), self.clock.now());
        if let Some(session) = self.remembered.find(&token_hash, now) {
            return Ok(Some(session));
        }
        let session = self.store.read(move |reader| read_session(reader, &token_hash)).await?;
        let Some(mut session) = session.filter(|session| session.is_alive(now)) else { return Ok(None) };
        if now.micros_since(session.seen_at) >= session.seen_every_us() {
            self.store.write(move |tx: &mut Tx| tx.touch_session(&token_hash, now)).await?;
            session.seen_at = now;
        }
        let session = Arc::new(session);
        self.remembered.keep(token_hash, Arc::clone(&session), now);
        Ok(Some(session))
    }

    /// Gives somebody a password, or another one. The caller has made sure that they are present.
    ///
    /// # Errors
    /// [`AccountError`]; nothing is written then.
    pub async fn set_password(&self, party: PartyId, password: &str) -> Result<(), AccountError> {
        let (password, salt) = (Password::new(password)?, self.random_bytes());
        let hash = self.hashing(move || hash_password(&password, salt)).await;
        self.store
            .write(move |tx: &mut Tx| {
                let Some(account) = tx.find_party(party)? else { return Ok(()) };
                Ok(tx.update_party(&PartyRow { password_hash: hash, ..account })?)
            })
            .await
    }

    /// Changes how somebody is addressed.
    ///
    /// # Errors
    /// [`AccountError`]; nothing is written then.
    pub async fn set_display_name(&self, party: PartyId, display_name: &str) -> Result<(), AccountError> {
        check_name(display_name)?;
        let display_name = display_name.trim().to_owned();
        self.store
            .write(move |tx: &mut Tx| {
                let Some(account) = tx.find_party(party)? else { return Ok(()) };
                Ok::<_, AccountError>(tx.update_party(&PartyRow { display_name, ..account })?)
            })
            .await?;
        self.remembered.forget_party(party);
        Ok(())
    }

    /// Ends the session of a cookie's token; doing it twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn sign_out(&self, token: &str) -> Result<(), StoreError> {
        let token_hash = sha256(token);
        self.store.write(move |tx: &mut Tx| tx.remove_session(&token_hash)).await?;
        self.remembered.forget(&token_hash);
        Ok(())
    }

    /// Ends every session of a person but the one of this cookie's token.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn sign_out_elsewhere(&self, party: PartyId, token: &str) -> Result<(), StoreError> {
        let kept = sha256(token);
        self.store.write(move |tx: &mut Tx| tx.remove_other_sessions(party, &kept)).await?;
        self.remembered.forget_party(party);
        Ok(())
    }

    /// Ends every session of a person, as after a change of their password or posts.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn sign_out_everywhere(&self, party: PartyId) -> Result<(), StoreError> {
        self.store.write(move |tx: &mut Tx| tx.remove_sessions_of(party)).await?;
        self.remembered.forget_party(party);
        Ok(())
    }

    pub(crate) fn opening(&self, method: SignInMethod) -> Opening {
        let [token, csrf] = [(); 2].map(|()| Secret::from_random(self.random_bytes()));
        Opening { token, csrf, method, kiosk: None }
    }

    /// Runs work that takes tens of milliseconds on a blocking thread, a few at a time.
    pub(crate) async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _permit = self.hashing.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Accounts(..)")
    }
}

/// A new session whose owner is not known yet.
pub(crate) struct Opening {
    token: Secret,
    csrf: Secret,
    method: SignInMethod,
    /// The terminal it is at, by the SHA-256 of its secret.
    kiosk: Option<[u8; 32]>,
}

impl Opening {
    /// One at a terminal of a service hall.
    pub(crate) fn at_kiosk(kiosk: [u8; 32], random: [[u8; 32]; 2]) -> Self {
        let [token, csrf] = random.map(Secret::from_random);
        Self { token, csrf, method: SignInMethod::Kiosk, kiosk: Some(kiosk) }
    }

    /// Opens the session, within the caller's transaction.
    pub(crate) fn begin(
        self,
        tx: &mut Tx,
        party: PartyId,
        kind: PartyKind,
        display_name: String,
        now: Instant,
    ) -> Result<SignedIn, StoreError> {
        let row = store::SessionRow {
            token_hash: sha256(self.token.reveal()),
            party,
            csrf: self.csrf.reveal().to_owned(),
            created_at: now,
            expires_at: now.plus_micros(if self.kiosk.is_some() { KIOSK_LIFETIME_US } else { lifetime_us(kind) }),
            seen_at: now,
            method: self.method,
            kiosk: self.kiosk,
        };
        tx.record_session(&row)?;
        let session = session_of(&row, kind, display_name, tx.list_grants(party)?);
        Ok(SignedIn { token: self.token, session: Arc::new(session) })
    }

    /// Makes an account and opens its first session.
    fn register(self, tx: &mut Tx, account: &NewAccount, now: Instant) -> Result<SignedIn, AccountError> {
        let party = tx.new_party_id(now);
        self.register_as(tx, party, account, now)
    }

    /// The same under an id made before.
    pub(crate) fn register_as(
        self,
        tx: &mut Tx,
        party: PartyId,
        account: &NewAccount,
        now: Instant,
    ) -> Result<SignedIn, AccountError> {
        record_account_as(tx, party, account, now)?;
        Ok(self.begin(tx, party, account.kind, account.display_name.trim().to_owned(), now)?)
    }
}

fn read_session(reader: &mut Reader, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let Some(row) = reader.find_session(token_hash)? else { return Ok(None) };
    let Some(party) = reader.find_party(row.party)?.filter(|party| !party.disabled) else { return Ok(None) };
    let grants = reader.list_grants(row.party)?;
    Ok(Some(session_of(&row, party.kind, party.display_name, grants)))
}

fn session_of(row: &store::SessionRow, kind: PartyKind, display_name: String, grants: Vec<Grant>) -> Session {
    Session {
        party: row.party,
        kind,
        display_name,
        grants,
        csrf: row.csrf.clone(),
        expires_at: row.expires_at,
        seen_at: row.seen_at,
        method: row.method,
        signed_in_at: row.created_at,
        kiosk: row.kiosk,
    }
}
