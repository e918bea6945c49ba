//! What residents do most before they apply, through HTTP: searches over the catalogue, drafts saved (sealed, durable).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::city::{City, Running, program};
use super::http::Connection;
use super::report::{Durations, machine, number, table};

/// The pack whose services are applied for.
const PACK: &str = "packs/demo";

/// Words people search with, of every kind: characters, sentences, letters, syllables.
const WORDS: [&str; 6] = [
    "%E7%A4%BE%E4%BF%9D%E5%8D%A1",
    "%E6%88%91%E8%A6%81%E5%BC%80%E5%BA%97",
    "sbk",
    "shebao",
    "%E9%A9%BE%E7%85%A7",
    "gongjijin",
];

/// Measures on SQLite with a fresh city.
pub fn measure(root: &Path, args: &super::Args) -> anyhow::Result<String> {
    let program = program(root, args.program.as_deref())?;
    let data = super::workshop(root).join("applications");
    std::fs::remove_dir_all(&data).ok();
    let city = City { root: root.to_owned(), program, data, database: None, pack: PACK };
    let running = city.serve()?;
    let residents =
        (0..args.connections).map(|number| register(&running, number)).collect::<anyhow::Result<Vec<_>>>()?;
    let lasting = Duration::from_secs(args.seconds);
    let mut rows = Vec::new();
    for (name, call) in [("search the catalogue", search as Call), ("save a draft of eight answers", save)] {
        drive(running.address, &residents, call, Duration::from_secs(2), 0);
        let (mut durations, errors) = drive(running.address, &residents, call, lasting, 1 << 32);
        let rate = durations.count() as f64 / lasting.as_secs_f64();
        let [median, p99, slowest] = [0.5, 0.99, 1.0].map(|part| number(durations.quantile_ms(part)));
        rows.push(vec![name.to_owned(), number(rate), median, p99, slowest, errors.to_string()]);
    }
    let (memory_mb, _) = running.memory_mb()?;
    let caption = format!(
        "The demo city on SQLite, {} connections for {} s each; {} MB resident; {}.",
        args.connections,
        args.seconds,
        number(memory_mb),
        machine()
    );
    Ok(table(&caption, &["what", "a second", "p50 ms", "p99 ms", "slowest ms", "errors"], &rows))
}

/// A resident with an account: the lines of their session, and their address behind the proxy.
pub fn register(running: &Running, number: usize) -> anyhow::Result<Vec<String>> {
    let login = format!("bench{number}");
    let body = format!(r#"{{"login": "{login}", "password": "{}", "display_name": "B"}}"#, super::city::PASSWORD);
    let address = format!("x-forwarded-for: 10.9.{}.{}", number / 250, number % 250);
    let mut connection = Connection::new(running.address);
    let answer = connection.ask("POST", "/api/v1/residents", std::slice::from_ref(&address), &body)?.ok()?;
    let mut headers = super::city::session_of(&answer)?;
    headers.push(address);
    Ok(headers)
}

/// One call of a resident; `number` counts theirs from 0.
pub type Call = fn(&mut Connection, &[String], u64) -> anyhow::Result<()>;

fn search(connection: &mut Connection, _: &[String], number: u64) -> anyhow::Result<()> {
    let words = WORDS[usize::try_from(number).unwrap_or(0) % WORDS.len()];
    connection.ask("GET", &format!("/api/v1/services?q={words}&limit=20"), &[], "")?.ok()?;
    Ok(())
}

/// Saves over the version before; after the warm-up the draft is there.
fn save(connection: &mut Connection, resident: &[String], number: u64) -> anyhow::Result<()> {
    const DRAFT: &str = "/api/v1/services/food_business_licence/draft";
    if number == 0 || number == 1 << 32 {
        connection.ask("DELETE", DRAFT, resident, "").context("forgetting a draft")?;
    }
    let (answers, version) = (answers(number), number & 0xffff_ffff);
    let body = format!(r#"{{"answers": {answers}, "at": "area", "version": {version}}}"#);
    connection.ask("PUT", DRAFT, resident, &body)?.ok()?;
    Ok(())
}

fn answers(number: u64) -> String {
    format!(
        r#"{{"applicant": "trader", "credit_code": "91350100M000100Y43", "shop_name": "Bench {number}", "address": "5 Gulou", "activities": ["hot", "drinks"], "area": 60, "manager_name": "B", "manager_phone": "13800000000"}}"#
    )
}

/// Drives one kind of call on each connection until the time is over.
pub fn drive(
    address: SocketAddr,
    residents: &[Vec<String>],
    call: Call,
    lasting: Duration,
    from: u64,
) -> (Durations, u64) {
    let stop = AtomicBool::new(false);
    let (mut durations, mut errors) = (Durations::default(), 0);
    std::thread::scope(|scope| {
        let stop = &stop;
        let threads: Vec<_> = residents
            .iter()
            .map(|resident| {
                scope.spawn(move || {
                    let (mut connection, mut took, mut errors) =
                        (Connection::new(address), Durations::default(), 0_u64);
                    for number in from.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let began = Instant::now();
                        match call(&mut connection, resident, number) {
                            Ok(()) => took.push(began.elapsed()),
                            Err(error) => {
                                if errors == 0 {
                                    eprintln!("error: {error:#}");
                                }
                                errors += 1;
                            }
                        }
                    }
                    (took, errors)
                })
            })
            .collect();
        std::thread::sleep(lasting);
        stop.store(true, Ordering::Relaxed);
        for (took, failed) in threads.into_iter().filter_map(|thread| thread.join().ok()) {
            durations.extend(took);
            errors += failed;
        }
    });
    (durations, errors)
}
