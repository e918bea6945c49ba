//! Events and cases: appended once, in order, or not at all.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{Case, CaseNo, EventBody, Instant, NewEvent, PartyId};
use store::{Append, CaseFilter, CaseSort, Store, StoreError, Tx, canonical_event};
use testkit::{Story, on_both_databases};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn noon() -> Instant {
    at("2026-11-23T12:00:00Z")
}

fn clerk() -> PartyId {
    PartyId::new(noon(), 1)
}

fn file(store: &Store) -> Case {
    store.write_blocking(|tx| Story::default().file(tx, noon())).unwrap()
}

on_both_databases!(a_case_reads_back_as_it_was_appended, |database| {
    let case = database.write_blocking(|tx| Story::default().whole(tx, clerk(), noon())).unwrap();
    let id = case.id;
    let (loaded, events) = database
        .read_blocking(move |reader| Ok::<_, StoreError>((reader.get_case(id)?, reader.load_events(id)?)))
        .unwrap();
    assert_eq!(loaded, case);
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let (no, source) = (case.no.clone(), ("resident", "nothing"));
    let found = database.read_blocking(move |reader| {
        Ok::<_, StoreError>((reader.find_case_id(&no)?, reader.find_case_by_source(source.0, source.1)?))
    });
    assert_eq!(found.unwrap(), (Some(id), None));
});

on_both_databases!(positions_have_no_gaps_over_failed_commands, |database| {
    file(database);
    let failed = database.write_blocking(|tx| {
        Story::default().file(tx, noon())?;
        Err::<(), _>(StoreError::NotFound { what: "office", id: "x".into() })
    });
    assert!(matches!(failed, Err(StoreError::NotFound { .. })));
    let panicked = database.write_blocking(|tx: &mut Tx| -> Result<(), StoreError> {
        Story::default().file(tx, noon())?;
        panic!("by the test");
    });
    assert!(matches!(panicked, Err(StoreError::Faulty { .. })));
    file(database);
    let events = database.read_blocking(|reader| reader.list_events_after(0, 100)).unwrap();
    assert_eq!(events.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let nos: Vec<_> = database
        .read_blocking(|reader| reader.list_cases(&CaseFilter::default(), CaseSort::Opened, None, 10))
        .unwrap()
        .items
        .into_iter()
        .map(|row| row.no.to_string())
        .collect();
    assert_eq!(nos, ["YG20261123-000002", "YG20261123-000001"], "serials of dropped commands are given again");
});

on_both_databases!(a_stale_command_is_refused_and_writes_nothing, |database| {
    let stale = file(database);
    let case = stale.clone();
    database.write_blocking(move |tx| Story::default().assign(tx, &case, clerk(), noon())).unwrap();
    let (id, position) = (stale.id, database.read_blocking(store::Reader::last_position).unwrap());
    let refused = database.write_blocking(move |tx| Story::default().assign(tx, &stale, clerk(), noon()));
    assert!(matches!(refused, Err(StoreError::Conflict { case, expected: 2, found: 5 }) if case == id), "{refused:?}");
    assert_eq!(database.read_blocking(store::Reader::last_position).unwrap(), position);
});

on_both_databases!(a_case_begins_once, |database| {
    let case = file(database);
    let (id, no) = (case.id, CaseNo::from_parts("YG", 20_261_123, 99).unwrap());
    let again = database.write_blocking(move |tx| {
        let events = Story::default().filed_events(no, noon());
        tx.append(Append { case_id: id, before: None, events, recorded_at: noon(), region_path: "city/" })
    });
    assert!(matches!(again, Err(StoreError::Conflict { expected: 0, found: 2, .. })), "{again:?}");
    let same_no = case.no;
    let again = database.write_blocking(move |tx| {
        let (id, events) = (tx.new_case_id(noon()), Story::default().filed_events(same_no, noon()));
        tx.append(Append { case_id: id, before: None, events, recorded_at: noon(), region_path: "city/" })
    });
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
});

on_both_databases!(an_id_of_another_system_is_taken_once, |database| {
    let story = Story { source_id: Some("101000295613".into()), ..Story::default() };
    let first = story.clone();
    let case = database.write_blocking(move |tx| first.file(tx, noon())).unwrap();
    let again = database.write_blocking(move |tx| story.file(tx, noon()));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let found = database.read_blocking(|reader| reader.find_case_by_source("resident", "101000295613")).unwrap();
    assert_eq!(found, Some(case.id));
});

on_both_databases!(a_command_that_hides_a_failed_statement_is_dropped, |database| {
    file(database);
    let stale = database.write_blocking(|tx| {
        let party = store::PartyRow::resident(tx.new_party_id(noon()), "ada", "Ada", noon());
        tx.record_party(&party)?;
        let twin = store::PartyRow { id: tx.new_party_id(noon()), ..party };
        drop(tx.record_party(&twin));
        Ok::<_, StoreError>(())
    });
    assert!(matches!(stale, Err(StoreError::Exists { .. })), "{stale:?}");
    assert_eq!(database.read_blocking(|reader| reader.find_party_by_login("ada")).unwrap(), None);
});

on_both_databases!(queued_commands_are_kept_each_by_itself, |database| {
    let answers: Vec<Result<u32, StoreError>> = std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..60)
            .map(|number| {
                scope.spawn(move || {
                    database.write_blocking(move |tx| {
                        Story::default().file(tx, noon())?;
                        if number % 3 == 0 {
                            Err(StoreError::NotFound { what: "office", id: "x".into() })
                        } else {
                            Ok(number)
                        }
                    })
                })
            })
            .collect();
        waiting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 40);
    let events = database.read_blocking(|reader| reader.list_events_after(0, 1_000)).unwrap();
    assert_eq!(events.iter().map(|event| event.position).collect::<Vec<_>>(), (1..=80).collect::<Vec<_>>());
    assert_eq!(database.read_blocking(|reader| reader.count_cases(&CaseFilter::default(), 100)).unwrap().count, 40);
    assert_eq!(database.writes_waiting(), 0);
});

on_both_databases!(subscribers_learn_the_last_committed_position, |database| {
    let positions = database.subscribe();
    file(database);
    assert_eq!(*positions.borrow(), 2);
});

on_both_databases!(what_the_ledger_commits_to_is_what_is_stored, |database| {
    let case = database.write_blocking(|tx| Story::default().whole(tx, clerk(), noon())).unwrap();
    let id = case.id;
    let (events, rows) = database
        .read_blocking(move |reader| Ok::<_, StoreError>((reader.load_events(id)?, reader.list_unsealed(0, 100)?)))
        .unwrap();
    assert_eq!(rows.len(), events.len());
    for (event, row) in events.iter().zip(&rows) {
        assert_eq!(
            (row.position, row.event_id, row.at_minute),
            (event.position, event.id, event.at.as_micros() / 60_000_000)
        );
        assert_eq!(String::from_utf8_lossy(&row.canonical), String::from_utf8_lossy(&canonical_event(event)));
    }
    let salts: std::collections::BTreeSet<_> = rows.iter().map(|row| row.salt).collect();
    assert_eq!(salts.len(), rows.len(), "every event has its own salt");
});

on_both_databases!(rebuilt_projections_are_the_same_to_the_byte, |database| {
    let reporter = PartyId::new(noon(), 5);
    database
        .write_blocking(move |tx| {
            let story = Story { reporter: Some(reporter), ..Story::default() };
            story.whole(tx, clerk(), noon())?;
            let case = story.file(tx, noon())?;
            let joiner = model::Reporter { party: Some(clerk()), client: None, contact: None };
            let joined =
                NewEvent { at: noon(), actor: model::Actor::Anonymous, body: EventBody::Joined { reporter: joiner } };
            let (case, _) = story.append(tx, case.id, Some(&case), noon(), vec![joined])?;
            story.assign(tx, &case, clerk(), noon())
        })
        .unwrap();
    let before = database.read_blocking(store::Reader::dump_projections).unwrap();
    let cases = database
        .write_blocking(|tx| {
            tx.rebuild_projections(
                |region| if region.as_str() == "s1" { "city/d1/s1/".into() } else { panic!("{region}") },
            )
        })
        .unwrap();
    assert_eq!(cases, 2);
    assert!(before.lines().count() > 10, "{before}");
    assert_eq!(database.read_blocking(store::Reader::dump_projections).unwrap(), before);
});
