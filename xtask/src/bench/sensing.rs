//! Readings through the whole program: MQTT in, to the disk, judged, queryable; beside Mosquitto with one subscriber.

use std::fmt::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::city::{City, Running, program};
use super::http::Connection;
use super::report::{Durations, machine, number, table};

/// The pack of the city: its lamps have three rules.
const PACK: &str = "packs/demo";

/// Messages of one device under way.
const WINDOW: usize = 32;

/// Readings a second while alarms are waited for: half of what is wanted.
const PACE: u64 = 30_000;

/// How long alarms are waited for, seconds.
const ALARM_SECONDS: u64 = 30;

/// Manhole covers that tilt and right themselves.
const COVERS: usize = 8;

/// Measures on SQLite with a fresh city.
pub fn measure(root: &Path, args: &super::Args) -> anyhow::Result<String> {
    let program = program(root, args.program.as_deref())?;
    let examples = ["build", "--release", "--locked", "-q", "-p", "dipper-mqtt", "--examples"];
    ensure!(Command::new("cargo").args(examples).current_dir(root).status()?.success(), "the load does not build");
    let data = super::workshop(root).join("sensing");
    std::fs::remove_dir_all(&data).ok();
    std::fs::create_dir_all(&data)?;
    let city = City { root: root.to_owned(), program, data, database: None, pack: PACK };
    let (devices, covers) = register(&city, args.connections)?;
    city.add_user("chief", "duty_chief:supervision_centre:yaoguang")?;
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let running = city.serve_with(&["--mqtt", &listen])?;
    let seconds = args.seconds.to_string();
    let load = super::target(root).join("release/examples/send");
    let window = WINDOW.to_string();
    let send_slowly = || -> anyhow::Result<Child> {
        let (seconds, pace) = (ALARM_SECONDS.to_string(), PACE.to_string());
        let words = [&listen, &devices, &window, &seconds, "1", &pace];
        Ok(Command::new(&load).args(words).stdout(Stdio::null()).spawn()?)
    };
    let send = |readings: u64| -> anyhow::Result<f64> {
        let output =
            Command::new(&load).args([&listen, &devices, &window, &seconds, &readings.to_string()]).output()?;
        ensure!(output.status.success(), "the load ended: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout)?;
        said.trim().parse().with_context(|| format!("the load said {said:?}"))
    };
    let mut rows = Vec::new();
    for readings in [1_u64, 100] {
        let rate = send(readings)?;
        rows.push(vec![format!("dipper serve, {readings} a message"), number(rate), number(rate * readings as f64)]);
    }
    let alarms = to_alarm(&running, &covers, &send_slowly)?;
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
    Ok(table(&caption, &["what", "messages/s", "readings/s"], &rows) + "\n" + &alarms)
}

/// From a reading that is a matter, sent over HTTP, until its alarm is open in the list, while lamps send `PACE` readings a second.
fn to_alarm(
    running: &Running,
    covers: &[(String, String)],
    send_slowly: &dyn Fn() -> anyhow::Result<Child>,
) -> anyhow::Result<String> {
    let session = running.sign_in("chief")?;
    let (mut devices, mut desk) = (Connection::new(running.address), Connection::new(running.address));
    let mut load = send_slowly()?;
    std::thread::sleep(Duration::from_secs(2));
    let mut took = Durations::default();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(ALARM_SECONDS - 4) {
        for (id, password) in covers {
            let word = base64(&format!("{id}:{password}"));
            let headers = [format!("authorization: Basic {word}")];
            let send = |devices: &mut Connection, tilt: u32| {
                let (path, body) = (format!("/api/v1/devices/{id}/readings"), format!("{{\"tilt\": {tilt}}}"));
                // A device may send so many messages a second over HTTP and no more: it waits, and is measured from then on.
                loop {
                    let sent = Instant::now();
                    let answer = devices.ask("POST", &path, &headers, &body)?;
                    if answer.status == 429 {
                        std::thread::sleep(Duration::from_secs(1));
                        continue;
                    }
                    answer.ok()?;
                    return Ok::<_, anyhow::Error>(sent);
                }
            };
            let is_open = |desk: &mut Connection| -> anyhow::Result<bool> {
                let path = format!("/api/v1/alarms?open=true&limit=1&device={id}");
                let page = desk.ask("GET", &path, &session, "")?.ok()?.json()?;
                Ok(page["items"].as_array().is_some_and(|items| !items.is_empty()))
            };
            let sent = send(&mut devices, 60)?;
            wait(|| is_open(&mut desk))?;
            took.push(sent.elapsed());
            send(&mut devices, 1)?;
            wait(|| Ok(!is_open(&mut desk)?))?;
        }
    }
    load.wait()?;
    let cells = [took.count() as f64, took.quantile_ms(0.5), took.quantile_ms(0.99), took.quantile_ms(1.0)].map(number);
    let caption = format!(
        "From a reading to its open alarm and case, as somebody at the list sees it who asks every millisecond, while {} readings a second are kept and judged.",
        number(PACE as f64)
    );
    Ok(table(&caption, &["alarms", "p50 ms", "p99 ms", "slowest ms"], &[cells.to_vec()]))
}

fn wait(mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let began = Instant::now();
    while !holds()? {
        ensure!(began.elapsed() < Duration::from_secs(20), "an alarm did not come, or did not go, within 20 s");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Registers lamps and manhole covers; the file of the lamps' names and passwords, and those of the covers.
fn register(city: &City, count: usize) -> anyhow::Result<(String, Vec<(String, String)>)> {
    let add = |id: String, class: &str| -> anyhow::Result<(String, String)> {
        let words = ["device", "add", &id, "--class", class, "--at", "112.8961,32.5087"];
        let output = city.command(&words).output()?;
        let said = String::from_utf8(output.stdout)?;
        let password = said.split("shown once: ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let password = password.with_context(|| format!("{id} was not registered"))?.to_owned();
        Ok((id, password))
    };
    let mut lines = String::new();
    for device in 0..count {
        let (id, password) = add(format!("lamp-{device}"), "street_lamp")?;
        writeln!(lines, "{id} {password}")?;
    }
    let covers = (0..COVERS).map(|device| add(format!("cover-{device}"), "manhole_cover")).collect::<Result<_, _>>()?;
    let file = city.data.join("devices.txt");
    std::fs::write(&file, lines)?;
    Ok((file.to_string_lossy().into_owned(), covers))
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
