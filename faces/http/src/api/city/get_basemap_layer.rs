//! `GET /basemap/{layer}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::error::Refused;
use crate::extract::{Params, Segments};

/// Which content.
#[derive(Debug, Deserialize)]
pub struct VersionQuery {
    /// The hash that `GET /city` named.
    v: Option<String>,
}

/// A layer of the base map as GeoJSON.
#[utoipa::path(
    get,
    path = "/basemap/{layer}",
    tag = "city",
    params(("layer" = String, Path, description = "The layer, as in `GET /city`"), ("v" = Option<String>, Query, description = "Its content's hash; with it the answer may be kept for ever")),
    responses((status = 200, description = "GeoJSON", body = Object, content_type = "application/geo+json"), (status = "4XX", description = "Refused", body = crate::wire::Problem))
)]
pub async fn get_basemap_layer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Segments(layer): Segments<String>,
    Params(query): Params<VersionQuery>,
) -> Result<Response, Refused> {
    let file = super::basemap::layer(&app, &layer).await.ok_or_else(|| Refused::not_found("layer"))?;
    let etag = format!("\"{}\"", file.hash);
    let is_kept = query.v.as_deref() == Some(&file.hash);
    let caching = if is_kept { "public, max-age=31536000, immutable" } else { "no-cache" };
    let about = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::CONTENT_TYPE, "application/geo+json".to_owned()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, file.bytes.clone()).into_response())
}
