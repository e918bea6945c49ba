//! `GET /pack`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::{Permission, Subject};

use crate::access::authorise;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::city;
use crate::error::Refused;
use crate::wire::*;

/// The whole pack; needs the permission `pack.read`.
#[utoipa::path(
    get,
    path = "/pack",
    tag = "city",
    responses((status = 200, description = "As asked", body = Pack), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_pack(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Pack>, Refused> {
    authorise(&app, &caller.principal, Permission::PackRead, &Subject::City.into())?;
    Ok(Json(city::pack(&app.current())))
}
