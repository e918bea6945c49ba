//! Flights (飞行): what a drone brought, where and when each file was taken, the cases it is evidence of, and what has
//! changed between two of them.

use grid::Cell;
use model::{CameraPose, CaseId, EventId, FlightId, Instant, PanelFinding, PartyId, RegionId};
use serde_json::json;

use crate::canonical::canonical_json;
use crate::cases::Where;
use crate::db::{Row, params};
use crate::devices::within;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A flight as it was imported.
#[derive(Debug, Clone, PartialEq)]
pub struct FlightRow {
    /// Its id.
    pub id: FlightId,
    /// What people call it.
    pub title: String,
    /// What it was for.
    pub purpose: String,
    /// The smallest region that more than half of its files were taken in.
    pub region: RegionId,
    /// The same, as a path from the root.
    pub region_path: String,
    /// Who imported it.
    pub party: PartyId,
    /// When.
    pub imported_at: Instant,
    /// When the first of its files was taken.
    pub from: Option<Instant>,
    /// When the last one was.
    pub to: Option<Instant>,
    /// West, south, east and north of all that has a place, degrees.
    pub bounds: [f64; 4],
    /// How many files it has.
    pub files: u32,
    /// How long they are together, bytes.
    pub bytes: u64,
    /// Where it flew: longitudes and latitudes in the order of time, thinned out.
    pub track: Vec<(f64, f64)>,
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
    /// Its place in the manifest, from 1.
    pub number: u32,
    /// `picture`, `film` or `track`.
    pub kind: String,
    /// What it was called where it came from.
    pub name: String,
    /// What its bytes are, as sniffed.
    pub media_type: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// Pixels across and down, upright; of a picture.
    pub size: Option<(u32, u32)>,
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
    /// How the camera was held.
    pub pose: CameraPose,
}

/// Two pictures of two flights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlightPair {
    /// The earlier flight, and which of its files.
    pub before: (FlightId, u32),
    /// The later one, and which of its files.
    pub after: (FlightId, u32),
}

/// The text whose SHA-256 is in the record of a flight: which files it brought, when and where each was taken.
pub fn canonical_flight(flight: FlightId, title: &str, purpose: &str, files: &[FlightFileRow]) -> String {
    let one = |file: &FlightFileRow| {
        let (lon, lat) = file.point.unzip();
        json!({
            "number": file.number, "kind": file.kind, "name": file.name, "media_type": file.media_type,
            "sha256": file.sha256, "bytes": file.bytes, "at": file.at, "lon": lon, "lat": lat,
            "height_m": file.height_m, "placed_by": file.placed_by,
            "pose": if file.pose.is_empty() { None } else { Some(file.pose) },
        })
    };
    let files: Vec<_> = files.iter().map(one).collect();
    canonical_json(&json!({"flight": flight, "title": title, "purpose": purpose, "files": files}))
}

const FLIGHT: &str = "id, title, purpose, region, region_path, party, imported_at_us, from_us, to_us, west, south, \
                      east, north, files, bytes, track, manifest, sha256, record";
const FILE: &str =
    "number, kind, name, media_type, sha256, bytes, width, height, at_us, lon, lat, height_m, cell, placed_by, pose";

impl Tx {
    /// Writes a flight down with all it brought.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_flight(&mut self, row: &FlightRow, files: &[FlightFileRow]) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO flights ({FLIGHT}) VALUES
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
        );
        let [west, south, east, north] = row.bounds;
        let values = params![
            row.id,
            row.title,
            row.purpose,
            row.region,
            row.region_path,
            row.party,
            row.imported_at,
            row.from,
            row.to,
            west,
            south,
            east,
            north,
            row.files,
            row.bytes,
            canonical_json(&row.track),
            row.manifest,
            row.sha256,
            row.record
        ];
        self.execute(&sql, values)?;
        for file in files {
            self.record_flight_file(row.id, file)?;
        }
        Ok(())
    }

    fn record_flight_file(&mut self, flight: FlightId, file: &FlightFileRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO flight_files (flight, {FILE}) VALUES
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        );
        let (lon, lat) = file.point.unzip();
        let (width, height) = file.size.unzip();
        let values = params![
            flight,
            file.number,
            file.kind,
            file.name,
            file.media_type,
            file.sha256,
            file.bytes,
            width,
            height,
            file.at,
            lon,
            lat,
            file.height_m,
            file.cell,
            file.placed_by,
            (!file.pose.is_empty()).then(|| canonical_json(&file.pose))
        ];
        self.execute(&sql, values)?;
        Ok(())
    }

    /// Makes a flight evidence of a case.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn attach_flight(
        &mut self,
        flight: FlightId,
        case_id: CaseId,
        party: PartyId,
        at: Instant,
        record: EventId,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO flight_cases (case_id, flight, party, at_us, record) VALUES ($1, $2, $3, $4, $5)";
        self.execute(sql, params![case_id, flight, party, at, record])?;
        Ok(())
    }

    /// Keeps what comparing two pictures came to.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn keep_flight_change(
        &mut self,
        pair: FlightPair,
        finding: &PanelFinding,
        at: Instant,
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO flight_changes (before_flight, before_number, after_flight, after_number, finding, at_us)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let FlightPair { before, after } = pair;
        self.execute(sql, params![before.0, before.1, after.0, after.1, canonical_json(finding), at])?;
        Ok(())
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

    /// Flights within any of these regions, the newest first: before one of them, and overlapping a box (west, south, east,
    /// north) where one is given.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_flights(
        &mut self,
        regions: &[String],
        over: Option<[f64; 4]>,
        before: Option<FlightId>,
        limit: u32,
    ) -> Result<Vec<FlightRow>, StoreError> {
        let mut clause = Where::new();
        within(&mut clause, regions);
        if let Some([west, south, east, north]) = over {
            let [west, south, east, north] = [west, south, east, north].map(|edge| clause.bind(edge));
            clause.and(&format!("east >= {west} AND north >= {south} AND west <= {east} AND south <= {north}"));
        }
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

    /// The cases that a flight is evidence of, and the records that say so.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_cases_of_flight(&mut self, flight: FlightId) -> Result<Vec<(CaseId, EventId)>, StoreError> {
        let sql = "SELECT case_id, record FROM flight_cases WHERE flight = $1 ORDER BY case_id";
        let rows = self.query(sql, params![flight])?;
        rows.into_iter()
            .map(|mut row| Ok((row.next("flight_cases.case_id")?, row.next("flight_cases.record")?)))
            .collect()
    }

    /// What a flight brought, in the order of its manifest.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_flight_files(&mut self, flight: FlightId) -> Result<Vec<FlightFileRow>, StoreError> {
        let sql = format!("SELECT {FILE} FROM flight_files WHERE flight = $1 ORDER BY number");
        self.query(&sql, params![flight])?.into_iter().map(read_file).collect()
    }

    /// One file of a flight.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_flight_file(&mut self, flight: FlightId, number: u32) -> Result<Option<FlightFileRow>, StoreError> {
        let sql = format!("SELECT {FILE} FROM flight_files WHERE flight = $1 AND number = $2");
        self.query_opt(&sql, params![flight, number])?.map(read_file).transpose()
    }

    /// What was compared of two flights: numbers before and after, and what came of it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_flight_changes(
        &mut self,
        before: FlightId,
        after: FlightId,
    ) -> Result<Vec<(u32, u32, PanelFinding)>, StoreError> {
        let sql = "SELECT before_number, after_number, finding FROM flight_changes
                   WHERE before_flight = $1 AND after_flight = $2 ORDER BY after_number, before_number";
        let one = |mut row: Row| {
            let numbers = (row.next("flight_changes.before_number")?, row.next("flight_changes.after_number")?);
            let finding: String = row.next("flight_changes.finding")?;
            Ok((numbers.0, numbers.1, parse(&finding, "flight_changes.finding")?))
        };
        self.query(sql, params![before, after])?.into_iter().map(one).collect()
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::corrupt(column))
}

fn read_flight(mut row: Row) -> Result<FlightRow, StoreError> {
    Ok(FlightRow {
        id: row.next("flights.id")?,
        title: row.next("flights.title")?,
        purpose: row.next("flights.purpose")?,
        region: row.next("flights.region")?,
        region_path: row.next("flights.region_path")?,
        party: row.next("flights.party")?,
        imported_at: row.next("flights.imported_at_us")?,
        from: row.next("flights.from_us")?,
        to: row.next("flights.to_us")?,
        bounds: [
            row.next("flights.west")?,
            row.next("flights.south")?,
            row.next("flights.east")?,
            row.next("flights.north")?,
        ],
        files: row.next("flights.files")?,
        bytes: row.next("flights.bytes")?,
        track: parse(&row.next::<String>("flights.track")?, "flights.track")?,
        manifest: row.next("flights.manifest")?,
        sha256: row.next("flights.sha256")?,
        record: row.next("flights.record")?,
    })
}

fn read_file(mut row: Row) -> Result<FlightFileRow, StoreError> {
    Ok(FlightFileRow {
        number: row.next("flight_files.number")?,
        kind: row.next("flight_files.kind")?,
        name: row.next("flight_files.name")?,
        media_type: row.next("flight_files.media_type")?,
        sha256: row.next("flight_files.sha256")?,
        bytes: row.next("flight_files.bytes")?,
        size: Option::zip(row.next("flight_files.width")?, row.next("flight_files.height")?),
        at: row.next("flight_files.at_us")?,
        point: Option::zip(row.next("flight_files.lon")?, row.next("flight_files.lat")?),
        height_m: row.next("flight_files.height_m")?,
        cell: row.next("flight_files.cell")?,
        placed_by: row.next("flight_files.placed_by")?,
        pose: match row.next::<Option<String>>("flight_files.pose")? {
            Some(text) => parse(&text, "flight_files.pose")?,
            None => CameraPose::default(),
        },
    })
}
