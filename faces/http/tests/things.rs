//! SensorThings: a deep insert of a Thing registers a device, whole or not at all.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::sensing::{MemoryLake, with_devices};
use common::{Answer, Browser, TestApp, request};
use model::{Instant, RegionId};
use serde_json::{Value, json};

const HERE: [f64; 2] = [112.8961, 32.5087];

fn city() -> TestApp {
    let lake = Arc::new(MemoryLake::default());
    TestApp::with(|parts, clock| {
        with_devices(parts, clock, &lake);
        parts.settings.registrars.insert("builder".parse().unwrap());
    })
}

/// A program whose name is in the configuration where it is `builder`, with its key.
fn program(test: &TestApp, name: &str, region: &str) -> String {
    let (name, region): (_, RegionId) = (name.parse().unwrap(), region.parse().unwrap());
    let write = move |tx: &mut store::Tx| {
        tx.record_client_region(&name, &region, Instant::from_micros(0))?;
        identity::record_client(tx, &name, "Another city's platform", Instant::from_micros(0))
    };
    test.store.write_blocking(write).unwrap().reveal().to_owned()
}

async fn post(test: &TestApp, key: Option<&str>, browser: Option<&Browser>, path: &str, body: &Value) -> Answer {
    let mut asked =
        request(Method::POST, browser, &format!("/sta/v1.1{path}")).header("content-type", "application/json");
    if let Some(key) = key {
        asked = asked.header("authorization", format!("Bearer {key}"));
    }
    test.send(asked.body(Body::from(body.to_string())).unwrap()).await
}

/// A manhole cover as a platform writes it.
fn cover(id: &str) -> Value {
    json!({
        "@iot.id": id,
        "name": "天玑大街 12 号井",
        "description": "井盖",
        "properties": {"height_m": 0.0},
        "Locations": [{
            "name": "天玑大街", "description": "", "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": HERE},
        }],
        "Datastreams": [
            {
                "name": "tilt", "description": "", "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "unitOfMeasurement": {"name": "deg", "symbol": "°", "definition": "http://www.opengis.net/def/uom/UCUM/deg"},
                "ObservedProperty": {"name": "倾角", "definition": "", "description": ""},
                "Sensor": {"name": "manhole_cover", "description": "", "encodingType": "application/json", "metadata": ""},
            },
            {"ObservedProperty": {"@iot.id": "manhole_cover.water_level"}, "unitOfMeasurement": {"symbol": "cm"}},
        ],
    })
}

#[tokio::test]
async fn a_program_registers_a_device_that_speaks_at_once() {
    let test = city();
    let key = program(&test, "builder", "yaoguang");
    let answer = post(&test, Some(&key), None, "/Things", &cover("cover-77")).await.expect(201);
    assert_eq!(answer.header("location"), "https://yaoguang.example/sta/v1.1/Things('cover-77')");
    assert_eq!(answer.header("cache-control"), "no-store");
    let thing = answer.json();
    assert_eq!(thing["@iot.id"], "cover-77");
    assert_eq!(thing["properties"]["class"], "manhole_cover");
    let basic = STANDARD.encode(format!("cover-77:{}", thing["@dipper.password"].as_str().unwrap()));
    let of_device = |method, path: &str| {
        request(method, None, &format!("/sta/v1.1{path}")).header("authorization", format!("Basic {basic}"))
    };
    let seen = test.send(of_device(Method::GET, "/Things('cover-77')/Datastreams").body(Body::empty()).unwrap()).await;
    let seen = seen.expect(200).json();
    assert_eq!(seen["value"].as_array().unwrap().len(), 3, "the class says what it measures: {seen}");
    let first = seen["value"][0]["@iot.id"].as_u64().unwrap();
    let spoke = of_device(Method::POST, &format!("/Datastreams({first})/Observations"))
        .header("content-type", "application/json")
        .body(Body::from(json!({"result": 4.5}).to_string()))
        .unwrap();
    test.send(spoke).await.expect(201);
    // Who registered it stands in its history.
    let id = "cover-77".parse().unwrap();
    let changes = test.store.read_blocking(move |db| db.list_device_changes(&id, 10)).unwrap();
    assert_eq!(changes[0].reason.as_deref(), Some("SensorThings: builder"));
    post(&test, Some(&key), None, "/Things", &cover("cover-77")).await.expect(409);
}

/// A change to the cover, the answer and words of it.
type Row = (fn(&mut Value), u16, &'static str);

#[tokio::test]
async fn what_would_not_be_kept_is_refused_and_nothing_is_created() {
    let test = city();
    let key = program(&test, "builder", "yaoguang");
    let rows: [Row; 14] = [
        (|thing| *thing = json!([1]), 400, "is an object"),
        (|thing| drop(thing.as_object_mut().unwrap().remove("name")), 400, "has a name"),
        (|thing| drop(thing.as_object_mut().unwrap().remove("@iot.id")), 400, "the name of the device"),
        (|thing| thing["@iot.id"] = json!("a b"), 400, "@iot.id"),
        (|thing| thing["colour"] = json!("red"), 400, "colour: is not kept"),
        (|thing| thing["properties"]["colour"] = json!("red"), 400, "colour: is not kept"),
        (|thing| thing["properties"]["class"] = json!("spaceship"), 400, "no class spaceship"),
        (|thing| thing["properties"]["class"] = json!("street_lamp"), 400, "street_lamp has none like"),
        (|thing| thing["Locations"] = json!([]), 400, "exactly one"),
        (|thing| thing["Locations"][0]["location"]["coordinates"] = json!([0, 0]), 400, "point"),
        (|thing| thing["Locations"][0]["encodingType"] = json!("text/plain"), 400, "application/geo+json"),
        (
            |thing| thing["Datastreams"][1]["unitOfMeasurement"]["symbol"] = json!("mile"),
            400,
            "none like manhole_cover.water_level (mile)",
        ),
        (|thing| thing["Datastreams"][0]["Observations"] = json!([{"result": 1}]), 400, "by the device itself"),
        (|thing| thing["properties"]["office"] = json!("moon"), 400, "no office moon"),
    ];
    for (change, status, words) in rows {
        let mut thing = cover("cover-78");
        change(&mut thing);
        let answer = post(&test, Some(&key), None, "/Things", &thing).await.expect(status);
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    let fleet = &test.app.intake.as_ref().unwrap().fleet;
    assert!(fleet.find(&"cover-78".parse().unwrap()).is_none());
    // Without a class and a Sensor, Datastreams that one class alone has tell it.
    let mut thing = cover("cover-79");
    thing["Datastreams"] = json!([{"ObservedProperty": {"name": "water_level"}, "unitOfMeasurement": {"name": "cm"}}]);
    let made = post(&test, Some(&key), None, "/Things", &thing).await.expect(201).json();
    assert_eq!(made["properties"]["class"], "manhole_cover");
}

#[tokio::test]
async fn who_may_not_register_devices_there_does_not() {
    let test = city();
    let (builder, reader) = (program(&test, "builder", "tianxuan"), program(&test, "reader", "yaoguang"));
    let (admin, walker) = (
        test.staff("ops", &["admin@command_centre@yaoguang"]).await,
        test.staff("walker", &["collector@gulou-collectors@gulou"]).await,
    );
    for (key, browser, status) in [
        (Some(builder.as_str()), None, 403), // Of another district.
        (Some(reader.as_str()), None, 403),  // Reads, and is not in the configuration.
        (None, Some(&walker), 403),
        (None, None, 401),
    ] {
        post(&test, key, browser, "/Things", &cover("cover-80")).await.expect(status);
    }
    post(&test, None, Some(&admin), "/Things", &cover("cover-80")).await.expect(201);
    for path in ["/Datastreams", "/Sensors", "/ObservedProperties", "/Locations", "/Things('cover-80')"] {
        post(&test, None, Some(&admin), path, &json!({})).await.expect(405);
    }
}
