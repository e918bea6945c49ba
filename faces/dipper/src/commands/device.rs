//! `dipper device`: the register of devices.

use std::process::ExitCode;

use anyhow::Context;
use grid::LonLat;
use model::DeviceId;
use pack::Codec;
use sense::devices::{self, DeviceChange, NewDevice};
use store::DeviceFilter;

use crate::cli::DeviceCommand;
use crate::config::Config;
use crate::runtime::{Runtime, open_store};

/// Devices read at a time.
const PAGE: u32 = 1_000;

/// Runs a command about devices.
pub fn run(
    command: DeviceCommand,
    configured: impl Fn(&crate::cli::Common) -> anyhow::Result<Config>,
) -> anyhow::Result<ExitCode> {
    match command {
        DeviceCommand::Add { id, class, at, height, title, parent, office, common } => {
            let new = NewDevice {
                id: id.parse()?,
                class: class.parse()?,
                title,
                parent: parent.map(|id| id.parse()).transpose()?,
                point: point(&at)?,
                height_m: height,
                office: office.map(|id| id.parse()).transpose()?,
                through: None,
            };
            add(configured(&common)?, new)
        }
        DeviceCommand::List(common) => list(&configured(&common)?),
        DeviceCommand::Secret { id, common } => secret(configured(&common)?, &id),
        DeviceCommand::Quarantine { id, reason, common } => {
            change(configured(&common)?, &id, DeviceChange::Quarantine(reason))
        }
        DeviceCommand::Release { id, common } => change(configured(&common)?, &id, DeviceChange::Release),
        DeviceCommand::Retire { id, common } => change(configured(&common)?, &id, DeviceChange::Retire),
    }
}

fn point(text: &str) -> anyhow::Result<LonLat> {
    let parse = || {
        let (lon, lat) = text.split_once(',')?;
        LonLat::new(lon.trim().parse().ok()?, lat.trim().parse().ok()?).ok()
    };
    parse().with_context(|| format!("{text:?} is not a longitude and a latitude in degrees, such as 112.8961,32.5087"))
}

fn add(config: Config, new: NewDevice) -> anyhow::Result<ExitCode> {
    let listens = config.mqtt;
    let (registered, codec) = with_city(config, async |ctx| {
        let codec = ctx.packs.current().city.devices.get(&new.class).map(|class| class.codec.clone());
        devices::register(&ctx, None, new).await.map(|registered| (registered, codec))
    })?;
    let (row, secret) = (&registered.device, registered.secret.reveal());
    println!("registered {} ({}) in {}, cell {}", row.id, row.title, row.region, row.cell);
    println!("its password, shown once: {secret}");
    let property = registered.series.first().map_or_else(String::new, |(property, _)| property.to_string());
    let port = listens.map_or(1883, |address| address.port());
    if let Some(Codec::Frame(frame)) = codec {
        println!("it sends frames of {} bytes to devices/{}/readings", frame.length, row.id);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "try it: mosquitto_pub -p {port} -u {0} -P {secret} -q 1 -t devices/{0}/readings -m '{{\"{property}\": 1}}'",
        row.id
    );
    Ok(ExitCode::SUCCESS)
}

fn list(config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config)?;
    let mut after = None;
    loop {
        let filter = DeviceFilter { after: after.take(), ..DeviceFilter::default() };
        let rows = store.read_blocking(move |db| db.list_devices(&filter, PAGE))?;
        for row in &rows {
            println!("{}\t{}\t{}\t{}\t{}", row.id, row.class, row.state.as_str(), row.region, row.title);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE as usize => after = Some(last.id.clone()),
            _ => break,
        }
    }
    store.close();
    Ok(ExitCode::SUCCESS)
}

fn secret(config: Config, id: &str) -> anyhow::Result<ExitCode> {
    let id: DeviceId = id.parse()?;
    let (_, secret) = with_city(config, async |ctx| devices::change_secret(&ctx, None, id).await)?;
    println!("its new password, shown once; the old one ends when this is used first: {}", secret.reveal());
    Ok(ExitCode::SUCCESS)
}

fn change(config: Config, id: &str, change: DeviceChange) -> anyhow::Result<ExitCode> {
    let id: DeviceId = id.parse()?;
    let row = with_city(config, async |ctx| devices::change(&ctx, None, id, change).await)?;
    println!("{} is {}", row.id, row.state.as_str());
    Ok(ExitCode::SUCCESS)
}

/// Runs a use-case on the city's database, and closes it.
fn with_city<T, E: Into<anyhow::Error>>(
    config: Config,
    work: impl AsyncFnOnce(sense::Context) -> Result<T, E>,
) -> anyhow::Result<T> {
    let runtime = Runtime::open(config)?;
    let asynchronous = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = asynchronous.block_on(work(runtime.sense()));
    runtime.store.close();
    outcome.map_err(Into::into)
}
