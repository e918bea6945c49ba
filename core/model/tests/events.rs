//! The persisted language: every kind of event as it is stored, and what a long story folds to.
//!
//! A golden file is never changed, only added: what was written once must read the same for ever.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use dipper_model as model;
use grid::{Cell, Level, LonLat};
use model::{
    Actor, Application, Case, CaseId, ClientId, ClockName, Commitment, ContactId, DataClass, Event, EventBody, EventId,
    EvidenceId, Extracted, FeeLine, FoldError, Instant, LicenceId, MandateId, Moved, Outcome, PackHash, PartyId,
    PaymentId, PaymentState, Place, Reported, Reporter, RequestId, SealedId, Sealing, Tally, Task, Visit, VisitEnd,
    VisitState,
};
use serde_json::{Value, json};

/// Compares with a golden file; a missing one is written, and the test fails so that somebody looks at it.
fn golden(name: &str, text: &str) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")).join(name);
    match fs::read_to_string(&path) {
        Ok(kept) => assert_eq!(kept, text, "{name} is the language of the log and never changes"),
        Err(_) => {
            fs::write(&path, text).unwrap();
            panic!("{name} was not there and has been written: read it, then run again");
        }
    }
}

fn at(minute: i64) -> Instant {
    "2026-11-02T01:00:00Z".parse::<Instant>().unwrap().plus_micros(minute * 60_000_000)
}

fn party(number: u128) -> PartyId {
    PartyId::new(at(0), number)
}

fn file(number: u8) -> EvidenceId {
    EvidenceId::new([number; 32])
}

fn staff(number: u128, role: &str, office: &str) -> Actor {
    Actor::Staff { party: party(number), role: role.parse().unwrap(), office: office.parse().unwrap() }
}

fn task(role: &str, office: &str, clock: ClockName) -> Task {
    Task { role: role.parse().unwrap(), office: office.parse().unwrap(), clock, assignee: None }
}

fn whole_report() -> Reported {
    let point = LonLat::new(112.9, 32.5).unwrap();
    Reported {
        no: "YG20261102-000001".parse().unwrap(),
        pack: PackHash::new([7; 32]),
        process: "urban_case".parse().unwrap(),
        category: "b0101".parse().unwrap(),
        condition: Some("loose".parse().unwrap()),
        description: "井盖松动\n有响声".to_owned(),
        place: Place {
            point: Some(point),
            cell: Cell::encode(point, Level::L10).ok(),
            region: "shuyuan".parse().unwrap(),
            address: Some("书院路 12 号".to_owned()),
        },
        channel: "resident".to_owned(),
        reporter: Reporter {
            party: Some(party(1)),
            client: Some(ClientId::new("open311-app").unwrap()),
            contact: Some(ContactId::new(at(0), 5)),
        },
        evidence: vec![file(1), file(2)],
        answers: BTreeMap::from([("lane".to_owned(), json!(2)), ("kinds".to_owned(), json!(["a", "b"]))]),
        application: None,
        source_id: Some("101000295613".to_owned()),
        state: "reported".parse().unwrap(),
        stage: "collect".parse().unwrap(),
        task: Some(task("acceptor", "supervision_centre", ClockName::Task)),
    }
}

fn visit() -> Visit {
    Visit { place: "hall".parse().unwrap(), starts_at: at(600), ends_at: at(630), seat: 2 }
}

fn licence() -> LicenceId {
    LicenceId::new(at(0), 8)
}

fn application() -> Reported {
    Reported {
        application: Some(Application {
            service: "food_business_licence".parse().unwrap(),
            answers: SealedId::new(at(0), 6),
            commitment: Commitment::new([8; 32]),
            requests: Vec::new(),
            licences: Vec::new(),
            fees: Vec::new(),
            kiosk: None,
        }),
        answers: BTreeMap::new(),
        ..whole_report()
    }
}

fn corrected(answers: u128, evidence: Vec<EvidenceId>) -> EventBody {
    let fields = ["shop_name", "area"].map(|field| field.parse().unwrap()).to_vec();
    let answers = SealedId::new(at(1), answers);
    EventBody::Corrected { answers, commitment: Commitment::new([9; 32]), fields, evidence }
}

fn moved(action: &str, from: &str, to: &str, stage: &str, task: Option<Task>) -> Moved {
    Moved {
        action: action.parse().unwrap(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        stage: stage.parse().unwrap(),
        task,
        handler: None,
        outcome: None,
        tally: None,
        reason: None,
        note: None,
        public: false,
        evidence: BTreeMap::new(),
        answers: BTreeMap::new(),
    }
}

fn whole_move() -> Moved {
    Moved {
        handler: Some("tianquan-roads".parse().unwrap()),
        outcome: Some(Outcome::Resolved),
        tally: Some(Tally::Rework),
        reason: Some("season".to_owned()),
        note: Some("冬季无法施工".to_owned()),
        public: true,
        evidence: BTreeMap::from([("after".to_owned(), vec![file(3)]), ("before".to_owned(), vec![file(4)])]),
        answers: BTreeMap::from([("limit".to_owned(), json!("2 working_day"))]),
        ..moved(
            "complete",
            "disposing",
            "feedback",
            "feedback",
            Some(Task { assignee: Some(party(9)), ..task("dispatcher", "command_centre", ClockName::Task) }),
        )
    }
}

/// Every kind with every field given, then those with fields that may be absent, without them.
fn samples() -> Vec<(String, EventBody)> {
    let started = |limit: bool| EventBody::ClockStarted {
        clock: ClockName::Disposal,
        limit: limit.then(|| "2 working_day".parse().unwrap()),
        calendar: limit.then(|| "working".parse().unwrap()),
        due_at: at(60),
    };
    let bare_report = Reported {
        condition: None,
        place: Place { point: None, cell: None, region: "yaoguang".parse().unwrap(), address: None },
        reporter: Reporter::ANONYMOUS,
        evidence: Vec::new(),
        answers: BTreeMap::new(),
        source_id: None,
        task: None,
        ..whole_report()
    };
    let task_clock = ClockName::Task;
    let whole = [
        EventBody::Reported(Box::new(whole_report())),
        EventBody::Moved(Box::new(whole_move())),
        EventBody::Claimed,
        started(true),
        EventBody::ClockPaused { clock: task_clock, left_us: -5 },
        EventBody::ClockResumed { clock: task_clock, due_at: at(70) },
        EventBody::ClockExtended { clock: ClockName::Disposal, by: "1 calendar_day".parse().unwrap(), due_at: at(80) },
        EventBody::ClockStopped { clock: task_clock },
        EventBody::ClockExempted { clock: ClockName::Disposal },
        EventBody::DeadlinePassed { clock: task_clock, due_at: at(15), next_at: Some(at(255)) },
        EventBody::Escalated {
            level: 2,
            office: "city_committee".parse().unwrap(),
            clock: task_clock,
            next_at: Some(at(500)),
        },
        EventBody::Joined { reporter: whole_report().reporter },
        EventBody::Reclassified { category: "b0102".parse().unwrap(), condition: Some("missing".parse().unwrap()) },
        EventBody::Rated { stars: 4, note: Some("很快".to_owned()) },
        EventBody::Booked { visit: visit() },
        EventBody::VisitEnded { how: VisitEnd::Missed },
        EventBody::Arrived { ticket: "A012".to_owned() },
        EventBody::Paying {
            payment: PaymentId::new(at(0), 9),
            state: PaymentState::Captured,
            amount: 1_000,
            reference: Some("G-000017".to_owned()),
            fees: Vec::new(),
        },
        looked("", None),
        EventBody::Extracted(Box::new(Extracted {
            extract: RequestId::new(at(0), 7),
            service: "elder_allowance".parse().unwrap(),
            fields: vec!["elder_name".parse().unwrap()],
            count: 3,
            root: Commitment::new([9; 32]),
            purpose: "核对津贴发放名单".to_owned(),
            basis: "《老年人权益保障法》第三十三条".to_owned(),
        })),
        EventBody::RefundAsked { payment: PaymentId::new(at(0), 9), part: 1, amount: 400 },
        EventBody::RefundMade { payment: PaymentId::new(at(0), 9), part: 1 },
        corrected(2, vec![file(4)]),
        EventBody::Issued { licence: licence(), index: 7, expires_at: Some(at(900)) },
        EventBody::Revoked { licence: licence() },
    ];
    let bare = [
        EventBody::Reported(Box::new(bare_report)),
        EventBody::Moved(Box::new(moved("comment", "disposing", "disposing", "dispose", None))),
        started(false),
        EventBody::DeadlinePassed { clock: task_clock, due_at: at(15), next_at: None },
        EventBody::Escalated {
            level: 3,
            office: "city_committee".parse().unwrap(),
            clock: ClockName::Disposal,
            next_at: None,
        },
        EventBody::Joined { reporter: Reporter::ANONYMOUS },
        EventBody::Reclassified { category: "b0102".parse().unwrap(), condition: None },
        EventBody::Rated { stars: 1, note: None },
        EventBody::Paying {
            payment: PaymentId::new(at(0), 9),
            state: PaymentState::Created,
            amount: 1_000,
            reference: None,
            fees: Vec::new(),
        },
        corrected(3, Vec::new()),
        EventBody::Issued { licence: licence(), index: 0, expires_at: None },
    ];
    let named = |end: &'static str| move |body: EventBody| (format!("{}{end}.json", body.kind()), body);
    let applied = EventBody::Reported(Box::new(application()));
    let samples = whole.into_iter().map(named("")).chain(bare.into_iter().map(named("_bare")));
    let sealing = Sealing { until: at(900), ground: "监察调查需要".to_owned() };
    let sealed = looked("《监察法》第十八条", Some(sealing));
    let itemised = EventBody::Paying {
        payment: PaymentId::new(at(0), 9),
        state: PaymentState::Created,
        amount: 1_000,
        reference: None,
        fees: vec![FeeLine {
            fee: "postage".parse().unwrap(),
            amount: 1_000,
            full: 2_000,
            reduction: Some("allowance".parse().unwrap()),
        }],
    };
    let more = [(applied, "_application"), (sealed, "_sealed"), (itemised, "_fees")];
    samples.chain(more.into_iter().map(|(body, end)| named(end)(body))).collect()
}

fn looked(basis: &str, sealed: Option<Sealing>) -> EventBody {
    let purpose = "审查申请材料".to_owned();
    EventBody::Looked { data: DataClass::Application, purpose, basis: basis.to_owned(), sealed }
}

/// A new variant does not compile here until it has its sample above.
fn ordinal(body: &EventBody) -> usize {
    match body {
        EventBody::Reported(_) => 0,
        EventBody::Moved(_) => 1,
        EventBody::Claimed => 2,
        EventBody::ClockStarted { .. } => 3,
        EventBody::ClockPaused { .. } => 4,
        EventBody::ClockResumed { .. } => 5,
        EventBody::ClockExtended { .. } => 6,
        EventBody::ClockStopped { .. } => 7,
        EventBody::ClockExempted { .. } => 8,
        EventBody::DeadlinePassed { .. } => 9,
        EventBody::Escalated { .. } => 10,
        EventBody::Joined { .. } => 11,
        EventBody::Reclassified { .. } => 12,
        EventBody::Rated { .. } => 13,
        EventBody::Booked { .. } => 14,
        EventBody::VisitEnded { .. } => 15,
        EventBody::Arrived { .. } => 16,
        EventBody::Issued { .. } => 17,
        EventBody::Revoked { .. } => 18,
        EventBody::Paying { .. } => 19,
        EventBody::RefundAsked { .. } => 21,
        EventBody::RefundMade { .. } => 22,
        EventBody::Looked { .. } => 20,
        EventBody::Extracted(_) => 23,
        EventBody::Corrected { .. } => 24,
    }
}

const KINDS: usize = 25;

#[test]
fn every_kind_of_event_is_stored_as_its_golden_file_says() {
    let mut seen = BTreeSet::new();
    for (name, body) in samples() {
        seen.insert(ordinal(&body));
        let value = serde_json::to_value(&body).unwrap();
        assert_eq!(value["kind"], body.kind(), "the word in SQL is the word in JSON");
        golden(&name, &format!("{}\n", serde_json::to_string_pretty(&value).unwrap()));
        assert_eq!(serde_json::from_value::<EventBody>(value).unwrap(), body, "{name} reads back");
    }
    assert_eq!(seen.len(), KINDS, "every kind has a sample");
}

#[test]
fn every_actor_is_stored_as_its_golden_file_says() {
    let actors = [
        staff(3, "dispatcher", "command_centre"),
        Actor::Resident { party: party(1) },
        Actor::Anonymous,
        Actor::Client { client: ClientId::new("open311-app").unwrap() },
        Actor::system("timer"),
        Actor::Agent { party: party(2), on_behalf_of: party(1), mandate: MandateId::new(at(0), 1) },
    ];
    golden("actors.json", &format!("{}\n", serde_json::to_string_pretty(&actors).unwrap()));
    let kept: Vec<Actor> = serde_json::from_str(&serde_json::to_string(&actors).unwrap()).unwrap();
    assert_eq!(kept, actors);
}

#[test]
fn every_word_of_outcomes_and_tallies_is_the_same_in_json_and_sql() {
    let word = |value: Value| value.as_str().unwrap().to_owned();
    for outcome in [Outcome::Resolved, Outcome::Declined, Outcome::Duplicate, Outcome::Withdrawn] {
        assert_eq!(word(json!(outcome)), outcome.as_str());
    }
    let tallies = [
        Tally::Rework,
        Tally::Returned,
        Tally::Suspended,
        Tally::ExtensionAsked,
        Tally::Extended,
        Tally::Appealed,
        Tally::AppealUpheld,
        Tally::Supervised,
        Tally::Urged,
        Tally::Reopened,
    ];
    for tally in tallies {
        assert_eq!(word(json!(tally)), tally.as_str());
    }
    for clock in [ClockName::Task, ClockName::Disposal, ClockName::Legal] {
        assert_eq!(word(json!(clock)), clock.as_str());
    }
}

#[test]
fn fields_that_a_later_version_adds_do_not_keep_an_event_from_being_read() {
    for (name, body) in samples() {
        let mut value = serde_json::to_value(&body).unwrap();
        value.as_object_mut().unwrap().insert("added_later".to_owned(), json!(1));
        assert_eq!(serde_json::from_value::<EventBody>(value).unwrap(), body, "{name}");
    }
}

fn event(minute: i64, actor: Actor, version: u32, body: EventBody) -> Event {
    let happened = at(minute);
    Event {
        position: version.into(),
        id: EventId::new(happened, version.into()),
        case: CaseId::new(at(0), 1),
        version,
        at: happened,
        recorded_at: happened,
        actor,
        body,
    }
}

/// A cover reported, missed, claimed, returned, reclassified, extended, reworked, closed, rated, opened again, withdrawn from.
fn story() -> Vec<Event> {
    use ClockName::{Disposal, Task as TaskClock};
    let resident = || Actor::Resident { party: party(1) };
    let timer = || Actor::system("timer");
    let (zhao, qian) =
        (|| staff(2, "acceptor", "supervision_centre"), || staff(3, "department_handler", "tianquan-roads"));
    let started = |clock, due: i64| EventBody::ClockStarted {
        clock,
        limit: Some("15 urgent_minute".parse().unwrap()),
        calendar: Some("round_the_clock".parse().unwrap()),
        due_at: at(due),
    };
    let move_of = |moved: Moved| EventBody::Moved(Box::new(moved));
    let handling = || Some(task("department_handler", "tianquan-roads", Disposal));
    let to_handle = |action: &str, from: &str| Moved {
        handler: Some("tianquan-roads".parse().unwrap()),
        ..moved(action, from, "disposing", "dispose", handling())
    };
    let done = || Moved {
        evidence: BTreeMap::from([("after".to_owned(), vec![file(3)])]),
        note: Some("修好".to_owned()),
        ..moved("complete", "disposing", "checking", "check", Some(task("collector", "shuyuan-collectors", TaskClock)))
    };
    let closing =
        || Moved { outcome: Some(Outcome::Resolved), ..moved("close", "checking", "closed", "evaluate", None) };
    let bodies: Vec<(i64, Actor, EventBody)> = vec![
        (0, resident(), EventBody::Reported(Box::new(whole_report()))),
        (0, resident(), started(TaskClock, 15)),
        (5, Actor::Anonymous, EventBody::Joined { reporter: Reporter::ANONYMOUS }),
        (16, timer(), EventBody::DeadlinePassed { clock: TaskClock, due_at: at(15), next_at: Some(at(60)) }),
        (
            61,
            timer(),
            EventBody::Escalated {
                level: 1,
                office: "city_committee".parse().unwrap(),
                clock: TaskClock,
                next_at: None,
            },
        ),
        (70, zhao(), EventBody::ClockStopped { clock: TaskClock }),
        (70, zhao(), move_of(to_handle("dispatch", "reported"))),
        (70, zhao(), started(Disposal, 200)),
        (80, qian(), EventBody::Claimed),
        (90, qian(), EventBody::ClockPaused { clock: Disposal, left_us: 110 * 60_000_000 }),
        (
            90,
            qian(),
            move_of(Moved {
                tally: Some(Tally::Returned),
                ..moved(
                    "return",
                    "disposing",
                    "reported",
                    "collect",
                    Some(task("acceptor", "supervision_centre", TaskClock)),
                )
            }),
        ),
        (90, qian(), started(TaskClock, 105)),
        (95, zhao(), EventBody::Reclassified { category: "b0102".parse().unwrap(), condition: None }),
        (100, zhao(), EventBody::ClockStopped { clock: TaskClock }),
        (100, zhao(), move_of(to_handle("dispatch", "reported"))),
        (100, zhao(), EventBody::ClockResumed { clock: Disposal, due_at: at(210) }),
        (
            120,
            zhao(),
            EventBody::ClockExtended { clock: Disposal, by: "30 urgent_minute".parse().unwrap(), due_at: at(240) },
        ),
        (
            120,
            zhao(),
            move_of(Moved {
                tally: Some(Tally::Extended),
                answers: BTreeMap::from([("limit".to_owned(), json!("30 urgent_minute"))]),
                ..moved("extend", "disposing", "disposing", "dispose", handling())
            }),
        ),
        (130, qian(), EventBody::ClockStopped { clock: Disposal }),
        (130, qian(), move_of(done())),
        (130, qian(), started(TaskClock, 160)),
        (150, zhao(), EventBody::ClockStopped { clock: TaskClock }),
        (150, zhao(), move_of(Moved { tally: Some(Tally::Rework), ..to_handle("check_fail", "checking") })),
        (150, zhao(), started(Disposal, 300)),
        (160, zhao(), EventBody::ClockExempted { clock: Disposal }),
        (170, qian(), EventBody::ClockStopped { clock: Disposal }),
        (170, qian(), move_of(done())),
        (170, qian(), started(TaskClock, 200)),
        (180, zhao(), EventBody::ClockStopped { clock: TaskClock }),
        (180, zhao(), move_of(closing())),
        (190, resident(), move_of(moved("rate", "closed", "closed", "evaluate", None))),
        (190, resident(), EventBody::Rated { stars: 2, note: None }),
        (
            200,
            resident(),
            move_of(Moved {
                tally: Some(Tally::Reopened),
                ..moved(
                    "reopen",
                    "closed",
                    "reported",
                    "collect",
                    Some(task("acceptor", "supervision_centre", TaskClock)),
                )
            }),
        ),
        (200, resident(), started(TaskClock, 215)),
    ];
    (1..).zip(bodies).map(|(version, (minute, actor, body))| event(minute, actor, version, body)).collect()
}

#[test]
fn a_long_story_folds_to_what_its_golden_file_says() {
    let case = Case::fold(&story()).unwrap();
    golden("story.txt", &format!("{case:#?}\n"));
}

#[test]
fn every_beginning_of_a_story_folds_and_step_by_step_is_the_same() {
    let events = story();
    let mut case = Case::begin(&events[0]).unwrap();
    for (count, event) in (2..).zip(&events[1..]) {
        case.apply(event).unwrap();
        assert_eq!(case, Case::fold(&events[..count]).unwrap(), "after {} events", count);
        assert_eq!(case.version as usize, count);
    }
}

#[test]
fn a_correction_names_the_new_record_and_keeps_the_former() {
    let resident = || Actor::Resident { party: party(1) };
    let handed_in = application();
    let (first, files) = (handed_in.application.clone().unwrap().answers, handed_in.evidence.clone());
    let events = [
        event(0, resident(), 1, EventBody::Reported(Box::new(handed_in))),
        event(5, resident(), 2, corrected(2, vec![file(4)])),
        event(9, resident(), 3, corrected(3, files.clone())),
    ];
    let case = Case::fold(&events).unwrap();
    let application = case.application.as_ref().unwrap();
    assert_eq!((application.answers, application.commitment), (SealedId::new(at(1), 3), Commitment::new([9; 32])));
    let formers: Vec<_> = case.corrections.iter().map(|correction| (correction.at, correction.former)).collect();
    assert_eq!(formers, [(at(5), first), (at(9), SealedId::new(at(1), 2))]);
    assert_eq!((case.first_answers(), &case.evidence["report"]), (Some(first), &files));
    assert_eq!((case.is_dropped(&file(4)), case.is_dropped(&files[0])), (true, false), "taken out, and put back");
    let report = [
        event(0, resident(), 1, EventBody::Reported(Box::new(whole_report()))),
        event(5, resident(), 2, corrected(2, Vec::new())),
    ];
    let case = Case::fold(&report).unwrap();
    assert_eq!((case.application, case.corrections.len()), (None, 0), "what is no application has no answers");
}

#[test]
fn a_damaged_history_does_not_fold() {
    let events = story();
    assert_eq!(Case::fold(&[]), Err(FoldError::Empty));
    let mut missing = events.clone();
    missing.remove(4);
    assert!(matches!(Case::fold(&missing), Err(FoldError::Gap { expected: 5, found: 6, .. })));
    assert!(matches!(Case::fold(&events[1..]), Err(FoldError::Order { version: 2, kind: "clock_started", .. })));
    let twice = [events[0].clone(), Event { version: 2, ..events[0].clone() }];
    assert!(matches!(Case::fold(&twice), Err(FoldError::Order { version: 2, kind: "reported", .. })));
    let no_clock =
        [events[0].clone(), event(1, Actor::Anonymous, 2, EventBody::ClockStopped { clock: ClockName::Disposal })];
    assert!(matches!(Case::fold(&no_clock), Err(FoldError::Clock { version: 2, .. })));
}

#[test]
fn a_state_without_a_limit_does_not_inherit_the_deadline_of_the_one_before() {
    let mut events = story()[..2].to_vec();
    let actor = || staff(2, "acceptor", "supervision_centre");
    events.push(event(9, actor(), 3, EventBody::ClockStopped { clock: ClockName::Task }));
    let wait =
        moved("accept", "reported", "waiting", "file", Some(task("collector", "shuyuan-collectors", ClockName::Task)));
    events.push(event(9, actor(), 4, EventBody::Moved(Box::new(wait))));
    let case = Case::fold(&events).unwrap();
    assert_eq!((case.steps[0].due_at, case.steps[1].due_at), (Some(at(15)), None));
    assert_eq!((case.due_at(), case.next_due_at()), (None, None));
}

#[test]
fn a_step_done_at_the_instant_it_began_keeps_its_deadline() {
    let mut events = story()[..2].to_vec();
    let actor = || staff(2, "acceptor", "supervision_centre");
    events.push(event(0, actor(), 3, EventBody::ClockStopped { clock: ClockName::Task }));
    events.push(event(
        0,
        actor(),
        4,
        EventBody::Moved(Box::new(moved("accept", "reported", "closed", "evaluate", None))),
    ));
    assert_eq!(Case::fold(&events).unwrap().steps[0].due_at, Some(at(15)));
}

#[test]
fn a_booking_is_held_moved_and_kept_or_missed() {
    let event = |version: u32, body: EventBody| Event {
        position: version.into(),
        id: EventId::new(at(0), version.into()),
        case: CaseId::new(at(0), 1),
        version,
        at: at(version.into()),
        recorded_at: at(version.into()),
        actor: Actor::Anonymous,
        body,
    };
    let later = Visit { starts_at: at(700), ends_at: at(730), ..visit() };
    let mut events = vec![
        event(1, EventBody::Reported(Box::new(application()))),
        event(2, EventBody::Booked { visit: visit() }),
        event(3, EventBody::VisitEnded { how: VisitEnd::Moved }),
        event(4, EventBody::Booked { visit: later.clone() }),
    ];
    let case = Case::fold(&events).unwrap();
    assert_eq!((case.booked_visit(), case.next_due_at()), (Some(&later), Some(at(730))));
    events.push(event(5, EventBody::Arrived { ticket: "A012".to_owned() }));
    let case = Case::fold(&events).unwrap();
    assert_eq!((case.booked_visit(), case.next_due_at()), (None, None));
    let states: Vec<&str> = case.bookings.iter().map(|booking| booking.state.as_str()).collect();
    assert_eq!(states, ["moved", "arrived"]);
    assert_eq!(case.bookings[1].state, VisitState::Arrived);
}
