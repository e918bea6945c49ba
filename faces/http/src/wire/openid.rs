//! Signing in to other programs, as the person is asked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, Time};

/// A program that asks to sign the caller in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationView {
    /// What comes next.
    pub next: AuthorizationNext,
    /// The program; null when its request does not fit and it is told so.
    #[schema(required)]
    pub client: Option<OpenIdClient>,
    /// What it asks for.
    pub scopes: Vec<OpenIdScope>,
    /// Where to go back to, once nothing is asked any more.
    #[schema(required)]
    pub to: Option<String>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationNext {
    /// Sign in, perhaps once more.
    SignIn,
    /// Say what the program may know.
    Ask,
    /// Go back to it.
    Back,
}

/// A registered program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenIdClient {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// What it may use the answers for.
    pub purpose: Text,
    /// The contract that lets it ask.
    pub contract: String,
}

/// A thing that a program may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpenIdScope {
    /// That it is the caller, under a name of their own for this program. Needed.
    Openid,
    /// How the caller is addressed.
    Profile,
    /// The name on the caller's identity card.
    RealName,
    /// The caller's identity number.
    IdNumber,
    /// The organisation that the caller acts for, and as what.
    Organisation,
}

/// Something that a program was told about the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisclosureEntry {
    /// When.
    pub at: Time,
    /// The program.
    pub client: Text,
    /// What it said it would be used for.
    pub purpose: Text,
    /// What it was told.
    pub scopes: Vec<OpenIdScope>,
}

/// What a person decided.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationDecision {
    /// The request, as it stands in the address.
    #[schema(max_length = 8192)]
    pub query: String,
    /// What the program may be told; empty to say no.
    pub scopes: Vec<OpenIdScope>,
}

/// Where a person goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Onward {
    /// The address; null to stay.
    #[schema(required)]
    pub to: Option<String>,
}

/// A request of a program to sign somebody out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOutRequest {
    /// The request, as it stands in the address.
    #[schema(max_length = 8192)]
    pub query: String,
}

/// What the caller allowed a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenIdConsent {
    /// The program.
    pub client: OpenIdClient,
    /// What it may be told.
    pub scopes: Vec<OpenIdScope>,
    /// When it was allowed.
    pub granted_at: Time,
}

/// Everything the caller allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenIdConsents {
    /// Latest first.
    pub items: Vec<OpenIdConsent>,
}
