//! Cases on the map: those in a box, or their clusters.

use std::collections::BTreeMap;

use grid::Bounds;
use model::{CaseId, EvidenceId, Instant, PartyId};

use super::filter::CaseFilter;
use super::row::{COLUMNS, CaseRow};
use crate::db::params;
use crate::error::StoreError;
use crate::tx::Reader;

/// Most cases that clusters are made of; beyond it the picture is of the first so many, and says so.
const POINTS_MAX: u32 = 100_000;

/// Most clusters across a map.
const COLUMNS_MAX: u32 = 256;

/// Cases near each other, drawn as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Mean longitude of its cases, degrees.
    pub lon: f64,
    /// Mean latitude of its cases, degrees.
    pub lat: f64,
    /// How many cases.
    pub count: u32,
    /// How many of them are open and overdue.
    pub late: u32,
}

/// The clusters of a box.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// The clusters, from south-west to north-east.
    pub items: Vec<Cluster>,
    /// True when the box holds more cases than are counted: the map should be brought nearer.
    pub cut: bool,
}

impl Reader {
    /// The cases in a box that match, latest arrived first, at most `limit`. The box may cross ±180°.
    /// Of more than 100 000 in the box, the latest of some 100 000.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn cases_in_bounds(
        &mut self,
        bounds: Bounds,
        filter: &CaseFilter,
        limit: u32,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let (boxed, mut clause) = filter.select_in_box(bounds, "key", POINTS_MAX, self.range_table());
        let limit = clause.bind(limit);
        let columns = COLUMNS.join(", ");
        let sql = format!(
            "SELECT {columns} FROM cases
             WHERE key IN (SELECT key FROM ({boxed}) AS keys ORDER BY key DESC LIMIT {limit})
             ORDER BY key DESC"
        );
        self.query(&sql, clause.values())?.into_iter().map(|mut row| CaseRow::read(&mut row)).collect()
    }

    /// The cases in a box that match, put together in a raster of `columns` across (square in degrees).
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn clusters_in_bounds(
        &mut self,
        bounds: Bounds,
        filter: &CaseFilter,
        columns: u32,
        now: Instant,
    ) -> Result<Clusters, StoreError> {
        // A literal where it is known: the index of open cells does not hold the outcome.
        let is_open = if filter.is_open_only() { "TRUE" } else { "outcome IS NULL" };
        let held = format!("lon, lat, due_at_us, exempt, {is_open} AS is_open");
        let (sql, clause) = filter.select_in_box(bounds, &held, POINTS_MAX + 1, self.range_table());
        let rows = self.query(&sql, clause.values())?;
        let cut = rows.len() > POINTS_MAX as usize;
        let width =
            if bounds.west <= bounds.east { bounds.east - bounds.west } else { bounds.east - bounds.west + 360.0 };
        let side = (width / f64::from(columns.clamp(1, COLUMNS_MAX))).max(1e-7);
        let mut raster: BTreeMap<(i64, i64), (f64, f64, u32, u32)> = BTreeMap::new();
        for mut row in rows.into_iter().take(POINTS_MAX as usize) {
            let (lon, lat): (f64, f64) = (row.next("cases.lon")?, row.next("cases.lat")?);
            let due_at: Instant = row.next("cases.due_at_us")?;
            let (exempt, open): (bool, bool) = (row.next("cases.exempt")?, row.next("cases.outcome")?);
            let east_of = if lon < bounds.west { lon + 360.0 - bounds.west } else { lon - bounds.west };
            let place = (((lat - bounds.south) / side).floor() as i64, (east_of / side).floor() as i64);
            let cluster = raster.entry(place).or_default();
            cluster.0 += east_of;
            cluster.1 += lat;
            cluster.2 += 1;
            cluster.3 += u32::from(open && !exempt && due_at < now);
        }
        let items = raster.into_values().map(|(east, north, count, late)| {
            let lon = bounds.west + east / f64::from(count);
            Cluster { lon: if lon > 180.0 { lon - 360.0 } else { lon }, lat: north / f64::from(count), count, late }
        });
        Ok(Clusters { items: items.collect(), cut })
    }

    /// The cases that a file is attached to and that this account reported or joined.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn cases_with_evidence_of(
        &mut self,
        evidence: &EvidenceId,
        member: PartyId,
    ) -> Result<Vec<CaseId>, StoreError> {
        let rows = self.query(
            "SELECT DISTINCT cases.id
             FROM case_evidence
             JOIN cases ON cases.key = case_evidence.case_key
             JOIN case_members ON case_members.case_key = case_evidence.case_key
             WHERE case_evidence.evidence = $1 AND case_members.party = $2
             ORDER BY cases.id
             LIMIT 100",
            params![evidence, member],
        )?;
        rows.into_iter().map(|mut row| row.next("cases.id")).collect()
    }

    /// The cases that a file is attached to.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn cases_with_evidence(&mut self, evidence: &EvidenceId) -> Result<Vec<CaseId>, StoreError> {
        let rows = self.query(
            "SELECT DISTINCT cases.id
             FROM case_evidence
             JOIN cases ON cases.key = case_evidence.case_key
             WHERE case_evidence.evidence = $1
             ORDER BY cases.id
             LIMIT 100",
            params![evidence],
        )?;
        rows.into_iter().map(|mut row| row.next("cases.id")).collect()
    }
}
