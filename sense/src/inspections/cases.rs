//! The case that a fault of an inspection opens, or joins.

use std::collections::BTreeMap;

use grid::{Cell, Level, LonLat};
use model::{Actor, CaseId, Instant, NewEvent, Place, Reporter};
use pack::calendar::civil_day;
use pack::enter::Opening;
use pack::{Check, CheckKind, Compiled, Inspection, Stop};
use store::{AnswerFilter, Append, InspectionAnswerRow, Tx};

use super::InspectionError;
use crate::report::region_of;

/// The channel of the cases.
const CHANNEL: &str = "inspection";
/// Earlier faults of the check that are looked at for a case that is open.
const EARLIER: u32 = 20;

/// Where a fault was found.
pub(super) struct Found<'a> {
    pub inspection: &'a Inspection,
    pub stop: &'a Stop,
    pub check: &'a Check,
}

/// The case that is open for faults of the check, or a new one; none where the check has no category.
pub(super) fn case_for(
    tx: &mut Tx,
    compiled: &Compiled,
    found: &Found<'_>,
    row: &InspectionAnswerRow,
    by: &Actor,
    now: Instant,
) -> Result<Option<CaseId>, InspectionError> {
    let Some(category) = &found.check.category else { return Ok(None) };
    let filter = AnswerFilter {
        faults: true,
        check: Some((row.inspection.clone(), row.check.clone())),
        ..AnswerFilter::default()
    };
    for case_id in tx.find_inspection_answers(&filter, EARLIER)?.into_iter().filter_map(|answer| answer.case_id) {
        if tx.load_case(case_id)?.is_some_and(|case| case.is_open()) {
            return Ok(Some(case_id));
        }
    }
    let city = &compiled.city;
    let no = tx.next_case_no(&city.case_prefix, civil_day(&city.zone(), now))?;
    let point = LonLat::new(found.stop.point.0, found.stop.point.1).ok();
    let region = point.and_then(|point| region_of(compiled, point)).unwrap_or_else(|| found.inspection.region.clone());
    let locale = city.locales.first().map_or("", String::as_str);
    let compared = row.comparison.as_ref().map(|comparison| comparison.before);
    let mut evidence: Vec<_> = row.picture.into_iter().chain(compared).collect();
    evidence.dedup();
    let region_path = city.region_path(&region);
    let opening = Opening {
        no,
        category: category.clone(),
        condition: None,
        description: words(found, row, locale),
        place: Place {
            point,
            cell: point.and_then(|point| Cell::encode(point, Level::L10).ok()),
            region,
            address: Some(found.stop.title.in_locale(locale).to_owned()),
        },
        channel: CHANNEL.to_owned(),
        reporter: Reporter::ANONYMOUS,
        evidence,
        answers: BTreeMap::new(),
        application: None,
        source_id: Some(row.id.to_string()),
    };
    let bodies = opening.bodies(compiled, now)?;
    let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: by.clone(), body }).collect();
    let case_id = tx.new_case_id(now);
    tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?;
    Ok(Some(case_id))
}

/// What is told of the fault that opens a case: where, what was asked, what was found; in the city's first language.
fn words(found: &Found<'_>, row: &InspectionAnswerRow, locale: &str) -> String {
    let title = |text: &model::Text| text.in_locale(locale).to_owned();
    let mut lines = vec![title(&found.inspection.title), title(&found.stop.title)];
    let asked = title(&found.check.title);
    let answer = match &found.check.kind {
        CheckKind::YesNo { .. } => row.value.as_bool().map(|said| if said { "✓" } else { "✗" }.to_owned()),
        CheckKind::Number { unit, .. } => {
            let unit = unit.map_or("", |unit| unit.symbol());
            row.value.as_f64().map(|value| format!("{value} {unit}").trim_end().to_owned())
        }
        CheckKind::Choice { options } => {
            let chosen = options.iter().find(|option| Some(option.id.as_str()) == row.value.as_str());
            chosen.map(|option| title(&option.title))
        }
        CheckKind::Photo | CheckKind::Panel => None,
    };
    lines.push(answer.map_or_else(|| asked.clone(), |answer| format!("{asked} · {answer}")));
    if !row.note.is_empty() {
        lines.push(row.note.clone());
    }
    lines.join("\n")
}
