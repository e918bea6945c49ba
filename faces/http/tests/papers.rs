//! A licence on paper: for whom, with which facts, and what is inside.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use act::licences::issue_granted;
use common::{Browser, TestApp, picture, upload};
use credential::{
    Expectations, KeyBinding, SHOWN_AUDIENCE, Standing, StatusList, TrustedKeys, VerifyError, verify, verify_seal,
};
use model::Clock;
use serde_json::json;

const ISSUER: &str = "https://yaoguang.example";

struct City {
    test: TestApp,
    li: Browser,
    chief: Browser,
    licence: String,
    case_no: String,
}

impl City {
    /// A city that granted Li a licence.
    async fn new() -> Self {
        let test = TestApp::new();
        let li = test.resident("liwei").await;
        let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
        let reviewer = test.staff("reviewer", &["service_reviewer@market_bureau@yaoguang"]).await;
        let chief = test.staff("chief", &["service_chief@market_bureau@yaoguang"]).await;
        let layout = upload(&test, Some(&li), &picture()).await.expect(201).json();
        let answers = json!({
            "applicant": "company", "credit_code": "91350100M000100Y43", "shop_name": "星河𠮷小馆",
            "address": "鼓楼街道 5 号", "activities": ["hot"], "area": 60, "layout": [layout["id"]],
            "manager_name": "马䶮", "manager_phone": "13800000000",
        });
        let path = "/api/v1/services/food_business_licence/applications";
        let applied = test.post(Some(&li), path, json!({"answers": answers})).await.expect(201).json();
        let case_no = applied["case_no"].as_str().unwrap().to_owned();
        test.act(&clerk, &case_no, "accept", json!({})).await.expect(200);
        test.act(&reviewer, &case_no, "propose", json!({"proposal": "grant", "note": "材料齐全"})).await.expect(200);
        test.act(&chief, &case_no, "grant", json!({"note": "已送达"})).await.expect(200);
        assert_eq!(issue_granted(&test.app.licences()).await.unwrap(), 1);
        let list = test.get(Some(&li), "/api/v1/licences").await.expect(200).json();
        let licence = list["items"][0]["id"].as_str().unwrap().to_owned();
        Self { test, li, chief, licence, case_no }
    }

    async fn pdf(&self, browser: Option<&Browser>, query: &str) -> common::Answer {
        self.test.get(browser, &format!("/api/v1/licences/{}/pdf{query}", self.licence)).await
    }
}

/// The answer to a holder; `None`, said aloud, where the font was not built in: then the server says just that.
fn printed(answer: common::Answer) -> Option<common::Answer> {
    if answer.status == 503 {
        assert_eq!(answer.refusal(503), "no_paper_font");
        eprintln!("skipped: the font is not built (npm --prefix web run build -w @dipper/paper)");
        return None;
    }
    Some(answer.expect(200))
}

#[tokio::test]
async fn a_paper_is_for_who_may_see_the_licence() {
    let city = City::new().await;
    let wang = city.test.resident("wangfang").await;
    assert_eq!(city.pdf(None, "").await.refusal(401), "not_signed_in");
    assert_eq!(city.pdf(Some(&wang), "").await.refusal(404), "not_found");
    assert_eq!(city.pdf(Some(&city.chief), "").await.refusal(403), "forbidden");
    let elsewhere = city.test.get(Some(&city.li), "/api/v1/licences/01M8C5TH02F2KS6TXV3F4SSCQP/pdf").await;
    assert_eq!(elsewhere.refusal(404), "not_found");
    let Some(answer) = printed(city.pdf(Some(&city.li), "").await) else { return };
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{}.pdf\"", city.licence));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.bytes.starts_with(b"%PDF-1.7"));
    assert_eq!(city.pdf(Some(&city.li), "?show=shop_name,iss").await.refusal(400), "bad_parameter");
    assert_eq!(city.pdf(Some(&city.li), "?show=case_no").await.refusal(400), "bad_parameter");
    city.test.act(&city.chief, &city.case_no, "revoke", json!({"note": "经营者申请注销"})).await.expect(200);
    assert_eq!(city.pdf(Some(&city.li), "?show=shop_name").await.refusal(409), "licence_ended");
}

#[tokio::test]
async fn inside_is_the_licence_with_the_facts_chosen_and_nobody_can_show_it_live() {
    let city = City::new().await;
    let Some(answer) = printed(city.pdf(Some(&city.li), "?show=shop_name,manager_name").await) else { return };
    let found = paper::read(&answer.bytes).unwrap();
    let keys = city.test.get(None, "/licences/keys").await.expect(200).text();
    let keys = TrustedKeys::parse(&keys, None).unwrap();
    let now_s = city.test.clock.now().as_micros() / 1_000_000;
    let seal = verify_seal(&found.seal, &keys, &found.digest).unwrap();
    assert_eq!((seal.issuer.as_str(), seal.sealed_at_s), (ISSUER, now_s));
    let list = StatusList::verify(&found.status, &keys, ISSUER, now_s).unwrap();
    let judge = |key_binding| {
        let expected = Expectations { vct: None, key_binding, leeway_s: 0 };
        verify(&found.licence, &keys, now_s, &expected, Some(&list))
    };
    let verified = judge(KeyBinding::NotRequired).unwrap();
    assert!(matches!(verified.status, Standing::Valid(_)) && verified.holder.is_some());
    assert_eq!(
        (&verified.claims["shop_name"], &verified.claims["manager_name"]),
        (&json!("星河𠮷小馆"), &json!("马䶮"))
    );
    assert!(!verified.claims.contains_key("address") && !found.licence.contains("鼓楼"));
    let live = KeyBinding::Shown { audience: SHOWN_AUDIENCE, max_age_s: 120 };
    assert_eq!(judge(live), Err(VerifyError::KeyBindingMissing));
    // Nothing ties two papers together but what they say.
    let again = printed(city.pdf(Some(&city.li), "?show=shop_name,manager_name").await).unwrap();
    let again = paper::read(&again.bytes).unwrap();
    assert_ne!(again.licence.split('~').nth(1), found.licence.split('~').nth(1));
    let without = printed(city.pdf(Some(&city.li), "").await).unwrap();
    assert_eq!(paper::read(&without.bytes).unwrap().licence.matches('~').count(), 1);
}
