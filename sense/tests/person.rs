//! A person's copy, and erasure down to the bytes of the file.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;

use common::{MONDAY, block, demo, party, town};
use dipper_sense::Context;
use dipper_sense::apply::{ApplyCommand, HandedInBy, SaveDraft, apply, save_draft};
use dipper_sense::evidence::Files;
use dipper_sense::person::{EraseError, HeldCase, collect, erase, erase_again};
use dipper_sense::report::{Filer, ReportCommand, report};
use identity::{Answers, Contact, Vault};
use model::LicenceId;
use pack::Packs;
use serde_json::json;
use store::{DatabaseUrl, PartyRow, Store, Tx};
use testkit::{FixedClock, SeededEntropy, on_both_databases};

mod common;

const LOGIN: &str = "liu-yangming";
const NAME: &str = "刘洋明洋明";
const PHONE: &str = "13912345678";
const LICENCE: &str = "eyJ0eXAiOiJkYytzZC1qd3QifQ.secret~";

/// Everything a person can leave with the city.
fn leave_traces(ctx: &Context) {
    let now = ctx.clock.now();
    let vault = Arc::clone(&ctx.vault);
    ctx.store
        .write_blocking(move |tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(party(1), LOGIN, NAME, now))?;
            vault.seal_licence(tx, party(1), LicenceId::new(now, 1), LICENCE)
        })
        .unwrap();
    let contact = Contact::parse(Some(NAME), Some(PHONE), None).unwrap();
    let reported = ReportCommand {
        category: "s0111".parse().unwrap(),
        condition: None,
        description: "路边一堆渣土".to_owned(),
        point: Some(grid::LonLat::new(112.9, 32.5).unwrap()),
        address: None,
        evidence: Vec::new(),
        answers: Answers::new(),
        contact,
        channel: "resident".to_owned(),
        filer: Filer::Resident(party(1)),
        idempotency_key: None,
    };
    block(report(ctx, reported)).unwrap();
    let answers: Answers = serde_json::from_value(json!({
        "medical": "online", "photo": "medical", "id_number": "11010519491231002X", "delivery": "window", "phone": PHONE,
    }))
    .unwrap();
    let service = "driving_licence_renew".parse().unwrap();
    let applied = ApplyCommand {
        service,
        answers,
        party: party(1),
        by: HandedInBy::Applicant,
        kiosk: None,
        idempotency_key: None,
    };
    block(apply(ctx, applied)).unwrap();
    let draft = SaveDraft {
        service: "food_business_licence".parse().unwrap(),
        answers: serde_json::from_value(json!({"shop_name": NAME})).unwrap(),
        at: None,
        version: 0,
        party: party(1),
    };
    block(save_draft(ctx, draft)).unwrap();
}

/// Ends every open application.
fn end_applications(ctx: &Context) {
    let held = block(collect(ctx, party(1))).unwrap();
    for HeldCase { row, answers, .. } in held.cases {
        if answers.is_none() {
            continue;
        }
        ctx.store
            .write_blocking(move |tx: &mut Tx| {
                let case = tx.get_case(row.id)?;
                let compiled = demo();
                let process = compiled.city.process(&case.process).unwrap();
                let state = process.state(&"withdrawn".parse().unwrap()).unwrap();
                let moved = model::Moved {
                    action: "withdraw".parse().unwrap(),
                    from: case.state.clone(),
                    to: "withdrawn".parse().unwrap(),
                    stage: state.stage.clone(),
                    task: None,
                    handler: None,
                    outcome: state.outcome,
                    tally: None,
                    reason: None,
                    note: None,
                    public: true,
                    evidence: std::collections::BTreeMap::new(),
                    answers: Answers::new(),
                };
                let body = model::EventBody::Moved(Box::new(moved));
                let actor = model::Actor::Resident { party: party(1) };
                let events = vec![model::NewEvent { at: case.updated_at, actor, body }];
                let region_path = compiled.city.region_path(&case.place.region);
                let recorded_at = case.updated_at;
                tx.append(store::Append {
                    case_id: case.id,
                    before: Some(&case),
                    events,
                    recorded_at,
                    region_path: &region_path,
                })
            })
            .unwrap();
    }
}

on_both_databases!(a_copy_holds_everything_and_nothing_opens_after_erasure, |database| {
    let town = town(database);
    leave_traces(&town.ctx);
    let held = block(collect(&town.ctx, party(1))).unwrap();
    assert_eq!((held.account.login.as_str(), held.cases.len(), held.contacts.len()), (LOGIN, 2, 1));
    assert_eq!(held.contacts[0].1.phone.as_deref(), Some(PHONE));
    assert_eq!((held.drafts.len(), held.drafts[0].1.answers["shop_name"].clone()), (1, json!(NAME)));
    let refused = block(erase(&town.ctx, party(1)));
    assert!(matches!(refused, Err(EraseError::Open(ref cases)) if cases.len() == 1), "{refused:?}");
    end_applications(&town.ctx);
    block(erase(&town.ctx, party(1))).unwrap();
    assert!(block(collect(&town.ctx, party(1))).is_err(), "nothing opens");
    let account = database.read_blocking(|reader| reader.find_party(party(1))).unwrap().unwrap();
    assert!(account.disabled && account.display_name.is_empty());
    assert!(matches!(block(erase(&town.ctx, party(9))), Err(EraseError::NotResident)));
});

/// Whether some bytes stand in any file of a folder.
fn is_found(folder: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.into_iter().any(|file| std::fs::read(file).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes()))
}

#[test]
fn no_byte_of_an_erased_person_is_left_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db");
    std::fs::create_dir(&database).unwrap();
    let store = Store::open(&DatabaseUrl::sqlite(database.join("city.db")), SeededEntropy::new(4)).unwrap();
    store.migrate().unwrap();
    let ctx = Context {
        store,
        packs: Arc::new(Packs::new(demo())),
        clock: Arc::new(FixedClock::at(MONDAY)),
        vault: Arc::new(Vault::from_key(&[3; 32])),
        files: Arc::new(Files::open(folder.path()).unwrap()),
        trust: None,
    };
    leave_traces(&ctx);
    end_applications(&ctx);
    assert!(is_found(&database, LOGIN) && is_found(&database, NAME), "the test can see what is there");
    for sealed in [PHONE, LICENCE, "11010519491231002X"] {
        assert!(!is_found(&database, sealed), "{sealed} was never kept in clear");
    }
    block(erase(&ctx, party(1))).unwrap();
    // Emptied by the keeper, as soon as no reader needs it; the store goes on meanwhile.
    let tries = (0..200)
        .take_while(|_| is_found(&database, LOGIN))
        .map(|_| std::thread::sleep(std::time::Duration::from_millis(25)));
    tries.count();
    for gone in [LOGIN, NAME, PHONE, LICENCE, "11010519491231002X"] {
        assert!(!is_found(&database, gone), "{gone} is still in the file");
    }
}

on_both_databases!(whoever_an_older_copy_brings_back_is_erased_again_whatever_is_under_way, |database| {
    let town = town(database);
    leave_traces(&town.ctx);
    let ctx = &town.ctx;
    let again = |who| erase_again(&ctx.store, &ctx.vault, &ctx.files, party(who), ctx.clock.now()).unwrap();
    let listed = || database.read_blocking(|reader| reader.list_erased(model::Instant::from_micros(0))).unwrap();
    assert!(listed().is_empty() && !again(7), "nobody of that id is there");
    assert!(matches!(block(erase(ctx, party(1))), Err(EraseError::Open(_))), "an application is under way");
    assert!(again(1));
    assert_eq!(listed().into_iter().map(|(party, _)| party).collect::<Vec<_>>(), [party(1)]);
    assert!(!again(1), "once is enough");
    assert_eq!(database.read_blocking(|reader| reader.list_drafts(party(1))).unwrap().len(), 0);
    let account = database.read_blocking(|reader| reader.find_party(party(1))).unwrap().unwrap();
    assert_eq!((account.display_name.as_str(), account.disabled), ("", true));
});
