//! Devices: the register, and who changed what in it. Their readings are in the lake.

use grid::Cell;
use model::{
    DeviceClassId, DeviceId, DeviceLabel, EventId, Instant, OfficeId, PartyId, PropertyId, RegionId, SeriesNo,
};

use crate::alarm_silences::{join, split};
use crate::cases::Where;
use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// Whether a device may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceState {
    /// Its readings are taken.
    Active,
    /// It is shut out until somebody has looked at it.
    Quarantined,
    /// It is gone for good; what it measured stays.
    Retired,
}

impl DeviceState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Quarantined => "quarantined",
            Self::Retired => "retired",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Quarantined, Self::Retired].into_iter().find(|state| state.as_str() == word)
    }
}

impl ToValue for DeviceState {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for DeviceState {
    fn from_value(value: Value) -> Option<Self> {
        Self::from_word(&String::from_value(value)?)
    }
}

/// A device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRow {
    /// Its name in the field.
    pub id: DeviceId,
    /// Its class, an id of the pack.
    pub class: DeviceClassId,
    /// Its name for people.
    pub title: String,
    /// The gateway it speaks through.
    pub parent: Option<DeviceId>,
    /// The office that answers for it.
    pub office: OfficeId,
    /// The smallest region it stands in.
    pub region: RegionId,
    /// That region with those above it, root first, each followed by `/`.
    pub region_path: String,
    /// Longitude and latitude, degrees, CGCS2000.
    pub point: (f64, f64),
    /// Height above the ground, metres; below it when negative.
    pub height_m: Option<f64>,
    /// The cell it stands in.
    pub cell: Cell,
    /// Words of those who run it, in order.
    pub labels: Vec<DeviceLabel>,
    /// Whether it may speak.
    pub state: DeviceState,
    /// Why it may not.
    pub reason: Option<String>,
    /// SHA-256 of its secret.
    pub secret: [u8; 32],
    /// SHA-256 of the secret that takes its place when it is used first.
    pub next_secret: Option<[u8; 32]>,
    /// When it was registered.
    pub registered_at: Instant,
    /// When it was changed last.
    pub changed_at: Instant,
}

/// A series: one property of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRow {
    /// Its number in the lake.
    pub series: SeriesNo,
    /// The device.
    pub device: DeviceId,
    /// What it measures.
    pub property: PropertyId,
}

/// Something that was done to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceChangeRow {
    /// Its id.
    pub id: EventId,
    /// The device.
    pub device: DeviceId,
    /// When.
    pub at: Instant,
    /// By whom; the platform itself where absent.
    pub party: Option<PartyId>,
    /// What: `registered`, `moved`, `secret_changed`, `quarantined`, `released`, `retired`, `installed`, `labelled`.
    pub kind: String,
    /// Why.
    pub reason: Option<String>,
}

/// Which devices. Every field narrows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Of this class.
    pub class: Option<DeviceClassId>,
    /// In this region (a path, root first, each followed by `/`).
    pub region_path: Option<String>,
    /// Of this office.
    pub office: Option<OfficeId>,
    /// In this state.
    pub state: Option<DeviceState>,
    /// After this device, in the order of their names.
    pub after: Option<DeviceId>,
}

const COLUMNS: &str = "id, class, title, parent, office, region, region_path, lon, lat, height_m, cell, state, reason, secret, \
                       next_secret, registered_at_us, changed_at_us, labels";

impl Tx {
    /// Registers a device with its series; their numbers in the order of the properties.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the name is taken.
    pub fn record_device(
        &mut self,
        device: &DeviceRow,
        properties: &[PropertyId],
    ) -> Result<Vec<SeriesNo>, StoreError> {
        let sql = format!(
            "INSERT INTO devices ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
        );
        let row = device;
        self.execute(
            &sql,
            params![
                row.id,
                row.class,
                row.title,
                row.parent,
                row.office,
                row.region,
                row.region_path,
                row.point.0,
                row.point.1,
                row.height_m,
                row.cell,
                row.state,
                row.reason,
                row.secret,
                row.next_secret,
                row.registered_at,
                row.changed_at,
                join(&row.labels)
            ],
        )?;
        properties.iter().map(|property| self.record_series(&device.id, property)).collect()
    }

    /// Gives a property of a device a number; the one it has, where it has one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_series(&mut self, device: &DeviceId, property: &PropertyId) -> Result<SeriesNo, StoreError> {
        let found = self.query_opt(
            "SELECT series FROM device_series WHERE device = $1 AND property = $2",
            params![device, property],
        )?;
        if let Some(mut row) = found {
            return Ok(SeriesNo(row.next("device_series.series")?));
        }
        let sql = "INSERT INTO device_series (device, property) VALUES ($1, $2) RETURNING series";
        Ok(SeriesNo(self.query_one(sql, params![device, property])?.next("device_series.series")?))
    }

    /// Keeps a device as it is now, in place of what was kept of it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn update_device(&mut self, device: &DeviceRow) -> Result<(), StoreError> {
        let row = device;
        self.execute(
            "UPDATE devices
             SET title = $2, parent = $3, office = $4, region = $5, region_path = $6, lon = $7, lat = $8, height_m = $9,
                 cell = $10, state = $11, reason = $12, secret = $13, next_secret = $14, changed_at_us = $15, labels = $16
             WHERE id = $1",
            params![
                row.id,
                row.title,
                row.parent,
                row.office,
                row.region,
                row.region_path,
                row.point.0,
                row.point.1,
                row.height_m,
                row.cell,
                row.state,
                row.reason,
                row.secret,
                row.next_secret,
                row.changed_at,
                join(&row.labels)
            ],
        )?;
        Ok(())
    }

    /// Notes what was done to a device.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_device_change(&mut self, change: &DeviceChangeRow) -> Result<(), StoreError> {
        let DeviceChangeRow { id, device, at, party, kind, reason } = change;
        self.execute(
            "INSERT INTO device_changes (id, device, at_us, party, kind, reason) VALUES ($1, $2, $3, $4, $5, $6)",
            params![*id, device, *at, *party, kind, reason],
        )?;
        Ok(())
    }
}

impl Reader {
    /// A device by its name.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_device(&mut self, id: &DeviceId) -> Result<Option<DeviceRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_device).transpose()
    }

    /// Devices by name, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_devices(&mut self, filter: &DeviceFilter, limit: u32) -> Result<Vec<DeviceRow>, StoreError> {
        let mut clause = Where::new();
        clause.and_in("class", &filter.class);
        clause.and_in("office", &filter.office);
        clause.and_in("state", filter.state);
        if let Some(path) = &filter.region_path {
            within(&mut clause, std::slice::from_ref(path));
        }
        if let Some(after) = &filter.after {
            let after = clause.bind(after);
            clause.and(&format!("id > {after}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {COLUMNS} FROM devices{} ORDER BY id LIMIT {limit}", clause.sql());
        let rows = self.query(&sql, clause.values())?;
        rows.into_iter().map(read_device).collect()
    }

    /// Devices that changed at an instant or later, in the order of their changes, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_devices_changed(&mut self, since: Instant, limit: u32) -> Result<Vec<DeviceRow>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM devices WHERE changed_at_us >= $1 ORDER BY changed_at_us, id LIMIT $2");
        self.query(&sql, params![since, limit])?.into_iter().map(read_device).collect()
    }

    /// The series of a device, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_series_of(&mut self, device: &DeviceId) -> Result<Vec<SeriesRow>, StoreError> {
        let sql = "SELECT series, device, property FROM device_series WHERE device = $1 ORDER BY series";
        self.query(sql, params![device])?.into_iter().map(read_series).collect()
    }

    /// Series with a number above `after`, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_series(&mut self, after: SeriesNo, limit: u32) -> Result<Vec<SeriesRow>, StoreError> {
        let sql = "SELECT series, device, property FROM device_series WHERE series > $1 ORDER BY series LIMIT $2";
        self.query(sql, params![after.0, limit])?.into_iter().map(read_series).collect()
    }

    /// What was done to a device, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_device_changes(&mut self, device: &DeviceId, limit: u32) -> Result<Vec<DeviceChangeRow>, StoreError> {
        let sql = "SELECT id, device, at_us, party, kind, reason FROM device_changes WHERE device = $1 ORDER BY id DESC LIMIT $2";
        let read = |mut row: Row| {
            Ok(DeviceChangeRow {
                id: row.next("device_changes.id")?,
                device: row.next("device_changes.device")?,
                at: row.next("device_changes.at_us")?,
                party: row.next("device_changes.party")?,
                kind: row.next("device_changes.kind")?,
                reason: row.next("device_changes.reason")?,
            })
        };
        self.query(sql, params![device, limit])?.into_iter().map(read).collect()
    }
}

/// Narrows to regions, each with everything below it; nothing where none is given.
pub(crate) fn within(clause: &mut Where, paths: &[String]) {
    let mut part = |path: &String| {
        // '0' is the character after '/': the path with everything below it.
        let end = clause.bind(format!("{}0", path.trim_end_matches('/')));
        format!("(region_path >= {} AND region_path < {end})", clause.bind(path))
    };
    let parts: Vec<String> = paths.iter().map(&mut part).collect();
    if !parts.is_empty() {
        clause.and(&format!("({})", parts.join(" OR ")));
    }
}

fn read_device(mut row: Row) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        id: row.next("devices.id")?,
        class: row.next("devices.class")?,
        title: row.next("devices.title")?,
        parent: row.next("devices.parent")?,
        office: row.next("devices.office")?,
        region: row.next("devices.region")?,
        region_path: row.next("devices.region_path")?,
        point: (row.next("devices.lon")?, row.next("devices.lat")?),
        height_m: row.next("devices.height_m")?,
        cell: row.next("devices.cell")?,
        state: row.next("devices.state")?,
        reason: row.next("devices.reason")?,
        secret: row.next("devices.secret")?,
        next_secret: row.next("devices.next_secret")?,
        registered_at: row.next("devices.registered_at_us")?,
        changed_at: row.next("devices.changed_at_us")?,
        labels: split(&row.next::<String>("devices.labels")?, "devices.labels")?,
    })
}

fn read_series(mut row: Row) -> Result<SeriesRow, StoreError> {
    Ok(SeriesRow {
        series: SeriesNo(row.next("device_series.series")?),
        device: row.next("device_series.device")?,
        property: row.next("device_series.property")?,
    })
}
