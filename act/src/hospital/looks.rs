//! What a hospital's own log says it was asked about people: for whoever holds it against the city's.

use std::sync::Arc;

use model::{FormId, Instant, RequestId, SourceId};

use super::client::{Call, Client};
use super::fhir::Audit;
use super::questions::About;
use super::{Hospitals, Lie};

/// How long a page of a log may take, seconds.
const PATIENCE_S: u8 = 60;

/// Resources that are about nobody: who offers what, when, for how much; and the log itself.
const ABOUT_NOBODY: [&str; 9] = [
    "metadata",
    "CapabilityStatement",
    "Practitioner",
    "PractitionerRole",
    "Schedule",
    "Slot",
    "ChargeItemDefinition",
    "HealthcareService",
    "AuditEvent",
];

/// Longest id of a request that is repeated to an operator, characters.
const REQUEST_MAX: usize = 64;

/// A request about somebody, as a hospital wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The id it came under; the city's own are ids of questions.
    pub request: String,
    /// When the hospital saw it.
    pub at: Instant,
    /// What it asked for, by the words of our own log.
    pub about: FormId,
    /// The keyed digest of the patient's identity number, where the hospital knows it.
    pub subject: Option<String>,
}

/// What a hospital was asked about people, from an instant on and before another. Blocks.
///
/// # Errors
/// Words for the operator when there is no answer that can be believed.
pub fn list_looks(
    hospitals: Arc<dyn Hospitals>,
    hospital: &SourceId,
    request: RequestId,
    (from, to): (Instant, Instant),
) -> Result<Vec<Look>, String> {
    let client =
        Client { hospitals, hospital: hospital.clone(), request, timeout_seconds: PATIENCE_S, city: String::new() };
    let lines = client.log(from, to).map_err(|call| match call {
        Call::Away(why) => why,
        Call::Lied(lie) => lie.to_string(),
        Call::Denied { code, words } => words.unwrap_or(code),
    })?;
    if lines.iter().any(|line| line.at < from || to <= line.at) {
        return Err(Lie::Other("AuditEvent").to_string());
    }
    Ok(lines.into_iter().filter_map(look_of).collect())
}

/// A line, when it is about somebody.
fn look_of(line: Audit) -> Option<Look> {
    let resource = line.resource.unwrap_or_default();
    if !line.has_patient && ABOUT_NOBODY.contains(&resource.as_str()) {
        return None;
    }
    let printed = |text: &str| {
        let clean = |letter: char| if letter.is_ascii_graphic() { letter } else { '?' };
        text.chars().take(REQUEST_MAX).map(clean).collect::<String>()
    };
    let about = About::of_resource(&resource).map(About::word);
    let about = about.and_then(|word| FormId::new(word).ok());
    Some(Look {
        request: line.request.map_or_else(|| "-".to_owned(), |request| printed(&request)),
        at: line.at,
        about: about.or_else(|| FormId::new("else").ok())?,
        subject: line.subject,
    })
}
