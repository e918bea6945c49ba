//! `POST /devices/{device}/installations` and `GET /devices/{device}/installations`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::{Permission, Subject};
use sense::devices::Installation;
use store::StoreError;

use super::parts::{device, device_refused, device_view, intake};
use crate::access::authorise;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{picture_url, thumb_url, time};
use crate::error::Refused;
use crate::extract::Body;
use crate::names::{parse, parse_some, point};
use crate::wire::*;

/// Installations that are listed.
const LISTED: u32 = 20;

/// Writes down that a device was put up where it stands, and moves it there.
#[utoipa::path(
    post,
    path = "/devices/{device}/installations",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    request_body = DeviceInstallationInput,
    responses((status = 200, description = "Written down", body = DeviceView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn install_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<DeviceInstallationInput>,
) -> Result<Json<DeviceView>, Refused> {
    let party = caller.staff()?.party;
    let member = device(&app, &caller, &id, Permission::DeviceInstall)?;
    let (intake, compiled) = (intake(&app)?, app.current());
    let there = point(input.lon, input.lat)?;
    // Nobody moves a device to where they may not put one up.
    if let Some(region) = sense::report::region_of(&compiled, there) {
        authorise(&app, &caller.principal, Permission::DeviceInstall, &Subject::Region(region).into())?;
    }
    let installation = Installation {
        device: member.row.id.clone(),
        class: parse("class", &input.class)?,
        point: there,
        accuracy_m: input.accuracy_m,
        is_adjusted: input.is_adjusted,
        picture: parse_some("picture", input.picture.as_deref())?,
    };
    let member = intake.install(party, installation).await.map_err(device_refused)?;
    Ok(Json(device_view(intake, &compiled.city, &member, app.now())))
}

/// When, where and by whom a device was put up, the newest first.
#[utoipa::path(
    get,
    path = "/devices/{device}/installations",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    responses((status = 200, description = "The newest 20", body = [DeviceInstallation]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_device_installations(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<DeviceInstallation>>, Refused> {
    let member = device(&app, &caller, &id, Permission::DeviceRead)?;
    let read = move |reader: &mut store::Reader| {
        let rows = reader.list_device_installations(&member.row.id, LISTED)?;
        let mut people: Vec<_> = rows.iter().map(|row| row.party).collect();
        people.sort_unstable();
        people.dedup();
        Ok::<_, StoreError>((reader.display_names(&people)?, rows))
    };
    let (names, rows) = app.store.read(read).await?;
    let view = |row: store::DeviceInstallationRow| DeviceInstallation {
        at: time(row.at),
        by: names.get(&row.party).cloned().unwrap_or_default(),
        lon: row.point.0,
        lat: row.point.1,
        accuracy_m: row.accuracy_m,
        is_adjusted: row.is_adjusted,
        picture_url: row.picture.map(|id| picture_url(&id, None)),
        thumb_url: row.picture.map(|id| thumb_url(&id, None)),
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}
