//! Points and cells.

mod describe;
pub mod decode_grid_code;
pub mod find_grid_cell;
pub mod list_grid_cells;
pub mod locate;
pub mod search_places;
