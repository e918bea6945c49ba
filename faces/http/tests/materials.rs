//! A licence of one service given as material for the next: shown by its holder's device, with the facts asked for alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use act::licences::issue_granted;
use common::{Browser, TestApp, picture, upload};
use credential::{HolderKey, SdJwt, prove};
use model::Clock;
use serde_json::{Value, json};

const RENEWAL: &str = "/api/v1/services/food_business_renewal";
const ISSUER: &str = "https://yaoguang.example";
const FACTS: [&str; 3] = ["shop_name", "credit_code", "address"];

struct City {
    test: TestApp,
    li: Browser,
    clerk: Browser,
    reviewer: Browser,
    chief: Browser,
    device: HolderKey,
}

impl City {
    async fn new() -> Self {
        let test = TestApp::new();
        let li = test.resident("liwei").await;
        let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
        let reviewer = test.staff("reviewer", &["service_reviewer@market_bureau@yaoguang"]).await;
        let chief = test.staff("chief", &["service_chief@market_bureau@yaoguang"]).await;
        Self { test, li, clerk, reviewer, chief, device: HolderKey::from_p256(&[8; 32]).unwrap() }
    }

    fn now_s(&self) -> i64 {
        self.test.clock.now().as_micros() / 1_000_000
    }

    async fn file(&self, browser: &Browser) -> String {
        let stored = upload(&self.test, Some(browser), &picture()).await.expect(201).json();
        stored["id"].as_str().unwrap().to_owned()
    }

    /// A licence granted to a resident: its id and the number of its case.
    async fn licence(&self, browser: &Browser) -> (String, String) {
        let layout = self.file(browser).await;
        let answers = json!({
            "applicant": "company", "credit_code": "91350100M000100Y43", "shop_name": "星河小馆",
            "address": "鼓楼街道 5 号", "activities": ["hot"], "area": 60, "layout": [layout],
            "manager_name": "李四四", "manager_phone": "13800000000",
        });
        let path = "/api/v1/services/food_business_licence/applications";
        let applied = self.test.post(Some(browser), path, json!({"answers": answers})).await.expect(201).json();
        let no = applied["case_no"].as_str().unwrap().to_owned();
        self.test.act(&self.clerk, &no, "accept", json!({})).await.expect(200);
        self.propose_and_grant(&no).await;
        assert_eq!(issue_granted(&self.test.app.licences()).await.unwrap(), 1);
        let list = self.test.get(Some(browser), "/api/v1/licences").await.expect(200).json();
        (list["items"][0]["id"].as_str().unwrap().to_owned(), no)
    }

    async fn propose_and_grant(&self, no: &str) {
        let proposal = json!({"proposal": "grant", "note": "材料齐全"});
        self.test.act(&self.reviewer, no, "propose", proposal).await.expect(200);
        self.test.act(&self.chief, no, "grant", json!({"note": "已送达"})).await.expect(200);
    }

    /// A copy of a licence for the device.
    async fn copy(&self, browser: &Browser, licence: &str) -> SdJwt {
        let proof = prove(&self.device, ISSUER, licence, self.now_s());
        let path = format!("/api/v1/licences/{licence}/copies");
        let copy = self.test.post(Some(browser), &path, json!({"proof": proof})).await.expect(201).json();
        SdJwt::parse(copy["sd_jwt"].as_str().unwrap()).unwrap()
    }

    async fn asked(&self, browser: &Browser) -> String {
        let asked = self.test.post(Some(browser), &format!("{RENEWAL}/presentation-request"), json!({})).await;
        let asked = asked.expect(200).json();
        assert_eq!(asked["audience"], json!(ISSUER));
        asked["nonce"].as_str().unwrap().to_owned()
    }

    /// The facts named, as the device shows them in answer to a question.
    async fn shown(&self, browser: &Browser, copy: &SdJwt, facts: &[&str]) -> String {
        let nonce = self.asked(browser).await;
        let shown = copy.present(facts).unwrap();
        shown.with_key_binding(&self.device, &nonce, ISSUER, self.now_s()).unwrap().to_string()
    }

    async fn renewal(&self, browser: &Browser, old_licence: Value) -> common::Answer {
        let self_check = self.file(browser).await;
        let answers = json!({
            "old_licence": old_licence, "shop_name": "星河小馆", "credit_code": "91350100M000100Y43",
            "address": "鼓楼街道 5 号", "unchanged": "yes", "self_check": [self_check], "manager_name": "李四四",
            "manager_phone": "13800000000",
        });
        self.test.post(Some(browser), &format!("{RENEWAL}/applications"), json!({"answers": answers})).await
    }
}

#[tokio::test]
async fn a_copy_is_for_its_holder_and_for_a_device_that_has_the_key() {
    let city = City::new().await;
    let (licence, _) = city.licence(&city.li).await;
    let path = format!("/api/v1/licences/{licence}/copies");
    let proof = |audience: &str, nonce: &str, now_s| json!({"proof": prove(&city.device, audience, nonce, now_s)});
    let sound = proof(ISSUER, &licence, city.now_s());
    let stranger = city.test.resident("stranger9").await;
    assert_eq!(city.test.post(Some(&stranger), &path, sound.clone()).await.refusal(404), "not_found");
    assert_eq!(city.test.post(None, &path, sound).await.refusal(401), "not_signed_in");
    for (what, body) in [
        ("another issuer", proof("urn:elsewhere", &licence, city.now_s())),
        ("another licence", proof(ISSUER, "01M8C5TH02F2KS6TXV3F4SSCQP", city.now_s())),
        ("an old proof", proof(ISSUER, &licence, city.now_s() - 301)),
        ("no proof", json!({"proof": "x"})),
    ] {
        let refused = city.test.post(Some(&city.li), &path, body).await;
        assert_eq!(refused.refusal(400), "bad_parameter", "{what}");
    }
    let (first, second) = (city.copy(&city.li, &licence).await, city.copy(&city.li, &licence).await);
    assert_eq!(first.find_holder(), Ok(Some(city.device.public_key())));
    assert_eq!(first.unverified_claims(), second.unverified_claims());
    assert_ne!(first.as_str(), second.as_str(), "copies share no salt");
    let whole = city.test.get(Some(&city.li), &format!("/api/v1/licences/{licence}")).await.expect(200);
    assert!(!whole.text().contains('~'), "what was issued without a key is shown to nobody");
}

#[tokio::test]
async fn a_licence_given_as_material_is_seen_with_its_facts_and_how_it_stands() {
    let city = City::new().await;
    let (licence, first_no) = city.licence(&city.li).await;
    let copy = city.copy(&city.li, &licence).await;
    let shown = city.shown(&city.li, &copy, &FACTS).await;
    let applied = city.renewal(&city.li, json!({"presentation": shown})).await.expect(201).json();
    let no = applied["case_no"].as_str().unwrap();

    let own = city.test.get(Some(&city.li), &format!("/api/v1/reports/{no}/application")).await.expect(200).json();
    let material = &own["materials"][0];
    assert_eq!((&material["field"], &material["genuine"]), (&json!("old_licence"), &json!(true)));
    assert_eq!((&material["licence_no"], &material["given"]["status"]), (&json!(licence), &json!("valid")));
    let facts: Vec<_> = material["facts"].as_array().unwrap().iter().map(|fact| &fact["claim"]).collect();
    assert_eq!(facts, ["credit_code", "shop_name", "address"], "in the order of its form");

    city.test.act(&city.clerk, no, "accept", json!({})).await.expect(200);
    let path = format!("/api/v1/cases/{no}/application?purpose=%E5%AE%A1%E6%9F%A5%E7%94%B3%E8%AF%B7%E6%9D%90%E6%96%99");
    let seen = city.test.get(Some(&city.reviewer), &path).await.expect(200).json();
    assert_eq!(seen["materials"], own["materials"]);
    let case = city.test.get(Some(&city.reviewer), &format!("/api/v1/cases/{no}")).await.expect(200).json();
    assert_eq!(case["licences"][0]["status"], json!("valid"));

    // Revoked meanwhile: seen without opening anything, and what rests on it is not granted.
    city.test.act(&city.chief, &first_no, "revoke", json!({"note": "停业注销"})).await.expect(200);
    let case = city.test.get(Some(&city.chief), &format!("/api/v1/cases/{no}")).await.expect(200).json();
    assert_eq!(case["licences"][0]["status"], json!("revoked"));
    assert!(case["licences"][0]["ended_at"].is_string());
    let proposal = json!({"proposal": "grant", "note": "材料齐全"});
    city.test.act(&city.reviewer, no, "propose", proposal).await.expect(200);
    let refused = city.test.act(&city.chief, no, "grant", json!({"note": "已送达"})).await;
    assert_eq!(refused.refusal(409), "material_revoked");
    city.test.act(&city.chief, no, "refuse", json!({"note": "原证已注销，可申请行政复议"})).await.expect(200);
}

#[tokio::test]
async fn the_next_licence_is_granted_by_the_one_before() {
    let city = City::new().await;
    let (licence, _) = city.licence(&city.li).await;
    let copy = city.copy(&city.li, &licence).await;
    let shown = city.shown(&city.li, &copy, &FACTS).await;
    let applied = city.renewal(&city.li, json!({"presentation": shown})).await.expect(201).json();
    let no = applied["case_no"].as_str().unwrap();
    city.test.act(&city.clerk, no, "accept", json!({})).await.expect(200);
    city.propose_and_grant(no).await;
    assert_eq!(issue_granted(&city.test.app.licences()).await.unwrap(), 1);
    let list = city.test.get(Some(&city.li), "/api/v1/licences").await.expect(200).json();
    let services: Vec<_> = list["items"].as_array().unwrap().iter().map(|licence| &licence["service"]).collect();
    assert!(services.contains(&&json!("food_business_renewal")), "{services:?}");
    let events = city.test.get(Some(&city.clerk), &format!("/api/v1/cases/{no}/events")).await.expect(200).text();
    assert!(events.contains(&licence) && !events.contains("星河小馆"), "the event names the licence and no fact of it");
}

#[tokio::test]
async fn what_is_no_licence_of_the_applicants_own_in_force_is_refused() {
    let city = City::new().await;
    let (licence, first_no) = city.licence(&city.li).await;
    let copy = city.copy(&city.li, &licence).await;
    let wang = city.test.resident("wangfang").await;
    let refused = async |browser: &Browser, presentation: &str| {
        city.renewal(browser, json!({"presentation": presentation})).await.refusal(422)
    };
    let good = city.shown(&city.li, &copy, &FACTS).await;
    // A picture of what she showed is of no use to another person, nor is her text with a question of theirs.
    assert_eq!(refused(&wang, &good).await, "licence_not_shown");
    let for_wang = city.shown(&wang, &copy, &FACTS).await;
    assert_eq!(refused(&wang, &for_wang).await, "licence_not_yours");
    let unbound = copy.present(&FACTS).unwrap();
    assert_eq!(refused(&city.li, unbound.as_str()).await, "licence_not_shown");
    let more = city.shown(&city.li, &copy, &["shop_name", "credit_code", "address", "manager_name"]).await;
    assert_eq!(refused(&city.li, &more).await, "licence_facts");
    let less = city.shown(&city.li, &copy, &["shop_name"]).await;
    assert_eq!(refused(&city.li, &less).await, "licence_facts");
    assert_eq!(refused(&city.li, &good.replacen('.', ".A", 1)).await, "licence_not_genuine");
    assert_eq!(refused(&city.li, "a.b.c~").await, "licence_not_genuine");
    assert_eq!(city.renewal(&city.li, json!({"licence": licence})).await.refusal(422), "invalid");
    let late = city.shown(&city.li, &copy, &FACTS).await;
    city.test.clock.advance_minutes(11);
    assert_eq!(refused(&city.li, &late).await, "licence_not_shown");
    let nothing = city.test.post(Some(&city.li), "/api/v1/services/legal_aid/presentation-request", json!({})).await;
    assert_eq!(nothing.refusal(404), "not_here");

    city.test.act(&city.chief, &first_no, "revoke", json!({"note": "停业注销"})).await.expect(200);
    let shown = city.shown(&city.li, &copy, &FACTS).await;
    assert_eq!(refused(&city.li, &shown).await, "licence_revoked");
    let proof = json!({"proof": prove(&city.device, ISSUER, &licence, city.now_s())});
    let copies = format!("/api/v1/licences/{licence}/copies");
    assert_eq!(city.test.post(Some(&city.li), &copies, proof).await.refusal(409), "licence_ended");
    // A photo will do instead, as ever.
    let photo = city.file(&city.li).await;
    city.renewal(&city.li, json!([photo])).await.expect(201);
}
