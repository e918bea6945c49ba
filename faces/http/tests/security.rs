//! Ways to sign in over HTTP: passkeys, the code beside a password, and who may change them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use axum::http::Method;
use common::{Browser, TestApp, request};
use serde_json::{Value, json};
use testkit::SoftKey;

const ORIGIN: &str = "https://yaoguang.example";

async fn post(test: &TestApp, browser: Option<&Browser>, path: &str, body: Value) -> common::Answer {
    test.post(browser, &format!("/api/v1{path}"), body).await
}

async fn registered(test: &TestApp, key: &mut SoftKey, login: &str) -> Browser {
    let asked = post(test, None, "/residents/passkey/options", json!({"login": login, "display_name": "李女士"})).await;
    let asked = asked.expect(200).json();
    let credential = key.create(&asked["options"]);
    let body = json!({"ceremony": asked["ceremony"], "credential": credential, "title": "手机"});
    let answer = post(test, None, "/residents/passkey", body.clone()).await.expect(201);
    assert_eq!(post(test, None, "/residents/passkey", body).await.refusal(409), "ceremony_over");
    Browser::of(&answer)
}

async fn signed_in(test: &TestApp, key: &mut SoftKey) -> Browser {
    let asked = post(test, None, "/session/passkey/options", json!({})).await.expect(200).json();
    let body = json!({"ceremony": asked["ceremony"], "credential": key.get(&asked["options"])});
    Browser::of(&post(test, None, "/session/passkey", body).await.expect(200))
}

#[tokio::test]
async fn a_passkey_registers_signs_in_and_is_seen_by_its_owner() {
    let test = TestApp::new();
    let mut key = SoftKey::new(5, ORIGIN);
    let resident = registered(&test, &mut key, "lihua").await;
    let session = test.get(Some(&resident), "/api/v1/session").await.json();
    assert_eq!((&session["method"], &session["is_present"]), (&json!("passkey"), &json!(true)));
    assert_eq!(session["passkey_host"], "yaoguang.example");
    let again = signed_in(&test, &mut key).await;
    let security = test.get(Some(&again), "/api/v1/security").await.expect(200).json();
    assert_eq!(security["passkeys"][0]["title"], "手机");
    assert!(security["passkeys"][0]["used_at"].is_string());
    assert_eq!((&security["has_password"], &security["sessions"]), (&json!(false), &json!(2)));
    assert_eq!(
        post(&test, None, "/session/passkey", json!({"ceremony": "x", "credential": {}})).await.refusal(409),
        "ceremony_over"
    );
}

#[tokio::test]
async fn signing_in_again_ends_the_session_that_the_browser_had() {
    let test = TestApp::new();
    test.resident("lihua").await;
    let first = test.sign_in("lihua").await;
    let elsewhere = test.sign_in("lihua").await;
    let body = json!({"login": "lihua", "password": common::PASSWORD});
    let request = request(Method::POST, Some(&first), "/api/v1/session").header("content-type", "application/json");
    let second = Browser::of(&test.send(request.body(body.to_string().into()).unwrap()).await.expect(200));
    let is_alive =
        async |browser: &Browser| test.get(Some(browser), "/api/v1/session").await.json()["party"].is_object();
    assert_eq!((is_alive(&first).await, is_alive(&second).await, is_alive(&elsewhere).await), (false, true, true));
}

#[tokio::test]
async fn ways_to_sign_in_are_changed_by_who_is_present_and_by_nobody_else() {
    let test = TestApp::new();
    let mut key = SoftKey::new(5, ORIGIN);
    let resident = registered(&test, &mut key, "lihua").await;
    let id =
        test.get(Some(&resident), "/api/v1/security").await.json()["passkeys"][0]["id"].as_str().unwrap().to_owned();
    let changes = [
        (Method::POST, "/api/v1/security/passkeys/options".to_owned(), json!({})),
        (
            Method::POST,
            "/api/v1/security/passkeys".to_owned(),
            json!({"ceremony": "x", "credential": {}, "title": "x"}),
        ),
        (Method::DELETE, format!("/api/v1/security/passkeys/{id}"), json!({})),
        (Method::POST, "/api/v1/security/authenticator".to_owned(), json!({})),
        (Method::POST, "/api/v1/security/authenticator/confirmation".to_owned(), json!({"code": "000000"})),
        (Method::DELETE, "/api/v1/security/authenticator".to_owned(), json!({})),
        (Method::PUT, "/api/v1/security/password".to_owned(), json!({"password": "correct horse battery"})),
    ];
    let send = async |browser: Option<&Browser>, method: &Method, path: &str, body: &Value| {
        let request = request(method.clone(), browser, path).header("content-type", "application/json");
        test.send(request.body(body.to_string().into()).unwrap()).await
    };
    test.clock.advance_us(600_000_000);
    for (method, path, body) in &changes {
        assert_eq!(send(None, method, path, body).await.refusal(401), "not_signed_in", "{method} {path}");
        assert_eq!(send(Some(&resident), method, path, body).await.refusal(403), "not_present", "{method} {path}");
    }
    let present = signed_in(&test, &mut key).await;
    let (method, path, body) = &changes[2];
    assert_eq!(send(Some(&present), method, path, body).await.refusal(409), "last_way_in");
    let (method, path, body) = &changes[6];
    send(Some(&present), method, path, body).await.expect(204);
    assert_eq!(test.get(Some(&resident), "/api/v1/security").await.refusal(401), "not_signed_in", "the other session");
    let (method, path, body) = &changes[2];
    send(Some(&present), method, path, body).await.expect(204);
    assert_eq!(send(Some(&present), method, path, body).await.refusal(404), "not_found");
}
