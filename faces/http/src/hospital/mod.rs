//! Hospitals for demonstrations and tests: a process of its own that speaks HL7 FHIR R4 as a real one would. Its doctors,
//! reports and answers are fictional; being called, reports and answers come by themselves in accelerated time.
//!
//! What happened is in its journal, and every request about a patient in its access log, before it answers.

mod audit;
mod book;
pub mod protocol;
mod resources;
mod search;
mod staff;
mod write;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use jiff::tz::TimeZone;
use model::{Clock, Instant, SourceId};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::signature::{check, sign};
use book::{Access, AccessLog, Book, Identifier};
use protocol::{BODY_MAX, FHIR_JSON, IF_NONE_EXIST, REQUEST_HEADER, SIGNATURE_HEADER, answer_text, request_text};
use resources::{Pace, capabilities, outcome};
use search::Looking;

/// What demo hospitals are set up with.
pub struct HospitalPlan {
    /// The address they are reached at, for links, without a slash at its end.
    pub base: String,
    /// The secret each shares with the city.
    pub secrets: BTreeMap<SourceId, Vec<u8>>,
    /// Where they are.
    pub zone: TimeZone,
    /// One step of the demonstration, seconds: a turn in the queue, half a report, an answer.
    pub pace_seconds: u32,
}

struct Hospitals {
    plan: HospitalPlan,
    book: Mutex<Book>,
    log: Mutex<AccessLog>,
    clock: Arc<dyn Clock>,
}

impl Hospitals {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, AccessLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn base(&self, hospital: &SourceId) -> String {
        format!("{}/{hospital}/fhir/", self.plan.base)
    }

    fn pace(&self) -> Pace {
        Pace(i64::from(self.plan.pace_seconds.max(1)) * 1_000_000)
    }
}

/// Serves hospitals on the listener until `stop` is done; each under `/ID/fhir/`.
///
/// # Errors
/// When the folder cannot be used or the listener fails for good.
pub async fn serve_hospitals(
    listener: TcpListener,
    folder: &FilePath,
    plan: HospitalPlan,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, hospitals_router(folder, plan, clock)?).with_graceful_shutdown(stop).await
}

/// The router of demo hospitals.
///
/// # Errors
/// When the folder cannot be used.
pub fn hospitals_router(folder: &FilePath, plan: HospitalPlan, clock: Arc<dyn Clock>) -> std::io::Result<Router> {
    let (book, log) = (Mutex::new(Book::open(folder)?), Mutex::new(AccessLog::open(folder)?));
    Ok(Router::new()
        .route("/{hospital}/fhir/{*rest}", any(answer))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(Arc::new(Hospitals { plan, book, log, clock })))
}

/// Why a request is not done.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    words: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, words: impl Into<String>) -> Self {
        Self { status, code, words: words.into() }
    }

    fn not_found(kind: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {kind}"))
    }

    fn unsupported(kind: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "not-supported", format!("{kind} is not offered so"))
    }

    fn parameter(name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", format!("the parameter {name} is missing or wrong"))
    }

    fn rule(words: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "business-rule", words)
    }

    fn disk(error: &std::io::Error) -> Self {
        tracing::error!(%error, "the book cannot be written; nothing is answered");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "transient", "the book cannot be written")
    }
}

/// The parameters of a search, as they came.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn of(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }

    /// Whether a reference is the one asked for, or none is.
    fn names(&self, name: &str, kind: &str, id: &str) -> bool {
        self.get(name).is_none_or(|asked| asked.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) == Some(id))
    }

    fn identifier(&self, name: &str) -> Option<Identifier> {
        let (system, value) = self.get(name)?.split_once('|')?;
        Some((system.to_owned(), value.to_owned()))
    }

    fn query_of_page(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(name, _)| name != "_page"));
        query.append_pair("_page", &page.to_string()).finish()
    }
}

/// A request, its signature checked.
struct Request {
    hospital: SourceId,
    method: Method,
    kind: String,
    id: Option<String>,
    asked: Asked,
    condition: Option<Asked>,
    body: Value,
    now: Instant,
}

/// Every request.
async fn answer(
    State(hospitals): State<Arc<Hospitals>>,
    Path((hospital, _)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let known = hospital.parse::<SourceId>().ok().and_then(|id| hospitals.plan.secrets.get_key_value(&id));
    let Some((id, secret)) = known else { return StatusCode::NOT_FOUND.into_response() };
    let whole = uri.path_and_query().map_or("", |target| target.as_str());
    let target = whole.strip_prefix(&format!("/{hospital}/fhir/")).unwrap_or_default();
    let signature = text_of(&headers, SIGNATURE_HEADER);
    let (status, resource) = if (&method, target) == (&Method::GET, "metadata") {
        (StatusCode::OK, capabilities(hospitals.clock.now()))
    } else {
        match take(&hospitals, (id, secret), (method, target), &headers, &body)
            .and_then(|one| perform(&hospitals, &one))
        {
            Ok((status, resource)) => (status, resource),
            Err(Refusal { status, code, words }) => (status, outcome(code, &words)),
        }
    };
    let body = serde_json::to_vec(&resource).unwrap_or_default();
    let signed = sign(secret, hospitals.clock.now(), &answer_text(status.as_u16(), signature, &body));
    let headers = [
        (header::CONTENT_TYPE.as_str(), FHIR_JSON),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (SIGNATURE_HEADER, signed.as_str()),
    ];
    (status, headers, body).into_response()
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Checks the signature, reads the parts, and writes the request into the access log.
fn take(
    hospitals: &Hospitals,
    (hospital, secret): (&SourceId, &[u8]),
    (method, target): (Method, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Request, Refusal> {
    let (now, request_id) = (hospitals.clock.now(), text_of(headers, REQUEST_HEADER));
    let condition = Some(text_of(headers, IF_NONE_EXIST)).filter(|text| !text.is_empty());
    let signed = request_text(method.as_str(), target, request_id, condition, body);
    check(secret, now, &signed, text_of(headers, SIGNATURE_HEADER))
        .map_err(|error| Refusal::new(StatusCode::UNAUTHORIZED, "login", error.to_string()))?;
    if request_id.is_empty() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "required", "a request has an id"));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (kind, id) = path.split_once('/').map_or((path, None), |(kind, id)| (kind, Some(id.to_owned())));
    let body: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body)
            .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "structure", "the body is not JSON"))?
    };
    let asked = Asked::of(query);
    let (patient, subject) =
        audit::about(&mut hospitals.book(), (hospital, secret), (kind, id.as_deref()), &asked, &body);
    let access = Access {
        request_id: request_id.to_owned(),
        at: now,
        hospital: hospital.clone(),
        method: method.as_str().to_owned(),
        resource: path.to_owned(),
        patient,
        subject,
    };
    hospitals.log().record(&access).map_err(|error| Refusal::disk(&error))?;
    let (kind, condition) = (kind.to_owned(), condition.map(Asked::of));
    Ok(Request { hospital: hospital.clone(), method, kind, id, asked, condition, body, now })
}

/// Does what is asked, alone: whoever races for a time is told apart here.
fn perform(hospitals: &Hospitals, request: &Request) -> Result<(StatusCode, Value), Refusal> {
    if request.method == Method::GET && request.kind == "AuditEvent" {
        return audit::list(hospitals, request);
    }
    let mut book = hospitals.book();
    let base = hospitals.base(&request.hospital);
    if request.method != Method::GET {
        return write::perform(&mut book, hospitals, request);
    }
    let looking = Looking {
        wing: book.wing(&request.hospital),
        zone: &hospitals.plan.zone,
        now: request.now,
        pace: hospitals.pace(),
    };
    let found = match &request.id {
        Some(id) => looking.read(&request.kind, id),
        None => looking.search(&request.kind, &request.asked, &base),
    };
    Ok((StatusCode::OK, found?))
}
