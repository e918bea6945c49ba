//! What the endpoints share.

use axum::http::StatusCode;
use identity::openid::{AuthorizeError, Client, Scope, Scopes};

use crate::convert::text;
use crate::error::Refused;
use crate::wire;

/// A program as people see it.
pub fn client_view(client: &Client) -> wire::OpenIdClient {
    wire::OpenIdClient {
        id: client.id.clone(),
        title: text(&client.name),
        purpose: text(&client.purpose),
        contract: client.contract.clone(),
    }
}

/// Scopes as people see them.
pub fn scopes_view(scopes: &Scopes) -> Vec<wire::OpenIdScope> {
    let view = |scope| match scope {
        Scope::OpenId => wire::OpenIdScope::Openid,
        Scope::Profile => wire::OpenIdScope::Profile,
    };
    scopes.iter().map(view).collect()
}

/// Scopes as a person chose them.
pub fn chosen(scopes: &[wire::OpenIdScope]) -> Scopes {
    let word = |scope: &wire::OpenIdScope| match scope {
        wire::OpenIdScope::Openid => Scope::OpenId.as_str(),
        wire::OpenIdScope::Profile => Scope::Profile.as_str(),
    };
    let words: Vec<&str> = scopes.iter().map(word).collect();
    Scopes::parse(&words.join(" ")).unwrap_or_default()
}

/// A request that goes no further, told to the page; where to go when the program must be told.
///
/// # Errors
/// [`Refused`] when nobody is sent anywhere.
pub fn told(error: AuthorizeError) -> Result<String, Refused> {
    match error {
        AuthorizeError::Told(to) => Ok(to),
        AuthorizeError::Shown(why) => Err(Refused::new(StatusCode::BAD_REQUEST, "bad_authorization", why)),
        AuthorizeError::Store(error) => Err(error.into()),
    }
}
