//! The lake against a model that keeps everything in a map, under random work.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::sync::Arc;

use common::{DAY_US, HOUR_US, Hand, cell, noon, reading, small};
use dipper_lake::{Aggregate, Area, Bucket, Buckets, Count, Lake, Options, Order, Range, Retention};
use grid::Cell;
use model::{Clock, Instant, Reading, SeriesNo};
use proptest::prelude::*;

const OFFSET_US: i64 = 8 * HOUR_US;
const SERIES: u32 = 7;
const PLACES: u32 = 5;

fn retention(series: SeriesNo) -> Retention {
    match series.0 % 4 {
        0 => Retention { raw_days: Some(2), hourly_days: Some(4) },
        1 => Retention { raw_days: Some(1), hourly_days: Some(1) },
        2 => Retention { raw_days: Some(3), hourly_days: None },
        _ => Retention::ALWAYS,
    }
}

fn day_end(at: i64, days_later: u32) -> i64 {
    ((at + OFFSET_US).div_euclid(DAY_US) + 1 + i64::from(days_later)) * DAY_US - OFFSET_US
}

/// What a lake must answer, told plainly.
#[derive(Default)]
struct Model {
    readings: BTreeMap<(SeriesNo, Instant), Reading>,
    latest: BTreeMap<SeriesNo, Reading>,
    hours: BTreeMap<(SeriesNo, Cell, i64), Aggregate>,
}

impl Model {
    fn append(&mut self, batch: &[Reading], now: i64) {
        for reading in batch {
            let kept =
                retention(reading.series).raw_days.is_none_or(|days| now < day_end(reading.at.as_micros(), days));
            if kept {
                self.readings.insert((reading.series, reading.at), *reading);
                let latest = self.latest.entry(reading.series).or_insert(*reading);
                if latest.at <= reading.at {
                    *latest = *reading;
                }
            }
        }
    }

    fn tend(&mut self, now: i64) {
        self.hours.retain(|(series, _, hour), _| {
            retention(*series).hourly_days.is_none_or(|days| now < day_end(hour * HOUR_US, days))
        });
        let hours = &mut self.hours;
        self.readings.retain(|(series, at), reading| {
            let at = at.as_micros();
            let Retention { raw_days, hourly_days } = retention(*series);
            let stays = raw_days.is_none_or(|days| now < day_end(at, days));
            let as_hour = hourly_days.is_none_or(|days| days > raw_days.unwrap() && now < day_end(at, days));
            if !stays && as_hour {
                hours.entry((*series, reading.cell, at.div_euclid(HOUR_US))).or_default().add(reading);
            }
            stays
        });
    }

    fn range(&self, question: &Range) -> Vec<Reading> {
        let inside = |at: Instant| question.from <= at && at < question.to;
        let of = self.readings.values().filter(|reading| reading.series == question.series && inside(reading.at));
        let mut of: Vec<Reading> = of.copied().collect();
        if question.order == Order::Descending {
            of.reverse();
        }
        let behind = |reading: &Reading| match (question.after, question.order) {
            (None, _) => true,
            (Some(after), Order::Ascending) => reading.at > after,
            (Some(after), Order::Descending) => reading.at < after,
        };
        of.into_iter().filter(behind).take(question.limit).collect()
    }

    /// Everything between two instants, as series, cell, time and aggregate.
    fn pieces(&self, from: Instant, to: Instant) -> Vec<(SeriesNo, Cell, Instant, Aggregate)> {
        let raw = self.readings.values().map(|reading| {
            let mut aggregate = Aggregate::default();
            aggregate.add(reading);
            (reading.series, reading.cell, reading.at, aggregate)
        });
        let hours = self.hours.iter().map(|((series, cell, hour), aggregate)| {
            (*series, *cell, Instant::from_micros(hour * HOUR_US), *aggregate)
        });
        raw.chain(hours).filter(|(_, _, at, _)| from <= *at && *at < to).collect()
    }

    fn buckets(&self, question: &Buckets) -> BTreeMap<i64, Aggregate> {
        let (step, offset) = (question.step_us.get() as i64, i64::from(question.zone_offset_s) * 1_000_000);
        let mut spans: BTreeMap<i64, Aggregate> = BTreeMap::new();
        for (series, _, at, aggregate) in self.pieces(question.from, question.to) {
            if question.series.contains(&series) {
                let begin = (at.as_micros() + offset).div_euclid(step) * step - offset;
                spans.entry(begin).or_default().merge(&aggregate);
            }
        }
        spans
    }

    fn area(&self, question: &Area) -> BTreeMap<SeriesNo, Aggregate> {
        let mut series: BTreeMap<SeriesNo, Aggregate> = BTreeMap::new();
        for (no, cell, _, aggregate) in self.pieces(question.from, question.to) {
            let wanted = question.series.as_ref().is_none_or(|wanted| wanted.contains(&no));
            if wanted && question.cells.iter().any(|range| range.contains(&cell.get())) {
                series.entry(no).or_default().merge(&aggregate);
            }
        }
        series
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

fn same(a: &Aggregate, b: &Aggregate) -> bool {
    let exact = |x: &Aggregate| (x.count, x.min.to_bits(), x.max.to_bits(), x.last.to_bits(), x.last_at);
    exact(a) == exact(b) && near(a.sum, b.sum)
}

fn same_bucket(bucket: &Bucket, begin: i64, of: &Aggregate) -> bool {
    let exact = (bucket.from.as_micros(), bucket.count, bucket.min.to_bits(), bucket.max.to_bits());
    exact == (begin, of.count, of.min.to_bits(), of.max.to_bits())
        && bucket.last.to_bits() == of.last.to_bits()
        && near(bucket.mean, of.mean())
}

#[derive(Debug, Clone)]
enum Work {
    /// Series, place, hours before now, seconds, value; the time in steps that make readings alike likely.
    Append(Vec<(u32, u32, i64, i64, i32)>),
    /// Roll after so many hours.
    Roll(i64),
    /// End the process, begin again.
    Reopen,
    /// Ask: series, hours back from, hours back to, limit.
    Ask(u32, i64, i64, usize),
}

fn work() -> impl Strategy<Value = Work> {
    let one = (0..SERIES, 0..PLACES, prop_oneof![4 => 0_i64..3, 1 => 0_i64..120], 0_i64..40, -50..50);
    prop_oneof![
        6 => prop::collection::vec(one, 1..80).prop_map(Work::Append),
        3 => prop_oneof![3 => 0_i64..5, 1 => 5_i64..40].prop_map(Work::Roll),
        1 => Just(Work::Reopen),
        3 => (0..SERIES, 0_i64..150, -2_i64..100, 1_usize..60).prop_map(|(s, a, b, n)| Work::Ask(s, a, b, n)),
    ]
}

fn ask(lake: &Lake, model: &Model, now: i64, (series, back, until, limit): (u32, i64, i64, usize)) {
    let series = SeriesNo(series);
    let (from, to) = (Instant::from_micros(now - back * HOUR_US), Instant::from_micros(now - until * HOUR_US));
    for order in [Order::Ascending, Order::Descending] {
        // All pages, to the end.
        let mut question = Range { series, from, to, order, limit, after: None };
        loop {
            let page = lake.range(&question).unwrap();
            assert_eq!(page, model.range(&question), "{question:?}");
            let Some(last) = page.last() else { break };
            question.after = Some(last.at);
        }
    }
    for (step_us, zone_offset_s) in [(HOUR_US, 0), (DAY_US, 28_800), (7 * HOUR_US / 3, 19_800)] {
        let step_us = NonZeroU64::new(step_us as u64).unwrap();
        let question = Buckets { series: vec![series, SeriesNo(0), SeriesNo(2)], from, to, step_us, zone_offset_s };
        let (found, expected) = (lake.buckets(&question).unwrap(), model.buckets(&question));
        let all = found.iter().zip(&expected).all(|(bucket, (begin, of))| same_bucket(bucket, *begin, of));
        assert!(all && found.len() == expected.len(), "{question:?}\n{found:?}\n{expected:?}");
    }
    let all_of = [series, SeriesNo(0), SeriesNo(5), series];
    let is_of = |reading: &&Reading| all_of.contains(&reading.series) && from <= reading.at && reading.at < to;
    let count = Count { series: all_of.to_vec(), from, to, most: u64::MAX };
    assert_eq!(lake.count(&count).unwrap(), model.readings.values().filter(is_of).count() as u64, "{count:?}");
    let some = lake.count(&Count { most: 3, ..count.clone() }).unwrap();
    assert_eq!(some > 3, lake.count(&count).unwrap() > 3, "counting ends when there are more");
    let ranges = |places: &[u32]| places.iter().map(|place| cell(*place).range()).collect::<Vec<RangeInclusive<i64>>>();
    let some = vec![series, SeriesNo(1), SeriesNo(3)];
    for (cells, series) in [(ranges(&[1, 3]), None), (ranges(&[0, 1, 2, 3, 4]), Some(some)), (ranges(&[]), None)] {
        let question = Area { cells, series, from, to };
        let (found, expected) = (lake.area(&question).unwrap(), model.area(&question));
        let all = found.iter().zip(&expected).all(|((a, found), (b, of))| a == b && same(found, of));
        assert!(all && found.len() == expected.len(), "{question:?}\n{found:?}\n{expected:?}");
    }
}

fn check(works: Vec<Work>, options: &Options) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand::new();
    let open = || Lake::open(folder.path(), options.clone(), Arc::new(clock.clone())).unwrap();
    let (mut lake, mut model) = (Some(open()), Model::default());
    for work in works {
        let now = clock.now().as_micros();
        let held = lake.as_ref().unwrap();
        match work {
            Work::Append(rows) => {
                let row = |(series, place, hours, seconds, value): (u32, u32, i64, i64, i32)| {
                    let at = (now - hours * HOUR_US).div_euclid(HOUR_US) * HOUR_US + seconds * 90_000_000;
                    reading(series, place, at, f64::from(value) / 10.0)
                };
                let batch: Vec<Reading> = rows.into_iter().map(row).collect();
                model.append(&batch, now);
                held.append_blocking(batch).unwrap();
            }
            Work::Roll(hours) => {
                let now = clock.forward(hours * HOUR_US);
                held.roll(now).unwrap();
                model.tend(now.as_micros());
            }
            Work::Reopen => {
                drop(lake.take());
                lake = Some(open());
            }
            Work::Ask(series, back, until, limit) => ask(held, &model, now, (series, back, until, limit)),
        }
    }
    let lake = lake.unwrap();
    for series in 0..SERIES {
        assert_eq!(lake.latest(SeriesNo(series)), model.latest.get(&SeriesNo(series)).copied());
        ask(&lake, &model, clock.now().as_micros(), (series, 10_000, -100, 1_000));
    }
    assert!(lake.verify().is_empty());
    // Every file was told of, once, in order.
    let sealed = lake.sealed_after(0, usize::MAX);
    assert!(sealed.iter().zip(1..).all(|(sealed, position)| sealed.position == position));
    let digests: std::collections::HashSet<_> = sealed.iter().map(|sealed| &sealed.file).collect();
    assert_eq!(digests.len(), sealed.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lake_answers_as_a_map_would(works in prop::collection::vec(work(), 1..60)) {
        check(works, &Options { retention: Arc::new(retention), ..small() });
    }

    #[test]
    fn files_of_any_size_answer_alike(
        works in prop::collection::vec(work(), 1..40),
        page_rows in 1_usize..300,
        row_group_rows in 1_usize..300,
        file_readings in 1_usize..100,
        day_files in 1_usize..5,
    ) {
        let retention = Arc::new(retention);
        check(works, &Options { retention, page_rows, row_group_rows, file_readings, day_files, ..small() });
    }
}

#[test]
fn a_day_that_is_over_becomes_one_file() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let lake =
        Lake::open(folder.path(), Options { file_readings: 10_000, ..small() }, Arc::new(clock.clone())).unwrap();
    for round in 0..20 {
        let batch = (0..50).map(|n| reading(n % 5, n % 3, noon() + i64::from(n + 50 * round) * 1_000_000, 1.0));
        lake.append_blocking(batch.collect()).unwrap();
        lake.roll(clock.forward(60_000_000)).unwrap();
    }
    let files = lake.stats().files;
    assert!(1 < files && files < 6, "{files} files after twenty rolls");
    lake.roll(clock.forward(2 * DAY_US)).unwrap();
    let stats = lake.stats();
    assert_eq!((stats.files, stats.rolled_readings, stats.hot_readings), (1, 1_000, 0));
    // A reading that comes days late goes to its day.
    lake.append_blocking(vec![reading(1, 1, noon() + 7, 2.0)]).unwrap();
    lake.roll(clock.now()).unwrap();
    assert_eq!(lake.stats().files, 2);
    lake.roll(clock.forward(DAY_US)).unwrap();
    assert_eq!(lake.stats().files, 1);
    assert!(lake.sealed_after(0, 1_000).iter().all(|sealed| sealed.file.starts_with("raw/day=2026-11-23/")));
    let last = lake.sealed_after(0, 1_000).last().unwrap().position;
    lake.told_sealed(last - 1).unwrap();
    assert_eq!(lake.sealed_after(0, 1_000).len(), 1);
}
