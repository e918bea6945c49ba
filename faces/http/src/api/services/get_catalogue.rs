//! `GET /catalogue`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::api::city::cached;
use crate::app::App;
use crate::convert::services;
use crate::wire::*;

/// The headings of the catalogue of services, and how the city's promises stand to the law.
#[utoipa::path(
    get,
    path = "/catalogue",
    tag = "services",
    responses((status = 200, description = "As asked", body = Catalogue))
)]
pub async fn get_catalogue(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    cached::by_pack(&app, &headers, "get_catalogue", services::catalogue)
}
