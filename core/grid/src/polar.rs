//! The polar caps, 88° to 90°: one cell per pole at level 1, sixteen sectors at level 2.
//!
//! GB/T 39409-2020 clause 5 and figure 10, the same for both poles. Must never number a cell of level 3 to 10:
//! the standard is silent on their order and contradicts itself on their sizes.

use alloc::vec::Vec;

use crate::cell::{Cell, GridError};
use crate::layout::{self, HALF_TURN, L1_PER_HEMISPHERE, L1_STRIDE, L2_STRIDE, RANK_SHIFT};
use crate::level::{Level, UNITS_PER_DEG};
use crate::point::{Bounds, LonLat};

/// Level-2 cells of one polar cap.
pub(crate) const SECTORS: u32 = 16;

/// A level-2 polar cell; its index is its two code characters read in base 4.
struct Sector {
    /// Distance of the lower parallel from the equator, in half degrees. Each band is half a degree high.
    band: u32,
    /// Western edge in degrees eastwards from the 0 meridian, 0 to 360.
    from: u32,
    /// Eastern edge, likewise.
    to: u32,
}

impl Sector {
    fn of(index: u32) -> Sector {
        let (first, second) = (index / 4, index % 4);
        if first == 0 {
            return match second {
                0 => Sector { band: 179, from: 0, to: 360 },
                _ => Sector { band: 178, from: 120 * (second - 1), to: 120 * second },
            };
        }
        // 30 and 32 begin at the 0 meridian and go west; 31 and 33 lie beyond them.
        let from = if first == 3 { 300 - 60 * (second % 2) } else { 120 * (first - 1) + 60 * (second % 2) };
        Sector { band: 176 + second / 2, from, to: from + 60 }
    }

    fn is_round(&self) -> bool {
        self.to - self.from == 360
    }

    /// The edges in degrees of longitude; west > east across the 180° meridian.
    fn west_east(&self) -> (f64, f64) {
        if self.is_round() {
            return (-180.0, 180.0);
        }
        let signed = |turn: u32, is_east: bool| {
            if turn > 180 || (turn == 180 && !is_east) { f64::from(turn) - 360.0 } else { f64::from(turn) }
        };
        (signed(self.from, false), signed(self.to, true))
    }

    /// Whether two sectors share at least a point.
    fn touches(&self, other: &Sector) -> bool {
        let bands = self.band.abs_diff(other.band) <= 1;
        let turn = |angle: u32| angle % 360;
        // Arcs touch when an end of one lies on the other, ends included.
        let holds = |arc: &Sector, angle: u32| (angle + 360 - arc.from) % 360 <= arc.to - arc.from;
        bands
            && (holds(self, turn(other.from))
                || holds(self, turn(other.to))
                || holds(other, turn(self.from))
                || holds(other, turn(self.to)))
    }

    /// Whether two sectors that touch share more than a point.
    fn shares_edge(&self, other: &Sector) -> bool {
        // An arc begins inside another unless it only meets its end.
        let begins_in = |arc: &Sector, angle: u32| (angle + 360 - arc.from) % 360 < arc.to - arc.from;
        self.band == other.band || begins_in(self, other.from) || begins_in(other, self.from)
    }
}

fn cell(south: bool, sector: u32, level: Level) -> Cell {
    let first = if south { L1_PER_HEMISPHERE * L1_STRIDE } else { 0 };
    let fields = u64::from(first + sector * L2_STRIDE) << RANK_SHIFT;
    Cell::of_key(layout::at_level(fields, level))
}

/// The level-1 cell of a pole.
pub(crate) fn cap(south: bool) -> Cell {
    cell(south, 0, Level::L1)
}

/// The level-2 polar cell of an index below [`SECTORS`].
pub(crate) fn sector(south: bool, index: u32) -> Cell {
    cell(south, index, Level::L2)
}

/// Whether a polar cell is at the south pole.
pub(crate) fn is_south(cell: Cell) -> bool {
    (cell.key() >> RANK_SHIFT) as u32 >= L1_PER_HEMISPHERE * L1_STRIDE
}

/// The index of a level-2 polar cell.
pub(crate) fn sector_index(cell: Cell) -> u32 {
    (cell.key() >> RANK_SHIFT) as u32 % L1_STRIDE / L2_STRIDE
}

/// Encodes a point whose |latitude| is `ky` units, 88° or more.
///
/// Sectors are half-open eastwards, [from, to); a point on +180° stays east of it, one on -180° west.
#[cold]
pub(crate) fn encode(point: LonLat, ky: u32, level: Level) -> Result<Cell, GridError> {
    if level > Level::L2 {
        return Err(GridError::PolarLevel { level });
    }
    let full = 2 * HALF_TURN;
    let (lon, south) = (point.lon_deg(), point.lat_deg() < 0.0);
    // Eastwards from the 0 meridian. A western distance is rounded up so that the turn is rounded down.
    let turn =
        if lon < 0.0 { (full - layout::units_up(-lon)).min(full - 1) } else { layout::units(lon).min(HALF_TURN - 1) };
    // The pole itself, 180 half degrees, belongs to the last band.
    let band = (ky / (UNITS_PER_DEG / 2)).min(179);
    let index = (0..SECTORS)
        .find(|index| {
            let sector = Sector::of(*index);
            sector.band == band && (sector.from..sector.to).contains(&(turn / UNITS_PER_DEG))
        })
        .expect("the sectors tile the cap");
    Ok(cell(south, index, level))
}

/// The edges of a polar cell.
pub(crate) fn bounds(cell: Cell) -> Bounds {
    let (low, high, (west, east)) = if cell.level() == Level::L1 {
        (88.0, 90.0, (-180.0, 180.0))
    } else {
        let sector = Sector::of(sector_index(cell));
        let low = f64::from(sector.band) / 2.0;
        (low, low + 0.5, sector.west_east())
    };
    let (south, north) = if is_south(cell) { (-high, -low) } else { (low, high) };
    Bounds { west, south, east, north }
}

/// Longitude and latitude of the middle of a polar cell.
pub(crate) fn centre(cell: Cell) -> (f64, f64) {
    let sign = if is_south(cell) { -1.0 } else { 1.0 };
    let sector = Sector::of(sector_index(cell));
    if cell.level() == Level::L1 || sector.is_round() {
        return (0.0, sign * 90.0);
    }
    let turn = f64::from(sector.from + sector.to) / 2.0;
    let lon = if turn > 180.0 { turn - 360.0 } else { turn };
    (lon, sign * (f64::from(sector.band) / 2.0 + 0.25))
}

/// The other level-2 polar cells of the cap that touch this one.
pub(crate) fn touching(cell: Cell) -> impl Iterator<Item = Cell> {
    let (south, own) = (is_south(cell), sector_index(cell));
    let shape = Sector::of(own);
    (0..SECTORS)
        .filter(move |index| *index != own && shape.touches(&Sector::of(*index)))
        .map(move |index| sector(south, index))
}

/// Whether two polar cells of one cap, both of level 2 and touching, share an edge.
pub(crate) fn share_edge(a: Cell, b: Cell) -> bool {
    Sector::of(sector_index(a)).shares_edge(&Sector::of(sector_index(b)))
}

/// Whether a signed level-2 column just below 88° shares an edge with a polar cell of the lowest band it touches.
pub(crate) fn stands_under(ix: i64, cell: Cell) -> bool {
    let sector = Sector::of(sector_index(cell));
    (i64::from(sector.from) * 2..i64::from(sector.to) * 2).contains(&ix.rem_euclid(720))
}

/// The level-2 polar cells of the lowest band that touch `ix`, a signed level-2 column.
pub(crate) fn above_column(south: bool, ix: i64) -> impl Iterator<Item = Cell> {
    // 120 columns of 30′ to a sector; a column at the end of a sector touches the next one at its corner.
    let turn = ix.rem_euclid(720);
    let reach = [turn, turn + 719, turn + 1].map(|near| (near % 720 / 120 * 60) as u32);
    (0..SECTORS)
        .filter(move |index| {
            let sector = Sector::of(*index);
            sector.band == 176 && reach.contains(&sector.from)
        })
        .map(move |index| sector(south, index))
}

/// The signed level-2 columns below the 88° parallel that touch a polar cell of the lowest band.
pub(crate) fn columns_below(cell: Cell) -> impl Iterator<Item = i64> {
    let sector = Sector::of(sector_index(cell));
    let (first, last) = (i64::from(sector.from) * 2 - 1, i64::from(sector.to) * 2);
    let lowest = sector.band == 176;
    (first..=last).filter(move |_| lowest).map(|turn| (turn + 360).rem_euclid(720) - 360)
}

/// The polar cells of one level (1 or 2; none below) that a box touches.
pub(crate) fn cells_in(bounds: &Bounds, level: Level) -> Vec<Cell> {
    // Far wider than the snap, far smaller than a sector.
    const SLACK_DEG: f64 = 1e-9;
    let mut cells = Vec::new();
    for south in [false, true] {
        let (near, far) = if south { (-bounds.north, -bounds.south) } else { (bounds.south, bounds.north) };
        if far < 88.0 - SLACK_DEG || level > Level::L2 {
            continue;
        }
        if level == Level::L1 {
            cells.push(cap(south));
            continue;
        }
        let is_met = |sector: &Sector| {
            let low = f64::from(sector.band) / 2.0;
            let (west, east) = sector.west_east();
            let arc = Bounds { west, south: low, east, north: low + 0.5 };
            let lat = near - SLACK_DEG <= arc.north && arc.south <= far + SLACK_DEG;
            let lon = arc
                .lon_intervals()
                .any(|(w, e)| bounds.lon_intervals().any(|(from, to)| from - SLACK_DEG <= e && w <= to + SLACK_DEG));
            lat && lon
        };
        cells.extend((0..SECTORS).filter(|index| is_met(&Sector::of(*index))).map(|index| sector(south, index)));
    }
    cells
}

/// Whether the box holds the whole cap of a pole.
pub(crate) fn holds_cap(bounds: &Bounds, south: bool) -> bool {
    let round = bounds.west == -180.0 && bounds.east == 180.0;
    let high = if south {
        bounds.south <= -90.0 && bounds.north >= -88.0
    } else {
        bounds.north >= 90.0 && bounds.south <= 88.0
    };
    round && high
}
