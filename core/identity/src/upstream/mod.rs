//! Signing in with another identity provider, such as the province's platform: OpenID Connect, code with PKCE.
//!
//! An account elsewhere is linked to one here by whoever is signed in here, or opens a new one at its first use: never by an
//! e-mail address, a telephone number or a name that both happen to have.

mod id_token;
mod linking;
mod provider;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{Clock, Instant, PartyId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{Store, StoreError, Tx};
use url::Url;
use url::form_urlencoded;

pub use id_token::{Expected, IdTokenError, verify};
pub use linking::{Entered, UpstreamPerson};
pub use provider::{ClientProof, Declared, IdentityClaims, Metadata, Provider, ProviderError};

use crate::token::{Secret, sha256};

/// How long somebody may stay at the other provider, 10 min.
const CEREMONY_US: i64 = 600_000_000;

/// How long what a provider says of itself, and its keys, are believed: 10 min.
const KNOWN_US: i64 = 600_000_000;

/// Keys are asked for again for a name that is not known, at most so often: 5 s.
const KEYS_AGAIN_US: i64 = 5_000_000;

/// How long our own assertion is good, seconds.
const ASSERTION_S: i64 = 60;

/// Longest parameter of an answer, bytes.
const VALUE_MAX: usize = 4_096;

/// How other providers are reached. Blocks; every call ends by itself.
pub trait UpstreamRemote: Send + Sync {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// Words for the log.
    fn get(&self, url: &str) -> Result<Map<String, Value>, String>;

    /// Sends a form and reads a JSON object; its status with it.
    ///
    /// # Errors
    /// Words for the log.
    fn post(
        &self,
        url: &str,
        basic: Option<(&str, &str)>,
        form: &[(&str, String)],
    ) -> Result<(u16, Map<String, Value>), String>;
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// There is no such provider.
    #[error("there is no such provider")]
    NotHere,
    /// The provider does not answer, or not what can be used.
    #[error("the other provider does not answer at the moment; try again in a while, or sign in another way")]
    Away(String),
    /// The person said no there.
    #[error("the other provider did not sign you in")]
    Denied,
    /// The answer was used before, is too old, or was begun in another browser.
    #[error("signing in took too long, or was begun elsewhere; begin again")]
    Stale,
    /// The answer cannot be believed.
    #[error("the answer of the other provider cannot be used: {0}")]
    Refused(String),
    /// The account there belongs to another account here, or this one is linked already.
    #[error("that account is linked to another one here; unlink it there first")]
    Taken,
    /// The account here may not sign in.
    #[error("the account is disabled")]
    Disabled,
    /// Nothing else would open the account.
    #[error("this is the only way into the account; add a passkey or a password first")]
    LastWay,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What waits while somebody is at the other provider.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    provider: String,
    nonce: String,
    verifier: String,
    browser: [u8; 32],
    link: Option<PartyId>,
    then: Option<String>,
}

/// Where a person is sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The address at the other provider.
    pub to: String,
    /// For a cookie of this browser: whoever comes back without it did not begin here.
    pub browser: Secret,
}

/// Somebody came back, and it is known who they are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Returned {
    /// Who.
    pub person: UpstreamPerson,
    /// The account here that they want to link, where they were signed in.
    pub link: Option<PartyId>,
    /// Where they wanted to go.
    pub then: Option<String>,
}

struct Known {
    metadata: Metadata,
    keys: Vec<Value>,
    read_at: Instant,
    keys_at: Instant,
}

/// Other providers.
pub struct Upstreams {
    store: Store,
    clock: Arc<dyn Clock>,
    providers: Vec<Provider>,
    remote: Arc<dyn UpstreamRemote>,
    base: String,
    known: Mutex<HashMap<String, Known>>,
}

impl Upstreams {
    /// Begins with an empty memory; `base` is this server's own address, to which people come back.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        providers: Vec<Provider>,
        remote: Arc<dyn UpstreamRemote>,
        base: &str,
    ) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        Self { store, clock, providers, remote, base, known: Mutex::default() }
    }

    /// The providers.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The keys by which this city proves itself, for the providers to read.
    pub fn client_keys(&self) -> Vec<Value> {
        let jwk = |provider: &Provider| match &provider.proof {
            ClientProof::Secret(_) => None,
            ClientProof::Key(key) => {
                let mut jwk = key.public_key().to_jwk();
                jwk.insert("kid".to_owned(), key.public_key().thumbprint().into());
                jwk.insert("use".to_owned(), "sig".into());
                Some(Value::Object(jwk))
            }
        };
        self.providers.iter().filter_map(jwk).collect()
    }

    fn provider(&self, id: &str) -> Result<&Provider, UpstreamError> {
        self.providers.iter().find(|provider| provider.id == id).ok_or(UpstreamError::NotHere)
    }

    /// The address people come back to; one for each provider, so that an answer of one is never taken for another's.
    pub fn redirect_uri(&self, id: &str) -> String {
        format!("{}/openid/upstream/{id}", self.base)
    }

    /// Sends somebody to another provider. `link` is the account here that they are signed in to and want to link.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn begin(&self, id: &str, link: Option<PartyId>, then: Option<String>) -> Result<Sent, UpstreamError> {
        let provider = self.provider(id)?.clone();
        let metadata = self.metadata(&provider).await?;
        let (name, now) = (provider.id.clone(), self.clock.now());
        let (state, browser, waiting) = self
            .store
            .write(move |tx: &mut Tx| {
                let [state, browser, nonce, verifier] = [(); 4].map(|()| Secret::from_random(tx.random_bytes()));
                let waiting = Waiting {
                    provider: name,
                    nonce: nonce.reveal().to_owned(),
                    verifier: verifier.reveal().to_owned(),
                    browser: sha256(browser.reveal()),
                    link,
                    then,
                };
                let body = serde_json::to_string(&waiting).expect("plain data");
                tx.record_ceremony(&ceremony_name(state.reveal()), &body, now.plus_micros(CEREMONY_US), now)?;
                Ok::<_, StoreError>((state, browser, waiting))
            })
            .await?;
        let mut url =
            Url::parse(&metadata.authorization_endpoint).map_err(|error| UpstreamError::Away(error.to_string()))?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(waiting.verifier.as_bytes()));
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &provider.client_id),
            ("redirect_uri", &self.redirect_uri(&provider.id)),
            ("scope", &provider.scope),
            ("state", state.reveal()),
            ("nonce", &waiting.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        if let Some(values) = provider.acr_values() {
            url.query_pairs_mut().append_pair("acr_values", &values);
        }
        Ok(Sent { to: url.into(), browser })
    }

    /// Takes what another provider sent somebody back with: the code is exchanged, the ID token held against everything.
    ///
    /// # Errors
    /// [`UpstreamError`]; the answer is spent then too.
    pub async fn finish(&self, id: &str, query: &str, browser: Option<&str>) -> Result<Returned, UpstreamError> {
        let provider = self.provider(id)?.clone();
        let answer = parameters(query)?;
        let state = answer.get("state").ok_or(UpstreamError::Stale)?;
        let (name, now) = (ceremony_name(state), self.clock.now());
        let body = self.store.write(move |tx: &mut Tx| tx.take_ceremony(&name, now)).await?;
        let waiting: Waiting = body.and_then(|body| serde_json::from_str(&body).ok()).ok_or(UpstreamError::Stale)?;
        // Who comes back must be who was sent, and from where they were sent to.
        let is_same_browser = browser.is_some_and(|browser| sha256(browser) == waiting.browser);
        if !is_same_browser || waiting.provider != provider.id {
            return Err(UpstreamError::Stale);
        }
        let metadata = self.metadata(&provider).await?;
        match answer.get("iss") {
            Some(iss) if *iss != provider.issuer => return Err(refused("it names another issuer")),
            None if metadata.names_itself => return Err(refused("it does not name its issuer")),
            _ => {}
        }
        if answer.contains_key("error") {
            return Err(UpstreamError::Denied);
        }
        let code = answer.get("code").ok_or_else(|| refused("it has no code"))?;
        let id_token = self.exchange(&provider, &metadata, code, &waiting.verifier).await?;
        let claims = self.believe(&provider, &id_token, &waiting.nonce).await?;
        let person = UpstreamPerson::of(&provider, &claims);
        Ok(Returned { person, link: waiting.link, then: waiting.then })
    }

    /// Exchanges a code for an ID token.
    async fn exchange(
        &self,
        provider: &Provider,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
    ) -> Result<String, UpstreamError> {
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect_uri(&provider.id)),
            ("code_verifier", verifier.to_owned()),
        ];
        let basic = match &provider.proof {
            ClientProof::Secret(secret) => Some((encoded(&provider.client_id), encoded(secret))),
            ClientProof::Key(key) => {
                let jti = self.store.write(|tx: &mut Tx| Ok::<_, StoreError>(tx.random_bytes::<16>())).await?;
                let now_s = self.clock.now().as_micros().div_euclid(1_000_000);
                let claims = json!({
                    "iss": provider.client_id, "sub": provider.client_id, "aud": provider.issuer,
                    "jti": URL_SAFE_NO_PAD.encode(jti), "iat": now_s, "exp": now_s + ASSERTION_S,
                });
                let claims = claims.as_object().cloned().unwrap_or_default();
                let kid = key.public_key().thumbprint();
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
                form.push(("client_id", provider.client_id.clone()));
                form.push(("client_assertion_type", kind));
                form.push(("client_assertion", key.sign_jws("JWT", Some(&kid), &claims)));
                None
            }
        };
        let (remote, url) = (Arc::clone(&self.remote), metadata.token_endpoint.clone());
        let asked = blocking(move || {
            let basic = basic.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str()));
            remote.post(&url, basic, &form)
        });
        let (status, answer) = asked.await?;
        if status != 200 {
            let error = answer.get("error").and_then(Value::as_str).unwrap_or("no reason").to_owned();
            return Err(UpstreamError::Refused(format!("the code was not exchanged ({status}): {error}")));
        }
        let token = answer.get("id_token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| refused("there is no ID token"))
    }

    /// The claims of an ID token; keys are read once more where it names one that is not known.
    async fn believe(
        &self,
        provider: &Provider,
        token: &str,
        nonce: &str,
    ) -> Result<Map<String, Value>, UpstreamError> {
        let now_s = self.clock.now().as_micros().div_euclid(1_000_000);
        let expected = Expected { issuer: &provider.issuer, client_id: &provider.client_id, nonce, now_s };
        let keys = self.keys(provider, false).await?;
        let found = match verify(token, &keys, &expected) {
            Err(IdTokenError::UnknownKey) => verify(token, &self.keys(provider, true).await?, &expected),
            found => found,
        };
        found.map_err(|error| UpstreamError::Refused(error.to_string()))
    }

    /// What a provider says of itself, read again after a while.
    async fn metadata(&self, provider: &Provider) -> Result<Metadata, UpstreamError> {
        let now = self.clock.now();
        if let Some(known) = self.find_known(provider, |known| now.micros_since(known.read_at) < KNOWN_US) {
            return Ok(known.0);
        }
        let (metadata, keys) = self.read(provider).await?;
        self.keep(provider, metadata.clone(), keys, now);
        Ok(metadata)
    }

    /// Its keys; read again when they are old, or when `is_missing` one of them.
    async fn keys(&self, provider: &Provider, is_missing: bool) -> Result<Vec<Value>, UpstreamError> {
        let now = self.clock.now();
        let longest = if is_missing { KEYS_AGAIN_US } else { KNOWN_US };
        if let Some(known) = self.find_known(provider, |known| now.micros_since(known.keys_at) < longest) {
            return Ok(known.1);
        }
        let (metadata, keys) = self.read(provider).await?;
        self.keep(provider, metadata, keys.clone(), now);
        Ok(keys)
    }

    fn find_known(&self, provider: &Provider, fits: impl Fn(&Known) -> bool) -> Option<(Metadata, Vec<Value>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&provider.id).filter(|known| fits(known)).map(|known| (known.metadata.clone(), known.keys.clone()))
    }

    fn keep(&self, provider: &Provider, metadata: Metadata, keys: Vec<Value>, now: Instant) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(provider.id.clone(), Known { metadata, keys, read_at: now, keys_at: now });
    }

    async fn read(&self, provider: &Provider) -> Result<(Metadata, Vec<Value>), UpstreamError> {
        let (remote, issuer) = (Arc::clone(&self.remote), provider.issuer.clone());
        let read = blocking(move || {
            let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
            let document = remote.get(&address)?;
            let metadata = Metadata::read(&document, &issuer)
                .ok_or_else(|| "its discovery document is of another issuer, or lacks an address".to_owned())?;
            let keys = remote.get(&metadata.jwks_uri)?;
            let keys = keys.get("keys").and_then(Value::as_array).cloned().ok_or("it publishes no keys")?;
            Ok((metadata, keys))
        });
        read.await
    }
}

impl std::fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.providers).finish()
    }
}

/// Runs a call that waits for another server on a thread of its own.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, UpstreamError> {
    let answer = tokio::task::spawn_blocking(call).await;
    answer.unwrap_or_else(|error| Err(error.to_string())).map_err(UpstreamError::Away)
}

fn refused(why: &str) -> UpstreamError {
    UpstreamError::Refused(why.to_owned())
}

/// The ceremony's name in the database: apart from those of passkeys.
fn ceremony_name(state: &str) -> [u8; 32] {
    sha256(&format!("upstream/{state}"))
}

/// A part of `client_secret_basic`, form-encoded before it is put together (RFC 6749 §2.3.1).
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Parameters of an answer, none of them twice.
fn parameters(query: &str) -> Result<BTreeMap<String, String>, UpstreamError> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if value.len() > VALUE_MAX || found.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(refused("a parameter is too long, or given twice"));
        }
    }
    Ok(found)
}
