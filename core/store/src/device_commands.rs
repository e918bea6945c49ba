//! Commands to devices, and what became of them.

use std::collections::BTreeMap;

use model::{DeviceId, EventId, Instant, PartyId};

use crate::cases::Where;
use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::devices::within;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub const ALL: [Self; 7] =
        [Self::Unconfirmed, Self::Queued, Self::Received, Self::Done, Self::Failed, Self::Expired, Self::Withdrawn];

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
    /// The region it stands in, a path.
    pub region_path: String,
    /// What, a command of its class.
    pub command: String,
    /// With which values, a JSON object.
    pub arguments: String,
    /// Why.
    pub reason: String,
    /// The run of a scene that it belongs to.
    pub scene_run: Option<EventId>,
    /// How far it has come.
    pub state: CommandState,
    /// Who asked for it; absent where its scene was planned.
    pub asked_by: Option<PartyId>,
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

/// Which commands. Every field narrows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceCommandFilter {
    /// To this device.
    pub device: Option<DeviceId>,
    /// That stand so.
    pub state: Option<CommandState>,
    /// To devices in any of these regions (paths, root first, each followed by `/`); everywhere where it is empty.
    pub within: Vec<String>,
    /// Before this one.
    pub before: Option<EventId>,
}

const COLUMNS: &str = "id, device, region_path, command, arguments, reason, scene_run, state, asked_by, asked_at_us, confirmed_by, confirmed_at_us, \
                       sent_at_us, sendings, received_at_us, ended_at_us, outcome, expires_at_us";

impl Tx {
    /// Writes a command down, or keeps it as it is now.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_device_command(&mut self, command: &DeviceCommandRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO device_commands ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
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
                row.region_path,
                row.command,
                row.arguments,
                row.reason,
                row.scene_run,
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

    /// Commands, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_device_commands(
        &mut self,
        filter: &DeviceCommandFilter,
        limit: u32,
    ) -> Result<Vec<DeviceCommandRow>, StoreError> {
        let mut clause = Where::new();
        if let Some(state) = filter.state {
            let state = clause.bind(state);
            clause.and(&format!("state = {state}"));
        }
        // Says what the partial index of open commands is for.
        if filter.state.is_some_and(|state| !state.is_over()) {
            clause.and("ended_at_us IS NULL");
        }
        clause.and_in("device", &filter.device);
        within(&mut clause, &filter.within);
        if let Some(before) = filter.before {
            let before = clause.bind(before);
            clause.and(&format!("id < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {COLUMNS} FROM device_commands{} ORDER BY id DESC LIMIT {limit}", clause.sql());
        let rows = self.query(&sql, clause.values())?;
        rows.into_iter().map(read).collect()
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

    /// The oldest command that waits for a device and has not expired.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_next_device_command(
        &mut self,
        device: &DeviceId,
        now: Instant,
    ) -> Result<Option<DeviceCommandRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM device_commands
             WHERE device = $1 AND state = $2 AND ended_at_us IS NULL AND expires_at_us >= $3
             ORDER BY id
             LIMIT 1"
        );
        self.query_opt(&sql, params![device, CommandState::Queued, now])?.map(read).transpose()
    }

    /// How many commands of a run stand how.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_commands_of_run(&mut self, run: EventId) -> Result<BTreeMap<CommandState, u64>, StoreError> {
        let sql = "SELECT state, COUNT(*) FROM device_commands WHERE scene_run = $1 GROUP BY state";
        let rows = self.query(sql, params![run])?;
        rows.into_iter().map(|mut row| Ok((row.next("device_commands.state")?, row.next("count")?))).collect()
    }
}

fn read(mut row: Row) -> Result<DeviceCommandRow, StoreError> {
    Ok(DeviceCommandRow {
        id: row.next("device_commands.id")?,
        device: row.next("device_commands.device")?,
        region_path: row.next("device_commands.region_path")?,
        command: row.next("device_commands.command")?,
        arguments: row.next("device_commands.arguments")?,
        reason: row.next("device_commands.reason")?,
        scene_run: row.next("device_commands.scene_run")?,
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
