//! Where programs send people: signed in and asked before, they go straight back; else to the page that asks.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use identity::openid::{AuthorizeError, Next};

use super::{provider, read};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;

/// The page of the resident face that signs in and asks.
const PAGE: &str = "/authorize";

/// The page that asks whether to sign out.
const LOGOUT_PAGE: &str = "/sign-out";

/// `GET /openid/authorize` (OpenID Connect Core §3.1.2.1).
pub async fn by_query(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    go(&app, &caller, &query.unwrap_or_default()).await
}

/// `POST /openid/authorize`: the same as a form. The cookie of a session does not come with it from another site, so the
/// page asks.
pub async fn by_form(State(app): State<Arc<App>>, body: String) -> Result<Response, Refused> {
    let provider = provider(&app)?;
    match read(&app, provider, &body).await {
        Ok(_) => Ok(see(&format!("{PAGE}?{body}"))),
        Err(error) => refused(error),
    }
}

async fn go(app: &App, caller: &Caller, query: &str) -> Result<Response, Refused> {
    let provider = provider(app)?;
    let next = match read(app, provider, query).await {
        Ok(asked) => provider.next(&asked, caller.session.as_deref()).await,
        Err(error) => Err(error),
    };
    match next {
        Ok(Next::Back(to)) => Ok(see(&to)),
        Ok(Next::SignIn | Next::Ask) => Ok(see(&format!("{PAGE}?{query}"))),
        Err(error) => refused(error),
    }
}

fn refused(error: AuthorizeError) -> Result<Response, Refused> {
    match error {
        AuthorizeError::Told(to) | AuthorizeError::OverScope { back: to, .. } => Ok(see(&to)),
        AuthorizeError::Shown(why) => Ok(shown(why)),
        AuthorizeError::Store(error) => Err(error.into()),
    }
}

/// `GET /openid/logout` (RP-Initiated Logout 1.0 §2): the person is asked, on a page of ours.
pub async fn logout(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Result<Response, Refused> {
    provider(&app)?;
    Ok(see(&format!("{LOGOUT_PAGE}?{}", query.unwrap_or_default())))
}

/// `POST /openid/logout`: the same as a form.
pub async fn logout_by_form(State(app): State<Arc<App>>, body: String) -> Result<Response, Refused> {
    provider(&app)?;
    Ok(see(&format!("{LOGOUT_PAGE}?{body}")))
}

/// 303 to an address, or 400 where it cannot stand in a header.
fn see(to: &str) -> Response {
    match header::HeaderValue::try_from(to) {
        Ok(to) => (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, to), (header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"))],
        )
            .into_response(),
        Err(_) => shown("the request has characters that no address may have"),
    }
}

/// A request by whom nobody knows: told to the person, who is sent nowhere.
fn shown(why: &'static str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Dipper 天枢</title>\
<h1>这个登录请求不能用</h1><p>送您来的应用没有登记，或者它的请求不完整。请不要继续，并告诉该应用的运营方。</p>\
<p lang=\"en\">This request to sign in cannot be used: {why}. Please do not go on, and tell whoever runs that program.</p>\
<p><a href=\"/\">返回首页 · Home</a></p></html>"
    );
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}
