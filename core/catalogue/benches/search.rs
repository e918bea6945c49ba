//! Searches over the real items of a district and over a hundred thousand made of their words.
//!
//! Prints one JSON object a line. `cargo bench -p dipper-catalogue --bench search -- --shared FOLDER`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement, not part of the product"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use catalogue::{Catalogue, Query};
use dipper_catalogue as catalogue;
use pack::City;
use serde_json::json;

/// Searches measured for each catalogue.
const SEARCHES: usize = 5_000;

/// What people type: words, several words, questions, pinyin, first letters, nothing that is there.
const TYPED: [&str; 12] = [
    "社保卡",
    "驾驶证",
    "怎么办理营业执照",
    "生育 登记",
    "公积金提取",
    "不动产转移登记",
    "sbk",
    "jiashizheng",
    "yyzz",
    "老年人优待证",
    "食品经营许可",
    "查无此事项",
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let shared = arguments.iter().position(|word| word == "--shared").and_then(|at| arguments.get(at + 1));
    let Some(shared) = shared else {
        println!(r#"{{"skipped": "no shared data"}}"#);
        return;
    };
    let file = Path::new(shared).join("data/services/guangan_items.csv");
    let rows: Vec<(String, String)> = csv::Reader::from_path(file)
        .unwrap()
        .records()
        .map(|row| row.map(|row| (row[2].to_owned(), row[0].to_owned())).unwrap())
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/demo");
    let city = pack::load(&folder).unwrap().city;
    measure(&filled(city.clone(), rows.len(), |number| rows[number].clone()));
    // The first half of one title and the second of another: real words, names that nobody has.
    let made = |number: usize| {
        let (one, other) = (&rows[number % rows.len()], &rows[(number * 7_919 + 1) % rows.len()]);
        let half = |text: &str| text.chars().count() / 2;
        let title: String = one.0.chars().take(half(&one.0)).chain(other.0.chars().skip(half(&other.0))).collect();
        (title, one.1.clone())
    };
    measure(&filled(city, 100_000, made));
}

fn filled(mut city: City, count: usize, item: impl Fn(usize) -> (String, String)) -> City {
    let service = |number: usize| {
        let (title, office) = item(number);
        let service = serde_json::from_value(json!({
            "title": {"zh-CN": title}, "description": {"zh-CN": format!("{office}：{title}")}, "code": number.to_string(),
            "code_form": "local", "task_type": "public_service", "office": "command_centre", "level": "district",
            "audience": ["person"], "groups": [], "life_events": [],
        }));
        (format!("item-{number}").parse().unwrap(), service.unwrap())
    };
    city.services = (0..count).map(service).collect();
    city
}

fn measure(city: &City) {
    let began = Instant::now();
    let catalogue = Catalogue::new(city).unwrap();
    let made = began.elapsed();
    let mut took: Vec<Duration> = Vec::with_capacity(SEARCHES);
    let mut hits = 0;
    for number in 0..SEARCHES {
        let query = Query { words: TYPED[number % TYPED.len()].to_owned(), limit: 20, ..Query::default() };
        let at = Instant::now();
        hits += catalogue.search(&query).unwrap().hits.len();
        took.push(at.elapsed());
    }
    took.sort_unstable();
    let us = |part: f64| took[((SEARCHES as f64 * part) as usize).min(SEARCHES - 1)].as_secs_f64() * 1e6;
    let sum: Duration = took.iter().sum();
    println!(
        r#"{{"items": {}, "made_ms": {:.0}, "p50_us": {:.0}, "p99_us": {:.0}, "slowest_us": {:.0}, "per_second": {:.0}, "hits": {hits}}}"#,
        catalogue.len(),
        made.as_secs_f64() * 1e3,
        us(0.5),
        us(0.99),
        us(1.0),
        SEARCHES as f64 / sum.as_secs_f64(),
    );
}
