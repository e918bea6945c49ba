//! A day reconciled from end to end on both databases: what is kept of it, which days are due, who asked about a canary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::sync::LazyLock;

use dipper_account::reconcile::{Canary, Due, ProviderLogs, Seen, days_due, reconcile};
use model::{FormId, Instant, PartyId, RequestId, SourceId};
use pack::City;
use store::{FetchOutcome, FetchRow, PartyRow, Tx};
use testkit::on_both_databases;

static CITY: LazyLock<City> = LazyLock::new(|| {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo"));
    pack::load(&folder).unwrap_or_else(|faults| panic!("{faults}")).city
});

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn id(number: u128) -> RequestId {
    RequestId::new(at("2026-11-02T00:00:00Z"), number)
}

/// Every register of the city, and its hospital.
fn everybody() -> Vec<SourceId> {
    CITY.sources.keys().chain(CITY.hospitals.keys()).cloned().collect()
}

/// The population register's log; the register of vehicles does not answer, the others have seen nothing.
struct Logs(Vec<Seen>);

impl ProviderLogs for Logs {
    fn sources(&self) -> Vec<SourceId> {
        everybody()
    }

    fn list(&self, source: &SourceId, from: Instant, to: Instant) -> Result<Vec<Seen>, String> {
        match source.as_str() {
            "population" => Ok(self.0.iter().filter(|line| from <= line.at && line.at < to).cloned().collect()),
            "vehicles" => Err("no answer".to_owned()),
            _ => Ok(Vec::new()),
        }
    }

    fn subject(&self, source: &SourceId, id_number: &str) -> String {
        format!("{source}:{id_number}")
    }
}

fn seen(number: u128, minute: &str, number_of: &str) -> Seen {
    Seen {
        request: id(number).to_string(),
        at: at(minute),
        fields: vec![FormId::new("name").unwrap()],
        subject: Some(format!("population:{number_of}")),
    }
}

fn fetch(number: u128, minute: &str, party: PartyId) -> FetchRow {
    FetchRow {
        id: id(number),
        at: at(minute),
        party,
        source: SourceId::new("population").unwrap(),
        office: "public_security_bureau".parse().unwrap(),
        service: None,
        fields: vec![FormId::new("name").unwrap()],
        purpose: "填表".to_owned(),
        basis: "法".to_owned(),
        consent: id(900),
        outcome: Some(FetchOutcome::Answered),
        answered_at: None,
        asked_by: None,
    }
}

on_both_databases!(a_day_is_compared_kept_and_not_due_again, |database| {
    let store = database.store();
    let (canary, other) = (PartyId::new(at("2026-11-01T00:00:00Z"), 1), PartyId::new(at("2026-11-01T00:00:00Z"), 2));
    store
        .write_blocking(move |tx: &mut Tx| {
            for (party, login) in [(canary, "canary"), (other, "other")] {
                tx.record_party(&PartyRow::resident(party, login, "x", at("2026-11-01T00:00:00Z")))?;
            }
            tx.record_canary(canary, at("2026-11-01T00:00:00Z"))?;
            tx.record_canary(canary, at("2026-11-02T00:00:00Z"))?;
            tx.record_fetch(&fetch(1, "2026-11-02T04:00:00Z", other))?;
            tx.record_fetch(&fetch(2, "2026-11-02T05:00:00Z", canary))
        })
        .unwrap();
    let logs = Logs(vec![
        seen(1, "2026-11-02T04:00:00Z", "9999"),
        seen(2, "2026-11-02T05:00:00Z", "9999"),
        seen(3, "2026-11-02T06:00:00Z", "1111"),
    ]);
    let canaries = [Canary { party: canary, id_number: "9999".to_owned() }];
    let day: jiff::civil::Date = "2026-11-02".parse().unwrap();
    let found =
        reconcile(store, &CITY, &logs, &canaries, &Due { day, sources: everybody() }, at("2026-11-02T18:00:00Z"))
            .unwrap();
    assert!(!found.agrees());
    let population = found.sources.iter().flatten().find(|source| source.source.as_str() == "population").unwrap();
    assert_eq!((population.matched, population.differences(), population.canaries), (2, [1, 0, 0], 1));
    assert_eq!(found.sources.iter().filter(|source| source.is_err()).count(), 1, "vehicles");
    let uses: Vec<_> = found.canary_uses.iter().map(|uses| (uses.by.as_str(), uses.count)).collect();
    assert_eq!(uses, [("population", 1)], "the city's own log tells of the other one");
    let kept = store.read_blocking(|reader| reader.list_reconciliations("2026-11-02")).unwrap();
    assert_eq!(kept.len(), everybody().len() - 1);
    assert!(kept.iter().any(|row| row.source.as_str() == "population" && row.not_recorded == 1), "{kept:?}");

    let dues = |now: &str| days_due(store, &CITY, &everybody(), at(now)).unwrap();
    let due = |now: &str| dues(now).iter().map(|due| due.day.to_string()).collect::<Vec<_>>();
    let left = dues("2026-11-02T18:00:00Z").pop().unwrap().sources;
    assert_eq!(left.iter().map(SourceId::as_str).collect::<Vec<_>>(), ["vehicles"], "what was compared is not again");
    assert!(days_due(store, &CITY, &[], at("2026-11-02T18:00:00Z")).unwrap().is_empty(), "nobody is connected");
    assert_eq!(due("2026-11-02T18:00:00Z").last().unwrap(), "2026-11-02", "vehicles did not answer");
    assert_eq!(due("2026-11-02T16:59:59Z").last().unwrap(), "2026-11-01", "it is over at one in the morning");
    struct Silent;
    impl ProviderLogs for Silent {
        fn sources(&self) -> Vec<SourceId> {
            everybody()
        }
        fn list(&self, _: &SourceId, _: Instant, _: Instant) -> Result<Vec<Seen>, String> {
            Ok(Vec::new())
        }
        fn subject(&self, _: &SourceId, _: &str) -> String {
            String::new()
        }
    }
    let again =
        |now: &str| reconcile(store, &CITY, &Silent, &[], &Due { day, sources: Silent.sources() }, at(now)).unwrap();
    again("2026-11-02T09:00:00Z");
    assert!(due("2026-11-02T18:00:00Z").contains(&"2026-11-02".to_owned()), "compared before the day was over");
    again("2026-11-02T18:00:00Z");
    assert!(!due("2026-11-02T18:00:00Z").contains(&"2026-11-02".to_owned()));
    assert_eq!(due("2026-11-02T18:00:00Z").len(), 6, "a week back, but for that day");
    assert!(store.write_blocking(move |tx: &mut Tx| tx.remove_canary(canary)).unwrap());
    assert!(!store.write_blocking(move |tx: &mut Tx| tx.remove_canary(canary)).unwrap());
});
