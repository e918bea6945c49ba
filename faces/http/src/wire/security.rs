//! Ways to sign in: passkeys, password, authenticator app.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Text, Time};

/// What a device is asked.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ceremony {
    /// To be sent back with the answer, once, within 5 minutes.
    pub ceremony: String,
    /// The options for `navigator.credentials`, binary members in base64url (WebAuthn Level 3 §5.1).
    pub options: BTreeMap<String, Value>,
}

/// A resident who wants an account without a password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyRegistration {
    /// The login, 3 to 64 characters, case ignored.
    #[schema(min_length = 3, max_length = 64)]
    pub login: String,
    /// The name shown, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub display_name: String,
}

/// A passkey that a device made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// The ceremony it answers.
    #[schema(max_length = 64)]
    pub ceremony: String,
    /// The device's answer, binary members in base64url.
    pub credential: BTreeMap<String, Value>,
    /// What its owner calls it, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub title: String,
}

/// A passkey that a device used.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeySignIn {
    /// The ceremony it answers.
    #[schema(max_length = 64)]
    pub ceremony: String,
    /// The device's answer, binary members in base64url.
    pub credential: BTreeMap<String, Value>,
}

/// An account at another provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamLink {
    /// The provider's word.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Since when it opens this account; absent while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub linked_at: Option<Time>,
}

/// How somebody may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Security {
    /// Other providers, and whether they open this account.
    pub upstreams: Vec<UpstreamLink>,
    /// The login.
    pub login: String,
    /// Whether there is a password.
    pub has_password: bool,
    /// Passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Whether a code of an authenticator app is asked for beside the password.
    pub has_authenticator: bool,
    /// Recovery codes left.
    pub recovery_codes: u32,
    /// Sessions open, this one among them.
    pub sessions: u32,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Passkey {
    /// Its id, base64url.
    pub id: String,
    /// What its owner calls it.
    pub title: String,
    /// When it was added.
    pub created_at: Time,
    /// When it last opened a session.
    #[schema(required)]
    pub used_at: Option<Time>,
}

/// A new authenticator app, shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Authenticator {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same as `otpauth://` URI, to be scanned.
    pub uri: String,
}

/// A code of an authenticator app.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticatorCode {
    /// Six digits.
    #[schema(min_length = 6, max_length = 12)]
    pub code: String,
}

/// Recovery codes, shown this once: each signs in once in the place of a code of the app.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}

/// A new password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password, 10 to 256 characters.
    #[schema(min_length = 10, max_length = 256, format = Password)]
    pub password: String,
}
