use std::path::Path;

use grid::LonLat;
use pack::{City, Service};
use serde_json::json;

use super::*;

/// A city of a few services: id, name, keywords, group, office, and a window where there is one.
fn city() -> City {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/demo");
    let mut city = pack::load(&folder).unwrap().city;
    let service = |title: &str, keywords: &str, group: &str, office: &str, window: Option<[f64; 2]>| -> Service {
        let channels = window.map(|point| json!([{"kind": "window", "point": point}])).unwrap_or(json!([]));
        let keywords: Vec<&str> = keywords.split_whitespace().collect();
        serde_json::from_value(json!({
            "title": {"zh-CN": title}, "code": "1", "code_form": "national", "task_type": "public_service",
            "office": office, "level": "city", "audience": ["person"], "keywords": keywords, "groups": [group],
            "life_events": [], "channels": channels,
        }))
        .unwrap()
    };
    let services = [
        ("card", service("社会保障卡申领", "", "social", "bureau", Some([112.9, 32.5]))),
        ("pension", service("养老保险待遇查询", "", "social", "bureau", None)),
        ("licence", service("机动车驾驶证遗失补办", "驾照", "vehicles", "traffic", Some([112.8, 32.42]))),
        ("fine", service("交通违法查询", "ETC 违章", "vehicles", "traffic", None)),
        ("house", service("不动产转移登记", "过户", "housing", "land", Some([112.91, 32.51]))),
        ("bank", service("银行开户证明", "", "housing", "land", None)),
    ];
    city.services = services.into_iter().map(|(id, service)| (id.parse().unwrap(), service)).collect();
    let heading = |id: &str, title: &str| serde_json::from_value(json!({"id": id, "title": {"zh-CN": title}})).unwrap();
    city.catalogue = pack::Catalogue {
        groups: vec![heading("vehicles", "车管"), heading("social", "社保"), heading("housing", "住房")],
        synonyms: vec![
            vec!["社保卡".to_owned(), "社会保障卡".to_owned()],
            vec!["房产证".to_owned(), "不动产".to_owned()],
        ],
        ..pack::Catalogue::default()
    };
    city
}

fn found(catalogue: &Catalogue, query: Query) -> String {
    let limit = if query.limit == 0 { 20 } else { query.limit };
    let found = catalogue.search(&Query { limit, ..query }).unwrap();
    let ids: Vec<String> = found.hits.iter().map(|hit| hit.id.to_string()).collect();
    ids.join(" ")
}

#[test]
fn words_find_services_as_people_say_them() {
    let catalogue = Catalogue::new(&city()).unwrap();
    let check = |words: &str, expect: &str| {
        let query = Query { words: words.to_owned(), ..Query::default() };
        assert_eq!(found(&catalogue, query), expect, "{words}");
    };
    check("社会保障卡", "card");
    // A synonym, with what people put around it.
    check("社保卡", "card");
    check("我要办社保卡", "card");
    check("怎么补办驾照", "licence");
    check("房产证过户", "house");
    check("违章", "fine");
    // No service holds both: either is better than nothing.
    check("养老 过户", "pension house");
    // First letters, whole syllables, both mixed, and a character with two readings.
    check("sbk", "card");
    check("shebaoka", "card");
    check("shebk", "card");
    check("SHEBAOK", "card");
    check("jiazhao", "licence");
    check("yinhang", "bank");
    // Latin letters that are a word.
    check("etc", "fine");
    check("ＥＴＣ", "fine");
    // Of words that no service holds together those in a guide alone do not count.
    check("过户 没有这样的", "house");
    check("社保 天气", "card");
    check("车管 天气", "");
    check("zzzz", "");
    check("？！", "");
    check("天气预报", "");
}

#[test]
fn headings_and_offices_narrow_and_order_is_the_catalogue_s() {
    let catalogue = Catalogue::new(&city()).unwrap();
    let group = |group: &str| Some(group.parse().unwrap());
    assert_eq!(found(&catalogue, Query::default()), "fine licence card pension bank house");
    assert_eq!(found(&catalogue, Query { group: group("social"), ..Query::default() }), "card pension");
    let office = Some("traffic".parse().unwrap());
    assert_eq!(found(&catalogue, Query { office, words: "查询".to_owned(), ..Query::default() }), "fine");
    let narrowed = Query { group: group("housing"), words: "sbk".to_owned(), ..Query::default() };
    assert_eq!(found(&catalogue, narrowed), "");
    assert_eq!(found(&catalogue, Query { audience: Some(Audience::Enterprise), ..Query::default() }), "");
}

#[test]
fn pages_follow_each_other() {
    let catalogue = Catalogue::new(&city()).unwrap();
    let page = |offset| catalogue.search(&Query { offset, limit: 4, ..Query::default() }).unwrap();
    let ids = |found: &Found| found.hits.iter().map(|hit| hit.id.to_string()).collect::<Vec<_>>();
    assert_eq!((ids(&page(0)).len(), ids(&page(4)), page(4).total), (4, vec!["bank".into(), "house".into()], 6));
    assert!(page(6).hits.is_empty() && page(usize::MAX).hits.is_empty());
}

#[test]
fn the_nearest_window_comes_first() {
    let catalogue = Catalogue::new(&city()).unwrap();
    let near = Some(LonLat::new(112.911, 32.511).unwrap());
    let query = Query { near, limit: 2, ..Query::default() };
    let two = catalogue.search(&query).unwrap();
    let shown: Vec<String> = two.hits.iter().map(|hit| format!("{} {:.0}", hit.id, hit.distance_m.unwrap())).collect();
    assert_eq!((shown.join(", ").as_str(), two.total), ("house 145, card 1600", 3));
    let words = Query { near, words: "驾照".to_owned(), ..Query::default() };
    assert_eq!(found(&catalogue, words), "licence");
}

#[test]
fn a_city_without_services_has_none_to_find() {
    let mut city = city();
    city.services.clear();
    let catalogue = Catalogue::new(&city).unwrap();
    assert!(catalogue.is_empty());
    assert_eq!(found(&catalogue, Query { words: "社保".to_owned(), ..Query::default() }), "");
    assert_eq!(found(&catalogue, Query { near: LonLat::new(1.0, 1.0).ok(), ..Query::default() }), "");
}
