//! Random walks through the process of the demo city: whatever people do, the rules hold and a way to the end remains.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::*;
use dipper_act::{Acting, available};
use model::{Actor, Case, Grant, PartyId};
use pack::{Action, Field, FieldKind};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The third is where routing sends a cover when nobody names a department.
const DEPARTMENTS: [&str; 3] = ["tianquan-sanitation", "tianquan-housing", "water_supply"];

/// Every post of the walk.
fn posts() -> Vec<(&'static str, &'static str)> {
    let mut posts = vec![
        ("acceptor", "supervision_centre"),
        ("duty_chief", "supervision_centre"),
        ("dispatcher", "command_centre"),
        ("collector", "shuyuan-collectors"),
        ("supervisor", "supervision_centre"),
    ];
    for office in DEPARTMENTS {
        posts.extend([("department_handler", office), ("department_chief", office)]);
    }
    posts
}

/// Three people for every post, and one who holds them all.
fn cast() -> Vec<Acting> {
    let posts = posts();
    let mut cast: Vec<_> = (0..3)
        .flat_map(|n| (0..).zip(&posts).map(move |(i, (role, office))| staff(100 * (n + 1) + i, role, office)))
        .collect();
    cast.push(jack(999, &posts));
    cast.extend([resident(), Acting::SecretHolder]);
    cast
}

/// A new colleague for every post, who had no hand in anything: a walk may leave nobody else with clean hands.
fn relief() -> Vec<Acting> {
    (0..).zip(posts()).map(|(i, (role, office))| staff(2_000 + i, role, office)).collect()
}

/// An answer that fits the field.
fn answer(field: &Field, pick: usize, people: &[PartyId]) -> Value {
    match &field.kind {
        FieldKind::Text { .. } => json!("文字"),
        FieldKind::Number { min, .. } => json!(min),
        FieldKind::Choice { options } => json!(options[pick % options.len()].id),
        FieldKind::Choices { options } => json!([options[0].id]),
        FieldKind::Date => json!(MONDAY[..10]),
        FieldKind::Datetime => json!(MONDAY),
        FieldKind::Office { .. } => json!(DEPARTMENTS[pick % DEPARTMENTS.len()]),
        FieldKind::Evidence { .. } => json!([photo(u8::try_from(pick % 250).unwrap())]),
        FieldKind::Limit { max } => json!(format!("1 {}", max.unit().as_str())),
        FieldKind::Condition => {
            let condition = ["missing", "broken", "loose"][pick % 3];
            json!({"category": "b0101", "condition": condition})
        }
        FieldKind::Stars => json!(1 + pick % 5),
        FieldKind::Person => json!(people[pick % people.len()].to_string()),
    }
}

fn answered(action: &Action, pick: usize, people: &[PartyId]) -> Value {
    action
        .fields
        .iter()
        .map(|field| (field.id.to_string(), answer(field, pick, people)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Who did what, kept apart from the fold: nobody may take an action separate from one they took before.
#[derive(Default)]
struct Duties(BTreeMap<String, BTreeSet<PartyId>>);

impl Duties {
    fn record(&mut self, action: &Action, acting: &Acting) {
        let Acting::Staff { party, .. } = acting else { return };
        for earlier in &action.separate_from {
            let doers = self.0.get(earlier.as_str());
            assert!(doers.is_none_or(|doers| !doers.contains(party)), "{party} did {earlier} and now {}", action.id);
        }
        self.0.entry(action.id.to_string()).or_default().insert(*party);
    }
}

/// Those of the cast who may be given the present task by an action.
fn holders(board: &Board, action: &Action) -> Vec<PartyId> {
    let Some(task) = &board.case.task else { return Vec::new() };
    let holds = |acting: &Acting| match acting {
        Acting::Staff { party, grants } => {
            let has_post = grants.iter().any(|grant| grant.role == task.role && grant.office == task.office);
            let did = |earlier| board.case.done_by.get(earlier).is_some_and(|doers| doers.contains(party));
            (has_post && !action.separate_from.iter().any(did)).then_some(*party)
        }
        _ => None,
    };
    cast().iter().filter_map(holds).collect()
}

/// Takes an action and checks what must always hold.
fn take(board: &mut Board, duties: &mut Duties, acting: &Acting, action: &Action, pick: usize) {
    let (version, state) = (board.case.version, board.case.state.clone());
    board.act(acting, action.id.as_str(), answered(action, pick, &holders(board, action)));
    duties.record(action, acting);
    assert!(board.case.version > version, "{} leaves a trace", action.id);
    check(board, acting);
    assert_eq!(
        board.case,
        Case::fold(&board.events).unwrap(),
        "folding at once and step by step agree after {} in {state}",
        action.id
    );
}

fn check(board: &Board, acting: &Acting) {
    let case = &board.case;
    let process = &board.compiled.city.processes[&case.process];
    let state = &process.states[&case.state];
    assert_eq!(case.is_open(), state.outcome.is_none());
    assert_eq!(case.is_open(), case.task.is_some(), "an open case is owed by somebody, a closed one by nobody");
    assert_eq!(case.is_open(), case.closed_at.is_none());
    assert_eq!(&case.stage, &state.stage);
    assert!(case.level <= process.escalation.as_ref().unwrap().levels);
    if !case.is_open() {
        assert_eq!(case.next_due_at(), None, "no timer for a case that has ended");
        assert_eq!((case.level, &case.watcher), (0, &None));
    } else if case.task_clock().is_none_or(|clock| clock.paused_with_us.is_some()) {
        panic!("{} waits without a clock", case.state);
    }
    let open: Vec<_> = case.steps.iter().filter(|step| step.left_at.is_none()).map(|step| step.seq).collect();
    assert_eq!(open, [u32::try_from(case.steps.len()).unwrap()]);
    let last = board.events.last().unwrap();
    if let (Actor::Staff { party, role, office }, Acting::Staff { grants, .. }) = (&last.actor, acting) {
        assert_eq!(Some(*party), acting.party());
        assert!(
            grants.iter().any(|grant: &Grant| (&grant.role, &grant.office) == (role, office)),
            "recorded under a post they hold"
        );
    }
}

/// The actions that bring a case to its end, state by state.
const TO_THE_END: [(&str, &str); 13] = [
    ("reported", "accept_seen"),
    ("verifying", "verify"),
    ("filing", "file"),
    ("dispatching", "dispatch"),
    ("appeal_review", "deny_appeal"),
    ("disposing", "complete"),
    ("extension_review", "deny_extension"),
    ("suspension_signing", "refuse_suspension"),
    ("suspension_review", "refuse_suspension"),
    ("suspended", "resume"),
    ("feedback", "confirm_feedback"),
    ("checking", "check_pass"),
    ("closing", "close"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_the_rules_hold_and_the_case_can_be_closed(walk in proptest::collection::vec((any::<u16>(), 0_u32..4_000), 1..45)) {
        let cast = cast();
        let mut board = Board::report(demo(), "b0101", Some("loose"), MONDAY);
        let mut duties = Duties::default();
        let city = std::sync::Arc::clone(&board.compiled.city);
        let process = &city.processes[&board.case.process];
        for (pick, minutes) in walk {
            let pick = usize::from(pick);
            // A person is asked for only where there is one to name.
            let asks_nobody = |action: &Action| {
                action.effect == Some(pack::Effect::Assign) && holders(&board, action).is_empty()
            };
            let possible: Vec<(&Acting, &Action)> = cast
                .iter()
                .flat_map(|acting| {
                    let ids: Vec<_> = available(&board.case, &board.compiled, acting, board.now).into_iter().map(|action| action.id.clone()).collect();
                    ids.into_iter().map(move |id| (acting, process.action(&id).unwrap()))
                })
                .filter(|(_, action)| !asks_nobody(action))
                .collect();
            if possible.is_empty() {
                break;
            }
            let (acting, action) = possible[pick % possible.len()];
            take(&mut board, &mut duties, acting, action, pick);
            board.wait(i64::from(minutes) * MINUTE_US);
            check(&board, &Acting::SecretHolder);
        }
        let everybody = [cast.clone(), relief()].concat();
        for _ in 0..40 {
            let Some((_, id)) = TO_THE_END.iter().find(|(state, _)| board.state() == *state) else { break };
            let action = process.action(&id.parse().unwrap()).unwrap();
            let who = everybody.iter().find(|acting| board.allowed(acting).iter().any(|allowed| allowed == id));
            let who = who.unwrap_or_else(|| panic!("nobody can {id} in {}: {:?}", board.state(), board.case.task));
            take(&mut board, &mut duties, who, action, 0);
        }
        prop_assert!(!board.case.is_open(), "still {}", board.state());
    }
}
