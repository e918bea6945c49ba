//! Ways to prove who one is: passkeys, ceremonies under way, authenticator apps and recovery codes.
//!
//! Nothing here opens an account by itself: public keys, hashes, and secrets sealed by the vault.

use model::{Instant, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A passkey: the public half of a key that a device of its owner holds (WebAuthn).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The credential id its device gave it.
    pub id: Vec<u8>,
    /// Whose it is.
    pub party: PartyId,
    /// What its owner calls it.
    pub title: String,
    /// The public key with its counters and flags, as the WebAuthn library keeps it.
    pub credential: String,
    /// When it was added.
    pub created_at: Instant,
    /// When it last opened a session.
    pub used_at: Option<Instant>,
}

/// The secret of an authenticator app. It is asked for at sign-in once a code of it was entered; until then it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorRow {
    /// Whose it is.
    pub party: PartyId,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The latest time step whose code was taken (RFC 6238 §5.2: none is taken twice).
    pub last_step: i64,
    /// When it was made.
    pub created_at: Instant,
}

const PASSKEY_COLUMNS: &str = "id, party, title, credential, created_at_us, used_at_us";

impl Tx {
    /// Adds a passkey.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when its id is taken, by whomever.
    pub fn record_passkey(&mut self, key: &PasskeyRow) -> Result<(), StoreError> {
        self.execute(
            &format!("INSERT INTO passkeys ({PASSKEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"),
            params![key.id, key.party, key.title, key.credential, key.created_at, key.used_at],
        )?;
        Ok(())
    }

    /// Notes that a passkey opened a session, with its new counters.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_passkey_use(&mut self, id: &[u8], credential: &str, now: Instant) -> Result<(), StoreError> {
        let sql = "UPDATE passkeys SET credential = $2, used_at_us = $3 WHERE id = $1";
        self.execute(sql, params![id.to_vec(), credential, now])?;
        Ok(())
    }

    /// Removes a passkey of a person; true when there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_passkey(&mut self, party: PartyId, id: &[u8]) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM passkeys WHERE party = $1 AND id = $2", params![party, id.to_vec()])? > 0)
    }

    /// Keeps what was asked of a device, and forgets what expired unanswered.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_ceremony(
        &mut self,
        token_hash: &[u8; 32],
        body: &str,
        expires_at: Instant,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.execute("DELETE FROM ceremonies WHERE expires_at_us <= $1", params![now])?;
        let sql = "INSERT INTO ceremonies (token_hash, body, expires_at_us) VALUES ($1, $2, $3)";
        self.execute(sql, params![token_hash, body, expires_at])?;
        Ok(())
    }

    /// Takes a ceremony out: it is answered once, well or badly. `None` when it is not there or expired.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn take_ceremony(&mut self, token_hash: &[u8; 32], now: Instant) -> Result<Option<String>, StoreError> {
        let sql = "DELETE FROM ceremonies WHERE token_hash = $1 RETURNING body, expires_at_us";
        let Some(mut row) = self.query_opt(sql, params![token_hash])? else { return Ok(None) };
        let body = row.next("ceremonies.body")?;
        let expires_at: Instant = row.next("ceremonies.expires_at_us")?;
        Ok((now < expires_at).then_some(body))
    }

    /// Keeps a new secret beside the one in use, in the place of another that waited.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_waiting_authenticator(&mut self, row: &AuthenticatorRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO authenticators_waiting (party, sealed, created_at_us) VALUES ($1, $2, $3)
             ON CONFLICT (party) DO UPDATE SET sealed = excluded.sealed, created_at_us = excluded.created_at_us",
            params![row.party, row.sealed, row.created_at],
        )?;
        Ok(())
    }

    /// Puts a secret that waited, with the step of its first code, in the place of the one in use.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_authenticator(&mut self, row: &AuthenticatorRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO authenticators (party, sealed, last_step, created_at_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (party) DO UPDATE SET sealed = excluded.sealed, last_step = excluded.last_step,
                 created_at_us = excluded.created_at_us",
            params![row.party, row.sealed, row.last_step, row.created_at],
        )?;
        self.execute("DELETE FROM authenticators_waiting WHERE party = $1", params![row.party])?;
        Ok(())
    }

    /// Takes the code of a time step. False when that step or a later one was taken before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn take_authenticator_step(&mut self, party: PartyId, step: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE authenticators SET last_step = $2 WHERE party = $1 AND last_step < $2";
        Ok(self.execute(sql, params![party, step])? > 0)
    }

    /// Removes the authenticator app of a person with their recovery codes.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_authenticator(&mut self, party: PartyId) -> Result<(), StoreError> {
        self.execute("DELETE FROM recovery_codes WHERE party = $1", params![party])?;
        self.execute("DELETE FROM authenticators WHERE party = $1", params![party])?;
        self.execute("DELETE FROM authenticators_waiting WHERE party = $1", params![party])?;
        Ok(())
    }

    /// Gives a person new recovery codes in the place of those before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn replace_recovery_codes(&mut self, party: PartyId, code_hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        self.execute("DELETE FROM recovery_codes WHERE party = $1", params![party])?;
        for hash in code_hashes {
            self.execute("INSERT INTO recovery_codes (party, code_hash) VALUES ($1, $2)", params![party, hash])?;
        }
        Ok(())
    }

    /// Takes a recovery code; false when the person has none like it any more.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn take_recovery_code(&mut self, party: PartyId, code_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM recovery_codes WHERE party = $1 AND code_hash = $2";
        Ok(self.execute(sql, params![party, code_hash])? > 0)
    }

    /// Removes every passkey, authenticator and recovery code of a person.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_proofs_of(&mut self, party: PartyId) -> Result<(), StoreError> {
        self.execute("DELETE FROM passkeys WHERE party = $1", params![party])?;
        self.remove_authenticator(party)
    }
}

impl Reader {
    /// A passkey by its credential id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_passkey(&mut self, id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        let sql = format!("SELECT {PASSKEY_COLUMNS} FROM passkeys WHERE id = $1");
        self.query_opt(&sql, params![id.to_vec()])?.map(read_passkey).transpose()
    }

    /// Passkeys of a person, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_passkeys(&mut self, party: PartyId) -> Result<Vec<PasskeyRow>, StoreError> {
        let sql = format!("SELECT {PASSKEY_COLUMNS} FROM passkeys WHERE party = $1 ORDER BY created_at_us, id");
        self.query(&sql, params![party])?.into_iter().map(read_passkey).collect()
    }

    /// The authenticator app of a person.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_authenticator(&mut self, party: PartyId) -> Result<Option<AuthenticatorRow>, StoreError> {
        let sql = "SELECT party, sealed, last_step, created_at_us FROM authenticators WHERE party = $1";
        self.query_opt(sql, params![party])?.map(read_authenticator).transpose()
    }

    /// The secret of a new authenticator app that waits for its first code; its last step is 0.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_waiting_authenticator(&mut self, party: PartyId) -> Result<Option<AuthenticatorRow>, StoreError> {
        let sql = "SELECT party, sealed, 0, created_at_us FROM authenticators_waiting WHERE party = $1";
        self.query_opt(sql, params![party])?.map(read_authenticator).transpose()
    }

    /// How many recovery codes a person has left.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_recovery_codes(&mut self, party: PartyId) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM recovery_codes WHERE party = $1";
        self.query_one(sql, params![party])?.next("COUNT(*)")
    }
}

fn read_authenticator(mut row: Row) -> Result<AuthenticatorRow, StoreError> {
    Ok(AuthenticatorRow {
        party: row.next("authenticators.party")?,
        sealed: row.next("authenticators.sealed")?,
        last_step: row.next("authenticators.last_step")?,
        created_at: row.next("authenticators.created_at_us")?,
    })
}

fn read_passkey(mut row: Row) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        id: row.next("passkeys.id")?,
        party: row.next("passkeys.party")?,
        title: row.next("passkeys.title")?,
        credential: row.next("passkeys.credential")?,
        created_at: row.next("passkeys.created_at_us")?,
        used_at: row.next("passkeys.used_at_us")?,
    })
}
