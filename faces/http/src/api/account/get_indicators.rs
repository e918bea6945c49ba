//! `GET /indicators`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::table::table;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::wire::*;

/// Indicators of a period.
#[utoipa::path(
    get,
    path = "/indicators",
    tag = "account",
    params(IndicatorsQuery),
    responses((status = 200, description = "As asked", body = Indicators), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_indicators(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<IndicatorsQuery>,
) -> Result<Json<Indicators>, Refused> {
    Ok(Json(table(&app, &caller.principal, &query).await?))
}
