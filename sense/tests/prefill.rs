//! Data that runs instead of people, on both databases: proving who one is, asking, what stands at the end, what is refused.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::{Town, block, party, town};
use dipper_sense::apply::{ApplyCommand, ApplyError, HandedInBy, apply, own_answers};
use dipper_sense::correct::{CorrectCommand, CorrectError, correct};
use dipper_sense::departments::{AskError, Context, Departments, Lie, Question, Reply};
use dipper_sense::organisations::{ClaimError, claim};
use dipper_sense::person::{collect, erase};
use dipper_sense::prefill::{FetchCommand, FetchError, fetch, find_prefill};
use dipper_sense::real_name::{ProveError, TRIES_A_DAY, prove_identity};
use identity::{CreditCode, Identity, Level, Provenance, find_agent};
use model::{FormId, PartyId, ServiceId, SourceId};
use serde_json::{Value, json};
use store::{FetchOutcome, PartyRow, Store, Tx};
use testkit::{FixedClock, on_both_databases};

mod common;

const NAME: &str = "李星河";
const NUMBER: &str = "11010519491231002X";

/// How a department of the test behaves.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Honest,
    Away,
    Nobody,
    Lies,
}

/// Departments in the process. Each question must be on the disk before it comes.
struct Hall {
    store: Store,
    clock: FixedClock,
    mood: Mutex<Mood>,
    asked: Mutex<Vec<Question>>,
}

impl Departments for Hall {
    fn ask(&self, question: &Question) -> Result<Reply, AskError> {
        let (source, now) = (question.source.clone(), model::Clock::now(&self.clock));
        let rows = self.store.read_blocking(move |reader| {
            reader.list_fetches_of(&source, now.plus_micros(-60_000_000), now.plus_micros(60_000_000))
        });
        assert!(rows.unwrap().iter().any(|row| row.id == question.request), "asked before it was written down");
        self.asked.lock().unwrap().push(question.clone());
        let mood = *self.mood.lock().unwrap();
        if mood == Mood::Away {
            return Err(AskError::Away("refused".to_owned()));
        }
        let value = |field: &FormId| match field.as_str() {
            "name" => json!(NAME),
            "id_number" => json!(NUMBER),
            "number" => json!("91350100M000100Y43"),
            "account" => json!("70001234"),
            "balance_yuan" => json!(52_000),
            "status" => json!("married"),
            _ => json!("?"),
        };
        let mut values: BTreeMap<String, Value> =
            question.fields.iter().map(|field| (field.to_string(), value(field))).collect();
        if mood == Mood::Lies {
            values.insert("criminal_record".to_owned(), json!("none"));
        }
        let is_known = question.subject.name == NAME && mood != Mood::Nobody;
        Ok(Reply {
            request: question.request,
            source: question.source.clone(),
            as_of: now,
            values: is_known.then_some(values),
            records: None,
        })
    }
}

struct Ready {
    town: Town,
    hall: Arc<Hall>,
    ctx: Context,
}

fn ready(database: &testkit::Database) -> Ready {
    let town = town(database);
    let now = model::Clock::now(&town.clock);
    database
        .write_blocking(move |tx: &mut Tx| {
            tx.record_party(&PartyRow::resident(party(1), "li", "李", now))?;
            tx.record_party(&PartyRow::resident(party(2), "wang", "王", now))
        })
        .unwrap();
    let hall = Arc::new(Hall {
        store: database.store().clone(),
        clock: town.clock.clone(),
        mood: Mutex::new(Mood::Honest),
        asked: Mutex::new(Vec::new()),
    });
    let departments: Arc<dyn Departments> = Arc::<Hall>::clone(&hall);
    let ctx = Context { sense: town.ctx.clone(), departments };
    Ready { town, hall, ctx }
}

fn who() -> Identity {
    Identity::parse(NAME, NUMBER).unwrap()
}

fn service() -> ServiceId {
    "fund_rent_withdrawal".parse().unwrap()
}

fn consent(party: PartyId, sources: &[&str]) -> FetchCommand {
    let sources = sources.iter().map(|source| SourceId::new(source).unwrap()).collect();
    FetchCommand { service: service(), party, asked_by: None, sources }
}

const ALL: [&str; 3] = ["marriage_register", "housing_fund", "population"];

fn command(answers: Value) -> ApplyCommand {
    let mut given =
        json!({"lease": "yes", "rent": 1800, "records": "online", "address": "天权区 5 号", "rhythm": "month"});
    given.as_object_mut().unwrap().extend(answers.as_object().unwrap().clone());
    let answers = serde_json::from_value(given).unwrap();
    ApplyCommand {
        service: service(),
        answers,
        party: party(1),
        by: HandedInBy::Applicant,
        kiosk: None,
        idempotency_key: Some("0123456789".to_owned()),
    }
}

impl Ready {
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        block(future)
    }

    fn set(&self, mood: Mood) {
        *self.hall.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> usize {
        self.hall.asked.lock().unwrap().len()
    }
}

on_both_databases!(what_departments_gave_is_what_is_handed_in, |database| {
    let ready = ready(database);
    let unknown = ready.run(fetch(&ready.ctx, consent(party(1), &ALL)));
    assert!(matches!(unknown, Err(FetchError::NotIdentified)));
    assert_eq!(ready.asked(), 0);
    ready.run(prove_identity(&ready.ctx, party(1), who())).unwrap();
    let prefill = ready.run(fetch(&ready.ctx, consent(party(1), &ALL))).unwrap();
    assert_eq!(prefill.fetched.len(), 5);
    let fields = |source: &str| {
        let asked = ready.hall.asked.lock().unwrap();
        let found = asked.iter().rfind(|question| question.source.as_str() == source).unwrap();
        found.fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        (fields("population"), fields("housing_fund")),
        ("id_number name".into(), "account balance_yuan".into())
    );
    let strange = ready.run(fetch(&ready.ctx, consent(party(1), &["school_roll"])));
    assert!(matches!(strange, Err(FetchError::NotNeeded(_))), "nothing of a school is in this form");

    let changed = ready.run(apply(&ready.town.ctx, command(json!({"fund_account": "7777"}))));
    assert!(
        matches!(changed, Err(ApplyError::Answers(ref faults)) if faults.len() == 1 && faults[0].field == "fund_account")
    );
    let case = ready.run(apply(&ready.town.ctx, command(json!({"name": NAME})))).unwrap();
    let again = ready.run(apply(&ready.town.ctx, command(json!({"name": NAME})))).unwrap();
    assert_eq!(case.no, again.no, "sent again without the departments' answers, it is the same application");
    let application = case.application.unwrap();
    assert_eq!(application.requests.len(), 3, "the event names the questions it rests on");
    let given = ready.run(own_answers(&ready.town.ctx, application.answers)).unwrap();
    assert_eq!((&given.answers["fund_account"], &given.answers["married"]), (&json!("70001234"), &json!("married")));
    assert!(matches!(given.provenance["name"], Provenance::Fetched { .. }));
    let known = ready.run(find_prefill(&ready.town.ctx, party(1), service())).unwrap();
    let (level, left) = (known.level, known.prefill);
    assert_eq!((level, left.fetched.len()), (Level::L2, 0), "forgotten once handed in");
    let looks = database.read_blocking(|reader| reader.list_fetches_about(party(1), 10)).unwrap();
    assert!(looks.len() == 4 && looks.iter().all(|look| look.outcome == Some(FetchOutcome::Answered)));
});

on_both_databases!(a_department_that_fails_is_told_and_asked_again, |database| {
    let ready = ready(database);
    ready.run(prove_identity(&ready.ctx, party(1), who())).unwrap();
    for (mood, expect) in
        [(Mood::Away, FetchOutcome::Away), (Mood::Lies, FetchOutcome::Refused), (Mood::Nobody, FetchOutcome::NoRecord)]
    {
        ready.set(mood);
        let prefill = ready.run(fetch(&ready.ctx, consent(party(1), &ALL))).unwrap();
        assert!(prefill.fetched.is_empty());
        assert!(prefill.asked.values().all(|asked| asked.outcome() == Some(expect)));
    }
    let alone =
        ready.run(apply(&ready.town.ctx, command(json!({"name": NAME, "id_number": NUMBER, "married": "single"}))));
    assert!(
        matches!(alone, Err(ApplyError::Answers(ref faults)) if faults[0].field == "fund_account"),
        "the fund's alone"
    );
    ready.set(Mood::Honest);
    ready.run(fetch(&ready.ctx, consent(party(1), &["housing_fund"]))).unwrap();
    ready.set(Mood::Away);
    let kept = ready.run(fetch(&ready.ctx, consent(party(1), &["housing_fund"]))).unwrap();
    assert_eq!(kept.fetched.len(), 2, "what an earlier question brought stays");
    let own = json!({"name": NAME, "id_number": NUMBER, "married": "single"});
    let case = ready.run(apply(&ready.town.ctx, command(own))).unwrap();
    let handed_in = case.application.as_ref().unwrap().answers;
    let given = ready.run(own_answers(&ready.town.ctx, handed_in)).unwrap();
    assert!(matches!(given.provenance["married"], Provenance::SelfDeclared { .. }));
    assert!(matches!(given.provenance["fund_account"], Provenance::Fetched { .. }));
    let correction = |changes: Value| {
        let mut answers = given.answers.clone();
        answers.extend(serde_json::from_value::<BTreeMap<String, Value>>(changes).unwrap());
        CorrectCommand { case: case.id, by: HandedInBy::Applicant, party: party(1), version: case.version, answers }
    };
    let locked = ready.run(correct(&ready.town.ctx, correction(json!({"fund_account": "70009999"}))));
    assert!(
        matches!(locked, Err(CorrectError::Apply(ApplyError::Answers(ref faults))) if faults[0].field == "fund_account"),
        "what the fund said stays"
    );
    let corrected = ready.run(correct(&ready.town.ctx, correction(json!({"name": "李新河"})))).unwrap();
    let now = ready.run(own_answers(&ready.town.ctx, corrected.application.unwrap().answers)).unwrap();
    assert_eq!((&now.answers["name"], &now.provenance), (&json!("李新河"), &given.provenance));
});

on_both_databases!(what_cannot_be_written_down_is_not_asked, |database| {
    let ready = ready(database);
    ready.run(prove_identity(&ready.ctx, party(1), who())).unwrap();
    let before = ready.asked();
    database.close();
    let refused = ready.run(fetch(&ready.ctx, consent(party(1), &ALL)));
    assert!(matches!(refused, Err(FetchError::Store(_) | FetchError::Vault(_))), "{refused:?}");
    assert_eq!(ready.asked(), before, "nobody was asked");
});

on_both_databases!(one_identity_is_one_account_and_tries_are_few, |database| {
    let ready = ready(database);
    ready.run(prove_identity(&ready.ctx, party(1), who())).unwrap();
    assert!(matches!(ready.run(prove_identity(&ready.ctx, party(1), who())), Err(ProveError::Already)));
    assert!(matches!(ready.run(prove_identity(&ready.ctx, party(2), who())), Err(ProveError::Taken)));
    ready.set(Mood::Away);
    assert!(matches!(ready.run(prove_identity(&ready.ctx, party(2), who())), Err(ProveError::Away(_))));
    ready.set(Mood::Honest);
    let other = || Identity::parse("王晓月", NUMBER).unwrap();
    for _ in 2..TRIES_A_DAY {
        assert!(matches!(ready.run(prove_identity(&ready.ctx, party(2), other())), Err(ProveError::NoMatch)));
    }
    let asked = ready.asked();
    assert!(matches!(ready.run(prove_identity(&ready.ctx, party(2), other())), Err(ProveError::TooMany)));
    assert_eq!(ready.asked(), asked, "nobody is asked any more");
    ready.town.clock.advance_minutes(24 * 60 + 1);
    assert!(matches!(ready.run(prove_identity(&ready.ctx, party(2), other())), Err(ProveError::NoMatch)));
});

on_both_databases!(who_somebody_is_goes_with_them, |database| {
    let ready = ready(database);
    ready.run(prove_identity(&ready.ctx, party(1), who())).unwrap();
    ready.run(fetch(&ready.ctx, consent(party(1), &ALL))).unwrap();
    let row = database.read_blocking(|reader| reader.find_identity(party(1))).unwrap().unwrap();
    for private in [NAME, NUMBER] {
        assert!(
            !row.sealed.windows(private.len()).any(|bytes| bytes == private.as_bytes()),
            "nothing is kept in clear"
        );
    }
    let held = ready.run(collect(&ready.town.ctx, party(1))).unwrap();
    assert_eq!(held.identity.unwrap().identity, who());
    assert_eq!((held.prefills.len(), held.prefills[0].1.fetched.len(), held.fetches.len()), (1, 5, 4));
    ready.run(erase(&ready.town.ctx, party(1))).unwrap();
    assert_eq!(database.read_blocking(|reader| reader.find_identity(party(1))).unwrap(), None);
    assert!(database.read_blocking(|reader| reader.list_prefills(party(1))).unwrap().is_empty());
    assert!(ready.run(prove_identity(&ready.ctx, party(2), who())).is_ok(), "the number is nobody's again");
});

#[test]
fn a_lie_is_told_in_words() {
    assert_eq!(AskError::Lied(Lie::Extra).to_string(), "it answers what was not asked");
}

fn number() -> CreditCode {
    CreditCode::parse("91350100M000100Y43").unwrap()
}

on_both_databases!(an_organisation_is_entered_by_whom_the_register_names, |database| {
    let ready = ready(database);
    let early = ready.run(claim(&ready.ctx, party(1), number()));
    assert!(matches!(early, Err(ClaimError::NotIdentified)));
    assert_eq!(ready.asked(), 0, "nobody is asked about somebody unknown");
    ready.run(prove_identity(&ready.ctx, party(1), who())).unwrap();
    for (mood, expect) in [(Mood::Nobody, "no match"), (Mood::Away, "away"), (Mood::Lies, "away")] {
        ready.set(mood);
        let found = match ready.run(claim(&ready.ctx, party(1), number())) {
            Err(ClaimError::NoMatch) => "no match",
            Err(ClaimError::Away(_)) => "away",
            _ => "entered",
        };
        assert_eq!(found, expect);
    }
    ready.set(Mood::Honest);
    let claimed = ready.run(claim(&ready.ctx, party(1), number())).unwrap();
    let question = ready.hall.asked.lock().unwrap().last().unwrap().clone();
    assert_eq!((question.organisation, question.fields.len()), (Some(number()), 1), "asked for the name alone");
    let organisation = claimed.organisation.party;
    let now = model::Clock::now(&ready.town.clock);
    let agent = database.read_blocking(move |reader| find_agent(reader, claimed.mandate, party(1), now)).unwrap();
    assert!(agent.is_some_and(|agent| agent.is_organisation && agent.on_behalf_of == organisation));
    let again = ready.run(claim(&ready.ctx, party(1), number())).unwrap();
    assert_eq!(again.organisation.party, organisation, "entered again, it is the same");

    // Registers of organisations are asked about organisations, those of people about people.
    let night = || "night_work_approval".parse::<ServiceId>().unwrap();
    let ask = |whose: PartyId, source: &str| {
        let sources = vec![SourceId::new(source).unwrap()];
        ready.run(fetch(&ready.ctx, FetchCommand { service: night(), party: whose, asked_by: Some(party(2)), sources }))
    };
    assert!(matches!(ask(party(1), "business_register"), Err(FetchError::NotNeeded(_))));
    let prefill = ask(organisation, "business_register").unwrap();
    assert_eq!(prefill.fetched.len(), 2);
    let rows = database.read_blocking(move |reader| reader.list_fetches_about(organisation, 10)).unwrap();
    assert_eq!(rows[0].asked_by, Some(party(2)), "the question names who had it asked");
});
