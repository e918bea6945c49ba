//! Points and cells.

pub mod list_grid_cells;
pub mod locate;
pub mod search_places;
