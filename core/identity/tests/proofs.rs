//! Passkeys, authenticator apps and recovery codes on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use dipper_identity::{
    AccountError, Accounts, CodeError, DeviceAsked, PartyKind, PasskeyError, RelyingParty, SignInError, SignInMethod,
    Vault,
};
use model::PartyId;
use serde_json::{Value, json};
use store::Store;
use testkit::{FixedClock, SeededEntropy, SoftKey, on_both_databases};

const ORIGIN: &str = "https://yaoguang.example";
const PASSWORD: &str = "correct horse battery";
const MINUTE_US: i64 = 60_000_000;

/// What a device says that is not so.
type Lie = fn(&mut SoftKey);

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

fn accounts(store: &Store) -> (Accounts, FixedClock) {
    let clock = FixedClock::at("2026-11-23T08:00:00Z");
    let vault = Arc::new(Vault::from_key(&[9; 32]));
    let accounts = Accounts::new(store.clone(), Arc::new(clock.clone()), Box::new(SeededEntropy::new(3)), vault);
    (accounts.with_passkeys(RelyingParty::new(Some(ORIGIN), "瑶光市").unwrap()), clock)
}

async fn registered(accounts: &Accounts, key: &mut SoftKey, login: &str) -> PartyId {
    let asked = accounts.ask_to_register(login, "李女士").await.unwrap();
    let answer = key.create(&asked.options);
    let signed_in = accounts.register_by_passkey(asked.ceremony.reveal(), answer, "手机").await.unwrap();
    assert_eq!((signed_in.session.method, signed_in.session.kind), (SignInMethod::Passkey, PartyKind::Resident));
    signed_in.session.party
}

async fn enter(accounts: &Accounts, asked: &DeviceAsked, answer: Value) -> Result<PartyId, PasskeyError> {
    accounts.sign_in_by_passkey(asked.ceremony.reveal(), answer).await.map(|signed_in| signed_in.session.party)
}

on_both_databases!(a_resident_without_a_password_registers_and_comes_back, |database| {
    let (accounts, _) = accounts(database);
    let mut key = SoftKey::new(5, ORIGIN);
    wait_for(async {
        let asked = accounts.ask_to_register("LiHua", "李女士").await.unwrap();
        let selection = &asked.options["publicKey"]["authenticatorSelection"];
        assert_eq!(
            (&selection["residentKey"], &selection["userVerification"]),
            (&json!("required"), &json!("required"))
        );
        assert_eq!(asked.options["publicKey"]["rp"], json!({"id": "yaoguang.example", "name": "瑶光市"}));
        let party = registered(&accounts, &mut key, "lihua").await;
        for _ in 0..2 {
            let asked = accounts.ask_to_sign_in().await.unwrap();
            assert_eq!(enter(&accounts, &asked, key.get(&asked.options)).await.unwrap(), party);
        }
        assert!(matches!(accounts.sign_in("lihua", "", None).await, Err(SignInError::BadCredentials)), "no password");
        assert!(matches!(
            accounts.ask_to_register("LIHUA", "他人").await,
            Err(PasskeyError::Account(AccountError::Taken))
        ));
        let keys = database.read(move |reader| reader.list_passkeys(party)).await.unwrap();
        assert!(keys[0].used_at.is_some() && keys[0].title == "手机");
    });
});

on_both_databases!(what_is_not_the_owners_fresh_answer_is_refused, |database| {
    let (accounts, clock) = accounts(database);
    let mut key = SoftKey::new(5, ORIGIN);
    wait_for(async {
        registered(&accounts, &mut key, "lihua").await;
        // The same answer again.
        let asked = accounts.ask_to_sign_in().await.unwrap();
        let answer = key.get(&asked.options);
        enter(&accounts, &asked, answer.clone()).await.unwrap();
        assert!(matches!(enter(&accounts, &asked, answer.clone()).await, Err(PasskeyError::Ceremony)), "answered");
        // An answer to another question.
        let asked = accounts.ask_to_sign_in().await.unwrap();
        assert!(matches!(enter(&accounts, &asked, answer).await, Err(PasskeyError::Refused)), "an old answer");
        // Too late.
        let asked = accounts.ask_to_sign_in().await.unwrap();
        clock.advance_us(5 * MINUTE_US);
        let answer = key.get(&asked.options);
        assert!(matches!(enter(&accounts, &asked, answer).await, Err(PasskeyError::Ceremony)), "too late");
        // Each device that lies, and one that nobody knows.
        let lies: [(&str, Lie); 4] = [
            ("another site's page", |key| key.origin = "https://yaoguang.example.evil".to_owned()),
            ("its lock was not opened", |key| key.unlocks = false),
            ("a copy that counts less", |key| key.counter = 0),
            ("a device unknown here", |key| *key = SoftKey::new(6, ORIGIN)),
        ];
        for (why, lie) in lies {
            let mut liar = key.clone();
            lie(&mut liar);
            let asked = accounts.ask_to_sign_in().await.unwrap();
            let answer = liar.get(&asked.options);
            assert!(matches!(enter(&accounts, &asked, answer).await, Err(PasskeyError::Refused)), "{why}");
        }
        // A bit of the signature, and of the account's handle.
        for member in ["signature", "userHandle"] {
            let asked = accounts.ask_to_sign_in().await.unwrap();
            let mut answer = key.get(&asked.options);
            let text = answer["response"][member].as_str().unwrap().to_owned();
            let other = if text.as_bytes()[10] == b'A' { "B" } else { "A" };
            answer["response"][member] = format!("{}{other}{}", &text[..10], &text[11..]).into();
            assert!(matches!(enter(&accounts, &asked, answer).await, Err(PasskeyError::Refused)), "{member}");
        }
        for answer in [json!(null), json!({}), json!({"id": 1}), json!([])] {
            let asked = accounts.ask_to_sign_in().await.unwrap();
            assert!(matches!(enter(&accounts, &asked, answer).await, Err(PasskeyError::Malformed)));
        }
    });
});

on_both_databases!(a_ceremony_of_one_kind_or_person_serves_no_other, |database| {
    let (accounts, _) = accounts(database);
    let (mut one, mut other) = (SoftKey::new(5, ORIGIN), SoftKey::new(6, ORIGIN));
    wait_for(async {
        let li = registered(&accounts, &mut one, "lihua").await;
        let wang = registered(&accounts, &mut other, "wang").await;
        let asked = accounts.ask_to_add_passkey(li).await.unwrap();
        let answer = SoftKey::new(7, ORIGIN).create(&asked.options);
        let added = accounts.add_passkey(wang, asked.ceremony.reveal(), answer, "平板").await;
        assert!(matches!(added, Err(PasskeyError::Ceremony)), "asked of li, answered by wang");
        let asked = accounts.ask_to_sign_in().await.unwrap();
        let answer = SoftKey::new(7, ORIGIN).get(&asked.options);
        let added = accounts.add_passkey(li, asked.ceremony.reveal(), answer, "平板").await;
        assert!(matches!(added, Err(PasskeyError::Ceremony)), "a sign-in adds no passkey");
        // The credential of somebody else.
        let asked = accounts.ask_to_add_passkey(wang).await.unwrap();
        let answer = one.clone().create(&asked.options);
        let added = accounts.add_passkey(wang, asked.ceremony.reveal(), answer, "平板").await;
        assert!(matches!(added, Err(PasskeyError::Known)), "{added:?}");
    });
});

on_both_databases!(the_last_way_in_cannot_be_removed, |database| {
    let (accounts, _) = accounts(database);
    let mut key = SoftKey::new(5, ORIGIN);
    wait_for(async {
        let party = registered(&accounts, &mut key, "lihua").await;
        let removed = accounts.remove_passkey(party, vec![5; 16]).await;
        assert!(matches!(removed, Err(PasskeyError::LastWay)));
        let asked = accounts.ask_to_add_passkey(party).await.unwrap();
        assert_eq!(asked.options["publicKey"]["excludeCredentials"][0]["type"], "public-key");
        let answer = SoftKey::new(6, ORIGIN).create(&asked.options);
        accounts.add_passkey(party, asked.ceremony.reveal(), answer, " 平板 ").await.unwrap();
        assert!(accounts.remove_passkey(party, vec![5; 16]).await.unwrap());
        assert!(!accounts.remove_passkey(party, vec![5; 16]).await.unwrap(), "gone");
        let asked = accounts.ask_to_sign_in().await.unwrap();
        let answer = key.get(&asked.options);
        assert!(matches!(enter(&accounts, &asked, answer).await, Err(PasskeyError::Refused)), "removed");
        accounts.set_password(party, PASSWORD).await.unwrap();
        assert!(accounts.remove_passkey(party, vec![6; 16]).await.unwrap(), "there is a password");
        accounts.sign_in("lihua", PASSWORD, None).await.unwrap();
    });
});

/// The code an app shows: the secret as it was typed, at the clock's time.
fn code_of(secret: &str, clock: &FixedClock) -> String {
    use model::Clock;
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(clock.now().as_micros() / 1_000_000).unwrap()).to_string()
}

on_both_databases!(a_code_is_asked_for_once_it_was_confirmed_and_never_taken_twice, |database| {
    let (accounts, clock) = accounts(database);
    wait_for(async {
        let party = accounts.register_resident("lihua", PASSWORD, "李").await.unwrap().session.party;
        let made = accounts.make_authenticator(party, "瑶光市").await.unwrap();
        let method = accounts.sign_in("lihua", PASSWORD, None).await.unwrap().session.method;
        assert_eq!(method, SignInMethod::Password, "not confirmed yet");
        assert!(matches!(accounts.confirm_authenticator(party, "000000").await, Err(CodeError::Wrong)));
        let codes = accounts.confirm_authenticator(party, &code_of(&made.secret, &clock)).await.unwrap();
        assert_eq!(codes.len(), 8);
        assert!(matches!(accounts.sign_in("lihua", PASSWORD, None).await, Err(SignInError::CodeNeeded)));
        assert!(matches!(accounts.sign_in("lihua", PASSWORD, Some(" ")).await, Err(SignInError::CodeNeeded)));
        assert!(matches!(accounts.sign_in("lihua", "wrong password", None).await, Err(SignInError::BadCredentials)));
        let used = code_of(&made.secret, &clock);
        assert!(matches!(accounts.sign_in("lihua", PASSWORD, Some(&used)).await, Err(SignInError::BadCode)), "used");
        clock.advance_us(MINUTE_US);
        let code = code_of(&made.secret, &clock);
        let signed_in = accounts.sign_in("lihua", PASSWORD, Some(&code)).await.unwrap();
        assert_eq!(signed_in.session.method, SignInMethod::PasswordCode);
        let recovery = codes[3].to_lowercase();
        accounts.sign_in("lihua", PASSWORD, Some(&recovery)).await.unwrap();
        assert!(
            matches!(accounts.sign_in("lihua", PASSWORD, Some(&recovery)).await, Err(SignInError::BadCode)),
            "used"
        );
        accounts.remove_authenticator(party).await.unwrap();
        accounts.sign_in("lihua", PASSWORD, None).await.unwrap();
    });
});

on_both_databases!(another_app_takes_over_only_with_its_first_code, |database| {
    let (accounts, clock) = accounts(database);
    wait_for(async {
        let party = accounts.register_resident("lihua", PASSWORD, "李").await.unwrap().session.party;
        let old = accounts.make_authenticator(party, "瑶光市").await.unwrap();
        accounts.confirm_authenticator(party, &code_of(&old.secret, &clock)).await.unwrap();
        let new = accounts.make_authenticator(party, "瑶光市").await.unwrap();
        clock.advance_us(MINUTE_US);
        let enter = async |secret: &str| accounts.sign_in("lihua", PASSWORD, Some(&code_of(secret, &clock))).await;
        enter(&old.secret).await.expect("whoever turns back keeps the app they had");
        assert!(matches!(enter(&new.secret).await, Err(SignInError::BadCode)), "it waits");
        let code = code_of(&old.secret, &clock);
        assert!(matches!(accounts.confirm_authenticator(party, &code).await, Err(CodeError::Wrong)), "of the old app");
        accounts.confirm_authenticator(party, &code_of(&new.secret, &clock)).await.unwrap();
        clock.advance_us(MINUTE_US);
        assert!(matches!(enter(&old.secret).await, Err(SignInError::BadCode)), "replaced");
        enter(&new.secret).await.unwrap();
        let code = code_of(&new.secret, &clock);
        assert!(matches!(accounts.confirm_authenticator(party, &code).await, Err(CodeError::Wrong)), "nothing waits");
    });
});

on_both_databases!(guessed_codes_lock_the_login, |database| {
    let (accounts, clock) = accounts(database);
    wait_for(async {
        let party = accounts.register_resident("lihua", PASSWORD, "李").await.unwrap().session.party;
        let made = accounts.make_authenticator(party, "瑶光市").await.unwrap();
        accounts.confirm_authenticator(party, &code_of(&made.secret, &clock)).await.unwrap();
        clock.advance_us(MINUTE_US);
        for _ in 0..5 {
            assert!(matches!(accounts.sign_in("lihua", PASSWORD, Some("000000")).await, Err(SignInError::BadCode)));
        }
        let code = code_of(&made.secret, &clock);
        assert!(matches!(accounts.sign_in("lihua", PASSWORD, Some(&code)).await, Err(SignInError::Locked { .. })));
    });
});
