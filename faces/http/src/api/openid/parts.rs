//! What the endpoints share.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use identity::openid::{AuthorizeError, Client, Scope, Scopes};
use model::PartyId;
use store::{Reader, StoreError};

use crate::convert::{plain, text, time};
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
        Scope::RealName => wire::OpenIdScope::RealName,
        Scope::IdNumber => wire::OpenIdScope::IdNumber,
        Scope::Organisation => wire::OpenIdScope::Organisation,
    };
    scopes.iter().map(view).collect()
}

/// What programs were told about a person, the latest first, at most `limit`.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn disclosures(reader: &mut Reader, party: PartyId, limit: u32) -> Result<Vec<wire::DisclosureEntry>, StoreError> {
    let rows = reader.list_disclosures(party, limit)?;
    let mut clients: BTreeMap<String, Option<Client>> = BTreeMap::new();
    rows.into_iter()
        .map(|row| {
            if !clients.contains_key(&row.client) {
                clients.insert(row.client.clone(), Client::find(reader, &row.client)?);
            }
            let known = clients.get(&row.client).and_then(Option::as_ref);
            Ok(wire::DisclosureEntry {
                at: time(row.at),
                client: known.map_or_else(|| plain(&row.client), |client| text(&client.name)),
                purpose: known.map(|client| text(&client.purpose)).unwrap_or_default(),
                scopes: scopes_view(&Scopes::parse(&row.scope).unwrap_or_default()),
            })
        })
        .collect()
}

/// Scopes as a person chose them.
pub fn chosen(scopes: &[wire::OpenIdScope]) -> Scopes {
    let word = |scope: &wire::OpenIdScope| match scope {
        wire::OpenIdScope::Openid => Scope::OpenId.as_str(),
        wire::OpenIdScope::Profile => Scope::Profile.as_str(),
        wire::OpenIdScope::RealName => Scope::RealName.as_str(),
        wire::OpenIdScope::IdNumber => Scope::IdNumber.as_str(),
        wire::OpenIdScope::Organisation => Scope::Organisation.as_str(),
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
        AuthorizeError::Told(to) | AuthorizeError::OverScope { back: to, .. } => Ok(to),
        AuthorizeError::Shown(why) => Err(Refused::new(StatusCode::BAD_REQUEST, "bad_authorization", why)),
        AuthorizeError::Store(error) => Err(error.into()),
    }
}
