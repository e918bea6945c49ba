//! `POST /kiosks/agreement`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::parts::{kiosk_refused, kiosk_view, kiosks};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Signs in at the terminal that shows a code. Only by somebody who proved a moment ago who they are: whoever finds a phone
/// that lies open must not get further with it than the phone itself.
#[utoipa::path(
    post,
    path = "/kiosks/agreement",
    tag = "kiosk",
    request_body = KioskCode,
    responses((status = 200, description = "Agreed", body = KioskView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn agree_to_kiosk(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<KioskCode>,
) -> Result<Json<KioskView>, Refused> {
    let party = caller.present(&app)?.party;
    caller.limit(&app, &app.limits.kiosks)?;
    let kiosk = kiosks(&app).agree(&input.code, party).await.map_err(kiosk_refused)?;
    Ok(Json(kiosk_view(&app, &kiosk)))
}
