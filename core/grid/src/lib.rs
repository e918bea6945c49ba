#![doc = include_str!("../README.md")]
//!
//! # What this crate must never do
//!
//! It is pure: no clock, no randomness, no input or output, no global state. It never converts between
//! coordinate frames; every coordinate is CGCS2000 longitude and latitude in degrees.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

mod boxes;
mod cell;
mod code;
mod cover;
mod fixed;
#[cfg(feature = "geo")]
mod geo_impl;
#[cfg(feature = "std")]
mod geodesic;
mod geojson;
mod index;
mod layout;
mod level;
mod line;
#[cfg(feature = "std")]
mod metric;
mod neighbours;
mod point;
mod polar;
mod polygon;
mod reference;
#[cfg(feature = "serde")]
mod serde_impl;
mod set;
#[cfg(feature = "std")]
pub mod shifted;
mod traverse;
mod voxel;

pub use boxes::{CellsInBounds, cells_in_bounds, count_in_bounds};
pub use cell::{Cell, Children, GridError, KeyError};
pub use code::CodeError;
pub use cover::{cover_bounds, cover_bounds_at};
#[cfg(feature = "geo")]
pub use geo_impl::GeoError;
#[cfg(feature = "std")]
pub use geodesic::{FLATTENING, SEMI_MAJOR_AXIS_M, geodesic_distance_m};
pub use geojson::{Features, GeoJson, feature_collection};
pub use level::{Level, LevelError};
pub use line::{Line, line};
#[cfg(feature = "std")]
pub use metric::{CellSize, MEAN_RADIUS_M, distance_m};
pub use neighbours::Neighbours;
pub use point::{Bounds, BoundsError, LonLat, PointError};
pub use polygon::{CoverError, CoverMode, MultiPolygon, Polygon, PolygonCells, PolygonError};
pub use reference::{Gazetteer, Offsets, ReferenceCode, ReferenceError, ShortCode};
pub use set::{CellSet, SetError, compact, uncompact};
pub use traverse::{Steps, TraverseError};
pub use voxel::{
    AnnexCBits, Clause6, Contact, HeightError, HeightRule, LADDER_RADIUS_M, Voxel, VoxelBounds, VoxelCodeError,
    VoxelError, VoxelKeyError, VoxelLine, VoxelNeighbours, layer_height_m, layer_of_height, voxel_line,
};
