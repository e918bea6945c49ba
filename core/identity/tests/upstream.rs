//! Accounts elsewhere and accounts here, on both databases: first use, linking, unlinking, and what never links.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use dipper_identity::upstream::{Entered, Returned, UpstreamError, UpstreamPerson};
use dipper_identity::{Accounts, Identity, Level, Vault, find_level};
use model::PartyId;
use store::{SignInMethod, Store};
use testkit::{FixedClock, SeededEntropy, on_both_databases};

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(future)
}

fn accounts(store: &Store) -> Accounts {
    let clock = FixedClock::at("2026-11-23T08:00:00Z");
    let (entropy, vault) = (Box::new(SeededEntropy::new(3)), Arc::new(Vault::from_key(&[9; 32])));
    Accounts::new(store.clone(), Arc::new(clock), entropy, vault)
}

/// Somebody comes back from `issuer` as `subject`; `sure` is the level of who they are said to be.
fn returned(issuer: &str, subject: &str, sure: Option<Level>, link: Option<PartyId>) -> Returned {
    let identity = sure.map(|level| (Identity::parse("李星河", "11010519491231002X").unwrap(), level));
    let person = UpstreamPerson {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        display_name: Some("小李".to_owned()),
        identity,
    };
    Returned { person, link, then: None }
}

async fn signed_in(accounts: &Accounts, returned: Returned) -> PartyId {
    match accounts.enter_from_upstream(returned).await.unwrap() {
        Entered::SignedIn(signed_in) => {
            assert_eq!(signed_in.session.method, SignInMethod::Upstream);
            signed_in.session.party
        }
        Entered::Linked => panic!("nothing was to be linked"),
    }
}

on_both_databases!(an_account_elsewhere_opens_one_here_and_always_the_same, |database| {
    let accounts = accounts(database);
    wait_for(async {
        let first = signed_in(&accounts, returned("https://a", "1", Some(Level::L2), None)).await;
        assert_eq!(signed_in(&accounts, returned("https://a", "1", None, None)).await, first);
        let level = |party: PartyId| database.read_blocking(move |reader| find_level(reader, party)).unwrap();
        assert_eq!(level(first), Level::L2, "what was known stays");
        // The same number, said by another provider: another account all the same, and nothing is linked by it.
        let other = signed_in(&accounts, returned("https://b", "1", Some(Level::L2), None)).await;
        assert!(other != first && level(other) == Level::L1);
        assert_ne!(signed_in(&accounts, returned("https://a", "2", None, None)).await, first);
    });
});

on_both_databases!(accounts_are_linked_by_who_is_signed_in_and_never_the_last_one_unlinked, |database| {
    let accounts = accounts(database);
    wait_for(async {
        let mine = accounts.register_resident("lihua", "correct horse battery", "李女士").await.unwrap().session.party;
        let linked = accounts.enter_from_upstream(returned("https://a", "1", Some(Level::L3), Some(mine))).await;
        assert!(matches!(linked, Ok(Entered::Linked)));
        assert_eq!(signed_in(&accounts, returned("https://a", "1", None, None)).await, mine);
        let other = signed_in(&accounts, returned("https://a", "2", None, None)).await;
        for (subject, who) in [("1", other), ("2", mine), ("3", mine), ("1", mine)] {
            let again = accounts.enter_from_upstream(returned("https://a", subject, None, Some(who))).await;
            assert!(matches!(again, Err(UpstreamError::Taken)), "{subject}");
        }
        assert!(accounts.unlink_upstream(mine, "https://a").await.unwrap(), "there is a password");
        assert!(!accounts.unlink_upstream(mine, "https://a").await.unwrap());
        assert_ne!(signed_in(&accounts, returned("https://a", "1", None, None)).await, mine, "unlinked is unlinked");
        assert!(matches!(accounts.unlink_upstream(other, "https://a").await, Err(UpstreamError::LastWay)));
    });
});
