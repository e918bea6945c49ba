//! OGC SensorThings 1.1 as programs ask it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::sensing::{MemoryLake, register, with_devices};
use common::{Answer, Browser, TestApp};
use model::{Instant, Reading, SeriesNo};
use sense::telemetry::{Lake, Member};
use serde_json::{Value, json};

/// Where the cover stands, and the lamp: in different districts.
const COVER_AT: (f64, f64) = (112.8961, 32.5087);
const LAMP_AT: (f64, f64) = (112.93, 32.47);

const ROOT: &str = "https://yaoguang.example/sta/v1.1";

/// A city with a manhole cover (Datastreams 1 tilt, 2 water level, 3 battery) and a lamp (4 power, 5 voltage, 6 lit).
struct City {
    test: TestApp,
    lake: Arc<MemoryLake>,
    cover: String,
    lamp: String,
}

impl City {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut dipper_http::Parts)) -> Self {
        let lake = Arc::new(MemoryLake::default());
        let kept = Arc::clone(&lake);
        let test = TestApp::with(|parts, clock| {
            with_devices(parts, clock, &kept);
            change(parts);
        });
        let cover = register(&test, "cover-1", "manhole_cover", COVER_AT).await;
        let lamp = register(&test, "lamp-1", "street_lamp", LAMP_AT).await;
        let city = Self { test, lake, cover, lamp };
        // Five tilts a minute apart, from 12:00; a battery; a lamp that is lit.
        for minute in 0..5 {
            city.keep(1, minute, 10.0 * minute as f64);
        }
        city.keep(3, 0, 88.0);
        city.keep(4, 2, 31.5);
        city.keep(6, 3, 1.0);
        city
    }

    fn keep(&self, series: u32, minute: i64, value: f64) {
        let member = self.test.app.intake.as_ref().unwrap().fleet.of_series(SeriesNo(series)).unwrap().member;
        let noon: Instant = "2026-09-29T12:00:00Z".parse().unwrap();
        let at = noon.plus_micros(minute * 60_000_000);
        let received_at = at.plus_micros(1_000_000);
        let reading = Reading { series: SeriesNo(series), cell: member.row.cell, at, received_at, value };
        self.lake.append(vec![reading], Box::new(|_| {}));
    }

    fn member(&self, id: &str) -> Arc<Member> {
        self.test.app.intake.as_ref().unwrap().fleet.find(&id.parse().unwrap()).unwrap()
    }

    async fn admin(&self) -> Browser {
        self.test.staff("admin", &["admin@supervision_centre@yaoguang"]).await
    }

    async fn get(&self, browser: &Browser, path: &str) -> Answer {
        self.test.get(Some(browser), &address(path)).await
    }

    async fn device(&self, method: Method, (name, password): (&str, &str), path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(address(path))
            .header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.test.send(request.body(body).unwrap()).await
    }
}

/// A path with the signs that no client sends as they are encoded.
fn address(path: &str) -> String {
    let encoded = path.replace(' ', "%20").replace('<', "%3C").replace('"', "%22");
    format!("/sta/v1.1{encoded}")
}

fn ids(answer: &Value) -> Vec<Value> {
    answer["value"].as_array().unwrap().iter().map(|entity| entity["@iot.id"].clone()).collect()
}

#[tokio::test]
async fn the_root_lists_the_sets_and_what_works() {
    let city = City::new().await;
    for path in ["", "/"] {
        let root = city.test.get(None, &address(path)).await.expect(200).json();
        let names: Vec<_> = root["value"].as_array().unwrap().iter().map(|set| set["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 11);
        assert_eq!(root["value"][0], json!({"name": "Things", "url": format!("{ROOT}/Things")}));
        let classes = root["serverSettings"]["conformance"].to_string();
        assert!(classes.contains("/1.1/req/data-array/data-array") && !classes.contains("create-update-delete"));
        assert!(
            classes.contains("/iot_tasking/1.0/req/create-tasks") && !classes.contains("mqtt"),
            "there is no broker"
        );
    }
}

#[tokio::test]
async fn a_device_is_a_thing_with_datastreams_and_observations() {
    let city = City::new().await;
    let admin = city.admin().await;
    let thing = city.get(&admin, "/Things('cover-1')").await.expect(200).json();
    assert_eq!(thing["@iot.selfLink"], format!("{ROOT}/Things('cover-1')"));
    assert_eq!(thing["Datastreams@iot.navigationLink"], format!("{ROOT}/Things('cover-1')/Datastreams"));
    assert_eq!(thing["properties"]["class"], "manhole_cover");
    let datastream = city.get(&admin, "/Datastreams(2)").await.expect(200).json();
    assert_eq!(
        datastream["unitOfMeasurement"],
        json!({"name": "cm", "symbol": "cm", "definition": "http://www.opengis.net/def/uom/UCUM/cm"})
    );
    assert!(datastream.get("phenomenonTime").is_none(), "nothing was measured");
    let tilt = city.get(&admin, "/Datastreams(1)").await.expect(200).json();
    assert_eq!(tilt["phenomenonTime"], "2026-09-29T12:00:00Z/2026-09-29T12:04:00Z");
    let lit = city.get(&admin, "/Datastreams(6)").await.expect(200).json();
    assert_eq!(lit["unitOfMeasurement"], json!({"name": null, "symbol": null, "definition": null}));
    assert!(lit["observationType"].as_str().unwrap().ends_with("/OM_TruthObservation"));
    let observation = city.get(&admin, "/Observations('6-1790683380000000')").await.expect(200).json();
    assert_eq!(observation["result"], json!(true));
    assert_eq!(observation["phenomenonTime"], "2026-09-29T12:03:00Z");
    let location = city.get(&admin, "/Datastreams(1)/Thing/Locations").await.expect(200).json();
    assert_eq!(location["value"][0]["location"], json!({"type": "Point", "coordinates": [COVER_AT.0, COVER_AT.1]}));
}

/// Path, status, and a part of the answer.
type Row = (&'static str, u16, &'static str, Value);

async fn check(city: &City, browser: &Browser, rows: &[Row]) {
    for (path, status, pointer, expect) in rows {
        let answer = city.get(browser, path).await;
        assert_eq!(answer.status.as_u16(), *status, "{path}: {}", answer.text());
        if *status == 204 {
            continue;
        }
        let found = match *pointer {
            "text" => json!(answer.text()),
            "ids" => json!(ids(&answer.json())),
            pointer => answer.json().pointer(pointer).cloned().unwrap_or(Value::Null),
        };
        match (status, expect.as_str()) {
            (400.., Some(words)) => assert!(found.as_str().unwrap().contains(words), "{path}: {found}"),
            _ => assert_eq!(found, *expect, "{path}"),
        }
    }
}

#[tokio::test]
async fn paths_lead_to_any_depth() {
    let city = City::new().await;
    let admin = city.admin().await;
    let rows: [Row; 23] = [
        ("/Things('cover-1')/Datastreams", 200, "ids", json!([1, 2, 3])),
        ("/Things('cover-1')/Datastreams(3)/Observations", 200, "ids", json!(["3-1790683200000000"])),
        ("/Things('cover-1')/Datastreams(4)", 404, "/message", json!("nothing at this path")),
        ("/Datastreams(4)/Thing/Locations", 200, "ids", json!(["lamp-1"])),
        ("/Datastreams(4)/Sensor/name", 200, "/name", json!("路灯控制器")),
        ("/Datastreams(4)/Sensor/Datastreams", 200, "ids", json!([4, 5, 6])),
        ("/ObservedProperties('manhole_cover.tilt')/Datastreams", 200, "ids", json!([1])),
        ("/Observations('3-1790683200000000')/FeatureOfInterest/feature/type", 200, "/type", json!("Point")),
        ("/FeaturesOfInterest('cover-1')/Observations('3-1790683200000000')/Datastream/id", 200, "/@iot.id", json!(3)),
        ("/HistoricalLocations('lamp-1')/Thing/HistoricalLocations", 200, "ids", json!(["lamp-1"])),
        ("/Things('lamp-1')/name/$value", 200, "text", json!("路灯控制器")),
        ("/Datastreams(4)/properties/max/$value", 200, "text", json!("600.0")),
        ("/Things('lamp-1')/properties/$value", 200, "/class", json!("street_lamp")),
        ("/Datastreams(2)/phenomenonTime", 204, "", json!(null)),
        ("/Things('cover-1')/Datastreams/$ref", 200, "/value/1/@iot.selfLink", json!(format!("{ROOT}/Datastreams(2)"))),
        ("/Datastreams(1)/Thing/$ref", 200, "/@iot.selfLink", json!(format!("{ROOT}/Things('cover-1')"))),
        ("/Things(%27cover-1%27)", 200, "/@iot.id", json!("cover-1")),
        ("/Things('nobody')", 404, "/code", json!(404)),
        ("/Datastreams(99)", 404, "/code", json!(404)),
        ("/Datastreams('1')", 404, "/code", json!(404)),
        ("/Observations('3-1')", 404, "/code", json!(404)),
        ("/Things/Datastreams", 404, "/code", json!(404)),
        ("/$batch", 501, "/message", json!("not offered")),
    ];
    check(&city, &admin, &rows).await;
}

#[tokio::test]
async fn options_filter_order_and_cut() {
    let city = City::new().await;
    let admin = city.admin().await;
    let t = |minute: i64| format!("1-{}", 1_790_683_200_000_000 + minute * 60_000_000);
    let rows: [Row; 43] = [
        ("/Things?$orderby=id desc", 200, "ids", json!(["lamp-1", "cover-1"])),
        ("/Things?$filter=properties/class eq 'street_lamp'", 200, "ids", json!(["lamp-1"])),
        ("/Things?$filter=properties/class+eq+'street_lamp'", 200, "ids", json!(["lamp-1"])),
        ("/Things?%24filter=id%20eq%20%27lamp-1%27&%24count=true", 200, "/@iot.count", json!(1)),
        ("/Things?$top=0&$count=true", 200, "/@iot.count", json!(2)),
        ("/Things?$top=0", 200, "ids", json!([])),
        ("/Things?$skip=1&$select=id", 200, "/value", json!([{"@iot.id": "lamp-1"}])),
        ("/Things?$select=properties/class&$top=1", 200, "/value", json!([{"properties": {"class": "manhole_cover"}}])),
        ("/Things?$filter=Datastreams/unitOfMeasurement/name eq 'W'", 200, "ids", json!(["lamp-1"])),
        ("/Things?$filter=Datastreams/Observations/result gt 80", 200, "ids", json!(["cover-1"])),
        ("/Things?$filter=Locations/location eq 1", 200, "ids", json!([])),
        (
            "/Things?$filter=st_within(Locations/location,geography'POLYGON((112.92 32.4,112.95 32.4,112.95 32.5,112.92 32.5,112.92 32.4))')",
            200,
            "ids",
            json!(["lamp-1"]),
        ),
        (
            "/Locations?$filter=geo.distance(location,geography'POINT(112.8961 32.5087)') lt 0.001",
            200,
            "ids",
            json!(["cover-1"]),
        ),
        ("/Datastreams(1)/Observations?$filter=before(phenomenonTime,2026-09-29T12:01:00Z)", 200, "ids", json!([t(0)])),
        (
            "/Datastreams(1)/Observations?$filter=after(phenomenonTime,2026-09-29T12:00:00Z/PT3M)",
            200,
            "ids",
            json!([t(4)]),
        ),
        (
            "/Datastreams(1)/Observations?$filter=overlaps(phenomenonTime,2026-09-29T11:00:00Z/2026-09-29T12:00:00Z)",
            200,
            "ids",
            json!([t(0)]),
        ),
        (
            "/Locations?$filter=location/type eq 'Point' or location/geometry/type eq 'Point'",
            200,
            "ids",
            json!(["cover-1", "lamp-1"]),
        ),
        (
            "/Locations?$filter=(location/type eq 'Point') and (geo.intersects(location, geography'Polygon ((-190 -95, 112.91 -95, 112.91 95, -190 95, -190 -95))'))",
            200,
            "ids",
            json!(["cover-1"]),
        ),
        ("/Datastreams?$orderby=unitOfMeasurement/name desc,id desc&$top=2", 200, "ids", json!([1, 2])),
        ("/Datastreams?$filter=phenomenonTime ne null", 200, "ids", json!([1, 3, 4, 6])),
        ("/Sensors?$filter=Datastreams/id eq 4", 200, "ids", json!(["street_lamp"])),
        (
            "/Datastreams(1)/Observations?$filter=result gt '15' and result lt 35&$select=id",
            200,
            "ids",
            json!([t(2), t(3)]),
        ),
        (
            "/Datastreams(1)/Observations?$filter=phenomenonTime ge 2026-09-29T12:03:00Z",
            200,
            "ids",
            json!([t(3), t(4)]),
        ),
        ("/Datastreams(1)/Observations?$filter=phenomenonTime gt 2026-09-29T20:03:00+08:00", 200, "ids", json!([t(4)])),
        ("/Datastreams(1)/Observations?$filter=2026-09-29T12:01:00Z gt phenomenonTime", 200, "ids", json!([t(0)])),
        (
            "/Datastreams(1)/Observations?$filter=during(phenomenonTime,2026-09-29T12:01:00Z/PT1M)",
            200,
            "ids",
            json!([t(1), t(2)]),
        ),
        ("/Datastreams(1)/Observations?$filter=phenomenonTime gt now() sub duration'PT57M'", 200, "ids", json!([t(4)])),
        (
            "/Datastreams(1)/Observations?$filter=minute(phenomenonTime) eq 2 or result eq 0",
            200,
            "ids",
            json!([t(0), t(2)]),
        ),
        ("/Datastreams(1)/Observations?$filter=result mod 20 eq 0&$count=true&$top=1", 200, "/@iot.count", json!(3)),
        ("/Datastreams(1)/Observations?$orderby=phenomenonTime desc&$top=2", 200, "ids", json!([t(4), t(3)])),
        ("/Datastreams(1)/Observations?$orderby=phenomenonTime desc&$top=1", 200, "ids", json!([t(4)])),
        ("/Datastreams(1)/Observations?$orderby=result mul -1&$top=2", 200, "ids", json!([t(4), t(3)])),
        ("/Observations?$filter=Datastream/id eq 3", 200, "ids", json!(["3-1790683200000000"])),
        (
            "/Observations?$filter=Datastream/Thing/id eq 'lamp-1' and result eq true",
            200,
            "ids",
            json!(["6-1790683380000000"]),
        ),
        ("/Observations?$orderby=phenomenonTime desc&$top=2", 200, "ids", json!([t(4), t(3)])),
        (
            "/Observations?$orderby=phenomenonTime desc,id desc&$skip=1&$top=2",
            200,
            "ids",
            json!(["6-1790683380000000", t(3)]),
        ),
        ("/Observations?$count=true&$top=1", 200, "/@iot.count", json!(8)),
        ("/Observations?$filter=id eq '4-1790683320000000'", 200, "ids", json!(["4-1790683320000000"])),
        ("/Things?$filter=nme eq 1", 400, "/message", json!("$filter, character 1: \"nme\"")),
        ("/Things?$orderby=name up", 400, "/message", json!("$orderby, character 6")),
        ("/Things?$top=x", 400, "/message", json!("$top is a whole number")),
        ("/Things?$search=x", 501, "/message", json!("$search is not offered")),
        ("/Things('lamp-1')?$top=1", 400, "/message", json!("is for collections")),
    ];
    check(&city, &admin, &rows).await;
}

#[tokio::test]
async fn expansions_stand_within_and_page_by_themselves() {
    let city = City::new().await;
    let admin = city.admin().await;
    let path = "/Things?$filter=id eq 'cover-1'&$select=id&$expand=Datastreams($select=id;$top=1;$count=true;$expand=Observations($top=2;$select=result),ObservedProperty($select=id)),Locations($select=id)";
    let thing = city.get(&admin, path).await.expect(200).json()["value"][0].clone();
    assert_eq!(thing["Locations"], json!([{"@iot.id": "cover-1"}]));
    assert_eq!(thing["Datastreams@iot.count"], 3);
    let datastream = &thing["Datastreams"][0];
    assert_eq!(datastream["Observations"], json!([{"result": 0.0}, {"result": 10.0}]));
    assert_eq!(datastream["ObservedProperty"], json!({"@iot.id": "manhole_cover.tilt"}));
    for (link, expect) in [
        (&thing["Datastreams@iot.nextLink"], json!([{"@iot.id": 2}])),
        (&datastream["Observations@iot.nextLink"], json!([{"result": 20.0}, {"result": 30.0}])),
    ] {
        let path = link.as_str().unwrap().strip_prefix("https://yaoguang.example").unwrap();
        let next = city.test.get(Some(&admin), path).await.expect(200).json();
        let kept = |entity: &Value| {
            let mut entity = entity.clone();
            entity
                .as_object_mut()
                .unwrap()
                .retain(|name, _| !name.starts_with("Observations") && name != "ObservedProperty");
            entity
        };
        assert_eq!(json!(next["value"].as_array().unwrap().iter().map(kept).collect::<Vec<_>>()), expect, "{path}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_double() {
    let city = City::new().await;
    let admin = city.admin().await;
    for (path, pages, total) in [
        ("/Datastreams?$top=4", 2, 6),
        ("/Datastreams(1)/Observations?$top=2", 3, 5),
        ("/Datastreams(1)/Observations?$top=2&$orderby=phenomenonTime desc", 3, 5),
        ("/Datastreams(1)/Observations?$top=1&$orderby=phenomenonTime desc", 5, 5),
        ("/Datastreams(1)/Observations?$top=2&$orderby=result desc", 3, 5),
        ("/Observations?$top=3", 3, 8),
        ("/Observations?$top=3&$orderby=phenomenonTime", 3, 8),
        ("/Observations?$top=3&$skip=1&$filter=result ge 10", 2, 5),
    ] {
        let (mut next, mut seen, mut count) = (Some(address(path)), Vec::new(), 0);
        while let Some(path) = next {
            let page = city.test.get(Some(&admin), &path).await.expect(200).json();
            seen.extend(ids(&page));
            count += 1;
            let link =
                page["@iot.nextLink"].as_str().map(|link| link.strip_prefix("https://yaoguang.example").unwrap());
            next = link.map(str::to_owned);
        }
        let mut once = seen.iter().map(ToString::to_string).collect::<Vec<_>>();
        once.sort_unstable();
        once.dedup();
        assert_eq!((count, seen.len(), once.len()), (pages, total, total), "{path} {seen:?}");
    }
}

#[tokio::test]
async fn arrays_are_rows_by_datastream() {
    let city = City::new().await;
    let admin = city.admin().await;
    let body = city.get(&admin, "/Observations?$resultFormat=dataArray&$count=true").await.expect(200).json();
    assert_eq!((body["@iot.count"].as_u64(), body["value"].as_array().map(Vec::len)), (Some(8), Some(4)));
    let tilt = &body["value"][0];
    assert_eq!(tilt["Datastream@iot.navigationLink"], format!("{ROOT}/Datastreams(1)"));
    assert_eq!(tilt["components"], json!(["id", "phenomenonTime", "resultTime", "result"]));
    assert_eq!(
        tilt["dataArray"][1],
        json!(["1-1790683260000000", "2026-09-29T12:01:00Z", "2026-09-29T12:01:01Z", 10.0])
    );
    let path = "/Datastreams(1)/Observations?$resultFormat=dataArray&$select=result,FeatureOfInterest&$top=2";
    let body = city.get(&admin, path).await.expect(200).json();
    assert_eq!(body["value"][0]["dataArray"], json!([[0.0, "cover-1"], [10.0, "cover-1"]]));
    assert!(body["@iot.nextLink"].as_str().unwrap().contains("$resultFormat=dataArray"));
    city.get(&admin, "/Observations?$resultFormat=CSV").await.expect(501);
}

#[tokio::test]
async fn nobody_sees_what_is_not_theirs() {
    let city = City::new().await;
    let (cover, lamp) = (city.member("cover-1"), city.member("lamp-1"));
    assert_ne!(cover.row.region, lamp.row.region, "they stand in different regions");
    let answer = city.test.get(None, &address("/Things")).await.expect(401);
    assert!(answer.header("www-authenticate").starts_with("Basic"));
    assert_eq!(answer.json()["code"], 401);
    let resident = city.test.resident("wang").await;
    city.get(&resident, "/Things").await.expect(403);
    let post = format!("collector@supervision_centre@{}", cover.row.region);
    let collector = city.test.staff("collector", &[&post]).await;
    let own = ("lamp-1", city.lamp.as_str());
    for (path, for_collector, for_lamp) in [
        ("/Things", json!(["cover-1"]), json!(["lamp-1"])),
        ("/Locations", json!(["cover-1"]), json!(["lamp-1"])),
        ("/HistoricalLocations", json!(["cover-1"]), json!(["lamp-1"])),
        ("/FeaturesOfInterest", json!(["cover-1"]), json!(["lamp-1"])),
        ("/Datastreams", json!([1, 2, 3]), json!([4, 5, 6])),
        ("/Datastreams?$filter=Sensor/Datastreams/id gt 0", json!([1, 2, 3]), json!([4, 5, 6])),
        (
            "/Observations?$filter=result eq 31.5 or result eq 40&$select=id",
            json!(["1-1790683440000000"]),
            json!(["4-1790683320000000"]),
        ),
        ("/Sensors('street_lamp')/Datastreams", json!([]), json!([4, 5, 6])),
    ] {
        assert_eq!(json!(ids(&city.get(&collector, path).await.expect(200).json())), for_collector, "{path}");
        let seen = city.device(Method::GET, own, path, None).await.expect(200).json();
        assert_eq!(json!(ids(&seen)), for_lamp, "{path}");
    }
    for path in [
        "/Things('lamp-1')",
        "/Datastreams(4)",
        "/Datastreams(4)/Observations",
        "/Observations('4-1790683320000000')",
        "/FeaturesOfInterest('lamp-1')/Observations",
    ] {
        city.get(&collector, path).await.expect(404);
    }
    for path in ["/Things('cover-1')", "/Datastreams(1)/Observations", "/Sensors('manhole_cover')"] {
        city.device(Method::GET, own, path, None).await.expect(404);
    }
    city.device(Method::GET, ("lamp-1", &city.cover), "/Things", None).await.expect(401);
    city.device(Method::GET, ("nobody", &city.cover), "/Things", None).await.expect(401);
}

#[tokio::test]
async fn a_program_reads_the_devices_of_regions_granted_to_it() {
    let city = City::new().await;
    let region = city.member("cover-1").row.region.clone();
    let key = city
        .test
        .store
        .write_blocking(move |tx: &mut store::Tx| {
            let (gis, now) = ("gis".parse().unwrap(), Instant::from_micros(0));
            tx.record_client_region(&gis, &region, now)?;
            identity::record_client(tx, &gis, "A map", now)
        })
        .unwrap();
    let seen = city.device(Method::GET, ("gis", key.reveal()), "/Things", None).await.expect(200).json();
    assert_eq!(ids(&seen), [json!("cover-1")]);
    city.device(Method::GET, ("gis", key.reveal()), "/Datastreams(4)", None).await.expect(404);
    let body = json!({"result": 1, "Datastream": {"@iot.id": 1}});
    city.device(Method::POST, ("gis", key.reveal()), "/Observations", Some(body)).await.expect(403);
    city.device(Method::GET, ("other", key.reveal()), "/Things", None).await.expect(401);
    for (given, status) in [(key.reveal(), 200), (common::API_KEY, 403), ("no key", 401)] {
        let request =
            Request::builder().uri(address("/Things")).header(header::AUTHORIZATION, format!("Bearer {given}"));
        city.test.send(request.body(Body::empty()).unwrap()).await.expect(status);
    }
}

#[tokio::test]
async fn a_device_creates_its_own_observations() {
    let city = City::new().await;
    let cover = ("cover-1", city.cover.as_str());
    let post = |path: &'static str, body: Value| city.device(Method::POST, cover, path, Some(body));
    let made = post("/Datastreams(2)/Observations", json!({"result": 40, "phenomenonTime": "2026-09-29T12:30:00Z"}))
        .await
        .expect(201);
    assert_eq!(made.header("location"), format!("{ROOT}/Observations('2-1790685000000000')"));
    let found = city.device(Method::GET, cover, "/Observations('2-1790685000000000')", None).await.expect(200).json();
    assert_eq!((&found["result"], &found["resultTime"]), (&json!(40.0), &json!("2026-09-29T13:00:00Z")));
    // Without a time it was measured now.
    let link = json!({"Datastream": {"@iot.id": 1, "name": "as it was read"}, "result": 2.5, "resultTime": null, "parameters": {},
        "FeatureOfInterest": {"@iot.id": "cover-1"}});
    let made = post("/Observations", link).await.expect(201);
    assert_eq!(made.header("location"), format!("{ROOT}/Observations('1-1790686800000000')"));
    for (path, body, status, words) in [
        ("/Datastreams(2)/Observations", json!({"result": 99_999}), 400, "beyond what the sensor can give"),
        ("/Datastreams(2)/Observations", json!({"result": "40"}), 400, "cannot be read"),
        ("/Datastreams(2)/Observations", json!({}), 400, "needs a result"),
        (
            "/Datastreams(2)/Observations",
            json!({"result": 1, "phenomenonTime": "2020-01-01T00:00:00Z"}),
            400,
            "400 days",
        ),
        (
            "/Datastreams(2)/Observations",
            json!({"result": 1, "phenomenonTime": "2026-09-29T12:00:00Z/2026-09-29T13:00:00Z"}),
            400,
            "is an instant",
        ),
        ("/Datastreams(2)/Observations", json!({"result": 1, "parameters": {"a": 1}}), 400, "is not kept here"),
        ("/Datastreams(2)/Observations", json!({"result": 1, "Datastream": {"@iot.id": 1}}), 400, "another than"),
        ("/Observations", json!({"result": 1}), 400, "needs its Datastream"),
        ("/Observations", json!({"result": 1, "Datastream": {"@iot.id": 4}}), 400, "one of the device's own"),
        ("/Observations", json!([1]), 400, "is an object"),
        ("/Datastreams(4)/Observations", json!({"result": 1}), 404, "nothing at this path"),
        ("/Things('cover-1')/Datastreams", json!({}), 405, "classes of devices are of the pack"),
    ] {
        let answer = post(path, body.clone()).await.expect(status);
        assert!(answer.text().contains(words), "{body}: {}", answer.text());
    }
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        city.device(method, cover, "/Things('cover-1')", Some(json!({}))).await.expect(405);
    }
    let admin = city.admin().await;
    let body = json!({"result": 1, "Datastream": {"@iot.id": 1}});
    city.test.post(Some(&admin), &address("/Observations"), body).await.expect(403);
}

#[tokio::test]
async fn arrays_are_taken_row_by_row() {
    let city = City::new().await;
    let cover = ("cover-1", city.cover.as_str());
    let at = |minute: u32| format!("2026-09-29T12:{minute}:00Z");
    let body = json!([
        {"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
         "dataArray": [[at(40), 1, "cover-1"], [at(41), 999, "cover-1"], [at(42), 3, "lamp-1"], [at(43), 4, "cover-1"], [at(43), 5, "cover-1"], [at(44)]]},
        {"Datastream": {"@iot.id": 3}, "components": ["result"], "dataArray": [[77], [78]]},
        {"Datastream": {"@iot.id": 4}, "components": ["result"], "dataArray": [[1]]},
    ]);
    let answer = city.device(Method::POST, cover, "/CreateObservations", Some(body)).await.expect(201).json();
    let link = |id: &str| json!(format!("{ROOT}/Observations('{id}')"));
    let error = json!("error");
    assert_eq!(
        answer,
        json!([
            link("1-1790685600000000"),
            error,
            error,
            link("1-1790685780000000"),
            error,
            error,
            link("3-1790686800000000"),
            error,
            error
        ])
    );
    let kept = city.device(
        Method::GET,
        cover,
        "/Datastreams(1)/Observations?$filter=phenomenonTime ge 2026-09-29T12:40:00Z",
        None,
    );
    let results: Vec<_> =
        kept.await.expect(200).json()["value"].as_array().unwrap().iter().map(|one| one["result"].clone()).collect();
    assert_eq!(results, [json!(1.0), json!(4.0)]);
    for body in [json!({}), json!([]), json!([{"Datastream": {"@iot.id": 1}}])] {
        city.device(Method::POST, cover, "/CreateObservations", Some(body)).await.expect(400);
    }
}

#[tokio::test]
async fn a_question_that_is_too_large_says_what_to_narrow() {
    let city = City::new().await;
    let admin = city.admin().await;
    {
        let mut readings = city.lake.0.lock().unwrap();
        let cell = city.member("cover-1").row.cell;
        for second in 0..210_000_i64 {
            let at = Instant::from_micros(1_700_000_000_000_000 + second * 1_000_000);
            readings.insert((SeriesNo(2), at), Reading { series: SeriesNo(2), cell, at, received_at: at, value: 1.0 });
        }
    }
    let answer = city.get(&admin, "/Datastreams(2)/Observations?$orderby=result&$top=1").await.expect(400);
    assert!(answer.text().contains("narrow phenomenonTime"), "{}", answer.text());
    let product = ["Datastreams/Observations/result"; 3].join(" add ");
    let answer = city.get(&admin, &format!("/Things?$filter={product} gt 1")).await.expect(400);
    assert!(answer.text().contains("steps over relations"), "{}", answer.text());
    let narrowed = "/Datastreams(2)/Observations?$orderby=result&$top=1&$filter=phenomenonTime lt 2023-11-15T00:00:00Z";
    city.get(&admin, narrowed).await.expect(200);
    let page = city.get(&admin, "/Datastreams(2)/Observations?$top=5000&$count=true").await.expect(200).json();
    assert_eq!((page["@iot.count"].as_u64(), ids(&page).len()), (Some(210_000), 1_000), "the server's own page");
    let inner = "Observations($top=1000;$expand=Datastream/Thing,FeatureOfInterest)";
    let many = format!("/Datastreams?$expand=Thing/Datastreams/{inner},Sensor/Datastreams/{inner}");
    let answer = city.get(&admin, &many).await.expect(400);
    assert!(answer.text().contains("$top"), "{}", answer.text());
}

/// A program with the key for the lamp's region.
async fn program(city: &City) -> String {
    let region = city.member("lamp-1").row.region.clone();
    let write = move |tx: &mut store::Tx| {
        let (lights, now) = ("lights".parse().unwrap(), Instant::from_micros(0));
        tx.record_client_region(&lights, &region, now)?;
        identity::record_client(tx, &lights, "The control room of lights", now)
    };
    city.test.store.write_blocking(write).unwrap().reveal().to_owned()
}

#[tokio::test]
async fn what_a_device_can_be_told_is_a_capability_with_its_parameters() {
    let city = City::new().await;
    let admin = city.admin().await;
    let rows: Vec<Row> = vec![
        ("/Things('lamp-1')/TaskingCapabilities", 200, "ids", json!(["lamp-1.switch", "lamp-1.dim"])),
        ("/Things('cover-1')/TaskingCapabilities", 200, "ids", json!([])),
        ("/TaskingCapabilities('lamp-1.dim')/Thing/Datastreams", 200, "ids", json!([4, 5, 6])),
        ("/TaskingCapabilities('lamp-1.dim')/Actuator", 200, "/@iot.id", json!("street_lamp")),
        ("/Actuators('street_lamp')/TaskingCapabilities", 200, "ids", json!(["lamp-1.switch", "lamp-1.dim"])),
        ("/Actuators('manhole_cover')", 404, "/code", json!(404)),
        ("/TaskingCapabilities('lamp-1.fly')", 404, "/code", json!(404)),
        (
            "/TaskingCapabilities?$filter=properties/dangerous eq false and Thing/id eq 'lamp-1'&$count=true&$top=1",
            200,
            "/@iot.count",
            json!(2),
        ),
        ("/TaskingCapabilities('lamp-1.dim')/Tasks", 200, "ids", json!([])),
        ("/Tasks('01890000-0000-7000-8000-000000000000')", 404, "/code", json!(404)),
    ];
    check(&city, &admin, &rows).await;
    let dim = city.get(&admin, "/TaskingCapabilities('lamp-1.dim')?$expand=Thing($select=id)").await.expect(200).json();
    let field = json!({"type": "Quantity", "name": "brightness", "label": "亮度", "uom": {"code": "%"}, "use": "Mandatory",
        "constraint": {"type": "AllowedValues", "interval": [[0.0, 100.0]]}});
    assert_eq!(dim["taskingParameters"], json!({"type": "DataRecord", "field": [field]}));
    assert_eq!(dim["Thing"], json!({"@iot.id": "lamp-1"}));
}

#[tokio::test]
async fn a_task_is_a_command_of_whoever_may_give_it() {
    let city = City::new().await;
    let chief = city.test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    let path = address("/TaskingCapabilities('lamp-1.dim')/Tasks");
    for (body, words) in [
        (
            json!({"taskingParameters": {"brightness": 101}, "properties": {"reason": "dusk"}}),
            "taskingParameters.brightness: must be 0 to 100",
        ),
        (json!({"taskingParameters": {}, "properties": {"reason": "dusk"}}), "is missing"),
        (
            json!({"taskingParameters": {"brightness": 5, "colour": 1}, "properties": {"reason": "dusk"}}),
            "takes no such value",
        ),
        (json!({"taskingParameters": {"brightness": 5}}), "properties.reason says why"),
        (json!({"taskingParameters": {"brightness": 5}, "properties": {"reason": " "}}), "properties.reason"),
        (json!({"taskingParameters": {"brightness": 5}, "properties": {"state": "done"}}), "only the reason"),
        (json!({"taskingParameters": [5], "properties": {"reason": "dusk"}}), "is an object"),
        (
            json!({"taskingParameters": {"brightness": 5}, "TaskingCapability": {"@iot.id": "lamp-1.switch"}}),
            "another than",
        ),
        (
            json!({"taskingParameters": {"brightness": 5}, "result": 5, "properties": {"reason": "dusk"}}),
            "is not kept here",
        ),
    ] {
        let answer = city.test.post(Some(&chief), &path, body.clone()).await.expect(400);
        assert!(answer.text().contains(words), "{body}: {}", answer.text());
    }
    assert!(ids(&city.get(&chief, "/Tasks").await.expect(200).json()).is_empty(), "nothing was written");
    let body = json!({"taskingParameters": {"brightness": 40}, "properties": {"reason": "dusk"}});
    let made = city.test.post(Some(&chief), &path, body.clone()).await.expect(201);
    let task = made.json();
    assert_eq!(made.header("location"), task["@iot.selfLink"].as_str().unwrap());
    assert_eq!(
        (&task["taskingParameters"], &task["properties"]["state"]),
        (&json!({"brightness": 40}), &json!("queued"))
    );
    let linked = json!({"taskingParameters": {"lit": true}, "properties": {"reason": "dusk"}, "TaskingCapability": {"@iot.id": "lamp-1.switch"}});
    city.test.clock.advance_us(1_000_000);
    let second = city.test.post(Some(&chief), &address("/Tasks"), linked).await.expect(201).json();
    let rows = [
        ("/Tasks", vec![&second, &task]),
        ("/Tasks?$top=1&$skip=1", vec![&task]),
        ("/Tasks?$orderby=creationTime&$filter=taskingParameters/brightness ge 40", vec![&task]),
        (
            "/Tasks?$filter=properties/state eq 'queued' and TaskingCapability/Thing/id eq 'lamp-1'&$orderby=id desc",
            vec![&second, &task],
        ),
        ("/Things('lamp-1')/TaskingCapabilities('lamp-1.dim')/Tasks", vec![&task]),
        ("/TaskingCapabilities?$filter=Tasks/taskingParameters/lit eq true&$expand=Tasks", vec![]),
    ];
    for (path, expect) in rows {
        let found = city.get(&chief, path).await.expect(200).json();
        if expect.is_empty() {
            assert_eq!(found["value"][0]["Tasks"][0]["@iot.id"], second["@iot.id"], "{path}");
            continue;
        }
        assert_eq!(ids(&found), expect.iter().map(|task| task["@iot.id"].clone()).collect::<Vec<_>>(), "{path}");
    }
    let own = city.device(Method::GET, ("lamp-1", &city.lamp), "/Tasks", None).await.expect(200).json();
    assert_eq!(own["value"].as_array().map(Vec::len), Some(2), "a device sees its own");
    assert!(
        ids(&city.device(Method::GET, ("cover-1", &city.cover), "/Tasks", None).await.expect(200).json()).is_empty()
    );
    // Who may read is not who may tell.
    city.test.post(Some(&city.admin().await), &path, body.clone()).await.expect(403);
    city.device(Method::POST, ("lamp-1", &city.lamp), "/TaskingCapabilities('lamp-1.dim')/Tasks", Some(body.clone()))
        .await
        .expect(403);
    let key = program(&city).await;
    city.device(Method::POST, ("lights", &key), "/TaskingCapabilities('lamp-1.dim')/Tasks", Some(body))
        .await
        .expect(403);
}

#[tokio::test]
async fn a_program_that_may_control_is_named_in_the_log() {
    let city = City::with(|parts| {
        parts.settings.controllers.insert("lights".parse().unwrap());
    })
    .await;
    let key = program(&city).await;
    let body = json!({"taskingParameters": {"brightness": 40}});
    let post = |path: &'static str| city.device(Method::POST, ("lights", &key), path, Some(body.clone()));
    let task = post("/TaskingCapabilities('lamp-1.dim')/Tasks").await.expect(201).json();
    assert_eq!(task["properties"]["reason"], "SensorThings: lights", "a program that gives no reason is named");
    post("/TaskingCapabilities('cover-1.dim')/Tasks").await.expect(404);
    let id = task["@iot.id"].as_str().unwrap().parse().unwrap();
    let row = city.test.store.read_blocking(move |db| db.find_device_command(id)).unwrap().unwrap();
    assert_eq!((row.asked_by, row.command.as_str()), (None, "dim"));
}
