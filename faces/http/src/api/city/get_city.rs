//! `GET /city`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::convert::{city, text};
use crate::error::Refused;
use crate::wire::*;

/// The city and what the faces need to open.
#[utoipa::path(
    get,
    path = "/city",
    tag = "city",
    responses((status = 200, description = "As asked", body = City))
)]
pub async fn get_city(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refused> {
    let compiled = app.current();
    let found = &compiled.city;
    let [west, south, east, north] = found.bounds;
    let mut basemap = Vec::new();
    for layer in &found.basemap {
        let hash = super::basemap::layer_hash(&app, &layer.id).await.unwrap_or_default();
        basemap.push(BasemapLayer {
            id: layer.id.clone(),
            kind: layer.kind.clone(),
            url: format!("/api/v1/basemap/{}?v={hash}", layer.id),
        });
    }
    let view = City {
        id: found.id.clone(),
        title: text(&found.title),
        pack_hash: compiled.hash.to_string(),
        version: found.version.clone(),
        timezone: found.timezone.clone(),
        locales: found.locales.clone(),
        bounds: Bounds { west, south, east, north },
        centre: found.centre,
        root: found.root.to_string(),
        basemap,
        has_video: app.streams.is_some(),
        demo: app.settings.demo,
        demo_logins: if app.settings.demo { app.settings.demo_logins.clone() } else { Vec::new() },
        stages: city::stages(found),
        messages: found.messages.iter().map(|(key, message)| (key.clone(), text(message))).collect(),
    };
    Ok(super::cached::by_content(&headers, &view))
}
