//! Scanning a polygon row by row of cells, in one quadrant.
//!
//! West and south are mirrored first, so that cells are half-open upwards, [k, k + 1), as the standard has them in
//! every quadrant. Each side is followed by whole steps of half a row, as Bresenham follows a line: no division after
//! the first. Must never look at a float.

use alloc::vec::Vec;

use super::Side;
use crate::fixed::TURN;

/// Part of a quadrant in cells of a level: columns and rows from (0, 0), ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub columns: (i64, i64),
    pub rows: (i64, i64),
}

/// A quadrant and the size of its cells, in fixed point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub west: bool,
    pub south: bool,
    pub width: i64,
    pub height: i64,
}

/// What is asked of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Cells whose middle is inside.
    Centre,
    /// Cells that hold a point of the polygon.
    Intersects,
    /// Cells inside.
    Within,
    /// Cells inside, and apart from them the other cells that hold a point.
    Both,
}

/// Cells in one row, side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub row: i64,
    pub columns: (i64, i64),
    /// Wholly inside. Told only under [`Want::Both`].
    pub whole: bool,
}

/// A place along a row: the column, and whether it is the column's very edge.
#[derive(Clone, Copy)]
struct Mark {
    column: i64,
    on_edge: bool,
    /// Whether the place itself belongs to the row, or only those before it.
    closed: bool,
}

/// A side on its way through the rows.
struct Active {
    side: Side,
    last_row: i64,
    /// Column and remainder of the side at the bottom of the row, over `whole`.
    column: i128,
    rest: i128,
    /// Half a row further: columns and remainder.
    step: (i128, i128),
    /// One column.
    whole: i128,
}

impl Active {
    fn new(side: Side, frame: &Frame, row: i64) -> Active {
        let (dx, dy) = (i128::from(side.x1 - side.x0), i128::from(side.y1 - side.y0));
        // A level side is never asked for its course.
        let whole = dy.max(1) * i128::from(frame.width);
        let bottom = i128::from(row * frame.height - side.y0);
        let course = i128::from(side.x0) * dy + bottom * dx;
        let half = i128::from(frame.height / 2) * dx;
        Active {
            side,
            last_row: side.y1.div_euclid(frame.height),
            column: course.div_euclid(whole),
            rest: course.rem_euclid(whole),
            step: (half.div_euclid(whole), half.rem_euclid(whole)),
            whole,
        }
    }

    /// Goes half a row up.
    #[inline]
    fn advance(&mut self) {
        self.column += self.step.0;
        self.rest += self.step.1;
        if self.rest >= self.whole {
            self.rest -= self.whole;
            self.column += 1;
        }
    }

    /// The first column whose middle is not left of the side here.
    #[inline]
    fn first_right(&self) -> i64 {
        self.column as i64 + i64::from(2 * self.rest > self.whole)
    }

    #[inline]
    fn mark(&self, closed: bool) -> Mark {
        Mark { column: self.column as i64, on_edge: self.rest == 0, closed }
    }
}

/// A scan under way: gives runs of cells, row by row.
pub(crate) struct Scan {
    frame: Frame,
    window: Window,
    want: Want,
    /// Sides not yet met, lowest last.
    waiting: Vec<Side>,
    active: Vec<Active>,
    row: i64,
    /// Steps made along sides.
    pub steps: u64,
    crossings: Vec<i64>,
    touched: Vec<(i64, i64)>,
    blocked: Vec<(i64, i64)>,
}

impl Scan {
    /// Begins a scan. Sides are those of the mirrored polygon that reach the rows of the window or lie beside them.
    pub fn new(sides: &[Side], frame: Frame, window: Window, want: Want) -> Scan {
        let (bottom, top) = (window.rows.0 * frame.height, (window.rows.1 + 1) * frame.height);
        let right = (window.columns.1 + 1) * frame.width;
        // South of the equator a point on it belongs to the north.
        let lowest = bottom + i64::from(frame.south && bottom == 0);
        let met = |side: &&Side| side.y1 >= lowest && side.y0 <= top && side.x0.min(side.x1) <= right;
        let mut waiting: Vec<Side> = sides.iter().filter(met).copied().collect();
        waiting.sort_unstable_by_key(|side| core::cmp::Reverse(side.y0));
        Scan {
            frame,
            window,
            want,
            waiting,
            active: Vec::new(),
            row: window.rows.0,
            steps: 0,
            crossings: Vec::new(),
            touched: Vec::new(),
            blocked: Vec::new(),
        }
    }

    /// Appends the runs of the next row that has sides; `false` when there is none.
    pub fn next_row(&mut self, runs: &mut Vec<Run>) -> bool {
        if self.active.is_empty() {
            let Some(next) = self.waiting.last() else { return false };
            self.row = self.row.max(next.y0.div_euclid(self.frame.height));
        }
        if self.row > self.window.rows.1 {
            return false;
        }
        let top = (self.row + 1) * self.frame.height;
        while let Some(side) = self.waiting.pop_if(|side| side.y0 < top) {
            self.active.push(Active::new(side, &self.frame, self.row));
        }
        self.crossings.clear();
        self.touched.clear();
        self.blocked.clear();
        self.follow_sides();
        self.steps += self.active.len() as u64;
        let row = self.row;
        self.active.retain(|active| active.last_row > row);
        self.give(runs);
        self.row += 1;
        true
    }

    /// Notes where each active side crosses the middle of the row, which cells it touches and which it cuts.
    fn follow_sides(&mut self) {
        let bottom = self.row * self.frame.height;
        let (middle, top) = (bottom + self.frame.height / 2, bottom + self.frame.height);
        // The equator belongs to the north.
        let bottom_is_own = !(self.frame.south && self.row == 0);
        for active in &mut self.active {
            let side = active.side;
            let vertex = |x: i64, closed: bool| Mark {
                column: x.div_euclid(self.frame.width),
                on_edge: x.rem_euclid(self.frame.width) == 0,
                closed,
            };
            let low = if side.y0 >= bottom {
                vertex(side.x0, bottom_is_own || side.y0 > bottom)
            } else {
                active.mark(bottom_is_own)
            };
            active.advance();
            if side.y0 <= middle && middle < side.y1 {
                self.crossings.push(active.first_right());
            }
            active.advance();
            let high = if side.y1 < top { vertex(side.x1, true) } else { active.mark(false) };
            if self.want == Want::Centre {
                continue;
            }
            let upright = side.x0 == side.x1;
            let (left, right) = if side.x0 <= side.x1 { (low, high) } else { (high, low) };
            let level = side.y0 == side.y1;
            let last = if upright || right.closed { right.column } else { right.column - i64::from(right.on_edge) };
            // The prime meridian belongs to the east.
            let beyond_own = self.frame.west && (right.column < 0 || right.column == 0 && right.on_edge);
            if !beyond_own {
                // ±180° itself belongs to the last column.
                let half_turn = left.on_edge && left.column * self.frame.width == TURN / 2;
                let first = left.column - i64::from(half_turn);
                note(&mut self.touched, self.window.columns, (first, last));
            }
            let passes = if level { side.y0 > bottom } else { side.y0.max(bottom) < side.y1.min(top) };
            if passes && !(upright && right.on_edge) {
                let last = if upright { right.column } else { right.column - i64::from(right.on_edge) };
                note(&mut self.blocked, self.window.columns, (left.column, last));
            }
        }
    }

    /// Appends the runs of the row from what was noted.
    fn give(&mut self, runs: &mut Vec<Run>) {
        self.crossings.sort_unstable();
        let (first, last) = self.window.columns;
        // Crossings come in pairs; sides right of the window were left out.
        let inside = self.crossings.chunks(2).filter_map(|pair| {
            let end = pair.get(1).map_or(last, |end| end - 1);
            let run = (pair[0].max(first), end.min(last));
            (run.0 <= run.1).then_some(run)
        });
        let row = self.row;
        let push = |whole: bool| move |columns| Run { row, columns, whole };
        match self.want {
            Want::Centre => runs.extend(inside.map(push(true))),
            Want::Intersects => {
                self.touched.extend(inside);
                join(&mut self.touched);
                runs.extend(self.touched.iter().copied().map(push(false)));
            }
            Want::Within => {
                join(&mut self.blocked);
                let mut whole: Vec<(i64, i64)> = inside.collect();
                join(&mut whole);
                without(&whole, &self.blocked, |columns| runs.push(push(true)(columns)));
            }
            Want::Both => {
                join(&mut self.blocked);
                let mut inside: Vec<(i64, i64)> = inside.collect();
                join(&mut inside);
                self.touched.extend(&inside);
                join(&mut self.touched);
                let mut whole = Vec::new();
                without(&inside, &self.blocked, |columns| whole.push(columns));
                without(&self.touched, &whole, |columns| runs.push(push(false)(columns)));
                runs.extend(whole.into_iter().map(push(true)));
            }
        }
    }
}

fn note(list: &mut Vec<(i64, i64)>, (first, last): (i64, i64), run: (i64, i64)) {
    let run = (run.0.max(first), run.1.min(last));
    if run.0 <= run.1 {
        list.push(run);
    }
}

/// Sorts runs and joins those that overlap or touch.
fn join(runs: &mut Vec<(i64, i64)>) {
    runs.sort_unstable();
    runs.dedup_by(|next, before| {
        let joins = next.0 <= before.1 + 1;
        if joins {
            before.1 = before.1.max(next.1);
        }
        joins
    });
}

/// Gives what is left of sorted runs when others are taken away.
fn without(runs: &[(i64, i64)], taken: &[(i64, i64)], mut give: impl FnMut((i64, i64))) {
    let mut at = 0;
    for (first, last) in runs {
        let mut from = *first;
        while at < taken.len() && taken[at].1 < from {
            at += 1;
        }
        let mut next = at;
        while next < taken.len() && taken[next].0 <= *last {
            if from < taken[next].0 {
                give((from, taken[next].0 - 1));
            }
            from = taken[next].1 + 1;
            next += 1;
        }
        if from <= *last {
            give((from, *last));
        }
    }
}
