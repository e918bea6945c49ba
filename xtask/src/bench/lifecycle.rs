//! Case life cycles through HTTP: file, assign, resolve, close, four calls, each decided by the policies.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use pack::City as Pack;

use super::city::{City, PACK, Running, program};
use super::http::Connection;
use super::postgres::Server;
use super::report::{Durations, machine, number, table};

/// The four calls.
const CALLS: [&str; 4] = ["file", "assign", "resolve", "close"];
/// The burst: this many times the connections, for this long.
const BURST_TIMES: usize = 10;
const BURST: Duration = Duration::from_secs(5);
/// What "answers normally" means after the burst.
const NORMAL: Duration = Duration::from_millis(150);
/// The handling office of every case here.
const OFFICE: &str = "pwdx";
/// Rows of a generated past that are still open: one in this many.
const OPEN_ONE_IN: u64 = 16;

/// Measures on SQLite, or on PostgreSQL when asked.
pub fn measure(root: &Path, args: &super::Args) -> anyhow::Result<String> {
    let program = program(root, args.program.as_deref())?;
    let server = if args.postgres { Some(Server::start()?.context("PostgreSQL is not installed")?) } else { None };
    let kind = if args.postgres { "postgres" } else { "sqlite" };
    let data = super::workshop(root).join(format!("{kind}-{}", args.cases));
    if args.postgres {
        // The server is new at every run, and what stands beside it must be too.
        std::fs::remove_dir_all(&data).ok();
    }
    let city = City { root: root.to_owned(), program, data, database: server.as_ref().map(Server::url), pack: PACK };
    filled(&city, args.cases)?;
    let running = city.serve()?;
    if !args.unsealed {
        wait_for_ledger(&running)?;
    }
    let people = People::sign_in(&running)?;
    // Caches and connections of both sides, not counted.
    drive(running.address, &people, args.connections, Duration::from_secs(3));
    let steady = drive(running.address, &people, args.connections, Duration::from_secs(args.seconds));
    let burst = drive(running.address, &people, args.connections * BURST_TIMES, BURST);
    let recovery = recovery(running.address, &people)?;
    let lag = running.metric("dipper_consumer_lag_events{consumer=\"ledger\"}")?;
    let (memory_mb, _) = running.memory_mb()?;
    Ok(tables(args, kind, steady, burst, recovery, lag, memory_mb))
}

fn tables(
    args: &super::Args,
    kind: &str,
    mut steady: Outcome,
    mut burst: Outcome,
    recovery: Duration,
    lag: f64,
    memory_mb: f64,
) -> String {
    let mut rows = Vec::new();
    for (outcome, name) in [(&mut steady, "steady"), (&mut burst, "burst")] {
        let rate = outcome.cycles as f64 / outcome.took.as_secs_f64();
        for (call, durations) in CALLS.iter().zip(&mut outcome.calls) {
            let quantiles = [0.5, 0.99, 1.0].map(|part| number(durations.quantile_ms(part)));
            let [median, p99, slowest] = quantiles;
            rows.push(vec![format!("{name}: {call}"), number(durations.count() as f64), median, p99, slowest]);
        }
        rows.push(vec![
            format!("**{name}: {} life cycles/s, {} errors**", number(rate), outcome.errors),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }
    let caption = format!(
        "{} cases before, {kind}, {} connections for {} s, then {} for {} s; after the burst a call answers within {} ms again \
         in {} s; {} events not sealed at the end; {} MB resident; {}.",
        number(args.cases as f64),
        args.connections,
        args.seconds,
        args.connections * BURST_TIMES,
        BURST.as_secs(),
        NORMAL.as_millis(),
        number(recovery.as_secs_f64()),
        lag,
        number(memory_mb),
        machine()
    );
    table(&caption, &["call", "calls", "p50 ms", "p99 ms", "slowest ms"], &rows)
}

/// Makes the city's past through the program's own import, and its accounts, unless an earlier run has.
pub fn filled(city: &City, cases: u64) -> anyhow::Result<()> {
    let mark = city.data.join("filled");
    if mark.exists() {
        return Ok(());
    }
    // What an interrupted run left is not the past that was asked for.
    std::fs::remove_dir_all(&city.data).ok();
    std::fs::create_dir_all(&city.data)?;
    let file = city.data.join("past.csv");
    let loaded = pack::load(&city.root.join(PACK)).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    write_past(&file, &loaded.city, cases)?;
    let began = Instant::now();
    let mut command = city.command(&["import", "cases", "--map", "packs/boston/import/boston311.yaml"]);
    command.arg("--rejects").arg(city.data.join("past.rejects.csv"));
    let status = command.arg(&file).stdout(std::process::Stdio::null()).status()?;
    ensure!(status.success(), "the import of {cases} cases failed");
    let seconds = began.elapsed().as_secs_f64();
    println!("{cases} cases imported in {seconds:.1} s, {:.0} a second", cases as f64 / seconds);
    std::fs::remove_file(&file)?;
    for (login, post) in [
        ("assigner", "dispatcher:service_desk:city"),
        ("worker", "department_worker:pwdx:city"),
        ("checker", "checker:service_desk:city"),
    ] {
        city.add_user(login, post)?;
    }
    std::fs::write(mark, "")?;
    Ok(())
}

/// A past of plain cases over one year, in the columns of the map.
fn write_past(path: &Path, city: &Pack, cases: u64) -> anyhow::Result<()> {
    let titles =
        |texts: Vec<&model::Text>| texts.into_iter().map(|text| text.in_locale("en").to_owned()).collect::<Vec<_>>();
    let kinds = titles(city.categories.values().map(|category| &category.title).collect());
    let places =
        titles(city.regions.iter().filter(|(id, _)| **id != city.root).map(|(_, region)| &region.title).collect());
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(
        file,
        "id,opened,target,closed,on_time,status,subject,reason,type,department,queue,neighborhood,ward,police_district,zip,lat,lon,source,case_title,closure_reason"
    )?;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for number in 0..cases {
        // A fixed recurrence: the same past at every run.
        let chance = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let pick = |list: &[String], shift: u32| {
            quoted(&list[usize::try_from((chance >> shift) % list.len() as u64).unwrap_or(0)])
        };
        let day = number * 364 / cases.max(1);
        let (month, of_month) = (day / 31 % 12 + 1, day % 28 + 1);
        let opened =
            format!("2025-{month:02}-{of_month:02} {:02}:{:02}:{:02}", 8 + chance % 9, chance % 60, number % 60);
        let is_open = number % OPEN_ONE_IN == 0;
        let closed = if is_open {
            String::new()
        } else {
            format!("2025-{month:02}-{of_month:02} {:02}:{:02}:{:02}", 18 + chance % 5, chance % 60, number % 60)
        };
        let status = if is_open { "Open" } else { "Closed" };
        let (lat, lon) = (
            42.23 + (chance >> 8 & 0xFFFF) as f64 / 65_536.0 * 0.17,
            -71.19 + (chance >> 24 & 0xFFFF) as f64 / 65_536.0 * 0.21,
        );
        writeln!(
            file,
            "past{number},{opened},,{closed},,{status},,,{},PWDx,,{},,,,{lat:.5},{lon:.5},Self Service,Past case {number},done",
            pick(&kinds, 16),
            pick(&places, 40)
        )?;
    }
    file.flush()?;
    Ok(())
}

/// Waits until everything is sealed: sealing a past is not what is measured.
pub fn wait_for_ledger(running: &Running) -> anyhow::Result<()> {
    let began = Instant::now();
    while running.metric("dipper_consumer_lag_events{consumer=\"ledger\"}")? > 0.0 {
        ensure!(began.elapsed() < Duration::from_secs(3_600), "the ledger does not catch up");
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(())
}

/// Session headers of those who act.
#[derive(Clone)]
struct People {
    assigner: Arc<Vec<String>>,
    worker: Arc<Vec<String>>,
    checker: Arc<Vec<String>>,
}

impl People {
    fn sign_in(running: &Running) -> anyhow::Result<Self> {
        let session = |login: &str| Ok::<_, anyhow::Error>(Arc::new(running.sign_in(login)?));
        Ok(Self { assigner: session("assigner")?, worker: session("worker")?, checker: session("checker")? })
    }
}

/// What a time of driving gave.
#[derive(Default)]
struct Outcome {
    calls: [Durations; 4],
    cycles: u64,
    errors: u64,
    took: Duration,
}

/// Drives whole life cycles on each connection until the time is over; a cycle that was begun is finished.
fn drive(address: SocketAddr, people: &People, connections: usize, lasting: Duration) -> Outcome {
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let mut whole = Outcome::default();
    std::thread::scope(|scope| {
        let work = || {
            let mut connection = Connection::new(address);
            let mut outcome = Outcome::default();
            while !stop.load(Ordering::Relaxed) {
                match cycle(&mut connection, people, &mut outcome.calls) {
                    Ok(()) => outcome.cycles += 1,
                    Err(error) => {
                        if outcome.errors == 0 {
                            eprintln!("error: {error:#}");
                        }
                        outcome.errors += 1;
                    }
                }
            }
            outcome
        };
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        std::thread::sleep(lasting);
        stop.store(true, Ordering::Relaxed);
        for outcome in threads.into_iter().filter_map(|thread| thread.join().ok()) {
            whole.calls.iter_mut().zip(outcome.calls).for_each(|(all, calls)| all.extend(calls));
            whole.cycles += outcome.cycles;
            whole.errors += outcome.errors;
        }
    });
    whole.took = began.elapsed();
    whole
}

/// One life: a resident reports, and three people of the city assign, resolve and close.
fn cycle(connection: &mut Connection, people: &People, calls: &mut [Durations; 4]) -> anyhow::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let run = std::process::id();
    let mut timed = |call: usize, path: &str, headers: &[String], body: &str| {
        let began = Instant::now();
        let answer = connection.ask("POST", path, headers, body)?.ok().with_context(|| CALLS[call])?;
        calls[call].push(began.elapsed());
        answer.json()
    };
    // Everybody has an address of their own, as behind a proxy.
    let from = format!("x-forwarded-for: 10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
    let headers = [from, format!("idempotency-key: bench-{run}-{number}")];
    let shift = |step: u64| (number.wrapping_mul(step) % 1_000) as f64 / 10_000.0;
    let (lat, lon) = (42.25 + shift(7), -71.15 + shift(13));
    let report = format!(
        r#"{{"category": "street_light_outages", "description": "Lamp {number} is out", "lat": {lat}, "lon": {lon}, "evidence": []}}"#
    );
    let filed = timed(0, "/api/v1/reports", &headers, &report)?;
    let id = filed["case_id"].as_str().context("a report has a case")?.to_owned();
    let action = |name: &str| format!("/api/v1/cases/{id}/actions/{name}");
    timed(1, &action("assign"), &people.assigner, &format!(r#"{{"answers": {{"office": "{OFFICE}"}}}}"#))?;
    timed(2, &action("resolve"), &people.worker, r#"{"answers": {"note": "replaced"}}"#)?;
    timed(3, &action("close"), &people.checker, r#"{"answers": {}}"#)?;
    Ok(())
}

/// How long after a burst ten life cycles in a row have no call slower than normal.
fn recovery(address: SocketAddr, people: &People) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut connection = Connection::new(address);
    let (mut in_a_row, mut since) = (0, began);
    while in_a_row < 10 {
        ensure!(began.elapsed() < Duration::from_secs(300), "it does not answer normally again");
        let mut calls: [Durations; 4] = Default::default();
        let well = cycle(&mut connection, people, &mut calls).is_ok();
        let slowest_ms = calls.iter_mut().map(|call| call.quantile_ms(1.0)).fold(0.0, f64::max);
        if well && slowest_ms <= NORMAL.as_secs_f64() * 1_000.0 {
            in_a_row += 1;
        } else {
            (in_a_row, since) = (0, Instant::now());
        }
    }
    Ok(since.duration_since(began))
}
