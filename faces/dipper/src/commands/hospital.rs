//! Hospitals: how the city reaches them over FHIR, and `dipper demo hospital`, a process of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use account::reconcile::{ProviderLogs, Seen};
use act::hospital::{Ask, AskError, Hospitals, Lie, Look, Method, Told, list_looks};
use anyhow::Context;
use dipper_http::department::protocol::subject_of;
use dipper_http::hospital::protocol::{
    ANSWER_MAX, FHIR_JSON, IF_NONE_EXIST, REQUEST_HEADER, SIGNATURE_HEADER, answer_text, request_text,
};
use dipper_http::hospital::{HospitalPlan, serve_hospitals};
use dipper_http::signature::{check, sign};
use model::{Clock, Instant, RequestId, SourceId};
use pack::City;
use serde_json::Value;
use store::Entropy;
use tokio::net::TcpListener;
use ureq::Agent;

use super::gateway::secret;
use super::pack::load;
use super::serve::wait_for_signal;
use crate::config::Config;
use crate::system::{SystemClock, SystemEntropy};

/// Hospitals over HTTP, as the city reaches them.
pub struct HttpHospitals {
    agent: Agent,
    base: String,
    secrets: BTreeMap<SourceId, Vec<u8>>,
}

/// The hospitals of a configuration; `None` where none are connected. Secrets are read, or made where missing.
pub fn of(config: &Config, city: &City) -> anyhow::Result<Option<Arc<dyn Hospitals>>> {
    Ok(reach(config, city)?.map(|hospitals| hospitals as Arc<dyn Hospitals>))
}

fn reach(config: &Config, city: &City) -> anyhow::Result<Option<Arc<HttpHospitals>>> {
    let Some(base) = &config.hospitals else { return Ok(None) };
    let folder = config.hospitals_secrets.clone().unwrap_or_else(|| config.keys_folder().join("hospitals"));
    let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let base = base.trim_end_matches('/').to_owned();
    Ok(Some(Arc::new(HttpHospitals { agent, base, secrets: secrets(&folder, city)? })))
}

/// One secret a hospital.
fn secrets(folder: &Path, city: &City) -> anyhow::Result<BTreeMap<SourceId, Vec<u8>>> {
    city.hospitals.keys().map(|id| Ok((id.clone(), secret(&folder.join(format!("{id}.secret")))?))).collect()
}

impl HttpHospitals {
    fn send(&self, ask: &Ask, signature: &str, body: &[u8]) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let method = match ask.method {
            Method::Get => ureq::http::Method::GET,
            Method::Post => ureq::http::Method::POST,
            Method::Put => ureq::http::Method::PUT,
            Method::Patch => ureq::http::Method::PATCH,
        };
        let kind = if ask.method == Method::Patch { "application/json-patch+json" } else { FHIR_JSON };
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{}", self.base(&ask.hospital), ask.target))
            .header("accept", FHIR_JSON)
            .header(REQUEST_HEADER, ask.request.to_string())
            .header(SIGNATURE_HEADER, signature);
        if let Some(condition) = &ask.if_none_exist {
            request = request.header(IF_NONE_EXIST, condition);
        }
        let patience = Duration::from_secs(ask.timeout_seconds.into());
        let configured = |agent: &Agent, request: ureq::http::Request<Vec<u8>>| {
            let request = agent
                .configure_request(request)
                .timeout_global(Some(patience))
                .allow_non_standard_methods(true)
                .build();
            agent.run(request)
        };
        if ask.body.is_some() {
            request = request.header("content-type", kind);
        }
        configured(&self.agent, request.body(body.to_vec())?)
    }
}

impl Hospitals for HttpHospitals {
    fn ask(&self, ask: &Ask) -> Result<Told, AskError> {
        let away = |why: String| AskError::Away(why);
        let secret = self.secrets.get(&ask.hospital);
        let secret = secret.ok_or_else(|| away(format!("no secret is shared with {}", ask.hospital)))?;
        let body = ask.body.as_ref().map(serde_json::to_vec).transpose().map_err(|error| away(error.to_string()))?;
        let body = body.unwrap_or_default();
        let id = ask.request.to_string();
        let text = request_text(ask.method.as_str(), &ask.target, &id, ask.if_none_exist.as_deref(), &body);
        let signature = sign(secret, SystemClock.now(), &text);
        let mut answer = self.send(ask, &signature, &body).map_err(|error| away(error.to_string()))?;
        let status = answer.status().as_u16();
        let signed = answer.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        // Something between us and the hospital answers in its place.
        let signed = signed.map(str::to_owned).ok_or_else(|| match status {
            200..=299 => Lie::Signature("there is none".to_owned()).into(),
            status => away(format!("status {status}")),
        })?;
        let limit = ANSWER_MAX as u64;
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Lie::TooLarge(limit).into(),
            error => away(error.to_string()),
        })?;
        check(secret, SystemClock.now(), &answer_text(status, &signature, &body), &signed)
            .map_err(|error| Lie::Signature(error.to_string()))?;
        let body: Value = serde_json::from_slice(&body).map_err(|_| Lie::Form)?;
        Ok(Told { status, body })
    }

    fn base(&self, hospital: &SourceId) -> String {
        format!("{}/{hospital}/fhir/", self.base)
    }
}

/// The hospitals' own logs.
pub struct HospitalLogs(Arc<HttpHospitals>);

impl HospitalLogs {
    /// Those of the hospitals of a configuration; `None` where none are connected.
    pub fn reach(config: &Config, city: &City) -> anyhow::Result<Option<Self>> {
        Ok(reach(config, city)?.map(Self))
    }
}

impl ProviderLogs for HospitalLogs {
    fn sources(&self) -> Vec<SourceId> {
        self.0.secrets.keys().cloned().collect()
    }

    fn list(&self, source: &SourceId, from: Instant, to: Instant) -> Result<Vec<Seen>, String> {
        let mut bytes = [0_u8; 16];
        SystemEntropy.fill(&mut bytes);
        let request = RequestId::new(SystemClock.now(), u128::from_le_bytes(bytes) >> 48);
        let looks = list_looks(Arc::<HttpHospitals>::clone(&self.0), source, request, (from, to))?;
        let seen = |Look { request, at, about, subject }: Look| Seen { request, at, fields: vec![about], subject };
        Ok(looks.into_iter().map(seen).collect())
    }

    fn subject(&self, source: &SourceId, id_number: &str) -> String {
        subject_of(self.0.secrets.get(source).map_or(&[][..], Vec::as_slice), id_number)
    }
}

/// What the hospitals are told on the command line.
pub struct Plan {
    /// Their own folder.
    pub data: PathBuf,
    /// Where they listen.
    pub listen: SocketAddr,
    /// The pack that declares them.
    pub pack: PathBuf,
    /// The folder of the shared secrets; in their own folder when absent.
    pub secrets: Option<PathBuf>,
    /// One step of the demonstration, seconds.
    pub pace: u32,
}

/// Runs until SIGTERM or SIGINT.
pub fn serve(plan: &Plan) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_ansi(false).init();
    let city = load(&plan.pack)?.city;
    let folder = plan.secrets.clone().unwrap_or_else(|| plan.data.join("secrets"));
    let (secrets, zone) = (secrets(&folder, &city)?, city.zone());
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    asynchronous.block_on(async {
        let listen = plan.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be listened on"))?;
        let base = format!("http://{}", listener.local_addr()?);
        println!("demo hospitals {base}/");
        for id in city.hospitals.keys() {
            println!("  {base}/{id}/fhir/metadata");
        }
        let hospitals = HospitalPlan { base, secrets, zone, pace_seconds: plan.pace };
        let told = async { drop(wait_for_signal().await) };
        serve_hospitals(listener, &plan.data, hospitals, Arc::new(SystemClock), told).await?;
        Ok(ExitCode::SUCCESS)
    })
}
