//! Who asks: the session behind the cookie, and the proof that a change comes from our own page.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use identity::{Agent, Principal, RateLimiter, Session, find_agent};

use crate::app::App;
use crate::error::Refused;
use crate::kiosk::kiosk_secret;

/// The cookie of a session.
const COOKIE: &str = "dipper_session";

/// The header that every change carries beside the cookie.
const CSRF_HEADER: &str = "x-csrf-token";

/// The header that names the mandate under which something is done for another.
const ACTING_HEADER: &str = "x-acting-for";

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// For authorisation.
    pub principal: Principal,
    /// The session, when signed in.
    pub session: Option<Arc<Session>>,
    /// The client's address.
    pub address: IpAddr,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let address = address(parts, app.settings.behind_proxy);
        let session = match session_token(&parts.headers) {
            Some(token) => app.accounts.find_session(token).await?,
            None => None,
        };
        // A session at a terminal is nobody's elsewhere.
        let session = session.filter(|session| session.is_at(kiosk_secret(&parts.headers)));
        let is_change = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_change && session.as_ref().is_some_and(|session| !has_csrf(session, &parts.headers)) {
            let words = "the request lacks the token of your session; load the page again";
            return Err(Refused::new(StatusCode::FORBIDDEN, "csrf", words));
        }
        let principal = match (&session, parts.headers.get(ACTING_HEADER)) {
            (None, _) => Principal::Visitor,
            (Some(session), None) => session.principal(),
            (Some(session), Some(mandate)) => Principal::Agent(agent(app, session, mandate).await?),
        };
        Ok(Self { principal, session, address })
    }
}

/// The client's address alone, for what comes before a session.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<Arc<App>> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(address(parts, app.settings.behind_proxy)))
    }
}

impl Caller {
    /// The session, or 401: for what everybody does for themselves alone.
    ///
    /// # Errors
    /// [`Refused`] for a visitor, and for who acts for another.
    pub fn signed_in(&self) -> Result<&Session, Refused> {
        if matches!(self.principal, Principal::Agent(_)) {
            return Err(Refused::not_for_others());
        }
        self.session.as_deref().ok_or_else(Refused::not_signed_in)
    }

    /// Somebody who proved who they are a moment ago, or 403: for what must not be done by whoever finds the page open.
    ///
    /// # Errors
    /// 401 for a visitor, 403 when they signed in longer ago.
    pub fn present(&self, app: &App) -> Result<&Session, Refused> {
        let session = self.signed_in()?;
        if session.is_present(app.now()) {
            return Ok(session);
        }
        let words = "confirm that it is you: sign in once more";
        Err(Refused::new(StatusCode::FORBIDDEN, "not_present", words))
    }

    /// Staff, or 401 for a visitor and 403 for a resident.
    ///
    /// # Errors
    /// [`Refused`] for everybody else.
    pub fn staff(&self) -> Result<&Session, Refused> {
        match self.principal {
            Principal::Staff { .. } => self.signed_in(),
            Principal::Agent(_) => Err(Refused::not_for_others()),
            Principal::Resident { .. } | Principal::Client { .. } => Err(Refused::forbidden()),
            Principal::Visitor => Err(Refused::not_signed_in()),
        }
    }

    /// Takes one request from this person's bucket, or from their address's when not signed in. Staff are not
    /// limited: what they do carries their name.
    ///
    /// # Errors
    /// 429 when the bucket is empty.
    pub fn limit(&self, app: &App, limiter: &RateLimiter<String>) -> Result<(), Refused> {
        let key = match &self.principal {
            Principal::Staff { .. } => return Ok(()),
            Principal::Resident { party } => party.to_string(),
            Principal::Agent(agent) => agent.party.to_string(),
            Principal::Client { client, .. } => client.to_string(),
            Principal::Visitor => self.address.to_string(),
        };
        limiter.take(key, app.now()).map_err(Refused::too_many)
    }
}

/// Who acts under the mandate that a request names.
async fn agent(app: &App, session: &Session, mandate: &HeaderValue) -> Result<Agent, Refused> {
    let words = "the mandate is not in force: it was ended, or its time is over; go back to yourself";
    let ended = || Refused::new(StatusCode::FORBIDDEN, "mandate_ended", words);
    let id = mandate.to_str().ok().and_then(|text| text.parse().ok()).ok_or_else(ended)?;
    let (party, now) = (session.party, app.now());
    let found = app.store.read(move |reader| find_agent(reader, id, party, now)).await?;
    found.ok_or_else(ended)
}

fn has_csrf(session: &Session, headers: &HeaderMap) -> bool {
    headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).is_some_and(|token| session.has_csrf(token))
}

/// The token in the session cookie.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    find_cookie(headers, COOKIE)
}

/// A cookie that is not empty.
pub fn find_cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value).find(|value| !value.is_empty())
}

/// The `set-cookie` that begins a session.
pub fn begin_cookie(token: &str, lifetime_us: i64, is_secure: bool) -> HeaderValue {
    cookie(token, lifetime_us / 1_000_000, is_secure)
}

/// The `set-cookie` that ends a session.
pub fn end_cookie(is_secure: bool) -> HeaderValue {
    cookie("", 0, is_secure)
}

fn cookie(token: &str, max_age_s: i64, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
    HeaderValue::try_from(text).expect("a token is base64url")
}

/// The client's address: the last `x-forwarded-for`, which our own proxy wrote, or the connection's other end.
fn address(parts: &Parts, is_behind_proxy: bool) -> IpAddr {
    let forwarded = || {
        let last = parts.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    let connected = || parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    is_behind_proxy.then(forwarded).flatten().or_else(connected).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        for (line, expect) in [
            ("dipper_session=abc", Some("abc")),
            ("a=b; dipper_session=abc; c=d", Some("abc")),
            ("xdipper_session=abc", None),
            ("dipper_session=", None),
            ("dipper_session", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            assert_eq!(session_token(&headers), expect, "{line}");
        }
    }

    #[test]
    fn a_forwarded_address_counts_behind_our_own_proxy_only() {
        for (is_behind_proxy, line, expect) in [
            (true, "6.6.6.6, 10.0.0.9", "10.0.0.9"),
            (false, "6.6.6.6", "192.0.2.1"),
            (true, "not an address", "192.0.2.1"),
        ] {
            let mut request = axum::http::Request::new(());
            request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static(line));
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 5))));
            let (parts, ()) = request.into_parts();
            assert_eq!(address(&parts, is_behind_proxy).to_string(), expect, "{line}");
        }
    }
}
