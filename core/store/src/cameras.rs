//! Cameras: where their pictures come from, who watches them, and what was recorded. The files are elsewhere.

use model::{DeviceId, EventId, Instant, PartyId};

use crate::cases::Where;
use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// Where the pictures of a camera come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRow {
    /// The camera.
    pub device: DeviceId,
    /// The address, sealed by the vault.
    pub sealed: Vec<u8>,
    /// What of it is no secret.
    pub shown: String,
    /// When it was set.
    pub changed_at: Instant,
}

/// A recorded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingRow {
    /// The id of the record that seals it.
    pub id: EventId,
    /// The camera.
    pub device: DeviceId,
    /// When it begins.
    pub from: Instant,
    /// When it ends.
    pub to: Instant,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// When the file was deleted, its time being over.
    pub deleted_at: Option<Instant>,
}

/// Which recorded files of a camera. Every field narrows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordingFilter {
    /// That end after this.
    pub from: Option<Instant>,
    /// That begin before this.
    pub to: Option<Instant>,
}

const RECORDING: &str = "id, device, from_us, to_us, sha256, bytes, deleted_at_us";

impl Tx {
    /// Keeps the address of a camera in place of the one it had.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_camera_stream(&mut self, row: &StreamRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO camera_streams (device, sealed, shown, changed_at_us) VALUES ($1, $2, $3, $4)
             ON CONFLICT (device) DO UPDATE
             SET sealed = excluded.sealed, shown = excluded.shown, changed_at_us = excluded.changed_at_us",
            params![row.device, row.sealed, row.shown, row.changed_at],
        )?;
        Ok(())
    }

    /// Forgets the address of a camera; true when it had one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_camera_stream(&mut self, device: &DeviceId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM camera_streams WHERE device = $1", params![device])? > 0)
    }

    /// Lets somebody who said why watch a camera until an instant.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_viewing(&mut self, device: &DeviceId, party: PartyId, until: Instant) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO camera_viewings (device, party, until_us) VALUES ($1, $2, $3)
             ON CONFLICT (device, party) DO UPDATE SET until_us = excluded.until_us",
            params![device, party, until],
        )?;
        Ok(())
    }

    /// Writes a recorded file down.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when that very file is written down already.
    pub fn record_recording(&mut self, row: &RecordingRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO recordings ({RECORDING}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        self.execute(&sql, params![row.id, row.device, row.from, row.to, row.sha256, row.bytes, row.deleted_at])?;
        Ok(())
    }

    /// Notes that a file was deleted.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_recording_deleted(&mut self, id: EventId, at: Instant) -> Result<(), StoreError> {
        self.execute("UPDATE recordings SET deleted_at_us = $2 WHERE id = $1", params![id, at])?;
        Ok(())
    }
}

impl Reader {
    /// Where the pictures of a camera come from.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_camera_stream(&mut self, device: &DeviceId) -> Result<Option<StreamRow>, StoreError> {
        let sql = "SELECT device, sealed, shown, changed_at_us FROM camera_streams WHERE device = $1";
        self.query_opt(sql, params![device])?.map(read_stream).transpose()
    }

    /// Every camera that has an address.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_camera_streams(&mut self) -> Result<Vec<StreamRow>, StoreError> {
        let sql = "SELECT device, sealed, shown, changed_at_us FROM camera_streams ORDER BY device";
        self.query(sql, &[])?.into_iter().map(read_stream).collect()
    }

    /// Until when somebody may watch a camera.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_viewing(&mut self, device: &DeviceId, party: PartyId) -> Result<Option<Instant>, StoreError> {
        let sql = "SELECT until_us FROM camera_viewings WHERE device = $1 AND party = $2";
        let row = self.query_opt(sql, params![device, party])?;
        row.map(|mut row| row.next("camera_viewings.until_us")).transpose()
    }

    /// A recorded file by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_recording(&mut self, id: EventId) -> Result<Option<RecordingRow>, StoreError> {
        let sql = format!("SELECT {RECORDING} FROM recordings WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_recording).transpose()
    }

    /// A recorded file by its digest.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_recording_of(&mut self, sha256: &str) -> Result<Option<RecordingRow>, StoreError> {
        let sql = format!("SELECT {RECORDING} FROM recordings WHERE sha256 = $1");
        self.query_opt(&sql, params![sha256])?.map(read_recording).transpose()
    }

    /// Recorded files of a camera, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_recordings(
        &mut self,
        device: &DeviceId,
        filter: RecordingFilter,
        limit: u32,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        let mut clause = Where::new();
        let device = clause.bind(device);
        clause.and(&format!("device = {device}"));
        if let Some(from) = filter.from {
            let from = clause.bind(from);
            clause.and(&format!("to_us > {from}"));
        }
        if let Some(to) = filter.to {
            let to = clause.bind(to);
            clause.and(&format!("from_us < {to}"));
        }
        let limit = clause.bind(limit);
        let sql =
            format!("SELECT {RECORDING} FROM recordings{} ORDER BY from_us DESC, id DESC LIMIT {limit}", clause.sql());
        self.query(&sql, clause.values())?.into_iter().map(read_recording).collect()
    }

    /// Files of a camera that ended before an instant and are still there, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_recordings_kept(
        &mut self,
        device: &DeviceId,
        ended_before: Instant,
        limit: u32,
    ) -> Result<Vec<RecordingRow>, StoreError> {
        let sql = format!(
            "SELECT {RECORDING} FROM recordings
             WHERE device = $1 AND to_us < $2 AND deleted_at_us IS NULL
             ORDER BY to_us, id
             LIMIT $3"
        );
        self.query(&sql, params![device, ended_before, limit])?.into_iter().map(read_recording).collect()
    }
}

fn read_stream(mut row: Row) -> Result<StreamRow, StoreError> {
    Ok(StreamRow {
        device: row.next("camera_streams.device")?,
        sealed: row.next("camera_streams.sealed")?,
        shown: row.next("camera_streams.shown")?,
        changed_at: row.next("camera_streams.changed_at_us")?,
    })
}

fn read_recording(mut row: Row) -> Result<RecordingRow, StoreError> {
    Ok(RecordingRow {
        id: row.next("recordings.id")?,
        device: row.next("recordings.device")?,
        from: row.next("recordings.from_us")?,
        to: row.next("recordings.to_us")?,
        sha256: row.next("recordings.sha256")?,
        bytes: row.next("recordings.bytes")?,
        deleted_at: row.next("recordings.deleted_at_us")?,
    })
}
