//! Correcting an application, on both databases: who, until when, what changes and what is kept.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use dipper_sense::apply::{ApplyCommand, ApplyError, HandedInBy, apply, own_answers};
use dipper_sense::correct::{CorrectCommand, CorrectError, correct, is_correctable};
use dipper_sense::person::{collect, erase};
use identity::{Answers, VaultError};
use model::{Actor, Case, CaseId, EventBody, EvidenceId, Moved, NewEvent, PartyId};
use serde_json::{Value, json};
use store::{Append, EvidenceRow, PartyRow, Tx};
use testkit::on_both_databases;

use common::{Town, block, demo, party, town};

mod common;

fn file(number: u8) -> EvidenceId {
    EvidenceId::new([number; 32])
}

fn with(changes: Value) -> Answers {
    let mut answers = json!({
        "applicant": "trader", "credit_code": "91350100M000100Y43", "shop_name": "星河小馆", "address": "天权区鼓楼街道 5 号",
        "activities": ["hot"], "area": 60, "layout": [file(7).to_string()], "manager_name": "李四四",
        "manager_phone": "13800000000",
    });
    let changes = changes.as_object().unwrap().clone();
    answers.as_object_mut().unwrap().extend(changes);
    serde_json::from_value(answers).unwrap()
}

/// A town where two residents have accounts and two plans are uploaded, and the application of the first.
fn ready(database: &testkit::Database) -> (Town, Case) {
    let town = town(database);
    let now = model::Clock::now(&town.clock);
    let plan = move |number: u8| EvidenceRow {
        id: file(number),
        media_type: "image/jpeg".to_owned(),
        bytes: 9,
        width: 3,
        height: 3,
        taken_at: None,
        lon: None,
        lat: None,
        stored_at: now,
        uploaded_by: Some(party(1)),
    };
    database
        .write_blocking(move |tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(party(1), "li", "李", now))?;
            tx.record_party(&PartyRow::resident(party(2), "wang", "王", now))?;
            tx.record_evidence(&plan(7))?;
            tx.record_evidence(&plan(8))
        })
        .unwrap();
    let case = block(apply(&town.ctx, handed_in())).unwrap();
    (town, case)
}

fn handed_in() -> ApplyCommand {
    ApplyCommand {
        service: "food_business_licence".parse().unwrap(),
        answers: with(json!({})),
        party: party(1),
        by: HandedInBy::Applicant,
        kiosk: None,
        idempotency_key: Some("0123456789".to_owned()),
    }
}

fn command(case: &Case, party: PartyId, answers: Answers) -> CorrectCommand {
    CorrectCommand { case: case.id, party, by: HandedInBy::Applicant, version: case.version, answers }
}

/// Moves a case to a state, as the clerk would.
fn move_to(town: &Town, id: CaseId, state: &str) -> Case {
    let (state, compiled) = (state.parse().unwrap(), demo());
    let store = town.ctx.store.clone();
    store
        .write_blocking(move |tx: &mut Tx| {
            let case = tx.get_case(id)?;
            let found = compiled.city.process(&case.process).unwrap().state(&state).unwrap();
            let moved = Moved {
                action: "claim".parse().unwrap(),
                from: case.state.clone(),
                to: state,
                stage: found.stage.clone(),
                task: None,
                handler: None,
                outcome: found.outcome,
                tally: None,
                reason: None,
                note: None,
                public: false,
                evidence: std::collections::BTreeMap::new(),
                answers: Answers::new(),
            };
            let body = EventBody::Moved(Box::new(moved));
            let actor = Actor::Staff {
                party: party(9),
                role: "service_clerk".parse().unwrap(),
                office: "market_bureau".parse().unwrap(),
            };
            let events = vec![NewEvent { at: case.updated_at, actor, body }];
            let region_path = compiled.city.region_path(&case.place.region);
            let recorded_at = case.updated_at;
            let append = Append { case_id: id, before: Some(&case), events, recorded_at, region_path: &region_path };
            Ok::<_, store::StoreError>(tx.append(append)?.0)
        })
        .unwrap()
}

on_both_databases!(a_correction_is_a_new_record_and_the_former_is_kept, |database| {
    let (town, case) = ready(database);
    let first = case.application.clone().unwrap();
    let changed = with(json!({"shop_name": "银河小馆", "layout": [file(8).to_string()], "remark": "二楼"}));
    let now = block(correct(&town.ctx, command(&case, party(1), changed.clone()))).unwrap();
    let application = now.application.clone().unwrap();
    assert_ne!((application.answers, application.commitment), (first.answers, first.commitment));
    assert_eq!((now.version, now.state.as_str(), &now.clocks), (case.version + 1, "submitted", &case.clocks));
    assert_eq!(block(own_answers(&town.ctx, application.answers)).unwrap().answers, changed);
    let [correction] = &now.corrections[..] else { panic!("{:?}", now.corrections) };
    let fields: Vec<&str> = correction.fields.iter().map(model::FormId::as_str).collect();
    assert_eq!((correction.former, fields), (first.answers, vec!["layout", "remark", "shop_name"]));
    assert_eq!((now.is_dropped(&file(7)), now.evidence["report"].clone()), (true, vec![file(8)]));
    let held_by = |number| database.read_blocking(move |reader| reader.cases_with_evidence(&file(number))).unwrap();
    assert_eq!((held_by(7), held_by(8)), (vec![case.id], vec![case.id]), "both are erased with the application");
    let events = database.read_blocking(move |reader| reader.load_events(case.id)).unwrap();
    let text = serde_json::to_string(&events.iter().map(|event| &event.body).collect::<Vec<_>>()).unwrap();
    assert!(!text.contains("银河小馆") && text.contains(&application.commitment.to_string()));
    assert_eq!(Case::fold(&events).unwrap(), now);

    let held = block(collect(&town.ctx, party(1))).unwrap();
    assert_eq!(held.cases[0].answers.as_ref(), Some(&changed));
    assert_eq!(held.cases[0].former[0].1, with(json!({})), "the copy holds what was answered first");

    let again = block(correct(&town.ctx, command(&case, party(1), changed))).unwrap();
    assert_eq!(again.version, now.version, "a correction sent twice is one");
    let replayed = block(apply(&town.ctx, handed_in())).unwrap();
    assert_eq!(replayed.id, case.id, "handing in may still be sent again");
});

on_both_databases!(a_correction_is_refused_to_others_later_and_over_a_change, |database| {
    let (town, case) = ready(database);
    let changed = || with(json!({"area": 61}));
    let other = block(correct(&town.ctx, command(&case, party(2), changed())));
    assert!(matches!(other, Err(CorrectError::NotFound)));
    let wrong = block(correct(&town.ctx, command(&case, party(1), with(json!({"area": "much"})))));
    assert!(matches!(wrong, Err(CorrectError::Apply(ApplyError::Answers(_)))));
    let missing = with(json!({"layout": [file(3).to_string()]}));
    let missing = block(correct(&town.ctx, command(&case, party(1), missing)));
    assert!(matches!(missing, Err(CorrectError::Apply(ApplyError::Answers(_)))));
    let mut now = case.clone();
    for (state, expect) in [
        ("supplementing", true),
        ("reviewing", true),
        ("special", true),
        ("deciding", true),
        ("rectifying", false),
        ("granted", false),
        ("refused", false),
        ("withdrawn", false),
    ] {
        let before = now;
        now = move_to(&town, case.id, state);
        assert_eq!(is_correctable(&now, &demo().city), expect, "{state}");
        let stale = block(correct(&town.ctx, command(&before, party(1), changed())));
        match stale {
            Err(CorrectError::VersionConflict { current, .. }) => assert!(expect && current == now.version, "{state}"),
            Err(CorrectError::Over) => assert!(!expect, "{state}"),
            other => panic!("{state}: {:?}", other.map(|case| case.version)),
        }
    }
    assert!(now.corrections.is_empty(), "nothing was written");
});

on_both_databases!(what_is_owed_and_a_licence_given_stay_as_they_were, |database| {
    let (town, _) = ready(database);
    let posted = json!({
        "medical": "online", "photo": "medical", "id_number": "110101199003070054", "concession": "none",
        "delivery": "post", "address": "天权区鼓楼街道 5 号", "phone": "13800000000",
    });
    let case = apply_for(&town, "driving_licence_renew", &posted);
    let refused = |case: &Case, answers: &Value| match block(correct(
        &town.ctx,
        command(case, party(1), serde_json::from_value(answers.clone()).unwrap()),
    )) {
        Err(CorrectError::Apply(ApplyError::Answers(faults))) => {
            faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
        }
        other => panic!("{:?}", other.map(|case| case.version)),
    };
    let with = |answers: &Value, field: &str, answer: Value| {
        let mut answers = answers.clone();
        answers[field] = answer;
        answers
    };
    assert_eq!(refused(&case, &with(&posted, "concession", json!("disabled"))), ["concession"]);
    let moved = with(&posted, "address", json!("天权区鼓楼街道 6 号"));
    let moved = command(&case, party(1), serde_json::from_value(moved).unwrap());
    assert_eq!(block(correct(&town.ctx, moved)).unwrap().corrections.len(), 1, "what costs nothing may be put right");

    let photographed = json!({
        "old_licence": [file(7).to_string()], "shop_name": "星河小馆", "credit_code": "91350100M000100Y43",
        "address": "天权区鼓楼街道 5 号", "unchanged": "yes", "self_check": [file(8).to_string()],
        "manager_name": "李四四", "manager_phone": "13800000000",
    });
    let case = apply_for(&town, "food_business_renewal", &photographed);
    let shown = with(&photographed, "old_licence", json!({"presentation": "ey.ey.c2ln~"}));
    assert_eq!(refused(&case, &shown), ["old_licence"]);
});

fn apply_for(town: &Town, service: &str, answers: &Value) -> Case {
    let answers = serde_json::from_value(answers.clone()).unwrap();
    let idempotency_key = Some(format!("{service:0>12}"));
    block(apply(&town.ctx, ApplyCommand { service: service.parse().unwrap(), answers, idempotency_key, ..handed_in() }))
        .unwrap()
}

on_both_databases!(every_record_of_an_application_goes_with_the_key, |database| {
    let (town, case) = ready(database);
    block(correct(&town.ctx, command(&case, party(1), with(json!({"area": 61}))))).unwrap();
    let now = move_to(&town, case.id, "withdrawn");
    block(erase(&town.ctx, party(1))).unwrap();
    let vault = Arc::clone(&town.ctx.vault);
    let records = [now.application.unwrap().answers, now.corrections[0].former];
    for record in records {
        let vault = Arc::clone(&vault);
        let opened = database.read_blocking(move |reader| vault.own_given(reader, record));
        assert!(matches!(opened, Err(VaultError::Erased)));
    }
});
