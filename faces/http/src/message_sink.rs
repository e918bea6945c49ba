//! A provider of text and push messages for demonstrations and tests: it checks the signature, keeps what it was given in
//! memory and shows it on a page. It sends nothing to anybody.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use act::notifications::check_webhook;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use model::Clock;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Most messages kept; the oldest go first.
const KEPT_MAX: usize = 500;

/// Largest message, bytes.
const BODY_MAX: usize = 16_384;

/// A signature is good for five minutes.
const LASTS_S: i64 = 300;

#[derive(Debug, Clone, Serialize)]
struct Given {
    /// `sms` or `push`.
    channel: String,
    /// Names the message: one that comes twice is kept once.
    id: String,
    #[serde(flatten)]
    message: Message,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Message {
    to: String,
    title: String,
    text: String,
    link: Option<String>,
}

struct Sink {
    given: Mutex<Vec<Given>>,
    key: Vec<u8>,
    clock: Arc<dyn Clock>,
}

impl Sink {
    fn given(&self) -> MutexGuard<'_, Vec<Given>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the sink on the listener until `stop` is done.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_messages(
    listener: TcpListener,
    key: Vec<u8>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let sink = Arc::new(Sink { given: Mutex::new(Vec::new()), key, clock });
    let router = Router::new()
        .route("/", get(page))
        .route("/messages", get(list))
        .route("/{channel}", post(take))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(sink);
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

/// `POST /sms`, `POST /push`: a signed message.
async fn take(State(sink): State<Arc<Sink>>, Path(channel): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !["sms", "push"].contains(&channel.as_str()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let word = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, seconds) = (word("webhook-id"), word("webhook-timestamp").parse::<i64>().unwrap_or_default());
    let is_signed = check_webhook(&sink.key, id, seconds, &body, word("webhook-signature"));
    let age_s = sink.clock.now().as_millis() / 1_000 - seconds;
    if !is_signed || age_s.abs() > LASTS_S {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(message) = serde_json::from_slice::<Message>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut given = sink.given();
    if !given.iter().any(|known| known.id == id) {
        given.push(Given { channel, id: id.to_owned(), message });
        let excess = given.len().saturating_sub(KEPT_MAX);
        given.drain(..excess);
    }
    StatusCode::NO_CONTENT.into_response()
}

/// `GET /messages`: everything, the oldest first.
async fn list(State(sink): State<Arc<Sink>>) -> Response {
    Json(sink.given().clone()).into_response()
}

/// `GET /`: everything for people, the latest first.
async fn page(State(sink): State<Arc<Sink>>) -> Response {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let row = |given: &Given| {
        format!(
            "<li><small>{} → {}</small><p>{}</p></li>",
            escaped(&given.channel),
            escaped(&given.message.to),
            escaped(&given.message.text)
        )
    };
    let rows: String = sink.given().iter().rev().map(row).collect();
    let safety = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ];
    let body = format!(
        r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>演示短信 · Demo messages</title>
<style>body{{font:18px/1.6 system-ui,sans-serif;max-width:32rem;margin:0 auto;padding:1.5rem;color:#1d2733;background:#f4f6f8}}
li{{background:#fff;border:1px solid #cfd8e0;border-radius:14px;padding:.75rem 1rem;margin:.75rem 0;list-style:none}}ul{{padding:0}}p{{margin:.25rem 0 0}}small{{color:#52606d}}</style></head><body>
<h1>演示短信，不会真的发送 <br><small>A demonstration: nothing is sent to anybody</small></h1><ul>{rows}</ul></body></html>"#
    );
    (safety, Html(body)).into_response()
}
