//! `GET /locate`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use grid::{Cell, Level};

use crate::app::App;
use crate::convert::city;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{parse_some, point};
use crate::wire::*;

/// The cell and the regions of a point.
#[utoipa::path(
    get,
    path = "/locate",
    tag = "place",
    params(PointQuery),
    responses((status = 200, description = "As asked", body = Located), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn locate(State(app): State<Arc<App>>, Params(query): Params<PointQuery>) -> Result<Json<Located>, Refused> {
    let at = point(query.lon, query.lat)?;
    let category = parse_some::<model::CategoryId>("category", query.category.as_deref())?;
    let compiled = app.current();
    let found = &compiled.city;
    let cell = Cell::encode(at, Level::L10).ok().map(|cell| {
        let bounds = cell.bounds();
        let bounds = Bounds { west: bounds.west, south: bounds.south, east: bounds.east, north: bounds.north };
        LocatedCell { code: cell.to_string(), level: cell.level().get(), bounds }
    });
    let region = sense::report::region_of(&compiled, at);
    let office = category.zip(region.as_ref()).and_then(|(category, region)| found.route(&category, region));
    Ok(Json(Located {
        cell,
        region_chain: region.map_or_else(Vec::new, |region| city::region_chain(found, &region)),
        office: office.map(|office| office.to_string()),
    }))
}
