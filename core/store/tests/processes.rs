//! What several processes agree on through the store.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::Instant;
use store::{Errand, Reader, StoreError, Tx};
use testkit::on_both_databases;

fn at(seconds: i64) -> Instant {
    "2026-11-23T12:00:00Z".parse::<Instant>().unwrap().plus_micros(seconds * 1_000_000)
}

on_both_databases!(a_lease_has_one_holder_until_it_ends, |database| {
    let take = |name: &'static str, holder: &'static str, now: i64| {
        database.write_blocking(move |tx: &mut Tx| tx.take_lease(name, holder, at(now), at(now + 10))).unwrap()
    };
    let holds =
        |holder: &'static str| database.write_blocking(move |tx: &mut Tx| tx.holds_lease("devices", holder)).unwrap();
    assert!(!holds("a"));
    assert!(take("devices", "a", 0));
    assert!(take("other", "b", 0), "another name is another lease");
    assert!(!take("devices", "b", 9));
    assert!(take("devices", "a", 9), "whoever holds it keeps it for longer");
    assert!(!take("devices", "b", 18));
    assert_eq!((holds("a"), holds("b")), (true, false));
    assert!(take("devices", "b", 19), "it is over");
    assert_eq!((holds("a"), holds("b")), (false, true));
    // Given back by one who has lost it: nothing is given back.
    database.write_blocking(|tx: &mut Tx| tx.return_lease("devices", "a")).unwrap();
    assert!(holds("b"));
    database.write_blocking(|tx: &mut Tx| tx.return_lease("devices", "b")).unwrap();
    assert!(take("devices", "a", 20));
});

on_both_databases!(a_manifest_is_put_by_one_who_knows_the_last_one, |database| {
    let swap = |known, body: &'static str| {
        database.write_blocking(move |tx: &mut Tx| tx.swap_lake_manifest("city", known, body)).unwrap()
    };
    let find = |known| database.read_blocking(move |db: &mut Reader| db.find_lake_manifest("city", known)).unwrap();
    assert_eq!(find(0), None);
    assert!(!swap(1, "of nothing"));
    assert!(swap(0, "first"));
    assert!(!swap(0, "another first"));
    assert_eq!(find(0), Some((1, "first".to_owned())));
    assert!(swap(1, "second"));
    assert!(!swap(1, "another second"));
    assert_eq!((find(1), find(2)), (Some((2, "second".to_owned())), None));
});

on_both_databases!(an_errand_waits_is_done_and_forgotten, |database| {
    let errand = |id: &str, asked_at| Errand { id: id.to_owned(), body: format!("do {id}"), asked_at: at(asked_at) };
    for (id, asked_at) in [("late", 20), ("early", 10), ("old", 0)] {
        let asked = errand(id, asked_at);
        database.write_blocking(move |tx: &mut Tx| tx.ask_errand(&asked, at(-100))).unwrap();
    }
    let list = || database.read_blocking(|db: &mut Reader| db.list_errands(at(5), 9)).unwrap();
    let answer = |id: &'static str| database.read_blocking(move |db: &mut Reader| db.find_errand_answer(id)).unwrap();
    assert_eq!(list(), [errand("early", 10), errand("late", 20)], "what nobody waits for any more is not done");
    assert_eq!(answer("early"), None);
    database
        .write_blocking(|tx: &mut Tx| {
            tx.answer_errand("early", "")?;
            tx.answer_errand("early", "too late to say otherwise")?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!((answer("early"), list()), (Some(String::new()), vec![errand("late", 20)]));
    let next = errand("next", 30);
    database.write_blocking(move |tx: &mut Tx| tx.ask_errand(&next, at(15))).unwrap();
    assert_eq!((answer("early"), list().len()), (None, 2));
});
