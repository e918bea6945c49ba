//! `dipper demo inspections`: what two people of the demonstration do with a phone and a browser, over the city's own API:
//! baselines are set and marked, a route is walked and ended with a fault, another is under way.

use std::process::ExitCode;
use std::time::{Duration, Instant as Moment};

use anyhow::{Context, bail, ensure};
use model::{Clock, InspectionRunId, Instant};
use serde_json::{Value, json};
use ureq::Agent;

use crate::demo::panel::{GAUGE, SCALE, SWITCH, Shot, Shown, photograph};
use crate::demo::{Chance, DEMO_PASSWORD};
use crate::system::SystemClock;

/// So long it waits for the city to be there.
const PATIENCE: Duration = Duration::from_secs(180);
const AGAIN: Duration = Duration::from_millis(500);

/// An answer that is not whole within this is none: two pictures are compared before it.
const WHOLE: Duration = Duration::from_secs(60);

const BOUNDARY: &str = "dipper-demo-inspections";
const MINUTE_US: i64 = 60_000_000;

const DAILY: &str = "gulou_power_rooms";
const WEEKLY: &str = "tianshu_park_fitness";

/// The panels as they should be.
const ZHONGLOU: Shown = Shown { panel: 0x2A, needle: 8.0, is_up: true, has_stray_plug: false };
const FUQIAN: Shown = Shown { panel: 0x5C, needle: -12.0, is_up: true, has_stray_plug: false };

/// Somebody who is signed in.
struct Visitor {
    agent: Agent,
    base: String,
    cookie: String,
    token: String,
}

/// Waits for the city, and does what is not done yet.
pub fn run(city: &str) -> anyhow::Result<ExitCode> {
    let agent: Agent = Agent::config_builder().timeout_global(Some(WHOLE)).http_status_as_error(false).build().into();
    let base = city.trim_end_matches('/');
    wait_for(&agent, base)?;
    let chief = Visitor::sign_in(&agent, base, "duty-chief")?;
    let done = chief.get("/inspection-runs")?;
    if done["items"].as_array().is_some_and(|items| !items.is_empty()) {
        return Ok(ExitCode::SUCCESS);
    }
    let collector = Visitor::sign_in(&agent, base, "collector")?;
    set_baseline(&chief, "zhonglou_panel", ZHONGLOU)?;
    set_baseline(&chief, "fuqian_panel", FUQIAN)?;
    walk(&collector)?;
    begin_another(&collector)?;
    eprintln!("two inspections: one ended with a fault, one is under way");
    Ok(ExitCode::SUCCESS)
}

fn wait_for(agent: &Agent, base: &str) -> anyhow::Result<()> {
    let until = Moment::now() + PATIENCE;
    let is_there = || agent.get(format!("{base}/healthz")).call().is_ok_and(|answer| answer.status().is_success());
    while !is_there() {
        ensure!(Moment::now() < until, "no inspections: {base} did not answer within {} s", PATIENCE.as_secs());
        std::thread::sleep(AGAIN);
    }
    Ok(())
}

/// Sets the baseline of a panel: as it should be, with its gauge and its switch in both positions.
fn set_baseline(chief: &Visitor, check: &str, shown: Shown) -> anyhow::Result<()> {
    let normal = chief.upload(&photograph(shown, Shot::FRONT)?)?;
    let off = Shown { is_up: false, ..shown };
    let off = chief.upload(&photograph(off, Shot { turn: 1.5, scale: 0.98, ..Shot::FRONT })?)?;
    let ((x, y, radius), (left, top, width, height)) = (GAUGE, SWITCH);
    let dial = json!({
        "title": "母线电压", "unit": "kV", "x": x, "y": y, "radius": radius, "zero_angle": SCALE.0, "full_angle": SCALE.1,
        "min": 0, "max": 20, "low": 9, "high": 11.5,
    });
    let positions = json!([{"name": "合", "picture": normal}, {"name": "分", "picture": off}]);
    let area = json!({"x": left, "y": top, "width": width, "height": height});
    let switch = json!({"title": "进线总闸", "area": area, "expected": "合", "positions": positions});
    let marks = json!({"dials": [dial], "switches": [switch], "ignored": []});
    let body = json!({"check": check, "picture": normal, "marks": marks});
    chief.send("POST", &format!("/inspections/{DAILY}/baselines"), &body).map(drop)
}

/// The power rooms: all is well but the panel of the first, where the main switch is off and a plug was left.
fn walk(collector: &Visitor) -> anyhow::Result<()> {
    let run = collector.begin(DAILY, 42)?;
    let wrong = Shown { needle: 62.0, is_up: false, has_stray_plug: true, ..ZHONGLOU };
    let wrong =
        collector.upload(&photograph(wrong, Shot { turn: 2.0, scale: 0.97, shift: (9.0, -6.0), light: 0.93 })?)?;
    let right = Shown { needle: -9.0, ..FUQIAN };
    let right =
        collector.upload(&photograph(right, Shot { turn: -1.2, scale: 0.98, shift: (-5.0, 4.0), light: 1.04 })?)?;
    let first = (112.892_52, 32.517_62);
    let second = (112.893_43, 32.507_49);
    let note = "总闸在分位，母线电压偏高，下排遗留一只插头";
    for (check, minutes, point, said) in [
        ("zhonglou_door", 41, first, json!({"value": true})),
        ("zhonglou_smell", 40, first, json!({"value": false})),
        ("zhonglou_oil", 38, first, json!({"value": 61.5})),
        ("zhonglou_panel", 35, first, json!({"value": false, "picture": wrong, "note": note})),
        ("fuqian_door", 19, second, json!({"value": true})),
        ("fuqian_extinguisher", 18, second, json!({"value": "green"})),
        ("fuqian_panel", 16, second, json!({"value": true, "picture": right})),
    ] {
        collector.answer(run, check, minutes, point, said)?;
    }
    collector.send("POST", &format!("/inspection-runs/{run}/end"), &Value::Null).map(drop)
}

/// The fitness square: the first of three checks is answered.
fn begin_another(collector: &Visitor) -> anyhow::Result<()> {
    let run = collector.begin(WEEKLY, 7)?;
    collector.answer(run, "hanlin_anchors", 5, (112.854_97, 32.518_59), json!({"value": true}))
}

impl Visitor {
    fn sign_in(agent: &Agent, base: &str, login: &str) -> anyhow::Result<Self> {
        let body = serde_json::to_vec(&json!({"login": login, "password": DEMO_PASSWORD}))?;
        let request = agent.post(format!("{base}/api/v1/session")).header("content-type", "application/json");
        let mut answer = request.send(body)?;
        ensure!(
            answer.status().is_success(),
            "{login} cannot sign in at {base}: seed the city with `dipper demo seed`"
        );
        let set = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let cookie = set.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with("dipper_session="));
        let cookie = cookie.context("the city opened no session")?.to_owned();
        let session: Value = serde_json::from_slice(&answer.body_mut().read_to_vec()?)?;
        let token = session["csrf_token"].as_str().unwrap_or_default().to_owned();
        Ok(Self { agent: agent.clone(), base: base.to_owned(), cookie, token })
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.agent.get(format!("{}/api/v1{path}", self.base)).header("cookie", &self.cookie);
        read("GET", path, request.call()?)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        self.send_bytes(method, path, "application/json", bytes)
    }

    fn send_bytes(&self, method: &str, path: &str, kind: &str, bytes: Vec<u8>) -> anyhow::Result<Value> {
        let url = format!("{}/api/v1{path}", self.base);
        let request = if method == "PUT" { self.agent.put(url) } else { self.agent.post(url) };
        let request = request.header("cookie", &self.cookie).header("x-csrf-token", &self.token);
        read(method, path, request.header("content-type", kind).send(bytes)?)
    }

    /// Uploads a photograph; its id.
    fn upload(&self, picture: &[u8]) -> anyhow::Result<String> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"panel.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        let bytes = [head.as_bytes(), picture, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let taken = self.send_bytes("POST", "/evidence", &kind, bytes)?;
        taken["id"].as_str().map(str::to_owned).context("the city gave the picture no id")
    }

    /// Begins an inspection some minutes ago.
    fn begin(&self, inspection: &str, minutes: i64) -> anyhow::Result<InspectionRunId> {
        let at = ago(minutes);
        let run = InspectionRunId::new(at, u128::from(Chance::new(at.as_micros().unsigned_abs()).next()));
        self.send(
            "PUT",
            &format!("/inspection-runs/{run}"),
            &json!({"inspection": inspection, "started_at": at.to_string()}),
        )?;
        Ok(run)
    }

    fn answer(
        &self,
        run: InspectionRunId,
        check: &str,
        minutes: i64,
        at: (f64, f64),
        mut said: Value,
    ) -> anyhow::Result<()> {
        said["at"] = ago(minutes).to_string().into();
        said["lon"] = at.0.into();
        said["lat"] = at.1.into();
        said["accuracy_m"] = 6.into();
        self.send("PUT", &format!("/inspection-runs/{run}/answers/{check}"), &said).map(drop)
    }
}

fn ago(minutes: i64) -> Instant {
    SystemClock.now().plus_micros(-minutes * MINUTE_US)
}

fn read(method: &str, path: &str, mut answer: ureq::http::Response<ureq::Body>) -> anyhow::Result<Value> {
    let bytes = answer.body_mut().read_to_vec()?;
    if !answer.status().is_success() {
        bail!("{method} {path}: {} {}", answer.status(), String::from_utf8_lossy(&bytes));
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}
