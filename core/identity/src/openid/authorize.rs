//! The authorization request: read, held against the client's registration and the person's consent, and answered.

use std::collections::BTreeMap;

use model::{Instant, MandateId, PartyId};
use serde::{Deserialize, Serialize};
use store::{CodeRow, ConsentRow, PartyKind, SignInMethod, StoreError, Tx};
use url::Url;
use url::form_urlencoded;

use super::OpenId;
use super::client::Client;
use super::scope::{Scope, Scopes};
use crate::sessions::Session;
use crate::token::{Secret, sha256};

/// How long a code may be exchanged, 60 s (RFC 6749 §4.1.2 allows ten times as much).
const CODE_US: i64 = 60_000_000;

/// Longest value of one parameter, bytes.
const VALUE_MAX: usize = 2_048;

/// A request that fits its client.
#[derive(Debug, Clone, PartialEq)]
pub struct Authorization {
    /// Who asks.
    pub client: Client,
    /// What it asks for.
    pub scopes: Scopes,
    redirect_uri: String,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
    prompt: Prompt,
    max_age_s: Option<i64>,
}

/// What the client wants the person to be asked (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Prompt {
    none: bool,
    login: bool,
    consent: bool,
}

/// Why a request goes no further.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// It is shown to the person: whoever wrote it is not known, so nobody is sent anywhere.
    #[error("{0}")]
    Shown(&'static str),
    /// The client is told: the address to send the person to.
    #[error("the client is told")]
    Told(String),
    /// It asks for more than its contract allows: the client is told, and it is written down.
    #[error("the client asks for more than its contract allows")]
    OverScope {
        /// Who asks, or is said to.
        client: Box<Client>,
        /// What it asks for beyond its contract.
        scope: Scopes,
        /// The address to send the person to.
        back: String,
    },
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The person signs in, perhaps once more.
    SignIn,
    /// The person is asked.
    Ask,
    /// The person goes back to the client, to this address.
    Back(String),
}

/// Why a consent was not taken.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// It leaves out that it is they, or has more than was asked for.
    #[error("the consent must have openid and nothing that was not asked for")]
    Scope,
    /// Only residents are signed in elsewhere.
    #[error("only residents sign in to other programs")]
    NotResident,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What belongs to a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CodeBody {
    pub redirect_uri: String,
    pub challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    pub signed_in_s: i64,
    pub method: String,
    /// Under which mandate they act for an organisation, where they let the client know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<MandateId>,
}

impl CodeBody {
    /// How the person had signed in.
    pub fn method(&self) -> SignInMethod {
        SignInMethod::ALL.into_iter().find(|method| method.as_str() == self.method).unwrap_or(SignInMethod::Password)
    }
}

/// Parameters, none of them twice (RFC 6749 §3.1).
fn parameters(query: &str) -> Result<BTreeMap<String, String>, AuthorizeError> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.len() > VALUE_MAX {
            return Err(AuthorizeError::Shown("a parameter of the request is too long"));
        }
        if !value.is_empty() && found.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(AuthorizeError::Shown("a parameter of the request is given twice"));
        }
    }
    Ok(found)
}

/// True for what `code_challenge` may be: 43 characters of base64url (RFC 7636 §4.2 with S256).
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

impl OpenId {
    /// Reads a request.
    ///
    /// # Errors
    /// [`AuthorizeError`].
    pub async fn read(&self, query: &str) -> Result<Authorization, AuthorizeError> {
        let asked = parameters(query)?;
        let get = |name: &str| asked.get(name).cloned();
        let id = get("client_id").unwrap_or_default();
        let client = self.store.read(move |reader| Client::find(reader, &id)).await?;
        let client = client.ok_or(AuthorizeError::Shown("the program that sent you here is not registered"))?;
        let redirect_uri = get("redirect_uri")
            .filter(|uri| client.redirect_uris.contains(uri))
            .ok_or(AuthorizeError::Shown("the address to return to is not registered for this program"))?;
        let state = get("state");
        let told = |error, why| {
            AuthorizeError::Told(self.answer(
                &redirect_uri,
                state.as_deref(),
                &[("error", error), ("error_description", why)],
            ))
        };
        for name in ["request", "request_uri", "registration"] {
            if asked.contains_key(name) {
                let error = if name == "registration" { "registration_not_supported" } else { "request_not_supported" };
                return Err(told(error, "parameters must stand in the request itself"));
            }
        }
        if get("response_type").as_deref() != Some("code") {
            return Err(told("unsupported_response_type", "response_type must be code"));
        }
        if get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(told("invalid_request", "response_mode must be query"));
        }
        let challenge = get("code_challenge").filter(|challenge| is_challenge(challenge));
        let (Some(challenge), Some("S256")) = (challenge, asked.get("code_challenge_method").map(String::as_str))
        else {
            return Err(told("invalid_request", "PKCE is needed: code_challenge with method S256"));
        };
        let scopes = Scopes::parse(&get("scope").unwrap_or_default())
            .map_err(|_| told("invalid_scope", "a scope is not known here"))?;
        let beyond = scopes.without(&client.scopes);
        if !beyond.is_empty() {
            let back = self.answer(
                &redirect_uri,
                state.as_deref(),
                &[("error", "invalid_scope"), ("error_description", "beyond the client's contract")],
            );
            return Err(AuthorizeError::OverScope { client: Box::new(client), scope: beyond, back });
        }
        if !scopes.contains(Scope::OpenId) {
            return Err(told("invalid_scope", "openid is needed"));
        }
        let prompt = prompt(asked.get("prompt").map_or("", String::as_str))
            .ok_or_else(|| told("invalid_request", "prompt must be none, or of login and consent"))?;
        let max_age_s = get("max_age").map(|age| age.parse::<u32>().map(i64::from)).transpose();
        let max_age_s = max_age_s.map_err(|_| told("invalid_request", "max_age must be seconds"))?;
        Ok(Authorization { client, scopes, state, nonce: get("nonce"), challenge, prompt, max_age_s, redirect_uri })
    }

    /// What comes next for who is signed in, or nobody.
    ///
    /// # Errors
    /// [`AuthorizeError::Told`] when the person must not be asked and would have to be.
    pub async fn next(&self, asked: &Authorization, session: Option<&Session>) -> Result<Next, AuthorizeError> {
        let now = self.clock.now();
        let silent = |error, why| Err(AuthorizeError::Told(asked.refusal(self, error, why)));
        let resident = session.filter(|session| session.kind == PartyKind::Resident);
        let is_recent = |session: &&Session| {
            let age_us = now.micros_since(session.signed_in_at);
            asked.max_age_s.is_none_or(|max_s| age_us <= max_s.saturating_mul(1_000_000))
        };
        let Some(session) = resident.filter(is_recent).filter(|_| !asked.prompt.login) else {
            let next = Ok(Next::SignIn);
            return if asked.prompt.none { silent("login_required", "the person must sign in") } else { next };
        };
        let (party, client) = (session.party, asked.client.id.clone());
        let consent = self.store.read(move |reader| reader.find_consent(party, &client)).await?;
        // For which organisation somebody acts is said anew each time.
        let must_ask = asked.prompt.consent || asked.scopes.contains(Scope::Organisation);
        match consent.and_then(|consent| settled(&consent, &asked.scopes)).filter(|_| !must_ask) {
            Some(granted) => Ok(Next::Back(self.give_code(asked, session, &granted, None).await?)),
            None if asked.prompt.none => silent("consent_required", "the person must be asked"),
            None => Ok(Next::Ask),
        }
    }

    /// Takes a person's consent to some of what was asked for; the address to send them back to. `acting` is the mandate under
    /// which they act for an organisation: the client learns of it only where it asked and they agreed.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn grant(
        &self,
        asked: &Authorization,
        session: &Session,
        acting: Option<MandateId>,
        scopes: &Scopes,
    ) -> Result<String, GrantError> {
        if session.kind != PartyKind::Resident {
            return Err(GrantError::NotResident);
        }
        if !scopes.contains(Scope::OpenId) || !scopes.is_within(&asked.scopes) {
            return Err(GrantError::Scope);
        }
        let mandate = acting.filter(|_| scopes.contains(Scope::Organisation));
        // Whoever acts for none has none to tell of.
        let scopes = &if mandate.is_some() { scopes.clone() } else { scopes.without_one(Scope::Organisation) };
        let consent = ConsentRow {
            party: session.party,
            client: asked.client.id.clone(),
            scope: scopes.to_string(),
            asked: asked.scopes.to_string(),
            granted_at: self.clock.now(),
        };
        self.store.write(move |tx: &mut Tx| tx.record_consent(&consent)).await?;
        Ok(self.give_code(asked, session, scopes, mandate).await?)
    }

    async fn give_code(
        &self,
        asked: &Authorization,
        session: &Session,
        scopes: &Scopes,
        mandate: Option<MandateId>,
    ) -> Result<String, StoreError> {
        let body = CodeBody {
            redirect_uri: asked.redirect_uri.clone(),
            challenge: asked.challenge.clone(),
            nonce: asked.nonce.clone(),
            scope: scopes.to_string(),
            signed_in_s: session.signed_in_at.as_micros().div_euclid(1_000_000),
            method: session.method.as_str().to_owned(),
            mandate,
        };
        let body = serde_json::to_string(&body).expect("plain data");
        let (party, client, now): (PartyId, _, Instant) = (session.party, asked.client.id.clone(), self.clock.now());
        let code = self
            .store
            .write(move |tx: &mut Tx| {
                let code = Secret::from_random(tx.random_bytes());
                let (code_hash, expires_at) = (sha256(code.reveal()), now.plus_micros(CODE_US));
                tx.record_code(&CodeRow { code_hash, party, client, body, expires_at, used: false })?;
                Ok::<_, StoreError>(code)
            })
            .await?;
        Ok(self.answer(&asked.redirect_uri, asked.state.as_deref(), &[("code", code.reveal())]))
    }

    /// The address a person is sent back to, with `iss` so that the client knows whose answer it is (RFC 9207).
    fn answer(&self, redirect_uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
        let mut url: Url = redirect_uri.parse().expect("registered addresses are addresses");
        let mut query = url.query_pairs_mut();
        query.extend_pairs(pairs);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.issuer);
        drop(query);
        url.into()
    }
}

impl Authorization {
    /// The address that tells the client that the person said no.
    pub fn denied(&self, provider: &OpenId) -> String {
        self.refusal(provider, "access_denied", "the person said no")
    }

    fn refusal(&self, provider: &OpenId, error: &str, why: &str) -> String {
        provider.answer(&self.redirect_uri, self.state.as_deref(), &[("error", error), ("error_description", why)])
    }
}

/// What of a request an earlier consent allows, where the person was asked about all of it then: what they left out is not
/// asked again unless the client wants it (`prompt=consent`). `None` where something is new.
fn settled(consent: &ConsentRow, asked: &Scopes) -> Option<Scopes> {
    let (granted, before) = (Scopes::parse(&consent.scope).ok()?, Scopes::parse(&consent.asked).ok()?);
    let is_known = asked.without(&granted).is_within(&before);
    is_known.then(|| asked.both(&granted))
}

/// Reads `prompt`; `None` for an unknown word, or `none` beside another.
fn prompt(text: &str) -> Option<Prompt> {
    let mut prompt = Prompt::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            // One account is signed in at a time; choosing another one is signing in.
            "select_account" => prompt.login = true,
            _ => return None,
        }
    }
    (!prompt.none || !(prompt.login || prompt.consent)).then_some(prompt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_read_as_the_standard_says() {
        for (text, expect) in [
            ("", Some((false, false, false))),
            ("none", Some((true, false, false))),
            ("login consent", Some((false, true, true))),
            ("select_account", Some((false, true, false))),
            ("none login", None),
            ("everything", None),
        ] {
            let found = prompt(text).map(|prompt| (prompt.none, prompt.login, prompt.consent));
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn a_parameter_stands_once() {
        assert!(matches!(parameters("a=1&a=1"), Err(AuthorizeError::Shown(_))));
        assert!(matches!(parameters(&format!("a={}", "x".repeat(VALUE_MAX + 1))), Err(AuthorizeError::Shown(_))));
        assert_eq!(
            parameters("a=&b=%20x").unwrap().into_iter().collect::<Vec<_>>(),
            [("b".to_owned(), " x".to_owned())]
        );
    }
}
