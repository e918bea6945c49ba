//! Scenes: when they were run, and what those that follow a measurement know.

use std::collections::BTreeMap;

use model::{DeviceId, EventId, Instant, PartyId, SceneId};

use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// What a scene that follows a measurement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SceneTurn {
    /// Devices were told its values.
    Follow,
    /// Devices were told what is planned for them.
    FallBack,
}

impl SceneTurn {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::FallBack => "fall_back",
        }
    }
}

impl ToValue for SceneTurn {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for SceneTurn {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        [Self::Follow, Self::FallBack].into_iter().find(|turn| turn.as_str() == word)
    }
}

/// A scene that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneRunRow {
    /// Its id.
    pub id: EventId,
    /// Which scene.
    pub scene: SceneId,
    /// For when it was planned; absent where somebody ran it at once, or it followed a measurement.
    pub planned_at: Option<Instant>,
    /// When it was run.
    pub run_at: Instant,
    /// By whom.
    pub run_by: Option<PartyId>,
    /// Why.
    pub reason: Option<String>,
    /// How many devices were told.
    pub devices: u32,
    /// What it did, where it follows a measurement.
    pub turn: Option<SceneTurn>,
    /// Because of which counter, likewise.
    pub counter: Option<DeviceId>,
}

/// A counter that is over the threshold of a scene, or silent, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneCounterRow {
    /// Of which scene.
    pub scene: SceneId,
    /// The counter.
    pub device: DeviceId,
    /// Since when it is over the threshold.
    pub over_since: Option<Instant>,
    /// Since when nothing is heard of it.
    pub silent_since: Option<Instant>,
    /// The property and the value with which it went over.
    pub reading: Option<(String, f64)>,
}

impl SceneCounterRow {
    /// Whether its scene holds where it governs: over the threshold, and still heard.
    pub const fn is_over(&self) -> bool {
        self.over_since.is_some() && self.silent_since.is_none()
    }
}

/// A device that was told the values of a scene, and not yet what is planned for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneHoldRow {
    /// The device.
    pub device: DeviceId,
    /// The command of its class.
    pub command: String,
    /// Of which scene.
    pub scene: SceneId,
    /// Because of which counter.
    pub counter: DeviceId,
    /// What it was told, a JSON object.
    pub arguments: String,
    /// Since when.
    pub since: Instant,
}

const RUN_COLUMNS: &str = "id, scene, planned_at_us, run_at_us, run_by, reason, devices, turn, counter";

impl Tx {
    /// Writes down that a scene was run.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when it was run at that planned instant before.
    pub fn record_scene_run(&mut self, run: &SceneRunRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO scene_runs ({RUN_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        let values = params![
            run.id,
            run.scene,
            run.planned_at,
            run.run_at,
            run.run_by,
            run.reason,
            run.devices,
            run.turn,
            run.counter
        ];
        self.execute(&sql, values)?;
        Ok(())
    }

    /// Keeps how a counter stands to a scene; one that is neither over nor silent is forgotten.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn keep_scene_counter(&mut self, row: &SceneCounterRow) -> Result<(), StoreError> {
        if row.over_since.is_none() && row.silent_since.is_none() {
            let sql = "DELETE FROM scene_counters WHERE scene = $1 AND device = $2";
            self.execute(sql, params![row.scene, row.device])?;
            return Ok(());
        }
        let (property, value) = row.reading.clone().unzip();
        self.execute(
            "INSERT INTO scene_counters (scene, device, over_since_us, silent_since_us, property, value)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (scene, device) DO UPDATE SET over_since_us = excluded.over_since_us,
             silent_since_us = excluded.silent_since_us, property = excluded.property, value = excluded.value",
            params![row.scene, row.device, row.over_since, row.silent_since, property, value],
        )?;
        Ok(())
    }

    /// Writes down that a device is held by a scene.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn keep_scene_hold(&mut self, row: &SceneHoldRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO scene_holds (device, command, scene, counter, arguments, since_us)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (device, command) DO UPDATE SET scene = excluded.scene, counter = excluded.counter,
             arguments = excluded.arguments, since_us = excluded.since_us",
            params![row.device, row.command, row.scene, row.counter, row.arguments, row.since],
        )?;
        Ok(())
    }

    /// Ends the hold on a device.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn end_scene_hold(&mut self, device: &DeviceId, command: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM scene_holds WHERE device = $1 AND command = $2", params![device, command])?;
        Ok(())
    }
}

impl Reader {
    /// The newest runs of a scene, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_scene_runs(&mut self, scene: &SceneId, limit: u32) -> Result<Vec<SceneRunRow>, StoreError> {
        let sql = format!("SELECT {RUN_COLUMNS} FROM scene_runs WHERE scene = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![scene, limit])?.into_iter().map(read_run).collect()
    }

    /// Whether a scene was run at the instant it was planned for.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn has_run(&mut self, scene: &SceneId, planned_at: Instant) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM scene_runs WHERE scene = $1 AND planned_at_us = $2";
        Ok(self.query_opt(sql, params![scene, planned_at])?.is_some())
    }

    /// Counters that are over the threshold of a scene, or silent, by scene and counter.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_scene_counters(&mut self) -> Result<Vec<SceneCounterRow>, StoreError> {
        let sql = "SELECT scene, device, over_since_us, silent_since_us, property, value
                   FROM scene_counters
                   ORDER BY scene, device";
        self.query(sql, params![])?.into_iter().map(read_counter).collect()
    }

    /// Devices that are held by a scene, by device.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_scene_holds(&mut self) -> Result<Vec<SceneHoldRow>, StoreError> {
        let sql =
            "SELECT device, command, scene, counter, arguments, since_us FROM scene_holds ORDER BY device, command";
        self.query(sql, params![])?.into_iter().map(read_hold).collect()
    }

    /// When devices were last told something by hand since an instant, by somebody or by a program; what was taken back,
    /// what nobody confirmed, and what was not done is left out.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn last_told_by_hand(&mut self, since: Instant) -> Result<BTreeMap<DeviceId, Instant>, StoreError> {
        let sql = "SELECT device, MAX(asked_at_us)
                   FROM device_commands
                   WHERE (scene_run IS NULL OR asked_by IS NOT NULL) AND asked_at_us >= $1
                   AND state IN ('queued', 'received', 'done')
                   GROUP BY device";
        let rows = self.query(sql, params![since])?;
        rows.into_iter()
            .map(|mut row| Ok((row.next("device_commands.device")?, row.next("device_commands.asked_at_us")?)))
            .collect()
    }
}

fn read_run(mut row: Row) -> Result<SceneRunRow, StoreError> {
    Ok(SceneRunRow {
        id: row.next("scene_runs.id")?,
        scene: row.next("scene_runs.scene")?,
        planned_at: row.next("scene_runs.planned_at_us")?,
        run_at: row.next("scene_runs.run_at_us")?,
        run_by: row.next("scene_runs.run_by")?,
        reason: row.next("scene_runs.reason")?,
        devices: row.next("scene_runs.devices")?,
        turn: row.next("scene_runs.turn")?,
        counter: row.next("scene_runs.counter")?,
    })
}

fn read_counter(mut row: Row) -> Result<SceneCounterRow, StoreError> {
    let (scene, device) = (row.next("scene_counters.scene")?, row.next("scene_counters.device")?);
    let over_since = row.next("scene_counters.over_since_us")?;
    let silent_since = row.next("scene_counters.silent_since_us")?;
    let property: Option<String> = row.next("scene_counters.property")?;
    let value: Option<f64> = row.next("scene_counters.value")?;
    Ok(SceneCounterRow { scene, device, over_since, silent_since, reading: property.zip(value) })
}

fn read_hold(mut row: Row) -> Result<SceneHoldRow, StoreError> {
    Ok(SceneHoldRow {
        device: row.next("scene_holds.device")?,
        command: row.next("scene_holds.command")?,
        scene: row.next("scene_holds.scene")?,
        counter: row.next("scene_holds.counter")?,
        arguments: row.next("scene_holds.arguments")?,
        since: row.next("scene_holds.since_us")?,
    })
}
