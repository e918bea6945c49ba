//! What every answer and every request goes through: security headers, the origin check, counting and logging.

use std::sync::Arc;
use std::time::Instant as Stopwatch;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Refused;

/// Everything from our own server and nothing from elsewhere. MapLibre starts its worker from a blob; pictures are
/// previewed from blobs; a live stream is played from one (Media Source Extensions); style attributes are set by the chart library, style elements are not.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; child-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; \
object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "geolocation=(self), camera=(self), microphone=(), interest-cohort=()",
    ),
];

/// Adds the security headers.
pub async fn add_security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Refuses a change that another site's page asks for: its `origin` names another host than the one asked.
pub async fn check_origin(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    Refused::new(StatusCode::FORBIDDEN, "cross_site", "changes may only come from this site's own pages")
        .into_response()
}

/// True without an `origin` (not a browser), or when its host is the host asked.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return !headers.contains_key(header::ORIGIN) };
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let asked = text(HeaderName::from_static("x-forwarded-host")).or_else(|| text(header::HOST));
    asked.is_some_and(|asked| asked.eq_ignore_ascii_case(host))
}

/// Gives the request an id, counts and logs the answer: route, status, time. Never the address asked, which may hold
/// secrets and names, only the route that matched.
pub async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Stopwatch::now();
    let method = method_word(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("face", |route| route.as_str()).to_owned();
    let id = app.next_request_id();
    let mut response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), began.elapsed());
    app.metrics.record(&route, method, status, took);
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    match status {
        500.. => tracing::warn!(request = %id, method, route, status, took_us, "answered"),
        _ => tracing::debug!(request = %id, method, route, status, took_us, "answered"),
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// The method as a label; unknown ones share one.
const fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// The answer after a handler panicked; the panic itself is logged by its hook.
pub fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    crate::error::failed().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_ask_for_changes() {
        for (origin, host, forwarded, expect) in [
            (None, "city.example", None, true),
            (Some("https://city.example"), "city.example", None, true),
            (Some("http://127.0.0.1:8080"), "127.0.0.1:8080", None, true),
            (Some("https://city.example"), "127.0.0.1:8080", Some("city.example"), true),
            (Some("https://evil.example"), "city.example", None, false),
            (Some("https://city.example.evil.example"), "city.example", None, false),
            (Some("null"), "city.example", None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-host", HeaderValue::from_static(forwarded));
            }
            assert_eq!(is_same_origin(&headers), expect, "{origin:?} {host}");
        }
    }
}
