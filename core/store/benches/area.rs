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
    boxed("SQLite", "bounding box", |[west, south, east, north]| {
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
    // With the case's key, which is in no index on places, each row is looked up; without it the index alone answers.
    for (how, columns) in [("bounding box, rows", "lon, lat, key"), ("bounding box, index alone", "lon, lat")] {
        let select = client
            .prepare(&format!("SELECT {columns} FROM cases WHERE lon BETWEEN $1 AND $2 AND lat BETWEEN $3 AND $4"))
            .unwrap();
        boxed("PostgreSQL", how, |[west, south, east, north]| {
            let found = client.query(&select, &[&west, &east, &south, &north]).unwrap();
            found.iter().map(|row| (row.get(0), row.get(1))).collect()
        });
    }
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

/// The best of all passes: a machine with other work on it only ever makes one slower.
fn report(kind: &str, what: &str, took: &[Duration], found: usize) {
    let took = took.iter().min().unwrap();
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

/// Passes over all areas, the first of which only fill caches: each of the store's reading threads has its own.
const PASSES: usize = 8;

fn ours(kind: &'static str, url: &str) {
    let store = Store::open(&url.parse().unwrap(), SeededEntropy::new(1)).unwrap();
    let (centres, stars) = areas();
    let circle = |centre: &LonLat| Area::circle(*centre, RADIUS_M).unwrap();
    let polygon = |star: &Vec<LonLat>| Area::polygons(MultiPolygon(vec![Polygon::new([&star[..]]).unwrap()])).unwrap();
    // As the boxes: one after another over one connection. Making the ranges belongs to the question.
    let count = |db: &mut store::Reader, area: &Area| db.count_in_area(area, &CaseFilter::default());
    let (round, within) = (centres.clone(), stars.clone());
    store
        .read_blocking(move |db| {
            measure(kind, "ranges of cells", |of| match of {
                Of::Circle(at) => count(db, &circle(&round[at])).unwrap() as usize,
                Of::Star(at) => count(db, &polygon(&within[at])).unwrap() as usize,
            });
            Ok::<_, StoreError>(())
        })
        .unwrap();
    // As a face asks: each a read of its own, in a transaction, handed to a thread of the store.
    let read = |area: Area| store.read_blocking(move |db| count(db, &area)).unwrap() as usize;
    measure(kind, "ranges of cells, each a read of the store", |of| match of {
        Of::Circle(at) => read(circle(&centres[at])),
        Of::Star(at) => read(polygon(&stars[at])),
    });
    store.close();
}

/// Which of the areas.
#[derive(Clone, Copy)]
enum Of {
    Circle(usize),
    Star(usize),
}

/// Times all areas of both kinds in passes.
fn measure(kind: &str, how: &str, mut count: impl FnMut(Of) -> usize) {
    for (what, of) in [("within 500 m", Of::Circle as fn(usize) -> Of), ("within a polygon", Of::Star)] {
        let mut took = Vec::new();
        let mut found = 0;
        for _ in 0..PASSES {
            let began = Instant::now();
            found = (0..AREAS).map(|at| count(of(at))).sum();
            took.push(began.elapsed());
        }
        report(kind, &format!("{what}, {how}"), &took, found);
    }
}

/// The same questions with a box as the filter; what it lets through is tested exactly, as ours is.
fn boxed(kind: &str, how: &str, mut select: impl FnMut([f64; 4]) -> Vec<(f64, f64)>) {
    let (centres, stars) = areas();
    let at = |&(lon, lat): &(f64, f64)| LonLat::new(lon, lat).unwrap();
    measure(kind, how, |of| match of {
        Of::Circle(number) => {
            let centre = centres[number];
            let north = (RADIUS_M / grid::MEAN_RADIUS_M).to_degrees();
            let east = north / centre.lat_deg().to_radians().cos();
            let (lon, lat) = (centre.lon_deg(), centre.lat_deg());
            let rows = select([lon - east, lat - north, lon + east, lat + north]);
            rows.iter().filter(|row| grid::distance_m(centre, at(row)) <= RADIUS_M).count()
        }
        Of::Star(number) => {
            let star = &stars[number];
            let polygon = Polygon::new([&star[..]]).unwrap();
            let edge = |of: fn(&LonLat) -> f64, pick: fn(f64, f64) -> f64| star.iter().map(of).reduce(pick).unwrap();
            let rows = select([
                edge(|corner| corner.lon_deg(), f64::min),
                edge(|corner| corner.lat_deg(), f64::min),
                edge(|corner| corner.lon_deg(), f64::max),
                edge(|corner| corner.lat_deg(), f64::max),
            ]);
            rows.iter().filter(|row| polygon.contains(at(row))).count()
        }
    });
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
    measure("peer", "PostGIS", |of| match of {
        Of::Circle(at) => {
            let (lon, lat) = (centres[at].lon_deg(), centres[at].lat_deg());
            let row = client.query_one(&near, &[&lon, &lat, &RADIUS_M]).unwrap();
            row.get::<_, i64>(0) as usize
        }
        Of::Star(at) => {
            let corners: Vec<String> = stars[at]
                .iter()
                .chain(stars[at].first())
                .map(|corner| format!("{} {}", corner.lon_deg(), corner.lat_deg()))
                .collect();
            let row = client.query_one(&within, &[&format!("POLYGON(({}))", corners.join(","))]).unwrap();
            row.get::<_, i64>(0) as usize
        }
    });
}
