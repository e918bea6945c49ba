//! What one authorisation decision costs. The target is 50 µs.

use criterion::{Criterion, criterion_group, criterion_main};
use dipper_identity::{Grant, Permission, Policy, Principal, Subject};
use model::{Instant, PartyId};
use serde_json::json;

fn city() -> pack::City {
    let region = |level: &str, parent: Option<&str>| json!({"title": {"en": "r"}, "level": level, "parent": parent});
    serde_json::from_value(json!({
        "id": "bench", "title": {"en": "b"}, "version": "1", "timezone": "UTC", "locales": ["en"], "case_prefix": "B",
        "jurisdiction": "b", "bounds": [0.0, 0.0, 1.0, 1.0], "centre": [0.5, 0.5], "root": "city",
        "regions": {
            "city": region("city", None), "d": region("district", Some("city")), "s": region("street", Some("d")),
            "c": region("community", Some("s")), "u": region("unit_grid", Some("c")),
        },
        "offices": {}, "categories": {}, "processes": {}, "calendars": {}, "routing": [], "forms": {}, "messages": {}, "basemap": [],
        "roles": {"dispatcher": {"title": {"en": "r"}, "face": "centre", "permissions": ["case.read", "indicator.read", "pack.read"]}},
    }))
    .expect("the city of the bench is well formed")
}

fn decide(c: &mut Criterion) {
    let (policy, city) = (Policy::load().expect("the policies fit their schema"), city());
    let word = "a word of the bench";
    let grant = Grant {
        role: "dispatcher".parse().expect(word),
        office: "o".parse().expect(word),
        region: "city".parse().expect(word),
    };
    let who = Principal::Staff { party: PartyId::new(Instant::from_micros(0), 1), grants: vec![grant] };
    let offices = ["a", "b", "o"].map(|id| id.parse().expect(word)).to_vec();
    let case = Subject::Case {
        region: "u".parse().expect(word),
        offices,
        reporters: Vec::new(),
        is_public: true,
        service: None,
    }
    .into();
    c.bench_function("one post, five regions up", |b| {
        b.iter(|| policy.decide(&city, &who, Permission::CaseRead, &case).is_allowed())
    });
}

criterion_group!(benches, decide);
criterion_main!(benches);
