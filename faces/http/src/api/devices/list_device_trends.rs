//! `GET /device-trends`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::{DeviceId, Instant};
use sense::telemetry::{Bucket, LakeFault};

use super::parts::{ask_lake, intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Params;
use crate::wire::*;

/// Most devices of a question: what a screen shows at once.
const DEVICES_MAX: usize = 60;

/// Steps of a trend: as many as a tile has room for.
const STEPS: i64 = 24;

const HOURS: u32 = 6;
const HOURS_MAX: u32 = 24;
const HOUR_US: i64 = 3_600 * 1_000_000;

/// How the first thing that some devices measure has gone in the last hours: the lines on their tiles.
#[utoipa::path(
    get,
    path = "/device-trends",
    tag = "devices",
    params(DeviceTrendsQuery),
    responses(
        (status = 200, description = "As asked", body = DeviceTrends),
        (status = "4XX", description = "Refused", body = Problem),
        (status = 503, description = "`store_away`: readings of that time lie in an object store that does not answer", body = Problem)
    )
)]
pub async fn list_device_trends(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<DeviceTrendsQuery>,
) -> Result<Json<DeviceTrends>, Refused> {
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let (intake, compiled, to) = (intake(&app)?, app.current(), app.now());
    let names: Vec<&str> = query.devices.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() || names.len() > DEVICES_MAX {
        return Err(Refused::parameter("devices", format!("names 1 to {DEVICES_MAX} devices, got {}", names.len())));
    }
    let hours = query.hours.unwrap_or(HOURS);
    if !(1..=HOURS_MAX).contains(&hours) {
        return Err(Refused::parameter("hours", format!("must be 1 to {HOURS_MAX}, got {hours}")));
    }
    let step_us = i64::from(hours) * HOUR_US / STEPS;
    let from = to.plus_micros(-step_us * STEPS);
    let members = names.iter().filter_map(|name| intake.fleet.find(&DeviceId::new(name).ok()?));
    let is_seen = |region: &model::RegionId| seen.iter().any(|one| compiled.city.is_within(region, one));
    let mut asked = Vec::new();
    for member in members.filter(|member| is_seen(&member.row.region)) {
        let first = member.class.properties.iter().zip(&member.series).find(|(property, _)| !property.is_battery);
        let first = first.or_else(|| member.class.properties.iter().zip(&member.series).next());
        asked.extend(first.map(|(property, series)| (member.row.id.to_string(), property.id.to_string(), *series)));
    }
    let lake = Arc::clone(&intake.lake);
    let items = ask_lake(move || {
        let trend = |(device, property, series)| {
            let buckets = lake.buckets(series, from, to, step_us)?;
            Ok::<_, LakeFault>(DeviceTrend { device, property, means: means(&buckets, from, step_us) })
        };
        asked.into_iter().map(trend).collect::<Result<Vec<_>, _>>()
    })
    .await?;
    let step_seconds = u32::try_from(step_us / 1_000_000).unwrap_or(u32::MAX);
    Ok(Json(DeviceTrends { from: time(from), step_seconds, items }))
}

/// The mean of each step from an instant on. Steps of the lake begin at whole multiples: the nearest of ours takes theirs.
fn means(buckets: &[Bucket], from: Instant, step_us: i64) -> Vec<Option<f64>> {
    let mut means = vec![None; usize::try_from(STEPS).unwrap_or_default()];
    for bucket in buckets {
        let place = bucket.from.micros_since(from).max(0) / step_us;
        if let Some(mean) = usize::try_from(place).ok().and_then(|place| means.get_mut(place)) {
            *mean = Some(bucket.mean);
        }
    }
    means
}
