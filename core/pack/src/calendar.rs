//! Working calendars: when a limit is due, how much of it is left, and where the rest ends.
//!
//! Every kind of time is an axis on which limits are lengths: `due` walks forward on it, `left` measures on it and
//! `advance` walks what was measured. Pure: the instant is always an argument. Prefix sums over blocks of 32 days
//! keep every question below a hundred steps however far apart its instants are.

mod days;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{CalendarId, Instant, Limit, LimitUnit};

use crate::city::{CalendarRules, City, Weekday};
pub(crate) use days::{closed_days, parse_date, parse_hours};

/// Microseconds of a day of 24 hours.
const DAY_US: i64 = 86_400_000_000;
/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;
/// First day covered, days since 1970-01-01.
const FIRST_DAY: i64 = 0;
/// Days in one block of prefix sums.
const BLOCK_DAYS: i64 = 32;
/// Blocks covered: 1 719 × 32 days, from 1970-01-01 to the middle of 2120.
const BLOCKS: i64 = 1_719;
/// First day no longer covered.
const END_DAY: i64 = FIRST_DAY + BLOCK_DAYS * BLOCKS;

/// Why a calendar cannot be made or cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The zone is not in the IANA database.
    #[error("unknown time zone {0:?}")]
    Zone(String),
    /// A date is not one.
    #[error("{0:?} is not a date such as 2026-10-01")]
    Date(String),
    /// Opening hours are not two clock times in order, or overlap.
    #[error("{0}")]
    Hours(String),
    /// Working time was asked of a calendar without opening hours.
    #[error("the calendar is never open, so it cannot count {0}")]
    NeverOpen(Limit),
    /// The deadline or its start lies outside the years the calendar covers.
    #[error("the deadline is outside the years 1970 to 2119")]
    OutOfRange,
    /// The city has no such calendar.
    #[error("unknown calendar {0}")]
    Unknown(CalendarId),
}

/// Totals of every day before a block.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    open_us: i64,
    working_days: i64,
}

/// A working calendar, compiled from its rules.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// Opening hours by weekday, Monday first: microseconds since midnight, ordered, apart.
    hours: [Vec<(i64, i64)>; 7],
    /// Days closed against their weekday, ordered.
    closed: Vec<i64>,
    /// Days worked with the hours of another weekday, ordered by day.
    swaps: Vec<(i64, usize)>,
    /// Days on which the zone's offset changes, ordered: their hours are measured, not read off the clock.
    irregular: Vec<i64>,
    marks: Vec<Mark>,
}

impl Calendar {
    /// Compiles rules into a calendar for the years 1970 to 2119.
    ///
    /// # Errors
    /// [`CalendarError::Zone`], [`CalendarError::Date`] or [`CalendarError::Hours`] when a rule is not well formed.
    pub fn compile(rules: &CalendarRules) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(&rules.timezone).map_err(|_| CalendarError::Zone(rules.timezone.clone()))?;
        let mut hours: [Vec<(i64, i64)>; 7] = Default::default();
        for (weekday, spans) in &rules.hours {
            hours[weekday_index(*weekday)] = parse_hours(spans).map_err(CalendarError::Hours)?;
        }
        let mut closed = Vec::new();
        for holiday in &rules.holidays {
            closed.extend(closed_days(holiday).map_err(CalendarError::Date)?.into_iter().map(day_of_date));
        }
        closed.sort_unstable();
        closed.dedup();
        let mut swaps = Vec::with_capacity(rules.swaps.len());
        for swap in &rules.swaps {
            let date = parse_date(&swap.date).ok_or_else(|| CalendarError::Date(swap.date.clone()))?;
            swaps.push((day_of_date(date), weekday_index(swap.like)));
        }
        swaps.sort_unstable();
        let irregular = days::irregular_days(&zone, FIRST_DAY, END_DAY);
        let mut calendar = Self { zone, hours, closed, swaps, irregular, marks: Vec::new() };
        calendar.fill_marks();
        Ok(calendar)
    }

    fn fill_marks(&mut self) {
        let mut marks = Vec::with_capacity(usize::try_from(BLOCKS + 1).expect("a small constant"));
        let mut mark = Mark::default();
        for day in FIRST_DAY..END_DAY {
            if (day - FIRST_DAY) % BLOCK_DAYS == 0 {
                marks.push(mark);
            }
            mark.open_us += self.open_us_of(day);
            mark.working_days += i64::from(!self.spans(day).is_empty());
        }
        marks.push(mark);
        self.marks = marks;
    }

    /// When a limit that begins at `from` is due.
    ///
    /// Urgent units run day and night. Working hours and minutes count opening hours. Working days begin at `from`, or
    /// at the next opening when that is outside opening hours, and keep the clock time. Calendar days keep the clock
    /// time in the calendar's zone.
    ///
    /// # Errors
    /// [`CalendarError::NeverOpen`] for working time without opening hours, [`CalendarError::OutOfRange`] beyond 2119.
    pub fn due(&self, limit: Limit, from: Instant) -> Result<Instant, CalendarError> {
        let kind = Kind::of(limit.unit());
        if kind.is_working() && self.total().working_days == 0 {
            return Err(CalendarError::NeverOpen(limit));
        }
        let begun = self.axis(kind, from, true).ok_or(CalendarError::OutOfRange)?;
        self.at(kind, begun + length_us(limit)).ok_or(CalendarError::OutOfRange)
    }

    /// How much of a limit is left at `now`, in microseconds of its own kind of time; negative once late.
    ///
    /// A working day and a calendar day count 86 400 s each, a working hour 3 600 s of opening time.
    pub fn left(&self, limit: Limit, now: Instant, due: Instant) -> i64 {
        let kind = Kind::of(limit.unit());
        let left = match (self.axis(kind, now, true), self.axis(kind, due, false)) {
            (Some(now), Some(due)) => due - now,
            _ => due.micros_since(now),
        };
        // Outside opening hours nothing may lie between the two; the sign still says which came first.
        if now <= due { left.max(0) } else { left.min(-1) }
    }

    /// The instant at which `left_us` of the limit's kind of time has passed since `now`: the inverse of [`Self::left`].
    ///
    /// Held at the ends of the covered years.
    pub fn advance(&self, limit: Limit, now: Instant, left_us: i64) -> Instant {
        let kind = Kind::of(limit.unit());
        let begun = self.axis(kind, now, true);
        begun.and_then(|begun| self.at(kind, begun.saturating_add(left_us))).unwrap_or(now.plus_micros(left_us))
    }

    /// Opening hours from one instant to another, divided into times of so many minutes each; a rest that is shorter is
    /// left out. In order.
    pub fn divided(&self, from: Instant, before: Instant, minutes: u16) -> Vec<(Instant, Instant)> {
        let length = i64::from(minutes.max(1)) * MINUTE_US;
        let (first, last) = (self.local(from).0, self.local(before).0);
        let mut times = Vec::new();
        for day in (first..=last).filter(|day| covered(*day)) {
            for &(begin, end) in self.spans(day) {
                let mut clock = begin;
                while clock + length <= end {
                    let time = (self.instant(day, clock), self.instant(day, clock + length));
                    if from <= time.0 && time.0 < before {
                        times.push(time);
                    }
                    clock += length;
                }
            }
        }
        times
    }

    /// True when the calendar is open at `at`.
    pub fn is_open(&self, at: Instant) -> bool {
        let (day, clock) = self.local(at);
        self.spans(day).iter().any(|&(from, to)| from <= clock && clock < to)
    }

    /// The time zone of the calendar.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// True when at least one day is worked.
    pub fn is_ever_open(&self) -> bool {
        self.total().working_days > 0
    }

    fn total(&self) -> Mark {
        self.marks.last().copied().unwrap_or_default()
    }

    /// Where an instant lies on an axis; `begins` moves a start outside opening hours to the next opening.
    fn axis(&self, kind: Kind, at: Instant, begins: bool) -> Option<i64> {
        match kind {
            Kind::Running => Some(at.as_micros()),
            Kind::Civil => {
                let (day, clock) = self.local(at);
                covered(day).then_some(day * DAY_US + clock)
            }
            Kind::Open => self.open_before(at),
            Kind::WorkingDay => self.working_axis(at, begins),
        }
    }

    /// The earliest instant at a place on an axis.
    fn at(&self, kind: Kind, place: i64) -> Option<Instant> {
        match kind {
            Kind::Running => Some(Instant::from_micros(place)),
            Kind::Civil => {
                let day = place.div_euclid(DAY_US);
                covered(day).then(|| self.instant(day, place.rem_euclid(DAY_US)))
            }
            Kind::Open => self.at_open(place),
            Kind::WorkingDay => {
                let day = self.nth_working_day(place.div_euclid(DAY_US))?;
                Some(self.instant(day, place.rem_euclid(DAY_US)))
            }
        }
    }

    /// Working days before the day × 24 h, plus the clock time on a working day.
    fn working_axis(&self, at: Instant, begins: bool) -> Option<i64> {
        let (day, clock) = self.local(at);
        if !covered(day) {
            return None;
        }
        let before = self.working_days_before(day);
        let spans = self.spans(day);
        if !begins {
            return Some(before * DAY_US + if spans.is_empty() { 0 } else { clock });
        }
        if let Some(&(from, _)) = spans.iter().find(|&&(_, to)| clock < to) {
            return Some(before * DAY_US + clock.max(from));
        }
        let index = before + i64::from(!spans.is_empty());
        let next = self.nth_working_day(index)?;
        let opening = self.spans(next).first()?.0;
        Some(index * DAY_US + opening)
    }

    fn working_days_before(&self, day: i64) -> i64 {
        let (block, first) = block_of(day);
        let within = (first..day).filter(|&day| !self.spans(day).is_empty()).count();
        self.marks[block].working_days + i64::try_from(within).expect("at most 32")
    }

    /// The working day that has `index` working days before it.
    fn nth_working_day(&self, index: i64) -> Option<i64> {
        let block = self.marks.partition_point(|mark| mark.working_days <= index).checked_sub(1)?;
        let mut to_go = index - self.marks[block].working_days;
        let first = FIRST_DAY + i64::try_from(block).ok()? * BLOCK_DAYS;
        for day in first..(first + BLOCK_DAYS).min(END_DAY) {
            if !self.spans(day).is_empty() {
                if to_go == 0 {
                    return Some(day);
                }
                to_go -= 1;
            }
        }
        None
    }

    /// Opening time before an instant since the first day covered.
    fn open_before(&self, at: Instant) -> Option<i64> {
        let (day, clock) = self.local(at);
        if !covered(day) {
            return None;
        }
        let (block, first) = block_of(day);
        let days: i64 = (first..day).map(|day| self.open_us_of(day)).sum();
        let today = if self.is_irregular(day) {
            let passed =
                |&(from, to): &(i64, i64)| at.min(self.instant(day, to)).micros_since(self.instant(day, from)).max(0);
            self.spans(day).iter().map(passed).sum::<i64>()
        } else {
            self.spans(day).iter().map(|&(from, to)| (clock.min(to) - from).max(0)).sum()
        };
        Some(self.marks[block].open_us + days + today)
    }

    /// The earliest instant before which that much opening time has passed.
    fn at_open(&self, place: i64) -> Option<Instant> {
        let block = self.marks.partition_point(|mark| mark.open_us < place).checked_sub(1)?;
        let mut to_go = place - self.marks[block].open_us;
        let first = FIRST_DAY + i64::try_from(block).ok()? * BLOCK_DAYS;
        for day in first..(first + BLOCK_DAYS).min(END_DAY) {
            for &(from, to) in self.spans(day) {
                let length = self.span_us(day, from, to);
                if to_go <= length {
                    return Some(if to_go == length {
                        self.instant(day, to)
                    } else {
                        self.instant(day, from).plus_micros(to_go)
                    });
                }
                to_go -= length;
            }
        }
        None
    }

    fn open_us_of(&self, day: i64) -> i64 {
        self.spans(day).iter().map(|&(from, to)| self.span_us(day, from, to)).sum()
    }

    fn span_us(&self, day: i64, from: i64, to: i64) -> i64 {
        if self.is_irregular(day) {
            self.instant(day, to).micros_since(self.instant(day, from)).max(0)
        } else {
            to - from
        }
    }

    fn is_irregular(&self, day: i64) -> bool {
        self.irregular.binary_search(&day).is_ok()
    }

    /// Opening hours of a day; empty when it is closed. A swap beats a holiday.
    fn spans(&self, day: i64) -> &[(i64, i64)] {
        if let Ok(found) = self.swaps.binary_search_by_key(&day, |&(day, _)| day) {
            return &self.hours[self.swaps[found].1];
        }
        // 1970-01-01 was a Thursday, the fourth day of the week.
        let spans = &self.hours[usize::try_from((day + 3).rem_euclid(7)).expect("0 to 6")];
        if spans.is_empty() || self.closed.binary_search(&day).is_err() { spans } else { &[] }
    }

    /// Civil day since 1970-01-01 and microseconds since its midnight, in the calendar's zone.
    fn local(&self, at: Instant) -> (i64, i64) {
        let offset = self.zone.to_offset(at.to_timestamp()).seconds();
        let local = at.as_micros().saturating_add(i64::from(offset) * 1_000_000);
        (local.div_euclid(DAY_US), local.rem_euclid(DAY_US))
    }

    /// The instant of a clock time on a day; in a gap the later, in a fold the earlier of the two.
    fn instant(&self, day: i64, clock: i64) -> Instant {
        days::resolve(&self.zone, day * DAY_US + clock)
    }
}

/// The kinds of time, each with its axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Running,
    Open,
    WorkingDay,
    Civil,
}

impl Kind {
    const fn of(unit: LimitUnit) -> Self {
        match unit {
            LimitUnit::UrgentMinute | LimitUnit::UrgentHour | LimitUnit::UrgentDay => Self::Running,
            LimitUnit::WorkingMinute | LimitUnit::WorkingHour => Self::Open,
            LimitUnit::WorkingDay => Self::WorkingDay,
            LimitUnit::CalendarDay => Self::Civil,
        }
    }

    const fn is_working(self) -> bool {
        matches!(self, Self::Open | Self::WorkingDay)
    }
}

/// Length of a limit on its axis, microseconds.
fn length_us(limit: Limit) -> i64 {
    let unit = match limit.unit() {
        LimitUnit::UrgentMinute | LimitUnit::WorkingMinute => MINUTE_US,
        LimitUnit::UrgentHour | LimitUnit::WorkingHour => 60 * MINUTE_US,
        LimitUnit::UrgentDay | LimitUnit::WorkingDay | LimitUnit::CalendarDay => DAY_US,
    };
    i64::from(limit.amount()) * unit
}

const fn covered(day: i64) -> bool {
    FIRST_DAY <= day && day < END_DAY
}

/// The block of a covered day and that block's first day.
fn block_of(day: i64) -> (usize, i64) {
    let block = (day - FIRST_DAY) / BLOCK_DAYS;
    (usize::try_from(block).expect("a covered day is not before the first"), FIRST_DAY + block * BLOCK_DAYS)
}

/// The civil day of an instant in a time zone, as `yyyymmdd`.
pub fn civil_day(zone: &TimeZone, at: Instant) -> u32 {
    let date = zone.to_datetime(at.to_timestamp()).date();
    let year = u32::try_from(date.year()).unwrap_or(0);
    year * 10_000 + u32::from(date.month().unsigned_abs()) * 100 + u32::from(date.day().unsigned_abs())
}

fn day_of_date(date: Date) -> i64 {
    days::civil_us(date) / DAY_US
}

const fn weekday_index(weekday: Weekday) -> usize {
    weekday as usize
}

/// Every calendar of a city, compiled.
#[derive(Debug, Clone)]
pub struct Calendars(BTreeMap<CalendarId, Calendar>);

impl Calendars {
    /// Compiles every calendar of a city.
    ///
    /// # Errors
    /// The first [`CalendarError`]; a checked city has none.
    pub fn compile(city: &City) -> Result<Self, CalendarError> {
        let compile = |(id, rules): (&CalendarId, &CalendarRules)| Ok((id.clone(), Calendar::compile(rules)?));
        city.calendars.iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// The calendar of that id.
    pub fn find(&self, id: &CalendarId) -> Option<&Calendar> {
        self.0.get(id)
    }

    /// The calendar of that id.
    ///
    /// # Errors
    /// [`CalendarError::Unknown`] when the city has none of that id.
    pub fn get(&self, id: &CalendarId) -> Result<&Calendar, CalendarError> {
        self.find(id).ok_or_else(|| CalendarError::Unknown(id.clone()))
    }
}
