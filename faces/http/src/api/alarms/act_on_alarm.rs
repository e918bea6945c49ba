//! `POST /alarms/{alarm}/deeds`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::EventId;
use sense::device_alarms::Deed;
use store::StoreError;

use super::parts::alarm_view;
use crate::access::authorise;
use crate::api::devices::parts::intake;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Body;
use crate::names::instant;
use crate::wire::*;

/// Takes note of an alarm, puts it aside for a while, or closes it.
#[utoipa::path(
    post,
    path = "/alarms/{alarm}/deeds",
    tag = "devices",
    params(("alarm" = String, Path, description = "Its id")),
    request_body = AlarmDeedInput,
    responses((status = 200, description = "Done", body = AlarmView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn act_on_alarm(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<AlarmDeedInput>,
) -> Result<Json<AlarmView>, Refused> {
    let party = caller.staff()?.party;
    let unknown = || Refused::not_found("alarm");
    let (id, intake) = (id.parse::<EventId>().map_err(|_| unknown())?, intake(&app)?);
    let find = move |reader: &mut store::Reader| reader.find_device_alarm(id);
    let row = app.store.read(find).await.map_err(|error: StoreError| error)?.ok_or_else(unknown)?;
    let member = intake.fleet.find(&row.device).ok_or_else(unknown)?;
    let there = Subject::Region(member.row.region.clone()).into();
    // Who may not even see it is not told that it is there.
    authorise(&app, &caller.principal, Permission::DeviceRead, &there).map_err(|_| unknown())?;
    authorise(&app, &caller.principal, Permission::AlarmHandle, &there)?;
    let deed = match input.deed {
        AlarmDeedWord::Acknowledge => Deed::Acknowledge,
        AlarmDeedWord::Clear => Deed::Clear,
        AlarmDeedWord::Shelve => {
            let until = instant("until", input.until.as_deref())?;
            Deed::Shelve(until.ok_or_else(|| Refused::parameter("until", "is needed to put an alarm aside"))?)
        }
    };
    let desk = app.alarm_desk.as_ref().ok_or_else(failed)?;
    let outcome = desk.act(&row, deed, party).await;
    outcome.map_err(|words| Refused::new(StatusCode::CONFLICT, "alarm_state", words))?;
    let row = app.store.read(find).await.map_err(|error: StoreError| error)?.ok_or_else(unknown)?;
    Ok(Json(alarm_view(intake, &app.current().city, &row)))
}
