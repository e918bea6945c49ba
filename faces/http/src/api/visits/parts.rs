//! What the endpoints of visits share.

use act::CaseRef;
use act::visits::VisitError;
use axum::http::StatusCode;
use model::{CaseNo, FormId};

use crate::error::{Refused, failed};

/// The case of a path.
///
/// # Errors
/// 404 when the text is neither an id nor a number.
pub fn case_ref(text: &str) -> Result<CaseRef, Refused> {
    let by_no = || text.parse::<CaseNo>().map(CaseRef::No);
    text.parse().map(CaseRef::Id).or_else(|_| by_no()).map_err(|_| Refused::not_found("case"))
}

/// The window of a request.
///
/// # Errors
/// 404 when the word is none.
pub fn place(text: &str) -> Result<FormId, Refused> {
    text.parse().map_err(|_| Refused::not_found("window"))
}

/// Why a visit was not booked, given back or begun.
pub fn visit_refused(error: VisitError) -> Refused {
    let conflict = |code: &str| Refused::new(StatusCode::CONFLICT, code, error.to_string());
    match error {
        VisitError::NotFound => Refused::not_found("case"),
        VisitError::NotHere => conflict("no_booking_here"),
        VisitError::NoSuchTime { .. } => conflict("no_such_time"),
        VisitError::Full { .. } => conflict("time_taken"),
        VisitError::Blocked { .. } => conflict("too_many_missed"),
        VisitError::NotBooked => conflict("not_booked"),
        VisitError::WrongTime { .. } => conflict("wrong_time"),
        VisitError::Broken(what) => {
            tracing::error!(what, "the pack of a case is broken");
            failed()
        }
        VisitError::Store(error) => error.into(),
    }
}
