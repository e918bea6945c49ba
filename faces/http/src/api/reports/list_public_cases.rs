//! `GET /public/cases`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use store::CaseFilter;

use crate::app::App;
use crate::convert::reports::public_case;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::bounds;
use crate::wire::*;

/// Most cases of an answer.
const CASES_MAX: u32 = 500;

/// Widest box, degrees: a city. A wider one would list the whole database piece by piece.
const WIDEST_DEG: f64 = 2.0;

/// Cases near by, for everybody.
#[utoipa::path(
    get,
    path = "/public/cases",
    tag = "reports",
    params(PublicCasesQuery),
    responses((status = 200, description = "As asked", body = PublicCases), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_public_cases(
    State(app): State<Arc<App>>,
    Params(query): Params<PublicCasesQuery>,
) -> Result<Json<PublicCases>, Refused> {
    let area = bounds(query.west, query.south, query.east, query.north)?;
    if query.east - query.west > WIDEST_DEG || query.north - query.south > WIDEST_DEG {
        return Err(Refused::parameter(
            "west, south, east, north",
            format!("the box may be at most {WIDEST_DEG} degrees wide and high"),
        ));
    }
    let compiled = app.current();
    let public = compiled.city.categories.iter().filter(|(_, category)| category.public).map(|(id, _)| id.clone());
    let filter = CaseFilter { open: query.open, categories: public.collect(), ..CaseFilter::default() };
    if filter.categories.is_empty() {
        return Ok(Json(PublicCases { items: Vec::new() }));
    }
    let rows = app.store.read(move |reader| reader.cases_in_bounds(area, &filter, CASES_MAX)).await?;
    let item = |row: &store::CaseRow| {
        let compiled = app.packs.get(&row.pack).unwrap_or_else(|| app.current());
        public_case(row, &compiled.city)
    };
    Ok(Json(PublicCases { items: rows.iter().filter_map(item).collect() }))
}
