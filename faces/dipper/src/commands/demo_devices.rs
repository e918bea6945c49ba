//! `dipper demo devices`: fictional devices, which speak MQTT as real ones would, from a process of their own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::tz::TimeZone;
use model::{Clock, DeviceClassId, DeviceId, Instant};
use pack::Codec;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use sense::devices::{self, NewDevice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use store::DeviceFilter;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::serve::wait_for_signal;
use crate::config::Config;
use crate::demo::{Chance, DemoDevice, Places, class_of, wire};
use crate::runtime::Runtime;
use crate::system::SystemClock;

/// Seed of the devices' chance.
const SEED: u64 = 0xD0_57_41;

/// The past that a new device brings with it: a day, a reading every 15 minutes.
const PAST: i64 = 96;
const PAST_STEP_US: i64 = 900_000_000;

/// A device that lost its connection tries again after this.
const AGAIN: Duration = Duration::from_secs(3);

/// All devices connect, and say their first word, within this time.
const SPREAD_MS: u64 = 20_000;

/// What a device needs to speak.
struct Registered {
    id: DeviceId,
    password: String,
    device: DemoDevice,
    codec: Codec,
    every: Duration,
    is_new: bool,
}

/// Registers the demo's devices where they are missing, and has them speak until it is told to stop.
pub fn run(config: Config, count: u32, pace: u32) -> anyhow::Result<ExitCode> {
    let broker = config.mqtt.context("say with --mqtt where the city listens to devices")?;
    let runtime = Runtime::open(config)?;
    let zone = runtime.packs.current().city.zone();
    let asynchronous = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let devices = asynchronous.block_on(register_all(&runtime, count, pace))?;
    runtime.store.close();
    eprintln!("{} devices speak to {broker}", devices.len());
    asynchronous.block_on(async {
        let mut speaking = JoinSet::new();
        for one in devices {
            speaking.spawn(speak(one, broker, zone.clone()));
        }
        wait_for_signal().await
    })?;
    asynchronous.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Makes the devices that are not there. Their passwords are kept beside the keys, for this process alone.
async fn register_all(runtime: &Runtime, count: u32, pace: u32) -> anyhow::Result<Vec<Registered>> {
    let (compiled, ctx) = (runtime.packs.current(), runtime.sense());
    let file = runtime.config.keys_folder().join("demo-devices.json");
    let mut passwords = read_kept(&file)?;
    let (places, mut chance) = (Places::read(&runtime.config.pack), Chance::new(SEED));
    let mut devices = Vec::new();
    let known = list_known(runtime)?;
    for number in 0..count {
        let class: DeviceClassId = class_of(number).parse()?;
        let seed = chance.next();
        let Some(rules) = compiled.city.devices.get(&class) else { continue };
        let id: DeviceId = format!("demo-{}-{number:04}", class.as_str().replace('_', "-")).parse()?;
        let mut where_it_stands = Chance::new(seed);
        let Some((point, near)) = places.pick(&compiled, &mut where_it_stands) else { continue };
        let is_new = !known.contains(&id);
        if is_new {
            let title = rules.title.in_locale("zh-CN").to_owned();
            let title = near.map_or(title.clone(), |near| format!("{title} · {near}"));
            let new = NewDevice {
                id: id.clone(),
                class: class.clone(),
                title,
                parent: None,
                point,
                height_m: None,
                office: None,
                through: None,
            };
            let registered = devices::register(&ctx, None, new).await?;
            passwords.insert(id.to_string(), registered.secret.reveal().to_owned());
        }
        let every = Duration::from_secs(u64::from(rules.interval_seconds)) / pace.max(1);
        let Some(password) = passwords.get(id.as_str()).cloned() else { continue };
        devices.push(Registered {
            id,
            password,
            device: DemoDevice::new(class, seed, every.as_secs_f64()),
            codec: rules.codec.clone(),
            every,
            is_new,
        });
    }
    write_kept(&file, &passwords)?;
    Ok(devices)
}

/// The devices that are registered.
pub(super) fn list_known(runtime: &Runtime) -> anyhow::Result<std::collections::BTreeSet<DeviceId>> {
    let rows = runtime.store.read_blocking(|db| db.list_devices(&DeviceFilter::default(), 100_000))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What a demo process keeps about its devices, by their names; nothing where there is no such file yet.
pub(super) fn read_kept<T: DeserializeOwned>(file: &Path) -> anyhow::Result<BTreeMap<String, T>> {
    match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} cannot be read", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// Keeps it, for the owner of the file alone.
pub(super) fn write_kept<T: Serialize>(file: &Path, kept: &BTreeMap<String, T>) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut open = std::fs::OpenOptions::new();
    let mut open = open.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    Ok(open.write_all(&serde_json::to_vec(kept)?)?)
}

/// Connects, brings the past along where the device is new, and then speaks at its interval.
async fn speak(mut one: Registered, broker: SocketAddr, zone: TimeZone) {
    let mut chance = Chance::new(SEED ^ one.device_seed());
    tokio::time::sleep(Duration::from_millis(chance.next() % SPREAD_MS)).await;
    let (tell, mut told) = mpsc::channel(8);
    let client = connect(&one.id, &one.password, broker, tell);
    let topic: Arc<str> = format!("devices/{}/readings", one.id).into();
    if one.is_new {
        let now = SystemClock.now();
        let past: Vec<_> = (1..=PAST)
            .rev()
            .map(|step| now.plus_micros(-step * PAST_STEP_US))
            .map(|at| (at, one.device.past(at, &zone)))
            .collect();
        publish(&client, &topic, wire::write(&one.codec, &past)).await;
    }
    loop {
        let now: Instant = SystemClock.now();
        let found = one.device.now(now, &zone);
        publish(&client, &topic, wire::write(&one.codec, &[(now, found)])).await;
        // A little earlier or later each time, as clocks are; sooner when it was told something, so that it is seen.
        tokio::select! {
            () = tokio::time::sleep(one.every.mul_f64(chance.between(0.9, 1.1))) => {}
            Some(command) = told.recv() => obey(&mut one, &client, &command).await,
        }
    }
}

/// Connects a device under its name; commands are told on.
pub(super) fn connect(id: &DeviceId, password: &str, broker: SocketAddr, tell: mpsc::Sender<Value>) -> AsyncClient {
    let mut options = MqttOptions::new(id.as_str(), broker.ip().to_string(), broker.port());
    options.set_credentials(id.as_str(), password).set_keep_alive(Duration::from_secs(120));
    options.set_max_packet_size(256 * 1024, 256 * 1024);
    let (client, events) = AsyncClient::new(options, 10);
    tokio::spawn(hold(events, client.clone(), format!("devices/{id}/commands"), tell));
    client
}

/// Does what a command says, and answers.
async fn obey(one: &mut Registered, client: &AsyncClient, command: &Value) {
    let (Some(id), Some(name)) = (command["id"].as_str(), command["command"].as_str()) else { return };
    let done = one.device.obey(name, command["arguments"].as_object().unwrap_or(&Map::new()));
    let message = done.unwrap_or_else(|why| why);
    let answer = json!({"id": id, "done": done.is_ok(), "message": message});
    send(client, &format!("devices/{}/answers", one.id), &answer).await;
}

impl Registered {
    fn device_seed(&self) -> u64 {
        self.id.as_str().bytes().fold(0, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
    }
}

async fn send(client: &AsyncClient, topic: &str, message: &impl serde::Serialize) {
    if let Ok(bytes) = serde_json::to_vec(message) {
        publish(client, topic, bytes).await;
    }
}

/// Sends a message, at least once.
pub(super) async fn publish(client: &AsyncClient, topic: &str, bytes: Vec<u8>) {
    // The client waits while its connection is away.
    let _ = client.publish(topic, QoS::AtLeastOnce, false, bytes).await;
}

/// Keeps the connection: what breaks is tried again. Hears commands, and tells them on.
async fn hold(mut events: EventLoop, client: AsyncClient, commands: String, tell: mpsc::Sender<Value>) {
    loop {
        match events.poll().await {
            // A full queue is the device's own: it is told again.
            Ok(Event::Incoming(Packet::ConnAck(_))) => drop(client.try_subscribe(commands.as_str(), QoS::AtLeastOnce)),
            Ok(Event::Incoming(Packet::Publish(message))) => {
                drop(serde_json::from_slice(&message.payload).map(|command| tell.try_send(command)));
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}
