//! Answers of many applications, taken at once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, Time};

/// What is to be taken, once somebody else has approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractInput {
    /// From applications for this service,
    pub service: String,
    /// handed in from this day on, `YYYY-MM-DD` in the city's time,
    pub from: String,
    /// to the end of this day:
    pub to: String,
    /// the answers to these questions of its form; none that ask for files.
    #[schema(min_items = 1)]
    pub fields: Vec<String>,
    /// Why, 4 to 200 characters: whoever approves it reads it, and everybody in the extract.
    #[schema(min_length = 4, max_length = 200)]
    pub purpose: String,
}

/// The case under which it is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtractAsked {
    /// Its number.
    pub case_no: String,
}

/// An extract that the caller is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExtractEntry {
    /// When it was taken.
    pub at: Time,
    /// The office that took it.
    pub office: Text,
    /// The service.
    pub service: Text,
    /// The caller's application.
    pub case_no: String,
    /// Which answers.
    pub fields: Vec<Text>,
    /// Why.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// How many people are in it.
    pub count: u64,
    /// What shows that the caller is.
    pub membership: Membership,
}

/// What shows that somebody is in an extract: `dipper verify --membership` and anybody else checks it against the receipt of
/// the event. Bytes are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// `dipper/extract-membership/v1`.
    pub format: String,
    /// The extract.
    pub extract: String,
    /// The event that tells of it; `GET /receipts/{event_id}` proves it.
    pub event_id: String,
    /// How many leaves the tree has.
    pub count: u64,
    /// The leaf's place in it, from 0.
    pub seat: u64,
    /// The salt of the leaf.
    pub salt: String,
    /// What the leaf states.
    pub statement: String,
    /// From the leaf to the root that the event names.
    pub path: Vec<String>,
}
