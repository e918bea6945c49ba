//! Points and cells.

pub mod decode_grid_code;
mod describe;
pub mod find_grid_cell;
pub mod list_grid_cells;
pub mod locate;
pub mod search_places;
