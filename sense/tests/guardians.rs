//! Guardians and their children on both databases: found, asked anew, ended, of age, grown up, and a register that lies.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::{Town, block, party, town};
use dipper_sense::apply::{ApplyCommand, HandedInBy, apply, own_answers};
use dipper_sense::correct::{CorrectCommand, CorrectError, correct};
use dipper_sense::departments::{AskError, Context, Departments, Question, Reply};
use dipper_sense::guardians::{GuardianError, find_children};
use dipper_sense::person::{EraseError, erase};
use dipper_sense::prefill::{FetchCommand, fetch, find_prefill};
use dipper_sense::real_name::{TRIES_A_DAY, prove_identity};
use identity::{Identity, Level, check_character, find_agent};
use model::{Actor, Clock, EventBody, MandateId, PartyId, SourceId};
use serde_json::{Value, json};
use store::{Basis, FetchOutcome, MANDATE_NOTICE, MandateAct, MandateRow, PartyRow, Tx};
use testkit::{Database, on_both_databases};

mod common;

const DAY_US: i64 = 86_400_000_000;

/// A number of that day of birth.
fn number(born: &str) -> String {
    let digits = format!("999901{born}123");
    format!("{digits}{}", char::from(check_character(digits.as_bytes())))
}

fn child(name: &str, born: &str) -> Value {
    json!({"name": name, "id_number": number(born), "birth_date": format!("{}-{}-{}", &born[..4], &born[4..6], &born[6..])})
}

/// What the register says; the others know every person by whatever is asked.
struct Hall {
    says: Mutex<Option<Value>>,
    asked: Mutex<Vec<Question>>,
    clock: Arc<dyn Clock>,
}

impl Departments for Hall {
    fn ask(&self, question: &Question) -> Result<Reply, AskError> {
        self.asked.lock().unwrap().push(question.clone());
        let says = self.says.lock().unwrap().clone();
        let mut reply = Reply {
            request: question.request,
            source: question.source.clone(),
            as_of: self.clock.now(),
            values: None,
            records: None,
        };
        if question.source.as_str() != "guardians" {
            let value = |field: &model::FormId| match field.as_str() {
                "grade" => json!(3),
                _ => json!("G99990112345678"),
            };
            reply.values = Some(question.fields.iter().map(|field| (field.to_string(), value(field))).collect());
            return Ok(reply);
        }
        match says {
            None => Err(AskError::Away("refused".to_owned())),
            Some(Value::Null) => Ok(reply),
            Some(Value::Object(values)) => {
                reply.values = Some(values.into_iter().collect::<BTreeMap<String, Value>>());
                Ok(reply)
            }
            Some(records) => {
                reply.records = Some(serde_json::from_value(records).unwrap());
                Ok(reply)
            }
        }
    }
}

struct Ready {
    town: Town,
    hall: Arc<Hall>,
    ctx: Context,
}

impl Ready {
    fn says(&self, said: Value) -> &Self {
        *self.hall.says.lock().unwrap() = Some(said);
        self
    }

    fn find(&self, guardian: u128) -> Result<Vec<MandateRow>, GuardianError> {
        block(find_children(&self.ctx, party(guardian)))
    }

    fn acts_for(&self, database: &Database, mandate: MandateId, agent: u128) -> Option<PartyId> {
        let now = self.town.clock.now();
        let found = database.read_blocking(move |reader| find_agent(reader, mandate, party(agent), now)).unwrap();
        found.map(|agent| agent.on_behalf_of)
    }
}

/// Four residents, the first two of whom are known.
fn ready(database: &Database) -> Ready {
    let town = town(database);
    let now = town.clock.now();
    database
        .write_blocking(move |tx: &mut Tx| {
            (1..=4).try_for_each(|n| tx.record_party(&PartyRow::resident(party(n), &format!("person{n}"), "某人", now)))
        })
        .unwrap();
    let hall = Arc::new(Hall { says: Mutex::new(None), asked: Mutex::default(), clock: Arc::new(town.clock.clone()) });
    let departments: Arc<dyn Departments> = Arc::<Hall>::clone(&hall);
    let ctx = Context { sense: town.ctx.clone(), departments };
    for (n, name, born) in [(1, "李星河", "19850101"), (2, "王晓月", "19860202")] {
        block(prove_identity(&ctx, party(n), Identity::parse(name, &number(born)).unwrap())).unwrap();
    }
    Ready { town, hall, ctx }
}

/// What is told, by what and to whom.
fn notices(database: &Database) -> Vec<String> {
    let mut told = Vec::new();
    let far = model::Instant::from_micros(i64::MAX / 2);
    while let Some(job) = database.write_blocking(move |tx: &mut Tx| tx.lease_job(&[MANDATE_NOTICE], far, 1)).unwrap() {
        let to: PartyId = job.body["to"].as_str().unwrap().parse().unwrap();
        let who = (1..=4).find(|n| party(*n) == to).unwrap();
        told.push(format!("{} {who}", job.body["news"].as_str().unwrap()));
        database.write_blocking(move |tx: &mut Tx| tx.finish_job(&job)).unwrap();
    }
    told.sort();
    told
}

on_both_databases!(both_parents_act_for_the_same_child_until_the_register_says_otherwise, |database| {
    let ready = ready(database);
    assert!(matches!(ready.says(json!([])).find(3), Err(GuardianError::NotIdentified)));
    let small = child("李小满", "20180520");
    let mothers = ready.says(json!([small.clone(), child("李立秋", "20121107")])).find(1).unwrap();
    let fathers = ready.says(json!([small.clone()])).find(2).unwrap();
    assert_eq!((mothers.len(), fathers.len()), (2, 1));
    assert_eq!(mothers[0].represented, fathers[0].represented, "one child, two guardians");
    let small_party = mothers[0].represented;
    assert_eq!(ready.acts_for(database, mothers[0].id, 1), Some(small_party));
    assert_eq!(ready.acts_for(database, fathers[0].id, 2), Some(small_party));
    assert_eq!(ready.acts_for(database, fathers[0].id, 1), None, "a mandate is of one guardian");
    let question = ready.hall.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!(
        (question.subject.name.as_str(), question.fields.len()),
        ("王晓月", 3),
        "asked by the guardian's number"
    );
    assert_eq!(notices(database), ["guardian_found 1", "guardian_found 1", "guardian_found 2"]);
    let account = database.read_blocking(move |reader| reader.find_party(small_party)).unwrap().unwrap();
    assert_eq!((account.display_name.as_str(), account.password_hash.as_str()), ("", ""), "the name is sealed");

    let again = ready.says(json!([small])).find(1).unwrap();
    assert_eq!((again.len(), again[0].represented), (1, small_party));
    assert_eq!(ready.acts_for(database, mothers[1].id, 1), None, "a child that is not named any more");
    assert_eq!(notices(database), ["guardian_ended 1"], "what goes on is no news");
    assert_eq!(ready.acts_for(database, fathers[0].id, 2), Some(small_party), "the other parent's stays");

    assert!(matches!(ready.says(Value::Null).find(1), Err(GuardianError::NoMatch)));
    assert_eq!(ready.acts_for(database, again[0].id, 1), None, "nobody of that number is nobody's guardian");
    assert_eq!(notices(database), ["guardian_ended 1"]);
});

on_both_databases!(a_mandate_of_a_guardian_ends_with_half_a_year_or_the_eighteenth_birthday, |database| {
    let ready = ready(database);
    // 2 November 2026: one child is of age on 7 November.
    let found = ready.says(json!([child("李小满", "20180520"), child("李将成", "20081107")])).find(1).unwrap();
    assert_eq!(found[0].until, ready.town.clock.now().plus_micros(183 * DAY_US));
    assert_eq!(found[1].until.to_string(), "2026-11-06T16:00:00Z", "midnight in the city");
    ready.town.clock.set("2026-11-06T15:59:59Z".parse().unwrap());
    assert!(ready.acts_for(database, found[1].id, 1).is_some());
    ready.town.clock.set("2026-11-06T16:00:00Z".parse().unwrap());
    assert_eq!(ready.acts_for(database, found[1].id, 1), None);
    assert!(
        matches!(ready.find(1), Err(GuardianError::Away(_))),
        "a register that still names who is of age is not believed"
    );
    assert!(ready.acts_for(database, found[0].id, 1).is_some());
    ready.town.clock.set(found[0].until);
    assert_eq!(ready.acts_for(database, found[0].id, 1), None, "the register is asked anew");
});

on_both_databases!(a_register_that_lies_or_is_away_changes_nothing, |database| {
    let ready = ready(database);
    let before = ready.says(json!([child("李小满", "20180520")])).find(1).unwrap();
    // Somebody of 15 with an account of her own, and of that name.
    let young = Identity::parse("王知夏", &number("20110621")).unwrap();
    block(prove_identity(&ready.ctx, party(3), young)).unwrap();
    notices(database);
    let many: Vec<Value> = (0..21).map(|n| child("李小满", &format!("201805{:02}", n + 1))).collect();
    let mut extra = child("李小满", "20180520");
    extra["address"] = json!("天权区");
    let mut missing = child("李小满", "20180520");
    missing.as_object_mut().unwrap().remove("birth_date");
    let mut other_day = child("李小满", "20180520");
    other_day["birth_date"] = json!("2017-05-20");
    let lies = [
        json!([child("李小满", "20081101")]),
        json!([other_day]),
        json!([child("李小满", "20180520"), child("李小满", "20180520")]),
        json!([child("李星河", "19850101")]),
        json!([child("李冒名", "20110621")]),
        Value::from(many),
        json!([extra]),
        json!([missing]),
        // Answers of another kind of register.
        child("李小满", "20180520"),
    ];
    for lie in lies {
        ready.town.clock.advance_minutes(24 * 60);
        assert!(matches!(ready.says(lie.clone()).find(1), Err(GuardianError::Away(_))), "{lie}");
        let rows = database.read_blocking(|reader| reader.list_fetches_about(party(1), 1)).unwrap();
        assert_eq!(rows[0].outcome, Some(FetchOutcome::Refused), "{lie}");
    }
    *ready.hall.says.lock().unwrap() = None;
    assert!(matches!(ready.find(1), Err(GuardianError::Away(_))));
    assert!(ready.acts_for(database, before[0].id, 1).is_some(), "nothing ended");
    assert_eq!(notices(database), Vec::<String>::new());
    ready.says(json!([]));
    let tried = (0..TRIES_A_DAY + 1).filter(|_| ready.find(2).is_ok()).count();
    assert_eq!(tried, TRIES_A_DAY as usize, "so many tries a day");
    assert!(matches!(ready.find(2), Err(GuardianError::TooMany)));
});

fn transfer(child: PartyId, guardian: u128, mandate: MandateId, key: &str) -> ApplyCommand {
    let answers = json!({
        "from": "here", "why": "home", "old_school": "瑶光一小", "address": "天权区 5 号", "pupil_name": "李小满",
        "start_on": "2027-02-20", "phone": "13800000000",
    });
    ApplyCommand {
        service: "school_transfer".parse().unwrap(),
        answers: serde_json::from_value(answers).unwrap(),
        party: child,
        by: HandedInBy::Agent { party: party(guardian), mandate },
        kiosk: None,
        idempotency_key: Some(key.to_owned()),
    }
}

on_both_databases!(what_is_done_for_a_child_is_the_childs_and_stays_theirs, |database| {
    let ready = ready(database);
    let found = ready.says(json!([child("李小满", "20110520")])).find(1).unwrap();
    let (small, mandate) = (found[0].represented, found[0].id);
    let service = || "school_transfer".parse().unwrap();
    let known = block(find_prefill(&ready.town.ctx, small, service())).unwrap();
    assert_eq!((known.level, known.is_organisation), (Level::L2, false));
    let sources = vec![SourceId::new("school_roll").unwrap()];
    let consent = FetchCommand { service: service(), party: small, asked_by: Some(party(1)), sources };
    block(fetch(&ready.ctx, consent)).unwrap();
    let question = ready.hall.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!(question.subject.id_number.as_str(), number("20110520"), "asked under the child's own number");
    let mut command = transfer(small, 1, mandate, "0123456789");
    for field in ["pupil_name", "old_school"] {
        command.answers.remove(field);
    }
    let case = block(apply(&ready.town.ctx, command)).unwrap();
    assert_eq!(case.reporter.party, Some(small));

    // The guardian corrects it; it is hers as an agent, and an act for the child.
    let mut answers = block(own_answers(&ready.town.ctx, case.application.clone().unwrap().answers)).unwrap().answers;
    answers.insert("wish_school".to_owned(), json!("瑶光二小"));
    let correction = |by: HandedInBy, whose: PartyId| CorrectCommand {
        case: case.id,
        party: whose,
        by,
        version: case.version,
        answers: answers.clone(),
    };
    let by = HandedInBy::Agent { party: party(1), mandate };
    let other = block(correct(&ready.town.ctx, correction(by.clone(), party(1))));
    assert!(matches!(other, Err(CorrectError::NotFound)), "it is the child's, not the guardian's");
    ready.town.clock.advance_minutes(1);
    let corrected = block(correct(&ready.town.ctx, correction(by, small))).unwrap();
    let events = database.read_blocking(move |reader| reader.load_events(corrected.id)).unwrap();
    let last = events.iter().find(|event| matches!(event.body, EventBody::Corrected { .. })).unwrap();
    assert_eq!(last.actor, Actor::Agent { party: party(1), on_behalf_of: small, mandate });
    let acts = database.read_blocking(move |reader| reader.list_mandate_acts(small, 10)).unwrap();
    let acts: Vec<MandateAct> = acts.iter().map(|act| act.act).collect();
    assert_eq!(acts, [MandateAct::Corrected, MandateAct::Applied]);

    // At 15 she has an account, and proves the number: what was done is hers, and her mother still acts for her.
    let herself = Identity::parse("李小满", &number("20110520")).unwrap();
    block(prove_identity(&ready.ctx, party(3), herself)).unwrap();
    let held = database.read_blocking(|reader| reader.list_mandates_of(party(3), 10)).unwrap();
    assert_eq!((held.len(), held[0].basis, held[0].represented), (1, Basis::Oneself, small));
    assert_eq!(ready.acts_for(database, held[0].id, 3), Some(small));
    assert_eq!(ready.acts_for(database, mandate, 1), Some(small));
    let again = ready.says(json!([child("李小满", "20110520")])).find(1).unwrap();
    assert_eq!(again[0].represented, small, "still the child, never her account");
    let held = database.read_blocking(|reader| reader.list_mandates_of(party(3), 10)).unwrap();
    assert_eq!(held.len(), 1, "asked again, it is the same");
    ready.town.clock.set("2029-05-20T00:00:00+08:00".parse().unwrap());
    assert_eq!(ready.acts_for(database, again[0].id, 1), None, "of age");
    assert_eq!(ready.acts_for(database, held[0].id, 3), Some(small), "nothing is lost to her");

    // Erasure takes both along, and not while something is open.
    let open = block(erase(&ready.town.ctx, party(3)));
    assert!(matches!(open, Err(EraseError::Open(ref cases)) if cases == std::slice::from_ref(&case.no)));
});

on_both_databases!(who_grew_up_takes_the_child_along_when_erased, |database| {
    let ready = ready(database);
    let found = ready.says(json!([child("李小满", "20110520")])).find(1).unwrap();
    let small = found[0].represented;
    block(prove_identity(&ready.ctx, party(3), Identity::parse("李小满", &number("20110520")).unwrap())).unwrap();
    block(erase(&ready.town.ctx, party(3))).unwrap();
    let ever = model::Instant::from_micros(0);
    let (left, erased) = database
        .read_blocking(move |reader| Ok::<_, store::StoreError>((reader.find_child(small)?, reader.list_erased(ever)?)))
        .unwrap();
    let erased: Vec<PartyId> = erased.into_iter().map(|(party, _)| party).collect();
    assert_eq!(left, None);
    assert!(erased.contains(&small) && erased.contains(&party(3)));
    assert_eq!(ready.acts_for(database, found[0].id, 1), None, "nobody acts for who was erased");
    // A younger sibling's account that was there first: the guardian acts for a child beside it, and she has it at once.
    block(prove_identity(&ready.ctx, party(4), Identity::parse("李立秋", &number("20121107")).unwrap())).unwrap();
    notices(database);
    let found = ready.says(json!([child("李立秋", "20121107")])).find(1).unwrap();
    assert_ne!(found[0].represented, party(4), "her own account stays her own");
    let held = database.read_blocking(|reader| reader.list_mandates_of(party(4), 10)).unwrap();
    assert_eq!((held[0].basis, held[0].represented), (Basis::Oneself, found[0].represented));
    assert_eq!(notices(database), ["guardian_found 1", "guardian_found 4"], "she is told");
});
