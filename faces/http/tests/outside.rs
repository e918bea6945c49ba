//! What is not the API: the locked document, headers, faces, live changes, and what an operator looks at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use axum::body::Body;
use axum::http::{Method, header};
use common::{TestApp, request};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

#[test]
fn the_document_is_the_locked_one() {
    let locked = include_str!("../openapi.json");
    let made = dipper_http::openapi().to_pretty_json().unwrap() + "\n";
    assert!(
        made == locked,
        "run: cargo run -p dipper-http --example openapi > faces/http/openapi.json, then npm run gen in web"
    );
}

#[test]
fn every_operation_has_its_own_name_and_tells_what_it_refuses() {
    let document = serde_json::to_value(dipper_http::openapi()).unwrap();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(names.insert(name.to_owned()), "{name} is used twice");
            assert!(operation["summary"].is_string(), "{name} says nothing");
        }
    }
    assert_eq!(names.len(), 205);
}

#[tokio::test]
async fn every_answer_is_hardened() {
    let test = TestApp::new();
    for path in [
        "/",
        "/api/v1/city",
        "/api/v1/nowhere",
        "/open311/v2/services.json",
        "/ledger/key",
        "/healthz",
        "/metrics",
        "/openapi.json",
    ] {
        let answer = test.get(None, path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("script-src 'self' '"), "scripts come from here alone");
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("x-frame-options")),
            ("nosniff", "DENY"),
            "{path}"
        );
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn what_depends_on_the_pack_is_asked_for_again_by_its_tag() {
    let test = TestApp::new();
    for path in [
        "/api/v1/city",
        "/api/v1/categories",
        "/api/v1/regions",
        "/api/v1/regions/geojson?level=street",
        "/api/v1/offices",
        "/api/v1/processes",
    ] {
        let answer = test.get(None, path).await.expect(200);
        let again = request(Method::GET, None, path)
            .header(header::IF_NONE_MATCH, answer.header("etag"))
            .body(Body::empty())
            .unwrap();
        let again = test.send(again).await.expect(304);
        assert!(again.bytes.is_empty(), "{path}");
    }
    let city = test.get(None, "/api/v1/city").await.json();
    let layer = city["basemap"][1]["url"].as_str().unwrap();
    let file = test.get(None, layer).await.expect(200);
    assert_eq!(
        (file.header("content-type"), file.header("cache-control")),
        ("application/geo+json", "public, max-age=31536000, immutable")
    );
    assert_eq!(test.get(None, "/api/v1/basemap/water").await.expect(200).header("cache-control"), "no-cache");
    for path in ["/api/v1/basemap/nothing", "/api/v1/basemap/..%2Fpack"] {
        test.get(None, path).await.expect(404);
    }
}

#[tokio::test]
async fn large_answers_are_packed() {
    let test = TestApp::new();
    let packed = request(Method::GET, None, "/api/v1/categories")
        .header(header::ACCEPT_ENCODING, "gzip")
        .body(Body::empty())
        .unwrap();
    assert_eq!(test.send(packed).await.expect(200).header("content-encoding"), "gzip");
}

#[tokio::test]
async fn an_operator_sees_health_and_figures() {
    let test = TestApp::new();
    test.report(None).await;
    assert_eq!(test.get(None, "/healthz").await.expect(200).json()["status"], "ok");
    let figures = test.get(None, "/metrics").await.expect(200).text();
    for line in [
        "dipper_http_requests_total{route=\"/api/v1/reports\",method=\"POST\",status=\"201\"} 1",
        "dipper_cases_open 1",
        "dipper_jobs_dead 0",
        "dipper_log_position 2",
        "dipper_consumer_lag_events{consumer=\"ledger\"} 2",
        "dipper_ledger_unpublished_entries 0",
        "dipper_ledger_cosignatures 0",
        "dipper_writes_waiting 0",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line} is missing in\n{figures}");
    }
    assert!(!figures.contains("13800000000") && !figures.contains("secret"), "labels come from the route table");
    test.store.close();
    assert_eq!(test.get(None, "/healthz").await.expect(503).json()["status"], "unavailable");
}

#[tokio::test]
async fn changes_are_told_as_they_happen_to_those_who_may_see_them() {
    let test = TestApp::new();
    test.get(None, "/api/v1/stream").await.expect(401);
    let chief = test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    let resident = test.resident("wang").await;
    let open = |browser: common::Browser, resume: Option<&'static str>| {
        let mut ask = request(Method::GET, Some(&browser), "/api/v1/stream");
        if let Some(position) = resume {
            ask = ask.header("last-event-id", position);
        }
        test.router.clone().oneshot(ask.body(Body::empty()).unwrap())
    };
    let (mut seen, mut hidden) =
        (open(chief.clone(), None).await.unwrap().into_body(), open(resident.clone(), None).await.unwrap().into_body());
    let next = async |body: &mut Body| {
        String::from_utf8(body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec()).unwrap()
    };
    assert_eq!(next(&mut seen).await, "event: hello\ndata: {\"position\":0,\"missed\":false}\n\n");
    assert_eq!(next(&mut hidden).await, "event: hello\ndata: {\"position\":0,\"missed\":false}\n\n");
    test.report(None).await;
    let own = test.report(Some(&resident)).await;
    let first = next(&mut seen).await;
    assert!(first.starts_with("event: case\nid: ") && first.contains("\"kind\":\"reported\""), "{first}");
    let mine = next(&mut hidden).await;
    assert!(mine.contains(own["case_no"].as_str().unwrap()), "only the resident's own: {mine}");
    let mut resumed = open(chief, Some("0")).await.unwrap().into_body();
    assert_eq!(next(&mut resumed).await, "event: hello\ndata: {\"position\":4,\"missed\":false}\n\n");
    assert!(next(&mut resumed).await.contains("\"kind\":\"reported\""));
    test.app.close();
    while let Some(frame) = seen.frame().await {
        drop(frame.unwrap());
    }
}

#[tokio::test]
async fn a_place_has_its_cell_its_regions_and_its_office() {
    let test = TestApp::new();
    let found = test.get(None, "/api/v1/locate?lon=112.9&lat=32.5&category=b0137").await.expect(200).json();
    assert_eq!(
        (&found["office"], &found["cell"]["level"], &found["region_chain"][0]["id"]),
        (&json!("street_lighting"), &json!(10), &json!("yaoguang"))
    );
    // 瑶光北站, and the district 天权区 in which nothing else is named.
    let station =
        test.get(None, "/api/v1/places?q=%E7%91%B6%E5%85%89%E5%8C%97%E7%AB%99&limit=1").await.expect(200).json();
    let station = &station["items"][0];
    assert_eq!((&station["precision"], &station["title"]["zh-CN"]), (&json!("place"), &json!("瑶光北站")));
    assert_eq!(station["region_chain"][0]["id"], "yaoguang");
    let district = test.get(None, "/api/v1/places?q=%E5%A4%A9%E6%9D%83%E5%8C%BA").await.expect(200).json();
    assert_eq!(district["items"][0]["precision"], "region");
    let nothing = test.get(None, "/api/v1/places?q=%20").await.expect(200).json();
    assert_eq!(nothing["items"], json!([]));
    let outside = test.get(None, "/api/v1/locate?lon=0&lat=0").await.expect(200).json();
    assert_eq!(outside["region_chain"], json!([]));
    let cells =
        test.get(None, "/api/v1/grid?west=112.9&south=32.5&east=112.91&north=32.51&level=6").await.expect(200).json();
    assert!(cells["features"].as_array().is_some_and(|cells| !cells.is_empty()));
}
