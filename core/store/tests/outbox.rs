//! The outbox, addresses, preferences and webhooks: each rule on both databases.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{CaseId, Channel, DeliveryState, Instant, PartyId};
use serde_json::json;
use store::{
    AddressRow, NewOutboxRow, OutboxRow, PartyRow, PreferencesRow, QuietRow, StoreError, Tx, WebhookOwner, WebhookRow,
};
use testkit::{Database, on_both_databases};

const MINUTE_US: i64 = 60_000_000;

fn at(minutes: i64) -> Instant {
    let noon: Instant = "2026-11-23T12:00:00Z".parse().unwrap();
    noon.plus_micros(minutes * MINUTE_US)
}

fn person(number: u128) -> PartyId {
    PartyId::new(at(0), number)
}

fn message(position: i64, channel: Channel, to: PartyId) -> NewOutboxRow {
    let in_app = channel == Channel::InApp;
    NewOutboxRow {
        position,
        kind: "report_resolved".to_owned(),
        channel,
        recipient: to.to_string(),
        case: Some(CaseId::new(at(0), 1)),
        body: json!({"case_no": "YG1"}),
        state: if in_app { DeliveryState::Delivered } else { DeliveryState::Queued },
        next_at: (!in_app).then(|| at(0)),
        reason: None,
    }
}

/// Writes messages; which were new.
fn record(database: &Database, rows: Vec<NewOutboxRow>, now: i64) -> Vec<bool> {
    let write = move |tx: &mut Tx| {
        rows.iter().map(|row| Ok(tx.record_message(row, at(now))?.is_some())).collect::<Result<Vec<_>, StoreError>>()
    };
    database.write_blocking(write).unwrap()
}

fn lease(database: &Database, now: i64) -> Vec<OutboxRow> {
    database.write_blocking(move |tx| tx.lease_messages(at(now), 2 * MINUTE_US, 10)).unwrap()
}

fn settle(database: &Database, row: &OutboxRow, state: DeliveryState, next_at: Option<Instant>) -> bool {
    let row = row.clone();
    database.write_blocking(move |tx| tx.settle_message(&row, state, next_at, Some("why"), at(9))).unwrap()
}

on_both_databases!(an_event_is_told_once_a_recipient_kind_and_channel, |database| {
    let email = || message(7, Channel::Email, person(1));
    let reminder = NewOutboxRow { kind: "visit_soon".to_owned(), ..email() };
    let rows = vec![email(), email(), message(7, Channel::InApp, person(1)), message(7, Channel::Email, person(2))];
    assert_eq!(record(database, rows, 0), [true, false, true, true]);
    assert_eq!(
        record(database, vec![email(), reminder, message(8, Channel::Email, person(1))], 1),
        [false, true, true]
    );
});

on_both_databases!(a_message_is_leased_settled_and_tried_again, |database| {
    record(database, vec![message(1, Channel::Email, person(1)), message(2, Channel::InApp, person(1))], 0);
    let [first] = &lease(database, 0)[..] else { panic!("one message waits: the list needs no worker") };
    assert_eq!((first.attempts, first.message.state), (1, DeliveryState::Sending));
    assert!(lease(database, 1).is_empty(), "it is leased");
    let [second] = &lease(database, 2)[..] else { panic!("a lease that ran out") };
    assert_eq!((second.id, second.attempts), (first.id, 2));
    assert!(!settle(database, first, DeliveryState::Delivered, None), "the lease was lost");
    assert!(settle(database, second, DeliveryState::Failed, Some(at(20))));
    assert!(lease(database, 19).is_empty());
    let [third] = &lease(database, 20)[..] else { panic!("its time has come") };
    assert_eq!((third.attempts, third.message.reason.as_deref()), (3, Some("why")));
    assert!(settle(database, third, DeliveryState::Delivered, None));
    assert!(!settle(database, third, DeliveryState::Failed, Some(at(21))), "what was delivered stays delivered");
    assert!(lease(database, 10_000).is_empty());
    let counts = database.read_blocking(|db| db.count_messages()).unwrap();
    let delivered = DeliveryState::Delivered;
    assert_eq!(counts, [(Channel::Email, delivered, 1), (Channel::InApp, delivered, 1)]);
});

on_both_databases!(a_list_is_one_person_s_own, |database| {
    let rows = (1..=5).map(|position| message(position, Channel::InApp, person(1))).collect();
    record(database, rows, 0);
    record(database, vec![message(1, Channel::InApp, person(2)), message(1, Channel::Email, person(1))], 1);
    let list =
        |party, before, limit| database.read_blocking(move |db| db.list_messages_to(party, before, limit)).unwrap();
    let unread = |party| database.read_blocking(move |db| db.count_unread(party)).unwrap();
    let all = list(person(1), None, 10);
    assert_eq!((all.len(), unread(person(1)), unread(person(2))), (5, 5, 1));
    assert!(all.windows(2).all(|pair| pair[0].id > pair[1].id), "the latest first");
    assert_eq!(list(person(1), Some(all[3].id), 10), all[4..], "the next page");
    let (mine, other) = (all[0].id, list(person(2), None, 1)[0].id);
    let read = database.write_blocking(move |tx| tx.mark_read(person(1), &[mine, other], at(3))).unwrap();
    assert_eq!((read, unread(person(1)), unread(person(2))), (1, 4, 1), "nobody reads another's");
    database.write_blocking(|tx| tx.mark_read(person(1), &[], at(4))).unwrap();
    assert_eq!((unread(person(1)), list(person(1), None, 1)[0].read_at), (0, Some(at(3))));
});

on_both_databases!(what_was_sent_is_counted_and_what_is_old_forgotten, |database| {
    let suppressed =
        NewOutboxRow { state: DeliveryState::Suppressed, next_at: None, ..message(3, Channel::Email, person(1)) };
    record(database, vec![message(1, Channel::Email, person(1)), message(9, Channel::InApp, person(1))], 0);
    record(database, vec![message(2, Channel::Email, person(1)), suppressed], 30);
    let sent = |since| {
        let who = person(1).to_string();
        database.read_blocking(move |db| db.count_sent_since(&who, Channel::Email, at(since))).unwrap()
    };
    assert_eq!([sent(0), sent(1), sent(31)], [2, 1, 0]);
    let forget =
        |sent, listed| database.write_blocking(move |tx| tx.forget_old_messages(at(sent), at(listed))).unwrap();
    assert_eq!(forget(100, 0), 1, "what still waits is kept, and so is a list");
    assert_eq!(forget(100, 100), 1);
    assert_eq!(database.write_blocking(|tx| tx.forget_messages_to(person(1))).unwrap(), 2);
});

on_both_databases!(addresses_and_preferences_are_kept_and_forgotten, |database| {
    let party = person(1);
    let address = AddressRow {
        party,
        channel: Channel::Email,
        key_id: "party/1".to_owned(),
        sealed: Some(vec![1, 2, 3]),
        confirmed_at: None,
        code_expires_at: Some(at(10)),
        code_attempts: 0,
        codes_sent: 1,
        codes_since: at(0),
        code_sent_at: at(0),
    };
    let mut wants =
        PreferencesRow { quiet: Some(QuietRow::Hours { from_min: 1_320, to_min: 480 }), ..Default::default() };
    wants.off.entry("reports".to_owned()).or_default().insert(Channel::Sms);
    let confirmed = AddressRow { confirmed_at: Some(at(5)), code_expires_at: None, ..address.clone() };
    let (first, second, kept) = (address, confirmed.clone(), wants.clone());
    let written = database.write_blocking(move |tx| {
        tx.record_party(&PartyRow::resident(party, "zhao", "Zhao", at(0)))?;
        tx.record_person_key("party/1", &[9])?;
        tx.save_address(&first)?;
        tx.save_address(&second)?;
        tx.save_preferences(party, &PreferencesRow::default(), at(0))?;
        tx.save_preferences(party, &kept, at(1))
    });
    written.unwrap();
    let look = || {
        database
            .read_blocking(move |db| Ok::<_, StoreError>((db.list_addresses(party)?, db.find_preferences(party)?)))
            .unwrap()
    };
    assert_eq!(look(), (vec![confirmed], Some(wants)));
    database.write_blocking(move |tx| tx.forget_addresses_of(party)).unwrap();
    assert_eq!(look(), (vec![], None));
});

on_both_databases!(a_webhook_goes_with_what_it_was_to_be_told, |database| {
    let made = database.write_blocking(|tx| {
        let id = tx.new_event_id(at(0));
        let owner = WebhookOwner::Office("street_lighting".parse().unwrap());
        let row = WebhookRow { id, owner, url: "https://a.example/".to_owned(), sealed: vec![1], created_at: at(0) };
        tx.record_webhook(&row)?;
        let told = NewOutboxRow { recipient: id.to_string(), ..message(1, Channel::Webhook, person(1)) };
        tx.record_message(&told, at(0))?;
        Ok::<_, StoreError>(row)
    });
    let row = made.unwrap();
    let id = row.id;
    assert_eq!(database.read_blocking(|db| db.list_webhooks()).unwrap(), [row]);
    assert_eq!([true, false].map(|_| database.write_blocking(move |tx| tx.forget_webhook(id)).unwrap()), [true, false]);
    assert!(lease(database, 1).is_empty());
});
