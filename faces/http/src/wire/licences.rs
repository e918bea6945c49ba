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

/// A licence, for its holder. What is shown to others is a copy bound to a device: `POST /licences/{id}/copies`.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Licence {
    /// What the list shows.
    #[serde(flatten)]
    pub item: LicenceItem,
    /// Its issuer (`iss`), for which a device proves that it has a key.
    pub issuer: String,
    /// What stands on it, in the order of the form; each may be shown or withheld.
    pub facts: Vec<LicenceFact>,
}

/// Asks for a copy of a licence.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenceCopyInput {
    /// Proof that the device has the key of the copy: a JWT of type `openid4vci-proof+jwt` with the key as `jwk`, the
    /// licence's issuer as `aud`, its id as `nonce`, and `iat`.
    pub proof: String,
}

/// A copy of a licence, for one device.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LicenceCopy {
    /// The licence with everything its holder may show, bound to the device's key: SD-JWT VC (RFC 9901).
    pub sd_jwt: String,
}

/// What stands on a licence on paper.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaperQuery {
    /// The facts to show, by their claims, with commas between; none when absent. The others are withheld.
    pub show: Option<String>,
}

/// One thing that stands on a licence, and what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LicenceFact {
    /// Its name in the SD-JWT.
    pub claim: String,
    /// The question it answers.
    pub title: Text,
    /// The answer in words.
    pub value: serde_json::Value,
}

/// A licence that may be given instead of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldLicence {
    /// The service whose licence it is.
    pub of: String,
    /// Its name.
    pub title: Text,
    /// The facts that are disclosed, and no others.
    pub facts: Vec<LicenceClaim>,
}

/// What a device signs when it shows a licence to an office of the city.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PresentationRequest {
    /// `nonce` of the key binding.
    pub nonce: String,
    /// `aud` of the key binding.
    pub audience: String,
    /// Until when it may be answered.
    pub expires_at: Time,
}

/// A licence given as material, for whoever reads the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MaterialView {
    /// The question it answers.
    pub field: String,
    /// The name of the licence that was asked for.
    pub title: Text,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub licence_no: Option<String>,
    /// What was disclosed.
    pub facts: Vec<LicenceFact>,
    /// Whether signature and facts were checked once more and hold.
    pub genuine: bool,
    /// How it stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub given: Option<GivenLicence>,
}

/// How a licence stands that was given as material.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GivenLicence {
    /// Its name.
    pub title: Text,
    /// Whether it stands now.
    pub status: LicenceStatus,
    /// When it was revoked, or its time was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Time>,
}

/// One thing that stands on a licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LicenceClaim {
    /// Its name in the SD-JWT.
    pub claim: String,
    /// The question it answers.
    pub title: Text,
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
hidden_from_debug!(Licence, LicenceCopyInput, LicenceCopy);
