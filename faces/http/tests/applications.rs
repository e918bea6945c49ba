//! Applications over HTTP: form, draft, hand in, answers for a purpose, who looked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use act::licences::issue_granted;
use axum::body::Body;
use axum::http::{Method, header};
use common::{Answer, Browser, TestApp, picture, request, upload};
use credential::{Expectations, HolderKey, KeyBinding, SdJwt, StatusList, TrustedKeys, VerifyError, prove, verify};
use model::Clock;
use serde_json::{Value, json};

const FORM: &str = "/api/v1/services/food_business_licence";

async fn send(test: &TestApp, method: Method, browser: &Browser, path: &str, body: Value) -> Answer {
    let request = request(method, Some(browser), path).header(header::CONTENT_TYPE, "application/json");
    test.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn answers(plan: &str) -> Value {
    json!({
        "applicant": "company", "credit_code": "91350100M000100Y43", "shop_name": "星河小馆", "address": "鼓楼街道 5 号",
        "activities": ["hot"], "area": 60, "layout": [plan], "manager_name": "李四四", "manager_phone": "13800000000",
    })
}

async fn handed_in(test: &TestApp, resident: &Browser) -> String {
    let plan = upload(test, Some(resident), &picture()).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let body = json!({"answers": answers(&plan)});
    let applied = test.post(Some(resident), &format!("{FORM}/applications"), body).await.expect(201);
    assert_eq!(applied.header("cache-control"), "no-store");
    applied.json()["case_no"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_comes_with_the_schema_its_answers_must_fit() {
    let test = TestApp::new();
    let form = test.get(None, &format!("{FORM}/form")).await.expect(200).json();
    assert_eq!((&form["office"]["id"], &form["draft_days"]), (&json!("market_bureau"), &json!(30)));
    let fields: Vec<&str> =
        form["fields"].as_array().unwrap().iter().map(|field| field["id"].as_str().unwrap()).collect();
    let properties: Vec<&String> = form["schema"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), properties.len());
    assert_eq!(form["schema"]["additionalProperties"], json!(false));
    let guide = test.get(None, FORM).await.expect(200).json();
    assert_eq!(guide["apply"], json!(true));
    assert_eq!(test.get(None, "/api/v1/services/unknown/form").await.refusal(404), "not_here");
}

#[tokio::test]
async fn residents_alone_apply_and_see_their_own_drafts() {
    let test = TestApp::new();
    let (li, wang) = (test.resident("liwei").await, test.resident("wangfang").await);
    let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
    let draft = format!("{FORM}/draft");
    assert_eq!(test.get(None, &draft).await.refusal(401), "not_signed_in");
    assert_eq!(test.get(Some(&clerk), &draft).await.refusal(403), "forbidden");
    assert_eq!(test.get(Some(&li), &draft).await.refusal(404), "not_found");
    let body = json!({"answers": {"area": 5}, "at": "area", "version": 0});
    let saved = send(&test, Method::PUT, &li, &draft, body.clone()).await.expect(200).json();
    assert_eq!((&saved["version"], &saved["kept_until"]), (&json!(1), &json!("2026-10-29T13:00:00Z")));
    assert_eq!(send(&test, Method::PUT, &li, &draft, body).await.refusal(409), "draft_moved");
    let found = test.get(Some(&li), &draft).await.expect(200);
    assert_eq!(found.header("cache-control"), "no-store");
    assert_eq!((&found.json()["answers"]["area"], &found.json()["at"]), (&json!(5), &json!("area")));
    assert_eq!(test.get(Some(&wang), &draft).await.refusal(404), "not_found");
    let list = test.get(Some(&li), "/api/v1/drafts").await.expect(200).json();
    assert_eq!(list["items"][0]["service"], json!("food_business_licence"));
    let strange = json!({"answers": {"colour": "red"}, "version": 1});
    let refused = send(&test, Method::PUT, &li, &draft, strange).await.expect(422).json();
    assert_eq!(refused["fields"][0]["field"], json!("colour"));
    send(&test, Method::DELETE, &li, &draft, json!(null)).await.expect(204);
    assert_eq!(send(&test, Method::DELETE, &li, &draft, json!(null)).await.refusal(404), "not_found");
}

#[tokio::test]
async fn an_investigator_looks_and_the_person_knows_of_it_from_the_day_on() {
    let test = TestApp::new();
    let resident = test.resident("liwei").await;
    let no = handed_in(&test, &resident).await;
    let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
    let inspector = test.staff("inspector", &["investigator@city_committee@yaoguang"]).await;
    let elsewhere = test.staff("elsewhere", &["investigator@city_committee@tianquan"]).await;
    let open = |sealing: &str| format!("/api/v1/cases/{no}/application?purpose=review%20it{sealing}");
    for (who, sealing, status) in [
        (&clerk, "&sealed_until=2026-10-10&ground=a%20case", 403),
        (&elsewhere, "&sealed_until=2026-10-10&ground=a%20case", 403),
        (&inspector, "&sealed_until=2026-10-10", 400),
        (&inspector, "&sealed_until=2026-10-10&ground=abc", 400),
        (&inspector, "&sealed_until=2026-09-29&ground=a%20case", 400),
        (&inspector, "&sealed_until=2027-03-29&ground=a%20case", 400),
        (&inspector, "&sealed_until=tomorrow&ground=a%20case", 400),
        (&inspector, "&sealed_until=2027-03-28&ground=a%20case", 200),
        (&inspector, "&sealed_until=2026-10-10&ground=a%20case", 200),
        (&clerk, "", 200),
    ] {
        assert_eq!(test.get(Some(who), &open(sealing)).await.status, status, "{sealing}");
    }
    let known = async || {
        let page = test.get(Some(&resident), "/api/v1/accesses").await.expect(200).json();
        let report = test.get(Some(&resident), &format!("/api/v1/reports/{no}")).await.expect(200).json();
        let opened = |entry: &&Value| entry["note"] == "review it";
        let told = report["timeline"].as_array().unwrap().iter().filter(opened).count();
        (page, told)
    };
    let (page, told) = known().await;
    assert_eq!((page["items"].as_array().unwrap().len(), told), (1, 1), "{page}");
    assert!(page["items"][0]["basis"].as_str().unwrap().contains("《"), "{page}");
    assert_eq!(page["sealed"], json!({"count": 2, "next_at": "2026-10-09T16:00:00Z"}));
    let copy = test.get(Some(&resident), "/api/v1/me/export").await;
    assert!(!copy.text().contains("inspector"), "a copy tells no more");
    test.clock.advance_us(11 * 86_400_000_000);
    let resident = test.sign_in("liwei").await;
    let page = test.get(Some(&resident), "/api/v1/accesses").await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "the day has come");
    assert_eq!(page["sealed"]["count"], 1);
}

#[tokio::test]
async fn an_application_goes_from_the_form_to_the_licence_and_every_look_is_seen() {
    let test = TestApp::new();
    let resident = test.resident("liwei").await;
    let no = handed_in(&test, &resident).await;
    let post = |role: &str| format!("{role}@market_bureau@yaoguang");
    let clerk = test.staff("clerk", &[&post("service_clerk")]).await;
    let reviewer = test.staff("reviewer", &[&post("service_reviewer")]).await;
    let chief = test.staff("chief", &[&post("service_chief")]).await;
    let stranger = test.staff("stranger", &["service_clerk@tax_bureau@yaoguang"]).await;

    let case = test.get(Some(&clerk), &format!("/api/v1/cases/{no}")).await.expect(200);
    assert_eq!(case.json()["service"], json!("food_business_licence"));
    assert!(!case.text().contains("李四四") && !case.text().contains("星河小馆"), "{}", case.text());
    let open = |purpose: &str| {
        let purpose: String = form_urlencoded::byte_serialize(purpose.as_bytes()).collect();
        format!("/api/v1/cases/{no}/application?purpose={purpose}")
    };
    assert_eq!(test.get(Some(&clerk), &open("")).await.refusal(403), "forbidden");
    assert_eq!(test.get(Some(&stranger), &open("审查材料")).await.status, 403);
    assert_eq!(test.get(Some(&resident), &open("审查材料")).await.status, 403);
    let seal = test.get(Some(&resident), &format!("/api/v1/reports/{no}/application")).await.expect(200).json();
    let plan = format!("/api/v1/evidence/{}", seal["answers"]["layout"][0].as_str().unwrap());
    let reader = test.staff("reader", &["leader@city_committee@yaoguang"]).await;
    assert_eq!(test.get(Some(&clerk), &plan).await.status, 404, "files are as private as answers");
    let opened = test.get(Some(&clerk), &open("审查申请材料")).await.expect(200);
    test.get(Some(&clerk), &plan).await.expect(200);
    assert_eq!(test.get(Some(&reader), &plan).await.status, 404);
    assert_eq!(case.json()["evidence"], json!([]));
    assert_eq!(opened.json()["answers"]["manager_name"], json!("李四四"));
    assert_eq!(opened.json()["fields"][0]["id"], json!("applicant"));

    let before = case.json()["version"].as_u64().unwrap();
    let path = format!("/api/v1/cases/{no}/actions/accept");
    let stale = json!({"answers": {}, "version": before + 9});
    assert_eq!(test.post(Some(&clerk), &path, stale).await.refusal(409), "version_conflict");
    let seen = json!({"answers": {}, "version": before});
    test.post(Some(&clerk), &path, seen).await.expect(200);
    let again = json!({"answers": {}, "version": before});
    assert_eq!(
        test.post(Some(&clerk), &path, again).await.refusal(409),
        "version_conflict",
        "a look is no change, an action is"
    );
    test.act(&reviewer, &no, "propose", json!({"proposal": "grant", "note": "材料齐全"})).await.expect(200);
    test.act(&chief, &no, "grant", json!({"note": "许可证已送达"})).await.expect(200);

    licence_of(&test, &resident, &no, &chief).await;

    let report = test.get(Some(&resident), &format!("/api/v1/reports/{no}")).await.expect(200).json();
    assert_eq!((&report["service"], &report["open"]), (&json!("food_business_licence"), &json!(false)));
    let own = test.get(Some(&resident), &format!("/api/v1/reports/{no}/application")).await.expect(200).json();
    assert_eq!(own["answers"]["shop_name"], json!("星河小馆"));
    let other = test.resident("wangfang").await;
    assert_eq!(test.get(Some(&other), &format!("/api/v1/reports/{no}/application")).await.status, 404);

    let looks = test.get(Some(&resident), "/api/v1/accesses").await.expect(200).json();
    let looks = looks["items"].as_array().unwrap();
    assert_eq!(looks.len(), 1, "refused looks and one's own are none: {looks:?}");
    assert_eq!((&looks[0]["purpose"], &looks[0]["data"]), (&json!("审查申请材料"), &json!("application")));
    assert_eq!((&looks[0]["case_no"], &looks[0]["office"]["en"]), (&json!(no), &json!("Market Regulation Bureau")));
    test.seal().await;
    let receipt = format!("/api/v1/receipts/{}", looks[0]["event_id"].as_str().unwrap());
    let receipt = test.get(Some(&resident), &receipt).await.expect(200);
    assert!(receipt.text().starts_with("c2sp.org/tlog-proof"), "the look is in the ledger: {}", receipt.text());
    assert!(
        test.get(Some(&other), "/api/v1/accesses").await.expect(200).json()["items"].as_array().unwrap().is_empty()
    );
}

/// The licence that was granted is issued once, checked with published keys alone, and revoked.
async fn licence_of(test: &TestApp, resident: &Browser, no: &str, chief: &Browser) {
    assert_eq!(issue_granted(&test.app.licences()).await.unwrap(), 1);
    assert_eq!(issue_granted(&test.app.licences()).await.unwrap(), 0, "once is enough");
    let list = test.get(Some(resident), "/api/v1/licences").await.expect(200).json();
    assert_eq!((&list["items"][0]["case_no"], &list["items"][0]["status"]), (&json!(no), &json!("valid")));
    let path = format!("/api/v1/licences/{}", list["items"][0]["id"].as_str().unwrap());
    assert_eq!(test.get(Some(&test.resident("stranger9").await), &path).await.refusal(404), "not_found");
    let licence = test.get(Some(resident), &path).await.expect(200).json();
    assert_eq!(licence["facts"].as_array().unwrap().len(), 5);
    let now_s = test.clock.now().as_micros() / 1_000_000;
    let device = HolderKey::from_ed25519(&[4; 32]);
    let proof = prove(&device, licence["issuer"].as_str().unwrap(), licence["id"].as_str().unwrap(), now_s);
    let copy = test.post(Some(resident), &format!("{path}/copies"), json!({"proof": proof})).await.expect(201).json();

    let keys = test.get(None, "/licences/keys").await.expect(200).text();
    let keys = TrustedKeys::parse(&keys, None).unwrap();
    let expected = Expectations { vct: None, key_binding: KeyBinding::NotRequired, leeway_s: 0 };
    let whole = SdJwt::parse(copy["sd_jwt"].as_str().unwrap()).unwrap();
    let shown = whole.present(&["shop_name", "activities"]).unwrap();
    let status = async || {
        let list = test.get(None, "/licences/status").await.expect(200);
        assert_eq!(list.header("content-type"), "application/statuslist+jwt");
        StatusList::verify(&list.text(), &keys, "https://yaoguang.example", now_s).unwrap()
    };
    let verified = verify(shown.as_str(), &keys, now_s, &expected, Some(&status().await)).unwrap();
    assert_eq!(verified.claims["shop_name"], json!("星河小馆"));
    assert_eq!(verified.claims["activities"], json!([{"en": "Hot meals", "zh-CN": "热食类制售"}]));
    assert!(!shown.as_str().contains("manager") && !verified.claims.contains_key("manager_name"), "withheld");
    test.act(chief, no, "revoke", json!({"note": "停业注销"})).await.expect(200);
    let refused = verify(shown.as_str(), &keys, now_s, &expected, Some(&status().await));
    assert_eq!(refused, Err(VerifyError::Revoked));
    let list = test.get(Some(resident), "/api/v1/licences").await.expect(200).json();
    assert_eq!(list["items"][0]["status"], json!("revoked"));
}

#[tokio::test]
async fn a_poor_rating_is_put_right_within_fifteen_working_days() {
    let test = TestApp::new();
    let resident = test.resident("liwei").await;
    let no = handed_in(&test, &resident).await;
    let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
    let chief = test.staff("chief", &["service_chief@market_bureau@yaoguang"]).await;
    let refusal = json!({"reason": "not_eligible", "note": "不符合条件"});
    test.act(&clerk, &no, "not_accept", refusal).await.expect(200);
    let rated = json!({"answers": {"stars": 1, "note": "没有说清楚"}});
    test.post(Some(&resident), &format!("/api/v1/reports/{no}/actions/rate"), rated).await.expect(200);
    let case = test.get(Some(&chief), &format!("/api/v1/cases/{no}")).await.expect(200).json();
    assert_eq!(case["state"], json!("rectifying"), "{case}");
    assert_eq!(case["due_at"], json!("2026-10-27T00:00:00Z"));
    let rectified = json!({"finding": "upheld", "called_back_at": "2026-09-30T10:00:00+08:00", "note": "已当面说明"});
    test.act(&chief, &no, "rectify", rectified).await.expect(200);
    let report = test.get(Some(&resident), &format!("/api/v1/reports/{no}")).await.expect(200).json();
    assert_eq!((&report["open"], &report["rating"]), (&json!(false), &json!(1)));
}

#[tokio::test]
async fn applications_are_no_reports() {
    let test = TestApp::new();
    let resident = test.resident("liwei").await;
    let no = handed_in(&test, &resident).await;
    let report = json!({"category": "food_business_licence", "description": "x", "lon": 112.9, "lat": 32.5});
    test.post(Some(&resident), "/api/v1/reports", report).await.expect(422);
    let open311 = test.get(None, "/open311/v2/services.json").await.expect(200);
    assert!(!open311.text().contains("food_business_licence"));
    let chief = test.staff("boss", &["leader@city_committee@yaoguang"]).await;
    let path = "/api/v1/indicators?from=2026-11-01&to=2026-12-01";
    let indicators = test.get(Some(&chief), path).await.expect(200).text();
    assert!(!indicators.contains("on_time_apply"), "{indicators}");
    assert_eq!(test.get(None, &format!("/api/v1/reports/{no}")).await.status, 404);
}

#[tokio::test]
async fn a_resident_takes_a_copy_and_is_erased() {
    let test = TestApp::new();
    let resident = test.resident("liuyang").await;
    let no = handed_in(&test, &resident).await;
    test.report(Some(&resident)).await;
    send(&test, Method::PUT, &resident, &format!("{FORM}/draft"), json!({"answers": {"area": 7}, "version": 0}))
        .await
        .expect(200);
    let copy = test.get(Some(&resident), "/api/v1/person/export").await.expect(200);
    assert!(copy.header("content-disposition").contains("my-data.json"));
    let copy = copy.json();
    assert_eq!((&copy["login"], &copy["drafts"]["food_business_licence"]["area"]), (&json!("liuyang"), &json!(7)));
    let cases = copy["cases"].as_array().unwrap();
    let of = |service: bool| cases.iter().find(|case| case["answers"].is_object() == service).unwrap();
    assert_eq!(of(true)["answers"]["manager_name"], json!("李四四"));
    assert_eq!(of(false)["contact"]["phone"], json!("13800000000"));

    let plan = format!("/api/v1/evidence/{}", of(true)["answers"]["layout"][0].as_str().unwrap());
    test.get(Some(&resident), &plan).await.expect(200);
    let erasure = async |browser: &Browser| test.post(Some(browser), "/api/v1/person/erasure", json!({})).await;
    test.clock.advance_us(600_000_000);
    assert_eq!(erasure(&resident).await.refusal(403), "not_present", "whoever finds the page open erases nobody");
    let resident = test.sign_in("liuyang").await;
    let open = erasure(&resident).await;
    assert!(open.text().contains(&no), "{}", open.text());
    assert_eq!(open.refusal(409), "applications_open");
    let withdraw = format!("/api/v1/reports/{no}/actions/withdraw");
    test.post(Some(&resident), &withdraw, json!({"answers": {}})).await.expect(200);
    erasure(&resident).await.expect(204);

    assert_eq!(test.get(Some(&resident), "/api/v1/drafts").await.refusal(401), "not_signed_in");
    let again = json!({"login": "liuyang", "password": common::PASSWORD});
    assert_eq!(test.post(None, "/api/v1/session", again).await.refusal(401), "bad_credentials");
    let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
    assert_eq!(test.get(Some(&clerk), &plan).await.status, 404, "its pictures are gone");
    let id = plan.rsplit('/').next().unwrap().parse().unwrap();
    assert!(!test.app.files.path(&id, sense::evidence::Size::Full).exists(), "from the disk too");
    let open = format!("/api/v1/cases/{no}/application?purpose=look%20again");
    assert_eq!(test.get(Some(&clerk), &open).await.refusal(404), "not_found");
    test.get(Some(&clerk), &format!("/api/v1/cases/{no}")).await.expect(200);
    test.seal().await;
}

#[tokio::test]
async fn an_application_is_corrected_by_its_applicant_until_it_is_decided() {
    let test = TestApp::new();
    let (li, wang) = (test.resident("liwei").await, test.resident("wangfang").await);
    let post = |role: &str| format!("{role}@market_bureau@yaoguang");
    let clerk = test.staff("clerk", &[&post("service_clerk")]).await;
    let reviewer = test.staff("reviewer", &[&post("service_reviewer")]).await;
    let chief = test.staff("chief", &[&post("service_chief")]).await;
    let no = handed_in(&test, &li).await;
    let own = format!("/api/v1/reports/{no}/application");
    let case = format!("/api/v1/cases/{no}");
    let open = format!("/api/v1/cases/{no}/application?purpose=%E5%AE%A1%E6%9F%A5%E6%9D%90%E6%96%99");
    test.get(Some(&clerk), &open).await.expect(200);
    let before = test.get(Some(&li), &own).await.expect(200).json();
    assert_eq!((&before["correctable"], &before["corrections"]), (&json!(true), &json!([])));
    let old = before["answers"]["layout"][0].as_str().unwrap().to_owned();
    let plan =
        upload(&test, Some(&li), &common::other_picture()).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let correction = |name: &str, version: &Value| {
        let mut answers = answers(&plan);
        answers["shop_name"] = json!(name);
        json!({"answers": answers, "version": version})
    };
    let put = async |who: Option<&Browser>, body: Value| {
        let request = request(Method::PUT, who, &own).header(header::CONTENT_TYPE, "application/json");
        test.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let body = correction("银河小馆", &before["version"]);
    for (who, status, code) in [
        (None, 401, "not_signed_in"),
        (Some(&wang), 404, "not_found"),
        (Some(&clerk), 403, "forbidden"),
        (Some(&chief), 403, "forbidden"),
    ] {
        assert_eq!(put(who, body.clone()).await.refusal(status), code);
    }
    let ahead = correction("银河小馆", &json!(before["version"].as_u64().unwrap() + 1));
    assert_eq!(put(Some(&li), ahead).await.refusal(409), "version_conflict");
    let bad = put(Some(&li), correction("", &before["version"])).await.expect(422).json();
    assert_eq!(bad["fields"][0]["field"], json!("shop_name"));

    let answered = put(Some(&li), body.clone()).await.expect(200);
    assert_eq!(answered.header("cache-control"), "no-store");
    let now = answered.json();
    assert_eq!((&now["answers"]["shop_name"], &now["answers"]["layout"][0]), (&json!("银河小馆"), &json!(plan)));
    assert_ne!(now["commitment"], before["commitment"]);
    put(Some(&li), body).await.expect(200);

    let seen = test.get(Some(&clerk), &case).await.expect(200).json();
    let [correction_seen] = &seen["corrections"].as_array().unwrap()[..] else { panic!("{seen}") };
    assert_eq!(
        (&correction_seen["seen_before"], &correction_seen["fields"][0]["id"]),
        (&json!(true), &json!("layout"))
    );
    let unseen = test.get(Some(&chief), &case).await.expect(200).json();
    assert_eq!(unseen["corrections"][0]["seen_before"], json!(false));
    let events = test.get(Some(&clerk), &format!("{case}/events")).await.expect(200);
    assert!(!events.text().contains("银河小馆"));
    let events = events.json();
    let event = events["items"].as_array().unwrap().iter().find(|event| event["kind"] == json!("corrected")).unwrap();
    assert!(event["title"]["zh-CN"].as_str().unwrap().starts_with("申请人更正了申请内容："), "{event}");
    let report = test.get(Some(&li), &format!("/api/v1/reports/{no}")).await.expect(200).json();
    let told = report["timeline"].as_array().unwrap().last().unwrap();
    assert!(told["title"]["zh-CN"].as_str().unwrap().starts_with("您更正了申请内容："), "{told}");

    for (file, status) in [(&old, 404), (&plan, 200)] {
        let path = format!("/api/v1/evidence/{file}");
        assert_eq!(test.get(Some(&clerk), &path).await.status, status, "what was taken out is nobody's but hers");
        test.get(Some(&li), &path).await.expect(200);
    }
    let opened = test.get(Some(&clerk), &open).await.expect(200).json();
    assert_eq!(opened["answers"]["shop_name"], json!("银河小馆"), "the former record is not opened any more");
    assert_eq!(opened["corrections"][0]["seen_before"], json!(true), "what was opened before this look");
    let seen = test.get(Some(&clerk), &case).await.expect(200).json();
    assert_eq!(seen["corrections"][0]["seen_before"], json!(false));
    let copy = test.get(Some(&li), "/api/v1/person/export").await.expect(200).json();
    assert_eq!(copy["cases"][0]["former_answers"][0]["answers"]["shop_name"], json!("星河小馆"));
    test.seal().await;
    test.get(Some(&li), &format!("/api/v1/receipts/{}", event["id"].as_str().unwrap())).await.expect(200);

    test.act(&clerk, &no, "accept", json!({})).await.expect(200);
    test.act(&reviewer, &no, "propose", json!({"proposal": "grant", "note": "材料齐全"})).await.expect(200);
    test.act(&chief, &no, "grant", json!({"note": "许可证已送达"})).await.expect(200);
    let late = test.get(Some(&li), &own).await.expect(200).json();
    assert_eq!(late["correctable"], json!(false));
    assert_eq!(put(Some(&li), correction("太晚小馆", &late["version"])).await.refusal(409), "not_correctable");
}

#[tokio::test]
async fn residents_say_how_they_are_addressed() {
    let test = TestApp::new();
    let li = test.resident("liwei").await;
    let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
    let rename = async |who: &Browser, name: &str| {
        send(&test, Method::PATCH, who, "/api/v1/person", json!({"display_name": name})).await
    };
    rename(&li, "  李女士 ").await.expect(204);
    let session = test.get(Some(&li), "/api/v1/session").await.expect(200).json();
    assert_eq!(session["party"]["display_name"], json!("李女士"));
    assert_eq!(test.get(Some(&li), "/api/v1/person/export").await.expect(200).json()["display_name"], json!("李女士"));
    for name in ["", "   ", "a\u{7}b", &"长".repeat(65)] {
        let refused = rename(&li, name).await.expect(422).json();
        assert_eq!(refused["fields"][0]["field"], json!("display_name"), "{name:?}");
    }
    assert_eq!(rename(&clerk, "某人").await.refusal(403), "forbidden");
}
