//! `POST /alarm-rules/rehearsals`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use identity::Permission;
use pack::{AlarmRule, City};
use sense::device_alarms::{RehearsalError, Rehearsed};
use sense::telemetry::Intake;

use super::parts::severity_view;
use crate::api::devices::parts::{intake, regions, value_view};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::{Refused, failed};
use crate::extract::Body;
use crate::names::instant;
use crate::wire::*;

/// Tries a rule over the readings that are there: what it would have raised. Nothing is raised and nothing is kept.
#[utoipa::path(
    post,
    path = "/alarm-rules/rehearsals",
    tag = "devices",
    request_body = RehearsalInput,
    responses((status = 200, description = "Tried", body = RehearsalView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn rehearse_alarm_rule(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<RehearsalInput>,
) -> Result<Json<RehearsalView>, Refused> {
    let within = regions(&app, &caller, Permission::AlarmHandle)?;
    let (intake, compiled) = (intake(&app)?, app.current());
    let city = &compiled.city;
    let rule = read(city, &input.text)?;
    let from = instant("from", Some(&input.from))?.ok_or_else(|| Refused::field("from", "is missing"))?;
    let to = instant("to", Some(&input.to))?.ok_or_else(|| Refused::field("to", "is missing"))?;
    let desk = app.alarm_desk.as_ref().ok_or_else(failed)?;
    let found = desk.rehearse(rule, within, from, to).await.map_err(not_tried)?;
    let alarms = found.alarms.iter().map(|one| view(intake, one)).collect();
    let [devices, readings, count] = [found.devices, found.readings, found.count].map(|number| number as u64);
    Ok(Json(RehearsalView { devices, readings, count, alarms }))
}

fn not_tried(error: RehearsalError) -> Refused {
    let words = error.to_string();
    match error {
        RehearsalError::Busy => Refused::new(StatusCode::CONFLICT, "rehearsal_busy", words).retry_after(5),
        RehearsalError::Time { .. } => Refused::field("to", words).with_code("rehearsal_time"),
        RehearsalError::TooMuch { .. } => Refused::field("from", words).with_code("rehearsal_too_much"),
        RehearsalError::Rule(_) => Refused::field("text", words),
        RehearsalError::Away => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words).retry_after(5),
    }
}

fn read(city: &City, text: &str) -> Result<AlarmRule, Refused> {
    let rule =
        pack::read_alarm_rule(text, &city.locales).map_err(|faults| Refused::field("text", faults.to_string()))?;
    if let Some(class) = rule.selector.classes.iter().find(|class| !city.devices.contains_key(*class)) {
        return Err(Refused::field("text", format!("classes: the city has no class {class}")));
    }
    if let Some(region) = rule.selector.areas.iter().find(|region| !city.regions.contains_key(*region)) {
        return Err(Refused::field("text", format!("regions: the city has no region {region}")));
    }
    Ok(rule)
}

fn view(intake: &Intake, one: &Rehearsed) -> RehearsedAlarm {
    let member = intake.fleet.find(&one.device);
    let reading = one.reading.as_ref().and_then(|(id, value)| Some((member.as_ref()?.class.property(id)?, *value)));
    RehearsedAlarm {
        device: one.device.to_string(),
        device_title: member.as_ref().map_or_else(|| one.device.to_string(), |member| member.row.title.clone()),
        severity: severity_view(one.severity),
        is_silence: one.is_silence,
        reading: reading.map(|(property, value)| value_view(property, Some((value, one.since)))),
        since: time(one.since),
        raised_at: time(one.raised_at),
        cleared_at: one.cleared_at.map(time),
    }
}
