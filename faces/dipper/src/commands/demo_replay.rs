//! `dipper demo replay`: real series of the past, told again by devices of their own as if they were of today.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use jiff::tz::TimeZone;
use model::{Clock, DeviceId, Instant};
use pack::Codec;
use rumqttc::AsyncClient;
use sense::devices::{self, NewDevice};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::demo_devices::{connect, list_known, publish, read_kept, write_kept};
use super::serve::wait_for_signal;
use crate::config::Config;
use crate::demo::series::Series;
use crate::demo::{Chance, Places, read_all, wire};
use crate::runtime::Runtime;
use crate::system::SystemClock;

/// Seed of where the devices stand.
const SEED: u64 = 0x4E_A1;

const WEEK_US: i64 = 7 * 86_400_000_000;

/// Values of one message of the past. The door takes 5,000 of them and 256 KiB; a value takes some 20 bytes.
const MESSAGE_VALUES: usize = 3_000;

/// What is kept of a device, for this process alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    password: String,
    /// It has told everything up to there.
    told_us: Option<i64>,
}

/// A device that tells a series again.
struct Teller {
    id: DeviceId,
    password: String,
    series: Series,
    codec: Codec,
    told: Instant,
}

type Book = std::collections::BTreeMap<String, Kept>;

/// Registers a device for each series of a folder where it is missing, has it tell the last weeks and then what comes, until
/// it is told to stop.
pub fn run(config: Config, folder: &Path, weeks: u8) -> anyhow::Result<ExitCode> {
    let broker = config.mqtt.context("say with --mqtt where the city listens to devices")?;
    if !folder.is_dir() {
        eprintln!("no real series are replayed: {} is not there", folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = Runtime::open(config)?;
    let compiled = runtime.packs.current();
    let (series, tallies) = read_all(folder, &compiled.city)?;
    for tally in tallies {
        eprintln!("{tally}");
    }
    let asynchronous = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let file = runtime.config.keys_folder().join("demo-replay.json");
    let mut book: Book = read_kept(&file)?;
    let since = SystemClock.now().plus_micros(-i64::from(weeks) * WEEK_US);
    let tellers = asynchronous.block_on(register_all(&runtime, series, since, &mut book))?;
    write_kept(&file, &book)?;
    let zone = compiled.city.zone();
    runtime.store.close();
    eprintln!("{} devices replay real series to {broker}", tellers.len());
    let book = Arc::new(Mutex::new(book));
    asynchronous.block_on(async {
        let mut telling = JoinSet::new();
        for one in tellers {
            let (book, file) = (Arc::clone(&book), file.clone());
            let keep = move |id: &DeviceId, told: Instant| {
                let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(kept) = book.get_mut(id.as_str()) {
                    kept.told_us = Some(told.as_micros());
                }
                if let Err(error) = write_kept(&file, &*book) {
                    eprintln!("{id} will tell again what it told: {error}");
                }
            };
            telling.spawn(tell(one, broker, zone.clone(), keep));
        }
        wait_for_signal().await
    })?;
    asynchronous.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Makes the devices that are not there; each goes on where it ended, but no longer ago than `since`.
async fn register_all(
    runtime: &Runtime,
    series: Vec<Series>,
    since: Instant,
    book: &mut Book,
) -> anyhow::Result<Vec<Teller>> {
    let (compiled, ctx, known) = (runtime.packs.current(), runtime.sense(), list_known(runtime)?);
    let (places, mut chance) = (Places::read(&runtime.config.pack), Chance::new(SEED));
    let mut tellers = Vec::new();
    for one in series {
        let mut where_it_stands = Chance::new(chance.next());
        let id: DeviceId = id_of(&one).parse()?;
        let class = one.class.parse()?;
        let Some(rules) = compiled.city.devices.get(&class) else { continue };
        let Some((point, _)) = places.pick(&compiled, &mut where_it_stands) else { continue };
        if !known.contains(&id) {
            let title = format!("{} {} · 实测回放", rules.title.in_locale("zh-CN"), one.name);
            let (parent, height_m, office) = (None, None, None);
            let new = NewDevice { id: id.clone(), class, title, parent, point, height_m, office, through: None };
            let registered = devices::register(&ctx, None, new).await?;
            let password = registered.secret.reveal().to_owned();
            book.insert(id.to_string(), Kept { password, told_us: None });
        }
        let Some(kept) = book.get(id.as_str()) else { continue };
        let told = kept.told_us.map_or(since, |told| Instant::from_micros(told).max(since));
        tellers.push(Teller { id, password: kept.password.clone(), series: one, codec: rules.codec.clone(), told });
    }
    Ok(tellers)
}

/// The name of a series' device: `replay-pedestrian-counter-town-hall-west`.
fn id_of(series: &Series) -> String {
    let words = format!("replay-{}-{}", series.class, series.name);
    let plain = |one: char| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' };
    let id: String = words.chars().map(plain).collect();
    id.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// Tells what has passed, and then each row at its time.
async fn tell(one: Teller, broker: SocketAddr, zone: TimeZone, keep: impl Fn(&DeviceId, Instant)) {
    // Nobody tells such a device what to do.
    let (commands, _unheard) = mpsc::channel(1);
    let client = connect(&one.id, &one.password, broker, commands);
    let topic = format!("devices/{}/readings", one.id);
    let mut told = one.told;
    let mut waiting: Vec<(Instant, usize)> = Vec::new();
    for (at, row) in one.series.after(&zone, one.told) {
        let early_us = at.micros_since(SystemClock.now());
        if 0 < early_us {
            say(&one, &client, &topic, &mut waiting).await;
            if told != one.told {
                keep(&one.id, told);
            }
            tokio::time::sleep(Duration::from_micros(early_us.unsigned_abs())).await;
        }
        waiting.push((at, row));
        told = at;
        if MESSAGE_VALUES <= waiting.len() * one.series.properties.len() {
            say(&one, &client, &topic, &mut waiting).await;
        }
    }
}

/// Sends the rows that wait, in one message.
async fn say(one: &Teller, client: &AsyncClient, topic: &str, waiting: &mut Vec<(Instant, usize)>) {
    let found: Vec<_> = waiting.drain(..).map(|(at, row)| (at, one.series.values(row))).collect();
    if !found.is_empty() {
        publish(client, topic, wire::write(&one.codec, &found)).await;
    }
}
