//! Departments: how the city reaches them over HTTP, and `dipper demo department`, a process of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use account::reconcile::{ProviderLogs, Seen};
use anyhow::Context;
use dipper_http::department::protocol::{
    Ask, AskLog, BODY_MAX, LOG_MAX, Line, SIGNATURE_HEADER, Told, ToldLog, subject_of,
};
use dipper_http::department::{Record, Register, organisation_key, serve_departments};
use dipper_http::signature::{check, sign};
use model::{Clock, Instant, SourceId};
use pack::City;
use sense::departments::{AskError, Departments, Lie, Question, Reply};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use ureq::Agent;

use super::gateway::secret;
use super::pack::load;
use super::serve::wait_for_signal;
use crate::config::Config;
use crate::demo::{self, Organisation};
use crate::system::SystemClock;

/// A log of a day may take longer than an answer.
const LOG_PATIENCE: Duration = Duration::from_secs(60);

/// Departments over HTTP, as the city reaches them.
pub struct HttpDepartments {
    agent: Agent,
    base: String,
    secrets: BTreeMap<SourceId, Vec<u8>>,
}

/// The departments of a configuration; `None` where none are connected. Secrets are read, or made where missing.
pub fn of(config: &Config, city: &City) -> anyhow::Result<Option<Arc<dyn Departments>>> {
    Ok(reach(config, city)?.map(|departments| {
        let departments: Arc<dyn Departments> = Arc::new(departments);
        departments
    }))
}

/// The same, for whoever reads their logs.
pub fn reach(config: &Config, city: &City) -> anyhow::Result<Option<HttpDepartments>> {
    let Some(base) = &config.departments else { return Ok(None) };
    let folder = config.departments_secrets.clone().unwrap_or_else(|| config.keys_folder().join("departments"));
    let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    Ok(Some(HttpDepartments { agent, base: base.trim_end_matches('/').to_owned(), secrets: secrets(&folder, city)? }))
}

/// One secret a source.
fn secrets(folder: &Path, city: &City) -> anyhow::Result<BTreeMap<SourceId, Vec<u8>>> {
    city.sources.keys().map(|id| Ok((id.clone(), secret(&folder.join(format!("{id}.secret")))?))).collect()
}

impl HttpDepartments {
    /// Sends a signed body and reads a signed answer.
    fn send<T: DeserializeOwned>(
        &self,
        source: &SourceId,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
        limit: usize,
    ) -> Result<T, AskError> {
        let away = |why: String| AskError::Away(why);
        let secret = self.secrets.get(source).ok_or_else(|| away(format!("no secret is shared with {source}")))?;
        let body = serde_json::to_vec(body).map_err(|error| away(error.to_string()))?;
        let request = self.agent.post(format!("{}/{source}/v1/{path}", self.base));
        let request = request.config().timeout_global(Some(patience)).build();
        let request = request.header("content-type", "application/json");
        let request = request.header(SIGNATURE_HEADER, sign(secret, SystemClock.now(), &body));
        let mut answer = request.send(&body[..]).map_err(|error| away(error.to_string()))?;
        if answer.status() != 200 {
            return Err(away(format!("status {}", answer.status())));
        }
        let signature = answer.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let signature = signature.unwrap_or_default().to_owned();
        let limit = limit as u64;
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Lie::TooLarge(limit).into(),
            error => away(error.to_string()),
        })?;
        check(secret, SystemClock.now(), &body, &signature).map_err(|error| Lie::Signature(error.to_string()))?;
        Ok(serde_json::from_slice(&body).map_err(|_| Lie::Form)?)
    }
}

impl Departments for HttpDepartments {
    fn ask(&self, question: &Question) -> Result<Reply, AskError> {
        let patience = Duration::from_secs(question.timeout_seconds.into());
        let told: Told = self.send(&question.source, "ask", &Ask::from(question), patience, BODY_MAX)?;
        Ok(told.into())
    }
}

impl ProviderLogs for HttpDepartments {
    fn sources(&self) -> Vec<SourceId> {
        self.secrets.keys().cloned().collect()
    }

    fn list(&self, source: &SourceId, from: Instant, to: Instant) -> Result<Vec<Seen>, String> {
        let ask = AskLog { source: source.clone(), from, to };
        let told: ToldLog = self.send(source, "log", &ask, LOG_PATIENCE, LOG_MAX).map_err(|error| error.to_string())?;
        if told.source != *source || told.from != from || told.to != to {
            return Err("the answer is to another question".to_owned());
        }
        let seen = told.lines.into_iter();
        let seen = seen.map(|line| {
            let Line { request_id: request, at, fields, subject, .. } = line;
            Seen { request: request.to_string(), at, fields, subject: Some(subject) }
        });
        Ok(seen.collect())
    }

    fn subject(&self, source: &SourceId, id_number: &str) -> String {
        subject_of(self.secrets.get(source).map_or(&[][..], Vec::as_slice), id_number)
    }
}

/// What the departments are told on the command line.
pub struct Plan {
    /// Their own folder.
    pub data: PathBuf,
    /// Where they listen.
    pub listen: SocketAddr,
    /// The pack that declares the sources.
    pub pack: PathBuf,
    /// The folder of the shared secrets; in their own folder when absent.
    pub secrets: Option<PathBuf>,
}

/// Runs until SIGTERM or SIGINT.
pub fn serve(plan: &Plan) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_ansi(false).init();
    let city = load(&plan.pack)?.city;
    let folder = plan.secrets.clone().unwrap_or_else(|| plan.data.join("secrets"));
    let registers = registers(&city, secrets(&folder, &city)?);
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    asynchronous.block_on(async {
        let listen = plan.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be listened on"))?;
        println!("demo departments http://{}/", listener.local_addr()?);
        for resident in demo::residents(&city) {
            println!("  {} {}", resident.name, resident.id_number.as_str());
        }
        for organisation in demo::organisations(&city).into_iter().take(demo::residents(&city).len()) {
            println!("  {} {}", organisation.name, organisation.number.as_str());
        }
        for (child, _) in demo::children() {
            println!("  {} {}", child.name, child.id_number.as_str());
        }
        let told = async { drop(wait_for_signal().await) };
        serve_departments(listener, &plan.data, registers, Arc::new(SystemClock), told).await?;
        Ok(ExitCode::SUCCESS)
    })
}

fn registers(city: &City, mut secrets: BTreeMap<SourceId, Vec<u8>>) -> BTreeMap<SourceId, Register> {
    let register = |(id, source): (&SourceId, &pack::DataSource)| {
        let people: BTreeMap<String, Record> = if source.organisations {
            let found = demo::organisation_records(city, id).into_iter();
            found
                .map(|(organisation, values)| {
                    let Organisation { number, representative, .. } = organisation;
                    (
                        organisation_key(&number, &representative.id_number),
                        Record { name: representative.name, values, children: None },
                    )
                })
                .collect()
        } else if source.guardianship {
            let found = demo::guardian_records(city, id).into_iter();
            found
                .map(|(guardian, children)| {
                    let record = Record { name: guardian.name, values: BTreeMap::new(), children: Some(children) };
                    (guardian.id_number.as_str().to_owned(), record)
                })
                .collect()
        } else {
            let found = demo::records(city, id).into_iter();
            found
                .map(|(person, values)| {
                    (person.id_number.as_str().to_owned(), Record { name: person.name, values, children: None })
                })
                .collect()
        };
        let register = Register {
            secret: secrets.remove(id)?,
            fields: source.fields.iter().map(|field| field.id.clone()).collect(),
            people,
        };
        Some((id.clone(), register))
    };
    city.sources.iter().filter_map(register).collect()
}
