//! Elements of resources: ids, references, instants, words.

use std::fmt;

use model::Instant;
use serde_json::Value;

/// Longest word or sentence taken from a hospital, characters.
const TEXT_MAX: usize = 4_000;

/// An element that is missing, or not what FHIR says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{element} is missing or not as FHIR R4 has it")]
pub struct Faulty {
    /// Which element, such as `Slot.start`.
    pub element: &'static str,
}

/// That element is at fault.
pub(super) const fn faulty(element: &'static str) -> Faulty {
    Faulty { element }
}

/// A logical id: 1 to 64 letters, digits, `-` and `.`; safe in an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FhirId(String);

impl FhirId {
    /// Takes an id from outside.
    ///
    /// # Errors
    /// [`Faulty`] when it is none.
    pub fn parse(text: &str) -> Result<Self, Faulty> {
        let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let is_path = text.bytes().all(|byte| byte == b'.');
        if (1..=64).contains(&text.len()) && fits && !is_path { Ok(Self(text.to_owned())) } else { Err(faulty("id")) }
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FhirId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FhirId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FhirId(..)")
    }
}

/// A resource of that type.
pub(super) fn of_type(value: &Value, kind: &'static str) -> Result<(), Faulty> {
    if value["resourceType"] == kind { Ok(()) } else { Err(faulty(kind)) }
}

/// The resource's own id.
pub(super) fn id(value: &Value, element: &'static str) -> Result<FhirId, Faulty> {
    value["id"].as_str().and_then(|text| FhirId::parse(text).ok()).ok_or(faulty(element))
}

/// What a reference points at, when it is of that type: `Patient/1`, also with an address before it.
pub(super) fn reference(value: &Value, kind: &str, element: &'static str) -> Result<FhirId, Faulty> {
    find_reference(value, kind).ok_or(faulty(element))
}

/// The same, where it may be missing.
pub(super) fn find_reference(value: &Value, kind: &str) -> Option<FhirId> {
    let text = value["reference"].as_str()?;
    let (rest, id) = text.rsplit_once('/')?;
    let is_kind = rest == kind || rest.strip_suffix(kind).is_some_and(|before| before.ends_with('/'));
    FhirId::parse(id).ok().filter(|_| is_kind)
}

/// A text of at least one and at most [`TEXT_MAX`] characters.
pub(super) fn text(value: &Value, element: &'static str) -> Result<String, Faulty> {
    find_text(value).ok_or(faulty(element))
}

/// The same, where it may be missing.
pub(super) fn find_text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty() && text.chars().count() <= TEXT_MAX).then(|| text.to_owned())
}

/// An `instant` or a `dateTime` with its zone.
pub(super) fn instant(value: &Value, element: &'static str) -> Result<Instant, Faulty> {
    value.as_str().and_then(|text| text.parse::<Instant>().ok()).ok_or(faulty(element))
}

/// The value of the identifier of a system, a text like any other.
pub(super) fn identifier(value: &Value, system: &str) -> Option<String> {
    let identifiers = value["identifier"].as_array()?;
    find_text(&identifiers.iter().find(|identifier| identifier["system"] == system)?["value"])
}

/// The words of a `CodeableConcept`.
pub(super) fn concept(value: &Value, element: &'static str) -> Result<String, Faulty> {
    find_concept(value).ok_or(faulty(element))
}

/// The same, where it may be missing.
pub(super) fn find_concept(value: &Value) -> Option<String> {
    find_text(&value["text"]).or_else(|| find_text(&value["coding"][0]["display"]))
}
