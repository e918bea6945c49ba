//! `GET /trends`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::period::{Asked, last_days, scope};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::wire::*;

/// Days when none are asked for, and at most.
const DAYS: u32 = 30;
const DAYS_MAX: u32 = 366;

/// Counts per day.
#[utoipa::path(
    get,
    path = "/trends",
    tag = "account",
    params(TrendsQuery),
    responses((status = 200, description = "As asked", body = Trends), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_trends(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<TrendsQuery>,
) -> Result<Json<Trends>, Refused> {
    let days = query.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Refused::parameter("days", format!("must be 1 to {DAYS_MAX}, got {days}")));
    }
    let asked = Asked { from: None, to: None, by: IndicatorGroup::None, region: query.region.as_deref() };
    let scope = scope(&app, &caller.principal, &asked)?;
    let days = last_days(&app.current().city.zone(), app.now(), days);
    let edges = days.iter().map(|(_, at)| *at).collect();
    let counts = account::indicators::trends(&app.store, scope, edges).await?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let day = |((date, _), counts): (&(jiff::civil::Date, _), &store::DayCounts)| TrendDay {
        date: date.to_string(),
        opened: number(counts.opened),
        closed: number(counts.closed),
        late: number(counts.late),
    };
    Ok(Json(Trends { days: days.iter().zip(&counts).map(day).collect() }))
}
