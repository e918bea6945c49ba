#![allow(clippy::unwrap_used, reason = "a test")]

use super::names::fold;
use super::*;
use crate::compiled::Compiled;

/// The demo city with its base map.
fn demo() -> &'static Compiled {
    static DEMO: std::sync::LazyLock<Compiled> = std::sync::LazyLock::new(|| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/demo");
        Compiled::of_pack(crate::load(&folder).unwrap_or_else(|faults| panic!("{faults}"))).unwrap()
    });
    &DEMO
}

fn settle(address: &str) -> String {
    let city = demo();
    let found = city.gazetteer.settle(&city.city, &city.atlas, address);
    found.map_or_else(
        || "nothing".to_owned(),
        |found| format!("{} {} in {}", found.precision.as_str(), found.title.in_locale("zh-CN"), found.region),
    )
}

#[test]
fn names_are_folded_as_people_type_them() {
    for (typed, folded) in [
        ("  书院路 12 号", "书院路12号"),
        ("书院路（翰林路）", "书院路翰林路"),
        ("ＮＯ．５ Hanlin  Road", "no 5 hanlin road"),
        ("Hanlin Rd. & Shuyuan Rd.", "hanlin rd shuyuan rd"),
        ("书院 Road", "书院road"),
        ("！？", ""),
    ] {
        assert_eq!(fold(typed), folded, "{typed}");
    }
}

#[test]
fn a_name_of_letters_is_a_whole_word_and_the_longest_wins() {
    let mut index = Index::default();
    for (entry, name) in ["Bay", "Back Bay", "Back Bay Road", "翰林", "翰林路"].iter().enumerate() {
        index.enter(name, entry);
    }
    index.finish();
    for (text, entries) in [
        ("near Back Bay road, bayside", vec![2]),
        ("the bay at Back Bay", vec![0, 1]),
        ("backbay", vec![]),
        ("翰林路与翰林", vec![4, 3]),
        ("在翰林路口", vec![4]),
    ] {
        let found: Vec<usize> = index.mentions(&fold(text), 8).into_iter().flatten().collect();
        assert_eq!(found, entries, "{text}");
    }
}

#[test]
fn an_address_is_settled_as_near_as_it_says() {
    let city = demo();
    let road = |name: &str| city.gazetteer.entries.iter().any(|(title, _)| title.in_locale("zh-CN") == name);
    assert!(road("白鹭路") && road("瑶光北站"), "the demo city has been drawn anew: choose other names");
    for (address, expect) in [
        ("瑶光北站", "place 瑶光北站"),
        ("瑶光北站东侧 50 米的公交站", "place 瑶光北站"),
        ("Yaoguang North Railway Station, exit B", "place 瑶光北站"),
        ("白鹭路12号附近", "road 白鹭路"),
        ("天权区", "region 天权区"),
        ("瑶光市天权区某小区", "region 天权区"),
        ("在天权那边", "region 天权区"),
        ("我家门口", "nothing"),
        ("", "nothing"),
    ] {
        let found = settle(address);
        assert!(found.starts_with(expect), "{address}: {found}");
    }
}

#[test]
fn a_named_region_decides_between_places_of_one_name() {
    let city = &demo().city;
    let lines = |lon: f64, lat: f64| vec![vec![[lon, lat]]];
    let districts: Vec<(&RegionId, [f64; 2])> = city
        .regions
        .iter()
        .filter(|(_, region)| region.level == RegionLevel::District)
        .filter_map(|(id, region)| Some((id, centre_of(&region.polygons)?)))
        .take(2)
        .collect();
    let school = |[lon, lat]: [f64; 2]| NamedShape {
        title: Text::from([("zh-CN", "实验一小")]),
        is_road: false,
        lines: lines(lon, lat),
    };
    let gazetteer = Gazetteer::new(city, districts.iter().map(|(_, centre)| school(*centre)).collect());
    let atlas = &demo().atlas;
    let either = gazetteer.settle(city, atlas, "实验一小门口").unwrap();
    assert_eq!((either.precision, &either.region), (Precision::Region, &city.root), "nobody knows which");
    assert_eq!(gazetteer.locate(city, atlas, "实验一小门口", 9).len(), 2, "both are offered");
    for (id, centre) in districts {
        let address = format!("{}实验一小", city.regions[id].title.in_locale("zh-CN"));
        let found = gazetteer.settle(city, atlas, &address).unwrap();
        assert_eq!(found.precision, Precision::Place, "{address}");
        assert!(city.is_within(&found.region, id), "{address}");
        assert!(grid::distance_m(found.point, point_at(centre).unwrap()) < 1.0);
    }
}

#[test]
fn two_roads_that_meet_are_a_crossing_on_both() {
    let city = &demo().city;
    let road = |name: &str, line: Vec<[f64; 2]>| NamedShape {
        title: Text::from([("zh-CN", name)]),
        is_road: true,
        lines: vec![line],
    };
    let shapes = vec![
        road("东西大道", vec![[112.88, 32.50], [112.92, 32.50]]),
        road("南北大道", vec![[112.90, 32.48], [112.90, 32.4999], [112.90, 32.52]]),
        // Ends 20 m short of 东西大道, as drawn roads do; and one that ends a hundred short.
        road("短街", vec![[112.89, 32.49], [112.89, 32.49982]]),
        road("远街", vec![[112.91, 32.49], [112.91, 32.4990]]),
    ];
    let gazetteer = Gazetteer::new(city, shapes);
    for (address, expect) in [
        ("东西大道与南北大道交叉口", Some((112.90, 32.50))),
        ("南北大道、东西大道路口", Some((112.90, 32.50))),
        ("东西大道/短街", Some((112.89, 32.49991))),
        ("东西大道远街", None),
    ] {
        let found = gazetteer.locate(city, &demo().atlas, address, 9);
        let crossing = found.iter().find(|found| found.precision == Precision::Crossing);
        match (crossing, expect) {
            (None, None) => {}
            (Some(found), Some((lon, lat))) => {
                assert!(grid::distance_m(found.point, LonLat::new(lon, lat).unwrap()) < 2.0, "{address}: {found:?}");
            }
            (found, _) => panic!("{address}: {found:?}"),
        }
    }
}

#[test]
fn what_is_typed_finds_names_that_begin_so_then_names_that_hold_it() {
    let city = demo();
    let names = |typed: &str| -> Vec<String> {
        let found = city.gazetteer.suggest(&city.city, &city.atlas, typed, 8);
        found.iter().map(|found| found.title.in_locale("zh-CN").to_owned()).collect()
    };
    let found = names("柳堤");
    assert!(found.len() > 1 && found.iter().all(|name| name.contains("柳堤")), "{found:?}");
    let first_without = found.iter().position(|name| !name.starts_with("柳堤")).unwrap_or(found.len());
    assert!(found[first_without..].iter().all(|name| !name.starts_with("柳堤")), "{found:?}");
    assert!(names("north railway").contains(&"瑶光北站".to_owned()));
    assert!(names("").is_empty() && names("不存在的地名").is_empty());
    assert_eq!(names("路").len(), 8, "a list, not the whole city");
}

#[test]
fn nothing_typed_makes_it_stumble() {
    let city = demo();
    for typed in ["路".repeat(300), "a ".repeat(150), "\u{0}\u{202e}𠮷路".to_owned(), "天权区".repeat(100)] {
        city.gazetteer.suggest(&city.city, &city.atlas, &typed, 20);
        city.gazetteer.settle(&city.city, &city.atlas, &typed);
    }
}
