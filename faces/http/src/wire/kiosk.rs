//! Terminals of service halls.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Text, Time};

/// A terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KioskView {
    /// Its id.
    pub id: String,
    /// Where it stands, in words for people.
    pub title: String,
    /// The office in whose hall it stands.
    pub office: String,
    /// That office's name.
    pub office_title: Text,
}

/// A code, as it was read or typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KioskCode {
    /// Ten letters and digits; spaces, dashes and small letters do not matter.
    #[schema(max_length = 40)]
    pub code: String,
}

/// What a terminal shows to be signed in at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KioskAsked {
    /// The code, to be typed on the phone.
    pub code: String,
    /// The address of the same, to be scanned.
    pub url: String,
    /// Until when it is good.
    pub until: Time,
}

/// The terminal that shows a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KioskAsking {
    /// Which.
    pub kiosk: KioskView,
    /// Until when its code is good.
    pub until: Time,
}
