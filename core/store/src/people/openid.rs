//! Other programs that sign residents in here (OpenID Connect): clients, keys, consents, codes, tokens.
//!
//! Codes and tokens are kept as hashes, keys sealed.

use model::{Instant, MandateId, PartyId, RequestId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdClientRow {
    /// Its id.
    pub id: String,
    /// Its metadata (RFC 7591), JSON.
    pub metadata: String,
    /// True when it may not be used.
    pub disabled: bool,
    /// When it was registered.
    pub created_at: Instant,
}

/// A signing key of the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdKeyRow {
    /// Its id.
    pub kid: String,
    /// `EdDSA` or `ES256`.
    pub algorithm: String,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Instant,
}

/// What a person allowed a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    /// Who.
    pub party: PartyId,
    /// Whom.
    pub client: String,
    /// What: words with spaces between.
    pub scope: String,
    /// Out of what they were asked: words with spaces between.
    pub asked: String,
    /// When.
    pub granted_at: Instant,
}

/// An authorization code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    /// SHA-256 of the code.
    pub code_hash: [u8; 32],
    /// Who signed in.
    pub party: PartyId,
    /// For whom.
    pub client: String,
    /// What belongs to it, JSON.
    pub body: String,
    /// Until when it can be exchanged.
    pub expires_at: Instant,
    /// True once it was.
    pub used: bool,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// SHA-256 of the code it was given for.
    pub code_hash: [u8; 32],
    /// About whom.
    pub party: PartyId,
    /// To whom.
    pub client: String,
    /// For what: words with spaces between.
    pub scope: String,
    /// Until when it is good.
    pub expires_at: Instant,
    /// Under which mandate the person acts for an organisation, where the client may know.
    pub mandate: Option<MandateId>,
}

/// What was told to a client about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosureRow {
    /// Its id.
    pub id: RequestId,
    /// When.
    pub at: Instant,
    /// About whom.
    pub party: PartyId,
    /// To whom.
    pub client: String,
    /// What: words with spaces between.
    pub scope: String,
}

/// Requests of a client on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Whose.
    pub client: String,
    /// The day of the city, `YYYY-MM-DD`.
    pub day: String,
    /// Requests answered.
    pub requests: u32,
    /// Requests refused for their scope or quota.
    pub refused: u32,
}

const CODE_COLUMNS: &str = "code_hash, party, client, body, expires_at_us, used";
const TOKEN_COLUMNS: &str = "token_hash, code_hash, party, client, scope, expires_at_us, mandate";

impl Tx {
    /// Registers a client, or replaces its metadata.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_openid_client(&mut self, client: &OpenIdClientRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO openid_clients (id, metadata, disabled, created_at_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET metadata = excluded.metadata, disabled = excluded.disabled",
            params![client.id, client.metadata, client.disabled, client.created_at],
        )?;
        Ok(())
    }

    /// Adds a signing key.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when its id is taken.
    pub fn record_openid_key(&mut self, key: &OpenIdKeyRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO openid_keys (kid, algorithm, sealed, created_at_us) VALUES ($1, $2, $3, $4)";
        self.execute(sql, params![key.kid, key.algorithm, key.sealed, key.created_at])?;
        Ok(())
    }

    /// Forgets signing keys made before an instant.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_openid_keys_before(&mut self, before: Instant) -> Result<u64, StoreError> {
        self.execute("DELETE FROM openid_keys WHERE created_at_us < $1", params![before])
    }

    /// The name under which a client knows a person; `fresh` becomes it when there is none yet.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn openid_subject(&mut self, party: PartyId, client: &str, fresh: &str) -> Result<String, StoreError> {
        self.execute(
            "INSERT INTO openid_subjects (party, client, subject) VALUES ($1, $2, $3) ON CONFLICT (party, client) DO NOTHING",
            params![party, client, fresh],
        )?;
        let sql = "SELECT subject FROM openid_subjects WHERE party = $1 AND client = $2";
        self.query_one(sql, params![party, client])?.next("openid_subjects.subject")
    }

    /// Keeps what a person allows a client, in the place of what they allowed before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_consent(&mut self, consent: &ConsentRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO openid_consents (party, client, scope, asked, granted_at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (party, client) DO UPDATE SET scope = excluded.scope, asked = excluded.asked,
                 granted_at_us = excluded.granted_at_us",
            params![consent.party, consent.client, consent.scope, consent.asked, consent.granted_at],
        )?;
        Ok(())
    }

    /// Withdraws what a person allowed a client, with every token and code of it; true when there was something.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_consent(&mut self, party: PartyId, client: &str) -> Result<bool, StoreError> {
        self.execute("DELETE FROM openid_tokens WHERE party = $1 AND client = $2", params![party, client])?;
        self.execute("DELETE FROM openid_codes WHERE party = $1 AND client = $2", params![party, client])?;
        let sql = "DELETE FROM openid_consents WHERE party = $1 AND client = $2";
        Ok(self.execute(sql, params![party, client])? > 0)
    }

    /// Forgets everything that clients know of a person by, or may ask of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_openid_of(&mut self, party: PartyId) -> Result<(), StoreError> {
        for table in ["openid_tokens", "openid_codes", "openid_consents", "openid_subjects", "openid_disclosures"] {
            self.execute(&format!("DELETE FROM {table} WHERE party = $1"), params![party])?;
        }
        Ok(())
    }

    /// Adds an authorization code.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_code(&mut self, code: &CodeRow) -> Result<(), StoreError> {
        self.execute(
            &format!("INSERT INTO openid_codes ({CODE_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"),
            params![code.code_hash, code.party, code.client, code.body, code.expires_at, code.used],
        )?;
        Ok(())
    }

    /// Marks a code as used.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn use_code(&mut self, code_hash: &[u8; 32]) -> Result<(), StoreError> {
        self.execute("UPDATE openid_codes SET used = $2 WHERE code_hash = $1", params![code_hash, true])?;
        Ok(())
    }

    /// Adds an access token.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_token(&mut self, token: &TokenRow) -> Result<(), StoreError> {
        self.execute(
            &format!("INSERT INTO openid_tokens ({TOKEN_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
            params![
                token.token_hash,
                token.code_hash,
                token.party,
                token.client,
                token.scope,
                token.expires_at,
                token.mandate
            ],
        )?;
        Ok(())
    }

    /// Takes an access token of a client back; true when there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_token(&mut self, client: &str, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM openid_tokens WHERE token_hash = $1 AND client = $2";
        Ok(self.execute(sql, params![token_hash, client])? > 0)
    }

    /// Takes back every token that was given for a code.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_tokens_of_code(&mut self, code_hash: &[u8; 32]) -> Result<u64, StoreError> {
        self.execute("DELETE FROM openid_tokens WHERE code_hash = $1", params![code_hash])
    }

    /// Takes an assertion by which a client proved who it is; false when it was taken before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn take_assertion(&mut self, client: &str, jti: &[u8; 32], expires_at: Instant) -> Result<bool, StoreError> {
        let sql = "INSERT INTO openid_assertions (client, jti_hash, expires_at_us) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, params![client, jti, expires_at])? > 0)
    }

    /// Forgets codes, tokens and assertions that can no longer be used. Used codes stay for a day, so that a second use
    /// is known for what it is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn sweep_openid(&mut self, now: Instant) -> Result<(), StoreError> {
        let yesterday = now.plus_micros(-86_400_000_000);
        self.execute("DELETE FROM openid_codes WHERE expires_at_us <= $1", params![yesterday])?;
        self.execute("DELETE FROM openid_tokens WHERE expires_at_us <= $1", params![now])?;
        self.execute("DELETE FROM openid_assertions WHERE expires_at_us <= $1", params![now])?;
        Ok(())
    }

    /// Writes down what a client is told about a person. Call it in the transaction that answers it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_disclosure(&mut self, told: &DisclosureRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO openid_disclosures (id, at_us, party, client, scope) VALUES ($1, $2, $3, $4, $5)";
        self.execute(sql, params![told.id, told.at, told.party, told.client, told.scope])?;
        Ok(())
    }

    /// Counts a request of a client on a day, unless it has made as many as it may; false then.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_openid_request(&mut self, client: &str, day: &str, most: u32) -> Result<bool, StoreError> {
        let begin =
            "INSERT INTO openid_usage (client, day, requests, refused) VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING";
        self.execute(begin, params![client, day])?;
        let sql = "UPDATE openid_usage SET requests = requests + 1 WHERE client = $1 AND day = $2 AND requests < $3";
        Ok(self.execute(sql, params![client, day, most])? > 0)
    }

    /// Counts a request of a client on a day that was refused for its scope or quota.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_openid_refusal(&mut self, client: &str, day: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO openid_usage (client, day, requests, refused) VALUES ($1, $2, 0, 1)
                   ON CONFLICT (client, day) DO UPDATE SET refused = openid_usage.refused + 1";
        self.execute(sql, params![client, day])?;
        Ok(())
    }
}

impl Reader {
    /// A client by its id, disabled or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_openid_client(&mut self, id: &str) -> Result<Option<OpenIdClientRow>, StoreError> {
        let sql = "SELECT id, metadata, disabled, created_at_us FROM openid_clients WHERE id = $1";
        self.query_opt(sql, params![id])?.map(read_client).transpose()
    }

    /// Every client, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_openid_clients(&mut self) -> Result<Vec<OpenIdClientRow>, StoreError> {
        let sql = "SELECT id, metadata, disabled, created_at_us FROM openid_clients ORDER BY id";
        self.query(sql, &[])?.into_iter().map(read_client).collect()
    }

    /// Every signing key, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_openid_keys(&mut self) -> Result<Vec<OpenIdKeyRow>, StoreError> {
        let sql = "SELECT kid, algorithm, sealed, created_at_us FROM openid_keys ORDER BY created_at_us, kid";
        let rows = self.query(sql, &[])?;
        rows.into_iter()
            .map(|mut row| {
                Ok(OpenIdKeyRow {
                    kid: row.next("openid_keys.kid")?,
                    algorithm: row.next("openid_keys.algorithm")?,
                    sealed: row.next("openid_keys.sealed")?,
                    created_at: row.next("openid_keys.created_at_us")?,
                })
            })
            .collect()
    }

    /// What a person allowed a client.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_consent(&mut self, party: PartyId, client: &str) -> Result<Option<ConsentRow>, StoreError> {
        let sql =
            "SELECT party, client, scope, asked, granted_at_us FROM openid_consents WHERE party = $1 AND client = $2";
        self.query_opt(sql, params![party, client])?.map(read_consent).transpose()
    }

    /// Everything a person allowed, latest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_consents(&mut self, party: PartyId) -> Result<Vec<ConsentRow>, StoreError> {
        let sql = "SELECT party, client, scope, asked, granted_at_us FROM openid_consents WHERE party = $1
                   ORDER BY granted_at_us DESC, client";
        self.query(sql, params![party])?.into_iter().map(read_consent).collect()
    }

    /// A code by its hash, used or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_code(&mut self, code_hash: &[u8; 32]) -> Result<Option<CodeRow>, StoreError> {
        let sql = format!("SELECT {CODE_COLUMNS} FROM openid_codes WHERE code_hash = $1");
        let Some(mut row) = self.query_opt(&sql, params![code_hash])? else { return Ok(None) };
        Ok(Some(CodeRow {
            code_hash: row.next("openid_codes.code_hash")?,
            party: row.next("openid_codes.party")?,
            client: row.next("openid_codes.client")?,
            body: row.next("openid_codes.body")?,
            expires_at: row.next("openid_codes.expires_at_us")?,
            used: row.next("openid_codes.used")?,
        }))
    }

    /// A token by its hash, expired or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_token(&mut self, token_hash: &[u8; 32]) -> Result<Option<TokenRow>, StoreError> {
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM openid_tokens WHERE token_hash = $1");
        let Some(mut row) = self.query_opt(&sql, params![token_hash])? else { return Ok(None) };
        Ok(Some(TokenRow {
            token_hash: row.next("openid_tokens.token_hash")?,
            code_hash: row.next("openid_tokens.code_hash")?,
            party: row.next("openid_tokens.party")?,
            client: row.next("openid_tokens.client")?,
            scope: row.next("openid_tokens.scope")?,
            expires_at: row.next("openid_tokens.expires_at_us")?,
            mandate: row.next("openid_tokens.mandate")?,
        }))
    }

    /// What clients were told about a person, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_disclosures(&mut self, party: PartyId, limit: u32) -> Result<Vec<DisclosureRow>, StoreError> {
        let sql =
            "SELECT id, at_us, party, client, scope FROM openid_disclosures WHERE party = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.query(sql, params![party, limit])?;
        rows.into_iter()
            .map(|mut row| {
                Ok(DisclosureRow {
                    id: row.next("openid_disclosures.id")?,
                    at: row.next("openid_disclosures.at_us")?,
                    party: row.next("openid_disclosures.party")?,
                    client: row.next("openid_disclosures.client")?,
                    scope: row.next("openid_disclosures.scope")?,
                })
            })
            .collect()
    }

    /// Requests of every client from a day on, by client and day.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_openid_usage(&mut self, from_day: &str) -> Result<Vec<UsageRow>, StoreError> {
        let sql = "SELECT client, day, requests, refused FROM openid_usage WHERE day >= $1 ORDER BY client, day";
        let rows = self.query(sql, params![from_day])?;
        rows.into_iter()
            .map(|mut row| {
                Ok(UsageRow {
                    client: row.next("openid_usage.client")?,
                    day: row.next("openid_usage.day")?,
                    requests: row.next("openid_usage.requests")?,
                    refused: row.next("openid_usage.refused")?,
                })
            })
            .collect()
    }
}

fn read_client(mut row: Row) -> Result<OpenIdClientRow, StoreError> {
    Ok(OpenIdClientRow {
        id: row.next("openid_clients.id")?,
        metadata: row.next("openid_clients.metadata")?,
        disabled: row.next("openid_clients.disabled")?,
        created_at: row.next("openid_clients.created_at_us")?,
    })
}

fn read_consent(mut row: Row) -> Result<ConsentRow, StoreError> {
    Ok(ConsentRow {
        party: row.next("openid_consents.party")?,
        client: row.next("openid_consents.client")?,
        scope: row.next("openid_consents.scope")?,
        asked: row.next("openid_consents.asked")?,
        granted_at: row.next("openid_consents.granted_at_us")?,
    })
}
