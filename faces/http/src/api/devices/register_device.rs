//! `POST /devices`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{Permission, Subject};
use sense::devices::NewDevice;
use sense::report::region_of;

use super::parts::{device_refused, device_view, intake, rtmp_port};
use crate::access::authorise;
use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Body;
use crate::names::{parse, parse_some, point};
use crate::wire::*;

/// Registers a device where it stands. Its password is shown in this answer and never again.
#[utoipa::path(
    post,
    path = "/devices",
    tag = "devices",
    request_body = NewDeviceInput,
    responses((status = 201, description = "Registered", body = DeviceSecret), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn register_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<NewDeviceInput>,
) -> Result<Response, Refused> {
    let party = caller.staff()?.party;
    let (intake, compiled) = (intake(&app)?, app.current());
    let place = point(input.lon, input.lat)?;
    // Outside the city it is refused for its place; inside, whoever may not manage devices there is told so.
    let region = region_of(&compiled, place).unwrap_or_else(|| compiled.city.root.clone());
    authorise(&app, &caller.principal, Permission::DeviceManage, &Subject::Region(region).into())?;
    let new = NewDevice {
        id: parse("id", &input.id)?,
        class: parse("class", &input.class)?,
        title: input.title,
        parent: parse_some("parent", input.parent.as_deref())?,
        point: place,
        height_m: input.height_m,
        office: parse_some("office", input.office.as_deref())?,
        through: None,
    };
    let registered = intake.register(Some(party), new).await.map_err(device_refused)?;
    let member = intake.fleet.find(&registered.device.id).ok_or_else(failed)?;
    let view = DeviceSecret {
        device: device_view(intake, &compiled.city, &member, app.now()),
        password: registered.secret.reveal().to_owned(),
        mqtt_port: intake.mqtt_port.get().copied(),
        rtmp_port: rtmp_port(&app, &member),
    };
    Ok(private(StatusCode::CREATED, &view))
}
