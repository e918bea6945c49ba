//! Sessions and API keys, known by the hash of their secret only.

use model::{ClientId, Instant, PartyId, RegionId};

use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInMethod {
    /// By a password.
    Password,
    /// By a password and a code of an authenticator app, or a recovery code.
    PasswordCode,
    /// By a passkey: a key of a device that its owner unlocked.
    Passkey,
    /// By another identity provider.
    Upstream,
    /// At a terminal of a service hall, by their own phone.
    Kiosk,
}

impl SignInMethod {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Password, Self::PasswordCode, Self::Passkey, Self::Upstream, Self::Kiosk];

    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PasswordCode => "password_code",
            Self::Passkey => "passkey",
            Self::Upstream => "upstream",
            Self::Kiosk => "kiosk",
        }
    }
}

impl ToValue for SignInMethod {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for SignInMethod {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the token that only they have.
    pub token_hash: [u8; 32],
    /// Who.
    pub party: PartyId,
    /// The token that a changing request must repeat.
    pub csrf: String,
    /// When they signed in.
    pub created_at: Instant,
    /// When it ends, whatever they do.
    pub expires_at: Instant,
    /// When it was last used, to the minute or so.
    pub seen_at: Instant,
    /// How they signed in.
    pub method: SignInMethod,
    /// SHA-256 of the secret of the terminal it is at.
    pub kiosk: Option<[u8; 32]>,
}

/// A client program's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// SHA-256 of the key.
    pub key_hash: [u8; 32],
    /// Which client.
    pub client: ClientId,
    /// What it is for.
    pub title: String,
    /// True when it may not be used.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Instant,
}

const SESSION_COLUMNS: &str = "token_hash, party, csrf, created_at_us, expires_at_us, seen_at_us, method, kiosk";

impl Tx {
    /// Adds a session.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such account or the database does not answer.
    pub fn record_session(&mut self, session: &SessionRow) -> Result<(), StoreError> {
        self.execute(
            &format!("INSERT INTO sessions ({SESSION_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
            params![
                session.token_hash,
                session.party,
                session.csrf,
                session.created_at,
                session.expires_at,
                session.seen_at,
                session.method,
                session.kiosk
            ],
        )?;
        Ok(())
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn touch_session(&mut self, token_hash: &[u8; 32], seen_at: Instant) -> Result<(), StoreError> {
        self.execute("UPDATE sessions SET seen_at_us = $2 WHERE token_hash = $1", params![token_hash, seen_at])?;
        Ok(())
    }

    /// Ends a session; true when there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_session(&mut self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM sessions WHERE token_hash = $1", params![token_hash])? > 0)
    }

    /// Ends every session of an account; how many there were.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_sessions_of(&mut self, party: PartyId) -> Result<u64, StoreError> {
        self.execute("DELETE FROM sessions WHERE party = $1", params![party])
    }

    /// Ends every session of an account but one; how many there were.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_other_sessions(&mut self, party: PartyId, kept: &[u8; 32]) -> Result<u64, StoreError> {
        self.execute("DELETE FROM sessions WHERE party = $1 AND token_hash <> $2", params![party, kept])
    }

    /// Forgets sessions that ended before `now`; how many there were.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_expired_sessions(&mut self, now: Instant) -> Result<u64, StoreError> {
        self.execute("DELETE FROM sessions WHERE expires_at_us <= $1", params![now])
    }

    /// Adds a key, or replaces the one with that hash.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_api_key(&mut self, key: &ApiKeyRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO api_keys (key_hash, client, title, disabled, created_at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (key_hash) DO UPDATE SET client = excluded.client, title = excluded.title, disabled = excluded.disabled",
            params![key.key_hash, key.client, key.title, key.disabled, key.created_at],
        )?;
        Ok(())
    }

    /// Lets a client program read the devices of a region.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_client_region(
        &mut self,
        client: &ClientId,
        region: &RegionId,
        at: Instant,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO client_regions (client, region, granted_at_us) VALUES ($1, $2, $3)
             ON CONFLICT (client, region) DO NOTHING",
            params![client, region, at],
        )?;
        Ok(())
    }

    /// A client program reads the devices of a region no more; true when it could until now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_client_region(&mut self, client: &ClientId, region: &RegionId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM client_regions WHERE client = $1 AND region = $2";
        Ok(self.execute(sql, params![client, region])? > 0)
    }
}

impl Reader {
    /// Regions whose devices a client program may read.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_client_regions(&mut self, client: &ClientId) -> Result<Vec<RegionId>, StoreError> {
        let sql = "SELECT region FROM client_regions WHERE client = $1 ORDER BY region";
        let rows = self.query(sql, params![client])?;
        rows.into_iter().map(|mut row| row.next("client_regions.region")).collect()
    }

    /// A session by the hash of its token, ended or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_session(&mut self, token_hash: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let row = self
            .query_opt(&format!("SELECT {SESSION_COLUMNS} FROM sessions WHERE token_hash = $1"), params![token_hash])?;
        row.map(read_session).transpose()
    }

    /// A key by its hash, disabled or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_api_key(&mut self, key_hash: &[u8; 32]) -> Result<Option<ApiKeyRow>, StoreError> {
        let row = self.query_opt(
            "SELECT key_hash, client, title, disabled, created_at_us FROM api_keys WHERE key_hash = $1",
            params![key_hash],
        )?;
        row.map(read_key).transpose()
    }

    /// How many sessions of an account have not ended.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_sessions(&mut self, party: PartyId, now: Instant) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM sessions WHERE party = $1 AND expires_at_us > $2";
        self.query_one(sql, params![party, now])?.next("COUNT(*)")
    }

    /// Every key, by client.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_api_keys(&mut self) -> Result<Vec<ApiKeyRow>, StoreError> {
        let rows = self.query(
            "SELECT key_hash, client, title, disabled, created_at_us FROM api_keys ORDER BY client, key_hash",
            &[],
        )?;
        rows.into_iter().map(read_key).collect()
    }
}

fn read_session(mut row: Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        token_hash: row.next("sessions.token_hash")?,
        party: row.next("sessions.party")?,
        csrf: row.next("sessions.csrf")?,
        created_at: row.next("sessions.created_at_us")?,
        expires_at: row.next("sessions.expires_at_us")?,
        seen_at: row.next("sessions.seen_at_us")?,
        method: row.next("sessions.method")?,
        kiosk: row.next("sessions.kiosk")?,
    })
}

fn read_key(mut row: Row) -> Result<ApiKeyRow, StoreError> {
    Ok(ApiKeyRow {
        key_hash: row.next("api_keys.key_hash")?,
        client: row.next("api_keys.client")?,
        title: row.next("api_keys.title")?,
        disabled: row.next("api_keys.disabled")?,
        created_at: row.next("api_keys.created_at_us")?,
    })
}
