//! `GET /grid`.

use axum::Json;
use axum::http::StatusCode;
use grid::{Cell, Level, cells_in_bounds, count_in_bounds};
use serde_json::json;

use crate::error::Refused;
use crate::extract::Params;
use crate::names::bounds;
use crate::wire::*;

/// Most cells of an answer: more cannot be told apart on a screen.
const CELLS_MAX: u64 = 2_500;

/// Cells of the grid within a box, at most 2 500.
#[utoipa::path(
    get,
    path = "/grid",
    tag = "place",
    params(GridQuery),
    responses((status = 200, description = "As asked", body = CellCollection), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_grid_cells(Params(query): Params<GridQuery>) -> Result<Json<CellCollection>, Refused> {
    let area = bounds(query.west, query.south, query.east, query.north)?;
    let level = Level::try_from(query.level).map_err(|error| Refused::parameter("level", error.to_string()))?;
    let count = count_in_bounds(area, level);
    if count > CELLS_MAX {
        let words =
            format!("the box holds {count} cells of level {}, at most {CELLS_MAX} are given; come nearer", query.level);
        return Err(Refused::new(StatusCode::BAD_REQUEST, "too_many_cells", words));
    }
    let features = cells_in_bounds(area, level).map(feature).collect();
    Ok(Json(CellCollection { kind: CollectionKind::FeatureCollection, features }))
}

fn feature(cell: Cell) -> CellFeature {
    let edge = cell.bounds();
    let ring = [
        [edge.west, edge.south],
        [edge.east, edge.south],
        [edge.east, edge.north],
        [edge.west, edge.north],
        [edge.west, edge.south],
    ];
    CellFeature {
        kind: FeatureKind::Feature,
        geometry: Geometry { kind: GeometryKind::Polygon, coordinates: json!([ring]) },
        properties: CellProperties { code: cell.to_string(), level: cell.level().get() },
    }
}
