//! Applying for services and keeping drafts, on both databases.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use dipper_sense::apply::{
    ApplyCommand, ApplyError, DRAFT_DAYS, HandedInBy, SaveDraft, apply, forget_drafts, own_answers, save_draft,
};
use identity::{Answers, Draft};
use model::{ClockName, EvidenceId, PartyId, ServiceId};
use serde_json::{Value, json};
use store::{EvidenceRow, PartyRow, Tx};
use testkit::on_both_databases;

use common::{Town, block, demo, party, town};

mod common;

/// The service of the demo city that is applied for here.
fn licence() -> ServiceId {
    "food_business_licence".parse().unwrap()
}

fn plan() -> EvidenceId {
    EvidenceId::new([7; 32])
}

fn answers() -> Answers {
    let answers = json!({
        "applicant": "trader", "credit_code": "91350100M000100Y43", "shop_name": "星河小馆", "address": "天权区鼓楼街道 5 号",
        "activities": ["hot", "drinks"], "area": 60, "layout": [plan().to_string()], "manager_name": "李四四",
        "manager_phone": "13800000000", "opens_on": "2026-12-01",
    });
    serde_json::from_value(answers).unwrap()
}

fn with(changes: Value) -> Answers {
    let mut answers = answers();
    for (field, answer) in serde_json::from_value::<Answers>(changes).unwrap() {
        answers.insert(field, answer);
    }
    answers
}

/// A town where the plan has been uploaded and two residents have accounts.
fn ready(database: &testkit::Database) -> Town {
    let town = town(database);
    let now = model::Clock::now(&town.clock);
    database
        .write_blocking(move |tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(party(1), "li", "李", now))?;
            tx.record_party(&PartyRow::resident(party(2), "wang", "王", now))?;
            tx.record_evidence(&EvidenceRow {
                id: plan(),
                media_type: "image/jpeg".to_owned(),
                bytes: 9,
                width: 3,
                height: 3,
                taken_at: None,
                lon: None,
                lat: None,
                stored_at: now,
                uploaded_by: Some(party(1)),
            })
        })
        .unwrap();
    town
}

fn command(party: PartyId, answers: Answers) -> ApplyCommand {
    ApplyCommand { service: licence(), answers, party, by: HandedInBy::Applicant, kiosk: None, idempotency_key: None }
}

on_both_databases!(an_application_is_a_case_whose_answers_are_sealed, |database| {
    let town = ready(database);
    let case = block(apply(&town.ctx, command(party(1), answers()))).unwrap();
    assert_eq!((case.category.as_str(), case.state.as_str()), ("food_business_licence", "submitted"));
    let task = case.task.as_ref().unwrap();
    assert_eq!((task.role.as_str(), task.office.as_str()), ("service_clerk", "market_bureau"));
    assert_eq!(case.due_at().unwrap().to_string(), "2026-11-03T01:00:00Z", "one working day to accept it");
    assert!(!case.clocks.contains_key(&ClockName::Disposal), "the promise begins with acceptance");
    let application = case.application.clone().unwrap();
    assert_eq!(block(own_answers(&town.ctx, application.answers)).unwrap().answers, answers());
    let events = database.read_blocking(move |reader| reader.load_events(case.id)).unwrap();
    let text = serde_json::to_string(&events.iter().map(|event| &event.body).collect::<Vec<_>>()).unwrap();
    for private in ["李四四", "13800000000", "星河小馆", "91350100M000100Y43"] {
        assert!(!text.contains(private), "{private} is in an event");
    }
    assert!(text.contains(&application.commitment.to_string()));
});

on_both_databases!(an_application_sent_twice_is_handed_in_once, |database| {
    let town = ready(database);
    let keyed =
        |party, answers| ApplyCommand { idempotency_key: Some("0123456789".to_owned()), ..command(party, answers) };
    let first = block(apply(&town.ctx, keyed(party(1), answers()))).unwrap();
    assert_eq!(block(apply(&town.ctx, keyed(party(1), answers()))).unwrap().no, first.no);
    let other = block(apply(&town.ctx, keyed(party(1), with(json!({"area": 61})))));
    assert!(matches!(other, Err(ApplyError::KeyUsed)));
    assert_ne!(block(apply(&town.ctx, keyed(party(2), answers()))).unwrap().no, first.no, "a key is somebody's own");
});

on_both_databases!(answers_that_do_not_fit_name_their_fields, |database| {
    let town = ready(database);
    let faults = |answers: Answers| match block(apply(&town.ctx, command(party(1), answers))) {
        Err(ApplyError::Answers(faults)) => {
            let line = |fault: &pack::answers::FieldFault| format!("{}: {}", fault.field, fault.message);
            faults.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        other => panic!("{:?}", other.map(|case| case.no)),
    };
    let unknown = EvidenceId::new([8; 32]);
    for (changes, expect) in [
        (json!({"credit_code": "12"}), "credit_code: must be a unified social credit code of 18 characters"),
        (json!({"opens_on": "2026-02-30"}), "opens_on: must be a day such as 2026-11-23"),
        (json!({"raw_room": "yes"}), "raw_room: is not asked after these answers; leave it out"),
        (json!({"activities": ["raw"]}), "raw_room: an answer is required"),
        (json!({"activities": ["hot", "hot"]}), "activities: names the same choice twice"),
        (json!({"remark": null}), "remark: must be left out when there is no answer"),
        (json!({"area": "60"}), "area: must be a number"),
        (
            json!({"colour": "red"}),
            "colour: no such field; this action asks for: applicant, credit_code, shop_name, address, activities, raw_room, area, diners, layout, manager_name, manager_phone, opens_on, remark",
        ),
        (
            json!({"layout": [unknown.to_string()]}),
            &format!("layout: there is no uploaded file {unknown}; upload it first"),
        ),
    ] {
        assert_eq!(faults(with(changes)), expect);
    }
    let elsewhere = ApplyCommand { service: "hk_macau_permits".parse().unwrap(), ..command(party(1), answers()) };
    assert!(matches!(block(apply(&town.ctx, elsewhere)), Err(ApplyError::NotHere(_))));
});

on_both_databases!(a_draft_is_gone_on_with_elsewhere_and_forgotten_when_handed_in, |database| {
    let town = ready(database);
    let draft = |version: u32, area: u32| SaveDraft {
        service: licence(),
        answers: serde_json::from_value(json!({"area": area})).unwrap(),
        at: Some("area".to_owned()),
        version,
        party: party(1),
    };
    let find = |whose: PartyId| -> Option<Draft> {
        let vault = Arc::clone(&town.ctx.vault);
        database.read_blocking(move |reader| vault.find_draft(reader, whose, &licence())).unwrap()
    };
    assert_eq!(block(save_draft(&town.ctx, draft(0, 1))).unwrap().version, 1);
    assert_eq!(block(save_draft(&town.ctx, draft(1, 2))).unwrap().version, 2);
    let late = block(save_draft(&town.ctx, draft(1, 3)));
    assert!(matches!(late, Err(ApplyError::DraftMoved { current: 2 })), "another device saved since");
    let found = find(party(1)).unwrap();
    assert_eq!((found.answers["area"].clone(), found.at.as_deref(), found.version), (json!(2), Some("area"), 2));
    assert!(find(party(2)).is_none(), "a draft is its author's alone");
    let strange = SaveDraft { at: Some("colour".to_owned()), ..draft(2, 1) };
    assert!(matches!(block(save_draft(&town.ctx, strange)), Err(ApplyError::Answers(_))));
    block(apply(&town.ctx, command(party(1), answers()))).unwrap();
    assert!(find(party(1)).is_none());
    let gone = block(save_draft(&town.ctx, draft(2, 4)));
    assert!(matches!(gone, Err(ApplyError::DraftMoved { current: 0 })), "a late save brings nothing back");
    block(save_draft(&town.ctx, draft(0, 5))).unwrap();
    town.clock.advance_minutes(DRAFT_DAYS * 24 * 60);
    assert_eq!(block(forget_drafts(&town.ctx)).unwrap(), 0);
    town.clock.advance_minutes(1);
    assert_eq!(block(forget_drafts(&town.ctx)).unwrap(), 1);
});

on_both_databases!(an_erased_person_s_answers_are_gone, |database| {
    let town = ready(database);
    let case = block(apply(&town.ctx, command(party(1), answers()))).unwrap();
    let vault = Arc::clone(&town.ctx.vault);
    assert!(database.write_blocking(move |tx: &mut Tx| vault.erase_person(tx, party(1))).unwrap());
    let gone = block(own_answers(&town.ctx, case.application.unwrap().answers));
    assert!(matches!(gone, Err(ApplyError::Vault(identity::VaultError::Erased))));
    assert!(demo().city.category(&case.category).is_some());
});
