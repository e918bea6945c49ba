//! `GET /accountability`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::openid::Client;
use jiff::ToSpan;
use model::{Instant, OfficeId, SourceId, Text as Words};
use pack::{AlarmKind, City};
use store::{AlarmRow, ReconciliationRow, StoreError};

use super::period::day_of;
use crate::app::App;
use crate::convert::{plain, text, time};
use crate::error::Refused;
use crate::wire::*;

/// Days that are told of.
const DAYS: i64 = 30;

/// Alarms that are told of.
const ALARMS_MAX: u32 = 50;

/// How personal data is used in this city, whether the logs of it agree, and what was found. Everybody may read it; it names
/// offices and programs, never people.
#[utoipa::path(
    get,
    path = "/accountability",
    tag = "account",
    responses((status = 200, description = "As asked", body = Accountability))
)]
pub async fn get_accountability(State(app): State<Arc<App>>) -> Result<Json<Accountability>, Refused> {
    let compiled = app.current();
    let zone = compiled.city.zone();
    let today = day_of(&zone, app.now());
    let from = today.saturating_sub(DAYS.days());
    let since = zone.to_timestamp(from.at(0, 0, 0, 0)).map_or(Instant::from_micros(0), Instant::from_timestamp);
    let first = from.to_string();
    let found = app
        .store
        .read(move |reader| {
            let clients = reader.list_openid_clients()?;
            Ok::<_, StoreError>(Found {
                looks: reader.count_looks(since)?,
                fetches: reader.count_fetches(since)?,
                disclosures: reader.count_disclosures(since)?,
                names: clients
                    .iter()
                    .filter_map(|row| Client::parse(&row.metadata).ok())
                    .map(|client| (client.id, client.name))
                    .collect(),
                days: reader.list_reconciliations(&first)?,
                alarms: reader.list_alarms(ALARMS_MAX)?,
            })
        })
        .await?;
    let city = &*compiled.city;
    Ok(Json(Accountability {
        from: from.to_string(),
        until: today.saturating_sub(1.day()).to_string(),
        looks: found.looks.iter().map(|row| of_office(city, row)).collect(),
        fetches: found.fetches.iter().map(|row| of_office(city, row)).collect(),
        disclosures: found
            .disclosures
            .iter()
            .map(|row| UseCount { title: name_of(&found.names, &row.by), count: row.count })
            .collect(),
        registers: registers(&app, city, &found.days),
        alarms: found.alarms.iter().map(|row| alarm(&app, &found.names, row)).collect(),
    }))
}

struct Found {
    looks: Vec<store::UseCount>,
    fetches: Vec<store::UseCount>,
    disclosures: Vec<store::UseCount>,
    names: BTreeMap<String, Words>,
    days: Vec<ReconciliationRow>,
    alarms: Vec<AlarmRow>,
}

fn of_office(city: &City, row: &store::UseCount) -> UseCount {
    let office = OfficeId::new(&row.by).ok().and_then(|id| city.office(&id));
    UseCount { title: office.map_or_else(|| plain(&row.by), |office| text(&office.title)), count: row.count }
}

fn name_of(names: &BTreeMap<String, Words>, client: &str) -> Text {
    names.get(client).map_or_else(|| plain(client), text)
}

/// Those that are connected: registers of departments, then hospitals.
fn registers(app: &App, city: &City, days: &[ReconciliationRow]) -> Vec<RegisterDays> {
    let one = |id: &SourceId, title: &Words, office: &OfficeId| RegisterDays {
        source: text(title),
        office: city.office(office).map_or_else(|| plain(office.as_str()), |office| text(&office.title)),
        days: days.iter().rev().filter(|row| row.source == *id).map(register_day).collect(),
    };
    let sources = city.sources.iter().filter(|_| app.departments.is_some());
    let hospitals = city.hospitals.iter().filter(|_| app.hospitals.is_some());
    let registers = sources.map(|(id, source)| one(id, &source.title, &source.office));
    registers.chain(hospitals.map(|(id, hospital)| one(id, &hospital.title, &hospital.office))).collect()
}

/// What a register or hospital is called.
fn title_of<'a>(city: &'a City, id: &SourceId) -> Option<&'a Words> {
    let source = city.sources.get(id).map(|source| &source.title);
    source.or_else(|| city.hospitals.get(id).map(|hospital| &hospital.title))
}

fn register_day(row: &ReconciliationRow) -> RegisterDay {
    RegisterDay {
        day: row.day.clone(),
        matched: row.matched,
        unanswered: row.unanswered,
        not_recorded: row.not_recorded,
        not_seen: row.not_seen,
        other_fields: row.other_fields,
        compared_at: time(row.at),
    }
}

fn alarm(app: &App, names: &BTreeMap<String, Words>, row: &AlarmRow) -> PublicAlarm {
    let compiled = app.packs.get(&row.pack).unwrap_or_else(|| app.current());
    let city = &*compiled.city;
    let category = city.category(&row.category);
    let about = row.source_id.split('/').nth(1).unwrap_or_default();
    let about = match category.and_then(|category| category.raised_by) {
        Some(AlarmKind::OverScope | AlarmKind::OverQuota) => Some(name_of(names, about)),
        Some(AlarmKind::LogsDiffer) => {
            let title = SourceId::new(about).ok().and_then(|id| title_of(city, &id).map(text));
            Some(title.unwrap_or_else(|| plain(about)))
        }
        Some(AlarmKind::Canary) | None => None,
    };
    let state = city.process(&row.process).and_then(|process| process.states.get(&row.state));
    PublicAlarm {
        no: row.no.to_string(),
        title: category.map_or_else(|| plain(row.category.as_str()), |category| text(&category.title)),
        about,
        state: state.map_or_else(|| plain(row.state.as_str()), |state| text(&state.public_title)),
        raised_at: time(row.opened_at),
        ended_at: row.closed_at.map(time),
    }
}
