//! `POST /kiosks/find`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::parts::{kiosk_refused, kiosk_view, kiosks};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Which terminal shows a code: to be looked at before agreeing to anything.
#[utoipa::path(
    post,
    path = "/kiosks/find",
    tag = "kiosk",
    request_body = KioskCode,
    responses((status = 200, description = "Found", body = KioskAsking), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn find_kiosk(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<KioskCode>,
) -> Result<Json<KioskAsking>, Refused> {
    caller.signed_in()?;
    caller.limit(&app, &app.limits.kiosks)?;
    let (kiosk, until) = kiosks(&app).find_asking(&input.code).await.map_err(kiosk_refused)?;
    Ok(Json(KioskAsking { kiosk: kiosk_view(&app, &kiosk), until: time(until) }))
}
