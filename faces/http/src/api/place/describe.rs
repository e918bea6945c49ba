//! A cell or a voxel of the grid in words and numbers.

use grid::{Cell, Voxel};

use crate::wire::*;

/// A cell of the plane.
pub fn of_cell(cell: Cell) -> GridPlace {
    let (centre, corner) = (cell.centre(), cell.corner());
    let size = cell.size_m();
    GridPlace {
        code: cell.to_string(),
        level: cell.level().get(),
        key: cell.get().to_string(),
        bounds: edges(cell.bounds()),
        centre: [centre.lon_deg(), centre.lat_deg()],
        corner: [corner.lon_deg(), corner.lat_deg()],
        east_west_m: size.width_m,
        north_south_m: size.height_m,
        area_m2: cell.area_m2(),
        heights: None,
        parents: parents(cell.level().get(), |level| cell.ancestor(level).map(|cell| cell.to_string())),
        child_count: cell.child_count(),
        neighbours: cell.neighbours().map(|cell| cell.to_string()).collect(),
    }
}

/// A voxel: the cell it stands on, and its heights.
pub fn of_voxel(voxel: Voxel) -> GridPlace {
    let bounds = voxel.bounds();
    GridPlace {
        code: voxel.to_string(),
        key: voxel.get().to_string(),
        heights: Some(GridHeights {
            low_m: bounds.low_m,
            high_m: bounds.high_m,
            layer: voxel.layer(),
            footprint: voxel.footprint().to_string(),
        }),
        parents: parents(voxel.level().get(), |level| voxel.ancestor(level).map(|voxel| voxel.to_string())),
        child_count: voxel.child_count(),
        neighbours: Vec::new(),
        ..of_cell(voxel.footprint())
    }
}

/// Codes of the coarser levels, the coarsest first.
fn parents(level: u8, code: impl Fn(grid::Level) -> Option<String>) -> Vec<String> {
    grid::Level::ALL.into_iter().filter(|above| above.get() < level).filter_map(code).collect()
}

fn edges(bounds: grid::Bounds) -> Bounds {
    Bounds { west: bounds.west, south: bounds.south, east: bounds.east, north: bounds.north }
}
