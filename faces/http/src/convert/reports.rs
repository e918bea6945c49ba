//! Reports as residents see them: public words only.

use model::{Case, ClockName, Event, EventBody, Instant};
use pack::{City, Compiled};
use store::CaseRow;

use super::cases::{category_title, clock_view, evidence_links, stage_marks};
use super::fields::{About, action_view};
use super::{text, thumb_url, time};
use crate::wire;

/// The state's name for the public.
pub fn public_state(city: &City, process: &model::ProcessId, state: &model::StateId) -> wire::Text {
    let state = city.processes.get(process).and_then(|process| process.states.get(state));
    state.map_or_else(wire::Text::default, |state| text(&state.public_title))
}

/// A report in its reporter's list.
pub fn summary(row: &CaseRow, city: &City, can: Vec<String>, secret: Option<&str>) -> wire::ReportSummary {
    wire::ReportSummary {
        case_no: row.no.to_string(),
        category: row.category.to_string(),
        title: category_title(city, &row.category),
        service: city.service_of(&row.category).map(|(id, _)| id.to_string()),
        public_state: public_state(city, &row.process, &row.state),
        stage: row.stage.to_string(),
        open: row.outcome.is_none(),
        opened_at: time(row.opened_at),
        updated_at: time(row.updated_at),
        due_at: row.due_at.map(time),
        lon: row.lon,
        lat: row.lat,
        address: row.address.clone(),
        thumb_url: row.picture.as_ref().map(|picture| thumb_url(picture, secret)),
        rating: row.rating,
        can,
    }
}

/// A report as its reporter sees it, with the actions they may take.
pub fn report(
    case: &Case,
    events: &[Event],
    compiled: &Compiled,
    actions: &[&pack::Action],
    secret: Option<&str>,
    now: Instant,
) -> wire::Report {
    let city = &*compiled.city;
    let process = city.processes.get(&case.process);
    let row = CaseRow::from_case(case, &city.region_path(&case.place.region));
    let about =
        About { category: &case.category, region: &case.place.region, handler: case.handler.as_ref(), assignable: &[] };
    wire::Report {
        summary: summary(&row, city, actions.iter().map(|action| action.id.to_string()).collect(), secret),
        description: case.description.clone(),
        region_chain: super::city::region_chain(city, &case.place.region),
        evidence: evidence_links(&public_evidence(events), secret),
        timeline: events
            .iter()
            .filter_map(|event| super::events::public_entry(event, case, compiled, secret, now))
            .collect(),
        stages: process.map_or_else(Vec::new, |process| stage_marks(case, process)),
        actions: actions.iter().map(|action| action_view(city, action, about)).collect(),
        correctable: sense::correct::is_correctable(case, city),
        visit: super::visits::visit(case, city),
        joined_count: row.joined_count,
        limits: limits(case, now),
    }
}

/// What an applicant is told of time: the promise and the law, each as it stands.
fn limits(case: &Case, now: Instant) -> Vec<wire::ClockView> {
    let clocks = case.clocks.iter().filter(|(name, _)| case.application.is_some() && **name != ClockName::Task);
    clocks.map(|(name, clock)| clock_view(*name, clock, now)).collect()
}

/// The files a reporter may see: their own, and those of actions whose entry they may read.
pub fn public_evidence(events: &[Event]) -> std::collections::BTreeMap<String, Vec<model::EvidenceId>> {
    let mut evidence = std::collections::BTreeMap::<String, Vec<_>>::new();
    for event in events {
        match &event.body {
            EventBody::Reported(reported) => {
                evidence.entry("report".to_owned()).or_default().extend_from_slice(&reported.evidence)
            }
            EventBody::Moved(moved) if moved.public => {
                for (purpose, files) in &moved.evidence {
                    evidence.entry(purpose.clone()).or_default().extend_from_slice(files);
                }
            }
            _ => {}
        }
    }
    evidence.retain(|_, files| !files.is_empty());
    evidence
}

/// A case as everybody may see it. Its place is rounded to 4 decimals, about 10 m.
pub fn public_case(row: &CaseRow, city: &City) -> Option<wire::PublicCase> {
    let rounded = |degrees: f64| (degrees * 10_000.0).round() / 10_000.0;
    Some(wire::PublicCase {
        case_no: row.no.to_string(),
        category: row.category.to_string(),
        title: category_title(city, &row.category),
        lon: rounded(row.lon?),
        lat: rounded(row.lat?),
        public_state: public_state(city, &row.process, &row.state),
        open: row.outcome.is_none(),
        opened_at: time(row.opened_at),
        joined_count: row.joined_count,
    })
}
