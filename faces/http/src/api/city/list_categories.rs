//! `GET /categories`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::convert::city;
use crate::wire::*;

/// Every category with its conditions and form.
#[utoipa::path(
    get,
    path = "/categories",
    tag = "city",
    responses((status = 200, description = "As asked", body = Vec<Category>))
)]
pub async fn list_categories(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    super::cached::by_pack(&app, &headers, "list_categories", |found| {
        found.categories.iter().map(|(id, category)| city::category(found, id, category)).collect::<Vec<Category>>()
    })
}
