//! Answers of many applications at once: asked for by one, approved by another, taken once, seen by everybody in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Browser, TestApp, picture, upload};
use ledger::hash::Hash;
use ledger::membership::is_member;
use serde_json::{Value, json};
use store::Tx;

const SERVICE: &str = "food_business_licence";

async fn handed_in(test: &TestApp, resident: &Browser, shop: &str) -> String {
    let plan = upload(test, Some(resident), &picture()).await.expect(201).json()["id"].clone();
    let answers = json!({
        "applicant": "company", "credit_code": "91350100M000100Y43", "shop_name": shop, "address": "鼓楼街道 5 号",
        "activities": ["hot"], "area": 60, "layout": [plan], "manager_name": "李四四", "manager_phone": "13800000000"
    });
    let path = format!("/api/v1/services/{SERVICE}/applications");
    let answer = test.post(Some(resident), &path, json!({"answers": answers})).await.expect(201).json();
    answer["case_no"].as_str().unwrap().to_owned()
}

fn wanted(changes: Value) -> Value {
    let mut wanted = json!({
        "service": SERVICE, "from": "2026-09-01", "to": "2026-09-30", "fields": ["shop_name", "area"], "purpose": "核对辖区餐饮面积"
    });
    for (name, value) in changes.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    wanted
}

#[tokio::test]
async fn an_extract_is_approved_taken_once_and_seen_by_everybody_in_it() {
    let test = TestApp::new();
    let (li, wang) = (test.resident("liwei").await, test.resident("wangfang").await);
    let outside = test.resident("zhao").await;
    let mine = handed_in(&test, &li, "=星河小馆").await;
    handed_in(&test, &wang, "南斗茶楼").await;
    let officer = test.staff("officer", &["data_officer@data_bureau@yaoguang"]).await;
    let chief = test.staff("chief", &["data_chief@data_bureau@yaoguang"]).await;
    let clerk = test.staff("clerk", &["service_clerk@market_bureau@yaoguang"]).await;
    let ask = async |who: &Browser, changes: Value| test.post(Some(who), "/api/v1/extracts", wanted(changes)).await;
    for (who, changes, status) in [
        (&clerk, json!({}), 403),
        (&li, json!({}), 403),
        (&officer, json!({"service": "unknown"}), 422),
        (&officer, json!({"fields": []}), 422),
        (&officer, json!({"fields": ["layout"]}), 422),
        (&officer, json!({"fields": ["colour"]}), 422),
        (&officer, json!({"from": "tomorrow"}), 422),
        (&officer, json!({"to": "2026-08-01"}), 422),
        (&officer, json!({"purpose": "查"}), 422),
    ] {
        assert_eq!(ask(who, changes.clone()).await.status, status, "{changes}");
    }
    let no = ask(&officer, json!({})).await.expect(201).json()["case_no"].as_str().unwrap().to_owned();
    let take = format!("/api/v1/cases/{no}/extract");
    assert_eq!(test.post(Some(&officer), &take, json!({})).await.refusal(409), "not_now");
    let case = test.get(Some(&chief), &format!("/api/v1/cases/{no}")).await.expect(200).json();
    assert!(case["description"].as_str().unwrap().contains("核对辖区餐饮面积"), "{case}");
    assert_eq!(test.act(&officer, &no, "approve", json!({"note": "可以"})).await.status, 409);
    test.act(&chief, &no, "approve", json!({"note": "只取两项，够用"})).await.expect(200);
    assert_eq!(test.post(Some(&chief), &take, json!({})).await.status, 403, "who approves does not take");
    assert_eq!(test.post(Some(&clerk), &take, json!({})).await.status, 403);
    let taken = test.post(Some(&officer), &take, json!({})).await.expect(200);
    let lines: Vec<String> = taken.text().trim_start_matches('\u{feff}').lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("case_no,") && taken.text().contains("'=星河小馆,60"), "{}", taken.text());
    assert!(!taken.text().contains("李四四"), "nothing that was not approved");
    assert_eq!(test.post(Some(&officer), &take, json!({})).await.refusal(409), "taken");

    let page = test.get(Some(&li), "/api/v1/accesses").await.expect(200).json();
    let entry = &page["extracts"][0];
    assert_eq!(
        (&entry["case_no"], &entry["count"], &entry["purpose"]),
        (&json!(mine), &json!(2), &json!("核对辖区餐饮面积"))
    );
    let none = test.get(Some(&outside), "/api/v1/accesses").await.expect(200).json();
    assert_eq!(none["extracts"], json!([]));

    let event = entry["membership"]["event_id"].as_str().unwrap().to_owned();
    test.seal().await;
    test.get(Some(&li), &format!("/api/v1/receipts/{event}")).await.expect(200);
    assert_eq!(test.get(Some(&outside), &format!("/api/v1/receipts/{event}")).await.status, 404);
    let events = test.get(Some(&chief), &format!("/api/v1/cases/{no}/events")).await.expect(200).text();
    assert!(events.contains("提取了 2 份申请的数据"), "{events}");
    let root = root_of(&test, &event);
    assert!(holds(&entry["membership"], &root));
    let mut forged = entry["membership"].clone();
    forged["statement"] = json!(forged["statement"].as_str().unwrap().replace("area", "phone"));
    assert!(!holds(&forged, &root));

    // Whoever is erased is nobody's any more; the proofs of all others hold.
    let party = test.store.read_blocking(|reader| reader.find_party_by_login("liwei")).unwrap().unwrap().id;
    test.store.write_blocking(move |tx: &mut Tx| tx.forget_extract_member(party)).unwrap();
    let page = test.get(Some(&wang), "/api/v1/accesses").await.expect(200).json();
    assert!(holds(&page["extracts"][0]["membership"], &root));
    assert_eq!(test.get(Some(&li), "/api/v1/accesses").await.expect(200).json()["extracts"], json!([]));
    test.act(&officer, &no, "destroyed", json!({"note": "汇总后当日删除"})).await.expect(200);
}

fn root_of(test: &TestApp, event: &str) -> Hash {
    let id = event.parse().unwrap();
    let event = test.store.read_blocking(move |reader| reader.find_event(id)).unwrap().unwrap();
    let model::EventBody::Extracted(extracted) = event.body else { panic!("an extract") };
    Hash(*extracted.root.as_bytes())
}

fn holds(membership: &Value, root: &Hash) -> bool {
    let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    let path: Vec<Hash> =
        membership["path"].as_array().unwrap().iter().map(|node| Hash::from_slice(&bytes(node)).unwrap()).collect();
    is_member(
        root,
        membership["count"].as_u64().unwrap(),
        membership["seat"].as_u64().unwrap(),
        &bytes(&membership["salt"]).try_into().unwrap(),
        membership["statement"].as_str().unwrap().as_bytes(),
        &path,
    )
}
