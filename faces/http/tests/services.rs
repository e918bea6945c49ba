//! Services: the catalogue, its search, a guide, and the catalogue for other programs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::TestApp;
use serde_json::Value;

async fn get(test: &TestApp, path: &str) -> Value {
    let answer = test.get(None, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_catalogue_counts_what_stands_under_its_headings() {
    let test = TestApp::new();
    let catalogue = get(&test, "/api/v1/catalogue").await;
    let all = catalogue["services"].as_u64().unwrap();
    assert!(all >= 40, "the demo city has a catalogue: {all}");
    let groups = catalogue["groups"].as_array().unwrap();
    assert!(groups.len() >= 16, "{}", groups.len());
    for group in groups {
        let id = group["id"].as_str().unwrap();
        let list = get(&test, &format!("/api/v1/services?group={id}&limit=1")).await;
        assert_eq!(list["total"], group["services"], "{id}");
    }
    let offices: u64 =
        catalogue["offices"].as_array().unwrap().iter().map(|office| office["services"].as_u64().unwrap()).sum();
    assert_eq!(offices, all, "every service has one office");
    let promise = &catalogue["promise"];
    assert_eq!(promise["compared"], promise["kept"], "no promise is longer than the law allows");
    assert!(promise["promised_days"].as_f64().unwrap() <= promise["legal_days"].as_f64().unwrap());
    let answer = test.get(None, "/api/v1/catalogue").await;
    assert!(answer.header("etag").starts_with('"'));
}

#[tokio::test]
async fn services_are_found_and_read() {
    let test = TestApp::new();
    for words in ["社保卡", "sbk", "shebaoka", "我要办社保卡"] {
        let list = get(
            &test,
            &format!("/api/v1/services?q={}", form_urlencoded::byte_serialize(words.as_bytes()).collect::<String>()),
        )
        .await;
        assert!(ids(&list).contains(&"social_card_issue"), "{words}: {list}");
    }
    let first = get(&test, "/api/v1/services?limit=3").await;
    let second = get(&test, "/api/v1/services?limit=3&offset=3").await;
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)), "{first} {second}");
    let near = get(&test, "/api/v1/services?lon=112.9&lat=32.5&limit=50").await;
    let far: Vec<f64> =
        near["items"].as_array().unwrap().iter().map(|item| item["distance_m"].as_f64().unwrap()).collect();
    assert!(!far.is_empty() && far.is_sorted(), "{far:?}");
    let guide = get(&test, "/api/v1/services/social_card_issue").await;
    assert_eq!((&guide["id"], &guide["office"]["id"]), (&"social_card_issue".into(), &"hrss_bureau".into()));
    assert!(!guide["materials"].as_array().unwrap().is_empty() && guide["code_form"].is_object());
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_the_limit() {
    let test = TestApp::new();
    let check = async |path: &str, status: u16, message: &str| {
        let answer = test.get(None, path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains(message), "{path}: {}", answer.text());
    };
    check("/api/v1/services?limit=0", 400, "1 to 100, got 0").await;
    check("/api/v1/services?limit=101", 400, "1 to 100, got 101").await;
    check(&format!("/api/v1/services?q={}", "a".repeat(101)), 400, "at most 100 characters, got 101").await;
    check("/api/v1/services?lon=112.9", 400, "needed together with lon").await;
    check("/api/v1/services?lon=181&lat=0", 400, "lon").await;
    check("/api/v1/services?group=No%20Word", 400, "group").await;
    check("/api/v1/services?audience=robot", 400, "audience").await;
    check("/api/v1/services/nowhere", 404, "service").await;
    check("/api/v1/services/No%20Word", 404, "service").await;
    let nothing = get(&test, "/api/v1/services?group=nowhere&offset=4294967295").await;
    assert_eq!(nothing["total"], 0);
}

#[tokio::test]
async fn the_whole_catalogue_leaves_as_linked_data() {
    let test = TestApp::new();
    let answer = test.get(None, "/api/v1/catalogue/cpsv-ap").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    let body = answer.json();
    let graph = body["@graph"].as_array().unwrap();
    let of_type = |kind: &str| graph.iter().filter(|node| node["@type"] == kind).count() as u64;
    let catalogue = get(&test, "/api/v1/catalogue").await;
    assert_eq!(of_type("cpsv:PublicService"), catalogue["services"].as_u64().unwrap());
    let names: std::collections::BTreeSet<&str> = graph.iter().map(|node| node["@id"].as_str().unwrap()).collect();
    assert_eq!(names.len(), graph.len(), "every node has its own name");
    for node in graph.iter().filter(|node| node["@type"] == "cpsv:PublicService") {
        let links = ["cv:hasCompetentAuthority", "cpsv:produces"].map(|key| &node[key]).into_iter();
        let lists = ["cv:isGroupedBy", "cv:isClassifiedBy", "cpsv:hasInput", "cv:hasChannel", "cv:hasCost"];
        let listed = lists.iter().flat_map(|key| node[*key].as_array().unwrap());
        for link in links.chain(listed).filter_map(|link| link["@id"].as_str()) {
            assert!(names.contains(link), "{link} is not in the graph");
        }
    }
}
