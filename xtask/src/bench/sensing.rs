//! Readings through the whole program: MQTT in, to the disk, judged, queryable; beside Mosquitto with one subscriber.

use std::fmt::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::city::{City, program};
use super::report::{machine, number, table};

/// The pack of the city: its lamps have three rules.
const PACK: &str = "packs/demo";

/// Messages of one device under way.
const WINDOW: usize = 32;

/// Measures on SQLite with a fresh city.
pub fn measure(root: &Path, args: &super::Args) -> anyhow::Result<String> {
    let program = program(root, args.program.as_deref())?;
    let examples = ["build", "--release", "--locked", "-q", "-p", "dipper-mqtt", "--examples"];
    ensure!(Command::new("cargo").args(examples).current_dir(root).status()?.success(), "the load does not build");
    let data = super::workshop(root).join("sensing");
    std::fs::remove_dir_all(&data).ok();
    std::fs::create_dir_all(&data)?;
    let city = City { root: root.to_owned(), program, data, database: None, pack: PACK };
    let devices = register(&city, args.connections)?;
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let running = city.serve_with(&["--mqtt", &listen])?;
    let seconds = args.seconds.to_string();
    let send = |readings: u64| -> anyhow::Result<f64> {
        let load = super::target(root).join("release/examples/send");
        let window = WINDOW.to_string();
        let output = Command::new(load).args([&listen, &devices, &window, &seconds, &readings.to_string()]).output()?;
        ensure!(output.status.success(), "the load ended: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout)?;
        said.trim().parse().with_context(|| format!("the load said {said:?}"))
    };
    let mut rows = Vec::new();
    for readings in [1_u64, 100] {
        let rate = send(readings)?;
        rows.push(vec![format!("dipper serve, {readings} a message"), number(rate), number(rate * readings as f64)]);
    }
    drop(running);
    let peer = mosquitto(root, args)?;
    rows.push(vec!["Mosquitto, nothing on disk, one subscriber".to_owned(), number(peer), number(peer)]);
    let caption = format!(
        "Readings of {} street lamps, QoS 1, {WINDOW} messages of each under way, acknowledged after their commit, judged by three rules \
         and queryable at once; the load on the same cores; {} s each; {}.",
        args.connections,
        args.seconds,
        machine()
    );
    Ok(table(&caption, &["what", "messages/s", "readings/s"], &rows))
}

/// Registers lamps; the file of their names and passwords.
fn register(city: &City, count: usize) -> anyhow::Result<String> {
    let mut lines = String::new();
    for device in 0..count {
        let id = format!("lamp-{device}");
        let words = ["device", "add", &id, "--class", "street_lamp", "--at", "112.8961,32.5087"];
        let output = city.command(&words).output()?;
        let said = String::from_utf8(output.stdout)?;
        let password = said.split("shown once: ").nth(1).and_then(|rest| rest.split_whitespace().next());
        writeln!(lines, "{id} {}", password.with_context(|| format!("{id} was not registered"))?)?;
    }
    let file = city.data.join("devices.txt");
    std::fs::write(&file, lines)?;
    Ok(file.to_string_lossy().into_owned())
}

/// What Mosquitto hands to one subscriber in the same run.
fn mosquitto(root: &Path, args: &super::Args) -> anyhow::Result<f64> {
    let load = super::target(root).join("release/examples/load");
    let (clients, window, seconds) = (args.connections.to_string(), WINDOW.to_string(), args.seconds.to_string());
    let output =
        Command::new(load).args(["rate", &clients, &window, &seconds]).current_dir(super::workshop(root)).output()?;
    let said = String::from_utf8(output.stdout)?;
    let line = said
        .lines()
        .find(|line| line.starts_with("mosquitto"))
        .context("Mosquitto did not run: apt install mosquitto")?;
    let rate = line.rsplit(' ').next().and_then(|word| word.strip_suffix("/s"));
    rate.and_then(|rate| rate.parse().ok()).with_context(|| format!("the load said {line:?}"))
}
