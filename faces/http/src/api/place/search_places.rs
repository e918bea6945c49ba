//! `GET /places`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::convert::{city, text};
use crate::error::Refused;
use crate::extract::Params;
use crate::wire::*;

/// Longest text looked up, in characters: an address of a report.
const WORDS_MAX: usize = 300;
/// Places given when no number is asked for.
const LIMIT: u8 = 8;
/// Most places given.
const LIMIT_MAX: u8 = 20;

/// Places that an address may mean, the nearest first: named places, crossings, roads, regions.
#[utoipa::path(
    get,
    path = "/places",
    tag = "place",
    params(PlaceQuery),
    responses((status = 200, description = "As asked", body = PlaceList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn search_places(
    State(app): State<Arc<App>>,
    Params(query): Params<PlaceQuery>,
) -> Result<Json<PlaceList>, Refused> {
    let count = query.q.chars().count();
    if count > WORDS_MAX {
        return Err(Refused::parameter("q", format!("at most {WORDS_MAX} characters, got {count}")));
    }
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Refused::parameter("limit", format!("1 to {LIMIT_MAX}, got {limit}")));
    }
    let compiled = app.current();
    let found = compiled.gazetteer.suggest(&compiled.city, &compiled.atlas, &query.q, limit.into());
    let place = |found: pack::Found| FoundPlace {
        title: text(&found.title),
        precision: precision(found.precision),
        lon: found.point.lon_deg(),
        lat: found.point.lat_deg(),
        region_chain: city::region_chain(&compiled.city, &found.region),
    };
    Ok(Json(PlaceList { items: found.into_iter().map(place).collect() }))
}

const fn precision(precision: pack::Precision) -> PlacePrecision {
    match precision {
        pack::Precision::Region => PlacePrecision::Region,
        pack::Precision::Road => PlacePrecision::Road,
        pack::Precision::Crossing => PlacePrecision::Crossing,
        pack::Precision::Place => PlacePrecision::Place,
    }
}
