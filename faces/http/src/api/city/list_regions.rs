//! `GET /regions`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::convert::city;
use crate::wire::*;

/// Every region.
#[utoipa::path(
    get,
    path = "/regions",
    tag = "city",
    responses((status = 200, description = "As asked", body = Vec<Region>))
)]
pub async fn list_regions(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    super::cached::by_pack(&app, &headers, "list_regions", |found| {
        found.regions.iter().map(|(id, region)| city::region(id, region)).collect::<Vec<Region>>()
    })
}
