//! What the endpoints of reports share.

use act::{Acting, available};
use axum::http::{HeaderMap, StatusCode};
use identity::Principal;
use model::{Case, Instant, PartyId};
use pack::Compiled;
use sense::report::ReportError;

use crate::access::Loaded;
use crate::app::App;
use crate::convert::reports::report;
use crate::error::Refused;
use crate::wire;

/// Shortest and longest idempotency key.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 8..=64;

/// Who acts on their report.
pub fn acting(principal: &Principal, holds_secret: bool) -> Acting {
    match principal {
        Principal::Resident { party } if !holds_secret => Acting::Resident { party: *party },
        _ => Acting::SecretHolder,
    }
}

/// A report as its reporter sees it.
pub fn report_view(app: &App, loaded: &Loaded, acting: &Acting, secret: Option<&str>) -> wire::Report {
    let now = app.now();
    let actions = available(&loaded.case, &loaded.compiled, acting, now);
    report(&loaded.case, &loaded.events, &loaded.compiled, &actions, secret, now)
}

/// What a resident may do with their report now.
pub fn can(case: &Case, compiled: &Compiled, party: PartyId, now: Instant) -> Vec<String> {
    available(case, compiled, &Acting::Resident { party }, now)
        .into_iter()
        .map(|action| action.id.to_string())
        .collect()
}

/// A contact from outside.
///
/// # Errors
/// 422 naming the part that does not fit.
pub fn contact(input: Option<wire::Contact>) -> Result<Option<identity::Contact>, Refused> {
    let Some(input) = input else { return Ok(None) };
    identity::Contact::parse(input.name.as_deref(), input.phone.as_deref(), input.email.as_deref())
        .map_err(|error| Refused::field("contact", error.to_string()))
}

/// The key under which the same request counts once.
///
/// # Errors
/// 400 when it is too short to be anybody's own, or too long.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| KEY_CHARS.contains(&key.len()));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Refused::parameter("idempotency-key", "must be 8 to 64 letters and digits"))
}

/// Why a report was not filed.
pub fn report_refused(error: ReportError) -> Refused {
    match error {
        ReportError::Field { field, message } => Refused::field(field, message),
        ReportError::Answers(faults) => Refused::fields(crate::api::cases::parts::field_problems(faults)),
        ReportError::Pack(error) => {
            tracing::error!(%error, "the pack cannot open a case");
            Refused::new(
                StatusCode::CONFLICT,
                "pack_fault",
                "the city's rules cannot take this report; the operator has been told",
            )
        }
        ReportError::Store(error) => error.into(),
    }
}
