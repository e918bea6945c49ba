//! What the endpoints of cameras share.

use std::sync::Arc;

use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::{Actor, DeviceId, Instant, PartyId, RegionId};
use sense::cameras::{CameraError, StreamFault, StreamState, Streams};
use sense::telemetry::Member;

use crate::access::authorise;
use crate::api::devices::parts::device_and_actor;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire::*;

/// Whoever fetches pictures.
///
/// # Errors
/// 404 where nobody does.
pub fn streams(app: &App) -> Result<&Arc<dyn Streams>, Refused> {
    app.streams.as_ref().ok_or_else(|| Refused::not_found("camera"))
}

/// A camera that the caller may do something with, and the caller in the post that allows it.
///
/// # Errors
/// 404 when it is not there or no camera; 401 and 403 when the caller may not.
pub fn camera(app: &App, caller: &Caller, id: &str, permission: Permission) -> Result<(Arc<Member>, Actor), Refused> {
    streams(app)?;
    let (member, actor) = device_and_actor(app, caller, id, permission)?;
    if member.class.video.is_none() {
        return Err(Refused::not_found("camera"));
    }
    Ok((member, actor))
}

/// A camera that the caller watches: they may, and have said why not long ago.
///
/// # Errors
/// As [`camera`]; 403 `no_viewing` for who has not said why.
pub async fn viewed_camera(app: &App, caller: &Caller, id: &str) -> Result<Arc<Member>, Refused> {
    let (member, _) = camera(app, caller, id, Permission::CameraView)?;
    let (party, now) = (caller.staff()?.party, app.now());
    match viewing(app, &member.row.id, party).await? {
        Some(until) if now < until => Ok(member),
        _ => {
            let words = "say first why you watch this camera: POST /api/v1/camera-viewings";
            Err(Refused::new(StatusCode::FORBIDDEN, "no_viewing", words))
        }
    }
}

/// Until when somebody may watch a camera.
pub async fn viewing(app: &App, id: &DeviceId, party: PartyId) -> Result<Option<Instant>, Refused> {
    let id = id.clone();
    Ok(app.store.read(move |reader| reader.find_viewing(&id, party)).await?)
}

/// Whether the caller may watch cameras of a region.
pub fn may_view(app: &App, caller: &Caller, region: &RegionId) -> bool {
    authorise(app, &caller.principal, Permission::CameraView, &Subject::Region(region.clone()).into()).is_ok()
}

/// A camera as staff see it.
pub fn camera_view(app: &App, member: &Member, may_view: bool, until: Option<Instant>) -> Result<CameraView, Refused> {
    let (row, compiled) = (&member.row, app.current());
    let city = &compiled.city;
    let (state, live_since, fault) = match streams(app)?.state(&row.id) {
        StreamState::Off => (StreamStateWord::Off, None, None),
        StreamState::Connecting => (StreamStateWord::Connecting, None, None),
        StreamState::Live(since) => (StreamStateWord::Live, Some(time(since)), None),
        StreamState::Stalled(fault) => (StreamStateWord::Stalled, None, Some(fault_word(fault))),
    };
    let mut chain = city.region_chain(&row.region);
    chain.retain(|region| **region != city.root);
    chain.sort_by_key(|region| city.region_path(region).len());
    let place = chain.into_iter().filter_map(|region| city.regions.get(region)).map(|region| text(&region.title));
    Ok(CameraView {
        id: row.id.to_string(),
        title: row.title.clone(),
        class_title: text(&member.class.title),
        region: row.region.to_string(),
        place: place.collect(),
        lon: row.point.0,
        lat: row.point.1,
        state,
        live_since,
        fault,
        retention_days: member.class.video.and_then(|video| video.recording).map(|kept| kept.retention_days),
        may_view,
        viewing_until: until.filter(|until| app.now() < *until).map(time),
    })
}

const fn fault_word(fault: StreamFault) -> StreamFaultWord {
    match fault {
        StreamFault::NoAddress => StreamFaultWord::NoAddress,
        StreamFault::NotSending => StreamFaultWord::NotSending,
        StreamFault::Unreachable => StreamFaultWord::Unreachable,
        StreamFault::Unauthorised => StreamFaultWord::Unauthorised,
        StreamFault::NotFound => StreamFaultWord::NotFound,
        StreamFault::Silent => StreamFaultWord::Silent,
        StreamFault::NotH264 => StreamFaultWord::NotH264,
        StreamFault::Ended => StreamFaultWord::Ended,
        StreamFault::TooMany => StreamFaultWord::TooMany,
        StreamFault::Failed => StreamFaultWord::Failed,
    }
}

/// Why something of a camera was refused.
pub fn camera_refused(error: CameraError) -> Refused {
    let words = error.to_string();
    match error {
        CameraError::NoCamera(_) => Refused::not_found("camera"),
        CameraError::Retired(_) => Refused::new(StatusCode::CONFLICT, "device_state", words),
        CameraError::Address(_) => Refused::field("address", words),
        CameraError::Purpose => Refused::field("purpose", words),
        CameraError::Count(_) => Refused::field("cameras", words),
        CameraError::Store(error) => error.into(),
    }
}
