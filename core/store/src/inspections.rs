//! Inspections (巡检): runs, what was answered at each check, and the baselines that photographs are compared with.

use model::{
    CaseId, CheckId, EventId, EvidenceId, InspectionId, InspectionRunId, Instant, PanelComparison, PanelMarks, PartyId,
};
use serde_json::{Value as Json, json};

use crate::canonical::canonical_json;
use crate::cases::Where;
use crate::db::{Row, params};
use crate::devices::within;
use crate::error::StoreError;
use crate::events::from_json;
use crate::tx::{Reader, Tx};

/// An inspection being done, or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionRunRow {
    /// Its id, made by the phone.
    pub id: InspectionRunId,
    /// What is inspected.
    pub inspection: InspectionId,
    /// The region of the inspection, as a path from the root.
    pub region_path: String,
    /// Who does it.
    pub party: PartyId,
    /// When it began.
    pub started_at: Instant,
    /// When it ended; absent while it goes on.
    pub ended_at: Option<Instant>,
    /// Checks answered, once it ended.
    pub answers: u32,
    /// Faults among them, once it ended.
    pub faults: u32,
    /// Its record in the log, once it ended.
    pub record: Option<EventId>,
}

/// What was answered at a check.
#[derive(Debug, Clone, PartialEq)]
pub struct InspectionAnswerRow {
    /// Its id.
    pub id: EventId,
    /// In which run.
    pub run: InspectionRunId,
    /// Of which inspection.
    pub inspection: InspectionId,
    /// Which check.
    pub check: CheckId,
    /// The region of the inspection, as a path from the root.
    pub region_path: String,
    /// When it was answered.
    pub at: Instant,
    /// The answer; null where the picture is the answer.
    pub value: Json,
    /// What the inspector said of it.
    pub note: String,
    /// The photograph.
    pub picture: Option<EvidenceId>,
    /// Longitude and latitude where it was answered, degrees, CGCS2000.
    pub point: Option<(f64, f64)>,
    /// How well the phone knew its place, metres.
    pub accuracy_m: Option<f64>,
    /// How far from the stop that is, metres.
    pub distance_m: Option<f64>,
    /// What comparing the photograph with the baseline came to.
    pub comparison: Option<PanelComparison>,
    /// Whether it is a fault.
    pub is_fault: bool,
    /// The case that the fault opened or joined.
    pub case_id: Option<CaseId>,
}

/// What photographs of a check are compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    /// Its id.
    pub id: EventId,
    /// Of which inspection.
    pub inspection: InspectionId,
    /// Of which check.
    pub check: CheckId,
    /// The region of the inspection, as a path from the root.
    pub region_path: String,
    /// The picture.
    pub picture: EvidenceId,
    /// What is marked on it.
    pub marks: PanelMarks,
    /// Who set it.
    pub party: PartyId,
    /// When.
    pub at: Instant,
    /// When another one took its place.
    pub ended_at: Option<Instant>,
}

/// Which answers. Every field narrows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerFilter {
    /// Faults alone.
    pub faults: bool,
    /// Of this case.
    pub case_id: Option<CaseId>,
    /// Of this check of an inspection, in any run.
    pub check: Option<(InspectionId, CheckId)>,
    /// In any of these regions (paths, root first, each followed by `/`); everywhere where none is given.
    pub within: Vec<String>,
    /// Before this answer, newest first.
    pub before: Option<EventId>,
}

const RUN: &str = "id, inspection, region_path, party, started_at_us, ended_at_us, answers, faults, record";
const ANSWER: &str = "id, run, inspection, check_id, region_path, at_us, value, note, picture, lon, lat, accuracy_m, distance_m, \
                      comparison, is_fault, case_id";
const BASELINE: &str = "id, inspection, check_id, region_path, picture, marks, party, at_us, ended_at_us";

/// The answers of a run as its record commits to them: JSON with sorted keys, in the order of the checks' ids.
pub fn canonical_answers(answers: &[InspectionAnswerRow]) -> String {
    let mut answers: Vec<_> = answers.iter().collect();
    answers.sort_by(|a, b| a.check.cmp(&b.check));
    let one = |row: &&InspectionAnswerRow| {
        let (lon, lat) = row.point.unzip();
        json!({
            "check": row.check, "at": row.at.as_micros(), "value": row.value, "note": row.note, "picture": row.picture,
            "lon": lon, "lat": lat, "accuracy_m": row.accuracy_m, "comparison": row.comparison,
            "is_fault": row.is_fault, "case": row.case_id,
        })
    };
    canonical_json(&answers.iter().map(one).collect::<Vec<_>>())
}

impl Tx {
    /// Keeps a run as it stands now, in place of what was kept of it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn keep_inspection_run(&mut self, run: &InspectionRunRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO inspection_runs ({RUN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (id) DO UPDATE SET ended_at_us = excluded.ended_at_us, answers = excluded.answers,
                 faults = excluded.faults, record = excluded.record"
        );
        self.execute(
            &sql,
            params![
                run.id,
                run.inspection,
                run.region_path,
                run.party,
                run.started_at,
                run.ended_at,
                run.answers,
                run.faults,
                run.record
            ],
        )?;
        Ok(())
    }

    /// Keeps an answer in place of what was answered at the check before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn keep_inspection_answer(&mut self, row: &InspectionAnswerRow) -> Result<(), StoreError> {
        self.execute("DELETE FROM inspection_answers WHERE run = $1 AND check_id = $2", params![row.run, row.check])?;
        let sql = format!(
            "INSERT INTO inspection_answers ({ANSWER})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        );
        let (lon, lat) = row.point.unzip();
        self.execute(
            &sql,
            params![
                row.id,
                row.run,
                row.inspection,
                row.check,
                row.region_path,
                row.at,
                canonical_json(&row.value),
                row.note,
                row.picture,
                lon,
                lat,
                row.accuracy_m,
                row.distance_m,
                row.comparison.as_ref().map(canonical_json),
                row.is_fault,
                row.case_id
            ],
        )?;
        Ok(())
    }

    /// Sets a baseline in place of the one that the check has.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn set_inspection_baseline(&mut self, row: &BaselineRow) -> Result<(), StoreError> {
        self.execute(
            "UPDATE inspection_baselines SET ended_at_us = $3
             WHERE inspection = $1 AND check_id = $2 AND ended_at_us IS NULL",
            params![row.inspection, row.check, row.at],
        )?;
        let sql = format!("INSERT INTO inspection_baselines ({BASELINE}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        self.execute(
            &sql,
            params![
                row.id,
                row.inspection,
                row.check,
                row.region_path,
                row.picture,
                canonical_json(&row.marks),
                row.party,
                row.at,
                row.ended_at
            ],
        )?;
        Ok(())
    }
}

impl Reader {
    /// A run by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_inspection_run(&mut self, id: InspectionRunId) -> Result<Option<InspectionRunRow>, StoreError> {
        let sql = format!("SELECT {RUN} FROM inspection_runs WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_run).transpose()
    }

    /// Runs in any of these regions, of one inspection where it is given, before a run, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_inspection_runs(
        &mut self,
        inspection: Option<&InspectionId>,
        regions: &[String],
        before: Option<InspectionRunId>,
        limit: u32,
    ) -> Result<Vec<InspectionRunRow>, StoreError> {
        let mut clause = Where::new();
        clause.and_in("inspection", [inspection]);
        within(&mut clause, regions);
        if let Some(before) = before {
            let before = clause.bind(before);
            clause.and(&format!("id < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {RUN} FROM inspection_runs{} ORDER BY id DESC LIMIT {limit}", clause.sql());
        self.query(&sql, clause.values())?.into_iter().map(read_run).collect()
    }

    /// When each inspection was last done to its end.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn last_inspections(&mut self) -> Result<Vec<(InspectionId, Instant)>, StoreError> {
        let sql = "SELECT inspection, MAX(ended_at_us) FROM inspection_runs
                   WHERE ended_at_us IS NOT NULL GROUP BY inspection ORDER BY inspection";
        let rows = self.query(sql, params![])?;
        let read =
            |mut row: Row| Ok((row.next("inspection_runs.inspection")?, row.next("inspection_runs.ended_at_us")?));
        rows.into_iter().map(read).collect()
    }

    /// The answers of a run, in the order of the checks' ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_inspection_answers(&mut self, run: InspectionRunId) -> Result<Vec<InspectionAnswerRow>, StoreError> {
        let sql = format!("SELECT {ANSWER} FROM inspection_answers WHERE run = $1 ORDER BY check_id");
        self.query(&sql, params![run])?.into_iter().map(read_answer).collect()
    }

    /// Answers of any run, the newest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_inspection_answers(
        &mut self,
        filter: &AnswerFilter,
        limit: u32,
    ) -> Result<Vec<InspectionAnswerRow>, StoreError> {
        let mut clause = Where::new();
        if filter.faults {
            clause.and("is_fault");
        }
        clause.and_in("case_id", filter.case_id);
        if let Some((inspection, check)) = &filter.check {
            clause.and_in("inspection", [inspection]);
            clause.and_in("check_id", [check]);
        }
        within(&mut clause, &filter.within);
        if let Some(before) = filter.before {
            let before = clause.bind(before);
            clause.and(&format!("id < {before}"));
        }
        let limit = clause.bind(limit);
        let sql = format!("SELECT {ANSWER} FROM inspection_answers{} ORDER BY id DESC LIMIT {limit}", clause.sql());
        self.query(&sql, clause.values())?.into_iter().map(read_answer).collect()
    }

    /// Regions of the inspections that a picture was taken for, or is a baseline of, as paths; at most 20.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_inspected_regions_of(&mut self, picture: &EvidenceId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT region_path FROM inspection_answers WHERE picture = $1
                   UNION SELECT region_path FROM inspection_baselines WHERE picture = $1
                   ORDER BY 1 LIMIT 20";
        let rows = self.query(sql, params![picture])?;
        rows.into_iter().map(|mut row| row.next("inspection_answers.region_path")).collect()
    }

    /// The baselines of an inspection that stand, in the order of the checks' ids.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_inspection_baselines(&mut self, inspection: &InspectionId) -> Result<Vec<BaselineRow>, StoreError> {
        let sql = format!(
            "SELECT {BASELINE} FROM inspection_baselines
             WHERE inspection = $1 AND ended_at_us IS NULL ORDER BY check_id"
        );
        self.query(&sql, params![inspection])?.into_iter().map(read_baseline).collect()
    }

    /// A baseline by its id, standing or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_inspection_baseline(&mut self, id: EventId) -> Result<Option<BaselineRow>, StoreError> {
        let sql = format!("SELECT {BASELINE} FROM inspection_baselines WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_baseline).transpose()
    }
}

fn read_run(mut row: Row) -> Result<InspectionRunRow, StoreError> {
    Ok(InspectionRunRow {
        id: row.next("inspection_runs.id")?,
        inspection: row.next("inspection_runs.inspection")?,
        region_path: row.next("inspection_runs.region_path")?,
        party: row.next("inspection_runs.party")?,
        started_at: row.next("inspection_runs.started_at_us")?,
        ended_at: row.next("inspection_runs.ended_at_us")?,
        answers: row.next("inspection_runs.answers")?,
        faults: row.next("inspection_runs.faults")?,
        record: row.next("inspection_runs.record")?,
    })
}

fn read_answer(mut row: Row) -> Result<InspectionAnswerRow, StoreError> {
    Ok(InspectionAnswerRow {
        id: row.next("inspection_answers.id")?,
        run: row.next("inspection_answers.run")?,
        inspection: row.next("inspection_answers.inspection")?,
        check: row.next("inspection_answers.check_id")?,
        region_path: row.next("inspection_answers.region_path")?,
        at: row.next("inspection_answers.at_us")?,
        value: from_json(&row.next::<String>("inspection_answers.value")?)?,
        note: row.next("inspection_answers.note")?,
        picture: row.next("inspection_answers.picture")?,
        point: Option::zip(row.next("inspection_answers.lon")?, row.next("inspection_answers.lat")?),
        accuracy_m: row.next("inspection_answers.accuracy_m")?,
        distance_m: row.next("inspection_answers.distance_m")?,
        comparison: row
            .next::<Option<String>>("inspection_answers.comparison")?
            .map(|text| from_json(&text))
            .transpose()?,
        is_fault: row.next("inspection_answers.is_fault")?,
        case_id: row.next("inspection_answers.case_id")?,
    })
}

fn read_baseline(mut row: Row) -> Result<BaselineRow, StoreError> {
    Ok(BaselineRow {
        id: row.next("inspection_baselines.id")?,
        inspection: row.next("inspection_baselines.inspection")?,
        check: row.next("inspection_baselines.check_id")?,
        region_path: row.next("inspection_baselines.region_path")?,
        picture: row.next("inspection_baselines.picture")?,
        marks: from_json(&row.next::<String>("inspection_baselines.marks")?)?,
        party: row.next("inspection_baselines.party")?,
        at: row.next("inspection_baselines.at_us")?,
        ended_at: row.next("inspection_baselines.ended_at_us")?,
    })
}
