//! The addresses of GeoReport v2.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use super::list_requests::{RequestsQuery, list_requests};
use super::record::Format;
use super::services::{Jurisdiction, get_service, list_services};
use super::{discovery, no_such_resource, post_request, request, respond, tokens};
use crate::app::App;
use crate::extract::Params;

/// Every address of this interface. Reads are open to pages of other sites: nothing here depends on a cookie.
pub fn router() -> Router<Arc<App>> {
    let anybody =
        SetResponseHeaderLayer::overriding(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Router::new()
        .route("/open311/{file}", get(discovery::discovery))
        .route("/open311/v2/{file}", get(read).merge(post(write)))
        .route("/open311/v2/services/{file}", get(get_service))
        .route("/open311/v2/requests/{file}", get(request::get_request))
        .route("/open311/v2/tokens/{file}", get(tokens::get_token))
        .layer(anybody)
}

/// `GET services`, `GET requests` and, for clients that look for it here, `GET discovery`.
async fn read(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    Params(jurisdiction): Params<Jurisdiction>,
    Params(requests): Params<RequestsQuery>,
    headers: HeaderMap,
) -> Response {
    match Format::split(&file) {
        Some(("services", format)) => respond(format, list_services(&app, &jurisdiction, &headers)),
        Some(("requests", format)) => respond(format, list_requests(&app, &requests, &headers).await),
        Some(("discovery", _)) => discovery::discovery(State(app), Path(file), headers).await,
        _ => no_such_resource(),
    }
}

/// `POST requests`.
async fn write(State(app): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    match Format::split(&file) {
        Some(("requests", format)) => respond(format, post_request::post_request(&app, &headers, &body).await),
        _ => no_such_resource(),
    }
}
