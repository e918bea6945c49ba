//! Tokens: a code becomes an access token and an ID token once; an access token opens what the person allowed.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::{Algorithm, Jws};
use model::{Instant, MandateId, PartyId};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};
use store::{Basis, CodeRow, DisclosureRow, PartyRow, StoreError, TokenRow, Tx};
use url::form_urlencoded;

use super::authorize::CodeBody;
use super::client::Client;
use super::scope::{Scope, Scopes, acr, amr};
use super::{OpenId, keys};
use crate::identities::{Level, Verified, find_level};
use crate::mandates::find_agent;
use crate::token::{Secret, same, sha256};
use crate::vault::VaultError;

/// How long an access token and an ID token are good, 10 min.
const TOKEN_S: i64 = 600;

/// An assertion of a client may be good for at most this long from now, an hour as authlib makes them: so long its `jti` is
/// remembered.
const ASSERTION_S: i64 = 3_600;

/// Clocks may differ by this much, 30 s.
const SKEW_S: i64 = 30;

/// The kind of assertion clients prove themselves by (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a code was exchanged for.
#[derive(Clone)]
pub struct Exchanged {
    /// The access token.
    pub access_token: Secret,
    /// The ID token.
    pub id_token: String,
    /// What the access token opens.
    pub scope: Scopes,
    /// How long it does, seconds.
    pub expires_in_s: i64,
}

/// Why a token was not given (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The client did not prove itself.
    #[error("invalid_client: {0}")]
    Client(&'static str),
    /// The request is malformed.
    #[error("invalid_request: {0}")]
    Request(&'static str),
    /// Only codes are exchanged here.
    #[error("unsupported_grant_type: grant_type must be authorization_code")]
    GrantType,
    /// The code is not good, or not for this client, address or verifier.
    #[error(
        "invalid_grant: the code is unknown, used, expired, or not for this client, redirect_uri and code_verifier"
    )]
    Grant,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an access token opens nothing (RFC 6750 §3.1).
#[derive(Debug, thiserror::Error)]
pub enum UserInfoError {
    /// It is unknown, expired or withdrawn.
    #[error("the access token is unknown, expired or withdrawn")]
    Token,
    /// The client has asked as often as its contract allows on a day.
    #[error("the client has made its {} requests of today", .0.requests_per_day)]
    Quota(Box<Client>),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A client that has proved itself, by an assertion that must not be taken again.
struct Proved {
    client: Client,
    jti: [u8; 32],
    expires_at: Instant,
}

fn form(body: &str) -> Result<BTreeMap<String, String>, TokenError> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        if found.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(TokenError::Request("a parameter is given twice"));
        }
    }
    Ok(found)
}

/// `code_challenge` of a verifier by S256; `None` when the verifier is not one (RFC 7636 §4.1, §4.2).
fn challenge_of(verifier: &str) -> Option<String> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    let fits = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_allowed);
    fits.then(|| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())))
}

/// The left half of a token's hash, by the hash that the ID token's signature uses (OpenID Connect Core §3.1.3.6): that of
/// Ed25519 is SHA-512 (RFC 8032 §5.1).
fn left_half(algorithm: Algorithm, token: &str) -> String {
    match algorithm {
        Algorithm::EdDsa => URL_SAFE_NO_PAD.encode(&Sha512::digest(token.as_bytes())[..32]),
        Algorithm::Es256 => URL_SAFE_NO_PAD.encode(&Sha256::digest(token.as_bytes())[..16]),
    }
}

impl OpenId {
    /// Exchanges a code; `body` is the form of the request.
    ///
    /// # Errors
    /// [`TokenError`]. A code used twice takes back what its first use gave.
    pub async fn exchange(&self, body: &str) -> Result<Exchanged, TokenError> {
        let form = form(body)?;
        let proved = self.prove(&form).await?;
        if form.get("grant_type").map(String::as_str) != Some("authorization_code") {
            return Err(TokenError::GrantType);
        }
        let get = |name| {
            form.get(name).cloned().ok_or(TokenError::Request("code, redirect_uri and code_verifier are needed"))
        };
        let (code, redirect_uri, verifier) = (get("code")?, get("redirect_uri")?, get("code_verifier")?);
        let challenge = challenge_of(&verifier).ok_or(TokenError::Grant)?;
        let (now, client) = (self.clock.now(), proved.client.clone());
        let outcome = self
            .store
            .write(move |tx: &mut Tx| {
                if !tx.take_assertion(&proved.client.id, &proved.jti, proved.expires_at)? {
                    return Ok(Err(TokenError::Client("the assertion was used before")));
                }
                Ok::<_, StoreError>(
                    take_code(tx, &proved.client, &code, &redirect_uri, &challenge, now)?.ok_or(TokenError::Grant),
                )
            })
            .await?;
        let taken = outcome?;
        let claims = self.id_claims(&client, &taken, now);
        let keys = self.keys().await?;
        let key = keys.signing(client.algorithm, now).ok_or(TokenError::Request("there is no key to sign with"))?;
        let id_token = key.key.sign_jws("JWT", Some(&key.kid), &claims);
        let scope = Scopes::parse(&taken.body.scope).unwrap_or_default();
        Ok(Exchanged { access_token: taken.token, id_token, scope, expires_in_s: TOKEN_S })
    }

    fn id_claims(&self, client: &Client, taken: &Taken, now: Instant) -> Map<String, Value> {
        let now_s = now.as_micros().div_euclid(1_000_000);
        let method = taken.body.method();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": taken.subject,
            "aud": client.id,
            "iat": now_s,
            "exp": now_s + TOKEN_S,
            "auth_time": taken.body.signed_in_s,
            "acr": acr(taken.level, method, taken.is_organisation),
            "amr": amr(method),
            "at_hash": left_half(client.algorithm, taken.token.reveal()),
        });
        if let Some(nonce) = &taken.body.nonce {
            claims["nonce"] = nonce.clone().into();
        }
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }

    /// Takes an access token back; nobody is told whether there was one (RFC 7009 §2.2).
    ///
    /// # Errors
    /// [`TokenError`] when the client does not prove itself.
    pub async fn revoke(&self, body: &str) -> Result<(), TokenError> {
        let form = form(body)?;
        let proved = self.prove(&form).await?;
        let token = form.get("token").ok_or(TokenError::Request("token is needed"))?;
        let hash = sha256(token);
        let is_new = self
            .store
            .write(move |tx: &mut Tx| {
                let is_new = tx.take_assertion(&proved.client.id, &proved.jti, proved.expires_at)?;
                if is_new {
                    tx.remove_token(&proved.client.id, &hash)?;
                }
                Ok::<_, StoreError>(is_new)
            })
            .await?;
        if is_new { Ok(()) } else { Err(TokenError::Client("the assertion was used before")) }
    }

    /// What an access token opens: claims of the person it is about, who sees that it was told. Counted against the client's quota on `day` of the
    /// city.
    ///
    /// # Errors
    /// [`UserInfoError`].
    pub async fn user_info(&self, token: &str, day: &str) -> Result<Map<String, Value>, UserInfoError> {
        let (hash, now, day, vault) = (sha256(token), self.clock.now(), day.to_owned(), self.vault.clone());
        let outcome = self
            .store
            .write(move |tx: &mut Tx| {
                let token = tx.find_token(&hash)?.filter(|token| now < token.expires_at);
                let token = token.ok_or(UserInfoError::Token)?;
                let client = Client::find(tx, &token.client)?.ok_or(UserInfoError::Token)?;
                let scopes = Scopes::parse(&token.scope).unwrap_or_default();
                let party = tx.find_party(token.party)?.filter(|party| !party.disabled);
                let party = party.ok_or(UserInfoError::Token)?;
                if !tx.count_openid_request(&client.id, &day, client.requests_per_day)? {
                    tx.count_openid_refusal(&client.id, &day)?;
                    return Ok::<_, UserInfoError>(Err(client));
                }
                let fresh = Secret::from_random(tx.random_bytes());
                let subject = tx.openid_subject(token.party, &client.id, fresh.reveal())?;
                let identity = match scopes.needs_identity() {
                    true => vault.find_identity(tx, party.id).map_err(sealed)?,
                    false => None,
                };
                let id = tx.new_request_id(now);
                tx.record_disclosure(&DisclosureRow {
                    id,
                    at: now,
                    party: party.id,
                    client: client.id,
                    scope: scopes.to_string(),
                })?;
                let mut claims = claims_of(&party, identity.as_ref(), &subject, &scopes);
                if let Some(mandate) = token.mandate.filter(|_| scopes.contains(Scope::Organisation)) {
                    claims.extend(organisation_claim(tx, mandate, party.id, now)?);
                }
                Ok(Ok(claims))
            })
            .await?;
        outcome.map_err(|client| UserInfoError::Quota(Box::new(client)))
    }

    /// Counts a request of a client that was refused for its scope on `day` of the city.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn count_refusal(&self, client: &str, day: &str) -> Result<(), StoreError> {
        let (client, day) = (client.to_owned(), day.to_owned());
        self.store.write(move |tx: &mut Tx| tx.count_openid_refusal(&client, &day)).await
    }

    /// Forgets codes, tokens, assertions and keys that can no longer be used.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store
            .write(move |tx: &mut Tx| {
                tx.sweep_openid(now)?;
                keys::sweep(tx, now)
            })
            .await
    }

    /// Withdraws what a person allowed a client; true when there was something. It ends at once.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn withdraw(&self, party: PartyId, client: &str) -> Result<bool, StoreError> {
        let client = client.to_owned();
        self.store.write(move |tx: &mut Tx| tx.remove_consent(party, &client)).await
    }

    /// The client an ID token of ours was made for, whoever it is about; `None` when we did not make it. Age is not
    /// asked: it says where somebody goes after signing out (RP-Initiated Logout §2).
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn client_of_hint(&self, id_token: &str) -> Result<Option<Client>, StoreError> {
        let Ok(jws) = Jws::parse(id_token) else { return Ok(None) };
        let keys = self.keys().await?;
        let is_ours = keys.iter().any(|key| jws.verify("JWT", &key.key.public_key()).is_ok());
        let audience = jws.payload.get("aud").and_then(Value::as_str).map(str::to_owned);
        match audience.filter(|_| is_ours) {
            Some(id) => self.store.read(move |reader| Client::find(reader, &id)).await,
            None => Ok(None),
        }
    }

    /// Checks the assertion by which a client proves itself (RFC 7523 §3).
    async fn prove(&self, form: &BTreeMap<String, String>) -> Result<Proved, TokenError> {
        let refuse = TokenError::Client;
        if form.get("client_assertion_type").map(String::as_str) != Some(ASSERTION_TYPE) {
            return Err(refuse(
                "client_assertion_type must be jwt-bearer: clients prove themselves by private_key_jwt",
            ));
        }
        let assertion = form.get("client_assertion").ok_or(refuse("client_assertion is needed"))?;
        let jws = Jws::parse(assertion).map_err(|_| refuse("client_assertion is no JWT"))?;
        let text = |name: &str| jws.payload.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("sub")
            .filter(|sub| text("iss").as_ref() == Some(sub))
            .ok_or(refuse("iss and sub must be the client"))?;
        if form.get("client_id").is_some_and(|given| *given != id) {
            return Err(refuse("client_id is not that of the assertion"));
        }
        let wanted = id.clone();
        let client = self.store.read(move |reader| Client::find(reader, &wanted)).await?;
        let client = client.ok_or(refuse("the client is unknown"))?;
        let algorithm = jws.algorithm().map_err(|_| refuse("the assertion must be signed by EdDSA or ES256"))?;
        let kid = jws.kid().map_err(|_| refuse("kid must be a text"))?;
        if !client.keys_for(kid, algorithm).any(|key| jws.verify_signature(key).is_ok()) {
            return Err(refuse("the assertion is not signed by a key of the client"));
        }
        self.check_times(&jws.payload)?;
        if !self.is_for_us(jws.payload.get("aud")) {
            return Err(refuse("aud must be the issuer or the token endpoint"));
        }
        let jti = text("jti").filter(|jti| !jti.is_empty()).ok_or(refuse("jti is needed"))?;
        let expires_at = self.clock.now().plus_micros((ASSERTION_S + SKEW_S) * 1_000_000);
        Ok(Proved { client, jti: sha256(&jti), expires_at })
    }

    fn check_times(&self, claims: &Map<String, Value>) -> Result<(), TokenError> {
        let now_s = self.clock.now().as_micros().div_euclid(1_000_000);
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        let exp = number("exp").ok_or(TokenError::Client("exp is needed"))?;
        if exp <= now_s - SKEW_S || exp > now_s + ASSERTION_S {
            return Err(TokenError::Client("exp must lie ahead, by at most an hour"));
        }
        let is_early = |at: i64| at > now_s + SKEW_S;
        if number("nbf").is_some_and(is_early) || number("iat").is_some_and(is_early) {
            return Err(TokenError::Client("nbf and iat must not lie ahead"));
        }
        Ok(())
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let is_us =
            |value: &Value| value.as_str().is_some_and(|aud| aud == self.issuer || aud == self.token_endpoint());
        match audience {
            Some(Value::Array(list)) => list.iter().any(is_us),
            Some(one) => is_us(one),
            None => false,
        }
    }
}

/// A code that was taken.
struct Taken {
    token: Secret,
    subject: String,
    body: CodeBody,
    level: Level,
    is_organisation: bool,
}

/// Takes a code; `None` when it is not good. One that was used before takes back what it gave (RFC 6749 §4.1.2).
fn take_code(
    tx: &mut Tx,
    client: &Client,
    code: &str,
    redirect_uri: &str,
    challenge: &str,
    now: Instant,
) -> Result<Option<Taken>, StoreError> {
    let code_hash = sha256(code);
    let Some(row) = tx.find_code(&code_hash)? else { return Ok(None) };
    if row.used {
        tx.remove_tokens_of_code(&code_hash)?;
        return Ok(None);
    }
    let Ok(body) = serde_json::from_str::<CodeBody>(&row.body) else { return Ok(None) };
    if row.client != client.id || now >= row.expires_at || body.redirect_uri != redirect_uri {
        return Ok(None);
    }
    tx.use_code(&code_hash)?;
    // Whoever has the code without its verifier has stolen it: it is spent.
    if !same(&body.challenge, challenge) {
        return Ok(None);
    }
    give_token(tx, client, row, body, now).map(Some)
}

fn give_token(tx: &mut Tx, client: &Client, row: CodeRow, body: CodeBody, now: Instant) -> Result<Taken, StoreError> {
    let (token, fresh) = (Secret::from_random(tx.random_bytes()), Secret::from_random(tx.random_bytes()));
    let subject = tx.openid_subject(row.party, &client.id, fresh.reveal())?;
    tx.record_token(&TokenRow {
        token_hash: sha256(token.reveal()),
        code_hash: row.code_hash,
        party: row.party,
        client: client.id.clone(),
        scope: body.scope.clone(),
        expires_at: now.plus_micros(TOKEN_S * 1_000_000),
        mandate: body.mandate,
    })?;
    let level = find_level(tx, row.party)?;
    let is_organisation = match body.mandate {
        Some(mandate) => find_agent(tx, mandate, row.party, now)?.is_some_and(|agent| agent.is_organisation),
        None => false,
    };
    Ok(Taken { token, subject, body, level, is_organisation })
}

/// A sealed identity that does not open. An erased person has none, and no token either.
fn sealed(error: VaultError) -> UserInfoError {
    match error {
        VaultError::Store(error) => error.into(),
        _ => UserInfoError::Token,
    }
}

/// The organisation that somebody acts for, while the mandate is in force.
fn organisation_claim(
    tx: &mut Tx,
    mandate: MandateId,
    party: PartyId,
    now: Instant,
) -> Result<Option<(String, Value)>, StoreError> {
    let Some(agent) = find_agent(tx, mandate, party, now)? else { return Ok(None) };
    let Some(organisation) = tx.find_organisation(agent.on_behalf_of)? else { return Ok(None) };
    let role = if agent.basis == Basis::Representative { "legal_representative" } else { "agent" };
    let claim = json!({"number": organisation.number, "name": organisation.name, "role": role});
    Ok(Some((Scope::Organisation.as_str().to_owned(), claim)))
}

/// The claims that scopes open (OpenID Connect Core §5.4); what the city does not know of somebody is left out.
fn claims_of(party: &PartyRow, verified: Option<&Verified>, subject: &str, scopes: &Scopes) -> Map<String, Value> {
    let mut claims = Map::from_iter([("sub".to_owned(), Value::from(subject))]);
    if scopes.contains(Scope::Profile) {
        claims.insert("name".to_owned(), party.display_name.clone().into());
    }
    if let Some(verified) = verified {
        let Verified { identity, .. } = verified;
        for (scope, text) in [(Scope::RealName, identity.name.as_str()), (Scope::IdNumber, identity.id_number.as_str())]
        {
            if scopes.contains(scope) {
                claims.insert(scope.as_str().to_owned(), text.into());
            }
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_hashed_as_the_rfc_does() {
        // RFC 7636 appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge_of(verifier).as_deref(), Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert_eq!(challenge_of("short"), None);
        assert_eq!(challenge_of(&format!("{verifier} ")), None);
    }

    #[test]
    fn the_hash_of_a_token_is_its_left_half() {
        // OpenID Connect Core appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(left_half(Algorithm::Es256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(left_half(Algorithm::EdDsa, token).len(), 43, "half of SHA-512");
    }
}
