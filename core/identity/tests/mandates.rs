//! Mandates on both databases: offered, taken, confirmed, ended; and what each lets be done as a table.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use dipper_identity::{
    Agent, Basis, Identity, Level, MandateError, MandateScope, MandateState, Mandates, Offer, PartyKind, Permission,
    Policy, Principal, Subject, Vault, Verified, find_agent, list_agents_for, record_representative,
};
use model::{Clock, Instant, MandateId, PartyId, ServiceId};
use pack::City;
use serde_json::json;
use store::{MandateRow, OrganisationRow, PartyRow, Store, Tx};
use testkit::{FixedClock, on_both_databases};

const DAY_US: i64 = 86_400_000_000;

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

fn party(n: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), n)
}

fn service(word: &str) -> ServiceId {
    word.parse().unwrap()
}

/// Three people, the first two of whom the city knows, and an organisation of the first.
fn world(store: &Store) -> (Mandates, FixedClock) {
    let clock = FixedClock::at("2026-11-23T08:00:00Z");
    let (now, vault) = (clock.now(), Vault::from_key(&[9; 32]));
    store
        .write_blocking(move |tx: &mut Tx| {
            for (n, number) in [(1, "11010519491231002X"), (2, "440524188001010014"), (3, "")] {
                tx.record_party(&PartyRow::resident(party(n), &format!("person{n}"), "某人", now))?;
                if number.is_empty() {
                    continue;
                }
                let identity = Identity::parse("李星河", number).unwrap();
                let verified = Verified { identity, level: Level::L2, verified_at: now };
                vault.record_identity(tx, party(n), &verified).unwrap();
            }
            tx.record_party(&PartyRow::organisation(party(9), "91350100M000100Y43", "星河公司", now))?;
            tx.record_organisation(&OrganisationRow {
                party: party(9),
                number: "91350100M000100Y43".to_owned(),
                name: "星河公司".to_owned(),
                representative: party(1),
                verified_at: now,
            })?;
            record_representative(tx, party(9), party(1), now).map(drop)
        })
        .unwrap();
    (Mandates { store: store.clone(), clock: Arc::new(clock.clone()) }, clock)
}

fn offer(by: u128, represented: u128, clock: &FixedClock) -> Offer {
    let until = clock.now().plus_micros(30 * DAY_US);
    Offer { by: party(by), represented: party(represented), scope: MandateScope::All, departments: true, until }
}

on_both_databases!(both_sides_agree_before_anything_is_done_for_another, |database| {
    let (mandates, clock) = world(database);
    wait_for(async {
        let (offered, code) = mandates.offer(offer(1, 1, &clock)).await.unwrap();
        let find = |agent: u128| {
            let (id, now) = (offered.id, clock.now());
            database.read_blocking(move |reader| find_agent(reader, id, party(agent), now)).unwrap()
        };
        assert_eq!((code.len(), MandateState::of(&offered, clock.now())), (10, MandateState::Offered));
        assert!(matches!(mandates.find_offered("0000000000").await, Err(MandateError::Code)));
        assert!(matches!(mandates.take(&code, party(1)).await, Err(MandateError::Oneself)));
        assert!(matches!(mandates.take(&code, party(3)).await, Err(MandateError::NotIdentified)));
        assert_eq!(mandates.find_offered(&code.to_lowercase()).await.unwrap().id, offered.id);
        let taken = mandates.take(&code, party(2)).await.unwrap();
        assert_eq!((taken.agent, find(2)), (Some(party(2)), None), "taken, and not in force yet");
        assert!(matches!(mandates.take(&code, party(2)).await, Err(MandateError::Code)), "a code is taken once");
        assert!(matches!(mandates.confirm(offered.id, party(2)).await, Err(MandateError::NotFound)));
        mandates.confirm(offered.id, party(1)).await.unwrap();
        assert_eq!(find(2).unwrap().on_behalf_of, party(1));
        assert_eq!((find(1), find(3)), (None, None), "nobody else acts under it");
        let (id, now) = (offered.id, clock.now());
        let told = database.read_blocking(move |reader| {
            list_agents_for(reader, party(1), PartyKind::Resident, &service("parking"), now)
        });
        assert_eq!(told.unwrap(), [party(2)]);
        assert!(matches!(mandates.end(id, party(3)).await, Err(MandateError::NotFound)));
        mandates.end(id, party(1)).await.unwrap();
        assert_eq!(find(2), None, "ended at once");
        let told = || {
            let far = Instant::from_micros(i64::MAX / 2);
            let leased = database.write_blocking(move |tx: &mut Tx| tx.lease_job(&[store::MANDATE_NOTICE], far, 1));
            let job = leased.unwrap()?;
            let to = (1..=3).find(|n| job.body["to"] == json!(party(*n)))?;
            let told = format!("{} {to}", job.body["news"].as_str()?);
            database.write_blocking(move |tx: &mut Tx| tx.finish_job(&job)).unwrap();
            Some(told)
        };
        let mut all: Vec<String> = std::iter::from_fn(told).collect();
        all.sort();
        assert_eq!(all, ["confirmed 2", "ended 2", "taken 1"], "the other side is told of every step");
        let again = mandates.end(id, party(2)).await.unwrap();
        assert_eq!(again.ended_by, Some(party(1)), "ending it twice changes nothing");
        assert_eq!(std::iter::from_fn(told).count(), 0, "and tells nobody");
    });
});

on_both_databases!(offers_lapse_and_are_limited, |database| {
    let (mandates, clock) = world(database);
    wait_for(async {
        assert!(matches!(mandates.offer(offer(3, 3, &clock)).await, Err(MandateError::NotIdentified)));
        assert!(matches!(mandates.offer(offer(2, 1, &clock)).await, Err(MandateError::NotRepresentative)));
        assert!(matches!(mandates.offer(offer(2, 9, &clock)).await, Err(MandateError::NotRepresentative)));
        let nothing = Offer { scope: MandateScope::Services(Vec::new()), ..offer(1, 1, &clock) };
        assert!(matches!(mandates.offer(nothing).await, Err(MandateError::Scope)));
        for days in [0, 3 * 366 + 1] {
            let until = clock.now().plus_micros(days * DAY_US);
            assert!(matches!(mandates.offer(Offer { until, ..offer(1, 1, &clock) }).await, Err(MandateError::Until)));
        }
        let (_, code) = mandates.offer(offer(1, 1, &clock)).await.unwrap();
        clock.advance_minutes(30);
        assert!(matches!(mandates.take(&code, party(2)).await, Err(MandateError::Code)), "half an hour is over");
        for _ in 0..20 {
            mandates.offer(offer(1, 1, &clock)).await.unwrap();
        }
        assert!(matches!(mandates.offer(offer(1, 1, &clock)).await, Err(MandateError::TooMany)));
        let (appointed, code) = mandates.offer(offer(1, 9, &clock)).await.unwrap();
        mandates.take(&code, party(2)).await.unwrap();
        mandates.confirm(appointed.id, party(1)).await.unwrap();
        let (id, now) = (appointed.id, clock.now());
        let agent = database.read_blocking(move |reader| find_agent(reader, id, party(2), now)).unwrap().unwrap();
        assert!(agent.is_organisation && agent.on_behalf_of == party(9));
        // The register names another one: whom the first appointed can do nothing any more.
        database.write_blocking(move |tx: &mut Tx| record_representative(tx, party(9), party(2), now)).unwrap();
        assert_eq!(database.read_blocking(move |reader| find_agent(reader, id, party(2), now)).unwrap(), None);
        assert!(matches!(mandates.offer(offer(1, 9, &clock)).await, Err(MandateError::NotRepresentative)));
    });
});

fn city() -> City {
    serde_json::from_value(json!({
        "id": "test", "title": {"en": "Test"}, "version": "1", "timezone": "UTC", "locales": ["en"], "case_prefix": "T",
        "jurisdiction": "test", "bounds": [0.0, 0.0, 1.0, 1.0], "centre": [0.5, 0.5], "root": "city",
        "regions": {"city": {"title": {"en": "City"}, "level": "city", "parent": null}},
        "offices": {}, "categories": {}, "processes": {}, "calendars": {}, "routing": [], "forms": {}, "messages": {}, "basemap": [],
        "roles": {},
    }))
    .expect("the city of the test is well formed")
}

/// A mandate of agent 2 to act for party 1: `all` or service words, and what else it says.
fn mandate(text: &str) -> MandateRow {
    let has = |word: &str| text.split(' ').any(|one| one == word);
    let services = text.split(' ').filter(|word| matches!(*word, "parking" | "permit")).map(service).collect();
    MandateRow {
        id: MandateId::new(Instant::from_micros(0), 1),
        represented: party(1),
        agent: Some(party(2)),
        basis: match text {
            _ if has("window") => Basis::Counter,
            _ if has("guardian") => Basis::Guardian,
            _ if has("oneself") => Basis::Oneself,
            _ => Basis::Appointed,
        },
        granted_by: party(1),
        services: if has("all") { None } else { Some(services) },
        departments: has("departments"),
        post: None,
        code_hash: None,
        code_until: None,
        created_at: Instant::from_micros(0),
        taken_at: Some(Instant::from_micros(0)),
        confirmed_at: (!has("unconfirmed")).then(|| Instant::from_micros(0)),
        until: Instant::from_micros(100),
        ended_at: has("ended").then(|| Instant::from_micros(50)),
        ended_by: None,
    }
}

/// `service WORD persons|organisations|both`, `case WORD PARTY` (`-` for a report), or `city`.
fn subject(text: &str) -> Subject {
    match text.split(' ').collect::<Vec<_>>()[..] {
        ["service", word, audience] => Subject::Service {
            id: service(word),
            persons: audience != "organisations",
            organisations: audience != "persons",
        },
        ["case", word, whose] => Subject::Case {
            region: "city".parse().unwrap(),
            offices: Vec::new(),
            reporters: vec![party(whose.parse().unwrap())],
            is_public: false,
            service: (word != "-").then(|| service(word)),
        },
        _ => Subject::City,
    }
}

#[test]
fn what_a_mandate_lets_be_done_is_this_table() {
    use Permission::{
        AnswersRead, CaseAct, CaseRead, DepartmentsAsk, OrganisationTell, ReportAct, ReportFile, ReportRead,
        ServiceApply, TrailRead, UserManage,
    };
    let (policy, city) = (Policy::load().unwrap(), city());
    let (person, organisation) = (PartyKind::Resident, PartyKind::Organisation);
    for (text, kind, at_us, permission, about, expect) in [
        // Which services.
        ("all", person, 10, ServiceApply, "service parking persons", true),
        ("all", person, 10, ServiceApply, "service permit both", true),
        ("parking", person, 10, ServiceApply, "service parking persons", true),
        ("parking", person, 10, ServiceApply, "service permit persons", false),
        ("", person, 10, ServiceApply, "service parking persons", false),
        // Whose services.
        ("all", person, 10, ServiceApply, "service permit organisations", false),
        ("all", organisation, 10, ServiceApply, "service permit organisations", true),
        ("all", organisation, 10, ServiceApply, "service permit both", true),
        ("all", organisation, 10, ServiceApply, "service parking persons", false),
        // Which time and state.
        ("all", person, 99, ServiceApply, "service parking persons", true),
        ("all", person, 100, ServiceApply, "service parking persons", false),
        ("all unconfirmed", person, 10, ServiceApply, "service parking persons", false),
        ("all ended", person, 60, ServiceApply, "service parking persons", false),
        ("all", person, 100, ReportRead, "case parking 1", false),
        // Departments.
        ("all", person, 10, DepartmentsAsk, "service parking persons", false),
        ("all departments", person, 10, DepartmentsAsk, "service parking persons", true),
        ("permit departments", person, 10, DepartmentsAsk, "service parking persons", false),
        ("all departments", person, 10, DepartmentsAsk, "service permit organisations", false),
        // Applications of the represented, and nothing else.
        ("all", person, 10, ReportRead, "case parking 1", true),
        ("all", person, 10, ReportAct, "case parking 1", true),
        ("parking", person, 10, ReportAct, "case parking 1", true),
        ("permit", person, 10, ReportRead, "case parking 1", false),
        ("permit", person, 10, ReportAct, "case parking 1", false),
        ("all", person, 10, ReportRead, "case parking 3", false),
        ("all", person, 10, ReportRead, "case parking 2", false),
        ("all", person, 10, ReportRead, "case - 1", false),
        ("all", person, 10, ReportAct, "case - 1", false),
        ("all", organisation, 10, ReportRead, "case permit 1", true),
        // A correction is an act on the report: within the scope, in its time, of the represented's alone.
        ("parking ended", person, 60, ReportAct, "case parking 1", false),
        ("parking", person, 100, ReportAct, "case parking 1", false),
        ("parking unconfirmed", person, 10, ReportAct, "case parking 1", false),
        ("parking", person, 10, ReportAct, "case parking 3", false),
        // At a window applications are filed, not read.
        ("parking window", person, 10, ServiceApply, "service parking persons", true),
        ("parking window departments", person, 10, DepartmentsAsk, "service parking persons", true),
        ("parking window", person, 10, ReportRead, "case parking 1", false),
        ("parking window", person, 10, ReportAct, "case parking 1", false),
        // Guardians and the grown child: everything of a person, and the trail, which nobody else sees for another.
        ("all guardian departments", PartyKind::Child, 10, ServiceApply, "service parking persons", true),
        ("all guardian departments", PartyKind::Child, 10, DepartmentsAsk, "service parking persons", true),
        ("all guardian departments", PartyKind::Child, 10, ServiceApply, "service permit organisations", false),
        ("all guardian", PartyKind::Child, 10, ReportRead, "case parking 1", true),
        ("all guardian", PartyKind::Child, 10, ReportAct, "case parking 1", true),
        ("all guardian", PartyKind::Child, 10, ReportAct, "case parking 3", false),
        ("all guardian", PartyKind::Child, 100, ReportAct, "case parking 1", false),
        ("all guardian", PartyKind::Child, 10, TrailRead, "city", true),
        ("all guardian", PartyKind::Child, 100, TrailRead, "city", false),
        ("all guardian ended", PartyKind::Child, 60, TrailRead, "city", false),
        ("all guardian", PartyKind::Child, 10, OrganisationTell, "city", false),
        ("all oneself", PartyKind::Child, 10, TrailRead, "city", true),
        ("all oneself", PartyKind::Child, 10, ReportAct, "case parking 1", true),
        ("all", person, 10, TrailRead, "city", false),
        ("all window", person, 10, TrailRead, "city", false),
        ("all", organisation, 10, TrailRead, "city", false),
        // Signing in elsewhere, for organisations and in everything.
        ("all", organisation, 10, OrganisationTell, "city", true),
        ("permit", organisation, 10, OrganisationTell, "city", false),
        ("all", person, 10, OrganisationTell, "city", false),
        // What a mandate never is.
        ("all", person, 10, ServiceApply, "city", false),
        ("all", person, 10, ReportFile, "city", false),
        ("all", person, 10, CaseRead, "case parking 1", false),
        ("all", person, 10, CaseAct, "case parking 1", false),
        ("all", person, 10, AnswersRead, "case parking 1", false),
        ("all", organisation, 10, UserManage, "city", false),
    ] {
        let agent = Agent::of(&mandate(text), kind, party(2), Instant::from_micros(at_us));
        let is_allowed = agent.is_some_and(|agent| {
            policy.decide(&city, &Principal::Agent(agent), permission, &subject(about).into()).is_allowed()
        });
        assert_eq!(is_allowed, expect, "{text} for {kind:?} at {at_us}: {} of {about}", permission.as_str());
    }
    let theirs = mandate("all");
    assert!(Agent::of(&theirs, person, party(3), Instant::from_micros(10)).is_none(), "a mandate of somebody else");
}
