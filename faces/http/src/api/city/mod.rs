//! The city and its pack, for everybody.

pub mod basemap;
pub mod cached;
pub mod get_basemap_layer;
pub mod get_city;
pub mod get_pack;
pub mod list_categories;
pub mod list_offices;
pub mod list_processes;
pub mod list_region_shapes;
pub mod list_regions;
