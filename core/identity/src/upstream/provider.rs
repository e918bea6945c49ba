//! Which providers people may sign in with: read from the operator's file, each held against what the provider says of itself.

use std::collections::BTreeMap;

use credential::HolderKey;
use model::Text;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::identities::Level;

/// Why the file of providers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It has not the form.
    #[error("the file of providers does not fit: {0}")]
    Form(String),
    /// An id is no word, or stands twice.
    #[error("provider `{0}`: an id is 1 to 32 of a-z, 0-9 and -, and stands once")]
    Id(String),
    /// An issuer is no address, or not under TLS.
    #[error("provider `{0}`: the issuer must be an https address without query; http only on this machine")]
    Issuer(String),
    /// Not exactly one way to prove the client.
    #[error("provider `{0}`: give client_secret_file or client_key_file, one of them")]
    Proof(String),
    /// A level is none of ours.
    #[error("provider `{0}`: levels map to L1, L2 or L3; `{1}` is none")]
    Level(String, String),
}

/// How this city proves itself to a provider.
#[derive(Clone)]
pub enum ClientProof {
    /// By a shared secret (`client_secret_basic`).
    Secret(String),
    /// By a key of its own (`private_key_jwt`).
    Key(Box<HolderKey>),
}

/// The claims that name a person, where the provider tells them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityClaims {
    /// The claim with the name on the identity card.
    pub name: String,
    /// The claim with the identity number.
    pub id_number: String,
}

/// One provider as the file declares it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// A word for it, part of addresses here.
    pub id: String,
    /// What the button says.
    pub title: Text,
    /// Its issuer, as registered with it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// File with the shared secret.
    #[serde(default)]
    pub client_secret_file: Option<std::path::PathBuf>,
    /// File with our key, 32 bytes of Ed25519 or of P-256; made when absent.
    #[serde(default)]
    pub client_key_file: Option<std::path::PathBuf>,
    /// The algorithm of our key, `ES256` when absent.
    #[serde(default)]
    pub client_key_algorithm: Option<String>,
    /// What is asked for, `openid` first.
    #[serde(default)]
    pub scope: Option<String>,
    /// What its `acr` means here; a value that is not named means L1.
    #[serde(default)]
    pub levels: BTreeMap<String, String>,
    /// Claims that name the person; believed only at a level of L2 or above.
    #[serde(default)]
    pub identity_claims: Option<IdentityClaims>,
}

/// A provider that people may sign in with.
#[derive(Clone)]
pub struct Provider {
    /// A word for it.
    pub id: String,
    /// What the button says.
    pub title: Text,
    /// Its issuer.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// How we prove ourselves.
    pub proof: ClientProof,
    /// What is asked for.
    pub scope: String,
    /// What its `acr` means here.
    pub levels: BTreeMap<String, Level>,
    /// Claims that name the person.
    pub identity_claims: Option<IdentityClaims>,
}

impl Provider {
    /// Reads the file of providers. Secrets are read by the caller.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn read(text: &str) -> Result<Vec<Declared>, ProviderError> {
        let declared: Vec<Declared> =
            serde_json::from_str(text).map_err(|error| ProviderError::Form(error.to_string()))?;
        for (at, one) in declared.iter().enumerate() {
            let is_word = (1..=32).contains(&one.id.len())
                && one.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !is_word || declared[..at].iter().any(|before| before.id == one.id) {
                return Err(ProviderError::Id(one.id.clone()));
            }
        }
        Ok(declared)
    }

    /// One provider with the way we prove ourselves to it.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub fn of(declared: Declared, proof: ClientProof) -> Result<Self, ProviderError> {
        let Declared { id, title, issuer, client_id, scope, levels, identity_claims, .. } = declared;
        if !is_issuer(&issuer) {
            return Err(ProviderError::Issuer(id));
        }
        let level = |(acr, word): (String, String)| {
            let known = [Level::L1, Level::L2, Level::L3].into_iter().find(|level| level.as_str() == word);
            known.map(|level| (acr, level)).ok_or_else(|| ProviderError::Level(id.clone(), word))
        };
        let levels = levels.into_iter().map(level).collect::<Result<_, _>>()?;
        let scope = scope.unwrap_or_else(|| "openid profile".to_owned());
        Ok(Self { id, title, issuer, client_id, proof, scope, levels, identity_claims })
    }
}

impl Provider {
    /// What the provider is asked to be sure of (`acr_values`), the highest of our levels first; nothing where none is mapped.
    pub(super) fn acr_values(&self) -> Option<String> {
        let mut values: Vec<(&String, &Level)> = self.levels.iter().collect();
        values.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
        let words: Vec<&str> = values.into_iter().map(|(acr, _)| acr.as_str()).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.id)
    }
}

/// An https address without query or fragment; http for a name of this machine.
fn is_issuer(issuer: &str) -> bool {
    is_address(issuer) && Url::parse(issuer).is_ok_and(|url| url.query().is_none() && url.fragment().is_none())
}

fn is_address(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// What a provider says of itself (OpenID Connect Discovery §3), as far as it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Whether it names itself in its answers (RFC 9207).
    pub names_itself: bool,
}

impl Metadata {
    /// Reads a discovery document; `None` when it is of another issuer or lacks an address.
    pub fn read(document: &Map<String, Value>, issuer: &str) -> Option<Self> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        let address = |name: &str| text(name).filter(|address| is_address(address));
        if text("issuer").as_deref() != Some(issuer) {
            return None;
        }
        Some(Self {
            authorization_endpoint: address("authorization_endpoint")?,
            token_endpoint: address("token_endpoint")?,
            jwks_uri: address("jwks_uri")?,
            names_itself: document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
        })
    }
}
