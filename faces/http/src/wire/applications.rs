//! Applications for services: forms, drafts, answers, and who looked at them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FetchEntry, Field, MaterialView, Named, Provenance, Text, Time};

/// The form of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceForm {
    /// The service.
    pub service: String,
    /// Its name.
    pub title: Text,
    /// Who decides.
    pub office: Named,
    /// The longest the office promises, such as `5 working_day`; counted from acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub promised_limit: Option<String>,
    /// The questions, in the order asked.
    pub fields: Vec<Field>,
    /// JSON Schema (draft 2020-12) that the answers must fit.
    #[schema(value_type = Object)]
    pub schema: serde_json::Value,
    /// How many days a draft is kept after it was last saved.
    pub draft_days: u32,
}

/// What has been entered so far; need not fit the form yet.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    /// Answers by field id.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// The field last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The version it was made from, 0 for the first.
    pub version: u32,
}

/// A draft, for its own author.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// The service.
    pub service: String,
    /// Answers by field id.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// The field last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<String>,
    /// How often it was saved.
    pub version: u32,
    /// When it was saved last.
    pub updated_at: Time,
    /// When it will be forgotten.
    pub kept_until: Time,
}

/// A draft saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DraftSaved {
    /// Its version, for the next save.
    pub version: u32,
    /// When it was saved.
    pub updated_at: Time,
    /// When it will be forgotten.
    pub kept_until: Time,
}

/// One's own drafts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DraftList {
    /// The latest saved first.
    pub items: Vec<DraftLink>,
}

/// A draft in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DraftLink {
    /// The service.
    pub service: String,
    /// Its name.
    pub title: Text,
    /// When it was saved last.
    pub updated_at: Time,
    /// When it will be forgotten.
    pub kept_until: Time,
}

/// An application to hand in.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationInput {
    /// Answers by field id, as the form's schema wants them.
    pub answers: BTreeMap<String, serde_json::Value>,
}

/// Answers to put in the place of those handed in.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionInput {
    /// All answers by field id, as they should be. What departments gave stays, and may be left out.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// The version of the case the answers were read at.
    pub version: u32,
}

/// A correction of an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CorrectionView {
    /// When.
    pub at: Time,
    /// The questions whose answers differ.
    pub fields: Vec<Named>,
    /// True when the reader opened the answers before it, and not since.
    pub seen_before: bool,
}

/// An application, handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Applied {
    /// The case it became.
    pub case_id: String,
    /// The number people see.
    pub case_no: String,
}

/// The answers of an application.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationAnswers {
    /// The service.
    pub service: String,
    /// Its name.
    pub title: Text,
    /// The questions as they were asked.
    pub fields: Vec<Field>,
    /// Answers by field id.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// Where answers come from that a department can give, by field id.
    pub provenance: BTreeMap<String, Provenance>,
    /// Licences given as materials, and how they stand now.
    pub materials: Vec<MaterialView>,
    /// Salted SHA-256 of the answers, as the receipt of the application or of its last correction holds it.
    pub commitment: String,
    /// The version of the case, to be named by a correction.
    pub version: u32,
    /// Whether the applicant may still correct them.
    pub correctable: bool,
    /// Every correction, the first first.
    pub corrections: Vec<CorrectionView>,
}

/// Looks at the caller's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccessPage {
    /// The latest first, at most 200.
    pub items: Vec<AccessEntry>,
    /// What departments were asked about the caller, the latest first, at most 200.
    pub fetches: Vec<FetchEntry>,
    /// What other programs were told about the caller, the latest first, at most 200.
    pub disclosures: Vec<super::DisclosureEntry>,
    /// What others did for the caller, the latest first, at most 100.
    pub acts: Vec<super::MandateActEntry>,
    /// Extracts that the caller is in, the latest first, at most 50.
    pub extracts: Vec<super::ExtractEntry>,
    /// Looks that the caller may not know of yet, by law; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sealed: Option<SealedLooks>,
}

/// Looks that somebody may not know of yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SealedLooks {
    /// How many.
    pub count: u32,
    /// When the next of them can be known.
    pub next_at: Time,
}

/// One look at somebody's data, in plain words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccessEntry {
    /// When.
    pub at: Time,
    /// Which office.
    pub office: Text,
    /// In which role.
    pub role: Text,
    /// What: `contact` or `application`.
    pub data: DataClass,
    /// Why, in the words of who looked.
    pub purpose: String,
    /// The law it rests on; empty for looks before it was written down.
    pub basis: String,
    /// For which case.
    pub case_no: String,
    /// What the case is about.
    pub case_title: Text,
    /// The event that tells of the look; `GET /receipts/{event_id}` proves it.
    pub event_id: String,
}

/// A class of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Name, telephone, e-mail.
    Contact,
    /// The answers of an application.
    Application,
}

macro_rules! hidden_from_debug {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden_from_debug!(DraftInput, Draft, ApplicationInput, CorrectionInput, ApplicationAnswers);
