//! `POST /session/upstream/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use identity::PartyKind;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::openid::upstream::{browser_cookie, upstream_refused, upstreams};
use crate::wire::*;

/// Sends the caller to another provider: to sign in, or to link their account there to the one they are signed in to.
#[utoipa::path(
    post,
    path = "/session/upstream/{id}",
    tag = "session",
    params(("id" = String, Path, description = "The provider")),
    request_body = UpstreamInput,
    responses((status = 200, description = "Go there", body = UpstreamSent), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The provider does not answer", body = Problem))
)]
pub async fn begin_upstream(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Body(input): Body<UpstreamInput>,
) -> Result<Response, Refused> {
    app.limits.sign_in.take(caller.address.to_string(), app.now()).map_err(Refused::too_many)?;
    let link = if input.link {
        let session = caller.present(&app)?;
        if session.kind != PartyKind::Resident {
            return Err(Refused::forbidden());
        }
        Some(session.party)
    } else {
        None
    };
    let then = input.then.filter(|then| is_page(then));
    let sent = upstreams(&app)?.begin(&id, link, then).await.map_err(upstream_refused)?;
    let cookie = browser_cookie(sent.browser.reveal(), 600, app.settings.secure_cookies);
    let about = [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"))];
    Ok((about, Json(UpstreamSent { to: sent.to })).into_response())
}

/// A page of the resident face: never another host.
fn is_page(then: &str) -> bool {
    let is_plain = then.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_plain && then.starts_with('/') && !then.starts_with("//") && then.len() <= 1_000
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn one_goes_on_to_pages_of_ours_alone() {
        for (then, expect) in [
            ("/", true),
            ("/services/a/apply?x=1", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("evil", false),
            ("/a\r\nset-cookie: b", false),
            ("", false),
        ] {
            assert_eq!(is_page(then), expect, "{then:?}");
        }
    }
}
