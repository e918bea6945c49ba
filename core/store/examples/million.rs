//! Fills a database with made-up cases and times what the platform does most: `million FILE CASES`.
//!
//! FILE is kept and filled up to CASES, so that a second run measures at once.

use std::time::{Duration, Instant as Monotonic};

use dipper_store as store;
use grid::{Bounds, LonLat};
use model::{Instant, PartyId};
use store::{CaseFilter, CaseSort, DatabaseUrl, GroupBy, IndicatorScope, Store, StoreError, Tx};
use testkit::{SeededEntropy, Story};

/// Life-cycles per command while filling.
const TOGETHER: u64 = 200;
/// One case a minute, from this instant on.
const MINUTE_US: i64 = 60_000_000;
const BEGIN: &str = "2024-01-01T00:00:00Z";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(file), Some(cases)) = (args.next(), args.next()) else { return Err("usage: million FILE CASES".into()) };
    let (url, cases): (DatabaseUrl, u64) =
        (file.parse().or_else(|_| format!("sqlite:{file}").parse())?, cases.parse()?);
    let began = Monotonic::now();
    let store = Store::open(&url, SeededEntropy::new(cases ^ 0x5eed))?;
    store.migrate()?;
    println!("open and migrate: {:?}", began.elapsed());
    fill(&store, cases)?;
    writes(&store, cases)?;
    reads(&store, cases)?;
    store.close();
    Ok(())
}

fn at(number: u64) -> Instant {
    let begin: Instant = BEGIN.parse().expect("a constant instant");
    begin.plus_micros(MINUTE_US * i64::try_from(number).expect("a count of cases"))
}

fn clerk() -> PartyId {
    PartyId::new(at(0), 1)
}

/// 480 unit grids of 24 streets of 4 districts, 24 offices, 140 categories, spread over 30 x 24 km.
fn story(number: u64) -> Story {
    let mut random = SeededEntropy::new(number);
    let (place, kind) = (random.next_u64(), random.next_u64() % 140);
    let (district, street, unit) = (place % 4, place / 4 % 6, place / 24 % 20);
    let spread = |value: u64, width: f64| (value % 1_000_000) as f64 / 1_000_000.0 * width;
    Story {
        region_path: format!(
            "city/d{district}/d{district}s{street}/d{district}s{street}c/d{district}s{street}u{unit}/"
        ),
        category: format!("c{kind:04}"),
        point: Some((112.75 + spread(random.next_u64(), 0.3), 32.4 + spread(random.next_u64(), 0.22))),
        description: format!(
            "第 {number} 件：路面有坑洞，夜间行车危险，请尽快修复。Pothole no. {number}, dangerous at night."
        ),
        address: Some(format!("天枢路 {} 号", random.next_u64() % 900)),
        reporter: None,
        source_id: None,
        handler: format!("office{}", random.next_u64() % 24),
        hours: 72,
    }
}

fn fill(store: &Store, cases: u64) -> Result<(), StoreError> {
    let mut number: u64 = store.read_blocking(store::Reader::last_position)?.unsigned_abs() / 10;
    let began = Monotonic::now();
    let first = number;
    while number < cases {
        let from = number;
        store.write_blocking(move |tx| {
            for number in from..from + TOGETHER {
                // One in twenty stays open, half of those with a department.
                match number % 40 {
                    0 => drop(story(number).file(tx, at(number))?),
                    20 => {
                        let case = story(number).file(tx, at(number))?;
                        story(number).assign(tx, &case, clerk(), at(number + 30))?;
                    }
                    _ => drop(story(number).whole(tx, clerk(), at(number))?),
                }
            }
            Ok::<_, StoreError>(())
        })?;
        number += TOGETHER;
        if number % 100_000 < TOGETHER {
            println!("{number} cases, {:.0} life-cycles/s", (number - first) as f64 / began.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

/// Times single commands (each its own fsync), then many callers at once.
fn writes(store: &Store, cases: u64) -> Result<(), StoreError> {
    let (count, begin) = (2_000, cases + 1_000_000);
    let timed = move |tx: &mut Tx| {
        let mut spent = [Duration::ZERO; 5];
        for number in begin..begin + count {
            let story = story(number);
            let began = Monotonic::now();
            let case = story.file(tx, at(number))?;
            spent[0] += began.elapsed();
            let began = Monotonic::now();
            let case = story.assign(tx, &case, clerk(), at(number + 1))?;
            spent[1] += began.elapsed();
            let began = Monotonic::now();
            let loaded = tx.get_case(case.id)?;
            spent[4] += began.elapsed();
            let began = Monotonic::now();
            let case = story.resolve(tx, &loaded, clerk(), at(number + 2))?;
            spent[2] += began.elapsed();
            let began = Monotonic::now();
            story.close(tx, &case, clerk(), at(number + 3))?;
            spent[3] += began.elapsed();
        }
        Ok::<_, StoreError>(spent)
    };
    let spent = store.write_blocking(timed)?;
    for (name, spent) in
        ["append file (2 events)", "append assign (3)", "append resolve (3)", "append close (2)", "load case (5)"]
            .iter()
            .zip(spent)
    {
        println!("{name}: {:.1} us", spent.as_secs_f64() * 1e6 / count as f64);
    }
    for callers in [1_u64, 16, 128] {
        let each = 4_000 / callers;
        let began = Monotonic::now();
        std::thread::scope(|scope| {
            for caller in 0..callers {
                scope.spawn(move || {
                    for number in 0..each {
                        let number = begin + 10_000 * (caller + 1) * callers + number;
                        store
                            .write_blocking(move |tx| story(number).file(tx, at(number)).map(drop))
                            .expect("a write is kept");
                    }
                });
            }
        });
        println!("{callers} callers: {:.0} durable appends/s", (each * callers) as f64 / began.elapsed().as_secs_f64());
    }
    Ok(())
}

fn reads(store: &Store, cases: u64) -> Result<(), StoreError> {
    let open = || CaseFilter { open: Some(true), ..CaseFilter::default() };
    let all = CaseFilter::default;
    let now = at(cases);
    let district = Some("city/d2/".to_owned());
    let unit = Some("city/d2/d2s3/d2s3c/d2s3u4/".to_owned());
    let word = |text: &str| text.parse().expect("a word of a pack");
    let view = Bounds::new(112.88, 32.48, 112.92, 32.52).expect("a constant box");
    let filters: Vec<(&str, CaseFilter, CaseSort)> = vec![
        (
            "queue of a role and office",
            CaseFilter { tasks: vec![(word2("worker"), word("office7"))], ..all() },
            CaseSort::Due,
        ),
        (
            "queue, late ones",
            CaseFilter { tasks: vec![(word2("worker"), word("office7"))], late_at: Some(now), ..all() },
            CaseSort::Due,
        ),
        ("all open by due", open(), CaseSort::Due),
        ("all open late", CaseFilter { late_at: Some(now), ..all() }, CaseSort::Due),
        ("open of a district by due", CaseFilter { region_path: district.clone(), ..open() }, CaseSort::Due),
        ("open of a unit grid by due", CaseFilter { region_path: unit.clone(), ..open() }, CaseSort::Due),
        (
            "open of a category in a district",
            CaseFilter { region_path: district.clone(), categories: vec![word3("c0042")], ..open() },
            CaseSort::Due,
        ),
        ("open by reported", open(), CaseSort::Opened),
        ("open of a handler", CaseFilter { handler: Some(word("office7")), ..open() }, CaseSort::Due),
        ("all by reported", all(), CaseSort::Opened),
        ("all of a district by reported", CaseFilter { region_path: district.clone(), ..all() }, CaseSort::Opened),
        ("all of a unit grid by reported", CaseFilter { region_path: unit, ..all() }, CaseSort::Opened),
        ("all of a category by changed", CaseFilter { categories: vec![word3("c0042")], ..all() }, CaseSort::Updated),
        (
            "ended of a handler by reported",
            CaseFilter { handler: Some(word("office7")), open: Some(false), ..all() },
            CaseSort::Opened,
        ),
        ("words", CaseFilter { text: Some("天枢路 77 号".into()), ..all() }, CaseSort::Opened),
        ("number", CaseFilter { text: Some("YG20261123-0000".into()), ..all() }, CaseSort::Opened),
        ("box, open", CaseFilter { bounds: Some(view), ..open() }, CaseSort::Due),
        ("box, all", CaseFilter { bounds: Some(view), ..all() }, CaseSort::Opened),
    ];
    for (name, filter, sort) in filters {
        let (listed, counted) = (filter.clone(), filter.clone());
        let list = time(|| {
            store
                .read_blocking({
                    let filter = listed.clone();
                    move |reader| reader.list_cases(&filter, sort, None, 50)
                })
                .map(|page| page.items.len())
        })?;
        let count = time(|| {
            store
                .read_blocking({
                    let filter = counted.clone();
                    move |reader| reader.count_cases(&filter, 10_000)
                })
                .map(|count| count.count as usize)
        })?;
        println!("{name}: list {} in {:.2?}, count {} in {:.2?}", list.0, list.1, count.0, count.1);
    }
    let map = time(|| {
        store
            .read_blocking(move |reader| {
                reader.cases_in_bounds(view, &CaseFilter { open: Some(true), ..CaseFilter::default() }, 2_000)
            })
            .map(|rows| rows.len())
    })?;
    println!("map of open cases: {} in {:.2?}", map.0, map.1);
    let whole = Bounds::new(112.7, 32.3, 113.1, 32.7).expect("a constant box");
    let clusters = time(|| {
        store
            .read_blocking(move |reader| {
                reader.clusters_in_bounds(whole, &CaseFilter { open: Some(true), ..CaseFilter::default() }, 40, now)
            })
            .map(|c| c.items.len())
    })?;
    println!("clusters of all open cases: {} in {:.2?}", clusters.0, clusters.1);
    let here = LonLat::new(112.9, 32.5).expect("a constant point");
    let near = time(|| {
        store
            .read_blocking(move |reader| {
                reader.cases_near(here, 200.0, &CaseFilter { open: Some(true), ..CaseFilter::default() }, 5)
            })
            .map(|near| near.len())
    })?;
    println!("near a point: {} in {:.2?}", near.0, near.1);
    let due = time(|| store.read_blocking(move |reader| reader.list_due(now, 500)).map(|due| due.len()))?;
    println!("due: {} in {:.2?}", due.0, due.1);
    for by in [GroupBy::All, GroupBy::Region { depth: 2 }, GroupBy::Person] {
        let scope = IndicatorScope { by, ..IndicatorScope::whole(now.plus_micros(-30 * 1_440 * MINUTE_US), now, now) };
        let month = time(|| {
            store
                .read_blocking({
                    let scope = scope.clone();
                    move |reader| reader.count_parts(&scope)
                })
                .map(|groups| groups.len())
        })?;
        println!("indicators of a month (43 200 cases) {by:?}: {} in {:.2?}", month.0, month.1);
    }
    let days: Vec<Instant> = (0..=30).map(|day| now.plus_micros((day - 30) * 1_440 * MINUTE_US)).collect();
    let scope = IndicatorScope::whole(now, now, now);
    let trend = time(|| {
        store
            .read_blocking({
                let (scope, days) = (scope.clone(), days.clone());
                move |reader| reader.count_days(&scope, &days)
            })
            .map(|days| days.len())
    })?;
    println!("trend of a month: {} in {:.2?}", trend.0, trend.1);
    Ok(())
}

fn word2(text: &str) -> model::RoleId {
    text.parse().expect("a word of a pack")
}

fn word3(text: &str) -> model::CategoryId {
    text.parse().expect("a word of a pack")
}

/// The second of two runs: the first warms the cache.
fn time(mut run: impl FnMut() -> Result<usize, StoreError>) -> Result<(usize, Duration), StoreError> {
    run()?;
    let began = Monotonic::now();
    let count = run()?;
    Ok((count, began.elapsed()))
}
