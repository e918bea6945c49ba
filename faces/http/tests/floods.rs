//! Too much of one: a device that floods is shut out alone, and silences elsewhere do not crowd out one's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::TestApp;
use common::sensing::{MemoryLake, register, with_devices};
use identity::PartyKind;
use model::{Clock, RegionId};
use serde_json::json;
use store::{SilenceRow, Tx};

const HERE: (f64, f64) = (112.8961, 32.5087);

fn city() -> TestApp {
    let lake = Arc::new(MemoryLake::default());
    TestApp::with(|parts, clock| with_devices(parts, clock, &lake))
}

async fn say(test: &TestApp, name: &str, password: &str) -> u16 {
    let word = STANDARD.encode(format!("{name}:{password}"));
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/api/v1/devices/{name}/readings"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Basic {word}"));
    test.send(request.body(Body::from("{\"methane\": 1}")).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn a_device_that_floods_is_slowed_then_named_then_shut_out_and_let_in_again_by_hand() {
    let test = city();
    let flood = register(&test, "flood", "gas_detector", HERE).await;
    let other = register(&test, "other", "gas_detector", HERE).await;
    let admin = test.staff("admin", &["admin@supervision_centre@yaoguang"]).await;
    let seen = async || test.get(Some(&admin), "/api/v1/devices/flood").await.expect(200).json();
    // The class may send 600 messages a minute.
    let minute = async |count: usize| {
        let mut answers = Vec::new();
        for _ in 0..count {
            answers.push(say(&test, "flood", &flood).await);
        }
        assert_eq!(say(&test, "other", &other).await, 200, "the other is heard");
        test.clock.advance_minutes(1);
        answers
    };
    let slowed = minute(600).await;
    assert!(slowed.starts_with(&[200]) && slowed.ends_with(&[429]), "slowed within the minute");
    assert_eq!(seen().await["fault"], json!(null), "as many as it may");
    minute(601).await;
    let named = seen().await;
    assert_eq!((&named["fault"]["kind"], &named["standing"]), (&json!("flood"), &json!("active")));
    minute(601).await;
    assert_eq!(seen().await["standing"], "active", "two minutes running");
    let last = minute(601).await;
    assert_eq!(last.last(), Some(&429), "the message that was one too many");
    let shut_out = seen().await;
    assert_eq!(shut_out["standing"], "quarantined");
    let reason = shut_out["reason"].as_str().unwrap();
    assert!(reason.contains("more than the 600 messages a minute") && reason.contains("3 minutes running"), "{reason}");
    assert_eq!(say(&test, "flood", &flood).await, 403, "it is not heard any more");
    assert_eq!(say(&test, "other", &other).await, 200);
    let release = json!({"change": "release"});
    test.post(Some(&admin), "/api/v1/devices/flood/changes", release).await.expect(200);
    assert_eq!(say(&test, "flood", &flood).await, 200, "released by hand");
}

#[tokio::test]
async fn silences_elsewhere_do_not_crowd_out_those_that_one_may_see() {
    let test = city();
    let party = test.account(PartyKind::Staff, "before", &[]);
    let now = test.clock.now();
    let write = move |tx: &mut Tx| {
        let mut row = |region: &str| {
            let row = SilenceRow {
                id: tx.new_event_id(now),
                rules: Vec::new(),
                classes: Vec::new(),
                regions: vec![region.parse::<RegionId>().unwrap()],
                devices: Vec::new(),
                from: now,
                until: now.plus_micros(60_000_000),
                reason: "works".to_owned(),
                begun_by: party,
                begun_at: now,
                ended_by: None,
                ended_at: None,
            };
            tx.record_silence(&row)
        };
        row("gulou")?;
        (0..130).try_for_each(|_| row("shuyuan"))
    };
    test.store.write_blocking::<_, store::StoreError, _>(write).unwrap();
    let listed = async |region: &str| {
        let chief = test.staff(region, &[&format!("duty_chief@supervision_centre@{region}")]).await;
        test.get(Some(&chief), "/api/v1/alarm-silences").await.expect(200).json().as_array().unwrap().len()
    };
    assert_eq!((listed("gulou").await, listed("shuyuan").await, listed("yaoguang").await), (1, 100, 100));
}
