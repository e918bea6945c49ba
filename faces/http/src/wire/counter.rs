//! At a window: who came, and filing for them while they are there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MandateView, Named, Time};

/// The windows of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CounterView {
    /// One for each office that the caller files for.
    pub offices: Vec<CounterOffice>,
}

/// An office whose windows the caller sits at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CounterOffice {
    /// The office.
    pub office: Named,
    /// What is applied for at it.
    pub services: Vec<Named>,
    /// Who came today and drew a number, in the order of their times.
    pub arrived: Vec<ArrivedView>,
}

/// Somebody who came to a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArrivedView {
    /// Their application.
    pub case_no: String,
    /// The number they drew.
    pub ticket: String,
    /// The service they came for.
    pub service: Named,
    /// When their time begins.
    pub starts_at: Time,
}

/// Somebody stands at the window: known by the number they drew, or by the code on their telephone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SittingInput {
    /// For which office.
    pub office: String,
    /// The application they came for and drew a number with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_no: Option<String>,
    /// The code of a mandate that they show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub code: Option<String>,
    /// Whether they agree that departments are asked; with a code, what they chose on their telephone counts.
    pub departments: bool,
}

/// An official may file for somebody, for half an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sitting {
    /// The mandate: its id is sent as `x-acting-for` with what is filed.
    pub mandate: MandateView,
}
