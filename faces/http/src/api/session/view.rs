//! A session as the faces see it, and the answer that begins one.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::{KIOSK_LIFETIME_US, PartyKind, Session, SignedIn, lifetime_us};
use pack::City;

use crate::app::App;
use crate::caller::{begin_cookie, session_token};
use crate::convert::{plain, text, time};
use crate::error::Refused;
use crate::wire;

/// Who is signed in; nobody without a session.
pub fn session_view(app: &App, session: Option<&Session>) -> wire::Session {
    let compiled = app.current();
    let grants = session.map_or(&[][..], |session| &session.grants);
    let roles = grants.iter().filter_map(|grant| compiled.city.role(&grant.role));
    let mut permissions: Vec<String> = roles.flat_map(|role| role.permissions.iter().cloned()).collect();
    permissions.sort_unstable();
    permissions.dedup();
    wire::Session {
        party: session.map(|session| wire::SessionParty {
            id: session.party.to_string(),
            display_name: session.display_name.clone(),
            kind: match session.kind {
                PartyKind::Staff => wire::PartyKind::Staff,
                // Nobody signs in as an organisation.
                PartyKind::Resident | PartyKind::Organisation | PartyKind::Child => wire::PartyKind::Resident,
            },
        }),
        grants: grants.iter().filter_map(|grant| grant_view(&compiled.city, grant)).collect(),
        permissions,
        csrf_token: session.map_or_else(String::new, |session| session.csrf.clone()),
        method: session.map(|session| session.method.into()),
        acting: None,
        kiosk: None,
        is_present: session.is_some_and(|session| session.is_present(app.now())),
        passkey_host: app.accounts.passkey_host().map(str::to_owned),
        upstreams: upstreams(app),
        server_time: time(app.now()),
    }
}

/// Other providers that residents may sign in with.
fn upstreams(app: &App) -> Vec<wire::UpstreamView> {
    let providers = app.upstream.iter().flat_map(|upstream| upstream.providers());
    providers.map(|one| wire::UpstreamView { id: one.id.clone(), title: text(&one.title) }).collect()
}

/// A post; `None` when the pack no longer has its role.
fn grant_view(found: &City, grant: &identity::Grant) -> Option<wire::SessionGrant> {
    let role = found.role(&grant.role)?;
    Some(wire::SessionGrant {
        role: grant.role.to_string(),
        role_title: text(&role.title),
        face: role.face.into(),
        office: grant.office.to_string(),
        office_title: found
            .office(&grant.office)
            .map_or_else(|| plain(grant.office.as_str()), |office| text(&office.title)),
        region: grant.region.to_string(),
        region_title: found
            .region(&grant.region)
            .map_or_else(|| plain(grant.region.as_str()), |region| text(&region.title)),
    })
}

/// The answer that begins a session: the cookie, and the session as the faces see it. The session whose cookie it replaces
/// ends: nobody could use it again.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn begin(
    app: &App,
    status: StatusCode,
    headers: &HeaderMap,
    signed_in: &SignedIn,
) -> Result<Response, Refused> {
    if let Some(token) = session_token(headers) {
        app.accounts.sign_out(token).await?;
    }
    let session = &signed_in.session;
    let lifetime_us = if session.kiosk.is_some() { KIOSK_LIFETIME_US } else { lifetime_us(session.kind) };
    let cookie = begin_cookie(signed_in.token.reveal(), lifetime_us, app.settings.secure_cookies);
    let about = [(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"))];
    Ok((status, about, Json(session_view(app, Some(&signed_in.session)))).into_response())
}
