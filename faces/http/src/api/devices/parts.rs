//! What the endpoints of devices share.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use identity::{Permission, Subject};
use model::{Actor, DeviceId, Instant, Reading, RegionId};
use pack::{City, Property, PropertyKind};
use sense::devices::DeviceError;
use sense::telemetry::{FaultKind, Intake, LakeFault, Member, Refused as NotAdmitted};
use store::DeviceState;

use crate::access::authorise;
use crate::api::control::parts::command_kind_view;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::cases::office_title;
use crate::convert::{text, time};
use crate::error::{Refused, failed};
use crate::wire::*;

/// The door for messages of devices.
///
/// # Errors
/// 404 where the city has no devices.
pub fn intake(app: &App) -> Result<&Arc<Intake>, Refused> {
    app.intake.as_ref().ok_or_else(|| Refused::not_found("device"))
}

/// Where a camera sends its picture by itself; `None` where the city takes none in, or it is no camera.
pub fn rtmp_port(app: &App, member: &Member) -> Option<u16> {
    member.class.video?;
    app.streams.as_ref()?.push_port()
}

/// A device that the caller may see, or do something to.
///
/// # Errors
/// 404 when it is not there or the caller may not know of it; 401 and 403 when they may not do that.
pub fn device(app: &App, caller: &Caller, id: &str, permission: Permission) -> Result<Arc<Member>, Refused> {
    device_and_actor(app, caller, id, permission).map(|(member, _)| member)
}

/// As [`device`], with the caller in the post that allows it.
///
/// # Errors
/// As [`device`].
pub fn device_and_actor(
    app: &App,
    caller: &Caller,
    id: &str,
    permission: Permission,
) -> Result<(Arc<Member>, Actor), Refused> {
    let party = caller.staff()?.party;
    let found = DeviceId::new(id).ok().and_then(|id| intake(app).ok()?.fleet.find(&id));
    let member = found.ok_or_else(|| Refused::not_found("device"))?;
    let there = Subject::Region(member.row.region.clone()).into();
    // Of a device elsewhere nobody learns whether it is there; who sees no devices at all learns nothing by a 403.
    regions(app, caller, permission)?;
    let knows = authorise(app, &caller.principal, Permission::DeviceRead, &there).is_ok_and(|grant| grant.is_some());
    let granted = authorise(app, &caller.principal, permission, &there);
    if !knows && !granted.as_ref().is_ok_and(Option::is_some) {
        return Err(Refused::not_found("device"));
    }
    let grant = granted?.ok_or_else(Refused::forbidden)?;
    Ok((member, Actor::Staff { party, role: grant.role, office: grant.office }))
}

/// Where the caller may do something with devices; regions with everything below them.
///
/// # Errors
/// 401 and 403 when nowhere.
pub fn regions(app: &App, caller: &Caller, permission: Permission) -> Result<Vec<RegionId>, Refused> {
    caller.staff()?;
    let compiled = app.current();
    let posts = app.policy.posts_with(&compiled.city, &caller.principal, permission);
    let regions: Vec<_> = posts.into_iter().map(|grant| grant.region.clone()).collect();
    if regions.is_empty() { Err(Refused::forbidden()) } else { Ok(regions) }
}

/// The device that signs in with its name and password (Basic), each time with what it asks.
///
/// # Errors
/// 401 when they are wrong, 403 when it may not speak, 429 when it asks too often.
pub async fn device_of_basic(app: &App, intake: &Intake, headers: &HeaderMap) -> Result<Arc<Member>, Refused> {
    let (name, secret) = credentials(headers).ok_or_else(not_admitted)?;
    let (member, is_new_secret) = intake.admit(&name, &secret).map_err(|refused| match refused {
        NotAdmitted::Credentials => not_admitted(),
        other => Refused::new(StatusCode::FORBIDDEN, "device_shut_out", other.to_string()),
    })?;
    if is_new_secret {
        intake.take_over_secret(member.row.id.clone()).await.map_err(device_refused)?;
    }
    if let Err(retry_after_s) = app.limits.devices.take(name, app.now()) {
        intake.count(&member).await;
        return Err(Refused::too_many(retry_after_s));
    }
    Ok(member)
}

fn not_admitted() -> Refused {
    let words = "sign in with the device's name and password (HTTP Basic)";
    Refused::new(StatusCode::UNAUTHORIZED, "device_credentials", words)
}

/// Name and password of `authorization: Basic` (RFC 7617).
pub fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, given) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(given.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

/// How a device stands, with the newest of its readings.
pub fn standing(intake: &Intake, member: &Member, now: Instant) -> (DeviceStanding, Option<Reading>) {
    let newest = member.series.iter().filter_map(|series| intake.lake.latest(*series));
    let newest = newest.max_by_key(|reading| reading.received_at);
    let standing = match member.row.state {
        DeviceState::Quarantined => DeviceStanding::Quarantined,
        DeviceState::Retired => DeviceStanding::Retired,
        DeviceState::Active => {
            let heard = newest.map(|reading| now.micros_since(reading.received_at));
            // A camera that measures nothing is not expected to say anything.
            let measures = !member.class.properties.is_empty();
            let is_silent = measures && heard.is_none_or(|ago| ago > member.class.silent_after_us());
            if is_silent { DeviceStanding::Silent } else { DeviceStanding::Active }
        }
    };
    (standing, newest)
}

/// A device as staff see it.
pub fn device_view(intake: &Intake, city: &City, member: &Member, now: Instant) -> DeviceView {
    let (standing, newest) = standing(intake, member, now);
    let row = &member.row;
    let values: Vec<_> = member
        .class
        .properties
        .iter()
        .zip(&member.series)
        .map(|(property, series)| {
            value_view(property, intake.lake.latest(*series).map(|reading| (reading.value, reading.at)))
        })
        .collect();
    let battery = member.class.properties.iter().zip(&values).find(|(property, _)| property.is_battery);
    DeviceView {
        id: row.id.to_string(),
        class: class_view(row.class.as_str(), &member.class),
        title: row.title.clone(),
        office: row.office.to_string(),
        office_title: office_title(city, &row.office),
        region: row.region.to_string(),
        lon: row.point.0,
        lat: row.point.1,
        height_m: row.height_m,
        cell: row.cell.to_string(),
        labels: row.labels.iter().map(ToString::to_string).collect(),
        standing,
        reason: row.reason.clone(),
        registered_at: time(row.registered_at),
        heard_at: newest.map(|reading| time(reading.received_at)),
        clock_ahead_seconds: newest.map(|reading| reading.at.micros_since(reading.received_at) as f64 / 1e6),
        battery: battery.and_then(|(_, value)| value.value),
        values,
        fault: intake.fleet.fault(&row.id).map(|fault| DeviceFault {
            at: time(fault.at),
            kind: fault_kind_view(fault.kind),
            message: fault.words,
        }),
    }
}

/// A class as people see it.
pub fn class_view(id: &str, class: &pack::DeviceClass) -> DeviceClassView {
    DeviceClassView {
        id: id.to_owned(),
        title: text(&class.title),
        interval_seconds: class.interval_seconds,
        codec: class.codec.as_str().to_owned(),
        properties: class.properties.iter().map(property_view).collect(),
        readings_days: class.retention.map(|kept| kept.readings_days),
        hourly_days: class.retention.and_then(|kept| kept.hourly_days),
        commands: class.commands.iter().map(command_kind_view).collect(),
        is_camera: class.video.is_some(),
    }
}

/// What a class measures.
fn property_view(property: &Property) -> DevicePropertyView {
    DevicePropertyView {
        id: property.id.to_string(),
        title: text(&property.title),
        kind: kind_view(property.kind),
        unit: property.unit.map(|unit| unit.ucum().to_owned()),
        symbol: property.unit.map(|unit| unit.symbol().to_owned()),
        is_battery: property.is_battery,
    }
}

/// What kind of fault it is.
const fn fault_kind_view(kind: FaultKind) -> DeviceFaultKind {
    match kind {
        FaultKind::Form => DeviceFaultKind::Form,
        FaultKind::Property => DeviceFaultKind::Property,
        FaultKind::Unit => DeviceFaultKind::Unit,
        FaultKind::Value => DeviceFaultKind::Value,
        FaultKind::Clock => DeviceFaultKind::Clock,
        FaultKind::Credentials => DeviceFaultKind::Credentials,
        FaultKind::Answer => DeviceFaultKind::Answer,
        FaultKind::Flood => DeviceFaultKind::Flood,
    }
}

/// What values of a property are.
pub const fn kind_view(kind: PropertyKind) -> DeviceValueKind {
    match kind {
        PropertyKind::Measurement => DeviceValueKind::Measurement,
        PropertyKind::Count => DeviceValueKind::Count,
        PropertyKind::Truth => DeviceValueKind::Truth,
    }
}

/// A property with a value.
pub fn value_view(property: &Property, value: Option<(f64, Instant)>) -> DeviceValue {
    DeviceValue {
        property: property.id.to_string(),
        title: text(&property.title),
        kind: kind_view(property.kind),
        unit: property.unit.map(|unit| unit.ucum().to_owned()),
        symbol: property.unit.map(|unit| unit.symbol().to_owned()),
        value: value.map(|(value, _)| value),
        at: value.map(|(_, at)| time(at)),
    }
}

/// Why something was not done to a device.
pub fn device_refused(error: DeviceError) -> Refused {
    match error {
        DeviceError::Field { field, message } => Refused::field(field, message),
        DeviceError::Exists(_) => Refused::new(StatusCode::CONFLICT, "device_exists", error.to_string()),
        DeviceError::Unknown(_) => Refused::not_found("device"),
        DeviceError::State { .. } => Refused::new(StatusCode::CONFLICT, "device_state", error.to_string()),
        DeviceError::Store(error) => error.into(),
    }
}

/// Asks the lake on a thread that may wait for the disk.
///
/// # Errors
/// 500 when it cannot be read; 503 when what is asked for lies in an object store that does not answer.
pub async fn ask_lake<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LakeFault> + Send + 'static,
) -> Result<T, Refused> {
    let outcome = tokio::task::spawn_blocking(work).await.map_err(|_| failed())?;
    outcome.map_err(|fault| {
        tracing::error!(%fault, "the lake did not answer");
        match fault {
            LakeFault::Unreadable(_) => failed(),
            LakeFault::StoreAway(_) => {
                let words = "readings of that time lie in an object store that does not answer; ask for later ones, or try again";
                Refused::new(StatusCode::SERVICE_UNAVAILABLE, "store_away", words.to_owned()).retry_after(5)
            }
        }
    })
}
