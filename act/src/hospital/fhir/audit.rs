//! A hospital's own log: `AuditEvent` as IHE's Basic Audit Log Patterns have it, as far as two logs are compared.

use model::Instant;
use serde_json::Value;

use super::element::{Faulty, find_text, instant, of_type};

/// The kinds of entity of a line: the resource asked for, the patient, the id of the request.
const RESOURCES: &str = "http://hl7.org/fhir/resource-types";
const PERSON: (&str, &str) = ("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1");
const REQUEST: (&str, &str) = ("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId");

/// A line of a hospital's log: that somebody asked, never what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: Instant,
    /// The request's id, `X-Request-Id`; absent where it came without one.
    pub request: Option<String>,
    /// The type of resource that was asked for.
    pub resource: Option<String>,
    /// Whether it was about a patient.
    pub has_patient: bool,
    /// The keyed digest of the patient's identity number, where the hospital knows it.
    pub subject: Option<String>,
}

impl Audit {
    /// Reads an `AuditEvent`.
    ///
    /// # Errors
    /// [`Faulty`] names what is wrong.
    pub fn read(value: &Value) -> Result<Self, Faulty> {
        of_type(value, "AuditEvent")?;
        let entities = value["entity"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |(system, code): (&str, &str)| {
            entities.iter().find(|entity| entity["type"]["system"] == system && entity["type"]["code"] == code)
        };
        let named = |entity: Option<&Value>| find_text(&entity?["what"]["identifier"]["value"]);
        let resource = entities.iter().find(|entity| entity["type"]["system"] == RESOURCES);
        Ok(Self {
            at: instant(&value["recorded"], "AuditEvent.recorded")?,
            request: named(of(REQUEST)),
            resource: resource.and_then(|entity| find_text(&entity["type"]["code"])),
            has_patient: of(PERSON).is_some(),
            subject: named(of(PERSON)),
        })
    }
}
