//! The demo hospitals' access log as FHIR has it: `AuditEvent` by IHE's Basic Audit Log Patterns (BALP), for whoever
//! reconciles.

use axum::http::StatusCode;
use model::{Instant, SourceId};
use serde_json::{Value, json};

use super::book::{Access, Book};
use super::resources::patient_id;
use super::search::{number_of, page_of};
use super::{Asked, Hospitals, Refusal, Request};
use crate::department::protocol::subject_of;

/// 居民身份证号码 as the system of an identifier.
const ID_NUMBER: &str = "urn:oid:2.16.156.10011.1.3";

/// The patient that a request is about, and their identity number as a keyed digest, as far as the hospital knows.
pub fn about(
    book: &mut Book,
    (hospital, secret): (&SourceId, &[u8]),
    (kind, id): (&str, Option<&str>),
    asked: &Asked,
    body: &Value,
) -> (Option<String>, Option<String>) {
    let participants = body["participant"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut actors = participants.iter().filter_map(|one| one["actor"]["reference"].as_str());
    let named = asked.get("patient").or_else(|| asked.get("subject")).or_else(|| body["subject"]["reference"].as_str());
    let named = named.or_else(|| actors.find(|actor| actor.starts_with("Patient/"))).map(str::to_owned);
    let wing = book.wing(hospital);
    let paid = body["request"]["reference"].as_str().and_then(|reference| reference.strip_prefix("Invoice/"));
    let visit = match (kind, id) {
        ("Appointment", Some(id)) => number_of(id, "a"),
        ("Encounter", Some(id)) => number_of(id, "e"),
        ("Invoice", Some(id)) => number_of(id, "i"),
        ("DiagnosticReport", Some(id)) => number_of(id, "d"),
        ("PaymentNotice", _) => paid.and_then(|id| number_of(id, "i")),
        _ => None,
    };
    let of_visit = visit.and_then(|number| wing.visits.get(number)).map(|visit| patient_id(visit.patient));
    let of_id = id.filter(|_| kind == "Patient").map(str::to_owned);
    let patient = named.or_else(|| of_visit.or(of_id).map(|id| format!("Patient/{id}")));
    let number = patient.as_deref().and_then(|patient| number_of(patient.strip_prefix("Patient/")?, "p"));
    let known = number.and_then(|number| wing.id_number(number, ID_NUMBER));
    let identifiers = body["identifier"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = identifiers.iter().find(|one| one["system"] == ID_NUMBER).and_then(|one| one["value"].as_str());
    (patient, known.or(told).map(|number| subject_of(secret, number)))
}

/// `GET AuditEvent?date=ge…&date=lt…`.
pub fn list(hospitals: &Hospitals, request: &Request) -> Result<(StatusCode, Value), Refusal> {
    let (mut from, mut to) = (None, None);
    for bound in request.asked.all("date") {
        let instant = |text: &str| text.parse::<Instant>().map_err(|_| Refusal::parameter("date"));
        match bound.split_at_checked(2) {
            Some(("ge", text)) => from = Some(instant(text)?),
            Some(("lt", text)) => to = Some(instant(text)?),
            _ => return Err(Refusal::parameter("date")),
        }
    }
    let (from, to) = from.zip(to).ok_or_else(|| Refusal::parameter("date"))?;
    let lines = hospitals.log().list(&request.hospital).map_err(|error| Refusal::disk(&error))?;
    let lines = lines.iter().enumerate().filter(|(_, line)| from <= line.at && line.at < to);
    let base = hospitals.base(&request.hospital);
    Ok((StatusCode::OK, page_of("AuditEvent", &request.asked, &base, lines.map(|(at, line)| audit_event(at, line)))?))
}

fn audit_event(number: usize, line: &Access) -> Value {
    let (kind, id) =
        line.resource.split_once('/').map_or((line.resource.as_str(), None), |(kind, id)| (kind, Some(id)));
    let interaction = match (line.method.as_str(), id) {
        ("GET", Some(_)) => ("read", "R"),
        ("GET", None) => ("search-type", "E"),
        ("POST", _) => ("create", "C"),
        ("PUT", _) => ("update", "U"),
        _ => ("patch", "U"),
    };
    let coding = |system: &str, code: &str| json!({"system": system, "code": code});
    let mut entities = vec![json!({"type": coding("http://hl7.org/fhir/resource-types", kind)})];
    if line.patient.is_some() || line.subject.is_some() {
        let mut what = json!({});
        if let Some(patient) = &line.patient {
            what["reference"] = json!(patient);
        }
        if let Some(subject) = &line.subject {
            what["identifier"] = json!({"system": "urn:dipper:subject", "value": subject});
        }
        entities.push(json!({
            "what": what,
            "type": coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1"),
            "role": coding("http://terminology.hl7.org/CodeSystem/object-role", "1"),
        }));
    }
    if !line.request_id.is_empty() {
        let balp = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
        let what = json!({"identifier": {"value": line.request_id}});
        entities.push(json!({"what": what, "type": coding(balp, "XrequestId")}));
    }
    json!({
        "resourceType": "AuditEvent",
        "id": format!("l-{}", number + 1),
        "type": coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest"),
        "subtype": [coding("http://hl7.org/fhir/restful-interaction", interaction.0)],
        "action": interaction.1,
        "recorded": line.at.to_string(),
        "outcome": "0",
        "agent": [{"who": {"display": "the city"}, "requestor": true}],
        "source": {"observer": {"display": line.hospital.as_str()}},
        "entity": entities,
    })
}
