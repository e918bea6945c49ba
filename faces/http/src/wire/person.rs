//! A person's own data: the copy to take along, and erasure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AccessEntry, Contact, FetchEntry, IdentityInput, LicenceItem, NotificationItem, ReportSummary, Time};

/// Everything the city holds of somebody, for themselves.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonExport {
    /// When the copy was made.
    pub made_at: Time,
    /// Sign-in name.
    pub login: String,
    /// The name shown.
    pub display_name: String,
    /// When the account was made.
    pub created_at: Time,
    /// Reports and applications.
    pub cases: Vec<ExportedCase>,
    /// What has not been handed in yet, by service.
    pub drafts: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Licences with their texts.
    pub licences: Vec<ExportedLicence>,
    /// Who looked at the data.
    pub accesses: Vec<AccessEntry>,
    /// Addresses for messages, by channel.
    pub addresses: BTreeMap<String, String>,
    /// How messages are wanted, as kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notification_preferences: Option<serde_json::Value>,
    /// Messages, the latest first, at most 1 000.
    pub notifications: Vec<NotificationItem>,
    /// Who they are, once a department has matched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub identity: Option<IdentityInput>,
    /// What departments answered for what has not been handed in yet, by service.
    pub prefills: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Hospitals they agreed with, visits and payments.
    pub hospitals: super::ExportedHospitals,
    /// What departments and hospitals were asked.
    pub fetches: Vec<FetchEntry>,
    /// What other programs were told.
    pub disclosures: Vec<super::DisclosureEntry>,
    /// Passkeys, without their keys.
    pub passkeys: Vec<super::Passkey>,
}

/// What a person changes about their account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// How to address them, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub display_name: String,
}

/// A case of somebody's own.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedCase {
    /// What its list shows.
    #[serde(flatten)]
    pub summary: ReportSummary,
    /// The contact left with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub contact: Option<Contact>,
    /// What was answered in an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answers: Option<BTreeMap<String, serde_json::Value>>,
    /// What was answered before each correction, the first handed in first.
    pub former_answers: Vec<FormerAnswers>,
}

/// Answers of an application until they were corrected.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FormerAnswers {
    /// When they were corrected.
    pub until: Time,
    /// Answers by field id.
    pub answers: BTreeMap<String, serde_json::Value>,
}

/// A licence with all that it says.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedLicence {
    /// What its list shows.
    #[serde(flatten)]
    pub item: LicenceItem,
    /// What it says, by the names of its claims. The signed text is shown by a device that has a copy.
    #[schema(value_type = Object)]
    pub claims: serde_json::Map<String, serde_json::Value>,
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
hidden_from_debug!(PersonInput, PersonExport, ExportedCase, FormerAnswers, ExportedLicence);
