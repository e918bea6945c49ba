//! A count and the cases behind it are one definition.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::event::Moved;
use model::{Actor, Case, ClockName, EventBody, Instant, NewEvent, PartyId, StageId, Tally};
use store::{Cursor, GroupBy, IndicatorScope, Measure, Part, StoreError, Tx};
use testkit::{Database, Story, on_both_databases};

const HOUR_US: i64 = 3_600_000_000;

fn midnight() -> Instant {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn after_h(hours: i64) -> Instant {
    midnight().plus_micros(hours * HOUR_US)
}

fn person(number: u128) -> PartyId {
    PartyId::new(midnight(), number)
}

/// An event that leaves the case where it is.
fn stay(case: &Case, action: &str, tally: Option<Tally>) -> EventBody {
    EventBody::Moved(Box::new(Moved {
        action: action.parse().unwrap(),
        from: case.state.clone(),
        to: case.state.clone(),
        stage: case.stage.clone(),
        task: case.task.clone(),
        handler: None,
        outcome: None,
        tally,
        reason: None,
        note: None,
        public: false,
        evidence: std::collections::BTreeMap::new(),
        answers: std::collections::BTreeMap::new(),
    }))
}

fn add(tx: &mut Tx, story: &Story, case: &Case, at: Instant, bodies: Vec<EventBody>) -> Result<Case, StoreError> {
    let events = bodies.into_iter().map(|body| NewEvent { at, actor: Actor::system("test"), body }).collect();
    Ok(story.append(tx, case.id, Some(case), at, events)?.0)
}

/// Six cases of one day, each another way:
/// 0 closed in time, rated 5; 1 closed late after rework, rated 2; 2 closed in time, excused;
/// 3 handled by others and overdue; 4 due tomorrow, supervised; 5 just reported elsewhere.
fn six(database: &Database) {
    database
        .write_blocking(|tx| {
            let story = |hours: i64| Story { hours, ..Story::default() };
            let rated = |stars: u8| EventBody::Rated { stars, note: None };
            let case = story(24).whole(tx, person(1), after_h(1))?;
            add(tx, &story(24), &case, after_h(5), vec![rated(5)])?;

            let late = story(1);
            let case = late.file(tx, after_h(1))?;
            let case = late.assign(tx, &case, person(1), after_h(3))?;
            let case = add(tx, &late, &case, after_h(4), vec![stay(&case, "rework", Some(Tally::Rework))])?;
            let case = late.resolve(tx, &case, person(2), after_h(6))?;
            let case = late.close(tx, &case, person(1), after_h(7))?;
            add(tx, &late, &case, after_h(8), vec![rated(2)])?;

            let case = story(24).file(tx, after_h(2))?;
            let case = story(24).assign(tx, &case, person(1), after_h(2))?;
            let case =
                add(tx, &story(24), &case, after_h(3), vec![EventBody::ClockExempted { clock: ClockName::Disposal }])?;
            let case = story(24).resolve(tx, &case, person(2), after_h(4))?;
            story(24).close(tx, &case, person(1), after_h(5))?;

            let others =
                Story { handler: "water".into(), region_path: "city/d2/".into(), hours: 2, ..Story::default() };
            let case = others.file(tx, after_h(3))?;
            others.assign(tx, &case, person(1), after_h(4))?;

            let case = story(24).file(tx, after_h(3))?;
            let case = story(24).assign(tx, &case, person(1), after_h(4))?;
            add(tx, &story(24), &case, after_h(5), vec![stay(&case, "supervise", Some(Tally::Supervised))])?;

            Story { region_path: "city/".into(), category: "noise".into(), ..story(24) }.file(tx, after_h(20))
        })
        .unwrap();
}

fn day() -> IndicatorScope {
    IndicatorScope::whole(midnight(), after_h(24), after_h(22))
}

on_both_databases!(a_day_is_counted_as_it_was, |database| {
    six(database);
    let groups = database.read_blocking(|reader| reader.count_parts(&day())).unwrap();
    assert_eq!(groups.len(), 1);
    for (part, expect) in [
        (Part::Opened, 6),
        (Part::Filed, 5),
        (Part::Declined, 0),
        (Part::Supervised, 1),
        (Part::Closed, 3),
        (Part::Reworked, 1),
        (Part::ReworkedOften, 0),
        (Part::Rated, 2),
        (Part::Satisfied, 1),
        (Part::RatingSum, 7),
        // 0: 1 h; 1: 3 h; 2: 2 h.
        (Part::HandlingUs, u64::try_from(6 * HOUR_US).unwrap()),
        // Closed 0 and 1, overdue 3; 2 is excused, 4 not yet due, 5 has no promise.
        (Part::Due, 3),
        (Part::DueClosed, 2),
        (Part::DueClosedOnTime, 1),
        (Part::DueLate, 2),
        (Part::Excused, 1),
        // Accept: 0 1 2 3 4 done; dispose: 0 1 done, 3 overdue, 2 exempt; check: 0 1 2 done.
        (Part::StepsDue, 11),
        (Part::StepsDone, 10),
        (Part::StepsExempt, 1),
        (Part::StepsLeft, 11),
        // Late: accept of 1 (due after one hour), dispose of 1 and 3.
        (Part::StepsLate, 3),
        (Part::StepsOnTime, 8),
    ] {
        assert_eq!(groups[0].count(part), expect, "{part:?}");
    }
    let stage = |stage: &str| stage.parse::<StageId>().unwrap();
    assert_eq!(groups[0].of_stage(Part::StepsDue, &stage("dispose")), 3);
    assert_eq!(groups[0].of_stage(Part::StepsOnTime, &stage("dispose")), 1);
    assert_eq!(groups[0].of_stage(Part::StepsOnTime, &stage("accept")), 4);
});

on_both_databases!(groups_add_up_to_the_whole, |database| {
    six(database);
    for (by, keys) in [
        (GroupBy::Region { depth: 1 }, vec!["city/"]),
        (GroupBy::Region { depth: 2 }, vec!["city/", "city/d1/", "city/d2/"]),
        (GroupBy::Department, vec!["", "centre", "roads", "water"]),
        (GroupBy::Category, vec!["noise", "pothole"]),
    ] {
        let scope = IndicatorScope { by, ..day() };
        let (whole, groups) = database
            .read_blocking(move |reader| {
                Ok::<_, StoreError>((reader.count_parts(&day())?, reader.count_parts(&scope)?))
            })
            .unwrap();
        assert_eq!(groups.iter().map(|group| group.key.as_str()).collect::<Vec<_>>(), keys, "{by:?}");
        for part in Part::ALL {
            assert_eq!(
                groups.iter().map(|group| group.count(part)).sum::<u64>(),
                whole[0].count(part),
                "{by:?} {part:?}"
            );
        }
    }
});

on_both_databases!(every_count_lists_its_cases, |database| {
    six(database);
    let mut compared = 0;
    for by in [
        GroupBy::All,
        GroupBy::Region { depth: 2 },
        GroupBy::Department,
        GroupBy::Category,
        GroupBy::Person,
        GroupBy::Stage,
    ] {
        let scope = IndicatorScope { by, ..day() };
        let counted = {
            let scope = scope.clone();
            database.read_blocking(move |reader| reader.count_parts(&scope)).unwrap()
        };
        for group in counted {
            for (measure, count) in group.iter() {
                if matches!(measure.part, Part::RatingSum | Part::HandlingUs | Part::StepsUs) {
                    continue;
                }
                compared += 1;
                assert_eq!(behind(database, &scope, measure, &group.key), count, "{by:?} {:?} {measure:?}", group.key);
            }
        }
    }
    assert!(compared > 100, "{compared}");
});

/// Counts the rows behind a measure page by page; no row comes twice.
fn behind(database: &Database, scope: &IndicatorScope, measure: &Measure, key: &str) -> u64 {
    let mut seen = std::collections::BTreeSet::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let (scope, measure, key) = (scope.clone(), measure.clone(), key.to_owned());
        let page = database.read_blocking(move |reader| reader.list_part(&scope, &measure, &key, cursor, 2)).unwrap();
        for row in page.items {
            assert!(seen.insert((row.case.id, row.step)));
        }
        cursor = page.next;
        if cursor.is_none() {
            return seen.len() as u64;
        }
    }
}

on_both_databases!(a_scope_counts_only_its_own, |database| {
    six(database);
    for (scope, opened, steps_due) in [
        (IndicatorScope { region_path: Some("city/d2/".into()), ..day() }, 1, 2),
        (IndicatorScope { handler: Some("water".parse().unwrap()), ..day() }, 1, 2),
        (IndicatorScope { categories: vec!["noise".parse().unwrap()], ..day() }, 1, 0),
        (IndicatorScope { without_processes: vec!["service".parse().unwrap()], ..day() }, 6, 11),
        (IndicatorScope { from: after_h(10), ..day() }, 1, 0),
    ] {
        let groups = {
            let scope = scope.clone();
            database.read_blocking(move |reader| reader.count_parts(&scope)).unwrap()
        };
        assert_eq!((groups[0].count(Part::Opened), groups[0].count(Part::StepsDue)), (opened, steps_due), "{scope:?}");
    }
    let none = IndicatorScope { without_processes: vec!["urban_case".parse().unwrap()], ..day() };
    let groups = database.read_blocking(move |reader| reader.count_parts(&none)).unwrap();
    assert!(groups.iter().all(|group| group.iter().count() == 0), "{groups:?}");
});

on_both_databases!(days_are_counted_one_by_one, |database| {
    six(database);
    let days = [after_h(-24), midnight(), after_h(24), after_h(48)];
    let scope = IndicatorScope { now: after_h(40), ..day() };
    let counts = database.read_blocking(move |reader| reader.count_days(&scope, &days)).unwrap();
    let shown: Vec<_> = counts.iter().map(|day| (day.opened, day.closed, day.late)).collect();
    // On the second day the promise of case 4 (28 h after midnight) passes.
    assert_eq!(shown, [(0, 0, 0), (6, 3, 2), (0, 0, 1)]);
});
