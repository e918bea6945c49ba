//! What the endpoints of inspections share.

use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::{Actor, InspectionId, InspectionRunId, RegionId};
use pack::{City, Inspection};
use sense::inspections::{InspectionError, MarkFault};

use crate::access::authorise;
use crate::api::devices::parts::regions;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};

/// An inspection that the caller may do something with, and who they are there.
///
/// # Errors
/// 401, 403, and 404 where there is none that they may read of.
pub fn inspection<'a>(
    app: &App,
    city: &'a City,
    caller: &Caller,
    id: &str,
    permission: Permission,
) -> Result<(InspectionId, &'a Inspection, Actor), Refused> {
    let party = caller.staff()?.party;
    let not_found = || Refused::not_found("inspection");
    let (id, one) = city.inspections.get_key_value(id).ok_or_else(not_found)?;
    let there = Subject::Region(one.region.clone()).into();
    authorise(app, &caller.principal, Permission::InspectionRead, &there).map_err(|_| not_found())?;
    let grant = authorise(app, &caller.principal, permission, &there)?.ok_or_else(Refused::forbidden)?;
    Ok((id.clone(), one, Actor::Staff { party, role: grant.role, office: grant.office }))
}

/// Whether the caller may do something in a region.
pub fn may(app: &App, city: &City, caller: &Caller, permission: Permission, region: &RegionId) -> bool {
    let there = Subject::Region(region.clone()).into();
    app.policy.decide(city, &caller.principal, permission, &there).is_allowed()
}

/// Where the caller may read of inspections, as paths.
///
/// # Errors
/// 401 and 403 when nowhere.
pub fn seen(app: &App, city: &City, caller: &Caller) -> Result<Vec<String>, Refused> {
    let seen = regions(app, caller, Permission::InspectionRead)?;
    Ok(seen.iter().map(|region| city.region_path(region)).collect())
}

/// Whether a path of a region lies within any of some others.
pub fn lies_within(path: &str, seen: &[String]) -> bool {
    seen.iter().any(|above| path.starts_with(above.as_str()))
}

/// The caller as who does a run of theirs, wherever it is.
///
/// # Errors
/// 401, 403, and 404 where there is no such run of theirs.
pub async fn own_run(
    app: &App,
    caller: &Caller,
    run: InspectionRunId,
) -> Result<(store::InspectionRunRow, Actor), Refused> {
    let party = caller.staff()?.party;
    let row = app.store.read(move |reader: &mut store::Reader| reader.find_inspection_run(run)).await?;
    let row = row.filter(|row| row.party == party).ok_or_else(|| Refused::not_found("inspection run"))?;
    let compiled = app.current();
    let (_, _, by) = inspection(app, &compiled.city, caller, row.inspection.as_str(), Permission::InspectionRun)?;
    Ok((row, by))
}

/// The word of a fault of a mark; `fields` names the mark.
const fn mark_code(fault: MarkFault) -> &'static str {
    match fault {
        MarkFault::TooMany => "marks_too_many",
        MarkFault::Title => "mark_title",
        MarkFault::Area => "mark_area",
        MarkFault::Dial => "mark_dial",
        MarkFault::Limits => "mark_limits",
        MarkFault::Positions => "mark_positions",
        MarkFault::Expected => "mark_expected",
        MarkFault::Picture => "mark_picture",
    }
}

/// A refusal in the words of the API.
pub fn refused(error: InspectionError) -> Refused {
    let words = error.to_string();
    match error {
        InspectionError::Unknown(_) | InspectionError::UnknownCheck(_) | InspectionError::UnknownRun(_) => {
            Refused::new(StatusCode::NOT_FOUND, "not_found", words)
        }
        InspectionError::Ended(_) => Refused::new(StatusCode::CONFLICT, "ended", words),
        InspectionError::Reported(_) => Refused::new(StatusCode::CONFLICT, "reported", words),
        InspectionError::Field(field, words) => Refused::field(field, words),
        InspectionError::Mark { fault, title, words } => Refused::field(&title, words).with_code(mark_code(fault)),
        InspectionError::Missing(checks) => Refused::new(StatusCode::CONFLICT, "unanswered", words)
            .with_allowed(checks.iter().map(ToString::to_string).collect()),
        InspectionError::NoBaseline(_) => Refused::new(StatusCode::CONFLICT, "no_baseline", words),
        InspectionError::Picture(_) | InspectionError::Away => {
            tracing::error!(%words, "pictures of an inspection cannot be compared");
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words).retry_after(10)
        }
        InspectionError::Pack(error) => {
            tracing::error!(%error, "a fault of an inspection opened no case");
            failed()
        }
        InspectionError::Store(error) => error.into(),
    }
}
