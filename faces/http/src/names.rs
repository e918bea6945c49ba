//! Parsing at the door: words, boxes and instants of requests into the platform's own types.

use std::str::FromStr;

use grid::{Bounds, LonLat};
use model::Instant;
use store::Cursor;

use crate::error::Refused;

/// Items of a page when none are asked for.
const PAGE: u32 = 50;

/// Most items of a page.
const PAGE_MAX: u32 = 200;

/// A parameter of a type that parses from text.
///
/// # Errors
/// 400 naming the parameter.
pub fn parse<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Refused> {
    text.parse().map_err(|error: T::Err| Refused::parameter(name, error.to_string()))
}

/// An optional parameter; an empty one counts as absent.
///
/// # Errors
/// 400 naming the parameter.
pub fn parse_some<T: FromStr<Err: std::fmt::Display>>(name: &str, text: Option<&str>) -> Result<Option<T>, Refused> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(|text| parse(name, text)).transpose()
}

/// A point.
///
/// # Errors
/// 400 when it is out of range.
pub fn point(lon: f64, lat: f64) -> Result<LonLat, Refused> {
    LonLat::new(lon, lat).map_err(|error| Refused::parameter("lon, lat", error.to_string()))
}

/// A box.
///
/// # Errors
/// 400 when it is out of range or upside down.
pub fn bounds(west: f64, south: f64, east: f64, north: f64) -> Result<Bounds, Refused> {
    Bounds::new(west, south, east, north)
        .map_err(|error| Refused::parameter("west, south, east, north", error.to_string()))
}

/// A box of which all edges are given, or none.
///
/// # Errors
/// 400 when only some are given or they do not fit.
pub fn bounds_some(edges: [Option<f64>; 4]) -> Result<Option<Bounds>, Refused> {
    match edges {
        [Some(west), Some(south), Some(east), Some(north)] => bounds(west, south, east, north).map(Some),
        [None, None, None, None] => Ok(None),
        _ => Err(Refused::parameter("west, south, east, north", "all four edges are needed, or none")),
    }
}

/// How many items to give.
///
/// # Errors
/// 400 when it is 0 or above 200.
pub fn page_limit(limit: Option<u32>) -> Result<u32, Refused> {
    match limit.unwrap_or(PAGE) {
        limit if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        limit => Err(Refused::parameter("limit", format!("must be 1 to {PAGE_MAX}, got {limit}"))),
    }
}

/// Where a page begins.
///
/// # Errors
/// 400 when the text is no cursor of ours.
pub fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Refused> {
    parse_some("cursor", text)
}

/// An instant, RFC 3339.
///
/// # Errors
/// 400 naming the parameter.
pub fn instant(name: &str, text: Option<&str>) -> Result<Option<Instant>, Refused> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let words = "must be an instant such as 2026-11-23T08:00:00Z";
    text.parse().map(Some).map_err(|_| Refused::parameter(name, words))
}
