//! `GET /processes`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::convert::city;
use crate::wire::*;

/// Every process with its states and actions.
#[utoipa::path(
    get,
    path = "/processes",
    tag = "city",
    responses((status = 200, description = "As asked", body = Vec<Process>))
)]
pub async fn list_processes(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    super::cached::by_pack(&app, &headers, "list_processes", |found| {
        found.processes.iter().map(|(id, process)| city::process(found, id, process)).collect::<Vec<Process>>()
    })
}
