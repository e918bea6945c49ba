//! What a terminal of a service hall is to this face: a cookie, and a list of what is done there. The rest is refused.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::caller::find_cookie;
use crate::error::Refused;

/// The cookie of a terminal. It goes with every request of that browser, so that nothing else is done with it.
const COOKIE: &str = "dipper_kiosk";

/// How long a terminal stays one without being opened anew, seconds: 400 days, the most that browsers keep.
const LIFETIME_S: i64 = 400 * 86_400;

/// What is done at a terminal: finding a service, applying, paying, booking, drawing a number, seeing how far it is.
///
/// What is not here is for a device of one's own: ways to sign in, mandates, other programs, hospitals, erasure, a copy of
/// all one's data, addresses, licences bound to a device. Deny by default: a new endpoint is not done at terminals.
const AT_KIOSKS: &[&str] = &[
    "GET /city",
    "GET /categories",
    "GET /regions",
    "GET /offices",
    "GET /catalogue",
    "GET /services",
    "GET /services/{id}",
    "GET /services/{id}/form",
    "GET /services/{id}/slots",
    "GET /services/{id}/draft",
    "PUT /services/{id}/draft",
    "DELETE /services/{id}/draft",
    "GET /services/{id}/prefill",
    "POST /services/{id}/prefill",
    "POST /services/{id}/applications",
    "POST /evidence",
    "GET /evidence/{id}",
    "GET /drafts",
    "GET /places",
    "GET /locate",
    "GET /reports/mine",
    "GET /reports/{case_no}",
    "GET /reports/{case_no}/application",
    "PUT /reports/{case_no}/application",
    "GET /reports/{case_no}/fee",
    "POST /reports/{case_no}/payment",
    "POST /reports/{case_no}/actions/{action}",
    "PUT /reports/{case_no}/visit",
    "DELETE /reports/{case_no}/visit",
    "POST /reports/{case_no}/visit/arrival",
    "GET /accesses",
    "GET /accountability",
    "GET /licences",
    "GET /person/identity",
    "GET /notifications/unread",
    "GET /session",
    "DELETE /session",
    "POST /kiosk",
    "POST /kiosk/sign-in",
    "POST /kiosk/sign-in/session",
];

/// What a terminal's cookie holds.
pub fn kiosk_secret(headers: &HeaderMap) -> Option<&str> {
    find_cookie(headers, COOKIE)
}

/// The `set-cookie` that makes a browser a terminal; with an empty secret it is one no longer.
pub fn kiosk_cookie(secret: &str, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let age = if secret.is_empty() { 0 } else { LIFETIME_S };
    let text = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    HeaderValue::try_from(text).expect("a secret is base64url")
}

/// Refuses what is not done at a terminal, whoever is signed in there.
pub async fn only_what_is_done_at_kiosks(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    if kiosk_secret(request.headers()).is_none() || is_done_at_kiosks(request.method(), route) {
        return next.run(request).await;
    }
    let words = "this is not done at a terminal of a service hall: use your own phone or computer";
    Refused::new(StatusCode::FORBIDDEN, "not_at_kiosk", words).into_response()
}

fn is_done_at_kiosks(method: &Method, route: &str) -> bool {
    let route = route.strip_prefix("/api/v1").unwrap_or(route);
    AT_KIOSKS.iter().any(|done| done.split_once(' ') == Some((method.as_str(), route)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_not_done_at_terminals() {
        for (method, route, expect) in [
            (Method::GET, "/api/v1/services/{id}", true),
            (Method::PUT, "/api/v1/services/{id}/draft", true),
            (Method::POST, "/api/v1/services/{id}/applications", true),
            (Method::DELETE, "/api/v1/session", true),
            (Method::POST, "/api/v1/session", false),
            (Method::POST, "/api/v1/residents", false),
            (Method::PUT, "/api/v1/security/password", false),
            (Method::POST, "/api/v1/security/passkeys", false),
            (Method::GET, "/api/v1/person/export", false),
            (Method::POST, "/api/v1/person/erasure", false),
            (Method::POST, "/api/v1/mandates", false),
            (Method::GET, "/api/v1/children", false),
            (Method::POST, "/api/v1/children", false),
            (Method::POST, "/api/v1/openid/authorization", false),
            (Method::POST, "/api/v1/licences/{id}/copies", false),
            (Method::POST, "/api/v1/hospital-visits", false),
            (Method::POST, "/api/v1/kiosks/agreement", false),
            (Method::GET, "", false),
        ] {
            assert_eq!(is_done_at_kiosks(&method, route), expect, "{method} {route}");
        }
    }
}
