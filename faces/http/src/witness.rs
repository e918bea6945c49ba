//! The face of a witness: add-checkpoint and the checkpoints it cosigned last (C2SP tlog-witness), and nothing else.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use account::Reply;
use account::witness::Witness;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ledger::witness::MAX_REQUEST_BYTES;
use model::Clock;
use tokio::net::TcpListener;
use tower_http::timeout::TimeoutLayer;

/// A request that is slower than this is cut off: a log sends a few kilobytes.
const PATIENCE: Duration = Duration::from_secs(10);

struct Served {
    witness: Witness,
    clock: Arc<dyn Clock>,
}

/// Serves a witness on the listener until `stop` is done, then answers the requests under way and returns.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve_witness(
    listener: TcpListener,
    witness: Witness,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, witness_router(witness, clock)).with_graceful_shutdown(stop).await
}

/// The addresses of a witness; submission and monitoring share one prefix.
pub fn witness_router(witness: Witness, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/key", get(key))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(Arc::new(Served { witness, clock }))
}

/// `POST /add-checkpoint`: cosignature lines, or the status that tlog-witness gives the first check that fails.
async fn add_checkpoint(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    // The state is synced to the disk before the answer: not on a thread that others wait for.
    let answer = tokio::task::spawn_blocking(move || served.witness.answer(&body, served.clock.now())).await;
    let Ok(Reply { status, content_type, body }) = answer else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::try_from(content_type).unwrap_or(HeaderValue::from_static("text/plain"));
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// `GET /<SHA-256 of the origin>/checkpoint`: what was cosigned last, with the log's line and the witness's.
async fn checkpoint(State(served): State<Arc<Served>>, Path(origin_hash): Path<String>) -> Response {
    match served.witness.find_checkpoint(&origin_hash) {
        Some(note) => plain(note),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /key`: the witness's verifier key; take it from elsewhere before you rely on it.
async fn key(State(served): State<Arc<Served>>) -> Response {
    plain(format!("{}\n", served.witness.verifier()))
}

fn plain(text: String) -> Response {
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    (about, text).into_response()
}
