//! Cases within 500 m and within a polygon: by ranges of grid cells, beside the same query filtered by a bounding box
//! (with an index on longitude and latitude), and beside PostGIS where the server has it. One database, one run.
//!
//! Prints one JSON object a line. `cargo bench -p dipper-store --bench area -- [--rows N] [--sqlite FILE] [--postgres URL]`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement, not part of the product"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dipper_store as store;
use grid::{LonLat, MultiPolygon, Polygon};
use postgres::{Client, NoTls};
use store::{Area, CaseFilter, Store, StoreError};
use testkit::{SeededEntropy, Story};

/// Cases a transaction while filling.
const TOGETHER: u64 = 1_000;
/// Areas looked in, the same for every way.
const AREAS: usize = 200;
const RADIUS_M: f64 = 500.0;
/// A city of 28 x 24 km.
const CITY: [f64; 4] = [112.75, 32.40, 0.30, 0.22];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |word: &str| arguments.iter().position(|found| found == word).and_then(|at| arguments.get(at + 1));
    let rows: u64 = after("--rows").map_or(1_000_000, |rows| rows.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    // A file that is named is kept, and not filled a second time.
    let file = after("--sqlite").map_or_else(|| folder.path().join("dipper.db"), PathBuf::from);
    let sqlite = format!("sqlite:{}", file.display());
    fill(&sqlite, rows);
    ours("SQLite", &sqlite);
    let sqlite = rusqlite::Connection::open(&file).unwrap();
    sqlite.execute_batch("CREATE INDEX IF NOT EXISTS plain ON cases (lon, lat); ANALYZE plain").unwrap();
    boxed("SQLite", |[west, south, east, north]| {
        let mut select = sqlite
            .prepare_cached("SELECT key, lon, lat FROM cases WHERE lon BETWEEN ?1 AND ?2 AND lat BETWEEN ?3 AND ?4")
            .unwrap();
        let found = select.query_map([west, east, south, north], |row| Ok((row.get(1)?, row.get(2)?))).unwrap();
        found.map(Result::unwrap).collect()
    });
    let Some(url) = after("--postgres") else { return };
    fill(url, rows);
    let mut client = Client::connect(url, NoTls).unwrap();
    client.batch_execute("CREATE INDEX IF NOT EXISTS plain ON cases (lon, lat)").unwrap();
    // As the server itself does within minutes: an index alone may answer then.
    client.batch_execute("VACUUM ANALYZE cases").unwrap();
    ours("PostgreSQL", url);
    let select = client
        .prepare("SELECT key, lon, lat FROM cases WHERE lon BETWEEN $1 AND $2 AND lat BETWEEN $3 AND $4")
        .unwrap();
    boxed("PostgreSQL", |[west, south, east, north]| {
        let found = client.query(&select, &[&west, &east, &south, &north]).unwrap();
        found.iter().map(|row| (row.get(1), row.get(2))).collect()
    });
    postgis(&mut client);
}

/// The areas: circles of 500 m, and nine-cornered stars about as wide.
fn areas() -> (Vec<LonLat>, Vec<Vec<LonLat>>) {
    let mut random = SeededEntropy::new(500);
    let mut unit = move || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let centres: Vec<LonLat> =
        (0..AREAS).map(|_| LonLat::new(CITY[0] + CITY[2] * unit(), CITY[1] + CITY[3] * unit()).unwrap()).collect();
    let star = |centre: &LonLat| {
        let corner = |ray: u32| {
            let (turn, far) = (f64::from(ray) * std::f64::consts::TAU / 9.0, 0.006 * (0.4 + 0.6 * unit()));
            LonLat::new(centre.lon_deg() + far * turn.cos(), centre.lat_deg() + far * turn.sin()).unwrap()
        };
        (0..9).map(corner).collect()
    };
    let stars = centres.iter().map(star).collect();
    (centres, stars)
}

fn report(kind: &str, what: &str, took: Duration, found: usize) {
    let each = took.as_secs_f64() * 1e6 / AREAS as f64;
    println!(r#"{{"name": "{kind}: {what}", "us": {each:.1}, "found": {found}}}"#);
}

fn fill(url: &str, rows: u64) {
    let store = Store::open(&url.parse().unwrap(), SeededEntropy::new(1)).unwrap();
    store.migrate().unwrap();
    if 0 < store.read_blocking(store::Reader::last_position).unwrap() {
        return store.close();
    }
    let began: model::Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    for from in (0..rows).step_by(TOGETHER as usize) {
        store
            .write_blocking(move |tx| {
                for number in from..(from + TOGETHER).min(rows) {
                    let mut random = SeededEntropy::new(number);
                    let mut unit = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
                    let point = Some((CITY[0] + CITY[2] * unit(), CITY[1] + CITY[3] * unit()));
                    let story = Story { point, description: String::new(), ..Story::default() };
                    story.file(tx, began.plus_micros(number as i64 * 1_000_000))?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    store.close();
}

fn ours(kind: &str, url: &str) {
    let store = Store::open(&url.parse().unwrap(), SeededEntropy::new(1)).unwrap();
    let (centres, stars) = areas();
    let circle = |centre: &LonLat| Area::circle(*centre, RADIUS_M).unwrap();
    let polygon = |star: &Vec<LonLat>| Area::polygons(MultiPolygon(vec![Polygon::new([&star[..]]).unwrap()])).unwrap();
    // As the boxes: one after another over one connection, and whatever the plan is made of belongs to the question.
    for is_measured in [false, true] {
        let (round, within) = (centres.clone(), stars.clone());
        let all = move |db: &mut store::Reader, areas: &mut dyn Iterator<Item = Area>| {
            let (at, mut found) = (Instant::now(), 0);
            for area in areas {
                found += db.count_in_area(&area, &CaseFilter::default())? as usize;
            }
            Ok::<_, StoreError>((at.elapsed(), found))
        };
        let [(near, near_found), (inside, inside_found)] = store
            .read_blocking(move |db| Ok::<_, StoreError>([all(db, &mut round.iter().map(circle))?, all(db, &mut within.iter().map(polygon))?]))
            .unwrap();
        if is_measured {
            report(kind, "within 500 m, ranges of cells", near, near_found);
            report(kind, "within a polygon, ranges of cells", inside, inside_found);
        }
    }
    // As a face asks: each a read of its own, handed to a thread of the store, in a transaction.
    let count = |area: Area| -> usize {
        store.read_blocking(move |db| db.count_in_area(&area, &CaseFilter::default())).unwrap() as usize
    };
    // Each reading thread prepares its own statements.
    for is_measured in [false, false, false, false, true] {
        let at = Instant::now();
        let found: usize = centres.iter().map(|centre| count(circle(centre))).sum();
        if is_measured {
            report(kind, "within 500 m, ranges of cells, a read of the store each", at.elapsed(), found);
        }
        let at = Instant::now();
        let found: usize = stars.iter().map(|star| count(polygon(star))).sum();
        if is_measured {
            report(kind, "within a polygon, ranges of cells, a read of the store each", at.elapsed(), found);
        }
    }
    let at = Instant::now();
    std::hint::black_box(centres.iter().map(circle).count());
    eprintln!("covers of circles: {:.1} us", at.elapsed().as_secs_f64() * 1e6 / AREAS as f64);
    store.close();
}

/// The same questions with a box as the filter; what it lets through is tested exactly, as ours is.
fn boxed(kind: &str, mut select: impl FnMut([f64; 4]) -> Vec<(f64, f64)>) {
    let (centres, stars) = areas();
    let at = |&(lon, lat): &(f64, f64)| LonLat::new(lon, lat).unwrap();
    for is_measured in [false, true] {
        let began = Instant::now();
        let mut found = 0;
        for centre in &centres {
            let north = (RADIUS_M / grid::MEAN_RADIUS_M).to_degrees();
            let east = north / centre.lat_deg().to_radians().cos();
            let (lon, lat) = (centre.lon_deg(), centre.lat_deg());
            let rows = select([lon - east, lat - north, lon + east, lat + north]);
            found += rows.iter().filter(|row| grid::distance_m(*centre, at(row)) <= RADIUS_M).count();
        }
        if is_measured {
            report(kind, "within 500 m, bounding box", began.elapsed(), found);
        }
        let began = Instant::now();
        let mut found = 0;
        for star in &stars {
            let polygon = Polygon::new([&star[..]]).unwrap();
            let edge = |of: fn(&LonLat) -> f64, pick: fn(f64, f64) -> f64| star.iter().map(of).reduce(pick).unwrap();
            let rows = select([
                edge(|corner| corner.lon_deg(), f64::min),
                edge(|corner| corner.lat_deg(), f64::min),
                edge(|corner| corner.lon_deg(), f64::max),
                edge(|corner| corner.lat_deg(), f64::max),
            ]);
            found += rows.iter().filter(|row| polygon.contains(at(row))).count();
        }
        if is_measured {
            report(kind, "within a polygon, bounding box", began.elapsed(), found);
        }
    }
}

fn postgis(client: &mut Client) {
    if client.batch_execute("CREATE EXTENSION IF NOT EXISTS postgis").is_err() {
        return;
    }
    client
        .batch_execute(
            "DROP TABLE IF EXISTS spots;
             CREATE TABLE spots AS
             SELECT key, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS at, ST_MakePoint(lon, lat)::geography AS spot
             FROM cases;
             CREATE INDEX spots_at ON spots USING gist (at);
             CREATE INDEX spots_spot ON spots USING gist (spot)",
        )
        .unwrap();
    client.batch_execute("VACUUM ANALYZE spots").unwrap();
    let (centres, stars) = areas();
    // On the sphere, as ours.
    let near = client
        .prepare("SELECT count(*) FROM spots WHERE ST_DWithin(spot, ST_MakePoint($1, $2)::geography, $3, FALSE)")
        .unwrap();
    let within = client.prepare("SELECT count(*) FROM spots WHERE ST_Within(at, ST_GeomFromText($1, 4326))").unwrap();
    for is_measured in [false, true] {
        let began = Instant::now();
        let mut found = 0;
        for centre in &centres {
            let row = client.query_one(&near, &[&centre.lon_deg(), &centre.lat_deg(), &RADIUS_M]).unwrap();
            found += row.get::<_, i64>(0);
        }
        if is_measured {
            report("peer: PostGIS", "within 500 m", began.elapsed(), found as usize);
        }
        let began = Instant::now();
        let mut found = 0;
        for star in &stars {
            let corners: Vec<String> = star
                .iter()
                .chain(star.first())
                .map(|corner| format!("{} {}", corner.lon_deg(), corner.lat_deg()))
                .collect();
            let row = client.query_one(&within, &[&format!("POLYGON(({}))", corners.join(","))]).unwrap();
            found += row.get::<_, i64>(0);
        }
        if is_measured {
            report("peer: PostGIS", "within a polygon", began.elapsed(), found as usize);
        }
    }
}
