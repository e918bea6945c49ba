//! `GET /alarm-silences`, `POST /alarm-silences` and `POST /alarm-silences/{silence}/end`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::{DeviceId, EventId, PartyId, RegionId, Text as Words};
use pack::City;
use sense::silences::{NewSilence, check};
use store::{SilenceRow, StoreError, Tx};

use crate::api::devices::parts::{intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{plain, text, time};
use crate::error::{Refused, failed};
use crate::extract::Body;
use crate::names::{instant, parse};
use crate::wire::*;

/// Silences that are listed.
const LISTED: u32 = 100;

/// The newest silences.
#[utoipa::path(
    get,
    path = "/alarm-silences",
    tag = "devices",
    responses((status = 200, description = "The newest 100 that the caller may see", body = [SilenceView]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_alarm_silences(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<SilenceView>>, Refused> {
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let shown_to = {
        let (app, caller) = (Arc::clone(&app), seen);
        move |row: &SilenceRow| is_seen(&app, &app.current().city, &caller, row)
    };
    let read = move |reader: &mut store::Reader| {
        let rows = newest_seen(reader, shown_to)?;
        let mut people: Vec<_> = rows.iter().flat_map(|row| [row.begun_by].into_iter().chain(row.ended_by)).collect();
        people.sort_unstable();
        people.dedup();
        Ok::<_, StoreError>((reader.display_names(&people)?, rows))
    };
    let (names, rows) = app.store.read(read).await?;
    let compiled = app.current();
    Ok(Json(rows.iter().map(|row| view(&app, &compiled.city, &caller, row, &names)).collect()))
}

/// The newest of those that may be seen: pages are read until there are enough of them.
fn newest_seen(
    reader: &mut store::Reader,
    is_seen: impl Fn(&SilenceRow) -> bool,
) -> Result<Vec<SilenceRow>, StoreError> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = reader.list_silences(before, LISTED)?;
        let is_last = page.len() < LISTED as usize;
        before = page.last().map(|row| row.id);
        found.extend(page.into_iter().filter(&is_seen));
        if is_last || LISTED as usize <= found.len() {
            found.truncate(LISTED as usize);
            return Ok(found);
        }
    }
}

/// Begins a silence: alarms that it means are kept quiet, and open no case, until it is over.
#[utoipa::path(
    post,
    path = "/alarm-silences",
    tag = "devices",
    request_body = NewSilenceInput,
    responses((status = 201, description = "Begun", body = SilenceView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn begin_alarm_silence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<NewSilenceInput>,
) -> Result<(StatusCode, Json<SilenceView>), Refused> {
    let by = caller.staff()?.party;
    regions(&app, &caller, Permission::AlarmHandle)?;
    let (compiled, now) = (app.current(), app.now());
    let new = NewSilence {
        rules: parse_all("rules", &input.rules)?,
        classes: parse_all("classes", &input.classes)?,
        regions: parse_all("regions", &input.regions)?,
        devices: devices(&app, &input.devices)?,
        from: instant("from", input.from.as_deref())?,
        until: instant("until", Some(&input.until))?.ok_or_else(|| Refused::field("until", "is missing"))?,
        reason: input.reason,
    };
    let id = app.store.write(move |tx: &mut Tx| Ok::<_, StoreError>(tx.new_event_id(now))).await?;
    let row = check(&compiled.city, new, id, by, now).map_err(|fault| Refused::field(fault.field, fault.message))?;
    if !may_handle(&app, &compiled.city, &caller, &row) {
        return Err(Refused::forbidden());
    }
    let desk = app.alarm_desk.as_ref().ok_or_else(failed)?;
    desk.silence(row.clone()).await.map_err(|words| Refused::new(StatusCode::CONFLICT, "silence_state", words))?;
    Ok((StatusCode::CREATED, Json(with_names(&app, &compiled.city, &caller, &row).await?)))
}

/// Ends a silence before its time: alarms that are still open are told from now on.
#[utoipa::path(
    post,
    path = "/alarm-silences/{silence}/end",
    tag = "devices",
    params(("silence" = String, Path, description = "Its id")),
    responses((status = 200, description = "Ended", body = SilenceView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn end_alarm_silence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SilenceView>, Refused> {
    let by = caller.staff()?.party;
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let unknown = || Refused::not_found("silence");
    let id = id.parse::<EventId>().map_err(|_| unknown())?;
    let row = app.store.read(move |reader| reader.find_silence(id)).await;
    let row = row.map_err(|error: StoreError| error)?.ok_or_else(unknown)?;
    let (compiled, now) = (app.current(), app.now());
    // Who may not even see it is not told that it is there.
    if !is_seen(&app, &compiled.city, &seen, &row) {
        return Err(unknown());
    }
    if !may_handle(&app, &compiled.city, &caller, &row) {
        return Err(Refused::forbidden());
    }
    if row.ended_at.is_some() || row.until <= now {
        return Err(Refused::new(StatusCode::CONFLICT, "silence_state", "the silence is over"));
    }
    let row = SilenceRow { ended_by: Some(by), ended_at: Some(now), ..row };
    let desk = app.alarm_desk.as_ref().ok_or_else(failed)?;
    desk.end_silence(row.clone()).await.map_err(|words| Refused::new(StatusCode::CONFLICT, "silence_state", words))?;
    Ok(Json(with_names(&app, &compiled.city, &caller, &row).await?))
}

fn parse_all<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, words: &[String]) -> Result<Vec<T>, Refused> {
    words.iter().map(|word| parse(name, word)).collect()
}

fn devices(app: &App, names: &[String]) -> Result<Vec<DeviceId>, Refused> {
    let fleet = &intake(app)?.fleet;
    let known = |name: &String| {
        let id = DeviceId::new(name).ok().filter(|id| fleet.find(id).is_some());
        id.ok_or_else(|| Refused::field("devices", format!("there is no device {name}")))
    };
    names.iter().map(known).collect()
}

/// Whether a silence concerns something that is seen in some regions: one of its devices there, or a part of its regions.
fn is_seen(app: &App, city: &City, seen: &[RegionId], row: &SilenceRow) -> bool {
    if !row.devices.is_empty() {
        return row.devices.iter().any(|id| region_of(app, id).is_some_and(|region| is_in(city, &region, seen)));
    }
    // Only rules or classes: it is everywhere.
    row.regions.is_empty()
        || row.regions.iter().any(|place| is_in(city, place, seen) || seen.iter().any(|one| city.is_within(one, place)))
}

fn is_in(city: &City, region: &RegionId, seen: &[RegionId]) -> bool {
    seen.iter().any(|one| city.is_within(region, one))
}

fn region_of(app: &App, id: &DeviceId) -> Option<RegionId> {
    app.intake.as_ref()?.fleet.find(id).map(|member| member.row.region.clone())
}

/// Whether the caller handles alarms everywhere where the silence is.
fn may_handle(app: &App, city: &City, caller: &Caller, row: &SilenceRow) -> bool {
    let mut places: Vec<RegionId> = row.regions.clone();
    if places.is_empty() {
        places = row.devices.iter().filter_map(|id| region_of(app, id)).collect();
    }
    if places.is_empty() {
        places.push(city.root.clone());
    }
    let may = |region: &RegionId| {
        let there = Subject::Region(region.clone()).into();
        app.policy.decide(city, &caller.principal, Permission::AlarmHandle, &there).is_allowed()
    };
    places.iter().all(may)
}

async fn with_names(app: &App, city: &City, caller: &Caller, row: &SilenceRow) -> Result<SilenceView, Refused> {
    let people: Vec<_> = [row.begun_by].into_iter().chain(row.ended_by).collect();
    let names = app.store.read(move |reader| reader.display_names(&people)).await?;
    Ok(view(app, city, caller, row, &names))
}

fn view(app: &App, city: &City, caller: &Caller, row: &SilenceRow, names: &BTreeMap<PartyId, String>) -> SilenceView {
    let is_over = row.ended_at.is_some() || row.until <= app.now();
    let named =
        |id: &str, title: Option<&Words>| NamedWord { id: id.to_owned(), title: title.map_or_else(|| plain(id), text) };
    let person = |party: PartyId| names.get(&party).cloned().unwrap_or_default();
    let rule = |id: &model::AlarmRuleId| named(id.as_str(), city.alarm_rules.get(id).map(|rule| &rule.title));
    let class = |id: &model::DeviceClassId| named(id.as_str(), city.devices.get(id).map(|class| &class.title));
    let may_read = |id: &&DeviceId| {
        let Some(region) = region_of(app, id) else { return false };
        app.policy.decide(city, &caller.principal, Permission::DeviceRead, &Subject::Region(region).into()).is_allowed()
    };
    let region = |id: &RegionId| named(id.as_str(), city.regions.get(id).map(|region| &region.title));
    SilenceView {
        id: row.id.to_string(),
        rules: row.rules.iter().map(rule).collect(),
        classes: row.classes.iter().map(class).collect(),
        regions: row.regions.iter().map(region).collect(),
        devices: row.devices.iter().filter(may_read).map(ToString::to_string).collect(),
        from: time(row.from),
        until: time(row.until),
        reason: row.reason.clone(),
        begun_by: person(row.begun_by),
        begun_at: time(row.begun_at),
        ended_by: row.ended_by.map(person),
        ended_at: row.ended_at.map(time),
        is_over,
        may_end: !is_over && may_handle(app, city, caller, row),
    }
}
