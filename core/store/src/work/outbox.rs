//! The outbox: what people and programs are told, and how far each message is.
//!
//! A row is written in the transaction that notes how far the consumer has come; its key (event, kind, recipient,
//! channel) makes a second one impossible. A worker leases rows by moving `next_at` to the end of the lease: one that
//! dies gives them back by doing nothing. The body names a case and holds no personal data.

use model::{CaseId, Channel, DeliveryState, EventId, Instant, PartyId};

use crate::db::{Row, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};
use crate::work::messages::{DIGEST_KIND, Digest, DigestItem, Facts};

/// The id of a message: a ULID, also the id that its receiver knows it by.
pub type OutboxId = EventId;

/// A message to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOutboxRow {
    /// The event that it tells of; below zero for what no event tells of.
    pub position: i64,
    /// What kind of message, a word of the pack or of the platform.
    pub kind: String,
    /// By which way.
    pub channel: Channel,
    /// Who: a party, or a webhook.
    pub recipient: String,
    /// Of which case; absent for what is told of a mandate.
    pub case: Option<CaseId>,
    /// What its words are made of.
    pub body: serde_json::Value,
    /// Its state.
    pub state: DeliveryState,
    /// When something is next to be done about it; never when absent.
    pub next_at: Option<Instant>,
    /// Why it is in that state.
    pub reason: Option<String>,
}

/// When a message counts as sent: a digest waits long before it is.
const SENT_AT: &str = "CASE WHEN kind = '+digest' THEN changed_at_us ELSE created_at_us END";

impl OutboxRow {
    /// What a digest tells of; `None` when it is none.
    pub fn digest(&self) -> Option<Digest> {
        (self.message.kind == DIGEST_KIND).then(|| serde_json::from_value(self.message.body.clone()).ok())?
    }

    /// What its words are made of; `None` when it is not a message to a person.
    pub fn facts(&self) -> Option<Facts> {
        serde_json::from_value(self.message.body.clone()).ok()
    }
}

/// A message as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Its id.
    pub id: OutboxId,
    /// What it is.
    pub message: NewOutboxRow,
    /// How often it was tried, this time included. Names the lease.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Instant,
    /// When its state last changed.
    pub changed_at: Instant,
    /// When the person read it.
    pub read_at: Option<Instant>,
}

const COLUMNS: &str = "id, position, kind, channel, recipient, case_id, body, state, next_at_us, reason, attempts, created_at_us, changed_at_us, read_at_us";

impl Tx {
    /// Writes a message; absent when that event was told to that recipient by that channel before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_message(&mut self, new: &NewOutboxRow, now: Instant) -> Result<Option<OutboxId>, StoreError> {
        let id = self.new_event_id(now);
        let sql = format!(
            "INSERT INTO outbox ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $11, NULL)
             ON CONFLICT (position, kind, recipient, channel) DO NOTHING"
        );
        let body = new.body.to_string();
        let case = new.case.map(|case| case.to_string()).unwrap_or_default();
        let changed = self.execute(
            &sql,
            params![
                id,
                new.position,
                new.kind,
                new.channel,
                new.recipient,
                case,
                body,
                new.state,
                new.next_at,
                new.reason,
                now
            ],
        )?;
        Ok((changed > 0).then_some(id))
    }

    /// Lets a digest that waits tell of one more message; false when none waits. One that a worker had tells of nothing new:
    /// it says the same however often it is sent.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn join_digest(
        &mut self,
        recipient: &str,
        channel: Channel,
        item: &DigestItem,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox
             WHERE recipient = $1 AND channel = $2 AND kind = $3 AND state = 'held' AND attempts = 0
             ORDER BY id DESC LIMIT 1"
        );
        let waiting = self.query_opt(&sql, params![recipient, channel, DIGEST_KIND])?.map(read_message).transpose()?;
        let Some((id, digest)) = waiting.and_then(|row| Some((row.id, row.digest()?))) else { return Ok(false) };
        let body = digest.with(item.clone()).to_body().to_string();
        let sql = "UPDATE outbox SET body = $2, changed_at_us = $3 WHERE id = $1 AND state = 'held' AND attempts = 0";
        Ok(self.execute(sql, params![id, body, now])? > 0)
    }

    /// Takes messages that wait, the longest first, until `now + lease_us`; each is `sending` then.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn lease_messages(&mut self, now: Instant, lease_us: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = format!(
            "UPDATE outbox SET state = 'sending', attempts = attempts + 1, next_at_us = $2, changed_at_us = $1
             WHERE id IN (SELECT id FROM outbox WHERE next_at_us <= $1 ORDER BY next_at_us, id LIMIT $3)
             RETURNING {COLUMNS}"
        );
        let rows = self.query(&sql, params![now, now.plus_micros(lease_us), limit])?;
        rows.into_iter().map(read_message).collect()
    }

    /// Ends a lease with a state; false when the lease was lost and somebody else has it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn settle_message(
        &mut self,
        row: &OutboxRow,
        state: DeliveryState,
        next_at: Option<Instant>,
        reason: Option<&str>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let changed = self.execute(
            "UPDATE outbox SET state = $3, next_at_us = $4, reason = $5, changed_at_us = $6
             WHERE id = $1 AND attempts = $2 AND state = 'sending'",
            params![row.id, row.attempts, state, next_at, reason, now],
        )?;
        Ok(changed > 0)
    }

    /// Marks messages of somebody's list as read: those named, or all up to now when none is named. How many changed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn mark_read(&mut self, party: PartyId, ids: &[OutboxId], now: Instant) -> Result<u64, StoreError> {
        let mut values: Vec<Value> = params![party, now].to_vec();
        let mut these = String::new();
        if !ids.is_empty() {
            values.extend(ids.iter().map(|id| Value::Text(id.to_string())));
            let places: Vec<String> = (3..=values.len()).map(|place| format!("${place}")).collect();
            these = format!("AND id IN ({})", places.join(", "));
        }
        let sql = format!(
            "UPDATE outbox SET read_at_us = $2
             WHERE recipient = $1 AND channel = 'in_app' AND read_at_us IS NULL {these}"
        );
        self.execute(&sql, &values)
    }

    /// Forgets every message to a person.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn forget_messages_to(&mut self, party: PartyId) -> Result<u64, StoreError> {
        self.execute("DELETE FROM outbox WHERE recipient = $1", params![party])
    }

    /// Forgets messages whose way ended before `sent_before`, and those of lists written before `listed_before`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn forget_old_messages(&mut self, sent_before: Instant, listed_before: Instant) -> Result<u64, StoreError> {
        self.execute(
            "DELETE FROM outbox
             WHERE next_at_us IS NULL
             AND ((channel <> 'in_app' AND created_at_us < $1) OR (channel = 'in_app' AND created_at_us < $2))",
            params![sent_before, listed_before],
        )
    }
}

impl Reader {
    /// Somebody's list, latest first, at most `limit`, from before a message when one is named.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_messages_to(
        &mut self,
        party: PartyId,
        before: Option<OutboxId>,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM outbox
             WHERE recipient = $1 AND channel = 'in_app' AND id < $2
             ORDER BY id DESC
             LIMIT $3"
        );
        // Above every ULID.
        let before = before.map_or_else(|| "Z".to_owned(), |id| id.to_string());
        self.query(&sql, params![party, before, limit])?.into_iter().map(read_message).collect()
    }

    /// Whether a message waits whose time has come: idle workers read, and write nothing.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn has_due_message(&mut self, now: Instant) -> Result<bool, StoreError> {
        Ok(self.query_opt("SELECT 1 FROM outbox WHERE next_at_us <= $1 LIMIT 1", params![now])?.is_some())
    }

    /// How many messages of somebody's list are not read.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_unread(&mut self, party: PartyId) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM outbox WHERE recipient = $1 AND channel = 'in_app' AND read_at_us IS NULL";
        self.query_one(sql, params![party])?.next("count of unread")
    }

    /// How many messages were or will be sent to somebody by a channel, since an instant.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_sent_since(&mut self, recipient: &str, channel: Channel, since: Instant) -> Result<u32, StoreError> {
        let sql = format!(
            "SELECT COUNT(*) FROM outbox
             WHERE recipient = $1 AND channel = $2 AND {SENT_AT} >= $3
             AND state NOT IN ('suppressed', 'merged')"
        );
        self.query_one(&sql, params![recipient, channel, since])?.next("count of sent")
    }

    /// When the `number`-th latest of the messages to somebody by a channel was sent, or written to be.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_sent_at(
        &mut self,
        recipient: &str,
        channel: Channel,
        number: u32,
    ) -> Result<Option<Instant>, StoreError> {
        let sql = format!(
            "SELECT {SENT_AT} AS sent_at_us FROM outbox
             WHERE recipient = $1 AND channel = $2 AND state NOT IN ('suppressed', 'merged')
             ORDER BY sent_at_us DESC LIMIT 1 OFFSET $3"
        );
        let found = self.query_opt(&sql, params![recipient, channel, number.saturating_sub(1)])?;
        found.map(|mut row| row.next("sent_at_us")).transpose()
    }

    /// How many messages there are of each channel and state.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_messages(&mut self) -> Result<Vec<(Channel, DeliveryState, u64)>, StoreError> {
        let sql = "SELECT channel, state, COUNT(*) FROM outbox GROUP BY channel, state ORDER BY channel, state";
        let rows = self.query(sql, &[])?;
        rows.into_iter()
            .map(|mut row| Ok((row.next("outbox.channel")?, row.next("outbox.state")?, row.next("count")?)))
            .collect()
    }

    /// Messages to a recipient by a channel, the oldest first, at most 1 000.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_messages_of(&mut self, recipient: &str, channel: Channel) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM outbox WHERE recipient = $1 AND channel = $2 ORDER BY id LIMIT 1000");
        self.query(&sql, params![recipient, channel])?.into_iter().map(read_message).collect()
    }
}

/// Messages by a condition, in its order.
pub(crate) fn read_messages(
    reader: &mut Reader,
    condition: &str,
    values: &[Value],
) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE {condition}");
    reader.query(&sql, values)?.into_iter().map(read_message).collect()
}

fn read_message(mut row: Row) -> Result<OutboxRow, StoreError> {
    let id = row.next("outbox.id")?;
    let message = NewOutboxRow {
        position: row.next("outbox.position")?,
        kind: row.next("outbox.kind")?,
        channel: row.next("outbox.channel")?,
        recipient: row.next("outbox.recipient")?,
        case: case_of(row.next("outbox.case_id")?)?,
        body: serde_json::from_str(&row.next::<String>("outbox.body")?)
            .map_err(|_| StoreError::corrupt("outbox.body"))?,
        state: row.next("outbox.state")?,
        next_at: row.next("outbox.next_at_us")?,
        reason: row.next("outbox.reason")?,
    };
    Ok(OutboxRow {
        id,
        message,
        attempts: row.next("outbox.attempts")?,
        created_at: row.next("outbox.created_at_us")?,
        changed_at: row.next("outbox.changed_at_us")?,
        read_at: row.next("outbox.read_at_us")?,
    })
}

/// The case of a message; the column is empty where it is of none.
fn case_of(text: String) -> Result<Option<CaseId>, StoreError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| StoreError::corrupt("outbox.case_id"))
}
