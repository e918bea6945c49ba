//! `GET /services/{id}/slots`.

use std::sync::Arc;

use act::visits::list_slots as offered;
use axum::Json;
use axum::extract::State;

use super::parts::{place, visit_refused};
use crate::api::applications::parts::service_id;
use crate::app::App;
use crate::convert::time;
use crate::convert::visits;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::wire::*;

/// Times offered at a window of a service.
#[utoipa::path(
    get,
    path = "/services/{id}/slots",
    tag = "visits",
    params(("id" = String, Path, description = "The service's id"), SlotsQuery),
    responses((status = 200, description = "As asked", body = SlotList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_slots(
    State(app): State<Arc<App>>,
    Segments(id): Segments<String>,
    Params(query): Params<SlotsQuery>,
) -> Result<Json<SlotList>, Refused> {
    let (service, at) = (service_id(&id)?, place(&query.place)?);
    let compiled = app.current();
    let no_window = || Refused::not_found("window");
    let found = compiled.city.services.get(&service).ok_or_else(|| Refused::not_found("service"))?;
    let (channel, _) = found.booking_at(&at).ok_or_else(no_window)?;
    let slots = offered(&app.act(), service, at.clone()).await.map_err(visit_refused)?.ok_or_else(no_window)?;
    let items = slots
        .into_iter()
        .map(|slot| SlotView { starts_at: time(slot.starts_at), ends_at: time(slot.ends_at), free: slot.free })
        .collect();
    Ok(Json(SlotList { place: visits::place(&at, channel), items }))
}
