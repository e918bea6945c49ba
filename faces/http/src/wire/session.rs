//! Sessions: who is signed in, and as what.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{KioskView, MandateView, Text, Time};

/// Who is signed in, what they may do, and the token that every change must carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// The person; null for a visitor.
    #[schema(required)]
    pub party: Option<SessionParty>,
    /// The roles they hold, where and for whom.
    pub grants: Vec<SessionGrant>,
    /// Every permission any of these roles gives, sorted.
    pub permissions: Vec<String>,
    /// To be sent as `x-csrf-token` with every request that changes something; empty for a visitor.
    pub csrf_token: String,
    /// How they proved who they are; null for a visitor.
    #[schema(required)]
    pub method: Option<SignInMethod>,
    /// For whom the request is made, when it names a mandate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub acting: Option<MandateView>,
    /// The terminal of a service hall that this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kiosk: Option<KioskView>,
    /// Whether they did so within the last 10 minutes, which changes of ways to sign in ask for.
    pub is_present: bool,
    /// The host that passkeys are bound to: pages under another name offer none. Null where the city takes none.
    #[schema(required)]
    pub passkey_host: Option<String>,
    /// Other providers that residents may sign in with.
    pub upstreams: Vec<UpstreamView>,
    /// The server's clock.
    pub server_time: Time,
}

/// A provider that residents may sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamView {
    /// A word for it.
    pub id: String,
    /// What the button says.
    pub title: Text,
}

/// Somebody goes to another provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpstreamInput {
    /// Whether they link their account there to the one they are signed in to here, rather than sign in.
    pub link: bool,
    /// The page of the resident face to go to afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub then: Option<String>,
}

/// Where to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamSent {
    /// The address at the other provider.
    pub to: String,
}

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// By a password.
    Password,
    /// By a password and a code of an authenticator app, or a recovery code.
    PasswordCode,
    /// By a passkey.
    Passkey,
    /// By another identity provider.
    Upstream,
    /// At a terminal of a service hall, by their own phone.
    Kiosk,
}

impl From<identity::SignInMethod> for SignInMethod {
    fn from(method: identity::SignInMethod) -> Self {
        match method {
            identity::SignInMethod::Password => Self::Password,
            identity::SignInMethod::PasswordCode => Self::PasswordCode,
            identity::SignInMethod::Passkey => Self::Passkey,
            identity::SignInMethod::Upstream => Self::Upstream,
            identity::SignInMethod::Kiosk => Self::Kiosk,
        }
    }
}

/// The person signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionParty {
    /// Their id.
    pub id: String,
    /// The name shown to themselves and to colleagues.
    pub display_name: String,
    /// Staff or resident.
    pub kind: PartyKind,
}

/// What kind of person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// Works for the city.
    Staff,
    /// Lives in it.
    Resident,
}

/// A role held for an office in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionGrant {
    /// The role.
    pub role: String,
    /// Its name.
    pub role_title: Text,
    /// The face it works in.
    pub face: Face,
    /// The office.
    pub office: String,
    /// Its name.
    pub office_title: Text,
    /// The region.
    pub region: String,
    /// Its name.
    pub region_title: Text,
}

/// A face of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Residents' phones, at `/`.
    Resident,
    /// Field workers' phones, at `/field/`.
    Field,
    /// The operations centre, at `/centre/`.
    Centre,
}

impl From<pack::Face> for Face {
    fn from(face: pack::Face) -> Self {
        match face {
            pack::Face::Resident => Self::Resident,
            pack::Face::Field => Self::Field,
            pack::Face::Centre => Self::Centre,
        }
    }
}

/// A login and its password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The login, case ignored.
    #[schema(min_length = 1, max_length = 64)]
    pub login: String,
    /// The password.
    #[schema(min_length = 1, max_length = 256, format = Password)]
    pub password: String,
    /// The code of their authenticator app, or a recovery code, where they have one.
    #[schema(max_length = 32)]
    #[serde(default)]
    pub code: Option<String>,
}

/// A new resident's account.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The login, 3 to 64 characters, case ignored.
    #[schema(min_length = 3, max_length = 64)]
    pub login: String,
    /// The password, 10 to 256 characters.
    #[schema(min_length = 10, max_length = 256, format = Password)]
    pub password: String,
    /// The name shown, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub display_name: String,
}
