//! Time of one comparison and of its parts at 1280 × 960.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use vision::{CompareOptions, compare, read_dial, warp};

#[path = "../tests/panel/mod.rs"]
mod panel;

use panel::{HEIGHT, Panel, Shot, WIDTH, dial, draw, photograph};

fn comparison(criterion: &mut Criterion) {
    let before = draw(&Panel::default());
    let moved = draw(&Panel { needle_deg: 20.0, ..Panel::default() });
    let after = photograph(&moved, &Shot { turn_deg: 6.0, scale: 0.9, ..Shot::default() }, 2);
    let options = CompareOptions::default();
    let map = compare(&before, &after, &options).unwrap().map;
    let laid = warp(&after, &map, WIDTH, HEIGHT);
    let mut group = criterion.benchmark_group("1280x960");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    group.bench_function("compare", |b| b.iter(|| compare(black_box(&before), black_box(&after), &options)));
    group.bench_function("warp", |b| b.iter(|| warp(black_box(&after), &map, WIDTH, HEIGHT)));
    group.bench_function("read_dial", |b| b.iter(|| read_dial(black_box(&laid), &dial())));
    group.finish();
}

criterion_group!(benches, comparison);
criterion_main!(benches);
