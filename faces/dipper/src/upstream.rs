//! Other identity providers: the operator's file with its secrets and keys, and how providers are reached over HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use credential::HolderKey;
use identity::upstream::{ClientProof, Declared, Provider, UpstreamRemote};
use serde_json::{Map, Value};
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::commands::secret_file;
use crate::config::Config;

/// A provider that has not answered within this is away.
const PATIENCE: Duration = Duration::from_secs(8);

/// Longest answer, bytes.
const ANSWER_MAX: u64 = 262_144;

/// Providers, and how they are reached.
pub type Upstream = (Vec<Provider>, Arc<dyn UpstreamRemote>);

/// The providers of a configuration; `None` where none are configured.
pub fn of(config: &Config) -> anyhow::Result<Option<Upstream>> {
    let Some(file) = &config.upstream else { return Ok(None) };
    if config.base_url.is_none() {
        bail!("people come back from other providers to an address of this server: set base_url");
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let providers = Provider::read(&text)?.into_iter().map(|declared| {
        let proof = proof(&declared, folder)?;
        Ok(Provider::of(declared, proof)?)
    });
    let agent = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("dipper/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(Some((providers.collect::<anyhow::Result<_>>()?, Arc::new(HttpUpstream(agent.into())))))
}

/// How this city proves itself; files are looked for beside the file of providers.
fn proof(declared: &Declared, folder: &Path) -> anyhow::Result<ClientProof> {
    match (&declared.client_secret_file, &declared.client_key_file) {
        (Some(secret), None) => {
            let path = folder.join(secret);
            let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let secret = text.lines().next().unwrap_or_default().trim().to_owned();
            if secret.is_empty() {
                bail!("{} is empty", path.display());
            }
            Ok(ClientProof::Secret(secret))
        }
        (None, Some(key)) => {
            let path = folder.join(key);
            let bytes = key_bytes(&path)?;
            let key = match declared.client_key_algorithm.as_deref().unwrap_or("ES256") {
                "ES256" => HolderKey::from_p256(&bytes).with_context(|| format!("{} holds no key", path.display()))?,
                "EdDSA" => HolderKey::from_ed25519(&bytes),
                other => bail!("provider `{}`: keys are ES256 or EdDSA, not {other}", declared.id),
            };
            Ok(ClientProof::Key(Box::new(key)))
        }
        _ => Err(identity::upstream::ProviderError::Proof(declared.id.clone()).into()),
    }
}

/// The 32 bytes of a key, as hexadecimal digits in a file that is made when there is none.
fn key_bytes(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = secret_file(path)?;
    let digits = std::str::from_utf8(&text).ok().filter(|text| text.len() == 64);
    let byte = |at: usize| digits.and_then(|digits| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok());
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.with_context(|| format!("{} must hold 64 hexadecimal digits", path.display()))
}

struct HttpUpstream(Agent);

impl UpstreamRemote for HttpUpstream {
    fn get(&self, url: &str) -> Result<Map<String, Value>, String> {
        match read(self.0.get(url).header("accept", "application/json").call())? {
            (200, answer) => Ok(answer),
            (status, _) => Err(format!("status {status}")),
        }
    }

    fn post(
        &self,
        url: &str,
        basic: Option<(&str, &str)>,
        form: &[(&str, String)],
    ) -> Result<(u16, Map<String, Value>), String> {
        let mut request = self.0.post(url).header("accept", "application/json");
        if let Some((id, secret)) = basic {
            request = request.header("authorization", format!("Basic {}", base64_of(&format!("{id}:{secret}"))));
        }
        read(request.send_form(form.iter().map(|(name, value)| (*name, value.as_str()))))
    }
}

fn base64_of(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn read(answer: Result<Response<Body>, ureq::Error>) -> Result<(u16, Map<String, Value>), String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec().map_err(|error| error.to_string())?;
    match serde_json::from_slice(&body) {
        Ok(Value::Object(answer)) => Ok((status, answer)),
        _ => Err(format!("status {status}, and no JSON object")),
    }
}
