//! Accounts, sessions, API keys and sealed contacts on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use dipper_identity::{
    Access, AccountError, Accounts, Contact, Given, Grant, NewAccount, PartyKind, Principal, SignInError, Vault,
    VaultError, find_client, hash_password, idle_us, record_account, record_client,
};
use model::{CaseId, ContactId, Instant, PartyId, SealedId};
use store::{Looked, Store, StoreError, Tx};
use testkit::{FixedClock, SeededEntropy, on_both_databases};

const PASSWORD: &str = "correct horse battery";

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

fn accounts(store: &Store) -> (Accounts, FixedClock) {
    let clock = FixedClock::at("2026-11-23T08:00:00Z");
    (
        Accounts::new(
            store.clone(),
            Arc::new(clock.clone()),
            Box::new(SeededEntropy::new(3)),
            Arc::new(Vault::from_key(&[9; 32])),
        ),
        clock,
    )
}

fn grant() -> Grant {
    Grant { role: "acceptor".parse().unwrap(), office: "centre".parse().unwrap(), region: "city".parse().unwrap() }
}

fn staff(store: &Store, login: &str) -> PartyId {
    let password_hash = hash_password(&dipper_identity::Password::new(PASSWORD).unwrap(), [5; 16]);
    let account = NewAccount {
        kind: PartyKind::Staff,
        login: login.to_owned(),
        display_name: "受理员甲".to_owned(),
        password_hash,
        grants: vec![grant()],
    };
    store.write_blocking(move |tx: &mut Tx| record_account(tx, &account, Instant::from_micros(0))).unwrap()
}

on_both_databases!(somebody_signs_in_is_known_and_signs_out, |database| {
    let (accounts, _) = accounts(database);
    let party = staff(database, "Acceptor.1");
    wait_for(async {
        let signed_in = accounts.sign_in(" acceptor.1 ", PASSWORD, None).await.unwrap();
        let token = signed_in.token.reveal();
        let session = accounts.find_session(token).await.unwrap().expect("the session is there");
        assert_eq!((session.party, session.kind, &session.grants), (party, PartyKind::Staff, &vec![grant()]));
        assert_eq!(session.principal(), Principal::Staff { party, grants: vec![grant()] });
        assert!(session.has_csrf(&signed_in.session.csrf));
        assert_ne!(session.csrf, token, "what scripts may read does not open the session");
        assert!(accounts.find_session("another").await.unwrap().is_none());
        accounts.sign_out(token).await.unwrap();
        assert!(accounts.find_session(token).await.unwrap().is_none());
        accounts.sign_out(token).await.unwrap();
    });
});

on_both_databases!(a_session_rests_out_and_a_used_one_lives_on, |database| {
    let (accounts, clock) = accounts(database);
    staff(database, "acceptor");
    wait_for(async {
        let signed_in = accounts.sign_in("acceptor", PASSWORD, None).await.unwrap();
        for _ in 0..3 {
            clock.advance_us(idle_us(PartyKind::Staff) - 1);
            assert!(accounts.find_session(signed_in.token.reveal()).await.unwrap().is_some(), "used in time");
        }
        clock.advance_us(idle_us(PartyKind::Staff) * 2);
        assert!(accounts.find_session(signed_in.token.reveal()).await.unwrap().is_none());
    });
});

on_both_databases!(five_failures_lock_a_login_whether_it_exists_or_not, |database| {
    let (accounts, clock) = accounts(database);
    staff(database, "acceptor");
    wait_for(async {
        for login in ["acceptor", "nobody"] {
            for _ in 0..5 {
                let failed = accounts.sign_in(login, "wrong password", None).await.unwrap_err();
                assert!(matches!(failed, SignInError::BadCredentials), "{login}: {failed}");
            }
            let locked = accounts.sign_in(login, PASSWORD, None).await.unwrap_err();
            assert!(matches!(locked, SignInError::Locked { wait_s: 30 }), "{login}: {locked}");
        }
        clock.advance_us(30_000_000);
        assert!(matches!(accounts.sign_in("acceptor", "wrong password", None).await, Err(SignInError::BadCredentials)));
        assert!(matches!(accounts.sign_in("acceptor", PASSWORD, None).await, Err(SignInError::Locked { wait_s: 60 })));
        clock.advance_us(60_000_000);
        accounts.sign_in("acceptor", PASSWORD, None).await.unwrap();
        assert!(
            matches!(accounts.sign_in("acceptor", "wrong password", None).await, Err(SignInError::BadCredentials)),
            "counted anew"
        );
        accounts.sign_in("acceptor", PASSWORD, None).await.unwrap();
    });
});

on_both_databases!(residents_register_once_under_a_login, |database| {
    let (accounts, _) = accounts(database);
    wait_for(async {
        let signed_in = accounts.register_resident("王小明", PASSWORD, " 小明 ").await.unwrap();
        assert_eq!(signed_in.session.display_name, "小明");
        assert!(accounts.find_session(signed_in.token.reveal()).await.unwrap().is_some());
        let expect = |error: AccountError, wanted: &str| assert_eq!(error.to_string(), wanted);
        expect(accounts.register_resident("王小明 ", PASSWORD, "x").await.unwrap_err(), "the login is taken");
        expect(
            accounts.register_resident("ab", PASSWORD, "x").await.unwrap_err(),
            "a login must have 3 to 64 letters, digits or . _ - @",
        );
        expect(
            accounts.register_resident("a b c", PASSWORD, "x").await.unwrap_err(),
            "a login must have 3 to 64 letters, digits or . _ - @",
        );
        expect(
            accounts.register_resident("abc", "short", "x").await.unwrap_err(),
            "a password must have 10 to 256 characters, got 5",
        );
        expect(
            accounts.register_resident("abc", PASSWORD, " ").await.unwrap_err(),
            "a display name must have 1 to 64 characters of plain text",
        );
    });
});

on_both_databases!(a_disabled_account_neither_signs_in_nor_stays_in, |database| {
    let (accounts, clock) = accounts(database);
    let party = staff(database, "acceptor");
    wait_for(async {
        let signed_in = accounts.sign_in("acceptor", PASSWORD, None).await.unwrap();
        database
            .write(move |tx: &mut Tx| {
                let mut row = tx.find_party(party)?.expect("the account is there");
                row.disabled = true;
                tx.update_party(&row)
            })
            .await
            .unwrap();
        clock.advance_us(10_000_000);
        assert!(accounts.find_session(signed_in.token.reveal()).await.unwrap().is_none());
        assert!(matches!(accounts.sign_in("acceptor", PASSWORD, None).await, Err(SignInError::BadCredentials)));
    });
});

on_both_databases!(a_client_is_known_by_its_key_alone, |database| {
    let client: model::ClientId = "app".parse().unwrap();
    let recorded = client.clone();
    let key = database
        .write_blocking(move |tx: &mut Tx| record_client(tx, &recorded, "An app", Instant::from_micros(0)))
        .unwrap();
    let find = |key: String| database.read_blocking(move |reader| find_client(reader, &key)).unwrap();
    assert_eq!(find(key.reveal().to_owned()), Some(client));
    assert_eq!(find("guess".to_owned()), None);
});

fn access(purpose: &str) -> Access {
    let at = Instant::from_micros(0);
    let subject = Some(PartyId::new(at, 3));
    Access {
        party: PartyId::new(at, 1),
        grant: grant(),
        case: CaseId::new(at, 2),
        subject,
        purpose: purpose.to_owned(),
        basis: "PIPL 13".to_owned(),
        sealed: None,
        event: None,
    }
}

fn open(store: &Store, vault: &Arc<Vault>, id: ContactId, purpose: &str) -> Result<Contact, VaultError> {
    let (vault, access) = (Arc::clone(vault), access(purpose));
    store.write_blocking(move |tx: &mut Tx| vault.open_contact(tx, id, &access, Instant::from_micros(9)))
}

on_both_databases!(a_contact_opens_for_a_purpose_is_recorded_and_can_be_erased, |database| {
    let vault = Arc::new(Vault::from_key(&[1; 32]));
    let contact = Contact::parse(Some("李四"), Some("13800000000"), None).unwrap().expect("a contact");
    let (sealing, sealed) = (Arc::clone(&vault), contact.clone());
    let id = database.write_blocking(move |tx: &mut Tx| sealing.seal(tx, &sealed, Instant::from_micros(0))).unwrap();
    let kept = database.read_blocking(move |reader| reader.find_contact(id)).unwrap().expect("the row");
    assert!(!kept.sealed.windows(4).any(|bytes| bytes == b"1380"), "nothing is kept in clear");
    assert!(matches!(open(database, &vault, id, "  x "), Err(VaultError::Purpose)));
    assert_eq!(open(database, &vault, id, "call back").unwrap(), contact);
    let looks = database.read_blocking(move |reader| reader.list_access_of_contact(id, 10)).unwrap();
    assert_eq!(
        looks.iter().map(|look| look.purpose.as_str()).collect::<Vec<_>>(),
        ["call back"],
        "a refused look is none"
    );
    let other = Arc::new(Vault::from_key(&[2; 32]));
    assert!(matches!(open(database, &other, id, "call back"), Err(VaultError::Damaged)), "another master key");
    let erasing = Arc::clone(&vault);
    database.write_blocking(move |tx: &mut Tx| erasing.erase(tx, id)).unwrap();
    assert!(matches!(open(database, &vault, id, "call back"), Err(VaultError::Erased)));
});

on_both_databases!(answers_open_for_a_purpose_and_are_erased_with_their_person, |database| {
    let vault = Arc::new(Vault::from_key(&[1; 32]));
    let at = Instant::from_micros(0);
    let (li, wang) = (PartyId::new(at, 3), PartyId::new(at, 4));
    let answers = |name: &str| BTreeMap::from([("name".to_owned(), serde_json::json!(name))]);
    let seal = |party: PartyId| {
        let (vault, answers) = (Arc::clone(&vault), answers("李四四"));
        database.write_blocking(move |tx: &mut Tx| vault.seal_answers(tx, party, answers.into(), at)).unwrap()
    };
    let ((one, first), (two, second), (other, _)) = (seal(li), seal(li), seal(wang));
    assert_ne!(first, second, "a commitment to the same answers is salted");
    let kept = database.read_blocking(move |reader| reader.find_sealed(one)).unwrap().expect("the row");
    assert!(!kept.sealed.windows(9).any(|bytes| bytes == "李四四".as_bytes()), "nothing is kept in clear");
    let open = |id: SealedId, purpose: &str| {
        let (vault, access) = (Arc::clone(&vault), access(purpose));
        database.write_blocking(move |tx: &mut Tx| vault.open_answers(tx, id, &access, at))
    };
    assert!(matches!(open(one, "x"), Err(VaultError::Purpose)));
    assert_eq!(open(one, "decide on it").unwrap().answers, answers("李四四"));
    let looks = database.read_blocking(move |reader| reader.list_access_to(li, at, 10)).unwrap();
    assert_eq!(looks.iter().map(|look| look.looked).collect::<Vec<_>>(), [Looked::Application(one)]);
    let erasing = Arc::clone(&vault);
    assert!(database.write_blocking(move |tx: &mut Tx| erasing.erase_person(tx, li)).unwrap());
    assert!(matches!(open(one, "decide on it"), Err(VaultError::Erased)));
    assert!(matches!(open(two, "decide on it"), Err(VaultError::Erased)));
    assert!(open(other, "decide on it").is_ok());
    let again = Arc::clone(&vault);
    let sealed = database.write_blocking(move |tx: &mut Tx| again.seal_answers(tx, li, Given::default(), at));
    assert!(matches!(sealed, Err(VaultError::Erased)), "nobody comes back");
});

on_both_databases!(a_transaction_that_fails_makes_no_account, |database| {
    let account = NewAccount {
        kind: PartyKind::Staff,
        login: "half".to_owned(),
        display_name: "半".to_owned(),
        password_hash: String::new(),
        grants: vec![grant()],
    };
    let failed: Result<(), AccountError> = database.write_blocking(move |tx: &mut Tx| {
        record_account(tx, &account, Instant::from_micros(0))?;
        Err(AccountError::Login)
    });
    assert!(failed.is_err());
    let found = database.read_blocking(|reader| reader.find_party_by_login("half"));
    assert!(matches!(found, Ok::<_, StoreError>(None)));
});
