//! `GET /indicators/{id}/cases`.

use std::sync::Arc;

use account::indicators::{BehindError, Side, list_behind};
use axum::Json;
use axum::extract::State;

use super::period::{Asked, scope};
use super::table::ALL;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::cases::summary;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::names::{cursor, page_limit};
use crate::wire::*;

/// The cases behind a number.
#[utoipa::path(
    get,
    path = "/indicators/{id}/cases",
    tag = "account",
    params(("id" = String, Path, description = "The indicator"), IndicatorCasesQuery),
    responses((status = 200, description = "As asked", body = IndicatorCases), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_indicator_cases(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Params(query): Params<IndicatorCasesQuery>,
) -> Result<Json<IndicatorCases>, Refused> {
    let by = if query.key.is_some() { query.by.unwrap_or_default() } else { IndicatorGroup::None };
    let asked = Asked { from: query.from.as_deref(), to: query.to.as_deref(), by, region: query.region.as_deref() };
    let scope = scope(&app, &caller.principal, &asked)?;
    let side = match query.part.unwrap_or_default() {
        IndicatorPart::Numerator => Side::Numerator,
        IndicatorPart::Denominator => Side::Denominator,
        IndicatorPart::Missing => Side::Missing,
    };
    let key = query.key.clone().filter(|key| by != IndicatorGroup::None || key != ALL).unwrap_or_default();
    let page = (cursor(query.cursor.as_deref())?, page_limit(query.limit)?);
    let city = app.current().city.clone();
    let found = list_behind(&app.store, &city, scope, (&id, side), key, page).await.map_err(refused)?;
    let people: Vec<_> = found.items.iter().filter_map(|behind| behind.case.task_assignee).collect();
    let names = app.store.read(move |reader| reader.display_names(&people)).await?;
    let now = app.now();
    let item = |behind: &store::Behind| {
        let compiled = app.packs.get(&behind.case.pack).unwrap_or_else(|| app.current());
        summary(&behind.case, &compiled.city, &names, now)
    };
    let items = found.items.iter().map(item).collect();
    Ok(Json(IndicatorCases { items, next_cursor: found.next.map(|cursor| cursor.to_string()) }))
}

fn refused(error: BehindError) -> Refused {
    match error {
        BehindError::Unknown(_) => Refused::not_found("indicator"),
        BehindError::NoSide(_) => Refused::parameter("part", error.to_string()),
        BehindError::Store(error) => error.into(),
    }
}
