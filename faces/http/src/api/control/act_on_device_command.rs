//! `POST /device-commands/{command}/deeds`.

use std::sync::Arc;

use act::control::{confirm, withdraw};
use axum::Json;
use axum::extract::{Path, State};
use identity::{Permission, Subject};
use model::{Actor, EventId};
use store::StoreError;

use super::parts::{Asking, control_refused, names_in};
use crate::access::authorise;
use crate::api::devices::parts::intake;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Confirms a dangerous command, or takes one back.
#[utoipa::path(
    post,
    path = "/device-commands/{command}/deeds",
    tag = "devices",
    params(("command" = String, Path, description = "Its id")),
    request_body = DeviceCommandDeedInput,
    responses((status = 200, description = "Done", body = DeviceCommandView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn act_on_device_command(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<DeviceCommandDeedInput>,
) -> Result<Json<DeviceCommandView>, Refused> {
    let party = caller.staff()?.party;
    let unknown = || Refused::not_found("command");
    let id = id.parse::<EventId>().map_err(|_| unknown())?;
    let row = app.store.read(move |reader| reader.find_device_command(id)).await;
    let row = row.map_err(|error: StoreError| error)?.ok_or_else(unknown)?;
    let member = intake(&app)?.fleet.find(&row.device).ok_or_else(unknown)?;
    let there = Subject::Region(member.row.region.clone()).into();
    // Who may not even see it is not told that it is there.
    authorise(&app, &caller.principal, Permission::DeviceRead, &there).map_err(|_| unknown())?;
    let grant =
        authorise(&app, &caller.principal, Permission::DeviceControl, &there)?.ok_or_else(Refused::forbidden)?;
    let by = Actor::Staff { party, role: grant.role, office: grant.office };
    let row = match input.deed {
        DeviceCommandDeedWord::Confirm => confirm(&app.act(), id, by).await,
        DeviceCommandDeedWord::Withdraw => withdraw(&app.act(), id, by).await,
    };
    let rows = [row.map_err(control_refused)?];
    let (names, [row]) = app.store.read(move |reader| names_in(reader, &rows).map(|names| (names, rows))).await?;
    let compiled = app.current();
    Ok(Json(Asking { app: &app, city: &compiled.city, caller: &caller, names }.view(&row)?))
}
