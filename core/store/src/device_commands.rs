//! Commands to devices, and what became of them.

use model::{DeviceId, EventId, Instant, PartyId};

use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandState {
    /// It is dangerous, and waits for a second person.
    Unconfirmed,
    /// It waits for the device.
    Queued,
    /// The device has it.
    Received,
    /// The device has done it.
    Done,
    /// The device could not do it.
    Failed,
    /// Nobody did it in time.
    Expired,
    /// Somebody took it back.
    Withdrawn,
}

impl CommandState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Unconfirmed,
        Self::Queued,
        Self::Received,
        Self::Done,
        Self::Failed,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Queued => "queued",
            Self::Received => "received",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nothing more becomes of it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Expired | Self::Withdrawn)
    }
}

impl ToValue for CommandState {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for CommandState {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCommandRow {
    /// Its id; the device says it when it answers.
    pub id: EventId,
    /// The device.
    pub device: DeviceId,
    /// What, a command of its class.
    pub command: String,
    /// With which values, a JSON object.
    pub arguments: String,
    /// Why.
    pub reason: String,
    /// How far it has come.
    pub state: CommandState,
    /// Who asked for it.
    pub asked_by: PartyId,
    /// When.
    pub asked_at: Instant,
    /// Who confirmed it.
    pub confirmed_by: Option<PartyId>,
    /// When.
    pub confirmed_at: Option<Instant>,
    /// When it was last sent.
    pub sent_at: Option<Instant>,
    /// How often it was sent.
    pub sendings: u32,
    /// When the device had it.
    pub received_at: Option<Instant>,
    /// When it was over.
    pub ended_at: Option<Instant>,
    /// What the device said of it.
    pub outcome: Option<String>,
    /// After this nobody does it any more.
    pub expires_at: Instant,
}

const COLUMNS: &str = "id, device, command, arguments, reason, state, asked_by, asked_at_us, confirmed_by, confirmed_at_us, \
                       sent_at_us, sendings, received_at_us, ended_at_us, outcome, expires_at_us";

impl Tx {
    /// Writes a command down, or keeps it as it is now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_device_command(&mut self, command: &DeviceCommandRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO device_commands ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, confirmed_by = excluded.confirmed_by,
             confirmed_at_us = excluded.confirmed_at_us, sent_at_us = excluded.sent_at_us, sendings = excluded.sendings,
             received_at_us = excluded.received_at_us, ended_at_us = excluded.ended_at_us, outcome = excluded.outcome"
        );
        let row = command;
        self.execute(
            &sql,
            params![
                row.id,
                row.device,
                row.command,
                row.arguments,
                row.reason,
                row.state,
                row.asked_by,
                row.asked_at,
                row.confirmed_by,
                row.confirmed_at,
                row.sent_at,
                row.sendings,
                row.received_at,
                row.ended_at,
                row.outcome,
                row.expires_at
            ],
        )?;
        Ok(())
    }
}

impl Reader {
    /// A command by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_device_command(&mut self, id: EventId) -> Result<Option<DeviceCommandRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_commands WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read).transpose()
    }

    /// Commands to a device, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_device_commands(&mut self, device: &DeviceId, limit: u32) -> Result<Vec<DeviceCommandRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_commands WHERE device = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![device, limit])?.into_iter().map(read).collect()
    }

    /// Commands that are not over, the soonest to expire first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_open_device_commands(&mut self, limit: u32) -> Result<Vec<DeviceCommandRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM device_commands WHERE ended_at_us IS NULL ORDER BY expires_at_us, id LIMIT $1"
        );
        self.query(&sql, params![limit])?.into_iter().map(read).collect()
    }
}

fn read(mut row: Row) -> Result<DeviceCommandRow, StoreError> {
    Ok(DeviceCommandRow {
        id: row.next("device_commands.id")?,
        device: row.next("device_commands.device")?,
        command: row.next("device_commands.command")?,
        arguments: row.next("device_commands.arguments")?,
        reason: row.next("device_commands.reason")?,
        state: row.next("device_commands.state")?,
        asked_by: row.next("device_commands.asked_by")?,
        asked_at: row.next("device_commands.asked_at_us")?,
        confirmed_by: row.next("device_commands.confirmed_by")?,
        confirmed_at: row.next("device_commands.confirmed_at_us")?,
        sent_at: row.next("device_commands.sent_at_us")?,
        sendings: row.next("device_commands.sendings")?,
        received_at: row.next("device_commands.received_at_us")?,
        ended_at: row.next("device_commands.ended_at_us")?,
        outcome: row.next("device_commands.outcome")?,
        expires_at: row.next("device_commands.expires_at_us")?,
    })
}
