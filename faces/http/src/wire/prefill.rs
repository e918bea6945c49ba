//! Data that runs instead of people: who somebody is, what departments are asked and answer, where answers come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Named, Text, Time};

/// How sure the city is of who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Level {
    /// An account that somebody can sign in to.
    L1,
    /// Name and identity number, matched by a department.
    L2,
    /// Seen in person, or with a document that proves itself.
    L3,
}

/// What the city knows of who the caller is.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IdentityView {
    /// How sure it is.
    pub level: Level,
    /// Who, once it is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub proved: Option<ProvedIdentity>,
    /// The register that matches name and number; absent where none is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<SourceFacts>,
    /// Fictional people to try it with; in a demonstration alone.
    pub examples: Vec<IdentityInput>,
}

/// Who somebody is, as pages show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProvedIdentity {
    /// The name, all but its last character hidden.
    pub name: String,
    /// The number, the day of birth hidden.
    pub id_number: String,
    /// When it was proved.
    pub verified_at: Time,
}

/// Name and number to be matched.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityInput {
    /// Name, as on the identity card.
    pub name: String,
    /// 居民身份证号码 of 18 characters.
    pub id_number: String,
}

/// A register of a department, and why it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFacts {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The office that keeps it.
    pub office: Named,
    /// Why it is asked.
    pub purpose: Text,
    /// The law it rests on.
    pub basis: Text,
}

/// How the last question to a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FetchOutcome {
    /// It answered, and the answer was taken.
    Answered,
    /// It has nobody of that name and number.
    NoRecord,
    /// It did not answer in time.
    Away,
    /// It answered what cannot be believed, and that was thrown away.
    Refused,
}

/// What a form needs of a register, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrefillSource {
    /// The register.
    #[serde(flatten)]
    pub facts: SourceFacts,
    /// The fields of the form that it fills in.
    pub fields: Vec<PrefillField>,
    /// How the last question ended; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<FetchOutcome>,
    /// When it was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asked_at: Option<Time>,
}

/// A field that a register fills in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrefillField {
    /// The form's field.
    pub id: String,
    /// What the register calls it.
    pub title: Text,
    /// Whether the applicant may answer themselves when it was not fetched.
    pub self_declared: bool,
}

/// What departments fill in of a form.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PrefillView {
    /// The service.
    pub service: String,
    /// How sure the city is of who the caller is; departments are asked from L2 on.
    pub level: Level,
    /// Whether departments are connected at all.
    pub connected: bool,
    /// What the form needs of each register, in the order of its questions.
    pub sources: Vec<PrefillSource>,
    /// What was answered, by field of the form: it cannot be changed.
    #[schema(value_type = Object)]
    pub values: BTreeMap<String, serde_json::Value>,
    /// Where it comes from, by field of the form.
    pub provenance: BTreeMap<String, Provenance>,
}

/// Consent to ask departments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefillConsent {
    /// The registers that may be asked.
    pub sources: Vec<String>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    /// True when the applicant said so themselves, false when a department did.
    pub self_declared: bool,
    /// The register.
    pub source: Named,
    /// The office that keeps it.
    pub office: Named,
    /// The state of the register that was answered from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub as_of: Option<Time>,
    /// The question, as the department's log names it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// A question to a department about the caller. What was answered is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FetchEntry {
    /// When.
    pub at: Time,
    /// The register, or the hospital.
    pub source: Named,
    /// The office that keeps it.
    pub office: Named,
    /// For which service; absent where the caller proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub service: Option<Named>,
    /// Whether it was a hospital, about a visit of the caller.
    pub hospital: bool,
    /// What was asked; nothing but whether there is such a person when empty.
    pub fields: Vec<Text>,
    /// Why.
    pub purpose: Text,
    /// The law it rests on.
    pub basis: Text,
    /// What became of it; absent while nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<FetchOutcome>,
    /// The question, as the department's log names it too.
    pub request_id: String,
    /// Who had it asked for the caller: somebody with a mandate, or the official at a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asked_by: Option<String>,
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
hidden_from_debug!(IdentityView, ProvedIdentity, IdentityInput, PrefillView);
