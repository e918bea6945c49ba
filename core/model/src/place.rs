//! Places: where an event is.

use grid::{Cell, LonLat};
use serde::{Deserialize, Serialize};

use crate::ids::RegionId;

/// Where something is: a point with its cell, or only words, and the region that answers for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Longitude and latitude in degrees, CGCS2000; absent when only an address is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<LonLat>,
    /// The level-10 BeiDou cell of the point (GB/T 39409-2020), absent with the point or within the polar caps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
    /// The smallest region that contains the point, or the city itself when none is known.
    pub region: RegionId,
    /// The address in words, as given or looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}
