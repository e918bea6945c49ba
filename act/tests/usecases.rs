//! Taking actions and firing timers, on both databases.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::future::Future;
use std::sync::Arc;

use common::*;
use dipper_act::{
    Acting, CaseRef, Context, Fired, PerformCommand, PerformError, Refusal, fire_due, list_assignable, perform,
};
use model::{Actor, Case, ClockName, EventBody, EvidenceId, Grant, Instant, NewEvent};
use pack::Packs;
use serde_json::{Value, json};
use store::{Append, EvidenceRow, PartyRow, StoreError, Tx};
use testkit::{Database, FixedClock, Story, on_both_databases};

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn context(database: &Database) -> (Context, FixedClock) {
    let clock = FixedClock::at(MONDAY);
    let packs = Arc::new(Packs::new(demo()));
    (Context { store: database.store().clone(), packs, clock: Arc::new(clock.clone()) }, clock)
}

/// Opens a case as a report does.
fn report(database: &Database, now: Instant) -> Case {
    let compiled = demo();
    database
        .write_blocking(move |tx: &mut Tx| {
            let no = tx.next_case_no("YG", 20261102)?;
            let bodies = opening(no, "s0111", Some("found")).bodies(&compiled, now).unwrap();
            let actor = Actor::Resident { party: person(0) };
            let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
            let (case_id, region_path) = (tx.new_case_id(now), compiled.city.region_path(&"shuyuan".parse().unwrap()));
            Ok::<_, StoreError>(
                tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?.0,
            )
        })
        .unwrap()
}

fn command(case: &Case, acting: Acting, action: &str, given: Value) -> PerformCommand {
    PerformCommand {
        case: CaseRef::No(case.no.clone()),
        action: action.parse().unwrap(),
        version: None,
        answers: answers(given),
        acting,
    }
}

fn load(database: &Database, case: &Case) -> Case {
    let id = case.id;
    database.read_blocking(move |db| db.get_case(id)).unwrap()
}

on_both_databases!(an_action_is_kept_with_its_events_and_its_case, |database| {
    let (ctx, clock) = context(database);
    let case = report(database, model::Clock::now(&clock));
    clock.advance_minutes(5);
    let done = block(perform(&ctx, command(&case, acceptor(), "accept", json!({"note": "看"})))).unwrap();
    assert_eq!((done.case.state.as_str(), done.case.version), ("verifying", 5));
    assert_eq!(
        done.events.iter().map(|event| event.body.kind()).collect::<Vec<_>>(),
        ["clock_stopped", "moved", "clock_started"]
    );
    assert_eq!(load(database, &case), done.case);
});

on_both_databases!(a_refused_action_writes_nothing, |database| {
    let (ctx, clock) = context(database);
    let case = report(database, model::Clock::now(&clock));
    let unknown: Case = Case { no: "YG20261102-999999".parse().unwrap(), ..case.clone() };
    let missing_file = json!({"scene": [photo(9)]});
    let stale = PerformCommand { version: Some(1), ..command(&case, acceptor(), "accept", json!({})) };
    let outcome = block(perform(&ctx, command(&unknown, acceptor(), "accept", json!({}))));
    assert!(matches!(outcome, Err(PerformError::NotFound)), "{outcome:?}");
    let outcome = block(perform(&ctx, stale));
    assert!(
        matches!(outcome, Err(PerformError::VersionConflict { expected: 1, current: 2, ref allowed }) if allowed.len() == 6),
        "{outcome:?}"
    );
    let outcome = block(perform(&ctx, command(&case, dispatcher(), "accept", json!({}))));
    assert!(matches!(outcome, Err(PerformError::Refused(Refusal::NotYours { .. }))), "{outcome:?}");
    assert_eq!(load(database, &case).version, 2);
    let accepted =
        block(perform(&ctx, PerformCommand { version: Some(2), ..command(&case, acceptor(), "accept", json!({})) }))
            .unwrap()
            .case;
    let outcome = block(perform(&ctx, command(&case, collector(20), "verify", missing_file)));
    let Err(PerformError::Refused(Refusal::Answers(faults))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(faults[0].field, "scene");
    assert_eq!(load(database, &case), accepted);
});

on_both_databases!(a_task_is_given_only_to_somebody_who_may_do_it, |database| {
    let (ctx, clock) = context(database);
    let now = model::Clock::now(&clock);
    let case = report(database, now);
    let team = "shuyuan-collectors";
    let posts = [
        (20, "collector", team, "yaoguang"),
        (21, "collector", team, "shuyuan"),
        (22, "collector", team, "gulou"),
        (23, "collector", "gulou-collectors", "yaoguang"),
        (24, "acceptor", team, "yaoguang"),
        (25, "collector", team, "yaoguang"),
    ];
    database
        .write_blocking(move |tx: &mut Tx| {
            for (number, role, office, region) in posts {
                let name = format!("n{number}");
                let disabled = number == 25;
                tx.record_party(&PartyRow { disabled, ..PartyRow::staff(person(number), &name, &name, now) })?;
                let (role, office) = (role.parse().unwrap(), office.parse().unwrap());
                tx.record_grant(person(number), &Grant { role, office, region: region.parse().unwrap() })?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let accepted = block(perform(&ctx, command(&case, acceptor(), "accept", json!({})))).unwrap().case;
    let list = accepted.clone();
    let give = demo().city.processes["urban_case"].action(&"assign_verify".parse().unwrap()).unwrap().clone();
    let offered = database.read_blocking(move |db| list_assignable(db, &demo().city, &list, &give)).unwrap();
    let offered: Vec<_> = offered.into_iter().map(|person| person.display_name).collect();
    assert_eq!(offered, ["n20", "n21"], "their office, their region, allowed in");
    for number in [22, 23, 24, 25, 99] {
        let give = command(&case, chief(), "assign_verify", json!({"person": person(number).to_string()}));
        let outcome = block(perform(&ctx, give));
        let Err(PerformError::Refused(Refusal::Answers(faults))) = outcome else { panic!("{number}: {outcome:?}") };
        assert_eq!(faults[0].field, "person", "{number}");
    }
    assert_eq!(load(database, &case), accepted);
    let give = command(&case, chief(), "assign_verify", json!({"person": person(21).to_string()}));
    let done = block(perform(&ctx, give)).unwrap();
    assert_eq!(load(database, &case).task.unwrap().assignee, Some(person(21)));
    assert_eq!(done.events.len(), 1, "the clock goes on as it was");
});

on_both_databases!(a_file_must_be_uploaded_before_an_action_names_it, |database| {
    let (ctx, clock) = context(database);
    let now = model::Clock::now(&clock);
    let case = report(database, now);
    block(perform(&ctx, command(&case, acceptor(), "accept", json!({})))).unwrap();
    let id: EvidenceId = photo(9).parse().unwrap();
    let row = EvidenceRow {
        id,
        media_type: "image/jpeg".to_owned(),
        bytes: 1,
        width: 1,
        height: 1,
        taken_at: None,
        lon: None,
        lat: None,
        stored_at: now,
        uploaded_by: None,
    };
    database.write_blocking(move |tx: &mut Tx| tx.record_evidence(&row)).unwrap();
    let done = block(perform(&ctx, command(&case, collector(20), "verify", json!({"scene": [photo(9)]})))).unwrap();
    assert_eq!(done.case.evidence["scene"], [id]);
});

on_both_databases!(of_two_people_at_once_one_is_told_what_is_possible_now, |database| {
    let (ctx, clock) = context(database);
    let case = report(database, model::Clock::now(&clock));
    let accept =
        || perform(&ctx, PerformCommand { version: Some(2), ..command(&case, acceptor(), "accept", json!({})) });
    let (first, second) = block(async { tokio::join!(accept(), accept()) });
    let outcomes = [first, second];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .any(|outcome| matches!(outcome, Err(PerformError::VersionConflict { expected: 2, current: 5, .. })))
    );
    let blind = block(perform(&ctx, command(&case, acceptor(), "accept", json!({}))));
    let Err(PerformError::Refused(Refusal::NotAllowed { allowed, state, .. })) = blind else { panic!("{blind:?}") };
    assert_eq!(
        (state.as_str(), allowed.iter().map(|action| action.as_str()).collect::<Vec<_>>()),
        ("verifying", vec!["comment"])
    );
});

on_both_databases!(timers_fire_once_and_one_case_that_fails_holds_up_no_other, |database| {
    let (ctx, clock) = context(database);
    let now = model::Clock::now(&clock);
    let cases: Vec<Case> = (0..205).map(|_| report(database, now)).collect();
    // Begun under a pack that is not in the archive: it cannot be judged, and says so every round.
    let orphan = database
        .write_blocking(move |tx| Story { hours: 0, ..Story::default() }.file(tx, now.plus_micros(-1)))
        .unwrap();
    assert_eq!(block(fire_due(&ctx)).unwrap(), Fired { due: 1, changed: 0, failed: 1 }, "only the orphan is due");
    clock.advance_minutes(15);
    assert_eq!(block(fire_due(&ctx)).unwrap().changed, 0, "due at this very instant is not late");
    clock.advance_us(1);
    assert_eq!(block(fire_due(&ctx)).unwrap(), Fired { due: 206, changed: 205, failed: 1 });
    assert_eq!(block(fire_due(&ctx)).unwrap(), Fired { due: 1, changed: 0, failed: 1 }, "nothing fires twice");
    let late = load(database, &cases[204]);
    assert!(late.clocks[&ClockName::Task].passed && late.escalates.contains_key(&ClockName::Task));
    let id = late.id;
    let events = database.read_blocking(move |db| db.load_events(id)).unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.actor.clone(), last.body.kind()), (Actor::system("timer"), "deadline_passed"));
    assert_eq!(load(database, &orphan).version, 2);
    // Days of outage later: one step a round, none twice, up to the top and no further.
    clock.advance_minutes(30 * 24 * 60);
    let mut rounds = 0;
    while block(fire_due(&ctx)).unwrap().changed > 0 {
        rounds += 1;
        assert!(rounds <= 3, "at most three levels");
    }
    let top = load(database, &cases[0]);
    assert_eq!(top.watcher.unwrap().as_str(), "city_committee");
    assert_eq!(top.escalates.len(), 0);
});

on_both_databases!(an_action_taken_before_the_timer_looks_is_in_the_log_as_late_all_the_same, |database| {
    let (ctx, clock) = context(database);
    let case = report(database, model::Clock::now(&clock));
    clock.advance_minutes(16);
    let done = block(perform(&ctx, command(&case, acceptor(), "accept", json!({})))).unwrap();
    assert_eq!(block(fire_due(&ctx)).unwrap(), Fired::default(), "the clock it missed has stopped");
    let step = &done.case.steps[0];
    assert!(step.due_at < step.left_at, "judged by its instants, not by whether a timer ran");
    let stopped =
        done.events.iter().any(|event| matches!(event.body, EventBody::ClockStopped { clock: ClockName::Task }));
    assert!(stopped);
});
