//! Where people come back to from other providers, and the keys by which this city proves itself to them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::lifetime_us;
use identity::upstream::{Entered, UpstreamError, Upstreams};
use serde_json::json;

use crate::app::App;
use crate::caller::begin_cookie;
use crate::error::Refused;

/// The cookie that ties an answer to the browser in which it was asked for.
const COOKIE: &str = "dipper_upstream";

/// The other providers, or 404 where none are configured.
///
/// # Errors
/// [`Refused`].
pub fn upstreams(app: &App) -> Result<&Upstreams, Refused> {
    app.upstream.as_ref().ok_or_else(|| Refused::not_found("provider"))
}

/// The `set-cookie` that ties an answer to this browser; it is sent to where people come back alone.
pub fn browser_cookie(token: &str, max_age_s: i64, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/openid/upstream; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
    HeaderValue::try_from(text).expect("a token is base64url")
}

/// Why somebody was not sent, signed in or unlinked.
pub fn upstream_refused(error: UpstreamError) -> Refused {
    let words = error.to_string();
    match error {
        UpstreamError::NotHere => Refused::not_found("provider"),
        UpstreamError::Away(why) => {
            tracing::warn!(why, "another identity provider does not answer");
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "upstream_away", words).retry_after(30)
        }
        UpstreamError::LastWay => Refused::new(StatusCode::CONFLICT, "last_way_in", words),
        UpstreamError::Store(error) => error.into(),
        _ => Refused::new(StatusCode::CONFLICT, word(&error), words),
    }
}

/// What the page is told.
const fn word(error: &UpstreamError) -> &'static str {
    match error {
        UpstreamError::NotHere | UpstreamError::Refused(_) => "upstream_refused",
        UpstreamError::Away(_) | UpstreamError::Store(_) => "upstream_away",
        UpstreamError::Denied => "upstream_denied",
        UpstreamError::Stale => "upstream_stale",
        UpstreamError::Taken => "upstream_taken",
        UpstreamError::Disabled => "upstream_disabled",
        UpstreamError::LastWay => "last_way_in",
    }
}

/// `GET /openid/upstream/{id}`: somebody comes back; a page of ours says how it went.
pub async fn come_back(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let upstreams = upstreams(&app)?;
    let returned = match upstreams.finish(&id, &query.unwrap_or_default(), cookie(&headers)).await {
        Ok(returned) => returned,
        Err(error) => return Ok(failed(&app, "/sign-in", None, &error)),
    };
    let (then, link) = (returned.then.clone(), returned.link);
    match app.accounts.enter_from_upstream(returned).await {
        Ok(Entered::SignedIn(signed_in)) => {
            let secure = app.settings.secure_cookies;
            let session = begin_cookie(signed_in.token.reveal(), lifetime_us(signed_in.session.kind), secure);
            Ok(see(&app, then.as_deref().unwrap_or("/"), Some(session)))
        }
        Ok(Entered::Linked) => Ok(see(&app, "/me/security", None)),
        Err(error) if link.is_some() => Ok(failed(&app, "/me/security", None, &error)),
        Err(error) => Ok(failed(&app, "/sign-in", then.as_deref(), &error)),
    }
}

/// `GET /openid/upstream-keys`: for providers to which this city proves itself by a key.
pub async fn client_keys(State(app): State<Arc<App>>) -> Result<Response, Refused> {
    let keys = json!({"keys": upstreams(&app)?.client_keys()});
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys)).into_response())
}

fn failed(app: &App, page: &str, then: Option<&str>, error: &UpstreamError) -> Response {
    match error {
        UpstreamError::Denied | UpstreamError::Stale => {}
        error => tracing::warn!(%error, "nobody was signed in by another identity provider"),
    }
    let then = then.map(|then| format!("&then={}", in_query(then))).unwrap_or_default();
    see(app, &format!("{page}?problem={}{then}", word(error)), None)
}

/// A page's address as a value of a query; it has plain characters alone.
fn in_query(page: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    page.bytes().map(byte).collect()
}

/// 303 to a page of ours; the cookie of the way there has done its work.
fn see(app: &App, to: &str, session: Option<HeaderValue>) -> Response {
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::SET_COOKIE, browser_cookie("", 0, app.settings.secure_cookies));
    if let Some(session) = session {
        headers.append(header::SET_COOKIE, session);
    }
    response
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).find(|value| !value.is_empty())
}
