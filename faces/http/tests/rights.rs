//! Who may do what with devices: every operation as a row, every kind of caller as a column.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::sensing::{MemoryLake, register, with_devices};
use common::{Answer, Browser, TestApp, picture, request, upload};
use model::{EventId, Instant, PartyId, Reading, RegionId, SeriesNo};
use pack::AlarmRule;
use sense::device_alarms::{AlarmDesk, Deed, DeedDone, Rehearsal, RehearsalDone};
use sense::telemetry::Lake;
use serde_json::{Value, json};
use store::{AlarmGroupRow, AlarmNoticeRow, DeviceAlarmRow, SilenceRow, Tx};

/// Where the valve stands, and the lamp: in different districts.
const VALVE_AT: (f64, f64) = (112.8961, 32.5087);
const LAMP_AT: (f64, f64) = (112.93, 32.47);

/// An alarm desk that does whatever it is told: who may tell it is the question here.
struct Willing;

impl AlarmDesk for Willing {
    fn act(&self, _: &DeviceAlarmRow, _: Deed, _: PartyId) -> DeedDone<'_> {
        Box::pin(async { Ok(()) })
    }

    fn acknowledge(&self, _: &[DeviceAlarmRow], _: PartyId) -> DeedDone<'_> {
        Box::pin(async { Ok(()) })
    }

    fn silence(&self, _: SilenceRow) -> DeedDone<'_> {
        Box::pin(async { Ok(()) })
    }

    fn end_silence(&self, _: SilenceRow) -> DeedDone<'_> {
        Box::pin(async { Ok(()) })
    }

    fn rehearse(&self, _: AlarmRule, _: Vec<RegionId>, _: Instant, _: Instant) -> RehearsalDone<'_> {
        Box::pin(async { Ok(Rehearsal::default()) })
    }
}

/// A city with a gas valve (series 1 and 2), an alarm, a command and silences about it; and a lamp in another district.
struct City {
    test: TestApp,
    valve: String,
    lamp: String,
    /// The region of the valve, and the district of the lamp.
    here: RegionId,
    there: RegionId,
    alarm: EventId,
    silence: EventId,
    command: String,
    picture: String,
    receipt: String,
}

impl City {
    async fn new() -> Self {
        let lake = Arc::new(MemoryLake::default());
        let test = TestApp::with(|parts, clock| {
            with_devices(parts, clock, &lake);
            parts.alarm_desk = Some(Arc::new(Willing));
            parts.settings.controllers.extend(["gas", "lights"].map(|id| id.parse().unwrap()));
        });
        let valve = register(&test, "valve-1", "gas_detector", VALVE_AT).await;
        let lamp = register(&test, "lamp-1", "street_lamp", LAMP_AT).await;
        let fleet = &test.app.intake.as_ref().unwrap().fleet;
        let [at_valve, at_lamp] = ["valve-1", "lamp-1"].map(|id| fleet.find(&id.parse().unwrap()).unwrap());
        let chain = test.compiled.city.region_chain(&at_lamp.row.region);
        let (here, there) = (at_valve.row.region.clone(), chain[chain.len() - 2].clone());
        assert!(!test.compiled.city.is_within(&here, &there), "they stand in different districts");
        let (noon, cell) = ("2026-09-29T12:00:00Z".parse().unwrap(), at_valve.row.cell);
        let reading = Reading { series: SeriesNo(1), cell, at: noon, received_at: noon, value: 12.5 };
        lake.append(vec![reading], Box::new(|_| {}));
        let [alarm, silence] = happened(&test, &here);
        let mut city = Self {
            test,
            valve,
            lamp,
            here,
            there,
            alarm,
            silence,
            command: String::new(),
            picture: String::new(),
            receipt: String::new(),
        };
        city.act().await;
        city
    }

    /// A command that was taken back, its receipt, and a picture of the device where it was put up.
    async fn act(&mut self) {
        let test = &self.test;
        let chief = test.staff("first", &["duty_chief@supervision_centre@yaoguang"]).await;
        let asked = json!({"command": "close_valve", "reason": "a leak"});
        let path = "/api/v1/devices/valve-1/commands";
        let command = test.post(Some(&chief), path, asked).await.expect(201).json();
        self.command = command["id"].as_str().unwrap().to_owned();
        let deeds = format!("/api/v1/device-commands/{}/deeds", self.command);
        test.post(Some(&chief), &deeds, json!({"deed": "withdraw"})).await.expect(200);
        let handler = test.staff("fitter", &["department_handler@gas_company@yaoguang"]).await;
        let id = upload(test, Some(&handler), &picture()).await.expect(201).json()["id"].as_str().unwrap().to_owned();
        let at = json!({"class": "gas_detector", "lon": VALVE_AT.0, "lat": VALVE_AT.1, "picture": id});
        test.post(Some(&handler), "/api/v1/devices/valve-1/installations", at).await.expect(200);
        self.picture = format!("/api/v1/evidence/{id}");
        let records = test.get(Some(&chief), "/api/v1/devices/valve-1/records").await.expect(200).json();
        self.receipt = format!("/api/v1/receipts/{}", records["items"][0]["id"].as_str().unwrap());
        test.seal().await;
    }

    /// Nobody, a resident, staff of each role here, and somebody with every role in the other district.
    async fn callers(&self) -> Vec<(&'static str, Option<Browser>)> {
        let mut callers = vec![("nobody", None), ("resident", Some(self.test.resident("wang").await))];
        for role in ["service_clerk", "auditor", "dispatcher", "department_handler", "duty_chief", "admin"] {
            let post = format!("{role}@supervision_centre@{}", self.here);
            callers.push((role, Some(self.test.staff(role, &[&post]).await)));
        }
        let roles = ["dispatcher", "department_handler", "duty_chief", "admin", "auditor"];
        let posts = roles.map(|role| format!("{role}@supervision_centre@{}", self.there));
        let posts: Vec<&str> = posts.iter().map(String::as_str).collect();
        callers.push(("elsewhere", Some(self.test.staff("elsewhere", &posts).await)));
        callers
    }

    async fn ask(&self, method: &Method, browser: Option<&Browser>, path: &str, body: &Value) -> Answer {
        match *method {
            Method::GET => self.test.get(browser, path).await,
            _ => {
                let request = request(method.clone(), browser, path).header(header::CONTENT_TYPE, "application/json");
                self.test.send(request.body(Body::from(body.to_string())).unwrap()).await
            }
        }
    }
}

/// An open alarm of the valve, and a silence about it that is over.
fn happened(test: &TestApp, here: &RegionId) -> [EventId; 2] {
    let city = &test.compiled.city;
    let (region_path, noon) = (city.region_path(here), "2026-09-29T12:00:00Z".parse::<Instant>().unwrap());
    let party = test.account(identity::PartyKind::Staff, "before", &[]);
    let write = move |tx: &mut Tx| {
        let (alarm, silence) = (tx.new_event_id(noon), tx.new_event_id(noon));
        tx.record_device_alarm(&DeviceAlarmRow {
            id: alarm,
            rule: "gas_leak".parse().unwrap(),
            device: "valve-1".parse().unwrap(),
            part: "methane".to_owned(),
            class: "gas_detector".parse().unwrap(),
            region_path,
            severity: "critical".to_owned(),
            property: Some("methane".to_owned()),
            value: Some(9_000.0),
            since: noon,
            raised_at: noon,
            cleared_at: None,
            cleared_by: None,
            acknowledged_at: None,
            acknowledged_by: None,
            quiet: None,
            case_id: None,
        })?;
        tx.record_silence(&SilenceRow {
            id: silence,
            rules: Vec::new(),
            classes: Vec::new(),
            regions: Vec::new(),
            devices: vec!["valve-1".parse().unwrap()],
            from: noon,
            until: noon.plus_micros(1_000_000),
            reason: "works at the main".to_owned(),
            begun_by: party,
            begun_at: noon,
            ended_by: None,
            ended_at: None,
        })?;
        // Everybody was told of it; the group has the id of its first notice.
        let notice = AlarmNoticeRow {
            id: alarm,
            group: alarm,
            position: -1,
            kind: "first".to_owned(),
            step: None,
            role: "duty_chief".parse().unwrap(),
            office: None,
            open: 1,
            closed: 0,
            severity: "critical".to_owned(),
            at: noon,
        };
        let labels = vec![("rule".to_owned(), "gas_leak".to_owned()), ("device".to_owned(), "valve-1".to_owned())];
        let route = "safety".parse().unwrap();
        tx.record_alarm_notice(
            &AlarmGroupRow { id: alarm, route, labels, last_notice: alarm, last_at: noon },
            &notice,
        )?;
        tx.join_alarm_group(alarm, alarm)?;
        Ok::<_, store::StoreError>([alarm, silence])
    };
    test.store.write_blocking(write).unwrap()
}

/// A method and path, what is sent, and what each caller is answered.
type Row = (Method, String, Value, [u16; 9]);

/// What is allowed and still refused (400, 409, 422) is asked for in a way that changes nothing, so that everybody may try it.
fn table(city: &City) -> Vec<Row> {
    let (get, post, nothing) = (|| Method::GET, || Method::POST, || Value::Null);
    let at = |(lon, lat): (f64, f64)| json!({"class": "gas_detector", "lon": lon, "lat": lat});
    let new = |id: &str, (lon, lat): (f64, f64)| json!({"id": id, "class": "gas_detector", "lon": lon, "lat": lat});
    let silence = |what: Value| {
        let mut body = json!({"until": "2026-09-30T13:00:00Z", "reason": "works"});
        body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        body
    };
    let rule = "title: {zh-CN: 漏气, en: Leak}\nwhen: methane > 100\n";
    let rehearsal = json!({"text": rule, "from": "2026-09-29T00:00:00Z", "to": "nonsense"});
    let City { alarm, silence: over, command, .. } = city;
    let here = city.here.as_str();
    // nobody, resident, clerk, auditor, dispatcher, handler, duty chief, admin, elsewhere
    let readers = [401, 403, 403, 200, 200, 200, 200, 200, 200];
    let own = [401, 403, 403, 200, 200, 200, 200, 200, 404];
    let hidden = [404, 404, 404, 200, 200, 200, 200, 200, 404];
    vec![
        // What is seen of any device; what a list holds is the next test's.
        (get(), "/device-classes".to_owned(), nothing(), readers),
        (get(), "/devices".to_owned(), nothing(), readers),
        (get(), "/device-tiles".to_owned(), nothing(), readers),
        (get(), "/device-trends?devices=valve-1".to_owned(), nothing(), readers),
        (get(), "/device-labels".to_owned(), nothing(), readers),
        (get(), format!("/nearby-devices?lon={}&lat={}", VALVE_AT.0, VALVE_AT.1), nothing(), readers),
        (get(), "/alarms".to_owned(), nothing(), readers),
        (get(), "/alarm-notices".to_owned(), nothing(), readers),
        (get(), format!("/alarm-notices/{alarm}"), nothing(), own),
        (get(), "/alarm-rules".to_owned(), nothing(), readers),
        (get(), "/alarm-silences".to_owned(), nothing(), readers),
        (get(), "/device-commands".to_owned(), nothing(), readers),
        (get(), "/scenes".to_owned(), nothing(), readers),
        // What is seen of one.
        (get(), "/devices/valve-1".to_owned(), nothing(), own),
        (get(), "/devices/valve-1/series/methane".to_owned(), nothing(), own),
        (get(), "/devices/valve-1/installations".to_owned(), nothing(), own),
        (get(), "/devices/valve-1/records".to_owned(), nothing(), own),
        (get(), city.receipt.replace("/api/v1", ""), nothing(), hidden),
        (get(), format!("{}/explain", city.receipt.replace("/api/v1", "")), nothing(), hidden),
        (get(), city.picture.replace("/api/v1", ""), nothing(), hidden),
        // The register: who manages devices there.
        (post(), "/devices".to_owned(), new("valve-1", VALVE_AT), [401, 403, 403, 403, 403, 403, 403, 409, 403]),
        (post(), "/devices".to_owned(), new("valve-1", LAMP_AT), [401, 403, 403, 403, 403, 403, 403, 403, 409]),
        (
            post(),
            "/devices/valve-1/changes".to_owned(),
            json!({"change": "release"}),
            [401, 403, 403, 403, 403, 403, 403, 409, 404],
        ),
        (post(), "/devices/valve-1/secret".to_owned(), nothing(), [401, 403, 403, 403, 403, 403, 403, 201, 404]),
        (
            post(),
            "/device-labels".to_owned(),
            json!({"devices": ["valve-1"], "add": ["north"]}),
            [401, 403, 403, 403, 403, 403, 403, 200, 404],
        ),
        (
            post(),
            "/device-labels".to_owned(),
            json!({"devices": ["valve-1", "lamp-1"], "add": ["north"]}),
            [401, 403, 403, 403, 403, 403, 403, 404, 404],
        ),
        // Putting up: whoever does that there, and not to where they do not.
        (
            post(),
            "/devices/valve-1/installations".to_owned(),
            at(VALVE_AT),
            [401, 403, 403, 403, 403, 200, 403, 200, 404],
        ),
        (
            post(),
            "/devices/valve-1/installations".to_owned(),
            at(LAMP_AT),
            [401, 403, 403, 403, 403, 403, 403, 403, 404],
        ),
        // A device sends its own readings; no session does.
        (post(), "/devices/valve-1/readings".to_owned(), json!({"methane": 1}), [401; 9]),
        // Control.
        (
            post(),
            "/devices/valve-1/commands".to_owned(),
            json!({"command": "close_valve", "reason": " "}),
            [401, 403, 403, 403, 422, 403, 422, 403, 404],
        ),
        (
            post(),
            format!("/device-commands/{command}/deeds"),
            json!({"deed": "withdraw"}),
            [401, 403, 404, 403, 409, 403, 409, 403, 404],
        ),
        (
            post(),
            format!("/device-commands/{command}/deeds"),
            json!({"deed": "confirm"}),
            [401, 403, 404, 403, 409, 403, 409, 403, 404],
        ),
        // A scene of one street, and one of the whole city, that nobody with a part of it may run.
        (
            post(),
            "/scenes/festival/runs".to_owned(),
            json!({"reason": " "}),
            [401, 403, 403, 403, 403, 403, 403, 403, 403],
        ),
        (
            post(),
            "/scenes/lights_on/runs".to_owned(),
            json!({"reason": " "}),
            [401, 403, 403, 403, 403, 403, 403, 403, 403],
        ),
        // Alarms.
        (
            post(),
            format!("/alarms/{alarm}/deeds"),
            json!({"deed": "shelve"}),
            [401, 403, 404, 403, 403, 403, 400, 400, 404],
        ),
        (
            post(),
            format!("/alarms/{alarm}/deeds"),
            json!({"deed": "acknowledge"}),
            [401, 403, 404, 403, 403, 403, 200, 200, 404],
        ),
        (
            post(),
            format!("/alarms/{alarm}/deeds"),
            json!({"deed": "clear"}),
            [401, 403, 404, 403, 403, 403, 200, 200, 404],
        ),
        // Whoever sees a notice may have looked at it; who takes note of it handles the alarm.
        (post(), format!("/alarm-notices/{alarm}/deeds"), json!({"deed": "read"}), own),
        (
            post(),
            format!("/alarm-notices/{alarm}/deeds"),
            json!({"deed": "acknowledge"}),
            [401, 403, 403, 403, 403, 403, 200, 200, 404],
        ),
        (post(), "/alarm-rules/rehearsals".to_owned(), rehearsal, [401, 403, 403, 403, 403, 403, 400, 400, 400]),
        (
            post(),
            "/alarm-silences".to_owned(),
            silence(json!({"devices": ["valve-1"]})),
            [401, 403, 403, 403, 403, 403, 201, 201, 403],
        ),
        (
            post(),
            "/alarm-silences".to_owned(),
            silence(json!({"regions": [here]})),
            [401, 403, 403, 403, 403, 403, 201, 201, 403],
        ),
        (
            post(),
            "/alarm-silences".to_owned(),
            silence(json!({"classes": ["gas_detector"]})),
            [401, 403, 403, 403, 403, 403, 403, 403, 403],
        ),
        (
            post(),
            "/alarm-silences".to_owned(),
            silence(json!({"rules": ["gas_leak"]})),
            [401, 403, 403, 403, 403, 403, 403, 403, 403],
        ),
        (
            post(),
            "/alarm-silences".to_owned(),
            silence(json!({"devices": ["valve-1", "lamp-1"]})),
            [401, 403, 403, 403, 403, 403, 403, 403, 403],
        ),
        (post(), format!("/alarm-silences/{over}/end"), nothing(), [401, 403, 403, 403, 403, 403, 409, 409, 404]),
    ]
}

#[tokio::test]
async fn every_operation_on_devices_answers_each_caller_as_the_table_says() {
    let city = City::new().await;
    let callers = city.callers().await;
    let mut wrong = Vec::new();
    for (method, path, body, expect) in table(&city) {
        for ((who, browser), expect) in callers.iter().zip(expect) {
            let answer = city.ask(&method, browser.as_ref(), &format!("/api/v1{path}"), &body).await;
            if answer.status.as_u16() != expect {
                let got = answer.status.as_u16();
                wrong.push(format!("{method} {path} {body}: {who} got {got}, not {expect}: {}", answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_of_a_device_is_told_in_another_district() {
    let city = City::new().await;
    let callers = city.callers().await;
    let seen = |who: &str| callers.iter().find(|(name, _)| *name == who).unwrap().1.as_ref();
    let (mut told, mut leaks) = (BTreeSet::new(), Vec::new());
    for (method, path, body, _) in table(&city) {
        // What the question itself names may come back in a refusal.
        let is_list = method == Method::GET && !path.contains("valve-1");
        if !is_list && path != "/device-trends?devices=valve-1" {
            continue;
        }
        let path = format!("/api/v1{path}");
        if city.ask(&method, seen("duty_chief"), &path, &body).await.text().contains("valve-1") {
            told.insert(path.split('?').next().unwrap().to_owned());
        }
        let answer = city.ask(&method, seen("elsewhere"), &path, &body).await;
        if answer.text().contains("valve-1") {
            leaks.push(format!("{path}: {}", answer.text()));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    // The rows that name it to whoever may see it: the question above can be answered either way.
    for path in [
        "devices",
        "device-tiles",
        "device-trends",
        "nearby-devices",
        "alarms",
        "alarm-notices",
        "alarm-silences",
        "device-commands",
    ] {
        assert!(told.contains(&format!("/api/v1/{path}")), "{path} names no device: {told:?}");
    }
}

#[tokio::test]
async fn no_operation_on_devices_is_missing_from_the_table() {
    let city = City::new().await;
    let rows = table(&city);
    let document = serde_json::to_value(dipper_http::openapi()).unwrap();
    let (mut missing, mut count) = (Vec::new(), 0);
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let of_devices = ["device", "alarm", "scene"].iter().any(|word| template.contains(word));
            let is_tagged = operation["tags"].as_array().unwrap().contains(&json!("devices"));
            assert_eq!(of_devices, is_tagged, "{method} {template}: the tag devices is for what is about them");
            if !is_tagged {
                continue;
            }
            count += 1;
            let is_there = rows.iter().any(|(verb, path, ..)| {
                verb.as_str().eq_ignore_ascii_case(method) && fits(template, &format!("/api/v1{path}"))
            });
            if !is_there {
                missing.push(format!("{method} {template}"));
            }
        }
    }
    assert!(missing.is_empty(), "say who may: {missing:?}");
    assert_eq!(count, 31, "operations on devices");
}

/// Whether a path is one of a template's.
fn fits(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(left, right)| left.starts_with('{') || left == right)
}

/// Over SensorThings: nobody, a program of the valve's region, one of the lamp's, the valve, the lamp, and staff.
#[tokio::test]
async fn sensorthings_answers_each_caller_as_the_table_says() {
    let city = City::new().await;
    let [gas, lights] = [("gas", city.here.clone()), ("lights", city.there.clone())].map(|(id, region)| {
        let write = move |tx: &mut Tx| {
            let (client, now) = (id.parse().unwrap(), Instant::from_micros(0));
            tx.record_client_region(&client, &region, now)?;
            identity::record_client(tx, &client, "A program", now)
        };
        (id, city.test.store.write_blocking(write).unwrap().reveal().to_owned())
    });
    let basic = |name: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
    let programs = [gas, lights].map(|(name, key)| Some(basic(name, &key)));
    let devices = [("valve-1", &city.valve), ("lamp-1", &city.lamp)].map(|(name, key)| Some(basic(name, key)));
    let callers: Vec<Option<String>> = [None].into_iter().chain(programs).chain(devices).collect();
    let sent = json!({"result": 1});
    let many = json!([{"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": [[1]]}]);
    let task = json!({"taskingParameters": {"speed": 1}, "properties": {"reason": "a leak"}});
    let place = json!({"type": "Point", "coordinates": [112.8961, 32.5087]});
    let thing = json!({
        "@iot.id": "cover-9", "name": "x", "properties": {"class": "manhole_cover"},
        "Locations": [{"encodingType": "application/geo+json", "location": place}],
    });
    let rows = [
        // nobody, the program here, the program there, the valve, the lamp
        (Method::GET, "", Value::Null, [200, 200, 200, 200, 200]),
        (Method::GET, "/Things", Value::Null, [401, 200, 200, 200, 200]),
        (Method::GET, "/Things('valve-1')", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/Things('valve-1')/Locations", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/Things('valve-1')/HistoricalLocations", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/Datastreams(1)", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/Datastreams(1)/Observations", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/FeaturesOfInterest('valve-1')", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/TaskingCapabilities('valve-1.close_valve')", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/TaskingCapabilities('valve-1.close_valve')/Tasks", Value::Null, [401, 200, 404, 200, 404]),
        (Method::GET, "/Tasks", Value::Null, [401, 200, 200, 200, 200]),
        (Method::POST, "/Datastreams(1)/Observations", sent.clone(), [401, 403, 404, 201, 404]),
        (Method::POST, "/CreateObservations", many, [401, 403, 403, 201, 201]),
        // A program may, with a value that the command does not take; a device may not tell itself.
        (Method::POST, "/TaskingCapabilities('valve-1.close_valve')/Tasks", task, [401, 400, 404, 403, 404]),
        (Method::POST, "/Things", thing, [401, 403, 403, 403, 403]),
        (Method::DELETE, "/Things('valve-1')", Value::Null, [405; 5]),
        (Method::PATCH, "/Datastreams(1)", json!({}), [405; 5]),
    ];
    let mut wrong = Vec::new();
    for (method, path, body, expect) in rows {
        for (who, (caller, expect)) in callers.iter().zip(expect).enumerate() {
            let mut request = Request::builder()
                .method(&method)
                .uri(format!("/sta/v1.1{path}"))
                .header(header::CONTENT_TYPE, "application/json");
            if let Some(caller) = caller {
                request = request.header(header::AUTHORIZATION, caller);
            }
            let answer = city.test.send(request.body(Body::from(body.to_string())).unwrap()).await;
            if answer.status.as_u16() != expect {
                let got = answer.status.as_u16();
                wrong.push(format!("{method} {path}: caller {who} got {got}, not {expect}: {}", answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Readings by HTTP: a device with its own name and password, for itself alone.
#[tokio::test]
async fn readings_are_taken_from_the_device_itself_alone() {
    let city = City::new().await;
    let rows = [
        (Some(("valve-1", &city.valve)), 200),
        (Some(("lamp-1", &city.lamp)), 403),
        (Some(("valve-1", &city.lamp)), 401),
        (Some(("nobody", &city.valve)), 401),
        (None, 401),
    ];
    for (who, expect) in rows {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/devices/valve-1/readings")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some((name, password)) = who {
            let word = STANDARD.encode(format!("{name}:{password}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {word}"));
        }
        city.test.send(request.body(Body::from("{\"methane\": 1}")).unwrap()).await.expect(expect);
    }
}
