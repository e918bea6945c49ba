//! `dipper demo cameras`: fictional cameras, which give moving pictures over RTMP as real ones would, from a process of their own.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::Context;
use model::{DeviceClassId, DeviceId};
use pack::Compiled;
use sense::cameras::set_stream;
use sense::devices::{self, NewDevice};
use sense::telemetry::Fleet;
use tokio::process::Command;
use tokio::task::JoinSet;

use super::serve::wait_for_signal;
use crate::config::Config;
use crate::demo::{Chance, Places};
use crate::runtime::Runtime;

/// Seed of where they stand.
const SEED: u64 = 0xCA_3E_4A;

/// A camera that its reader left gives its pictures to the next after this.
const AGAIN: Duration = Duration::from_millis(500);

/// A fictional camera.
struct Camera {
    /// What is written into its pictures.
    name: String,
    /// Where it gives them.
    port: u16,
}

/// Registers the demo's cameras where they are missing, and has them give pictures until it is told to stop.
pub fn run(config: Config, count: u16, first_port: u16, program: &Path) -> anyhow::Result<ExitCode> {
    let ran = std::process::Command::new(program).arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !ran.is_ok_and(|ended| ended.success()) {
        eprintln!("no cameras: {} cannot be run; install ffmpeg to see them", program.display());
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = Runtime::open(config)?;
    let folder = runtime.config.data.join("demo-cameras");
    std::fs::create_dir_all(&folder).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let asynchronous = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let cameras = asynchronous.block_on(register_all(&runtime, count, first_port))?;
    runtime.store.close();
    eprintln!("{} cameras give pictures from port {first_port} on", cameras.len());
    asynchronous.block_on(async {
        let mut giving = JoinSet::new();
        for camera in cameras {
            giving.spawn(give(camera, folder.clone(), program.to_owned()));
        }
        wait_for_signal().await
    })?;
    // What is dropped here ends the programs.
    asynchronous.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Makes the cameras that are not there; each says anew where its pictures come from, the ports may be others.
async fn register_all(runtime: &Runtime, count: u16, first_port: u16) -> anyhow::Result<Vec<Camera>> {
    let (compiled, ctx) = (runtime.packs.current(), runtime.sense());
    let classes: Vec<DeviceClassId> =
        compiled.city.devices.iter().filter(|(_, class)| class.video.is_some()).map(|(id, _)| id.clone()).collect();
    let (places, mut chance) = (Places::read(&runtime.config.pack), Chance::new(SEED));
    let mut cameras = Vec::new();
    for (number, class) in (0..count).zip(classes.iter().cycle()) {
        let id: DeviceId = format!("demo-camera-{number:02}").parse()?;
        let mut where_it_stands = Chance::new(chance.next());
        let Some((new, name)) = stand(&compiled, &places, &mut where_it_stands, &id, class) else { continue };
        match devices::register(&ctx, None, new).await {
            Ok(_) | Err(devices::DeviceError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let member = Fleet::load(&runtime.store, &compiled)?.find(&id).context("a camera that was registered")?;
        let port = first_port + number;
        set_stream(&ctx, None, &member, Some(&format!("rtmp://127.0.0.1:{port}/live/{id}"))).await?;
        cameras.push(Camera { name, port });
    }
    Ok(cameras)
}

/// A camera at some place of the city.
fn stand(
    compiled: &Compiled,
    places: &Places,
    chance: &mut Chance,
    id: &DeviceId,
    class: &DeviceClassId,
) -> Option<(NewDevice, String)> {
    let (point, near) = places.pick(compiled, chance)?;
    let kind = compiled.city.devices.get(class)?.title.in_locale("zh-CN").to_owned();
    let title = near.as_ref().map_or(kind.clone(), |near| format!("{kind} · {near}"));
    let (id, class) = (id.clone(), class.clone());
    let new = NewDevice { id, class, title, parent: None, point, height_m: Some(6.0), office: None, through: None };
    Some((new, near.unwrap_or(kind)))
}

/// Gives pictures to one reader after another, for ever.
async fn give(camera: Camera, folder: PathBuf, program: PathBuf) {
    let file = format!("{}.txt", camera.port);
    if std::fs::write(folder.join(&file), &camera.name).is_err() {
        return;
    }
    let font = chinese_font().await;
    loop {
        let mut command = Command::new(&program);
        command.args(arguments(&file, &font, camera.port)).current_dir(&folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // It ends when its reader leaves.
        let _ = command.status().await;
        tokio::time::sleep(AGAIN).await;
    }
}

/// A font that has the place's name, as the drawing program wants it told; any where there is none.
async fn chinese_font() -> String {
    let found = Command::new("fc-match").args(["-f", "%{file}", ":lang=zh-cn"]).kill_on_drop(true).output().await;
    let file = found.ok().and_then(|found| String::from_utf8(found.stdout).ok()).unwrap_or_default();
    let is_plain =
        file.starts_with('/') && file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if is_plain { format!("fontfile={file}") } else { "font=sans".to_owned() }
}

/// A moving test picture with the place's name and the time in it, without haste: twelve pictures a second.
fn arguments(name_file: &str, font: &str, port: u16) -> Vec<String> {
    let band = "hue=s=0.35,drawbox=y=ih-44:w=iw:h=44:color=black@0.55:t=fill";
    let written = "y=h-33:fontsize=22:fontcolor=white";
    let name = format!("drawtext={font}:textfile={name_file}:x=14:{written}");
    let clock = format!("drawtext=font=sans:text='%{{localtime\\:%Y-%m-%d %T}}':x=w-tw-14:{written}");
    let drawn = "-hide_banner -loglevel quiet -nostdin -re -f lavfi -i testsrc2=size=640x360:rate=12 -vf";
    let coded = "-c:v libx264 -preset ultrafast -tune zerolatency -g 12 -pix_fmt yuv420p -f flv -listen 1";
    let mut all: Vec<String> = drawn.split(' ').map(str::to_owned).collect();
    all.push(format!("{band},{name},{clock}"));
    all.extend(coded.split(' ').map(str::to_owned));
    all.push(format!("rtmp://127.0.0.1:{port}/live/camera"));
    all
}
