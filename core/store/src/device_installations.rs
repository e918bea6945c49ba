//! Who put devices up, where, and what they look like there.

use model::{DeviceId, EventId, EvidenceId, Instant, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A device was put up.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceInstallationRow {
    /// Its id.
    pub id: EventId,
    /// The device.
    pub device: DeviceId,
    /// When.
    pub at: Instant,
    /// By whom.
    pub party: PartyId,
    /// Longitude and latitude, degrees, CGCS2000.
    pub point: (f64, f64),
    /// How well the phone knew its place, metres, as it said; absent where the place was not the phone's.
    pub accuracy_m: Option<f64>,
    /// Whether the place was moved by hand.
    pub is_adjusted: bool,
    /// A picture of it.
    pub picture: Option<EvidenceId>,
}

const COLUMNS: &str = "id, device, at_us, party, lon, lat, accuracy_m, is_adjusted, picture";

impl Tx {
    /// Writes down that a device was put up.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_device_installation(&mut self, row: &DeviceInstallationRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO device_installations ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        let (lon, lat) = row.point;
        self.execute(
            &sql,
            params![row.id, row.device, row.at, row.party, lon, lat, row.accuracy_m, row.is_adjusted, row.picture],
        )?;
        Ok(())
    }
}

impl Reader {
    /// The times a device was put up, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_device_installations(
        &mut self,
        device: &DeviceId,
        limit: u32,
    ) -> Result<Vec<DeviceInstallationRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_installations WHERE device = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![device, limit])?.into_iter().map(read).collect()
    }

    /// Devices that a picture shows, at most 20.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_devices_on(&mut self, picture: &EvidenceId) -> Result<Vec<DeviceId>, StoreError> {
        let sql = "SELECT DISTINCT device FROM device_installations WHERE picture = $1 ORDER BY device LIMIT 20";
        let rows = self.query(sql, params![picture])?;
        rows.into_iter().map(|mut row| row.next("device_installations.device")).collect()
    }
}

fn read(mut row: Row) -> Result<DeviceInstallationRow, StoreError> {
    Ok(DeviceInstallationRow {
        id: row.next("device_installations.id")?,
        device: row.next("device_installations.device")?,
        at: row.next("device_installations.at_us")?,
        party: row.next("device_installations.party")?,
        point: (row.next("device_installations.lon")?, row.next("device_installations.lat")?),
        accuracy_m: row.next("device_installations.accuracy_m")?,
        is_adjusted: row.next("device_installations.is_adjusted")?,
        picture: row.next("device_installations.picture")?,
    })
}
