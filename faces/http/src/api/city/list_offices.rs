//! `GET /offices`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::convert::city;
use crate::wire::*;

/// Every office.
#[utoipa::path(
    get,
    path = "/offices",
    tag = "city",
    responses((status = 200, description = "As asked", body = Vec<Office>))
)]
pub async fn list_offices(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    super::cached::by_pack(&app, &headers, "list_offices", |found| {
        found.offices.iter().map(|(id, office)| city::office(id, office)).collect::<Vec<Office>>()
    })
}
