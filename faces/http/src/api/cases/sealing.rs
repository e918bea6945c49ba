//! Looks that their subject may not know of yet.

use identity::{Permission, Principal, Resource};
use jiff::ToSpan;
use jiff::civil::Date;
use model::{Instant, Sealing};

use crate::access::authorise;
use crate::api::account::period::day_of;
use crate::app::App;
use crate::error::Refused;
use crate::wire::PurposeQuery;

/// Longest time somebody may not know of a look, days: then it is known, or sealed anew by a new look.
const DAYS_MAX: i64 = 180;

/// Length of a ground, characters.
const GROUND: std::ops::RangeInclusive<usize> = 4..=200;

/// The sealing that a look asks for; `None` where its subject may know at once.
///
/// # Errors
/// 403 for who may not seal, 400 for a day that is not ahead, or too far, or without a ground.
pub fn sealing(
    app: &App,
    principal: &Principal,
    resource: &Resource,
    query: &PurposeQuery,
) -> Result<Option<Sealing>, Refused> {
    let Some(day) = &query.sealed_until else { return Ok(None) };
    authorise(app, principal, Permission::LookSeal, resource)?.ok_or_else(Refused::forbidden)?;
    let ground = query.ground.as_deref().unwrap_or_default().trim();
    if !GROUND.contains(&ground.chars().count()) {
        return Err(Refused::parameter("ground", "the ground of sealing, 4 to 200 characters"));
    }
    let bad = || Refused::parameter("sealed_until", format!("a day ahead, at most {DAYS_MAX} days from today"));
    let day: Date = day.parse().map_err(|_| bad())?;
    let zone = app.current().city.zone();
    let today = day_of(&zone, app.now());
    if day <= today || day > today.saturating_add(DAYS_MAX.days()) {
        return Err(bad());
    }
    let until = Instant::from_timestamp(zone.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| bad())?);
    Ok(Some(Sealing { until, ground: ground.to_owned() }))
}
