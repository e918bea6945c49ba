//! `GET /devices/{device}/series/{property}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;

use super::parts::{ask_lake, device, intake};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::instant;
use crate::wire::*;

/// Steps without a word, and most steps.
const STEPS: u32 = 240;
const STEPS_MAX: u32 = 2_000;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

/// Longest time asked about: ten years.
const TIME_MAX_US: i64 = 3_660 * DAY_US;

/// What a device measured over a time, in steps.
#[utoipa::path(
    get,
    path = "/devices/{device}/series/{property}",
    tag = "devices",
    params(("device" = String, Path, description = "Its name"), ("property" = String, Path, description = "What it measures"), DeviceSeriesQuery),
    responses(
        (status = 200, description = "As asked", body = DeviceSeries),
        (status = "4XX", description = "Refused", body = Problem),
        (status = 503, description = "`store_away`: readings of that time lie in an object store that does not answer", body = Problem)
    )
)]
pub async fn get_device_series(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, property)): Path<(String, String)>,
    Params(query): Params<DeviceSeriesQuery>,
) -> Result<Json<DeviceSeries>, Refused> {
    let member = device(&app, &caller, &id, Permission::DeviceRead)?;
    let place = member.class.properties.iter().position(|known| known.id.as_str() == property);
    let series = place.map(|place| member.series[place]).ok_or_else(|| Refused::not_found("property"))?;
    let to = instant("to", query.to.as_deref())?.unwrap_or_else(|| app.now());
    let from = instant("from", query.from.as_deref())?.unwrap_or_else(|| to.plus_micros(-DAY_US));
    let length = to.micros_since(from);
    if !(1..=TIME_MAX_US).contains(&length) {
        return Err(Refused::parameter("from", "is before to, and at most ten years before it"));
    }
    let steps = query.steps.unwrap_or(STEPS);
    if !(1..=STEPS_MAX).contains(&steps) {
        return Err(Refused::parameter("steps", format!("must be 1 to {STEPS_MAX}, got {steps}")));
    }
    // Whole seconds: a step shorter than one shows nothing more.
    let step_s = (length / i64::from(steps) / SECOND_US).max(1);
    let lake = Arc::clone(&intake(&app)?.lake);
    let found = ask_lake(move || lake.buckets(series, from, to, step_s * SECOND_US)).await?;
    let step = |one: sense::telemetry::Bucket| DeviceStep {
        from: time(one.from),
        count: one.count,
        min: one.min,
        max: one.max,
        mean: one.mean,
    };
    Ok(Json(DeviceSeries {
        property,
        from: time(from),
        to: time(to),
        step_seconds: u32::try_from(step_s).unwrap_or(u32::MAX),
        steps: found.into_iter().map(step).collect(),
    }))
}
