//! Terminals of service halls on both databases: opened once, signed in at by phone, closed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use dipper_identity::{Accounts, KioskError, KioskSignIn, Kiosks, PartyKind, SignedIn, Vault};
use model::{Clock, KioskId, PartyId};
use store::{PartyRow, StoreError, Tx};
use testkit::{Database, FixedClock, SeededEntropy, on_both_databases};

const MINUTE_US: i64 = 60_000_000;

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

fn party(n: u128) -> PartyId {
    PartyId::new(model::Instant::from_micros(0), n)
}

fn world(database: &Database) -> (Kiosks, Accounts, FixedClock) {
    let clock = FixedClock::at("2026-11-23T08:00:00Z");
    let now = clock.now();
    database
        .write_blocking(move |tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(party(1), "li", "李", now))?;
            let staff = PartyRow::resident(party(2), "wang", "王", now);
            tx.record_party(&PartyRow { kind: PartyKind::Staff, ..staff })?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let store = database.store().clone();
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let vault = Arc::new(Vault::from_key(&[9; 32]));
    let accounts = Accounts::new(store.clone(), Arc::clone(&shared), Box::new(SeededEntropy::new(3)), vault);
    (Kiosks { store, clock: shared }, accounts, clock)
}

fn add(kiosks: &Kiosks, id: &str) -> String {
    let id: KioskId = id.parse().unwrap();
    kiosks.add_blocking(id, "一楼大厅 1 号".to_owned(), "hall_office".parse().unwrap()).unwrap()
}

fn open(kiosks: &Kiosks, id: &str) -> String {
    let code = add(kiosks, id);
    wait_for(kiosks.open(&code)).unwrap().1.reveal().to_owned()
}

fn take(kiosks: &Kiosks, secret: &str) -> Result<SignedIn, &'static str> {
    match wait_for(kiosks.take(secret)).unwrap() {
        KioskSignIn::SignedIn(signed_in) => Ok(signed_in),
        KioskSignIn::Waiting { .. } => Err("waiting"),
        KioskSignIn::Over => Err("over"),
    }
}

on_both_databases!(a_terminal_is_opened_once_and_within_a_day, |database| {
    let (kiosks, _, clock) = world(database);
    let code = add(&kiosks, "one");
    assert!(matches!(wait_for(kiosks.open("0000000000")), Err(KioskError::Opening)));
    let (kiosk, secret) = wait_for(kiosks.open(&code.to_lowercase())).unwrap();
    assert_eq!(kiosk.id.as_str(), "one");
    assert!(matches!(wait_for(kiosks.open(&code)), Err(KioskError::Opening)), "its code is used up");
    assert_eq!(wait_for(kiosks.find(secret.reveal())).unwrap().id.as_str(), "one");
    assert!(matches!(wait_for(kiosks.find("another")), Err(KioskError::NotKiosk)));
    let late = add(&kiosks, "two");
    clock.advance_us(24 * 60 * MINUTE_US);
    assert!(matches!(wait_for(kiosks.open(&late)), Err(KioskError::Opening)));
});

on_both_databases!(a_person_signs_in_at_the_terminal_that_shows_the_code, |database| {
    let (kiosks, accounts, _) = world(database);
    let (one, two) = (open(&kiosks, "one"), open(&kiosks, "two"));
    assert_eq!(take(&kiosks, &one).unwrap_err(), "over", "nothing was asked");
    let (code, until) = wait_for(kiosks.ask(&one)).unwrap();
    wait_for(kiosks.ask(&two)).unwrap();
    assert_eq!(take(&kiosks, &one).unwrap_err(), "waiting");
    let (asking, found_until) = wait_for(kiosks.find_asking(&code)).unwrap();
    assert_eq!((asking.id.as_str(), found_until), ("one", until));
    assert!(matches!(wait_for(kiosks.agree(&code, party(2))), Err(KioskError::NotResident)), "staff do not");
    wait_for(kiosks.agree(&code, party(1))).unwrap();
    assert!(matches!(wait_for(kiosks.agree(&code, party(1))), Err(KioskError::Code)), "a code is answered once");
    assert_eq!(take(&kiosks, &two).unwrap_err(), "waiting", "the other terminal asked another question");
    let signed_in = take(&kiosks, &one).unwrap();
    assert_eq!(take(&kiosks, &one).unwrap_err(), "over", "the session is given once");
    let session = wait_for(accounts.find_session(signed_in.token.reveal())).unwrap().unwrap();
    assert_eq!(session.party, party(1));
    assert!(session.is_at(Some(&one)) && !session.is_at(Some(&two)) && !session.is_at(None));
});

on_both_databases!(codes_end_after_three_minutes_and_with_the_next, |database| {
    let (kiosks, _, clock) = world(database);
    let one = open(&kiosks, "one");
    let (old, _) = wait_for(kiosks.ask(&one)).unwrap();
    let (code, _) = wait_for(kiosks.ask(&one)).unwrap();
    assert!(matches!(wait_for(kiosks.agree(&old, party(1))), Err(KioskError::Code)), "the terminal shows another");
    clock.advance_us(3 * MINUTE_US);
    assert!(matches!(wait_for(kiosks.find_asking(&code)), Err(KioskError::Code)));
    assert!(matches!(wait_for(kiosks.agree(&code, party(1))), Err(KioskError::Code)));
    assert_eq!(take(&kiosks, &one).unwrap_err(), "over");
});

on_both_databases!(sessions_end_with_the_terminal_and_with_the_next_person, |database| {
    let (kiosks, accounts, clock) = world(database);
    let one = open(&kiosks, "one");
    let sign_in = || {
        let (code, _) = wait_for(kiosks.ask(&one)).unwrap();
        wait_for(kiosks.agree(&code, party(1))).unwrap();
        take(&kiosks, &one).unwrap()
    };
    let is_alive = |signed_in: &SignedIn| {
        // What was read a moment ago is believed for three seconds.
        clock.advance_us(4_000_000);
        wait_for(accounts.find_session(signed_in.token.reveal())).unwrap().is_some()
    };
    let first = sign_in();
    assert!(is_alive(&first));
    let second = sign_in();
    assert!(!is_alive(&first) && is_alive(&second), "the next person's turn ends the last one's");
    let id: KioskId = "one".parse().unwrap();
    assert!(database.write_blocking(move |tx: &mut Tx| tx.remove_kiosk(&id)).unwrap());
    assert!(!is_alive(&second), "a terminal that is removed takes its sessions along");
    assert!(matches!(wait_for(kiosks.ask(&one)), Err(KioskError::NotKiosk)));
});
