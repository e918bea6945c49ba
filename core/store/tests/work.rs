//! Jobs, consumers, people, packs: each rule on both databases.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{ContactId, EvidenceId, Grant, Instant, PackHash, PartyId, SealedId, ServiceId};
use serde_json::json;
use store::{
    AccessRow, ApiKeyRow, ContactRow, DraftRow, EvidenceRow, LedgerHead, Looked, PartyKind, PartyRow, SealedLooks,
    SessionRow, SignInMethod, StoreError,
};
use testkit::{Story, on_both_databases};

const MINUTE_US: i64 = 60_000_000;

fn at(minutes: i64) -> Instant {
    let noon: Instant = "2026-11-23T12:00:00Z".parse().unwrap();
    noon.plus_micros(minutes * MINUTE_US)
}

on_both_databases!(jobs_are_leased_oldest_first_and_once, |database| {
    database
        .write_blocking(|tx| {
            tx.enqueue_job("mail", &json!({"n": 2}), at(2), at(0))?;
            tx.enqueue_job("mail", &json!({"n": 1}), at(1), at(0))?;
            tx.enqueue_job("thumb", &json!({"n": 3}), at(0), at(0))
        })
        .unwrap();
    let lease = |kinds: &'static [&'static str], now: i64| {
        let job = database.write_blocking(move |tx| tx.lease_job(kinds, at(now), 10 * MINUTE_US)).unwrap();
        job.map(|job| job.body["n"].as_i64().unwrap())
    };
    assert_eq!(lease(&["mail"], 0), None, "not yet");
    assert_eq!(lease(&["mail", "post"], 5), Some(1));
    assert_eq!(lease(&[], 5), Some(3));
    assert_eq!(lease(&[], 5), Some(2));
    assert_eq!(lease(&[], 5), None, "all are leased");
    assert_eq!(lease(&["thumb"], 14), None);
    assert_eq!(lease(&["thumb"], 15), Some(3), "a lease that ran out");
});

on_both_databases!(a_lost_lease_ends_nothing, |database| {
    database.write_blocking(|tx| tx.enqueue_job("mail", &json!({}), at(0), at(0))).unwrap();
    let lease = |now: i64| database.write_blocking(move |tx| tx.lease_job(&[], at(now), MINUTE_US)).unwrap();
    let slow = lease(0).unwrap();
    let quick = lease(2).unwrap();
    assert_eq!((slow.id, slow.attempts, quick.attempts), (quick.id, 1, 2));
    let late = slow.clone();
    assert!(!database.write_blocking(move |tx| tx.fail_job(&late, "too late", None)).unwrap());
    assert!(!database.write_blocking(move |tx| tx.finish_job(&slow)).unwrap());
    assert!(database.write_blocking(move |tx| tx.finish_job(&quick)).unwrap());
    assert_eq!(database.read_blocking(store::Reader::count_jobs).unwrap(), (0, 0));
});

on_both_databases!(dead_jobs_stay_visible_until_they_are_retried, |database| {
    database.write_blocking(|tx| tx.enqueue_job("mail", &json!({"to": "x"}), at(0), at(0))).unwrap();
    let job = database.write_blocking(|tx| tx.lease_job(&[], at(0), MINUTE_US)).unwrap().unwrap();
    assert!(database.write_blocking(move |tx| tx.fail_job(&job, "no answer", Some(at(3)))).unwrap());
    assert_eq!(database.write_blocking(|tx| tx.lease_job(&[], at(2), MINUTE_US)).unwrap(), None);
    let job = database.write_blocking(|tx| tx.lease_job(&[], at(3), MINUTE_US)).unwrap().unwrap();
    assert_eq!((job.attempts, job.last_error.as_deref()), (2, Some("no answer")));
    let id = job.id;
    assert!(database.write_blocking(move |tx| tx.fail_job(&job, "refused", None)).unwrap());
    assert_eq!(database.write_blocking(|tx| tx.lease_job(&[], at(60), MINUTE_US)).unwrap(), None);
    let dead = database.read_blocking(|reader| reader.list_dead_jobs(10)).unwrap();
    assert_eq!(dead.iter().map(|job| (job.id, job.last_error.as_deref())).collect::<Vec<_>>(), [(id, Some("refused"))]);
    assert_eq!(database.read_blocking(store::Reader::count_jobs).unwrap(), (0, 1));
    assert!(database.write_blocking(move |tx| tx.retry_dead_job(id, at(61))).unwrap());
    assert!(!database.write_blocking(move |tx| tx.retry_dead_job(id, at(61))).unwrap(), "it is no longer dead");
    assert!(database.write_blocking(|tx| tx.lease_job(&[], at(61), MINUTE_US)).unwrap().is_some());
});

on_both_databases!(consumers_move_forward_only, |database| {
    let position = || database.read_blocking(|reader| reader.consumer_position("ledger")).unwrap();
    assert_eq!(position(), 0);
    for (to, expect) in [(5, 5), (3, 5), (9, 9)] {
        database.write_blocking(move |tx| tx.set_consumer_position("ledger", to)).unwrap();
        assert_eq!(position(), expect, "{to}");
    }
    database.write_blocking(|tx| tx.reset_consumer("ledger", 2)).unwrap();
    assert_eq!(database.read_blocking(store::Reader::list_consumers).unwrap(), [("ledger".to_owned(), 2)]);
});

on_both_databases!(accounts_are_found_by_login_whatever_its_case, |database| {
    let id = PartyId::new(at(0), 1);
    database.write_blocking(move |tx| tx.record_party(&PartyRow::staff(id, " Li.Wei ", "李伟", at(0)))).unwrap();
    let found = database.read_blocking(|reader| reader.find_party_by_login("LI.WEI")).unwrap().unwrap();
    assert_eq!((found.id, found.login.as_str(), found.kind), (id, "li.wei", PartyKind::Staff));
    let twin = database
        .write_blocking(|tx| tx.record_party(&PartyRow::resident(PartyId::new(at(0), 2), "li.wei", "x", at(0))));
    assert!(matches!(&twin, Err(StoreError::Exists { what }) if what == "the login"), "{twin:?}");
    let changed = PartyRow { display_name: "李伟（二）".into(), disabled: true, ..found };
    database.write_blocking(move |tx| tx.update_party(&changed)).unwrap();
    assert_eq!(
        database.read_blocking(move |reader| reader.display_names(&[id, PartyId::new(at(0), 77)])).unwrap()[&id],
        "李伟（二）"
    );
    let nobody = PartyRow::staff(PartyId::new(at(0), 9), "none", "none", at(0));
    assert!(matches!(database.write_blocking(move |tx| tx.update_party(&nobody)), Err(StoreError::NotFound { .. })));
    assert_eq!(database.read_blocking(|reader| reader.list_parties(PartyKind::Staff, "", 10)).unwrap().len(), 1);
});

on_both_databases!(failed_sign_ins_are_counted_and_forgotten, |database| {
    let id = PartyId::new(at(0), 1);
    let counts = database
        .write_blocking(move |tx| {
            tx.record_party(&PartyRow::staff(id, "li", "李", at(0)))?;
            Ok::<_, StoreError>((tx.record_failed_sign_in(id, None)?, tx.record_failed_sign_in(id, Some(at(5)))?))
        })
        .unwrap();
    assert_eq!(counts, (1, 2));
    assert_eq!(database.read_blocking(move |reader| reader.find_party(id)).unwrap().unwrap().locked_until, Some(at(5)));
    database.write_blocking(move |tx| tx.record_sign_in(id)).unwrap();
    let party = database.read_blocking(move |reader| reader.find_party(id)).unwrap().unwrap();
    assert_eq!((party.failed_count, party.locked_until), (0, None));
});

on_both_databases!(grants_are_given_once_and_taken_back, |database| {
    let id = PartyId::new(at(0), 1);
    let grant = |role: &str| Grant {
        role: role.parse().unwrap(),
        office: "centre".parse().unwrap(),
        region: "city".parse().unwrap(),
    };
    let grants = database
        .write_blocking(move |tx| {
            tx.record_party(&PartyRow::staff(id, "li", "李", at(0)))?;
            tx.record_grant(id, &grant("dispatcher"))?;
            tx.record_grant(id, &grant("acceptor"))?;
            tx.record_grant(id, &grant("acceptor"))?;
            assert!(tx.remove_grant(id, &grant("dispatcher"))?);
            assert!(!tx.remove_grant(id, &grant("dispatcher"))?);
            tx.list_grants(id)
        })
        .unwrap();
    assert_eq!(grants, [grant("acceptor")]);
    let nobody = database.write_blocking(move |tx| tx.record_grant(PartyId::new(at(0), 9), &grant("acceptor")));
    assert!(matches!(nobody, Err(StoreError::Faulty { .. })), "an account must be there first: {nobody:?}");
});

on_both_databases!(sessions_end, |database| {
    let id = PartyId::new(at(0), 1);
    let session = move |byte: u8, hours: i64| SessionRow {
        token_hash: [byte; 32],
        party: id,
        csrf: "c".into(),
        created_at: at(0),
        expires_at: at(hours * 60),
        seen_at: at(0),
        method: SignInMethod::PasswordCode,
        kiosk: None,
    };
    database
        .write_blocking(move |tx| {
            tx.record_party(&PartyRow::resident(id, "li", "李", at(0)))?;
            for (byte, hours) in [(1, 1), (2, 2), (3, 3)] {
                tx.record_session(&session(byte, hours))?;
            }
            tx.touch_session(&[3; 32], at(7))?;
            assert!(tx.remove_session(&[2; 32])?);
            assert_eq!(tx.remove_expired_sessions(at(60))?, 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let find = |byte: u8| database.read_blocking(move |reader| reader.find_session(&[byte; 32])).unwrap();
    assert_eq!((find(1), find(2)), (None, None));
    assert_eq!(find(3), Some(SessionRow { seen_at: at(7), ..session(3, 3) }));
    assert_eq!(database.write_blocking(move |tx| tx.remove_sessions_of(id)).unwrap(), 1);
    assert_eq!(find(3), None);
});

on_both_databases!(api_keys_can_be_disabled, |database| {
    let key = ApiKeyRow {
        key_hash: [4; 32],
        client: "fixmyroad".parse().unwrap(),
        title: "App".into(),
        disabled: false,
        created_at: at(0),
    };
    let disabled = ApiKeyRow { disabled: true, ..key.clone() };
    database.write_blocking(move |tx| tx.record_api_key(&key)).unwrap();
    let expect = disabled.clone();
    database.write_blocking(move |tx| tx.record_api_key(&disabled)).unwrap();
    assert_eq!(database.read_blocking(|reader| reader.find_api_key(&[4; 32])).unwrap(), Some(expect));
    assert_eq!(database.read_blocking(store::Reader::list_api_keys).unwrap().len(), 1);
    assert_eq!(database.read_blocking(|reader| reader.find_api_key(&[5; 32])).unwrap(), None);
});

on_both_databases!(an_erased_person_leaves_only_what_cannot_be_opened, |database| {
    let contact =
        ContactRow { id: ContactId::new(at(0), 1), key_id: "k1".into(), sealed: vec![0, 255, 7], created_at: at(0) };
    let (id, kept) = (contact.id, contact.clone());
    database
        .write_blocking(move |tx| {
            tx.record_person_key("k1", &[1, 2, 3])?;
            tx.record_contact(&contact)
        })
        .unwrap();
    assert_eq!(database.read_blocking(|reader| reader.find_person_key("k1")).unwrap(), Some(vec![1, 2, 3]));
    assert!(database.write_blocking(|tx| tx.erase_person_key("k1")).unwrap());
    assert!(!database.write_blocking(|tx| tx.erase_person_key("k1")).unwrap());
    assert_eq!(database.read_blocking(|reader| reader.find_person_key("k1")).unwrap(), None);
    assert_eq!(database.read_blocking(move |reader| reader.find_contact(id)).unwrap(), Some(kept));
});

on_both_databases!(every_look_at_personal_data_is_on_the_trail, |database| {
    let (contact, clerk) = (ContactId::new(at(0), 1), PartyId::new(at(0), 2));
    let (answers, subject) = (SealedId::new(at(0), 3), PartyId::new(at(0), 4));
    let case = database.write_blocking(|tx| Story::default().file(tx, at(0))).unwrap().id;
    let look = move |minute: i64| AccessRow {
        event: model::EventId::new(at(minute), 9),
        at: at(minute),
        party: clerk,
        role: "acceptor".parse().unwrap(),
        office: "centre".parse().unwrap(),
        looked: if minute == 1 { Looked::Application(answers) } else { Looked::Contact(contact) },
        subject: (minute < 3).then_some(subject),
        case,
        purpose: format!("call {minute}"),
        basis: "PIPL 13".to_owned(),
        visible_at: (minute == 2).then(|| at(30)),
    };
    database
        .write_blocking(move |tx| [1, 2, 3].iter().try_for_each(|minute| tx.record_access(&look(*minute))))
        .unwrap();
    let of_contact = database.read_blocking(move |reader| reader.list_access_of_contact(contact, 2)).unwrap();
    assert_eq!(of_contact, [look(3), look(2)]);
    let known = |now: i64| database.read_blocking(move |reader| reader.list_access_to(subject, at(now), 9)).unwrap();
    let sealed = |now: i64| database.read_blocking(move |reader| reader.count_sealed_looks(subject, at(now))).unwrap();
    assert_eq!((known(29), known(30)), (vec![look(1)], vec![look(2), look(1)]));
    assert_eq!((sealed(29), sealed(30)), (Some(SealedLooks { count: 1, next_at: at(30) }), None));
    assert_eq!(database.read_blocking(move |reader| reader.list_access_of_case(case, 9)).unwrap().len(), 3);
    assert_eq!(database.read_blocking(move |reader| reader.list_access_by(clerk, 9)).unwrap().len(), 3);
});

on_both_databases!(the_same_file_is_kept_once, |database| {
    let id = EvidenceId::new([8; 32]);
    let row = EvidenceRow {
        id,
        media_type: "image/jpeg".into(),
        bytes: 120_000,
        width: 1_600,
        height: 1_200,
        taken_at: Some(at(-5)),
        lon: Some(112.9),
        lat: None,
        stored_at: at(0),
        uploaded_by: None,
    };
    let (first, second) = (row.clone(), EvidenceRow { stored_at: at(9), ..row.clone() });
    let (one, other) = (PartyId::new(at(0), 1), PartyId::new(at(0), 2));
    let [first, second] =
        [(first, one), (second, other)].map(|(row, who)| EvidenceRow { uploaded_by: Some(who), ..row });
    let row = EvidenceRow { uploaded_by: Some(one), ..row };
    assert!(database.write_blocking(move |tx| tx.record_evidence(&first)).unwrap());
    assert!(!database.write_blocking(move |tx| tx.record_evidence(&second)).unwrap());
    assert_eq!(database.read_blocking(move |reader| reader.find_evidence(&id)).unwrap(), Some(row));
    let has = |who: PartyId| database.read_blocking(move |reader| reader.has_uploaded(&id, who)).unwrap();
    assert!(has(one) && has(other) && !has(PartyId::new(at(0), 3)), "each who sent it may see it");
});

on_both_databases!(keys_of_retries_and_secrets_name_their_case, |database| {
    let case = database.write_blocking(|tx| Story::default().file(tx, at(0))).unwrap().id;
    database
        .write_blocking(move |tx| {
            tx.record_idempotency("ip:1", "k", case, at(0))?;
            tx.record_report_secret(case, "ab12")
        })
        .unwrap();
    assert_eq!(database.read_blocking(|reader| reader.find_idempotency("ip:1", "k")).unwrap(), Some(case));
    assert_eq!(database.read_blocking(|reader| reader.find_idempotency("ip:2", "k")).unwrap(), None);
    assert_eq!(database.read_blocking(|reader| reader.find_case_by_secret("ab12")).unwrap(), Some(case));
    assert_eq!(database.read_blocking(|reader| reader.find_case_by_secret("ab13")).unwrap(), None);
    let twice = database.write_blocking(move |tx| tx.record_idempotency("ip:1", "k", case, at(1)));
    assert!(matches!(twice, Err(StoreError::Exists { .. })));
    assert_eq!(database.write_blocking(|tx| tx.remove_idempotency_before(at(1))).unwrap(), 1);
});

on_both_databases!(packs_are_kept_for_ever, |database| {
    let hash = PackHash::new([3; 32]);
    assert!(database.write_blocking(move |tx| tx.record_pack(&hash, "{\"id\":\"瑶光\"}", at(0))).unwrap());
    assert!(!database.write_blocking(move |tx| tx.record_pack(&hash, "{}", at(5))).unwrap());
    assert_eq!(
        database.read_blocking(move |reader| reader.find_pack(&hash)).unwrap().as_deref(),
        Some("{\"id\":\"瑶光\"}")
    );
    assert_eq!(database.read_blocking(store::Reader::list_packs).unwrap(), [(hash, at(0))]);
});

on_both_databases!(a_head_of_a_log_is_swapped_only_by_who_knows_the_one_before, |database| {
    let head = |log: &str, size: u64, minutes| LedgerHead {
        log: log.to_owned(),
        size,
        root: [u8::try_from(size).unwrap(); 32],
        note: format!("{log}\n{size}\n"),
        locked_at: at(minutes),
    };
    let swap = |previous: Option<u64>, next: LedgerHead| {
        let previous = previous.map(|size| (size, [u8::try_from(size).unwrap(); 32]));
        database.write_blocking(move |tx| tx.swap_ledger_head(previous, &next)).unwrap()
    };
    let find = |log: &'static str| database.read_blocking(move |db| db.find_ledger_head(log)).unwrap();
    assert_eq!(find("city"), None);
    assert!(!swap(Some(0), head("city", 3, 0)), "nothing is there to be swapped");
    assert!(swap(None, head("city", 3, 0)));
    assert!(!swap(None, head("city", 4, 1)), "the place is taken");
    assert!(swap(None, head("water", 1, 1)), "each log has its own");
    assert!(!swap(Some(2), head("city", 4, 1)), "another size");
    let other_root = Some((3, [9; 32]));
    let next = head("city", 4, 1);
    assert!(!database.write_blocking(move |tx| tx.swap_ledger_head(other_root, &next)).unwrap(), "another root");
    assert_eq!(find("city"), Some(head("city", 3, 0)), "unchanged so far");
    assert!(swap(Some(3), head("city", 5, 2)));
    assert_eq!((find("city"), find("water")), (Some(head("city", 5, 2)), Some(head("water", 1, 1))));
});

on_both_databases!(a_draft_is_saved_over_the_one_it_was_made_from_alone, |database| {
    let (party, service): (_, ServiceId) = (PartyId::new(at(0), 7), "ramp".parse().unwrap());
    let (name, key) = (service.clone(), "k1".to_owned());
    let draft = move |version: u32, minute: i64| DraftRow {
        party,
        service: name.clone(),
        key_id: key.clone(),
        sealed: vec![u8::try_from(minute).unwrap()],
        version,
        updated_at: at(minute),
    };
    let saves = draft.clone();
    let saved = database
        .write_blocking(move |tx| {
            tx.record_party(&PartyRow::resident(party, "li", "李", at(0)))?;
            tx.record_person_key("k1", b"wrapped")?;
            [(2, 0), (1, 1), (2, 2), (2, 3), (1, 4), (3, 5)]
                .into_iter()
                .map(|(version, minute)| tx.save_draft(&saves(version, minute)))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .unwrap();
    assert_eq!(saved, [false, true, true, false, false, true]);
    let named = service.clone();
    let found = database.read_blocking(move |reader| reader.find_draft(party, &named)).unwrap();
    assert_eq!(found, Some(draft(3, 5)));
    assert_eq!(database.read_blocking(move |reader| reader.list_drafts(party)).unwrap(), [draft(3, 5)]);
    assert_eq!(database.write_blocking(|tx| tx.delete_drafts_before(at(5))).unwrap(), 0);
    assert_eq!(database.write_blocking(|tx| tx.delete_drafts_before(at(6))).unwrap(), 1);
    assert!(!database.write_blocking(move |tx| tx.delete_draft(party, &service)).unwrap());
});
