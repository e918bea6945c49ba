//! `GET /grid/codes/{code}`.

use axum::Json;
use grid::{Cell, Voxel};

use super::describe::{of_cell, of_voxel};
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// What a grid code stands for. Of two or three dimensions by its form, as the fourth character of a code is a letter in
/// two and a digit in three; polar codes are read as two-dimensional.
#[utoipa::path(
    get,
    path = "/grid/codes/{code}",
    tag = "place",
    params(("code" = String, Path, description = "A grid code of GB/T 39409-2020, of two or three dimensions")),
    responses((status = 200, description = "As asked", body = GridPlace), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn decode_grid_code(Segments(code): Segments<String>) -> Result<Json<GridPlace>, Refused> {
    let is_voxel =
        code.as_bytes().get(3).is_some_and(u8::is_ascii_digit) && code.get(1..4).is_none_or(|pole| pole != "000");
    let refused = |error: String| Refused::parameter("code", error);
    Ok(Json(if is_voxel {
        of_voxel(code.parse::<Voxel>().map_err(|error| refused(error.to_string()))?)
    } else {
        of_cell(code.parse::<Cell>().map_err(|error| refused(error.to_string()))?)
    }))
}
