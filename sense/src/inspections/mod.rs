//! Inspections (巡检): begun, answered check by check, ended; a fault opens a case, the end is sealed in the ledger.

mod cases;
pub(crate) mod panel;

use grid::{LonLat, distance_m};
use model::{
    Actor, CheckId, EvidenceId, InspectionEnded, InspectionId, InspectionRunId, Instant, NewRecord, PanelComparison,
    PanelMarks, PartyId,
};
use pack::{Check, CheckKind, Inspection, Stop};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{BaselineRow, InspectionAnswerRow, InspectionRunRow, StoreError, Tx, canonical_answers};

use crate::Context;

/// The longest note, characters.
const NOTE_MAX: usize = 500;
/// How long an answer may have waited on a phone without a network.
const LATE_MAX_US: i64 = 7 * 24 * 3_600 * 1_000_000;
/// By how much a phone's clock may be ahead.
const AHEAD_MAX_US: i64 = 10 * 60 * 1_000_000;
/// The worst a phone knows its place and says so, metres.
const ACCURACY_MAX_M: f64 = 10_000.0;

/// Why nothing was written down.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// The city has no such inspection.
    #[error("there is no inspection {0}")]
    Unknown(InspectionId),
    /// The inspection has no such check.
    #[error("the inspection has no check {0}")]
    UnknownCheck(CheckId),
    /// Nobody began it, or somebody else did.
    #[error("there is no inspection run {0} of yours")]
    UnknownRun(InspectionRunId),
    /// It is over.
    #[error("the inspection ended at {0}; begin another one")]
    Ended(Instant),
    /// A fault that was reported stays.
    #[error("{0} was answered with a fault, which opened a case; go on there")]
    Reported(CheckId),
    /// A field cannot be.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// Checks that must be answered are not.
    #[error("{} of the checks are not answered", .0.len())]
    Missing(Vec<CheckId>),
    /// There is nothing to compare with.
    #[error("no baseline has been set for {0}")]
    NoBaseline(CheckId),
    /// A picture is on record and not on the disk.
    #[error("the picture {0} cannot be read")]
    Picture(EvidenceId),
    /// Nothing can be compared now.
    #[error("pictures cannot be compared now")]
    Away,
    /// The pack leaves the first task of a case without an office or a limit.
    #[error(transparent)]
    Pack(#[from] pack::enter::EnterError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Something begins to be inspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    /// Made by the phone.
    pub run: InspectionRunId,
    /// What.
    pub inspection: InspectionId,
    /// When.
    pub at: Instant,
}

/// An answer to a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// In which run.
    pub run: InspectionRunId,
    /// Which check.
    pub check: CheckId,
    /// When.
    pub at: Instant,
    /// The answer; null where the picture is.
    pub value: Value,
    /// What there is to say of it.
    pub note: String,
    /// The photograph.
    pub picture: Option<EvidenceId>,
    /// Where.
    pub point: Option<LonLat>,
    /// How well the place is known, metres.
    pub accuracy_m: Option<f64>,
}

/// A baseline to set.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBaseline {
    /// Of which inspection.
    pub inspection: InspectionId,
    /// Of which check.
    pub check: CheckId,
    /// The picture.
    pub picture: EvidenceId,
    /// What is marked on it.
    pub marks: PanelMarks,
}

/// Begins an inspection; the same run again is what was begun.
///
/// # Errors
/// [`InspectionError`].
pub async fn begin(ctx: &Context, by: PartyId, new: Begin) -> Result<InspectionRunRow, InspectionError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    let one = inspection(&compiled.city, &new.inspection)?;
    check_time("started_at", new.at, now)?;
    let row = InspectionRunRow {
        id: new.run,
        inspection: new.inspection,
        region_path: compiled.city.region_path(&one.region),
        party: by,
        started_at: new.at,
        ended_at: None,
        answers: 0,
        faults: 0,
        record: None,
    };
    ctx.store
        .write(move |tx: &mut Tx| {
            if let Some(known) = tx.find_inspection_run(row.id)? {
                let is_same = known.party == by && known.inspection == row.inspection;
                return if is_same { Ok(known) } else { Err(InspectionError::UnknownRun(row.id)) };
            }
            tx.keep_inspection_run(&row)?;
            Ok(row)
        })
        .await
}

/// Compares a photograph of a check with its baseline, and writes nothing down.
///
/// # Errors
/// [`InspectionError`].
pub async fn compare(
    ctx: &Context,
    by: PartyId,
    id: InspectionId,
    check: CheckId,
    picture: EvidenceId,
) -> Result<PanelComparison, InspectionError> {
    let compiled = ctx.packs.current();
    find_check(inspection(&compiled.city, &id)?, &check)?;
    let baseline = baseline_for(ctx, by, id, check.clone(), picture).await?;
    panel::compare_with(ctx, baseline.ok_or(InspectionError::NoBaseline(check))?, picture).await
}

/// Writes an answer down, in place of an earlier one. A fault opens a case where the check has a category, and is final.
///
/// # Errors
/// [`InspectionError`].
pub async fn answer(ctx: &Context, by: Actor, new: Answer) -> Result<InspectionAnswerRow, InspectionError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    let run = open_run(ctx, &by, new.run).await?;
    let one = inspection(&compiled.city, &run.inspection)?;
    let (stop, check) = find_check(one, &new.check)?;
    check_answer(check, &new, now)?;
    let said = check.is_fault(&new.value).map_err(|error| InspectionError::Field("value", error.to_string()))?;
    let comparison = match new.picture {
        Some(picture) => {
            let baseline = baseline_for(ctx, run.party, run.inspection.clone(), check.id.clone(), picture).await?;
            match baseline.filter(|_| check.kind == CheckKind::Panel) {
                Some(baseline) => Some(panel::compare_with(ctx, baseline, picture).await?),
                None => None,
            }
        }
        None => None,
    };
    let seen = comparison.as_ref().and_then(|comparison| comparison.finding.differs());
    let stood = LonLat::new(stop.point.0, stop.point.1).ok().zip(new.point);
    let row = InspectionAnswerRow {
        id: model::EventId::new(now, 0),
        run: new.run,
        inspection: run.inspection.clone(),
        check: new.check,
        region_path: run.region_path,
        at: new.at,
        value: new.value,
        note: new.note.trim().to_owned(),
        picture: new.picture,
        point: new.point.map(|point| (point.lon_deg(), point.lat_deg())),
        accuracy_m: new.accuracy_m,
        distance_m: stood.map(|(stop, point)| distance_m(stop, point).round()),
        comparison,
        is_fault: said.or(seen).unwrap_or(false),
        case_id: None,
    };
    let (one, stop, check) = (one.clone(), stop.clone(), check.clone());
    ctx.store
        .write(move |tx: &mut Tx| {
            // The run may have ended, or the check been answered, while pictures were compared.
            let run = tx.find_inspection_run(row.run)?.ok_or(InspectionError::UnknownRun(row.run))?;
            if let Some(ended) = run.ended_at {
                return Err(InspectionError::Ended(ended));
            }
            let answers = tx.list_inspection_answers(row.run)?;
            if let Some(known) = answers.into_iter().find(|known| known.check == row.check && known.case_id.is_some()) {
                let is_same = known.at == row.at && known.value == row.value && known.picture == row.picture;
                return if is_same { Ok(known) } else { Err(InspectionError::Reported(row.check)) };
            }
            let mut row = InspectionAnswerRow { id: tx.new_event_id(now), ..row };
            if row.is_fault {
                let place = cases::Found { inspection: &one, stop: &stop, check: &check };
                row.case_id = cases::case_for(tx, &compiled, &place, &row, &by, now)?;
            }
            tx.keep_inspection_answer(&row)?;
            Ok(row)
        })
        .await
}

/// Ends an inspection and seals what was answered; the same end again is what was sealed.
///
/// # Errors
/// [`InspectionError::Missing`] while a check that must be answered is not.
pub async fn end(ctx: &Context, by: Actor, id: InspectionRunId) -> Result<InspectionRunRow, InspectionError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let run = tx.find_inspection_run(id)?.filter(|run| by.party() == Some(run.party));
            let run = run.ok_or(InspectionError::UnknownRun(id))?;
            if run.ended_at.is_some() {
                return Ok(run);
            }
            let one = inspection(&compiled.city, &run.inspection)?;
            let answers = tx.list_inspection_answers(id)?;
            let is_answered = |check: &Check| answers.iter().any(|answer| answer.check == check.id);
            let missing = one.checks().filter(|(_, check)| !check.optional && !is_answered(check));
            let missing: Vec<_> = missing.map(|(_, check)| check.id.clone()).collect();
            if !missing.is_empty() {
                return Err(InspectionError::Missing(missing));
            }
            let sealed = InspectionEnded {
                run: id,
                inspection: run.inspection.clone(),
                started_at: run.started_at,
                answers: count(answers.len()),
                faults: count(answers.iter().filter(|answer| answer.is_fault).count()),
                sha256: hex(&Sha256::digest(canonical_answers(&answers))),
            };
            let (answers, faults) = (sealed.answers, sealed.faults);
            let body = model::RecordBody::InspectionEnded(Box::new(sealed));
            let record = tx.append_record(NewRecord { at: now, actor: by, body }, now)?;
            let run = InspectionRunRow { ended_at: Some(now), answers, faults, record: Some(record.id), ..run };
            tx.keep_inspection_run(&run)?;
            Ok(run)
        })
        .await
}

/// Sets what photographs of a check are compared with: a picture that was uploaded, or was taken for the check before.
///
/// # Errors
/// [`InspectionError`].
pub async fn set_baseline(ctx: &Context, by: PartyId, new: NewBaseline) -> Result<BaselineRow, InspectionError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    let one = inspection(&compiled.city, &new.inspection)?;
    let (_, check) = find_check(one, &new.check)?;
    if check.kind != CheckKind::Panel {
        return Err(InspectionError::Field("check", "only a panel is compared with a baseline".to_owned()));
    }
    let path = compiled.city.region_path(&one.region);
    let positions = new.marks.switches.iter().flat_map(|mark| &mark.positions).map(|position| position.picture);
    let pictures: Vec<EvidenceId> = positions.chain([new.picture]).collect();
    let within = path.clone();
    let read = move |reader: &mut store::Reader| {
        for picture in pictures {
            let is_theirs = reader.has_uploaded(&picture, by)?;
            if !is_theirs && !reader.list_inspected_regions_of(&picture)?.contains(&within) {
                return Ok(Err(picture));
            }
        }
        Ok::<_, StoreError>(Ok(()))
    };
    if let Err(picture) = ctx.store.read(read).await? {
        let words = format!("{picture} was neither uploaded by you nor taken in this inspection's region");
        return Err(InspectionError::Field("picture", words));
    }
    let marks = panel::learn(ctx, new.picture, new.marks).await?;
    ctx.store
        .write(move |tx: &mut Tx| {
            let row = BaselineRow {
                id: tx.new_event_id(now),
                inspection: new.inspection,
                check: new.check,
                region_path: path,
                picture: new.picture,
                marks,
                party: by,
                at: now,
                ended_at: None,
            };
            tx.set_inspection_baseline(&row)?;
            Ok(row)
        })
        .await
}

async fn open_run(ctx: &Context, by: &Actor, id: InspectionRunId) -> Result<InspectionRunRow, InspectionError> {
    let run = ctx.store.read(move |reader: &mut store::Reader| reader.find_inspection_run(id)).await?;
    let run = run.filter(|run| by.party() == Some(run.party)).ok_or(InspectionError::UnknownRun(id))?;
    run.ended_at.map_or(Ok(run), |ended| Err(InspectionError::Ended(ended)))
}

/// The baseline of a check, where it has one, for a picture that somebody uploaded.
async fn baseline_for(
    ctx: &Context,
    by: PartyId,
    inspection: InspectionId,
    check: CheckId,
    picture: EvidenceId,
) -> Result<Option<BaselineRow>, InspectionError> {
    let read = move |reader: &mut store::Reader| {
        let baselines = reader.list_inspection_baselines(&inspection)?;
        let baseline = baselines.into_iter().find(|baseline| baseline.check == check);
        Ok::<_, StoreError>((baseline, reader.has_uploaded(&picture, by)?))
    };
    let (baseline, is_theirs) = ctx.store.read(read).await?;
    if !is_theirs {
        return Err(InspectionError::Field("picture", "upload the picture first".to_owned()));
    }
    Ok(baseline)
}

fn check_answer(check: &Check, new: &Answer, now: Instant) -> Result<(), InspectionError> {
    check_time("at", new.at, now)?;
    if new.note.chars().count() > NOTE_MAX {
        return Err(InspectionError::Field("note", format!("at most {NOTE_MAX} characters")));
    }
    if check.needs_picture() && new.picture.is_none() {
        return Err(InspectionError::Field("picture", "this check is answered with a picture".to_owned()));
    }
    if let Some(accuracy) = new.accuracy_m.filter(|accuracy| !(0.0..=ACCURACY_MAX_M).contains(accuracy)) {
        let words = format!("{accuracy} is not within 0 to {ACCURACY_MAX_M} m");
        return Err(InspectionError::Field("accuracy_m", words));
    }
    Ok(())
}

fn check_time(field: &'static str, at: Instant, now: Instant) -> Result<(), InspectionError> {
    let ago = now.as_micros() - at.as_micros();
    if (-AHEAD_MAX_US..=LATE_MAX_US).contains(&ago) {
        return Ok(());
    }
    let words = "it has to be within the last 7 days; set the clock of the phone".to_owned();
    Err(InspectionError::Field(field, words))
}

fn inspection<'a>(city: &'a pack::City, id: &InspectionId) -> Result<&'a Inspection, InspectionError> {
    city.inspections.get(id).ok_or_else(|| InspectionError::Unknown(id.clone()))
}

fn find_check<'a>(one: &'a Inspection, id: &CheckId) -> Result<(&'a Stop, &'a Check), InspectionError> {
    one.check(id.as_str()).ok_or_else(|| InspectionError::UnknownCheck(id.clone()))
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
