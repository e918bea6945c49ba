//! Alarms of devices: what the engine remembers, and what was raised.

use model::{AlarmRuleId, CaseId, DeviceClassId, DeviceId, EventId, Instant, PartyId};

use crate::cases::Where;
use crate::db::{Row, params};
use crate::devices::within;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// An alarm that was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceAlarmRow {
    /// Its id.
    pub id: EventId,
    /// The rule.
    pub rule: AlarmRuleId,
    /// The device.
    pub device: DeviceId,
    /// Empty, a property, `no_data`, or `no_data/` and a property.
    pub part: String,
    /// The class of the device.
    pub class: DeviceClassId,
    /// The region it stands in, root first, each followed by `/`.
    pub region_path: String,
    /// How bad: `info`, `minor`, `major`, `critical`.
    pub severity: String,
    /// The property it rests on, where it rests on a reading.
    pub property: Option<String>,
    /// What was measured.
    pub value: Option<f64>,
    /// Since when its condition held.
    pub since: Instant,
    /// When it was raised.
    pub raised_at: Instant,
    /// When it cleared; open without.
    pub cleared_at: Option<Instant>,
    /// Why: `condition`, `hand`, `scope`.
    pub cleared_by: Option<String>,
    /// When somebody took note.
    pub acknowledged_at: Option<Instant>,
    /// Who did.
    pub acknowledged_by: Option<PartyId>,
    /// What keeps it quiet, in the words of the engine.
    pub quiet: Option<String>,
    /// The case it opened, or joined.
    pub case_id: Option<CaseId>,
}

/// Open alarms of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAlarms {
    /// The device.
    pub device: DeviceId,
    /// How bad.
    pub severity: String,
    /// How many.
    pub count: u64,
}

/// Which alarms. Every field narrows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceAlarmFilter {
    /// Open ones alone, or closed ones alone.
    pub open: Option<bool>,
    /// Of this device.
    pub device: Option<DeviceId>,
    /// Of any of these devices; of all where absent, of none where empty.
    pub devices: Option<Vec<DeviceId>>,
    /// Of this case.
    pub case_id: Option<CaseId>,
    /// Of this group of notices.
    pub group: Option<EventId>,
    /// In any of these regions (paths, root first, each followed by `/`); everywhere where none is given.
    pub within: Vec<String>,
    /// Before this alarm, newest first.
    pub before: Option<EventId>,
}

const COLUMNS: &str = "id, rule, device, part, class, region_path, severity, property, value, since_us, raised_at_us, \
                       cleared_at_us, cleared_by, acknowledged_at_us, acknowledged_by, quiet, case_id";

impl Tx {
    /// Keeps what the engine remembers: records that changed, and those that are gone.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn keep_alarm_states(&mut self, changes: &[(String, Option<Vec<u8>>)]) -> Result<(), StoreError> {
        for (key, record) in changes {
            match record {
                Some(record) => self.execute(
                    "INSERT INTO alarm_states (key, record) VALUES ($1, $2)
                     ON CONFLICT (key) DO UPDATE SET record = excluded.record",
                    params![key, record],
                )?,
                None => self.execute("DELETE FROM alarm_states WHERE key = $1", params![key])?,
            };
        }
        Ok(())
    }

    /// Writes an alarm down.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when one of that rule, device and part is open.
    pub fn record_device_alarm(&mut self, alarm: &DeviceAlarmRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO device_alarms ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
        );
        let row = alarm;
        self.execute(
            &sql,
            params![
                row.id,
                row.rule,
                row.device,
                row.part,
                row.class,
                row.region_path,
                row.severity,
                row.property,
                row.value,
                row.since,
                row.raised_at,
                row.cleared_at,
                row.cleared_by,
                row.acknowledged_at,
                row.acknowledged_by,
                row.quiet,
                row.case_id
            ],
        )?;
        Ok(())
    }

    /// Keeps an alarm as it stands now, in place of what was kept of it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn update_device_alarm(&mut self, alarm: &DeviceAlarmRow) -> Result<(), StoreError> {
        let row = alarm;
        self.execute(
            "UPDATE device_alarms
             SET severity = $2, cleared_at_us = $3, cleared_by = $4, acknowledged_at_us = $5, acknowledged_by = $6,
                 quiet = $7, case_id = $8
             WHERE id = $1",
            params![
                row.id,
                row.severity,
                row.cleared_at,
                row.cleared_by,
                row.acknowledged_at,
                row.acknowledged_by,
                row.quiet,
                row.case_id
            ],
        )?;
        Ok(())
    }
}

impl Reader {
    /// Everything the engine remembers.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_alarm_states(&mut self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let rows = self.query("SELECT key, record FROM alarm_states", params![])?;
        rows.into_iter().map(|mut row| Ok((row.next("alarm_states.key")?, row.next("alarm_states.record")?))).collect()
    }

    /// The open alarm of a rule, device and part.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_open_device_alarm(
        &mut self,
        rule: &AlarmRuleId,
        device: &DeviceId,
        part: &str,
    ) -> Result<Option<DeviceAlarmRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM device_alarms WHERE rule = $1 AND device = $2 AND part = $3 AND cleared_at_us IS NULL"
        );
        self.query_opt(&sql, params![rule, device, part])?.map(read_alarm).transpose()
    }

    /// Cases that open alarms of a rule in exactly that region have, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_cases_of_open_alarms(
        &mut self,
        rule: &AlarmRuleId,
        region_path: &str,
    ) -> Result<Vec<CaseId>, StoreError> {
        let sql = "SELECT DISTINCT case_id FROM device_alarms
                   WHERE rule = $1 AND region_path = $2 AND cleared_at_us IS NULL AND case_id IS NOT NULL
                   ORDER BY case_id DESC";
        let rows = self.query(sql, params![rule, region_path])?;
        rows.into_iter().map(|mut row| row.next("device_alarms.case_id")).collect()
    }

    /// An alarm by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_device_alarm(&mut self, id: EventId) -> Result<Option<DeviceAlarmRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_alarms WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_alarm).transpose()
    }

    /// How many alarms are open that nothing keeps quiet, by device and severity.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_open_alarms(&mut self, regions: &[String]) -> Result<Vec<OpenAlarms>, StoreError> {
        let mut clause = Where::new();
        clause.and("cleared_at_us IS NULL AND quiet IS NULL");
        within(&mut clause, regions);
        let sql = format!(
            "SELECT device, severity, COUNT(*) FROM device_alarms{} GROUP BY device, severity ORDER BY device, severity",
            clause.sql()
        );
        let read = |mut row: Row| {
            Ok(OpenAlarms {
                device: row.next("device_alarms.device")?,
                severity: row.next("device_alarms.severity")?,
                count: row.next::<i64>("device_alarms.count")?.unsigned_abs(),
            })
        };
        self.query(&sql, clause.values())?.into_iter().map(read).collect()
    }

    /// Alarms, newest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_device_alarms(
        &mut self,
        filter: &DeviceAlarmFilter,
        limit: u32,
    ) -> Result<Vec<DeviceAlarmRow>, StoreError> {
        let mut clause = Where::new();
        match filter.open {
            Some(true) => clause.and("cleared_at_us IS NULL"),
            Some(false) => clause.and("cleared_at_us IS NOT NULL"),
            None => {}
        }
        clause.and_in("device", &filter.device);
        match &filter.devices {
            Some(none) if none.is_empty() => return Ok(Vec::new()),
            Some(some) => clause.and_in("device", some),
            None => {}
        }
        clause.and_in("case_id", filter.case_id);
        if let Some(group) = filter.group {
            let group = clause.bind(group);
            clause.and(&format!("id IN (SELECT alarm_id FROM alarm_group_alarms WHERE group_id = {group})"));
        }
        within(&mut clause, &filter.within);
        if let Some(before) = filter.before {
            let before = clause.bind(before);
            clause.and(&format!("id < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {COLUMNS} FROM device_alarms{} ORDER BY id DESC LIMIT {limit}", clause.sql());
        let rows = self.query(&sql, clause.values())?;
        rows.into_iter().map(read_alarm).collect()
    }
}

fn read_alarm(mut row: Row) -> Result<DeviceAlarmRow, StoreError> {
    Ok(DeviceAlarmRow {
        id: row.next("device_alarms.id")?,
        rule: row.next("device_alarms.rule")?,
        device: row.next("device_alarms.device")?,
        part: row.next("device_alarms.part")?,
        class: row.next("device_alarms.class")?,
        region_path: row.next("device_alarms.region_path")?,
        severity: row.next("device_alarms.severity")?,
        property: row.next("device_alarms.property")?,
        value: row.next("device_alarms.value")?,
        since: row.next("device_alarms.since_us")?,
        raised_at: row.next("device_alarms.raised_at_us")?,
        cleared_at: row.next("device_alarms.cleared_at_us")?,
        cleared_by: row.next("device_alarms.cleared_by")?,
        acknowledged_at: row.next("device_alarms.acknowledged_at_us")?,
        acknowledged_by: row.next("device_alarms.acknowledged_by")?,
        quiet: row.next("device_alarms.quiet")?,
        case_id: row.next("device_alarms.case_id")?,
    })
}
