//! GeoReport v2 in both formats: the whole round trip, and every refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{API_KEY, Answer, DRAIN, HERE, LAMP, PARKING, TestApp, lamp_report};
use serde_json::{Value, json};

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn here() -> [(&'static str, &'static str); 2] {
    [("lat", "32.5"), ("long", "112.9")]
}

async fn read(test: &TestApp, path: &str) -> Answer {
    test.get(None, &format!("/open311/{path}")).await
}

#[tokio::test]
async fn discovery_says_where_and_how() {
    let test = TestApp::new();
    let xml = read(&test, "discovery.xml").await.expect(200);
    assert_eq!(xml.header("content-type"), "text/xml; charset=utf-8");
    insta::assert_snapshot!("discovery_xml", xml.text());
    let json = read(&test, "discovery.json").await.expect(200);
    assert_eq!(json.header("content-type"), "application/json; charset=utf-8");
    insta::assert_json_snapshot!("discovery_json", json.json());
}

#[tokio::test]
async fn services_are_the_public_categories() {
    let test = TestApp::new();
    let list = read(&test, "v2/services.json").await.expect(200).json();
    let public = test.compiled.city.categories.values().filter(|category| category.public).count();
    assert_eq!(list.as_array().map(Vec::len), Some(public));
    let of = |code: &str| {
        list.as_array().and_then(|list| list.iter().find(|service| service["service_code"] == code)).cloned()
    };
    insta::assert_json_snapshot!("service_lamp", of(LAMP));
    assert_eq!(of(DRAIN).map(|service| service["type"].clone()), Some(json!("batch")));
    assert_eq!(of(PARKING).map(|service| service["metadata"].clone()), Some(json!(true)));
    assert_eq!(of("b0101"), None, "not public");
    let xml = read(&test, "v2/services.xml").await.expect(200).text();
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><services><service><service_code>"), "{xml}");
    insta::assert_json_snapshot!(
        "definition_json",
        read(&test, &format!("v2/services/{PARKING}.json")).await.expect(200).json()
    );
    insta::assert_snapshot!(
        "definition_xml",
        read(&test, &format!("v2/services/{PARKING}.xml")).await.expect(200).text()
    );
}

#[tokio::test]
async fn a_request_goes_round() {
    let test = TestApp::new();
    let mut pairs = vec![
        ("api_key", API_KEY),
        ("service_code", LAMP),
        ("description", "Lamp & pole\nout"),
        ("first_name", "Li"),
        ("last_name", "Si"),
    ];
    pairs.extend([
        ("phone", "13800000000"),
        ("account_id", "a1"),
        ("address_string", "1 Main St"),
        ("jurisdiction_id", "yaoguang.example"),
    ]);
    pairs.extend(here());
    let posted = test.form("/open311/v2/requests.json", &form(&pairs)).await.expect(200).json();
    let id = posted[0]["service_request_id"].as_str().expect("a text").to_owned();
    assert_eq!(
        (posted.as_array().map(Vec::len), &posted[0]["account_id"], posted[0].get("token")),
        (Some(1), &json!("a1"), None)
    );
    let one = read(&test, &format!("v2/requests/{id}.json")).await.expect(200).json();
    assert_eq!(one[0]["service_request_id"], id.as_str());
    let mut shown = one[0].clone();
    shown["service_request_id"] = json!("[id]");
    insta::assert_json_snapshot!("request_json", shown);
    let xml = read(&test, &format!("v2/requests/{id}.xml?extensions=true")).await.expect(200).text();
    insta::assert_snapshot!("request_xml", xml.replace(&id, "[id]"));
    for (query, count) in [
        ("", 1),
        ("?status=open", 1),
        ("?status=closed", 0),
        ("?status=open,closed", 1),
        ("?service_code=b0137,b0104", 1),
        ("?service_code=b0104", 0),
        ("?service_code=nothing", 0),
        ("?start_date=2026-09-29T00:00:00Z&end_date=2026-09-30T00:00:00Z", 1),
        ("?start_date=2026-01-01T00:00:00Z", 0),
        ("?page=1&page_size=1", 1),
        ("?page=2&page_size=1", 0),
        ("?service_request_id=YG20200101-000001", 0),
        ("?jurisdiction_id=", 1),
    ] {
        let list = read(&test, &format!("v2/requests.json{query}")).await.expect(200).json();
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{query}");
    }
    let by_id =
        read(&test, &format!("v2/requests.json?service_request_id={id},{id}&status=closed")).await.expect(200).json();
    assert_eq!(by_id.as_array().map(Vec::len), Some(1), "the id overrides the rest");
}

#[tokio::test]
async fn a_batch_service_gives_a_token_that_gives_the_number() {
    let test = TestApp::new();
    let mut pairs = vec![("api_key", API_KEY), ("service_code", DRAIN)];
    pairs.extend(here());
    let posted = test.form("/open311/v2/requests.xml", &form(&pairs)).await.expect(200).text();
    let token = posted.split("<token>").nth(1).and_then(|rest| rest.split("</token>").next()).expect("a token");
    assert!(!posted.contains("service_request_id"), "a token or a number, never both: {posted}");
    let found = read(&test, &format!("v2/tokens/{token}.json")).await.expect(200).json();
    assert_eq!(found[0]["token"], token);
    let number = found[0]["service_request_id"].as_str().expect("a text");
    read(&test, &format!("v2/requests/{number}.json")).await.expect(200);
    let filed = test.post(None, "/api/v1/reports", lamp_report()).await.expect(201).json();
    let other = filed["case_id"].as_str().expect("a text");
    for token in ["nothing", "01ARZ3NDEKTSV4RRFFQ69G5FAV", other] {
        read(&test, &format!("v2/tokens/{token}.json")).await.expect(404);
    }
}

#[tokio::test]
async fn attributes_are_checked_against_the_form() {
    let test = TestApp::new();
    let mut base = vec![("api_key", API_KEY), ("service_code", PARKING)];
    base.extend(here());
    let with = |more: &[(&'static str, &'static str)]| form(&[base.as_slice(), more].concat());
    let good = [
        ("attribute[where]", "tactile"),
        ("attribute[blocked][]", "walkers"),
        ("attribute[blocked][]", "buses"),
        ("attribute[vehicles]", "3"),
    ];
    let posted = test.form("/open311/v2/requests.json", &with(&good)).await.expect(200).json();
    let id = posted[0]["service_request_id"].as_str().expect("a text");
    let chief = test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    let case = test.get(Some(&chief), &format!("/api/v1/cases/{id}")).await.expect(200).json();
    assert_eq!(case["answers"], json!({"where": "tactile", "blocked": ["walkers", "buses"], "vehicles": 3}));
    for (pairs, word) in [
        (&[][..], "where"),
        (&[("attribute[where]", "moon")], "where"),
        (&[("attribute[where]", "gate"), ("attribute[where]", "gate")], "where"),
        (&[("attribute[where]", "gate"), ("attribute[vehicles]", "many")], "vehicles"),
        (&[("attribute[where]", "gate"), ("attribute[vehicles]", "201")], "vehicles"),
        (&[("attribute[where]", "gate"), ("attribute[colour]", "red")], "colour"),
    ] {
        let refused = test.form("/open311/v2/requests.json", &with(pairs)).await.expect(400).json();
        let words = refused[0]["description"].as_str().expect("a text");
        assert!(words.contains(word), "{pairs:?}: {words}");
    }
}

#[tokio::test]
async fn refusals_have_a_code_and_words_in_both_formats() {
    let test = TestApp::new();
    let [lat, long] = here();
    let key = ("api_key", API_KEY);
    let code = ("service_code", LAMP);
    for (pairs, status) in [
        (vec![code, lat, long], 403),
        (vec![("api_key", "guess"), code, lat, long], 403),
        (vec![key, lat, long], 400),
        (vec![key, ("service_code", "nothing"), lat, long], 404),
        (vec![key, ("service_code", "b0101"), lat, long], 404),
        (vec![key, code], 400),
        (vec![key, code, lat], 400),
        (vec![key, code, ("lat", "north"), long], 400),
        (vec![key, code, ("lat", "95"), long], 400),
        (vec![key, code, ("lat", "0"), ("long", "0")], 400),
        (vec![key, code, ("address_id", "7")], 400),
        (vec![key, code, lat, long, ("jurisdiction_id", "elsewhere")], 404),
        (vec![key, code, lat, long, ("email", "nobody")], 400),
        (vec![key, code, lat, long, ("media_url", "javascript:alert(1)")], 400),
    ] {
        let json = test.form("/open311/v2/requests.json", &form(&pairs)).await;
        assert_eq!(json.status.as_u16(), status, "{pairs:?}: {}", json.text());
        let value: Value = json.json();
        assert_eq!(value[0]["code"], status, "{pairs:?}");
        let xml = test.form("/open311/v2/requests.xml", &form(&pairs)).await.expect(status).text();
        assert!(xml.contains(&format!("<errors><error><code>{status}</code><description>")), "{xml}");
    }
    for (path, status) in [
        ("v2/services/nothing.json", 404),
        ("v2/services/b0137.json", 404),
        ("v2/services.json?jurisdiction_id=elsewhere", 404),
        ("v2/requests/nothing.json", 404),
        ("v2/requests/YG20200101-000001.xml", 404),
        ("v2/requests.json?status=pending", 400),
        ("v2/requests.json?start_date=2026-01-01", 400),
        ("v2/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z", 400),
        ("v2/requests.json?page=0", 400),
        ("v2/requests.html", 404),
        ("v2/requests", 404),
        ("discovery.html", 404),
    ] {
        read(&test, path).await.expect(status);
    }
    let multipart = axum::http::Request::post("/open311/v2/requests.json")
        .header("content-type", "multipart/form-data; boundary=x");
    test.send(multipart.body(axum::body::Body::from("--x--")).expect("a request")).await.expect(400);
}

#[tokio::test]
async fn what_residents_wrote_on_our_own_faces_is_not_published() {
    let test = TestApp::new();
    let mut report = lamp_report();
    (report["lon"], report["lat"], report["address"]) =
        (json!(HERE.0 + 0.000_012_3), json!(HERE.1), json!("3号楼2单元501"));
    let filed = test.post(None, "/api/v1/reports", report).await.expect(201).json();
    let path = format!("v2/requests/{}.json", filed["case_no"].as_str().expect("a text"));
    let shown = read(&test, &path).await.expect(200).json();
    assert_eq!(
        (&shown[0]["description"], &shown[0]["address"], &shown[0]["long"]),
        (&Value::Null, &Value::Null, &json!(HERE.0))
    );
}
