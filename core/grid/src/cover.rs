//! Covering a box with a bounded number of key ranges.
//!
//! Must never leave out a cell that touches the box; may hold more when the budget is small.

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::RangeInclusive;

use crate::boxes::{Quarter, quarters};
use crate::layout::{self, HALF_TURN, POLAR_FROM, Spot};
use crate::level::Level;
use crate::point::Bounds;
use crate::polar;

/// Pieces beyond which no piece is cut finer, whatever the budget: bounds work and memory to some megabytes.
const MAX_PIECES: usize = 16_384;

/// Pieces per range of the budget at which cutting stops; the narrowest gaps are then closed.
const PIECES_PER_RANGE: usize = 8;

/// Covers a box by at most `max_ranges` sorted, disjoint ranges of packed keys.
///
/// Every level-10 cell that touches the box is in a range, and so is every cell of any level that lies inside
/// it; for rows kept at a coarser level see [`cover_bounds_at`]. The ranges hold more than the box when the
/// budget is small, so check each row read. A budget of 0 counts as 1.
///
/// The box is cut finer, level by level, until there are many more pieces than the budget; then the widest
/// gaps between pieces are kept and the others closed, which is the least total span of keys for these pieces.
///
/// ```
/// use dipper_grid::{Bounds, Cell, Level, LonLat, cover_bounds};
/// let view = Bounds::new(113.9, 22.5, 114.1, 22.6)?;
/// let ranges = cover_bounds(view, 16);
/// assert!(ranges.len() <= 16);
/// let inside = Cell::encode(LonLat::new(114.0, 22.55)?, Level::L10)?;
/// assert!(ranges.iter().any(|range| range.contains(&inside.get())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cover_bounds(bounds: Bounds, max_ranges: usize) -> Vec<RangeInclusive<i64>> {
    cover_bounds_at(bounds, Level::L10, max_ranges)
}

/// Covers a box as [`cover_bounds`] does, for rows keyed at level `finest` or finer.
///
/// Every cell of level `finest` or finer that touches the box is in a range, and so is every cell of any level
/// that lies inside it. A row of a coarser cell that only overlaps the box is not promised.
pub fn cover_bounds_at(bounds: Bounds, finest: Level, max_ranges: usize) -> Vec<RangeInclusive<i64>> {
    let budget = max_ranges.max(1);
    let pieces_enough = budget.saturating_mul(PIECES_PER_RANGE).clamp(64, MAX_PIECES);
    let mut spans = polar_spans(&bounds, finest);
    let quarters = quarters(&bounds, Level::L10);
    let mut open: Vec<Open> = (0..quarters.len()).map(|quarter| Open { quarter, kx: 0, ky: 0 }).collect();
    let mut parent_size = (HALF_TURN, POLAR_FROM);
    let mut open_level = Level::L1;
    for level in Level::ALL.into_iter().take_while(|level| *level <= finest) {
        let mut next = Vec::new();
        for parent in &open {
            cut(&quarters, *parent, parent_size, level, &mut spans, &mut next);
        }
        join_touching(&mut spans);
        open = next;
        open_level = level;
        parent_size = (level.lon_units(), level.lat_units());
        if open.is_empty() || open.len() + spans.len() > pieces_enough {
            break;
        }
    }
    for rest in open {
        let first = rest.spot(&quarters[rest.quarter]).key(open_level);
        spans.push((first, layout::last_of(first)));
    }
    join_touching(&mut spans);
    close_narrow_gaps(spans, budget)
}

/// First and last key of a piece that is whole.
type Span = (u64, u64);

/// A cell that the box cuts, by the units of its locating corner.
#[derive(Clone, Copy)]
struct Open {
    quarter: usize,
    kx: u32,
    ky: u32,
}

impl Open {
    fn spot(self, quarter: &Quarter) -> Spot {
        Spot { west: quarter.west, south: quarter.south, kx: self.kx, ky: self.ky }
    }
}

fn polar_spans(bounds: &Bounds, finest: Level) -> Vec<Span> {
    let mut cells = polar::cells_in(bounds, finest.min(Level::L2));
    // A cap inside the box is there with its own key, not only with those of its parts.
    cells.extend([false, true].into_iter().filter(|south| polar::holds_cap(bounds, *south)).map(polar::cap));
    let mut spans = cells.into_iter().map(|cell| (cell.key(), layout::last_of(cell.key()))).collect();
    join_touching(&mut spans);
    spans
}

/// Cuts a cell into its children of `level`: those inside the box become spans, those it cuts stay open.
fn cut(
    quarters: &[Quarter],
    parent: Open,
    parent_size: (u32, u32),
    level: Level,
    spans: &mut Vec<Span>,
    open: &mut Vec<Open>,
) {
    let quarter = &quarters[parent.quarter];
    let (lon, lat) = (level.lon_units(), level.lat_units());
    let columns = children_met(parent.kx, parent_size.0, lon, quarter.columns);
    let rows = children_met(parent.ky, parent_size.1, lat, quarter.rows);
    // At levels 3 and 6 codes run along longitude first, so only single cells are surely one span.
    let runs_along_latitude = !matches!(level.get(), 3 | 6);
    for column in columns.0..=columns.1 {
        let kx = parent.kx + column * lon;
        let column_inside = is_inside(kx, lon, quarter.columns);
        let mut run: Option<Span> = None;
        for row in rows.0..=rows.1 {
            let child = Open { kx, ky: parent.ky + row * lat, ..parent };
            if !(column_inside && is_inside(child.ky, lat, quarter.rows)) {
                open.push(child);
                spans.extend(run.take());
                continue;
            }
            let key = child.spot(quarter).key(level);
            match &mut run {
                Some(run) if runs_along_latitude => run.1 = layout::last_of(key),
                _ => spans.extend(run.replace((key, layout::last_of(key)))),
            }
        }
        spans.extend(run);
    }
}

/// First and last child, along one axis, of a parent at `from` that meets `wanted`. The parent meets it.
fn children_met(from: u32, parent_size: u32, size: u32, wanted: (u32, u32)) -> (u32, u32) {
    let low = wanted.0.max(from) - from;
    let high = wanted.1.min(from + parent_size - 1) - from;
    (low / size, high / size)
}

fn is_inside(from: u32, size: u32, wanted: (u32, u32)) -> bool {
    wanted.0 <= from && from + (size - 1) <= wanted.1
}

/// Sorts spans and joins those with no other cell between them.
fn join_touching(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match joined.last_mut() {
            Some(last) if layout::place_of(span.0) <= layout::next_used(last.1) => last.1 = last.1.max(span.1),
            _ => joined.push(span),
        }
    }
    *spans = joined;
}

/// Keeps the widest gaps between sorted spans, one fewer than the budget, and closes the others.
fn close_narrow_gaps(spans: Vec<Span>, budget: usize) -> Vec<RangeInclusive<i64>> {
    let mut widest: Vec<usize> = (1..spans.len()).collect();
    widest.sort_unstable_by_key(|at| Reverse(spans[*at].0 - spans[*at - 1].1));
    widest.truncate(budget - 1);
    widest.sort_unstable();
    let starts = core::iter::once(0).chain(widest.iter().copied());
    let ends = widest.iter().copied().chain(core::iter::once(spans.len()));
    starts
        .zip(ends)
        .filter_map(|(start, end)| {
            let piece = &spans[start..end];
            let (first, last) = (piece.first()?, piece.last()?);
            Some(first.0 as i64..=last.1 as i64)
        })
        .collect()
}
