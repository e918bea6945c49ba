//! What the endpoints of passkeys share.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use identity::{DeviceAsked, PasskeyError};
use serde_json::Value;

use super::register_resident::account_refused;
use crate::api::applications::parts::private;
use crate::error::Refused;
use crate::wire;

/// What to ask a device.
pub fn asked(asked: DeviceAsked) -> Response {
    let options = match asked.options {
        Value::Object(options) => options.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    private(StatusCode::OK, &wire::Ceremony { ceremony: asked.ceremony.reveal().to_owned(), options })
}

/// Why a passkey was not made or taken.
pub fn refused(error: PasskeyError) -> Refused {
    let words = error.to_string();
    match error {
        PasskeyError::Unavailable => Refused::new(StatusCode::CONFLICT, "passkeys_unavailable", words),
        PasskeyError::Ceremony => Refused::new(StatusCode::CONFLICT, "ceremony_over", words),
        PasskeyError::Malformed => Refused::field("credential", words),
        PasskeyError::Refused => Refused::new(StatusCode::UNAUTHORIZED, "passkey_refused", words),
        PasskeyError::Known => Refused::new(StatusCode::CONFLICT, "passkey_known", words),
        PasskeyError::TooMany => Refused::new(StatusCode::CONFLICT, "too_many_passkeys", words),
        PasskeyError::Title => Refused::field("title", words),
        PasskeyError::LastWay => Refused::new(StatusCode::CONFLICT, "last_way_in", words),
        PasskeyError::Account(error) => account_refused(error),
        PasskeyError::Store(error) => error.into(),
    }
}
