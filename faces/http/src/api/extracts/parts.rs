//! What the endpoints of extracts share.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Text as Words;
use pack::City;
use sense::extracts::{ExtractError, Membership};

use crate::api::applications::parts::vault_refused;
use crate::convert::{plain, text, time};
use crate::error::Refused;
use crate::wire;

/// The format of a membership.
const FORMAT: &str = "dipper/extract-membership/v1";

/// Why there is no extract.
pub fn refused(error: ExtractError) -> Refused {
    let words = error.to_string();
    match error {
        ExtractError::NotHere => Refused::not_found("resource"),
        ExtractError::Field { field, message } => Refused::field(field, message),
        ExtractError::NotNow => Refused::new(StatusCode::CONFLICT, "not_now", words),
        ExtractError::Taken => Refused::new(StatusCode::CONFLICT, "taken", words),
        ExtractError::Nobody => Refused::new(StatusCode::CONFLICT, "nobody", words),
        ExtractError::TooMany => Refused::new(StatusCode::CONFLICT, "too_many_members", words),
        ExtractError::Pack(error) => {
            tracing::error!(%error, "the pack cannot open a case for an extract");
            Refused::new(
                StatusCode::CONFLICT,
                "pack_fault",
                "the city's rules cannot take this; the operator has been told",
            )
        }
        ExtractError::Vault(error) => vault_refused(error),
        ExtractError::Store(error) => error.into(),
    }
}

/// An extract as somebody in it sees it.
pub fn entry(city: &City, found: Membership) -> wire::ExtractEntry {
    let Membership { extract, count, seat, salt, statement, path } = found;
    let service = city.services.get(&extract.service);
    let form = service.and_then(|service| city.forms.get(&service.apply.as_ref()?.form));
    let title = |id: &model::FormId| {
        let known = form.and_then(|form| form.iter().find(|field| field.id == *id));
        known.map_or_else(|| plain(id.as_str()), |field| text(&field.title))
    };
    let case_no = serde_json::from_str::<serde_json::Value>(&statement).ok();
    let case_no = case_no.and_then(|stated| Some(stated.get("case_no")?.as_str()?.to_owned())).unwrap_or_default();
    let named = |found: Option<&Words>, word: &str| found.map_or_else(|| plain(word), text);
    wire::ExtractEntry {
        at: time(extract.at),
        office: named(city.office(&extract.office).map(|office| &office.title), extract.office.as_str()),
        service: named(service.map(|service| &service.title), extract.service.as_str()),
        case_no,
        fields: extract.fields.iter().map(title).collect(),
        purpose: extract.purpose,
        basis: extract.basis,
        count,
        membership: wire::Membership {
            format: FORMAT.to_owned(),
            extract: extract.id.to_string(),
            event_id: extract.event.to_string(),
            count,
            seat,
            salt: STANDARD.encode(salt),
            statement,
            path: path.iter().map(|node| STANDARD.encode(node.0)).collect(),
        },
    }
}
