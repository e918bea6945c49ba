//! GeoJSON text (RFC 7946) of cells and voxels, for maps.
//!
//! Must never buffer: everything is written as it is asked for, so that a million cells need no memory.

use core::fmt;

use crate::cell::Cell;
use crate::point::Bounds;
use crate::voxel::{HeightRule, Voxel};

/// GeoJSON text of something, written by `Display`; see [`Cell::to_geojson`] and [`feature_collection`].
#[derive(Clone, Copy, Debug)]
pub struct GeoJson<T>(T);

impl Cell {
    /// The cell as a GeoJSON `Feature` with its code and level; a box across ±180° is cut there.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let cell: Cell = "N50J".parse()?;
    /// assert_eq!(
    ///     cell.to_geojson().to_string(),
    ///     concat!(
    ///         r#"{"type":"Feature","properties":{"code":"N50J","level":1},"geometry":{"type":"Polygon","#,
    ///         r#""coordinates":[[[114,36],[120,36],[120,40],[114,40],[114,36]]]}}"#,
    ///     ),
    /// );
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn to_geojson(self) -> GeoJson<Cell> {
        GeoJson(self)
    }
}

impl<R: HeightRule> Voxel<R> {
    /// The footprint of the voxel as a GeoJSON `Feature`, with its code, level and two heights in metres.
    pub fn to_geojson(self) -> GeoJson<Voxel<R>> {
        GeoJson(self)
    }
}

/// Cells as a GeoJSON `FeatureCollection`, lazily written.
///
/// ```
/// use dipper_grid::{Cell, feature_collection};
/// let sheet: Cell = "N50J47".parse()?;
/// let text = feature_collection(sheet.children()).to_string();
/// assert!(text.starts_with(r#"{"type":"FeatureCollection","features":[{"type":"Feature""#));
/// # Ok::<(), dipper_grid::CodeError>(())
/// ```
pub fn feature_collection<I>(cells: I) -> GeoJson<Features<I>>
where
    I: IntoIterator<Item = Cell> + Clone,
{
    GeoJson(Features(cells))
}

/// The cells of a [`feature_collection`].
#[derive(Clone, Copy, Debug)]
pub struct Features<I>(I);

/// Writes the box as the coordinates of a polygon, anticlockwise.
fn ring(f: &mut fmt::Formatter<'_>, west: f64, east: f64, bounds: &Bounds) -> fmt::Result {
    let Bounds { south, north, .. } = bounds;
    write!(f, "[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]")
}

fn geometry(f: &mut fmt::Formatter<'_>, bounds: &Bounds) -> fmt::Result {
    if bounds.west <= bounds.east {
        f.write_str(r#"{"type":"Polygon","coordinates":"#)?;
        ring(f, bounds.west, bounds.east, bounds)?;
        return f.write_str("}");
    }
    // RFC 7946 §3.1.9.
    f.write_str(r#"{"type":"MultiPolygon","coordinates":["#)?;
    ring(f, bounds.west, 180.0, bounds)?;
    f.write_str(",")?;
    ring(f, -180.0, bounds.east, bounds)?;
    f.write_str("]}")
}

impl fmt::Display for GeoJson<Cell> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, level) = (self.0, self.0.level());
        write!(f, r#"{{"type":"Feature","properties":{{"code":"{code}","level":{level}}},"geometry":"#)?;
        geometry(f, &self.0.bounds())?;
        f.write_str("}")
    }
}

impl<R: HeightRule> fmt::Display for GeoJson<Voxel<R>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, level, bounds) = (self.0, self.0.level(), self.0.bounds());
        write!(f, r#"{{"type":"Feature","properties":{{"code":"{code}","level":{level},"#)?;
        write!(f, r#""low_m":{},"high_m":{}}},"geometry":"#, bounds.low_m, bounds.high_m)?;
        geometry(f, &bounds.bounds)?;
        f.write_str("}")
    }
}

impl<I: IntoIterator<Item = Cell> + Clone> fmt::Display for GeoJson<Features<I>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"{"type":"FeatureCollection","features":["#)?;
        for (number, cell) in self.0.0.clone().into_iter().enumerate() {
            if number > 0 {
                f.write_str(",")?;
            }
            cell.to_geojson().fmt(f)?;
        }
        f.write_str("]}")
    }
}
