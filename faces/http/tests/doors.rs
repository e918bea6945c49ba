//! Who is let in where, and what is turned away at the door.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use axum::body::Body;
use axum::http::{Method, header};
use common::{Browser, HERE, LAMP, TestApp, lamp_report, picture, request, upload};
use serde_json::{Value, json};

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text in {value}"))
}

/// Every endpoint that needs more than an address, asked by everybody: visitor, resident, staff elsewhere, the right post.
#[tokio::test]
async fn every_endpoint_lets_in_whom_it_should() {
    let test = TestApp::new();
    let filed = test.report(None).await;
    let (id, no) = (word(&filed, "case_id"), word(&filed, "case_no"));
    let resident = test.resident("wang").await;
    let elsewhere =
        test.staff("elsewhere", &[&format!("duty_chief@supervision_centre@{}", other_district(&test))]).await;
    let chief = test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    let handler = test.staff("handler", &["department_handler@street_lighting@yaoguang"]).await;
    let event = test.get(Some(&chief), &format!("/api/v1/cases/{id}/events")).await.expect(200).json();
    let receipt = word(&event["items"][0], "receipt_url").to_owned();
    test.seal().await;
    let case = format!("/api/v1/cases/{id}");
    // visitor, resident, wrong region, right post, right region without the permission
    for (path, expect) in [
        ("/api/v1/session".to_owned(), [200, 200, 200, 200, 200]),
        ("/api/v1/city".to_owned(), [200, 200, 200, 200, 200]),
        ("/api/v1/places?q=a".to_owned(), [200, 200, 200, 200, 200]),
        ("/api/v1/cases".to_owned(), [401, 403, 200, 200, 200]),
        ("/api/v1/queues".to_owned(), [401, 403, 200, 200, 200]),
        (case.clone(), [401, 403, 403, 200, 200]),
        (format!("/api/v1/cases/{no}"), [401, 403, 403, 200, 200]),
        (format!("{case}/events"), [401, 403, 403, 200, 200]),
        (format!("{case}/contact?purpose=call%20back"), [401, 403, 403, 200, 403]),
        (format!("/api/v1/reports/{no}"), [404, 404, 404, 404, 404]),
        ("/api/v1/reports/mine".to_owned(), [401, 200, 200, 200, 200]),
        ("/api/v1/map/cases?west=112.8&south=32.4&east=113&north=32.6&zoom=12".to_owned(), [401, 403, 200, 200, 200]),
        ("/api/v1/public/cases?west=112.8&south=32.4&east=113&north=32.6".to_owned(), [200, 200, 200, 200, 200]),
        ("/api/v1/pack".to_owned(), [401, 403, 200, 200, 403]),
        ("/api/v1/indicators".to_owned(), [401, 403, 200, 200, 403]),
        ("/api/v1/indicators?region=yaoguang".to_owned(), [401, 403, 403, 200, 403]),
        ("/api/v1/indicators.csv".to_owned(), [401, 403, 200, 200, 403]),
        ("/api/v1/indicators/reported/cases".to_owned(), [401, 403, 200, 200, 403]),
        ("/api/v1/trends".to_owned(), [401, 403, 200, 200, 403]),
        (receipt.clone(), [404, 404, 404, 200, 200]),
        (format!("{receipt}/explain"), [404, 404, 404, 200, 200]),
    ] {
        for (who, (browser, status)) in
            [None, Some(&resident), Some(&elsewhere), Some(&chief), Some(&handler)].into_iter().zip(expect).enumerate()
        {
            let answer = test.get(browser, &path).await;
            assert_eq!(answer.status.as_u16(), status, "caller {who} at {path}: {}", answer.text());
        }
    }
    for (browser, status) in
        [(None, 401), (Some(&resident), 403), (Some(&elsewhere), 403), (Some(&chief), 409), (Some(&handler), 409)]
    {
        let answer = test.post(browser, &format!("{case}/actions/accept"), json!({})).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    }
}

/// The district of the middle of the city is the last but one of its chain; this is another one.
fn other_district(test: &TestApp) -> &'static str {
    let here = test.compiled.atlas.locate(grid::LonLat::new(HERE.0, HERE.1).unwrap()).unwrap();
    let chain = test.compiled.city.region_chain(&here);
    let district = chain[chain.len() - 2].as_str().to_owned();
    ["tianquan", "yuheng"].into_iter().find(|id| *id != district).expect("there are two")
}

#[tokio::test]
async fn lists_and_maps_hold_what_the_region_allows() {
    let test = TestApp::new();
    test.report(None).await;
    let here = test.compiled.atlas.locate(grid::LonLat::new(HERE.0, HERE.1).unwrap()).unwrap();
    let chain = test.compiled.city.region_chain(&here);
    let district = chain[chain.len() - 2].as_str();
    let there = other_district(&test);
    let inside = test.staff("inside", &[&format!("dispatcher@command_centre@{district}")]).await;
    let outside = test.staff("outside", &[&format!("dispatcher@command_centre@{there}")]).await;
    let map = "/api/v1/map/cases?west=112.8&south=32.4&east=113&north=32.6&zoom=12";
    for (browser, count) in [(&inside, 1), (&outside, 0)] {
        let list = test.get(Some(browser), "/api/v1/cases?queue=all").await.expect(200).json();
        assert_eq!((list["items"].as_array().map(Vec::len), list["total"].as_u64()), (Some(count), Some(count as u64)));
        let map = test.get(Some(browser), map).await.expect(200).json();
        assert_eq!(map["features"].as_array().map(Vec::len), Some(count));
    }
}

#[tokio::test]
async fn changes_need_the_token_of_the_session_and_our_own_page() {
    let test = TestApp::new();
    let resident = test.resident("wang").await;
    let forged = Browser { csrf: "forged".to_owned(), ..resident.clone() };
    assert_eq!(test.post(Some(&forged), "/api/v1/reports", lamp_report()).await.refusal(403), "csrf");
    let cross = request(Method::POST, Some(&resident), "/api/v1/reports")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(lamp_report().to_string()))
        .unwrap();
    assert_eq!(test.send(cross).await.refusal(403), "cross_site");
    let out = request(Method::DELETE, Some(&forged), "/api/v1/session").body(Body::empty()).unwrap();
    assert_eq!(test.send(out).await.refusal(403), "csrf");
    let out = request(Method::DELETE, Some(&resident), "/api/v1/session").body(Body::empty()).unwrap();
    let ended = test.send(out).await.expect(204);
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    test.get(Some(&resident), "/api/v1/reports/mine").await.expect(401);
}

#[tokio::test]
async fn a_session_is_a_cookie_that_scripts_cannot_read() {
    let test = TestApp::new();
    let input = json!({"login": "Wang.Xiao", "password": common::PASSWORD, "display_name": "小王"});
    let begun = test.post(None, "/api/v1/residents", input.clone()).await.expect(201);
    let cookie = begun.header("set-cookie").to_owned();
    for part in ["dipper_session=", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(begun.json()["party"]["display_name"], "小王");
    assert_eq!(test.post(None, "/api/v1/residents", input).await.refusal(409), "login_taken");
    let wrong = test.post(None, "/api/v1/session", json!({"login": "wang.xiao", "password": "wrong password"})).await;
    assert_eq!(wrong.refusal(401), "bad_credentials");
    let nobody = test.post(None, "/api/v1/session", json!({"login": "nobody", "password": "wrong password"})).await;
    assert_eq!(nobody.refusal(401), "bad_credentials");
    let visitor = test.get(None, "/api/v1/session").await.expect(200).json();
    assert_eq!((&visitor["party"], word(&visitor, "csrf_token")), (&Value::Null, ""));
}

#[tokio::test]
async fn bad_input_is_named_and_nothing_is_written() {
    let test = TestApp::new();
    let point = |lon: f64, lat: f64| json!({"category": LAMP, "description": "x", "lon": lon, "lat": lat});
    for (body, status, code) in [
        (json!({}), 422, "invalid"),
        (json!({"category": "nothing", "description": "x", "lon": HERE.0, "lat": HERE.1}), 422, "invalid"),
        (json!({"category": "B0137", "description": "x", "lon": HERE.0, "lat": HERE.1}), 422, "invalid"),
        (json!({"category": "b0101", "description": "not public", "lon": HERE.0, "lat": HERE.1}), 422, "invalid"),
        (json!({"category": LAMP, "description": "no place"}), 422, "invalid"),
        (json!({"category": LAMP, "description": "half a place", "lon": 112.9}), 422, "invalid"),
        (point(0.0, 0.0), 422, "invalid"),
        (point(200.0, 0.0), 422, "invalid"),
        (json!({"category": LAMP, "description": "字".repeat(4_001), "lon": HERE.0, "lat": HERE.1}), 422, "invalid"),
        (json!({"category": LAMP, "description": "x", "lon": HERE.0, "lat": HERE.1, "unknown": 1}), 422, "invalid"),
        (
            json!({"category": LAMP, "description": "x", "lon": HERE.0, "lat": HERE.1, "evidence": ["short"]}),
            422,
            "invalid",
        ),
        (
            json!({"category": LAMP, "description": "x", "lon": HERE.0, "lat": HERE.1, "evidence": ["00".repeat(32)]}),
            422,
            "invalid",
        ),
        (
            json!({"category": LAMP, "description": "x", "lon": HERE.0, "lat": HERE.1, "contact": {"phone": "call me"}}),
            422,
            "invalid",
        ),
        (
            json!({"category": LAMP, "description": "x", "lon": HERE.0, "lat": HERE.1, "channel": "phone"}),
            401,
            "not_signed_in",
        ),
        (
            json!({"category": LAMP, "description": "x", "lon": HERE.0, "lat": HERE.1, "channel": "radio"}),
            422,
            "invalid",
        ),
        (json!("x".repeat(300_000)), 413, "too_large"),
    ] {
        let shown = body.to_string().chars().take(120).collect::<String>();
        let answer = test.post(None, "/api/v1/reports", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (status, Some(code)),
            "{shown}: {}",
            answer.text()
        );
    }
    let raw = |kind: &'static str, body: &'static str| {
        let request = request(Method::POST, None, "/api/v1/reports").header(header::CONTENT_TYPE, kind);
        test.send(request.body(Body::from(body)).unwrap())
    };
    assert_eq!(raw("application/json", "{").await.refusal(400), "malformed");
    assert_eq!(raw("application/json", "\u{0}").await.refusal(400), "malformed");
    assert_eq!(raw("text/plain", "{}").await.refusal(415), "not_json");
    let written = test.store.read_blocking(|reader| reader.last_position()).map_err(|error: store::StoreError| error);
    assert_eq!(written.unwrap(), 0);
}

#[tokio::test]
async fn pictures_are_checked_before_they_are_kept() {
    let test = TestApp::new();
    for (bytes, status) in [
        (&b"GIF89a........"[..], 422),
        (b"", 422),
        (b"\xff\xd8\xff\xe0 not really", 422),
        (&vec![0_u8; 13 * 1_048_576], 413),
    ] {
        let answer = upload(&test, None, bytes).await;
        assert_eq!(answer.status.as_u16(), status, "{} bytes: {}", bytes.len(), answer.text());
    }
    upload(&test, None, &picture()).await.expect(201);
    let empty =
        request(Method::POST, None, "/api/v1/evidence").header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    assert_eq!(test.send(empty.body(Body::from("--x--\r\n")).unwrap()).await.refusal(422), "invalid");
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let test = TestApp::new();
    let chief = test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    for path in [
        "/api/v1/cases?limit=0",
        "/api/v1/cases?limit=201",
        "/api/v1/cases?limit=many",
        "/api/v1/cases?cursor=nonsense",
        "/api/v1/cases?queue=role:nobody",
        "/api/v1/cases?region=nowhere",
        "/api/v1/cases?state=NOT%20A%20WORD",
        "/api/v1/cases?west=1",
        "/api/v1/cases?west=1&south=2&east=3&north=1",
        "/api/v1/cases?due_before=tomorrow",
        "/api/v1/cases?assignee=somebody",
        "/api/v1/cases?sort=colour",
        "/api/v1/locate?lon=181&lat=0",
        "/api/v1/locate?lon=1",
        "/api/v1/places",
        "/api/v1/places?q=a&limit=0",
        "/api/v1/places?q=a&limit=21",
        "/api/v1/grid?west=0&south=0&east=1&north=1&level=11",
        "/api/v1/public/cases?west=-180&south=-90&east=180&north=90",
        "/api/v1/trends?days=0",
        "/api/v1/regions/geojson?level=planet",
    ] {
        assert_eq!(test.get(Some(&chief), path).await.refusal(400), "bad_parameter", "{path}");
    }
    for (path, longest) in [("/api/v1/cases?q=", 100), ("/api/v1/places?q=", 300)] {
        let q = format!("{path}{}", "a".repeat(longest + 1));
        assert_eq!(test.get(Some(&chief), &q).await.refusal(400), "bad_parameter", "{path}");
    }
    assert_eq!(
        test.get(None, "/api/v1/grid?west=0&south=0&east=90&north=80&level=4").await.refusal(400),
        "too_many_cells"
    );
    for path in [
        "/api/v1/cases/nothing",
        "/api/v1/cases/YG20260101-999999",
        "/api/v1/cases/01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/api/v1/nowhere",
    ] {
        assert_eq!(test.get(Some(&chief), path).await.refusal(404), "not_found", "{path}");
    }
    let put = request(Method::PUT, Some(&chief), "/api/v1/city").body(Body::empty()).unwrap();
    assert_eq!(test.send(put).await.refusal(405), "wrong_method");
}

#[tokio::test]
async fn guessing_and_flooding_are_slowed_down() {
    let test = TestApp::new();
    test.account(identity::PartyKind::Resident, "wang", &[]);
    let guess = || test.post(None, "/api/v1/session", json!({"login": "wang", "password": "wrong password"}));
    for _ in 0..5 {
        assert_eq!(guess().await.refusal(401), "bad_credentials");
    }
    let locked = guess().await;
    assert_eq!(locked.header("retry-after"), "30");
    assert_eq!(locked.refusal(429), "locked");
    let mut refused = 0;
    for _ in 0..70 {
        let answer = test.post(None, "/api/v1/reports", json!({"category": LAMP, "description": "no place"})).await;
        refused += u32::from(answer.status.as_u16() == 429);
    }
    assert_eq!(refused, 10, "60 at once from one address, then no more");
    test.clock.advance_minutes(1);
    assert_eq!(
        test.post(None, "/api/v1/reports", json!({"category": LAMP, "description": "no place"})).await.refusal(422),
        "invalid"
    );
}
