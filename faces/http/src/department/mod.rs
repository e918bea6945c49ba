//! Departments for demonstrations and tests: a process of its own with registers of fictional people, asked over the same
//! protocol as a real one. It answers only what is asked, to who signs, and only once the question is in its own log.

mod log;
pub mod protocol;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use identity::{CreditCode, IdNumber};
use model::{Clock, FormId, SourceId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::signature::{check, sign};
use protocol::{Ask, AskLog, BODY_MAX, Line, SIGNATURE_HEADER, Told, ToldLog, subject_of};

pub use log::AccessLog;

/// What an organisation stands under in a register: its number, and that of its legal representative.
pub fn organisation_key(organisation: &CreditCode, representative: &IdNumber) -> String {
    format!("{}/{}", organisation.as_str(), representative.as_str())
}

/// A person of a register; of an organisation, its legal representative.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Name.
    pub name: String,
    /// What the register knows, by field.
    pub values: BTreeMap<FormId, Value>,
    /// Of a register of guardians: what it knows of each child.
    pub children: Option<Vec<BTreeMap<FormId, Value>>>,
}

/// A register, with the secret it shares with the city.
#[derive(Clone, PartialEq)]
pub struct Register {
    /// The shared secret.
    pub secret: Vec<u8>,
    /// The fields it has.
    pub fields: BTreeSet<FormId>,
    /// Its people, by identity number; its organisations, by their number and that of their legal representative.
    pub people: BTreeMap<String, Record>,
}

struct Departments {
    registers: BTreeMap<SourceId, Register>,
    log: Mutex<AccessLog>,
    clock: Arc<dyn Clock>,
}

impl Departments {
    fn log(&self) -> MutexGuard<'_, AccessLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves registers on the listener until `stop` is done; each under the path of its id.
///
/// # Errors
/// When the folder cannot be used or the listener fails for good.
pub async fn serve_departments(
    listener: TcpListener,
    folder: &FilePath,
    registers: BTreeMap<SourceId, Register>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let log = Mutex::new(AccessLog::open(folder)?);
    let router = Router::new()
        .route("/{source}/v1/ask", post(answer))
        .route("/{source}/v1/log", post(tell_log))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(Departments { registers, log, clock }));
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

/// Why a request is not answered.
struct Turned(StatusCode, String);

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

/// `POST /{source}/v1/ask`.
async fn answer(
    State(departments): State<Arc<Departments>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Turned> {
    let (id, register) = find(&departments, &source)?;
    let ask: Ask = read(&departments, register, &headers, &body)?;
    let bad = |words: &str| Turned(StatusCode::UNPROCESSABLE_ENTITY, words.to_owned());
    if ask.source != *id {
        return Err(bad("the question is to another register"));
    }
    if ask.purpose.trim().chars().count() < 4 || ask.basis.trim().is_empty() {
        return Err(bad("a purpose and the law it rests on must be stated"));
    }
    if let Some(unknown) = ask.fields.iter().find(|field| !register.fields.contains(*field)) {
        return Err(bad(&format!("the register has no field {unknown}")));
    }
    let number = &ask.subject.id_number;
    let key = ask.organisation.as_ref().map_or_else(|| number.as_str().to_owned(), |of| organisation_key(of, number));
    let record = register.people.get(&key).filter(|record| record.name == ask.subject.name);
    let told = Told {
        request_id: ask.request_id,
        source: id.clone(),
        as_of: departments.clock.now(),
        values: record.filter(|record| record.children.is_none()).map(|record| asked(&ask.fields, &record.values)),
        records: record
            .and_then(|record| record.children.as_ref())
            .map(|children| children.iter().map(|child| asked(&ask.fields, child)).collect()),
    };
    let line = line_of(ask, register, told.as_of, record.is_some());
    let recorded = departments.log().record(&line);
    match recorded {
        Ok(true) => signed(&departments, register, &told),
        Ok(false) => Err(Turned(StatusCode::CONFLICT, "the request id was used before".to_owned())),
        Err(error) => {
            tracing::error!(%error, "the access log cannot be written; nothing is answered");
            Err(Turned(StatusCode::SERVICE_UNAVAILABLE, "the access log cannot be written".to_owned()))
        }
    }
}

/// Exactly what was asked.
fn asked(fields: &[FormId], values: &BTreeMap<FormId, Value>) -> BTreeMap<String, Value> {
    fields.iter().filter_map(|field| Some((field.to_string(), values.get(field)?.clone()))).collect()
}

fn line_of(ask: Ask, register: &Register, at: model::Instant, found: bool) -> Line {
    let subject = subject_of(&register.secret, ask.subject.id_number.as_str());
    let Ask { request_id, source, purpose, basis, consent, service, fields, .. } = ask;
    Line { request_id, at, source, fields, purpose, basis, consent, service, subject, found }
}

/// `POST /{source}/v1/log`: for whoever reconciles.
async fn tell_log(
    State(departments): State<Arc<Departments>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Turned> {
    let (id, register) = find(&departments, &source)?;
    let AskLog { source, from, to } = read(&departments, register, &headers, &body)?;
    if source != *id {
        return Err(Turned(StatusCode::UNPROCESSABLE_ENTITY, "the log is of another register".to_owned()));
    }
    let lines = departments.log().list(&source, from, to).map_err(|error| {
        tracing::error!(%error, "the access log cannot be read");
        Turned(StatusCode::SERVICE_UNAVAILABLE, "the access log cannot be read".to_owned())
    })?;
    signed(&departments, register, &ToldLog { source, from, to, lines })
}

fn find<'a>(departments: &'a Departments, source: &str) -> Result<(&'a SourceId, &'a Register), Turned> {
    let id = source.parse::<SourceId>().ok();
    let found = id.and_then(|id| departments.registers.get_key_value(&id));
    found.ok_or_else(|| Turned(StatusCode::NOT_FOUND, "there is no such register".to_owned()))
}

/// A signed body.
fn read<T: DeserializeOwned>(
    departments: &Departments,
    register: &Register,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Turned> {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    check(&register.secret, departments.clock.now(), body, signature)
        .map_err(|error| Turned(StatusCode::UNAUTHORIZED, error.to_string()))?;
    serde_json::from_slice(body)
        .map_err(|_| Turned(StatusCode::BAD_REQUEST, "the question has not the form agreed on".to_owned()))
}

fn signed(departments: &Departments, register: &Register, body: &impl Serialize) -> Result<Response, Turned> {
    let body = serde_json::to_vec(body)
        .map_err(|_| Turned(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written".to_owned()))?;
    let signature = sign(&register.secret, departments.clock.now(), &body);
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/json"),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (SIGNATURE_HEADER, signature.as_str()),
    ];
    Ok((headers, body).into_response())
}
