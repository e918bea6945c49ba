//! The three web faces and the page for developers: files built by Node, embedded in the binary and served with strong caching.
//!
//! A path that is no file is a page of the face's own router, so it answers with `index.html`. Files whose names
//! carry their hash (`assets/`) never change; everything else is asked for again by its ETag.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/apps/resident/dist"]
struct Resident;

#[derive(RustEmbed)]
#[folder = "../../web/apps/field/dist"]
struct Field;

#[derive(RustEmbed)]
#[folder = "../../web/apps/centre/dist"]
struct Centre;

#[derive(RustEmbed)]
#[folder = "../../web/apps/developers/dist"]
struct Developers;

/// Shown where a face was not built into the binary.
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Dipper 天枢</title>\
<h1>网页尚未构建 · The web faces are not built</h1>\
<p>接口已在运行：<a href=\"/openapi.json\">/openapi.json</a>。构建网页：<code>npm ci --prefix web &amp;&amp; npm run build --prefix web</code>，然后重新编译；或执行 <code>make run</code>。</p>\
<p lang=\"en\">The API is running. Build the faces with <code>npm ci --prefix web &amp;&amp; npm run build --prefix web</code> and compile again, or use <code>make run</code>.</p>";

/// Serves a file of the face that owns the path.
pub async fn serve_face(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    type Find = fn(&str) -> Option<EmbeddedFile>;
    let apart = [("/field", Field::get as Find), ("/centre", Centre::get), ("/developers", Developers::get)];
    for (prefix, find) in apart {
        if path == prefix {
            return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{prefix}/"))]).into_response();
        }
        if let Some(file) = path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) {
            return serve(file, find, &headers);
        }
    }
    serve(path.trim_start_matches('/'), Resident::get, &headers)
}

fn serve(path: &str, find: fn(&str) -> Option<EmbeddedFile>, headers: &HeaderMap) -> Response {
    let is_page = path.is_empty() || find(path).is_none();
    if is_page && path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = if is_page { "index.html" } else { path };
    let Some(file) = find(path) else { return (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response() };
    let etag = etag(&file);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known == Some(&*etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(path, find, file, headers)
    };
    let out = response.headers_mut();
    out.insert(header::ETAG, HeaderValue::try_from(etag).expect("hexadecimal digits and quotes are a header value"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control(path)));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// The file, in the smallest form that was built and that the browser accepts.
fn content(path: &str, find: fn(&str) -> Option<EmbeddedFile>, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let packed = [("br", "br"), ("gz", "gzip")].into_iter().find_map(|(suffix, coding)| {
        let is_accepted = accepts
            .split(',')
            .any(|found| found.trim() == coding || found.trim().starts_with(&format!("{coding};q=1")));
        Some((coding, find(&format!("{path}.{suffix}")).filter(|_| is_accepted)?))
    });
    let kind = [(header::CONTENT_TYPE, content_type(path))];
    match packed {
        Some((coding, file)) => (kind, [(header::CONTENT_ENCODING, coding)], file.data).into_response(),
        None => (kind, plain.data).into_response(),
    }
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// A name under `assets/` carries the hash of its content, so it never changes.
fn cache_control(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// The media type of a file by its name.
pub fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "geojson" => "application/geo+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_kept_for_ever_and_pages_are_asked_for_again() {
        for (path, expect) in
            [("assets/index-1a2b.js", true), ("index.html", false), ("sw.js", false), ("manifest.webmanifest", false)]
        {
            assert_eq!(cache_control(path).contains("immutable"), expect, "{path}");
        }
    }

    #[tokio::test]
    async fn a_missing_file_is_not_a_page() {
        let answer = serve_face(Uri::from_static("/assets/gone-1a2b.js"), HeaderMap::new()).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let answer = serve_face(Uri::from_static("/centre"), HeaderMap::new()).await;
        assert_eq!(answer.headers()[header::LOCATION], "/centre/");
    }
}
