//! `GET /open311/discovery.{xml,json}`: where the interface is and what it speaks.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::record::{Document, Format, Record, Value};
use super::{no_such_resource, respond};
use crate::app::App;

/// When this description last changed, ISO 8601 with a zone; raise it with every change of the interface.
const CHANGESET: &str = "2026-11-23T00:00:00Z";

/// Serves the discovery document.
pub async fn discovery(State(app): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(("discovery", format)) = Format::split(&file) else { return no_such_resource() };
    respond(format, Ok(document(&app, &headers)))
}

fn document(app: &App, headers: &HeaderMap) -> Document {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let base = app.settings.base_url.clone().unwrap_or_else(|| format!("http://{host}"));
    let base = base.trim_end_matches('/');
    let city = &app.current().city;
    let word = |key: &str, fallback: &str| {
        let message = city.messages.get(key);
        message
            .map_or_else(|| fallback.to_owned(), |message| message.in_locale(super::locale(city, headers)).to_owned())
    };
    let endpoint = Record::default()
        .with("specification", "http://wiki.open311.org/GeoReport_v2")
        .with("url", format!("{base}/open311/v2"))
        .with("changeset", CHANGESET)
        .with("type", if app.settings.demo { "test" } else { "production" })
        .with("formats", Value::Texts("format", vec!["text/xml".to_owned(), "application/json".to_owned()]));
    let discovery = Record::default()
        .with("changeset", CHANGESET)
        .with("contact", word("open311.contact", "Ask the operator of this server for an API key"))
        .with("key_service", word("open311.key_service", "API keys are given by the operator of this server"))
        .with("endpoints", Value::Records("endpoint", vec![endpoint]));
    Document::One("discovery", discovery)
}
