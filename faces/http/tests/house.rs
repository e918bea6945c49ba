//! A report's way through the house, asked through the API as the faces do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{HERE, LAMP, TestApp, lamp_report, picture, request, upload};
use serde_json::{Value, json};

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text in {value}"))
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| word(item, "id")).collect()
}

#[tokio::test]
async fn a_report_is_filed_handled_checked_closed_and_rated() {
    let test = TestApp::new();
    let resident = test.resident("wang").await;
    let picture = word(&upload(&test, Some(&resident), &picture()).await.expect(201).json(), "id").to_owned();
    let filed = test.report(Some(&resident)).await;
    assert!(filed.get("secret").is_none(), "somebody signed in needs no secret");
    let (id, no) = (word(&filed, "case_id").to_owned(), word(&filed, "case_no").to_owned());
    let collectors = test.office_here("collector_team");

    let acceptor = test.staff("acceptor", &["acceptor@supervision_centre@yaoguang"]).await;
    let chief = test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    let dispatcher = test.staff("dispatcher", &["dispatcher@command_centre@yaoguang"]).await;
    let first = test.staff("first", &[&format!("collector@{collectors}@yaoguang")]).await;
    let second = test.staff("second", &[&format!("collector@{collectors}@yaoguang")]).await;
    let handler = test.staff("handler", &["department_handler@street_lighting@yaoguang"]).await;

    let queue = test.get(Some(&acceptor), "/api/v1/cases?queue=role:acceptor&sort=due").await.expect(200).json();
    assert_eq!((queue["total"].as_u64(), word(&queue["items"][0], "no")), (Some(1), no.as_str()));
    let case = test.get(Some(&acceptor), &format!("/api/v1/cases/{no}")).await.expect(200).json();
    assert_eq!(word(&case, "id"), id);
    assert!(ids(&case["actions"]).contains(&"accept"), "{}", case["actions"]);
    assert_eq!(word(&case["reporter"], "kind"), "resident");
    assert!(case["reporter"].get("name").is_none(), "a resident is never named");

    test.act(&acceptor, &id, "accept", json!({})).await.expect(200);
    let wrong = test.act(&acceptor, &id, "verify", json!({"scene": [picture]})).await.expect(409).json();
    assert_eq!(word(&wrong, "code"), "not_allowed");
    // The chief gives the task to one of the team, who puts it back.
    let shown = test.get(Some(&chief), &format!("/api/v1/cases/{id}")).await.expect(200).json();
    let give = shown["actions"].as_array().expect("a list").iter().find(|action| action["id"] == "assign_verify");
    let people = give.expect("the chief may give it")["fields"][0]["people"].clone();
    assert_eq!(people.as_array().map(Vec::len), Some(2), "{people}");
    let given = test.act(&chief, &id, "assign_verify", json!({"person": people[0]["id"]})).await.expect(200).json();
    assert_eq!(given["task"]["assignee"], people[0]["id"]);
    let stranger = json!({"person": word(&filed, "case_id")});
    let refused = test.act(&chief, &id, "assign_verify", stranger).await.expect(422).json();
    assert_eq!(word(&refused["fields"][0], "field"), "person");
    let mine = test.get(Some(&first), "/api/v1/session").await.expect(200).json();
    let holder = if people[0]["id"] == mine["party"]["id"] { &first } else { &second };
    let back = test.act(holder, &id, "release_verify", json!({"note": "临时有事"})).await.expect(200).json();
    assert!(back["task"].get("assignee").is_none());
    test.act(&first, &id, "claim_verify", json!({})).await.expect(200);
    let refused = test.act(&first, &id, "verify", json!({})).await.expect(422).json();
    assert_eq!(word(&refused["fields"][0], "field"), "scene");
    test.act(&first, &id, "verify", json!({"scene": [picture]})).await.expect(200);
    let condition = json!({"condition": {"category": LAMP, "condition": "out"}});
    test.act(&chief, &id, "file", condition).await.expect(200);
    let waiting = test.get(Some(&dispatcher), &format!("/api/v1/cases/{id}")).await.expect(200).json();
    let dispatch = waiting["actions"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|action| action["id"] == "dispatch")
        .expect("dispatch is offered");
    assert_eq!(word(&dispatch["fields"][0], "suggested"), "street_lighting");
    test.act(&dispatcher, &id, "dispatch", json!({"office": "street_lighting"})).await.expect(200);
    let mine = test.get(Some(&handler), "/api/v1/queues").await.expect(200).json();
    assert_eq!(mine["items"][1]["count"], 1, "{mine}");
    test.act(&handler, &id, "claim", json!({})).await.expect(200);
    test.act(&handler, &id, "complete", json!({"before": [picture], "after": [picture], "note": "更换灯头"}))
        .await
        .expect(200);
    test.act(&dispatcher, &id, "confirm_feedback", json!({})).await.expect(200);
    test.act(&second, &id, "check_pass", json!({"check": [picture]})).await.expect(200);
    let own_work = test.act(&dispatcher, &id, "close", json!({})).await;
    assert_eq!(own_work.refusal(409), "not_allowed");
    let closed = test.act(&chief, &id, "close", json!({})).await.expect(200).json();
    assert_eq!(
        (word(&closed, "state"), word(&closed, "outcome"), closed["open"].as_bool()),
        ("closed", "resolved", Some(false))
    );

    let path = format!("/api/v1/reports/{no}/actions/rate");
    let rated = test.post(Some(&resident), &path, json!({"answers": {"stars": 5}})).await.expect(200).json();
    assert_eq!(rated["rating"], 5);
    assert_eq!(test.post(Some(&resident), &path, json!({"answers": {"stars": 1}})).await.refusal(409), "not_allowed");
    let mine = test.get(Some(&resident), "/api/v1/reports/mine").await.expect(200).json();
    assert_eq!((word(&mine["items"][0], "case_no"), mine["items"][0]["open"].as_bool()), (no.as_str(), Some(false)));
    let view = test.get(Some(&resident), &format!("/api/v1/reports/{no}")).await.expect(200).json();
    let timeline = view["timeline"].as_array().expect("a list").iter();
    let entry = |entry: &Value| {
        let office = entry["office_title"]["en"].as_str().unwrap_or("-");
        let pictures = entry["evidence"].as_array().map_or(0, Vec::len);
        format!(
            "{} | {} | {office} | {} | {pictures} pictures",
            word(&entry["title"], "zh-CN"),
            word(&entry["title"], "en"),
            entry["note"]
        )
    };
    insta::assert_snapshot!("timeline", timeline.map(entry).collect::<Vec<_>>().join("\n"));
    let stages = view["stages"].as_array().expect("a list").iter();
    insta::assert_snapshot!(
        "stages",
        stages.map(|stage| format!("{} {}", word(stage, "id"), word(stage, "state"))).collect::<Vec<_>>().join("\n")
    );
}

#[tokio::test]
async fn every_step_has_a_receipt_that_holds() {
    let test = TestApp::new();
    let filed = test.report(None).await;
    let (no, secret) = (word(&filed, "case_no"), word(&filed, "secret"));
    let report = test.get(None, &format!("/api/v1/reports/{no}?secret={secret}")).await.expect(200).json();
    let url = word(&report["timeline"][0], "receipt_url");
    assert_eq!(test.get(None, url).await.refusal(404), "not_sealed_yet");
    let explain = url.replace('?', "/explain?");
    assert_eq!(test.get(None, &explain).await.expect(200).json()["sealed"], false);
    test.seal().await;
    let receipt = test.get(None, url).await.expect(200);
    assert!(receipt.text().starts_with("c2sp.org/tlog-proof@v1\n"), "{}", receipt.text());
    assert_eq!(receipt.header("content-disposition"), format!("attachment; filename=\"{no}-1.tlog-proof\""));
    let explained = test.get(None, &explain).await.expect(200).json();
    assert_eq!(
        (explained["sealed"].as_bool(), explained["opens"].as_bool(), explained["index"].as_u64()),
        (Some(true), Some(true), Some(0))
    );
    let bare = url.split('?').next().expect("a path");
    assert_eq!(test.get(None, bare).await.refusal(404), "not_found", "without the secret there is none");
    let checkpoint = test.get(None, "/ledger/checkpoint").await.expect(200);
    assert!(checkpoint.text().starts_with("test.dipper/ledger\n"));
    assert_eq!(checkpoint.header("cache-control"), "no-cache");
    test.get(None, "/ledger/tile/0/000.p/2").await.expect(200);
    test.get(None, "/ledger/tile/entries/000.p/2").await.expect(200);
    test.get(None, "/ledger/tile/entries/%2e%2e/%2e%2e/key").await.expect(404);
    test.get(None, "/ledger/key").await.expect(200);
    // Logs of offices: none has been begun here, and no address leads out of the folder of logs.
    for path in
        ["/ledger/drainage/checkpoint", "/ledger/%2e%2e/key", "/ledger/Drainage/key", "/ledger/drainage/tile/0/000"]
    {
        test.get(None, path).await.expect(404);
    }
}

#[tokio::test]
async fn an_anonymous_report_opens_with_its_secret_alone() {
    let test = TestApp::new();
    let (filed, other) = (test.report(None).await, test.report(None).await);
    let (no, secret) = (word(&filed, "case_no"), word(&filed, "secret"));
    let path = format!("/api/v1/reports/{no}");
    let resident = test.resident("wang").await;
    for (browser, query, status) in [
        (None, String::new(), 404),
        (None, "?secret=guess".to_owned(), 404),
        (None, format!("?secret={}", word(&other, "secret")), 404),
        (Some(&resident), String::new(), 404),
        (None, format!("?secret={secret}"), 200),
        (Some(&resident), format!("?secret={secret}"), 200),
    ] {
        test.get(browser, &format!("{path}{query}")).await.expect(status);
    }
    assert_eq!(
        test.get(None, "/api/v1/reports/YG20200101-000001").await.refusal(404),
        "not_found",
        "the same words where there is none"
    );
}

#[tokio::test]
async fn the_same_key_files_once() {
    let test = TestApp::new();
    let resident = test.resident("wang").await;
    let send = |key: &'static str| {
        let request = request(axum::http::Method::POST, Some(&resident), "/api/v1/reports")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(axum::body::Body::from(lamp_report().to_string()))
            .expect("a request");
        test.send(request)
    };
    let first = send("a-key-of-mine").await.expect(201).json();
    assert_eq!(send("a-key-of-mine").await.expect(200).json(), first);
    assert_ne!(send("another-key").await.expect(201).json(), first);
    assert_eq!(send("short").await.refusal(400), "bad_parameter");
}

#[tokio::test]
async fn others_join_a_report_and_see_it() {
    let test = TestApp::new();
    let filed = test.report(None).await;
    let no = word(&filed, "case_no");
    let similar = test
        .get(None, &format!("/api/v1/reports/similar?lon={}&lat={}&category={LAMP}", HERE.0, HERE.1))
        .await
        .expect(200)
        .json();
    assert_eq!(word(&similar["items"][0], "case_no"), no);
    let joined = test.post(None, &format!("/api/v1/reports/{no}/join"), json!({})).await.expect(200).json();
    assert_eq!(joined["joined_count"], 1);
    test.get(None, &format!("/api/v1/reports/{no}?secret={}", word(&joined, "secret"))).await.expect(200);
    let resident = test.resident("wang").await;
    test.post(Some(&resident), &format!("/api/v1/reports/{no}/join"), json!({})).await.expect(200);
    test.get(Some(&resident), &format!("/api/v1/reports/{no}")).await.expect(200);
    let near =
        test.get(None, "/api/v1/public/cases?west=112.8&south=32.4&east=113&north=32.6").await.expect(200).json();
    assert_eq!((word(&near["items"][0], "case_no"), near["items"][0]["joined_count"].as_u64()), (no, Some(2)));
    assert!(near["items"][0].get("address").is_none(), "no address for everybody");
}

#[tokio::test]
async fn a_contact_opens_for_a_purpose_in_the_office_that_has_the_case() {
    let test = TestApp::new();
    let filed = test.report(None).await;
    let path = format!("/api/v1/cases/{}/contact", word(&filed, "case_no"));
    let acceptor = test.staff("acceptor", &["acceptor@supervision_centre@yaoguang"]).await;
    let elsewhere = test.staff("elsewhere", &["acceptor@command_centre@yaoguang"]).await;
    let dispatcher = test.staff("dispatcher", &["dispatcher@command_centre@yaoguang"]).await;
    let asked = format!("{path}?purpose=call%20back");
    let contact = test.get(Some(&acceptor), &asked).await.expect(200);
    assert_eq!(contact.json(), json!({"name": "李四", "phone": "13800000000"}));
    assert_eq!(contact.header("cache-control"), "no-store");
    assert_eq!(test.get(Some(&acceptor), &path).await.refusal(400), "bad_parameter");
    assert_eq!(test.get(Some(&acceptor), &format!("{path}?purpose=")).await.refusal(403), "forbidden");
    assert_eq!(test.get(Some(&elsewhere), &asked).await.refusal(403), "forbidden");
    assert_eq!(test.get(Some(&dispatcher), &asked).await.refusal(403), "forbidden");
    assert_eq!(test.get(None, &asked).await.refusal(401), "not_signed_in");
}

#[tokio::test]
async fn pictures_are_seen_by_those_who_may() {
    let test = TestApp::new();
    let resident = test.resident("wang").await;
    let kept = upload(&test, Some(&resident), &picture()).await.expect(201).json();
    let url = word(&kept, "url").to_owned();
    test.get(Some(&resident), &url).await.expect(200);
    test.get(None, &url).await.expect(404);
    let mut report = lamp_report();
    report["evidence"] = json!([word(&kept, "id")]);
    let filed = test.post(None, "/api/v1/reports", report).await.expect(201).json();
    let picture = test.get(None, &format!("{url}?secret={}", word(&filed, "secret"))).await.expect(200);
    assert_eq!((picture.header("content-type"), picture.header("x-content-type-options")), ("image/jpeg", "nosniff"));
    test.get(None, &format!("{url}?size=thumb&secret={}", word(&filed, "secret"))).await.expect(200);
    test.get(None, &format!("{url}?secret=guess")).await.expect(404);
    let acceptor = test.staff("acceptor", &["acceptor@supervision_centre@yaoguang"]).await;
    test.get(Some(&acceptor), &url).await.expect(200);
    let other = test.resident("zhao").await;
    test.get(Some(&other), &url).await.expect(404);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_the_new_one_told() {
    let test = TestApp::new();
    let filed = test.report(None).await;
    let acceptor = test.staff("acceptor", &["acceptor@supervision_centre@yaoguang"]).await;
    let path = format!("/api/v1/cases/{}/actions/accept", word(&filed, "case_id"));
    let stale = test.post(Some(&acceptor), &path, json!({"version": 1, "answers": {}})).await;
    assert_eq!(stale.refusal(409), "version_conflict");
    test.post(Some(&acceptor), &path, json!({"version": 2, "answers": {}})).await.expect(200);
}

#[tokio::test]
async fn indicators_count_what_happened_and_list_it() {
    let test = TestApp::new();
    test.report(None).await;
    let chief = test.staff("chief", &["duty_chief@supervision_centre@yaoguang"]).await;
    test.clock.advance_minutes(60);
    let found = test.get(Some(&chief), "/api/v1/indicators?by=category").await.expect(200).json();
    assert_eq!(found["rows"][0]["key"], LAMP);
    assert_eq!(found["rows"][0]["values"]["reported"]["numerator"], 1);
    let cases = test
        .get(Some(&chief), &format!("/api/v1/indicators/reported/cases?by=category&key={LAMP}"))
        .await
        .expect(200)
        .json();
    assert_eq!(cases["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(test.get(Some(&chief), "/api/v1/indicators/nothing/cases").await.refusal(404), "not_found");
    let csv = test.get(Some(&chief), "/api/v1/indicators.csv?by=category").await.expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.text().lines().nth(1).is_some_and(|line| line.starts_with(LAMP)), "{}", csv.text());
    let trends = test.get(Some(&chief), "/api/v1/trends?days=3").await.expect(200).json();
    assert_eq!((trends["days"].as_array().map(Vec::len), trends["days"][2]["opened"].as_u64()), (Some(3), Some(1)));
    for bad in ["from=yesterday", "from=2026-09-01&to=2026-08-01", "region=nowhere", "by=colour"] {
        assert_eq!(
            test.get(Some(&chief), &format!("/api/v1/indicators?{bad}")).await.refusal(400),
            "bad_parameter",
            "{bad}"
        );
    }
}
