//! What happens when things go wrong: connections lost, other programs' databases, panics, closed stores.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::Instant;
use store::{BackupError, CaseFilter, DatabaseUrl, OpenError, Reader, Store, StoreError};
use testkit::{Database, SeededEntropy, Story, on_both_databases};

fn noon() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn open(url: &DatabaseUrl) -> Result<Store, OpenError> {
    Store::open(url, SeededEntropy::new(11))
}

on_both_databases!(migrating_twice_changes_nothing, |database| {
    let again = database.migrate().unwrap();
    assert_eq!(again.from, again.to);
    assert!(again.to >= 2);
});

on_both_databases!(a_second_program_goes_on_where_the_first_stopped, |database| {
    database.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    database.close();
    assert!(matches!(database.write_blocking(|tx| tx.set_consumer_position("x", 1)), Err(StoreError::Closed)));
    assert!(matches!(database.read_blocking(Reader::last_position), Err(StoreError::Closed)));
    let second = open(database.url()).unwrap();
    assert_eq!(*second.subscribe().borrow(), 2);
    second.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    assert_eq!(second.read_blocking(Reader::last_position).unwrap(), 4);
});

on_both_databases!(events_of_another_process_are_announced, |database| {
    let other = open(database.url()).unwrap();
    let mut positions = database.subscribe();
    other.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(positions.wait_for(|position| *position == 2)).unwrap();
});

on_both_databases!(async_callers_are_answered, |database| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = database.store().clone();
    let (no, count) = runtime
        .block_on(async move {
            let case = store.write(|tx| Story::default().file(tx, noon())).await?;
            let count = store.read(|reader| reader.count_cases(&CaseFilter::default(), 10)).await?;
            Ok::<_, StoreError>((case.no, count.count))
        })
        .unwrap();
    assert_eq!((no.as_str(), count), ("YG20261123-000001", 1));
});

on_both_databases!(a_panic_in_a_read_harms_nobody_else, |database| {
    for _ in 0..10 {
        let panicked = database.read_blocking(|_| -> Result<(), StoreError> { panic!("by the test") });
        assert!(matches!(panicked, Err(StoreError::Faulty { .. })));
    }
    assert_eq!(database.read_blocking(Reader::last_position).unwrap(), 0);
});

#[test]
fn a_lost_connection_is_made_again() {
    let Some(database) = Database::postgres() else { return };
    database.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    database.read_blocking(Reader::last_position).unwrap();
    for round in 1..=3 {
        database.cut_connections();
        assert_eq!(database.read_blocking(Reader::last_position).unwrap(), 2 * round, "a read is asked again");
        database.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    }
    database.cut_connections();
    database.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    assert_eq!(database.read_blocking(Reader::last_position).unwrap(), 10);
}

#[test]
fn a_connection_lost_within_a_command_is_told_to_its_caller() {
    let Some(database) = Database::postgres() else { return };
    let database = std::sync::Arc::new(database);
    let cutter = std::sync::Arc::clone(&database);
    let lost = database.write_blocking(move |tx| {
        Story::default().file(tx, noon())?;
        cutter.cut_connections();
        Story::default().file(tx, noon())
    });
    assert!(matches!(lost, Err(StoreError::Unavailable { .. })), "{lost:?}");
    assert_eq!(database.read_blocking(Reader::last_position).unwrap(), 0);
    database.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
}

#[test]
fn a_server_that_is_not_there_is_named_unavailable() {
    let url: DatabaseUrl = "postgres://dipper@127.0.0.1:1/none".parse().unwrap();
    let refused = open(&url).err().unwrap();
    assert!(matches!(refused, OpenError::Store(StoreError::Unavailable { .. })), "{refused:?}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("letter.db");
    std::fs::write(
        &path,
        "this is a letter and no database, whatever its name says; it goes on for a while".repeat(99),
    )
    .unwrap();
    let refused = open(&DatabaseUrl::sqlite(&path)).err().unwrap();
    assert!(matches!(refused, OpenError::Store(StoreError::Corrupt { .. })), "{refused:?}");
    let refused = open(&DatabaseUrl::sqlite(dir.path().join("no/such/folder/x.db"))).err().unwrap();
    assert!(matches!(refused, OpenError::Store(StoreError::Unavailable { .. })), "{refused:?}");
}

#[test]
fn a_backup_is_the_whole_database_and_never_written_over() {
    let database = Database::sqlite();
    database.write_blocking(|tx| Story::default().whole(tx, model::PartyId::new(noon(), 1), noon())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("city.backup");
    database.backup_to(&path).unwrap();
    database.write_blocking(|tx| Story::default().file(tx, noon())).unwrap();
    assert!(matches!(database.backup_to(&path), Err(BackupError::FileExists)));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing but the backup itself");
    let restored = open(&DatabaseUrl::sqlite(&path)).unwrap();
    assert_eq!(restored.read_blocking(Reader::last_position).unwrap(), 10);
    restored.read_blocking(Reader::check_integrity).unwrap();
}

#[test]
fn postgres_is_backed_up_by_its_own_tools() {
    let Some(database) = Database::postgres() else { return };
    let refused = database.backup_to(std::path::Path::new("/nonexistent/city.backup"));
    assert!(matches!(refused, Err(BackupError::NotSqlite)));
}

#[test]
fn every_commit_of_sqlite_waits_for_the_disk() {
    let durability = Database::sqlite().durability().unwrap();
    assert_eq!((durability.is_durable, durability.settings.as_str()), (true, "journal_mode=wal synchronous=2"));
}

#[test]
fn every_commit_of_postgres_asks_for_the_disk() {
    let Some(database) = Database::postgres() else { return };
    let durability = database.durability().unwrap();
    // The server of the tests runs with fsync off, and the store says so.
    assert_eq!((durability.is_durable, durability.settings.as_str()), (false, "synchronous_commit=on fsync=off"));
}

#[test]
fn an_error_shows_neither_sql_nor_values() {
    let database = Database::sqlite();
    let clash = |tx: &mut store::Tx| {
        let party = store::PartyRow::staff(tx.new_party_id(noon()), "secret-login", "x", noon());
        tx.record_party(&party)
    };
    database.write_blocking(clash).unwrap();
    let error = database.write_blocking(clash).unwrap_err();
    assert_eq!(error.to_string(), "the login is there already");
}
