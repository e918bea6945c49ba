//! The ledger's files at `/ledger/`: plain static files by the rules of C2SP tlog-tiles, for anybody.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// A tile never changes, neither a full one nor a partial one of its width.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The checkpoint changes every few seconds.
const FRESH: &str = "no-cache";

/// `GET /ledger/checkpoint`: the signed tree head.
pub async fn checkpoint(State(app): State<Arc<App>>) -> Response {
    serve(&app, "checkpoint", "text/plain; charset=utf-8", FRESH).await
}

/// `GET /ledger/key`: the verifier key.
pub async fn key(State(app): State<Arc<App>>) -> Response {
    serve(&app, "key", "text/plain; charset=utf-8", FRESH).await
}

/// `GET /ledger/policy`: the witnesses and their quorum (C2SP tlog-policy); not there when the log is published without.
pub async fn policy(State(app): State<Arc<App>>) -> Response {
    serve(&app, "policy", "text/plain; charset=utf-8", FRESH).await
}

/// `GET /ledger/anchors/…`: `list` names the sizes that were time-stamped, a line each; `SIZE.checkpoint` is what was
/// stamped, `SIZE.tsr` the answer (RFC 3161).
pub async fn anchor(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let is_size = |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (kind, caching) = match name.split_once('.') {
        None if name == "list" => ("text/plain; charset=utf-8", FRESH),
        Some((size, "checkpoint")) if is_size(size) => ("text/plain; charset=utf-8", FOR_EVER),
        Some((size, "tsr")) if is_size(size) => ("application/timestamp-reply", FOR_EVER),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    serve(&app, &format!("anchors/{name}"), kind, caching).await
}

/// `GET /ledger/tile/…`: hashes and entry bundles.
pub async fn tile(State(app): State<Arc<App>>, Path(path): Path<String>) -> Response {
    if !is_tile_path(&path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    serve(&app, &format!("tile/{path}"), "application/octet-stream", FOR_EVER).await
}

/// `GET /ledger/<office>/checkpoint`: the tree head of an office's own log.
pub async fn checkpoint_of(State(app): State<Arc<App>>, Path(log): Path<String>) -> Response {
    serve_of(&app, &log, "checkpoint", "text/plain; charset=utf-8", FRESH).await
}

/// `GET /ledger/<office>/key`: its verifier key.
pub async fn key_of(State(app): State<Arc<App>>, Path(log): Path<String>) -> Response {
    serve_of(&app, &log, "key", "text/plain; charset=utf-8", FRESH).await
}

/// `GET /ledger/<office>/tile/…`: its hashes and entry bundles.
pub async fn tile_of(State(app): State<Arc<App>>, Path((log, path)): Path<(String, String)>) -> Response {
    if !is_tile_path(&path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    serve_of(&app, &log, &format!("tile/{path}"), "application/octet-stream", FOR_EVER).await
}

/// A log is served as long as its folder is there, also when its office has left the pack.
async fn serve_of(app: &App, log: &str, path: &str, kind: &'static str, caching: &'static str) -> Response {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if log.is_empty() || !log.bytes().all(is_word) {
        return StatusCode::NOT_FOUND.into_response();
    }
    serve(app, &format!("logs/{log}/{path}"), kind, caching).await
}

/// `L/N` or `entries/N`, N being `x001/x234/067` or a partial one `….p/W`; nothing else reaches the disk.
fn is_tile_path(path: &str) -> bool {
    let Some((level, rest)) = path.split_once('/') else { return false };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_level = level == "entries" || (!level.is_empty() && level.len() <= 2 && is_digits(level));
    let (number, width) = rest.split_once(".p/").map_or((rest, None), |(number, width)| (number, Some(width)));
    let groups: Vec<&str> = number.split('/').collect();
    let is_group = |text: &str| text.len() == 3 && is_digits(text);
    let Some((last, upper)) = groups.split_last() else { return false };
    let is_number = is_group(last) && upper.iter().all(|group| group.strip_prefix('x').is_some_and(is_group));
    let is_width = width.is_none_or(|width| (1..=3).contains(&width.len()) && is_digits(width));
    is_level && is_number && is_width
}

async fn serve(app: &App, path: &str, kind: &'static str, caching: &'static str) -> Response {
    match tokio::fs::read(app.ledger_files.folder().join(path)).await {
        Ok(bytes) => {
            let anybody = (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            let about = [
                (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
                (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
                anybody,
            ];
            (about, bytes).into_response()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(kind = ?error.kind(), "a file of the ledger cannot be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Position of the last event that the published checkpoint covers; 0 before the first checkpoint.
///
/// Read from the second line of the note without checking its signature: this only says "sealed" on a screen, the
/// receipt proves it.
pub async fn sealed_size(app: &App) -> i64 {
    published(app).await.0
}

/// The published checkpoint's size and how many witnesses' lines it carries; for screens and gauges, not for proof.
pub async fn published(app: &App) -> (i64, usize) {
    let note = tokio::fs::read_to_string(app.ledger_files.folder().join("checkpoint")).await.unwrap_or_default();
    let size = note.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
    let lines = note.lines().filter(|line| line.starts_with('\u{2014}')).count();
    (size, lines.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tile_paths_reach_the_disk() {
        for (path, expect) in [
            ("0/000", true),
            ("0/x001/x234/067", true),
            ("0/x001/x234/067.p/8", true),
            ("entries/000.p/255", true),
            ("63/000", true),
            ("entries/../key", false),
            ("../checkpoint", false),
            ("0/..", false),
            ("0/x001", false),
            ("0/001/067", false),
            ("0/067.p/", false),
            ("0/067.p/1000", false),
            ("/000", false),
            ("0/000.part", false),
            ("", false),
        ] {
            assert_eq!(is_tile_path(path), expect, "{path:?}");
        }
    }
}
