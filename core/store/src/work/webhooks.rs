//! Webhooks: programs of others that are told of cases, by a signed call to their address.

use model::{ClientId, EventId, Instant, OfficeId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// The id of a webhook: a ULID.
pub type WebhookId = EventId;

/// Whose cases a webhook tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookOwner {
    /// Those that a client program reported.
    Client(ClientId),
    /// Those that an office handles, or owes the present task of.
    Office(OfficeId),
}

impl WebhookOwner {
    /// `client` or `office`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Office(_) => "office",
        }
    }

    /// The word of the client or office.
    pub fn word(&self) -> &str {
        match self {
            Self::Client(client) => client.as_str(),
            Self::Office(office) => office.as_str(),
        }
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its id.
    pub id: WebhookId,
    /// Whose cases it tells of.
    pub owner: WebhookOwner,
    /// The address called.
    pub url: String,
    /// The secret that signs, sealed with the master key.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Instant,
}

const COLUMNS: &str = "id, owner_kind, owner, url, sealed, created_at_us";

impl Tx {
    /// Keeps a webhook.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn record_webhook(&mut self, webhook: &WebhookRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO webhooks ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)");
        let WebhookRow { id, owner, url, sealed, created_at } = webhook;
        self.execute(&sql, params![*id, owner.kind(), owner.word(), url, sealed, *created_at])?;
        Ok(())
    }

    /// Forgets a webhook and what it was still to be told; false when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn forget_webhook(&mut self, id: WebhookId) -> Result<bool, StoreError> {
        self.execute("DELETE FROM outbox WHERE recipient = $1 AND channel = 'webhook'", params![id])?;
        Ok(self.execute("DELETE FROM webhooks WHERE id = $1", params![id])? > 0)
    }
}

impl Reader {
    /// Every webhook, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_webhooks(&mut self) -> Result<Vec<WebhookRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM webhooks ORDER BY id");
        self.query(&sql, &[])?.into_iter().map(read_webhook).collect()
    }

    /// A webhook.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_webhook(&mut self, id: WebhookId) -> Result<Option<WebhookRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_webhook).transpose()
    }
}

fn read_webhook(mut row: Row) -> Result<WebhookRow, StoreError> {
    let id = row.next("webhooks.id")?;
    let kind: String = row.next("webhooks.owner_kind")?;
    let owner = match kind.as_str() {
        "client" => WebhookOwner::Client(row.next("webhooks.owner")?),
        "office" => WebhookOwner::Office(row.next("webhooks.owner")?),
        _ => return Err(StoreError::corrupt("webhooks.owner_kind")),
    };
    Ok(WebhookRow {
        id,
        owner,
        url: row.next("webhooks.url")?,
        sealed: row.next("webhooks.sealed")?,
        created_at: row.next("webhooks.created_at_us")?,
    })
}
