//! `GET /grid/cell`.

use axum::Json;
use grid::{Cell, Level, Voxel};

use super::describe::{of_cell, of_voxel};
use crate::error::Refused;
use crate::extract::Params;
use crate::names::point;
use crate::wire::*;

/// The cell of a point, or with a height the voxel.
#[utoipa::path(
    get,
    path = "/grid/cell",
    tag = "place",
    params(GridPointQuery),
    responses((status = 200, description = "As asked", body = GridPlace), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn find_grid_cell(Params(query): Params<GridPointQuery>) -> Result<Json<GridPlace>, Refused> {
    let at = point(query.lon, query.lat)?;
    let level = Level::try_from(query.level).map_err(|error| Refused::parameter("level", error.to_string()))?;
    Ok(Json(match query.height_m {
        None => of_cell(Cell::encode(at, level).map_err(|error| Refused::parameter("lon, lat", error.to_string()))?),
        Some(height_m) => of_voxel(
            Voxel::encode(at, height_m, level)
                .map_err(|error| Refused::parameter("lon, lat, height_m", error.to_string()))?,
        ),
    }))
}
