//! Registered clients: who they are, under which contract and for what purpose they ask, where they may be sent.

use credential::{Algorithm, KeyError, PublicKey};
use model::{Instant, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{OpenIdClientRow, Reader, StoreError, Tx};
use url::Url;

use super::scope::{Scope, Scopes};

/// Longest id of a client, characters.
const ID_MAX: usize = 64;

/// Most addresses and keys of one client.
const LIST_MAX: usize = 10;

/// Requests a day where the contract names no other number.
const REQUESTS_PER_DAY: u32 = 10_000;

/// A client as its file says it (names of RFC 7591 §2 and OpenID Connect Registration §2, and three of ours).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    client_id: String,
    client_name: String,
    #[serde(rename = "client_name#en")]
    client_name_en: String,
    redirect_uris: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    post_logout_redirect_uris: Vec<String>,
    jwks: Jwks,
    scope: String,
    #[serde(default = "eddsa")]
    id_token_signed_response_alg: String,
    /// Number of the contract that lets it ask.
    contract: String,
    /// What it may use the answers for, in the words that people are asked with.
    purpose: String,
    #[serde(rename = "purpose#en")]
    purpose_en: String,
    #[serde(default = "requests_per_day")]
    requests_per_day: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Jwks {
    keys: Vec<Map<String, Value>>,
}

fn eddsa() -> String {
    Algorithm::EdDsa.as_str().to_owned()
}

const fn requests_per_day() -> u32 {
    REQUESTS_PER_DAY
}

/// A client that fits the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// Where people may be sent back to: compared as texts (RFC 9700 §2.1).
    pub redirect_uris: Vec<String>,
    /// Where they may be sent after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The keys it proves itself with.
    pub keys: Vec<ClientKey>,
    /// Everything it may ask for.
    pub scopes: Scopes,
    /// How what it is told is signed.
    pub algorithm: Algorithm,
    /// The number of its contract.
    pub contract: String,
    /// What it may use the answers for.
    pub purpose: Text,
    /// Requests it may make on a day.
    pub requests_per_day: u32,
}

/// A key of a client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientKey {
    /// Its id, when it has one.
    pub kid: Option<String>,
    /// The key.
    pub key: PublicKey,
}

/// Why a client is not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The file is not of the form.
    #[error("the client's metadata do not fit: {0}")]
    Form(String),
    /// One member does not fit.
    #[error("{member}: {rule}")]
    Member {
        /// Which.
        member: &'static str,
        /// What it must be.
        rule: String,
    },
}

fn member(member: &'static str, rule: impl Into<String>) -> ClientError {
    ClientError::Member { member, rule: rule.into() }
}

impl Client {
    /// Reads the metadata of a client.
    ///
    /// # Errors
    /// [`ClientError`], naming the member and its rule.
    pub fn parse(json: &str) -> Result<Self, ClientError> {
        let metadata: Metadata = serde_json::from_str(json).map_err(|error| ClientError::Form(error.to_string()))?;
        let is_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if !(1..=ID_MAX).contains(&metadata.client_id.len()) || !metadata.client_id.chars().all(is_id) {
            return Err(member("client_id", format!("1 to {ID_MAX} of a-z, 0-9, '-', '_', '.'")));
        }
        if metadata.redirect_uris.is_empty() {
            return Err(member("redirect_uris", "at least one"));
        }
        for (name, uris) in [
            ("redirect_uris", &metadata.redirect_uris),
            ("post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
        ] {
            check_addresses(name, uris)?;
        }
        for (name, text) in [("contract", &metadata.contract), ("purpose", &metadata.purpose)] {
            if text.trim().is_empty() || text.chars().count() > 200 {
                return Err(member(name, "1 to 200 characters"));
            }
        }
        let scopes = Scopes::parse(&metadata.scope).map_err(|error| member("scope", error.to_string()))?;
        if !scopes.contains(Scope::OpenId) {
            return Err(member("scope", "must have openid"));
        }
        let algorithm = Algorithm::find(&metadata.id_token_signed_response_alg)
            .ok_or_else(|| member("id_token_signed_response_alg", "EdDSA or ES256"))?;
        let text = |zh: String, en: String| Text([("zh-CN".to_owned(), zh), ("en".to_owned(), en)].into());
        Ok(Self {
            id: metadata.client_id,
            name: text(metadata.client_name, metadata.client_name_en),
            redirect_uris: metadata.redirect_uris,
            post_logout_redirect_uris: metadata.post_logout_redirect_uris,
            keys: read_keys(&metadata.jwks)?,
            scopes,
            algorithm,
            contract: metadata.contract,
            purpose: text(metadata.purpose, metadata.purpose_en),
            requests_per_day: metadata.requests_per_day,
        })
    }

    /// Registers a client, or replaces what was registered of it.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not take it. The caller has parsed the same text.
    pub fn record(&self, tx: &mut Tx, json: &str, now: Instant) -> Result<(), StoreError> {
        let row = OpenIdClientRow { id: self.id.clone(), metadata: json.to_owned(), disabled: false, created_at: now };
        tx.record_openid_client(&row)
    }

    /// A client in use; `None` for an unknown or disabled one.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub fn find(reader: &mut Reader, id: &str) -> Result<Option<Self>, StoreError> {
        let row = reader.find_openid_client(id)?.filter(|row| !row.disabled);
        Ok(row.and_then(|row| Self::parse(&row.metadata).ok()))
    }

    /// The keys that a token with this key id and algorithm may be signed by.
    pub fn keys_for<'a>(&'a self, kid: Option<&'a str>, algorithm: Algorithm) -> impl Iterator<Item = &'a PublicKey> {
        let is_meant = move |key: &&ClientKey| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid;
        self.keys.iter().filter(is_meant).map(|key| &key.key).filter(move |key| key.algorithm() == algorithm)
    }
}

/// Addresses people are sent to: https, or this very machine for programs on a desk (RFC 8252 §7.3); no fragment.
fn check_addresses(name: &'static str, uris: &[String]) -> Result<(), ClientError> {
    if uris.len() > LIST_MAX {
        return Err(member(name, format!("at most {LIST_MAX}")));
    }
    for uri in uris {
        let url: Url = uri.parse().map_err(|_| member(name, format!("`{uri}` is no address")))?;
        let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
        if !is_safe || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(member(name, format!("`{uri}` must be https, without fragment and user")));
        }
    }
    Ok(())
}

fn read_keys(jwks: &Jwks) -> Result<Vec<ClientKey>, ClientError> {
    if !(1..=LIST_MAX).contains(&jwks.keys.len()) {
        return Err(member("jwks", format!("1 to {LIST_MAX} keys")));
    }
    let read = |jwk: &Map<String, Value>| {
        let key = PublicKey::from_jwk(jwk).map_err(|error: KeyError| member("jwks", error.to_string()))?;
        Ok(ClientKey { kid: jwk.get("kid").and_then(Value::as_str).map(str::to_owned), key })
    };
    jwks.keys.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
        "client_id": "lake-tickets", "client_name": "湖区票务", "client_name#en": "Lake tickets",
        "redirect_uris": ["https://tickets.example/back", "http://127.0.0.1:9000/back"],
        "jwks": {"keys": [{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"1"}]},
        "scope": "openid profile", "contract": "HT-2026-17", "purpose": "预约入园", "purpose#en": "Booking a visit"
    }"#;

    #[test]
    fn a_client_that_fits_is_read() {
        let client = Client::parse(GOOD).unwrap();
        assert_eq!(
            (client.id.as_str(), client.algorithm, client.requests_per_day),
            ("lake-tickets", Algorithm::EdDsa, 10_000)
        );
        assert_eq!(client.purpose.in_locale("en"), "Booking a visit");
        for (kid, algorithm, expect) in [
            (Some("1"), Algorithm::EdDsa, 1),
            (None, Algorithm::EdDsa, 1),
            (Some("2"), Algorithm::EdDsa, 0),
            (Some("1"), Algorithm::Es256, 0),
        ] {
            assert_eq!(client.keys_for(kid, algorithm).count(), expect, "{kid:?} {algorithm:?}");
        }
    }

    #[test]
    fn each_rule_names_its_member() {
        for (from, to, expect) in [
            (r#""lake-tickets""#, r#""Lake Tickets""#, "client_id"),
            ("https://tickets.example/back", "http://tickets.example/back", "redirect_uris"),
            ("https://tickets.example/back", "https://tickets.example/back#x", "redirect_uris"),
            ("https://tickets.example/back", "javascript:alert(1)", "redirect_uris"),
            ("https://tickets.example/back", "https://u:p@tickets.example/back", "redirect_uris"),
            ("https://tickets.example/back", "/back", "redirect_uris"),
            ("openid profile", "profile", "scope"),
            ("openid profile", "openid everything", "scope"),
            (r#""contract": "HT-2026-17""#, r#""contract": " ""#, "contract"),
            (r#""kid":"1""#, r#""d":"AA""#, "jwks"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let found = Client::parse(&text);
            assert!(matches!(&found, Err(ClientError::Member { member, .. }) if *member == expect), "{to}: {found:?}");
        }
        assert!(matches!(Client::parse("{}"), Err(ClientError::Form(_))));
        assert!(matches!(Client::parse(&GOOD.replacen("contract", "contracts", 1)), Err(ClientError::Form(_))));
    }
}
