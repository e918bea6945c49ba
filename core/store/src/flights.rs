//! Flights (飞行): what a drone brought, where and when each file was taken, and the cases it is evidence of.

use grid::Cell;
use model::{CaseId, EventId, EvidenceId, FlightId, Instant, PartyId};

use crate::cases::Where;
use crate::db::{Row, params};
use crate::devices::within;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A flight as it was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlightRow {
    /// Its id.
    pub id: FlightId,
    /// What people call it.
    pub title: String,
    /// What it was for.
    pub purpose: String,
    /// The smallest region that holds all of it, as a path from the root.
    pub region_path: String,
    /// Who imported it.
    pub party: PartyId,
    /// When.
    pub imported_at: Instant,
    /// When the first of its files was taken.
    pub from: Option<Instant>,
    /// When the last one was.
    pub to: Option<Instant>,
    /// All its files, bytes.
    pub bytes: u64,
    /// The canonical text of what it brought.
    pub manifest: String,
    /// SHA-256 of that, hexadecimal.
    pub sha256: String,
    /// Its record in the log.
    pub record: EventId,
}

/// A file of a flight.
#[derive(Debug, Clone, PartialEq)]
pub struct FlightFileRow {
    /// Of which flight.
    pub flight: FlightId,
    /// Its place in the manifest, from 0.
    pub number: u32,
    /// `picture`, `video` or `track`.
    pub kind: String,
    /// What it was called where it came from.
    pub name: String,
    /// What its bytes are, as sniffed.
    pub media_type: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// When it was taken.
    pub at: Option<Instant>,
    /// Longitude and latitude where it was taken, degrees.
    pub point: Option<(f64, f64)>,
    /// At what height, metres, as the file or the track says.
    pub height_m: Option<f64>,
    /// The cell of the point.
    pub cell: Option<Cell>,
    /// `file` or `track`: what says where it was taken.
    pub placed_by: Option<String>,
    /// A small picture of it.
    pub preview: Option<EvidenceId>,
}

const FLIGHT: &str = "id, title, purpose, region_path, party, imported_at_us, from_us, to_us, bytes, manifest, sha256, record";
const FILE: &str = "flight, number, kind, name, media_type, sha256, bytes, at_us, lon, lat, height_m, cell, placed_by, preview";

impl Tx {
    /// Writes a flight down with all it brought.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_flight(&mut self, row: &FlightRow, files: &[FlightFileRow]) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO flights ({FLIGHT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        );
        self.execute(
            &sql,
            params![
                row.id,
                row.title,
                row.purpose,
                row.region_path,
                row.party,
                row.imported_at,
                row.from,
                row.to,
                row.bytes,
                row.manifest,
                row.sha256,
                row.record
            ],
        )?;
        let sql = format!(
            "INSERT INTO flight_files ({FILE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        );
        for file in files {
            let (lon, lat) = file.point.unzip();
            self.execute(
                &sql,
                params![
                    file.flight,
                    file.number,
                    file.kind,
                    file.name,
                    file.media_type,
                    file.sha256,
                    file.bytes,
                    file.at,
                    lon,
                    lat,
                    file.height_m,
                    file.cell,
                    file.placed_by,
                    file.preview
                ],
            )?;
        }
        Ok(())
    }

    /// Makes a flight evidence of a case; false when it is already.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn attach_flight(
        &mut self,
        flight: FlightId,
        case_id: CaseId,
        party: PartyId,
        at: Instant,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO flight_cases (case_id, flight, party, at_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, params![case_id, flight, party, at])? > 0)
    }
}

impl Reader {
    /// A flight by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_flight(&mut self, id: FlightId) -> Result<Option<FlightRow>, StoreError> {
        let sql = format!("SELECT {FLIGHT} FROM flights WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_flight).transpose()
    }

    /// Flights within any of these regions, before one of them, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_flights(
        &mut self,
        regions: &[String],
        before: Option<FlightId>,
        limit: u32,
    ) -> Result<Vec<FlightRow>, StoreError> {
        let mut clause = Where::new();
        within(&mut clause, regions);
        if let Some(before) = before {
            let before = clause.bind(before);
            clause.and(&format!("id < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {FLIGHT} FROM flights{} ORDER BY id DESC LIMIT {limit}", clause.sql());
        self.query(&sql, clause.values())?.into_iter().map(read_flight).collect()
    }

    /// The flights that are evidence of a case, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_flights_of_case(&mut self, case_id: CaseId) -> Result<Vec<FlightRow>, StoreError> {
        let sql = format!(
            "SELECT {FLIGHT} FROM flights WHERE id IN (SELECT flight FROM flight_cases WHERE case_id = $1) ORDER BY id DESC"
        );
        self.query(&sql, params![case_id])?.into_iter().map(read_flight).collect()
    }

    /// What a flight brought, in the order of its manifest.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_flight_files(&mut self, flight: FlightId) -> Result<Vec<FlightFileRow>, StoreError> {
        let sql = format!("SELECT {FILE} FROM flight_files WHERE flight = $1 ORDER BY number");
        self.query(&sql, params![flight])?.into_iter().map(read_file).collect()
    }
}

fn read_flight(mut row: Row) -> Result<FlightRow, StoreError> {
    Ok(FlightRow {
        id: row.next("flights.id")?,
        title: row.next("flights.title")?,
        purpose: row.next("flights.purpose")?,
        region_path: row.next("flights.region_path")?,
        party: row.next("flights.party")?,
        imported_at: row.next("flights.imported_at_us")?,
        from: row.next("flights.from_us")?,
        to: row.next("flights.to_us")?,
        bytes: row.next("flights.bytes")?,
        manifest: row.next("flights.manifest")?,
        sha256: row.next("flights.sha256")?,
        record: row.next("flights.record")?,
    })
}

fn read_file(mut row: Row) -> Result<FlightFileRow, StoreError> {
    Ok(FlightFileRow {
        flight: row.next("flight_files.flight")?,
        number: row.next("flight_files.number")?,
        kind: row.next("flight_files.kind")?,
        name: row.next("flight_files.name")?,
        media_type: row.next("flight_files.media_type")?,
        sha256: row.next("flight_files.sha256")?,
        bytes: row.next("flight_files.bytes")?,
        at: row.next("flight_files.at_us")?,
        point: Option::zip(row.next("flight_files.lon")?, row.next("flight_files.lat")?),
        height_m: row.next("flight_files.height_m")?,
        cell: row.next("flight_files.cell")?,
        placed_by: row.next("flight_files.placed_by")?,
        preview: row.next("flight_files.preview")?,
    })
}
