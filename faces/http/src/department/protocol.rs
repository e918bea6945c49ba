//! What is said between the city and a department: small JSON bodies, each signed with a secret of that register and a time
//! (`crate::signature`). Nothing personal is ever in an address.
//!
//! `docs/how-to/connect-a-department.md` is the same for whoever writes the other side.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use identity::{CreditCode, Identity};
use model::{FormId, Instant, RequestId, ServiceId, SourceId};
use sense::departments::{Question, Reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

/// The header of a signature.
pub const SIGNATURE_HEADER: &str = "x-department-signature";

/// Longest question and longest answer, bytes.
pub const BODY_MAX: usize = 65_536;

/// Longest page of an access log, bytes: about 80 000 lines.
pub const LOG_MAX: usize = 16 << 20;

/// `POST {department}/v1/ask`: a question about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The question's id, used once.
    pub request_id: RequestId,
    /// Which register.
    pub source: SourceId,
    /// Why.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// The consent it rests on.
    pub consent: RequestId,
    /// For which service; absent where somebody proves who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// About whom: there is a record only where name and number belong together.
    pub subject: Identity,
    /// About which organisation, to a register of organisations: there is a record only where `subject` is its legal representative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<CreditCode>,
    /// What is asked; nothing else is to be answered.
    pub fields: Vec<FormId>,
}

/// The answer to a question.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The question's id.
    pub request_id: RequestId,
    /// Which register.
    pub source: SourceId,
    /// The state of the register that is answered from.
    #[serde(with = "rfc3339")]
    pub as_of: Instant,
    /// Exactly what was asked, by field; absent when there is nobody of that name and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, Value>>,
    /// Of a register of guardians instead: exactly what was asked for each child, none for who has none; absent when there
    /// is nobody of that name and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<BTreeMap<String, Value>>>,
}

/// `POST {department}/v1/log`: what was asked of a register, from an instant on and before another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskLog {
    /// Which register.
    pub source: SourceId,
    /// From here on.
    #[serde(with = "rfc3339")]
    pub from: Instant,
    /// Before here.
    #[serde(with = "rfc3339")]
    pub to: Instant,
}

/// A part of an access log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldLog {
    /// Which register.
    pub source: SourceId,
    /// From here on.
    #[serde(with = "rfc3339")]
    pub from: Instant,
    /// Before here.
    #[serde(with = "rfc3339")]
    pub to: Instant,
    /// What was asked, in the order it was.
    pub lines: Vec<Line>,
}

/// A line of a department's access log. It tells of a question, never of what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The question's id, as the requester has it too.
    pub request_id: RequestId,
    /// When it was answered.
    #[serde(with = "rfc3339")]
    pub at: Instant,
    /// Which register.
    pub source: SourceId,
    /// What was asked.
    pub fields: Vec<FormId>,
    /// Why.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// The consent it rests on.
    pub consent: RequestId,
    /// For which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
    /// About whom: [`subject_of`] the number.
    pub subject: String,
    /// Whether there was a record.
    pub found: bool,
}

/// The digest under which a register writes an identity number down: HMAC-SHA-256 of `subject/` and the number with the
/// secret it shares with the city, hexadecimal. It tells who has the secret whether a line is about somebody they know.
pub fn subject_of(secret: &[u8], id_number: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(b"subject/");
    mac.update(id_number.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Instants as everybody writes them (RFC 3339).
mod rfc3339 {
    use model::Instant;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl From<&Question> for Ask {
    fn from(question: &Question) -> Self {
        Self {
            request_id: question.request,
            source: question.source.clone(),
            purpose: question.purpose.clone(),
            basis: question.basis.clone(),
            consent: question.consent,
            service: question.service.clone(),
            subject: question.subject.clone(),
            organisation: question.organisation.clone(),
            fields: question.fields.clone(),
        }
    }
}

impl From<Told> for Reply {
    fn from(told: Told) -> Self {
        Self {
            request: told.request_id,
            source: told.source,
            as_of: told.as_of,
            values: told.values,
            records: told.records,
        }
    }
}
