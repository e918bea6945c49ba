//! Silences: alarms that are expected, who said so and why.

use model::{AlarmRuleId, DeviceClassId, DeviceId, EventId, Instant, PartyId, RegionId};

use serde::{Deserialize, Serialize};

use crate::cases::Where;
use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A silence. Every list narrows; an empty one means all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceRow {
    /// Its id.
    pub id: EventId,
    /// Of these rules.
    pub rules: Vec<AlarmRuleId>,
    /// Of devices of these classes.
    pub classes: Vec<DeviceClassId>,
    /// Of devices in these regions, with everything below.
    pub regions: Vec<RegionId>,
    /// Of these devices.
    pub devices: Vec<DeviceId>,
    /// From when.
    pub from: Instant,
    /// Until when, not included.
    pub until: Instant,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub begun_by: PartyId,
    /// When.
    pub begun_at: Instant,
    /// Who ended it before its time.
    pub ended_by: Option<PartyId>,
    /// When.
    pub ended_at: Option<Instant>,
}

const COLUMNS: &str =
    "id, rules, classes, regions, devices, from_us, until_us, reason, begun_by, begun_at_us, ended_by, ended_at_us";

impl Tx {
    /// Writes a silence down, or its end.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_silence(&mut self, silence: &SilenceRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO alarm_silences ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (id) DO UPDATE SET ended_by = excluded.ended_by, ended_at_us = excluded.ended_at_us"
        );
        let row = silence;
        self.execute(
            &sql,
            params![
                row.id,
                join(&row.rules),
                join(&row.classes),
                join(&row.regions),
                join(&row.devices),
                row.from,
                row.until,
                row.reason,
                row.begun_by,
                row.begun_at,
                row.ended_by,
                row.ended_at
            ],
        )?;
        Ok(())
    }
}

impl Reader {
    /// A silence by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_silence(&mut self, id: EventId) -> Result<Option<SilenceRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM alarm_silences WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read).transpose()
    }

    /// Silences, the newest first, at most `limit`; those before one where it is given.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_silences(&mut self, before: Option<EventId>, limit: u32) -> Result<Vec<SilenceRow>, StoreError> {
        let mut clause = Where::new();
        if let Some(before) = before {
            let before = clause.bind(before);
            clause.and(&format!("id < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {COLUMNS} FROM alarm_silences{} ORDER BY id DESC LIMIT {limit}", clause.sql());
        self.query(&sql, clause.values())?.into_iter().map(read).collect()
    }
}

/// Words as a JSON array.
pub(crate) fn join<T: ToString>(words: &[T]) -> String {
    serde_json::Value::from(words.iter().map(ToString::to_string).collect::<Vec<_>>()).to_string()
}

/// The words of a JSON array.
pub(crate) fn split<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<Vec<T>, StoreError> {
    let corrupt = || StoreError::corrupt(column);
    let words: Vec<String> = serde_json::from_str(text).map_err(|_| corrupt())?;
    words.iter().map(|word| word.parse().map_err(|_| corrupt())).collect()
}

fn read(mut row: Row) -> Result<SilenceRow, StoreError> {
    Ok(SilenceRow {
        id: row.next("alarm_silences.id")?,
        rules: split(&row.next::<String>("alarm_silences.rules")?, "alarm_silences.rules")?,
        classes: split(&row.next::<String>("alarm_silences.classes")?, "alarm_silences.classes")?,
        regions: split(&row.next::<String>("alarm_silences.regions")?, "alarm_silences.regions")?,
        devices: split(&row.next::<String>("alarm_silences.devices")?, "alarm_silences.devices")?,
        from: row.next("alarm_silences.from_us")?,
        until: row.next("alarm_silences.until_us")?,
        reason: row.next("alarm_silences.reason")?,
        begun_by: row.next("alarm_silences.begun_by")?,
        begun_at: row.next("alarm_silences.begun_at_us")?,
        ended_by: row.next("alarm_silences.ended_by")?,
        ended_at: row.next("alarm_silences.ended_at_us")?,
    })
}
