//! Electronic licences of residents.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, Time};

/// One's own licences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LicenceList {
    /// The latest issued first.
    pub items: Vec<LicenceItem>,
}

/// A licence in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LicenceItem {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Who issued it.
    pub office: Text,
    /// The service it was applied for.
    pub service: String,
    /// The case it was issued on.
    pub case_no: String,
    /// When it was issued.
    pub issued_at: Time,
    /// When it is no longer valid; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires_at: Option<Time>,
    /// Whether it stands.
    pub status: LicenceStatus,
}

/// Whether a licence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceStatus {
    /// It does.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// A licence, for its holder.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Licence {
    /// What the list shows.
    #[serde(flatten)]
    pub item: LicenceItem,
    /// The licence itself with everything its holder may show: SD-JWT VC (RFC 9901).
    pub sd_jwt: String,
    /// What stands on it, in the order of the form; each may be shown or withheld.
    pub shows: Vec<LicenceClaim>,
}

/// One thing that stands on a licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LicenceClaim {
    /// Its name in the SD-JWT.
    pub claim: String,
    /// The question it answers.
    pub title: Text,
}

impl std::fmt::Debug for Licence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Licence(..)")
    }
}
