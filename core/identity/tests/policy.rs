//! The policies as a table: who × where × what × why.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use dipper_identity::{Decision, Permission, Policy, Principal, Resource, Subject};
use model::{Grant, Instant, PartyId};
use pack::City;
use serde_json::json;

fn city() -> City {
    let region = |title: &str, level: &str, parent: Option<&str>| json!({"title": {"en": title}, "level": level, "parent": parent});
    let role = |permissions: &[&str]| json!({"title": {"en": "r"}, "face": "centre", "permissions": permissions});
    serde_json::from_value(json!({
        "id": "test", "title": {"en": "Test"}, "version": "1", "timezone": "UTC", "locales": ["en"], "case_prefix": "T",
        "jurisdiction": "test", "bounds": [0.0, 0.0, 1.0, 1.0], "centre": [0.5, 0.5], "root": "city",
        "regions": {
            "city": region("City", "city", None), "d1": region("D1", "district", Some("city")), "d2": region("D2", "district", Some("city")),
            "d1s1": region("S1", "street", Some("d1")), "d1s1c1": region("C1", "community", Some("d1s1")),
        },
        "offices": {}, "categories": {}, "processes": {}, "calendars": {}, "routing": [], "forms": {}, "messages": {}, "basemap": [],
        "roles": {
            "acceptor": role(&["case.read", "report.file", "contact.read"]), "clerk": role(&["case.read", "answers.read"]), "handler": role(&[]), "dispatcher": role(&["case.read"]),
            "chief": role(&["case.read", "indicator.read", "pack.read", "ledger.read"]), "admin": role(&["user.manage"]), "watcher": role(&["device.read"]), "keeper": role(&["device.read", "device.manage", "alarm.handle"]), "installer": role(&["device.read", "device.install"]), "switcher": role(&["device.read", "device.control"]), "viewer": role(&["device.read", "camera.view"]), "walker": role(&["inspection.run"]), "planner": role(&["inspection.manage"]), "reader": role(&["inspection.read"]), "flier": role(&["flight.import"]), "spotter": role(&["flight.read"]), "extractor": role(&["case.read", "answers.extract"]), "investigator": role(&["case.read", "answers.read", "look.seal"]),
        },
    }))
    .expect("the city of the test is well formed")
}

fn party(n: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), n)
}

/// `visitor`, `client`, `client:REGION`, `operator:REGION` for a client that may also control, `resident:N`, or posts `role@office@region` joined by `+`.
fn principal(text: &str) -> Principal {
    match text.split_once(':') {
        Some(("resident", n)) => Principal::Resident { party: party(n.parse().expect("a number")) },
        _ if text == "visitor" => Principal::Visitor,
        _ if text == "client" => {
            Principal::Client { client: "app".parse().expect("a word"), regions: Vec::new(), controls: false }
        }
        Some((word @ ("client" | "operator"), region)) => Principal::Client {
            client: "app".parse().expect("a word"),
            regions: vec![region.parse().expect("region")],
            controls: word == "operator",
        },
        _ => Principal::Staff { party: party(99), grants: text.split('+').map(grant).collect() },
    }
}

fn grant(text: &str) -> Grant {
    let parts: Vec<&str> = text.split('@').collect();
    let [role, office, region] = parts[..] else { panic!("role@office@region, got {text}") };
    Grant {
        role: role.parse().expect("role"),
        office: office.parse().expect("office"),
        region: region.parse().expect("region"),
    }
}

/// A case in `region` in the hands of office `hand`, reported by resident 1.
fn case(region: &str, is_public: bool) -> Subject {
    Subject::Case {
        region: region.parse().expect("region"),
        offices: vec!["hand".parse().expect("office")],
        reporters: vec![party(1)],
        is_public,
        service: None,
    }
}

fn check(policy: &Policy, who: &str, permission: Permission, resource: &Resource, expect: bool) {
    let decision = policy.decide(&city(), &principal(who), permission, resource);
    assert_eq!(decision.is_allowed(), expect, "{who} {} {resource:?}", permission.as_str());
}

#[test]
fn staff_see_cases_within_their_region_or_in_their_office_s_hands() {
    let policy = Policy::load().unwrap();
    for (who, region, expect) in [
        ("dispatcher@centre@city", "d1s1c1", true),
        ("dispatcher@centre@d1", "d1s1c1", true),
        ("dispatcher@centre@d1", "d1", true),
        ("dispatcher@centre@d2", "d1s1c1", false),
        ("dispatcher@centre@d1s1c1", "d1", false),
        ("handler@other@city", "d1", false),
        ("handler@hand@d1", "d1s1c1", true),
        ("handler@hand@d2", "d1s1c1", false),
        ("handler@other@d1+dispatcher@centre@d2", "d1", false),
        ("handler@other@d2+handler@hand@d1", "d1", true),
        ("gone@hand@city", "d1", false),
        ("dispatcher@centre@city", "nowhere", false),
        ("resident:1", "d1", false),
        ("visitor", "d1", false),
        ("client", "d1", false),
    ] {
        for permission in [Permission::CaseRead, Permission::CaseAct] {
            check(&policy, who, permission, &case(region, true).into(), expect);
        }
    }
}

#[test]
fn a_contact_needs_permission_region_hand_and_purpose() {
    let policy = Policy::load().unwrap();
    for (who, region, purpose, expect) in [
        ("acceptor@hand@city", "d1", "call back about the place", true),
        ("acceptor@hand@city", "d1", "", false),
        ("acceptor@hand@city", "d1", "   ", false),
        ("acceptor@other@city", "d1", "curious", false),
        ("acceptor@hand@d2", "d1", "call back", false),
        ("dispatcher@hand@city", "d1", "call back", false),
        ("acceptor@other@city+dispatcher@hand@city", "d1", "call back", false),
        ("resident:1", "d1", "mine", false),
        ("visitor", "d1", "call back", false),
    ] {
        let resource = Resource { purpose: purpose.to_owned(), ..case(region, true).into() };
        check(&policy, who, Permission::ContactRead, &resource, expect);
    }
}

#[test]
fn answers_of_an_application_need_a_permission_of_their_own_region_hand_and_purpose() {
    let policy = Policy::load().unwrap();
    for (who, purpose, expect) in [
        ("clerk@hand@city", "review the application", true),
        ("clerk@hand@d1", "review the application", true),
        ("clerk@hand@city", "", false),
        ("clerk@hand@city", "   ", false),
        ("clerk@other@city", "curious", false),
        ("clerk@hand@d2", "review the application", false),
        ("acceptor@hand@city", "review the application", false),
        ("clerk@other@city+dispatcher@hand@city", "review the application", false),
        ("resident:1", "mine", false),
        ("visitor", "curious", false),
        ("client", "curious", false),
    ] {
        let resource = Resource { purpose: purpose.to_owned(), ..case("d1", false).into() };
        check(&policy, who, Permission::AnswersRead, &resource, expect);
    }
}

#[test]
fn investigators_look_in_their_region_for_a_purpose_and_they_alone_seal_it() {
    let policy = Policy::load().unwrap();
    for (who, purpose, reads, seals) in [
        ("investigator@other@city", "examine a complaint", true, true),
        ("investigator@other@d1", "examine a complaint", true, true),
        ("investigator@other@d2", "examine a complaint", false, false),
        ("investigator@other@city", " ", false, false),
        ("clerk@hand@city", "review the application", true, false),
        ("chief@hand@city", "examine a complaint", false, false),
        ("resident:1", "mine", false, false),
        ("visitor", "curious", false, false),
    ] {
        let resource = Resource { purpose: purpose.to_owned(), ..case("d1", false).into() };
        check(&policy, who, Permission::AnswersRead, &resource, reads);
        check(&policy, who, Permission::LookSeal, &resource, seals);
        check(&policy, who, Permission::ContactRead, &resource, false);
    }
}

#[test]
fn extracts_are_taken_by_the_office_in_hand() {
    let policy = Policy::load().unwrap();
    for (who, purpose, expect) in [
        ("extractor@hand@city", "check the list", true),
        ("extractor@hand@city", " ", false),
        ("extractor@other@city", "check the list", false),
        ("extractor@hand@d2", "check the list", false),
        ("clerk@hand@city", "check the list", false),
        ("investigator@hand@city", "check the list", false),
        ("resident:1", "mine", false),
        ("client", "check the list", false),
    ] {
        let resource = Resource { purpose: purpose.to_owned(), ..case("d1", false).into() };
        check(&policy, who, Permission::AnswersExtract, &resource, expect);
    }
}

#[test]
fn residents_alone_apply_for_services() {
    let policy = Policy::load().unwrap();
    for (who, expect) in [("resident:1", true), ("visitor", false), ("client", false), ("clerk@hand@city", false)] {
        check(&policy, who, Permission::ServiceApply, &Subject::City.into(), expect);
    }
}

#[test]
fn reports_belong_to_their_reporters_and_to_holders_of_their_secret() {
    let policy = Policy::load().unwrap();
    for (who, holds_secret, expect) in [
        ("resident:1", false, true),
        ("resident:2", false, false),
        ("resident:2", true, true),
        ("visitor", true, true),
        ("visitor", false, false),
        ("client", true, false),
        ("acceptor@hand@city", false, false),
        ("acceptor@hand@city", true, false),
    ] {
        let resource = Resource { holds_secret, ..case("d1", false).into() };
        for permission in [Permission::ReportRead, Permission::ReportAct] {
            check(&policy, who, permission, &resource, expect);
        }
    }
}

#[test]
fn reports_come_in_by_the_way_that_fits_the_reporter() {
    let policy = Policy::load().unwrap();
    for (who, region, channel, expect) in [
        ("visitor", "d1", "resident", true),
        ("visitor", "d1", "patrol", false),
        ("visitor", "d1", "phone", false),
        ("resident:1", "d1", "resident", true),
        ("resident:1", "d1", "phone", false),
        ("client", "d1", "open311", true),
        ("client", "d1", "resident", false),
        ("acceptor@centre@d1", "d1s1", "phone", true),
        ("acceptor@centre@d1", "d1s1", "patrol", true),
        ("acceptor@centre@d2", "d1s1", "phone", false),
        ("acceptor@centre@d1", "d1s1", "import", false),
        ("dispatcher@centre@city", "d1", "phone", false),
    ] {
        let resource = Resource { channel: channel.to_owned(), ..Subject::Region(region.parse().unwrap()).into() };
        check(&policy, who, Permission::ReportFile, &resource, expect);
    }
}

#[test]
fn everybody_follows_public_cases_and_nobody_others() {
    let policy = Policy::load().unwrap();
    for who in ["visitor", "resident:2", "client", "handler@other@d2"] {
        check(&policy, who, Permission::CaseFollow, &case("d1", true).into(), true);
        check(&policy, who, Permission::CaseFollow, &case("d1", false).into(), false);
    }
}

#[test]
fn figures_and_the_pack_are_for_roles_that_have_the_permission() {
    let policy = Policy::load().unwrap();
    let region = |id: &str| Resource::from(Subject::Region(id.parse().expect("region")));
    for (who, permission, resource, expect) in [
        ("chief@centre@city", Permission::IndicatorRead, region("city"), true),
        ("chief@centre@d1", Permission::IndicatorRead, region("d1s1"), true),
        ("chief@centre@d1", Permission::IndicatorRead, region("d1"), true),
        ("chief@centre@d1", Permission::IndicatorRead, region("city"), false),
        ("chief@centre@d1", Permission::IndicatorRead, region("d2"), false),
        ("dispatcher@centre@city", Permission::IndicatorRead, region("d1"), false),
        ("chief@centre@d1", Permission::PackRead, Subject::City.into(), true),
        ("dispatcher@centre@d1", Permission::PackRead, Subject::City.into(), false),
        ("chief@centre@d1", Permission::LedgerRead, Subject::City.into(), true),
        ("admin@centre@city", Permission::LedgerRead, Subject::City.into(), false),
        ("admin@centre@city", Permission::UserManage, Subject::City.into(), true),
        ("chief@centre@city", Permission::UserManage, Subject::City.into(), false),
        ("resident:1", Permission::PackRead, Subject::City.into(), false),
        ("visitor", Permission::IndicatorRead, region("city"), false),
    ] {
        check(&policy, who, permission, &resource, expect);
    }
}

#[test]
fn inspections_are_done_and_read_within_a_region() {
    let policy = Policy::load().unwrap();
    let region = |id: &str| Resource::from(Subject::Region(id.parse().expect("region")));
    let all = [Permission::InspectionRead, Permission::InspectionRun, Permission::InspectionManage];
    for (who, place, expect) in [
        ("walker@centre@city", "d1s1", [true, true, false]),
        ("walker@centre@d1", "d1s1", [true, true, false]),
        ("walker@centre@d1", "d2", [false, false, false]),
        ("walker@centre@d1s1", "d1", [false, false, false]),
        ("planner@centre@d1", "d1", [true, false, true]),
        ("planner@centre@d1", "d2", [false, false, false]),
        ("reader@centre@d1", "d1s1", [true, false, false]),
        ("reader@centre@d1", "city", [false, false, false]),
        ("chief@centre@city", "d1", [false, false, false]),
        ("resident:1", "d1", [false, false, false]),
        ("client:d1", "d1", [false, false, false]),
        ("operator:d1", "d1", [false, false, false]),
        ("visitor", "d1", [false, false, false]),
    ] {
        for (permission, expect) in all.into_iter().zip(expect) {
            check(&policy, who, permission, &region(place), expect);
        }
    }
}

#[test]
fn flights_are_brought_in_and_seen_within_a_region() {
    let policy = Policy::load().unwrap();
    let region = |id: &str| Resource::from(Subject::Region(id.parse().expect("region")));
    for (who, place, may_import, may_read) in [
        ("flier@centre@city", "d1s1", true, true),
        ("flier@centre@d1", "d1s1", true, true),
        ("flier@centre@d1", "d2", false, false),
        ("flier@centre@d1s1", "d1", false, false),
        ("spotter@centre@d1", "d1s1", false, true),
        ("spotter@centre@d1", "d2", false, false),
        ("planner@centre@city", "d1", false, false),
        ("chief@centre@city", "d1", false, false),
        ("resident:1", "d1", false, false),
        ("client:d1", "d1", false, false),
        ("operator:d1", "d1", false, false),
        ("visitor", "d1", false, false),
    ] {
        check(&policy, who, Permission::FlightImport, &region(place), may_import);
        check(&policy, who, Permission::FlightRead, &region(place), may_read);
    }
}

#[test]
fn devices_are_seen_and_handled_within_a_region() {
    let policy = Policy::load().unwrap();
    let region = |id: &str| Resource::from(Subject::Region(id.parse().expect("region")));
    let all = [
        Permission::DeviceRead,
        Permission::DeviceManage,
        Permission::AlarmHandle,
        Permission::DeviceControl,
        Permission::DeviceInstall,
        Permission::CameraView,
    ];
    for (who, place, expect) in [
        ("keeper@centre@city", "d1s1", [true, true, true, false, true, false]),
        ("keeper@centre@d1", "d1s1", [true, true, true, false, true, false]),
        ("keeper@centre@d1", "d2", [false, false, false, false, false, false]),
        ("keeper@centre@d1", "city", [false, false, false, false, false, false]),
        ("switcher@centre@d1", "d1s1", [true, false, false, true, false, false]),
        ("switcher@centre@d1", "d2", [false, false, false, false, false, false]),
        ("installer@centre@d1", "d1s1", [true, false, false, false, true, false]),
        ("installer@centre@d1", "d2", [false, false, false, false, false, false]),
        ("viewer@centre@d1", "d1s1", [true, false, false, false, false, true]),
        ("viewer@centre@d1", "d2", [false, false, false, false, false, false]),
        ("viewer@centre@d1", "city", [false, false, false, false, false, false]),
        ("watcher@centre@d1", "d1", [true, false, false, false, false, false]),
        ("chief@centre@city", "d1", [false, false, false, false, false, false]),
        ("resident:1", "d1", [false, false, false, false, false, false]),
        ("client", "d1", [false, false, false, false, false, false]),
        ("client:d1", "d1", [true, false, false, false, false, false]),
        ("client:d1", "d1s1c1", [true, false, false, false, false, false]),
        ("client:d1", "d2", [false, false, false, false, false, false]),
        ("client:d1", "city", [false, false, false, false, false, false]),
        ("client:gone", "d1", [false, false, false, false, false, false]),
        ("operator:d1", "d1s1c1", [true, false, false, true, false, false]),
        ("operator:d1", "d2", [false, false, false, false, false, false]),
        ("operator:d1", "city", [false, false, false, false, false, false]),
        ("visitor", "d1", [false, false, false, false, false, false]),
    ] {
        for (permission, expect) in all.into_iter().zip(expect) {
            check(&policy, who, permission, &region(place), expect);
        }
    }
}

#[test]
fn what_no_policy_names_is_denied() {
    let policy = Policy::load().unwrap();
    for permission in Permission::ALL {
        check(&policy, "visitor", permission, &Subject::City.into(), false);
        check(&policy, "handler@other@d2", permission, &Subject::City.into(), false);
    }
}

#[test]
fn the_post_that_allowed_it_is_named() {
    let policy = Policy::load().unwrap();
    let who = principal("handler@other@d1+dispatcher@centre@city");
    let decision = policy.decide(&city(), &who, Permission::CaseRead, &case("d1", false).into());
    assert_eq!(decision, Decision::Allowed(Some(grant("dispatcher@centre@city"))));
    let posts = policy.posts_with(&city(), &who, Permission::CaseRead);
    assert_eq!(posts, [&grant("dispatcher@centre@city")]);
}
