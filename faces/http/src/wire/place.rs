//! Places: cells of the BeiDou grid and the regions that hold a point.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Bounds, CollectionKind, FeatureKind, Geometry, RegionLevel, Text};

/// A point to look up.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PointQuery {
    /// Longitude, degrees CGCS2000.
    #[param(minimum = -180, maximum = 180)]
    pub lon: f64,
    /// Latitude, degrees CGCS2000.
    #[param(minimum = -90, maximum = 90)]
    pub lat: f64,
    /// A category, to learn which office would handle it there.
    pub category: Option<String>,
}

/// An address, or the beginning of a name.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlaceQuery {
    /// The words, at most 300 characters.
    pub q: String,
    /// How many at most, 1 to 20; 8 when absent.
    #[param(minimum = 1, maximum = 20)]
    pub limit: Option<u8>,
}

/// Places that some words may mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlaceList {
    /// The places, the nearest first.
    pub items: Vec<FoundPlace>,
}

/// A place that some words may mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundPlace {
    /// Its name.
    pub title: Text,
    /// How near the words came.
    pub precision: PlacePrecision,
    /// Longitude of the place, or of the middle of where it may be; degrees CGCS2000.
    pub lon: f64,
    /// Latitude, likewise.
    pub lat: f64,
    /// The regions that hold all of it, the city first.
    pub region_chain: Vec<RegionLink>,
}

/// How near some words came to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlacePrecision {
    /// Somewhere in a region.
    Region,
    /// Somewhere along a road.
    Road,
    /// Where two roads meet.
    Crossing,
    /// A named place.
    Place,
}

/// Where a point is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Located {
    /// Its cell; null within the polar caps.
    #[schema(required)]
    pub cell: Option<LocatedCell>,
    /// The regions that hold it, the city first; empty outside the city.
    pub region_chain: Vec<RegionLink>,
    /// The office that would handle the category asked for there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office: Option<String>,
}

/// A cell of the BeiDou grid (GB/T 39409-2020).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LocatedCell {
    /// Its code.
    pub code: String,
    /// 1 (widest) to 10 (finest).
    pub level: u8,
    /// Its edges.
    pub bounds: Bounds,
}

/// A point of the grid to look up.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GridPointQuery {
    /// Longitude, degrees CGCS2000.
    #[param(minimum = -180, maximum = 180)]
    pub lon: f64,
    /// Latitude, degrees CGCS2000.
    #[param(minimum = -90, maximum = 90)]
    pub lat: f64,
    /// 1 (widest) to 10 (finest).
    #[param(minimum = 1, maximum = 10)]
    pub level: u8,
    /// Metres above the ellipsoid; with it the answer is a voxel.
    pub height_m: Option<f64>,
}

/// A cell or a voxel of the BeiDou grid (GB/T 39409-2020).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GridPlace {
    /// Its code.
    pub code: String,
    /// 1 (widest) to 10 (finest).
    pub level: u8,
    /// Its packed key, decimal.
    pub key: String,
    /// Its edges, degrees.
    pub bounds: Bounds,
    /// Longitude and latitude of its middle, degrees.
    pub centre: [f64; 2],
    /// Longitude and latitude of its locating corner (定位角点), degrees.
    pub corner: [f64; 2],
    /// From west to east through the middle, metres.
    pub east_west_m: f64,
    /// From south to north, metres.
    pub north_south_m: f64,
    /// Area on the ellipsoid, square metres.
    pub area_m2: f64,
    /// The heights of a voxel; absent in the plane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub heights: Option<GridHeights>,
    /// Codes of the coarser levels that hold it, the coarsest first.
    pub parents: Vec<String>,
    /// How many cells or voxels of the next level it holds.
    pub child_count: u32,
    /// Codes of the eight cells around it; empty for a voxel.
    pub neighbours: Vec<String>,
}

/// The heights of a voxel, above the ellipsoid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GridHeights {
    /// Lower boundary, metres.
    pub low_m: f64,
    /// Upper boundary, metres.
    pub high_m: f64,
    /// Which layer of its level: 0 is the first above the ellipsoid, -1 the first below.
    pub layer: i32,
    /// The code of the cell it stands on.
    pub footprint: String,
}

/// One region of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegionLink {
    /// The region.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Its level.
    pub level: RegionLevel,
}

/// Cells in a box.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GridQuery {
    /// Western longitude, degrees.
    pub west: f64,
    /// Southern latitude, degrees.
    pub south: f64,
    /// Eastern longitude, degrees.
    pub east: f64,
    /// Northern latitude, degrees.
    pub north: f64,
    /// Level of the cells, 1 to 10.
    #[param(minimum = 1, maximum = 10)]
    pub level: u8,
}

/// Cells of the grid as shapes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CellCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: CollectionKind,
    /// At most 2 500 cells.
    pub features: Vec<CellFeature>,
}

/// The shape of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CellFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureKind,
    /// A polygon.
    pub geometry: Geometry,
    /// Which cell.
    pub properties: CellProperties,
}

/// Which cell a shape is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CellProperties {
    /// Its code.
    pub code: String,
    /// Its level.
    pub level: u8,
}
