//! `GET /regions/geojson`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::convert::city;
use crate::extract::Params;
use crate::wire::*;

/// Which level.
#[derive(Debug, Deserialize)]
pub struct LevelQuery {
    /// Which level.
    level: RegionLevel,
}

/// Shapes of the regions of a level.
#[utoipa::path(
    get,
    path = "/regions/geojson",
    tag = "city",
    params(("level" = RegionLevel, Query, description = "Which level")),
    responses((status = 200, description = "As asked", body = RegionCollection), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_region_shapes(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Params(query): Params<LevelQuery>,
) -> Response {
    super::cached::by_pack(&app, &headers, &format!("list_region_shapes {:?}", query.level), |found| {
        let of_level = found.regions.iter().filter(|(_, region)| city::level(region.level) == query.level);
        let features = of_level.filter_map(|(id, region)| city::region_shape(id, region)).collect();
        RegionCollection { kind: CollectionKind::FeatureCollection, features }
    })
}
