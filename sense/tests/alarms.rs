//! Alarms about personal data: each opens one case a day, that names nobody.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{block, town};
use dipper_sense::alarms::{Alarm, raise};
use model::SourceId;
use testkit::on_both_databases;

on_both_databases!(an_alarm_opens_one_case_a_day, |database| {
    let town = town(database);
    let day = |text: &str| text.parse().unwrap();
    let over_scope = |client: &str| Alarm::OverScope {
        client: client.to_owned(),
        contract: "HT-2026-17".to_owned(),
        scope: "id_number".to_owned(),
    };
    let raised = |alarm: Alarm, on: &str| block(raise(&town.ctx, alarm, day(on))).unwrap();
    let first = raised(over_scope("tickets"), "2026-11-02").expect("a case");
    assert_eq!(raised(over_scope("tickets"), "2026-11-02"), None, "it has one");
    assert!(raised(over_scope("tickets"), "2026-11-03").is_some(), "another day");
    assert!(raised(over_scope("bikes"), "2026-11-02").is_some(), "another program");
    let source = SourceId::new("population").unwrap();
    let differ = Alarm::LogsDiffer { source, not_recorded: 2, not_seen: 0, other_fields: 1 };
    assert!(raised(differ, "2026-11-02").is_some());
    assert!(raised(Alarm::Canary { place: "population".to_owned(), count: 1 }, "2026-11-02").is_some());
    let case = town.ctx.store.read_blocking(move |reader| reader.load_case(first)).unwrap().unwrap();
    let task = case.task.as_ref().unwrap();
    assert_eq!((case.category.as_str(), task.role.as_str()), ("alarm_over_scope", "data_officer"));
    assert_eq!((task.office.as_str(), case.state.as_str()), ("data_bureau", "raised"));
    assert_eq!(case.reporter, model::Reporter::ANONYMOUS);
    assert!(case.description.contains("HT-2026-17") && case.description.contains("id_number"), "{}", case.description);
    let listed = town.ctx.store.read_blocking(|reader| reader.list_alarms(10)).unwrap();
    assert_eq!(listed.len(), 5);
    assert!(listed.iter().any(|row| row.source_id == "logs_differ/population/2026-11-02"), "{listed:?}");
});
