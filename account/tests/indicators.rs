//! Indicators of a small day, counted by hand, and the cases behind every number.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::LazyLock;

use dipper_account::indicators::{BehindError, IndicatorRow, Side, Unit, compute, definitions, list_behind};
use model::event::{Moved, Reported};
use model::{
    Actor, Case, CaseId, ClockName, EventBody, Instant, NewEvent, Outcome, PackHash, PartyId, Place, Reporter, Tally,
    Task,
};
use pack::City;
use store::{Append, GroupBy, IndicatorScope, PartyRow, StoreError, Tx};
use testkit::{Database, on_both_databases};

const HOUR_US: i64 = 3_600_000_000;

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn demo() -> &'static City {
    static DEMO: LazyLock<City> = LazyLock::new(|| {
        pack::load(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo")))
            .unwrap_or_else(|faults| panic!("{faults}"))
            .city
    });
    &DEMO
}

/// Hours after the day began.
fn h(hours: i64) -> Instant {
    "2026-11-02T00:00:00Z".parse::<Instant>().unwrap().plus_micros(hours * HOUR_US)
}

fn person(number: u128) -> PartyId {
    PartyId::new(h(0), number)
}

/// A case told move by move.
struct Telling<'a> {
    tx: &'a mut Tx,
    case: Case,
    region_path: String,
}

impl<'a> Telling<'a> {
    /// Reported at an hour; to be accepted within one.
    fn report(tx: &'a mut Tx, region: &str, hour: i64) -> Self {
        let region = region.parse().unwrap();
        let region_path = demo().region_path(&region);
        let reported = Reported {
            no: tx.next_case_no("YG", 20261102).unwrap(),
            pack: PackHash::new([7; 32]),
            process: "urban_case".parse().unwrap(),
            category: "s0111".parse().unwrap(),
            condition: None,
            description: String::new(),
            place: Place { point: None, cell: None, region, address: None },
            channel: "resident".to_owned(),
            reporter: Reporter::ANONYMOUS,
            evidence: Vec::new(),
            answers: BTreeMap::new(),
            application: None,
            source_id: None,
            state: "reported".parse().unwrap(),
            stage: "collect".parse().unwrap(),
            task: Some(task("acceptor", "supervision_centre", ClockName::Task)),
        };
        let case_id = tx.new_case_id(h(hour));
        let bodies = [EventBody::Reported(Box::new(reported)), started(ClockName::Task, hour + 1)];
        let events = bodies.into_iter().map(|body| NewEvent { at: h(hour), actor: Actor::Anonymous, body }).collect();
        let (case, _) = tx
            .append(Append { case_id, before: None, events, recorded_at: h(hour), region_path: &region_path })
            .unwrap();
        Self { tx, case, region_path }
    }

    fn happen(mut self, hour: i64, by: u128, bodies: Vec<EventBody>) -> Self {
        let actor = Actor::Staff {
            party: person(by),
            role: "acceptor".parse().unwrap(),
            office: "supervision_centre".parse().unwrap(),
        };
        let events = bodies.into_iter().map(|body| NewEvent { at: h(hour), actor: actor.clone(), body }).collect();
        let id: CaseId = self.case.id;
        let append = Append {
            case_id: id,
            before: Some(&self.case),
            events,
            recorded_at: h(hour),
            region_path: &self.region_path,
        };
        self.case = self.tx.append(append).unwrap().0;
        self
    }

    fn to(&self, action: &str, to: &str, stage: &str, task: Option<Task>) -> Moved {
        Moved {
            action: action.parse().unwrap(),
            from: self.case.state.clone(),
            to: to.parse().unwrap(),
            stage: stage.parse().unwrap(),
            task,
            handler: None,
            outcome: None,
            tally: None,
            reason: None,
            note: None,
            public: false,
            evidence: BTreeMap::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Given to a department, due some hours later.
    fn dispatch(self, hour: i64, by: u128, office: &str, due: i64) -> Self {
        let moved = Moved {
            handler: Some(office.parse().unwrap()),
            ..self.to("dispatch", "disposing", "dispose", Some(task("department_handler", office, ClockName::Disposal)))
        };
        self.happen(
            hour,
            by,
            vec![stopped(ClockName::Task), EventBody::Moved(Box::new(moved)), started(ClockName::Disposal, due)],
        )
    }

    /// Handled; to be checked within two hours.
    fn complete(self, hour: i64, by: u128) -> Self {
        let moved =
            self.to("complete", "checking", "check", Some(task("collector", "shuyuan-collectors", ClockName::Task)));
        self.happen(
            hour,
            by,
            vec![stopped(ClockName::Disposal), EventBody::Moved(Box::new(moved)), started(ClockName::Task, hour + 2)],
        )
    }

    /// The check failed: handled again, due some hours later.
    fn rework(self, hour: i64, by: u128, office: &str, due: i64) -> Self {
        let moved = Moved {
            tally: Some(Tally::Rework),
            ..self.to(
                "check_fail",
                "disposing",
                "dispose",
                Some(task("department_handler", office, ClockName::Disposal)),
            )
        };
        self.happen(
            hour,
            by,
            vec![stopped(ClockName::Task), EventBody::Moved(Box::new(moved)), started(ClockName::Disposal, due)],
        )
    }

    fn stay(self, hour: i64, action: &str, tally: Tally, more: Vec<EventBody>) -> Self {
        let moved = Moved {
            tally: Some(tally),
            ..self.to(
                action,
                self.case.state.clone().as_str(),
                self.case.stage.clone().as_str(),
                self.case.task.clone(),
            )
        };
        self.happen(hour, 9, std::iter::once(EventBody::Moved(Box::new(moved))).chain(more).collect())
    }

    fn close(self, hour: i64, by: u128) -> Self {
        let moved = Moved { outcome: Some(Outcome::Resolved), ..self.to("close", "closed", "evaluate", None) };
        self.happen(hour, by, vec![stopped(ClockName::Task), EventBody::Moved(Box::new(moved))])
    }

    fn rated(self, hour: i64, stars: u8) -> Self {
        self.happen(hour, 9, vec![EventBody::Rated { stars, note: None }])
    }
}

fn task(role: &str, office: &str, clock: ClockName) -> Task {
    Task { role: role.parse().unwrap(), office: office.parse().unwrap(), clock, assignee: None }
}

fn started(clock: ClockName, due: i64) -> EventBody {
    EventBody::ClockStarted { clock, limit: None, calendar: None, due_at: h(due) }
}

fn stopped(clock: ClockName) -> EventBody {
    EventBody::ClockStopped { clock }
}

/// Seven cases of one day:
/// A in time throughout, five stars. B handled late (due 6, done 8), two stars. C reworked once, its second round in
/// time, four stars. D suspended and exempt, closed. E overdue at noon and open. F due tomorrow. G just reported, late to be accepted.
fn a_day(database: &Database) {
    let (sanitation, roads) = ("tianquan-sanitation", "tianquan-roads");
    database
        .write_blocking(move |tx: &mut Tx| {
            let name = |number, name: &str| PartyRow {
                display_name: name.to_owned(),
                ..PartyRow::resident(person(number), name, name, h(0))
            };
            tx.record_party(&name(2, "li"))?;
            Telling::report(tx, "shuyuan", 1).dispatch(2, 1, sanitation, 8).complete(5, 2).close(6, 3).rated(7, 5);
            Telling::report(tx, "shuyuan", 1).dispatch(3, 1, roads, 6).complete(8, 2).close(9, 3).rated(9, 2);
            Telling::report(tx, "shuyuan", 2)
                .dispatch(3, 1, sanitation, 6)
                .complete(5, 2)
                .rework(6, 4, sanitation, 10)
                .complete(9, 2)
                .close(10, 3)
                .rated(11, 4);
            Telling::report(tx, "gulou", 2)
                .dispatch(3, 1, sanitation, 5)
                .stay(4, "suspend", Tally::Suspended, vec![EventBody::ClockExempted { clock: ClockName::Disposal }])
                .complete(9, 2)
                .close(10, 3);
            Telling::report(tx, "gulou", 3).dispatch(4, 1, roads, 10).stay(
                11,
                "supervise",
                Tally::Supervised,
                Vec::new(),
            );
            Telling::report(tx, "shuyuan", 3).dispatch(4, 1, roads, 30);
            Telling::report(tx, "shuyuan", 4);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// The day and three cases that were given two more hours, to 8: H done at 7, I at 9, J not by noon.
fn with_extensions(database: &Database) {
    a_day(database);
    database
        .write_blocking(|tx: &mut Tx| {
            for done in [Some(7), Some(9), None] {
                let by = "2 working_hour".parse().unwrap();
                let more = EventBody::ClockExtended { clock: ClockName::Disposal, by, due_at: h(8) };
                let told = Telling::report(tx, "gulou", 2).dispatch(3, 1, "tianquan-roads", 6).stay(
                    4,
                    "approve_extension",
                    Tally::Extended,
                    vec![more],
                );
                if let Some(done) = done {
                    told.complete(done, 2).close(10, 3);
                }
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn scope(by: GroupBy) -> IndicatorScope {
    IndicatorScope { by, ..IndicatorScope::whole(h(0), h(24), h(12)) }
}

fn values(row: &IndicatorRow) -> BTreeMap<&str, (u64, u64)> {
    row.values.iter().map(|(id, value)| (id.as_str(), (value.numerator, value.denominator))).collect()
}

on_both_databases!(the_numbers_of_a_day_are_those_counted_by_hand, |database| {
    a_day(database);
    let rows = block(compute(database, demo(), scope(GroupBy::All))).unwrap();
    let found = values(&rows[0]);
    // Due to be closed: A, B, C, E; D is excused, F is due tomorrow, G was never given a promise.
    let expect = [
        ("reported", (7, 7)),
        ("filing_rate", (6, 7)),
        ("closed", (4, 4)),
        ("closure_rate", (3, 4)),
        ("on_time_closure_rate", (2, 4)),
        // Accepted within the hour: A, C, D, E, F; late: B, and G, which nobody accepted.
        ("on_time_collect", (5, 7)),
        // Handling: A, C, C again; late: B and E. D's is exempt, F's not due yet.
        ("on_time_dispose", (3, 5)),
        // Checks within two hours: A, B, C twice, D.
        ("on_time_check", (5, 5)),
        ("rework_rate", (1, 4)),
        ("reworked_often", (0, 0)),
        ("return_rate", (0, 4)),
        ("supervised", (1, 1)),
        ("suspended", (1, 1)),
        ("extended", (0, 0)),
        ("excused", (1, 1)),
        ("satisfaction", (2, 3)),
        ("stars", (11, 3)),
        ("reopen_rate", (0, 4)),
    ];
    for (id, numbers) in expect {
        assert_eq!(found.get(id), Some(&numbers), "{id}");
    }
    let stars = &rows[0].values["stars"];
    assert!((stars.value.unwrap() - 11.0 / 3.0).abs() < 1e-12);
});

on_both_databases!(an_extension_that_was_kept_is_excused_and_one_that_was_not_is_late, |database| {
    with_extensions(database);
    let rows = block(compute(database, demo(), scope(GroupBy::All))).unwrap();
    let found = values(&rows[0]);
    for (id, numbers) in [
        ("extended", (3, 3)),
        // D, and H.
        ("excused", (2, 2)),
        // The four of the day, I and J.
        ("closure_rate", (4, 6)),
        ("on_time_closure_rate", (2, 6)),
        // The department's work is judged by the deadline it was given: H in time, I and J late.
        ("on_time_dispose", (4, 8)),
    ] {
        assert_eq!(found.get(id), Some(&numbers), "{id}");
    }
    for (side, count) in [(Side::Numerator, 2), (Side::Denominator, 6), (Side::Missing, 4)] {
        assert_eq!(behind(database, GroupBy::All, "on_time_closure_rate", side, ""), Ok(count), "{side:?}");
    }
});

on_both_databases!(every_number_is_as_long_as_its_list_however_grouped, |database| {
    a_day(database);
    let sums = ["stars"];
    for by in [
        GroupBy::All,
        GroupBy::Region { depth: 3 },
        GroupBy::Department,
        GroupBy::Category,
        GroupBy::Person,
        GroupBy::Stage,
    ] {
        let rows = block(compute(database, demo(), scope(by))).unwrap();
        assert!(!rows.is_empty());
        for row in &rows {
            for definition in definitions(demo()) {
                let value = row.values[&definition.id];
                for (side, number) in [(Side::Numerator, value.numerator), (Side::Denominator, value.denominator)] {
                    if side == Side::Numerator && sums.contains(&definition.id.as_str()) {
                        continue;
                    }
                    assert_eq!(
                        behind(database, by, &definition.id, side, &row.key),
                        Ok(number),
                        "{by:?} {} {} {side:?}",
                        row.key,
                        definition.id
                    );
                }
                if definition.missing.is_some() {
                    let missing = behind(database, by, &definition.id, Side::Missing, &row.key);
                    assert_eq!(
                        missing,
                        Ok(value.denominator - value.numerator),
                        "{by:?} {} {}: what is missing makes up the rest",
                        row.key,
                        definition.id
                    );
                }
            }
        }
    }
});

/// Counts a list, two cases a page.
fn behind(database: &Database, by: GroupBy, indicator: &str, side: Side, key: &str) -> Result<u64, String> {
    let (mut cursor, mut count) = (None, 0);
    loop {
        let page = block(list_behind(database, demo(), scope(by), (indicator, side), key.to_owned(), (cursor, 2)));
        let page = page.map_err(|error| error.to_string())?;
        count += page.items.len() as u64;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(count);
        }
    }
}

on_both_databases!(groups_have_names_and_add_up, |database| {
    a_day(database);
    let whole = block(compute(database, demo(), scope(GroupBy::All))).unwrap();
    for by in [GroupBy::Region { depth: 3 }, GroupBy::Department, GroupBy::Category] {
        let rows = block(compute(database, demo(), scope(by))).unwrap();
        for (id, value) in &whole[0].values {
            let sum: u64 = rows.iter().map(|row| row.values[id].numerator).sum();
            assert_eq!(sum, value.numerator, "{by:?} {id}");
        }
    }
    let by_department = block(compute(database, demo(), scope(GroupBy::Department))).unwrap();
    let roads = by_department.iter().find(|row| row.key == "tianquan-roads").unwrap();
    assert_eq!(roads.title, demo().offices["tianquan-roads"].title);
    assert_eq!(values(roads)["on_time_closure_rate"], (0, 2));
    let by_person = block(compute(database, demo(), scope(GroupBy::Person))).unwrap();
    let li = by_person.iter().find(|row| row.key == person(2).to_string()).unwrap();
    assert_eq!((li.title.in_locale("zh-CN"), values(li)["on_time_dispose"]), ("li", (3, 4)));
});

#[test]
fn a_quiet_day_has_no_rates_and_unknown_indicators_are_named() {
    let database = Database::sqlite();
    for row in block(compute(&database, demo(), scope(GroupBy::All))).unwrap() {
        for definition in definitions(demo()) {
            let value = row.values[&definition.id];
            assert_eq!(value.value.is_some(), definition.unit == Unit::Count, "{}", definition.id);
        }
    }
    let list = |indicator: &'static str, side| {
        block(list_behind(&database, demo(), scope(GroupBy::All), (indicator, side), String::new(), (None, 10)))
    };
    assert!(matches!(list("mood", Side::Numerator), Err(BehindError::Unknown(id)) if id == "mood"));
    assert!(matches!(list("reported", Side::Missing), Err(BehindError::NoSide(id)) if id == "reported"));
}

#[test]
fn every_indicator_says_in_both_languages_what_it_counts() {
    let list = definitions(demo());
    for definition in &list {
        for locale in ["zh-CN", "en"] {
            assert!(
                definition.title.0.contains_key(locale) && definition.formula.0.contains_key(locale),
                "{}",
                definition.id
            );
        }
    }
    let mut ids: Vec<_> = list.iter().map(|definition| definition.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), list.len());
}
