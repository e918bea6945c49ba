//! The rules of deciding, one by one, on the process of the demo city.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use common::*;
use dipper_act::{Acting, Refusal};
use model::{ClockName, EventBody, Reporter, Tally};
use serde_json::{Value, json};

const SANITATION: &str = "tianquan-sanitation";
const HOUSING: &str = "tianquan-housing";

fn disposing() -> Board {
    let mut board = Board::rubble();
    board.bring_to_department(SANITATION, "s0111", "found");
    board
}

fn closed() -> Board {
    let mut board = disposing();
    board.bring_to_check(&handler(10, SANITATION)).act(&collector(20), "check_pass", json!({"check": [photo(2)]}));
    board.act(&chief(), "close", json!({}));
    assert_eq!(board.state(), "closed");
    board
}

/// A short word for what was refused.
fn word(refused: &Result<Vec<model::NewEvent>, Refusal>) -> &'static str {
    match refused {
        Err(Refusal::Unpaid { .. }) => "unpaid",
        Err(Refusal::MaterialRevoked { .. }) => "material_revoked",
        Ok(_) => "taken",
        Err(Refusal::NotAllowed { .. }) => "not_allowed",
        Err(Refusal::NotYours { .. }) => "not_yours",
        Err(Refusal::OwnWork { .. }) => "own_work",
        Err(Refusal::Expired { .. }) => "expired",
        Err(Refusal::TooSoon { .. }) => "too_soon",
        Err(Refusal::Answers(_)) => "answers",
        Err(Refusal::Pack(_)) => "pack",
        Err(Refusal::Broken(_)) => "broken",
    }
}

#[test]
fn a_refusal_says_why_and_what_this_person_may_do_instead() {
    let board = Board::rubble();
    let elsewhere = Acting::Staff {
        party: person(1),
        grants: vec![model::Grant {
            role: "acceptor".parse().unwrap(),
            office: "supervision_centre".parse().unwrap(),
            region: "gulou".parse().unwrap(),
        }],
    };
    type Row<'a> = (&'a str, Acting, &'a str, Value, &'a str, &'a [&'a str]);
    let table: [Row; 9] = [
        (
            "unknown action",
            acceptor(),
            "fly",
            json!({}),
            "not_allowed",
            &["accept", "accept_seen", "correct", "merge", "decline", "comment"],
        ),
        (
            "another state's",
            acceptor(),
            "close",
            json!({}),
            "not_allowed",
            &["accept", "accept_seen", "correct", "merge", "decline", "comment"],
        ),
        ("another role's", dispatcher(), "accept", json!({}), "not_yours", &["comment"]),
        ("another office's", staff(1, "acceptor", "command_centre"), "accept", json!({}), "not_yours", &["comment"]),
        ("another region's", elsewhere, "accept", json!({}), "not_yours", &[]),
        (
            "a resident who did not report it",
            Acting::Resident { party: person(77) },
            "urge",
            json!({}),
            "not_yours",
            &[],
        ),
        ("the reporter's own", resident(), "accept", json!({}), "not_yours", &["urge", "withdraw"]),
        ("a missing answer", acceptor(), "decline", json!({"reason": "unclear"}), "answers", &[]),
        ("all in order", acceptor(), "accept", json!({}), "taken", &[]),
    ];
    for (what, acting, action, given, expect, instead) in table {
        let outcome = board.decide(&acting, action, given);
        assert_eq!(word(&outcome), expect, "{what}");
        if let Err(Refusal::NotAllowed { allowed, .. } | Refusal::NotYours { allowed, .. }) = outcome {
            let allowed: Vec<_> = allowed.iter().map(|action| action.as_str()).collect();
            assert_eq!(allowed, instead, "{what}");
            assert_eq!(board.allowed(&acting), instead, "{what}: a face shows what a refusal names");
        }
    }
}

#[test]
fn every_faulty_answer_is_named_at_once() {
    let board = disposing();
    let given = json!({"after": [photo(1), photo(1)], "note": "x".repeat(1001), "mood": "fine"});
    let Err(Refusal::Answers(faults)) = board.decide(&handler(10, SANITATION), "complete", given) else {
        panic!("refused")
    };
    let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["mood", "after", "note"]);
    assert!(faults[1].message.contains("twice") && faults[2].message.contains("1000"), "{faults:?}");
}

#[test]
fn a_claimed_task_is_for_its_assignee_alone_until_the_state_is_left() {
    let mut board = disposing();
    let (first, second) = (handler(10, SANITATION), handler(11, SANITATION));
    board.act(&first, "claim", json!({}));
    assert_eq!(board.case.task.as_ref().unwrap().assignee, Some(person(10)));
    let complete = json!({"after": [photo(1)], "note": "done"});
    assert_eq!(word(&board.decide(&second, "complete", complete.clone())), "not_yours");
    assert_eq!(word(&board.decide(&second, "claim", json!({}))), "not_allowed", "claimed once");
    board.act(&first, "complete", complete);
    assert_eq!(board.case.task.as_ref().unwrap().assignee, None);
}

#[test]
fn a_claimed_task_is_put_back_or_given_on_by_its_holder_or_their_own_chief() {
    const CHIEF: &str = "department_chief";
    let mut board = disposing();
    let (first, own_chief) = (handler(10, SANITATION), staff(30, CHIEF, SANITATION));
    let given = json!({"person": person(11).to_string()});
    let table = [
        ("nobody has it yet", own_chief.clone(), "release", json!({}), "not_allowed"),
        ("a chief may give it out before it is taken", own_chief.clone(), "assign", given.clone(), "taken"),
        ("a colleague gives nobody work", first.clone(), "assign", given.clone(), "not_yours"),
        ("nor does the chief of another department", staff(31, CHIEF, HOUSING), "assign", given.clone(), "not_yours"),
        ("a person must be named", own_chief.clone(), "assign", json!({}), "answers"),
        ("and be one", own_chief.clone(), "assign", json!({"person": "li"}), "answers"),
    ];
    for (what, acting, action, answers, expect) in table {
        assert_eq!(word(&board.decide(&acting, action, answers)), expect, "{what}");
    }
    let due = board.due();
    board.act(&first, "claim", json!({}));
    let table = [
        ("a colleague", handler(11, SANITATION), "not_yours"),
        ("another department's chief", staff(31, CHIEF, HOUSING), "not_yours"),
        ("its holder", first.clone(), "taken"),
        ("their chief", own_chief.clone(), "taken"),
    ];
    for (what, acting, expect) in table {
        assert_eq!(word(&board.decide(&acting, "release", json!({"note": "请假"}))), expect, "{what}");
    }
    board.act(&own_chief, "assign", given);
    assert_eq!(board.case.task.as_ref().unwrap().assignee, Some(person(11)));
    assert_eq!(word(&board.decide(&first, "release", json!({}))), "not_yours", "it is no longer theirs");
    board.act(&handler(11, SANITATION), "release", json!({}));
    assert_eq!(board.case.task.as_ref().unwrap().assignee, None);
    assert_eq!(board.due(), due, "whoever has it, it is due when it was");
    let complete = json!({"after": [photo(1)], "note": "done"});
    assert_eq!(word(&board.decide(&first, "complete", complete)), "taken");
}

#[test]
fn nobody_checks_or_closes_what_they_handled_in_whatever_round() {
    let everything = [
        ("department_handler", SANITATION),
        ("collector", "shuyuan-collectors"),
        ("duty_chief", "supervision_centre"),
        ("dispatcher", "command_centre"),
    ];
    let tenth = jack(10, &everything);
    let mut board = disposing();
    board.act(&tenth, "complete", json!({"after": [photo(1)], "note": "done"}));
    assert_eq!(word(&board.decide(&tenth, "confirm_feedback", json!({}))), "own_work");
    board.act(&dispatcher(), "confirm_feedback", json!({}));
    let check = json!({"check": [photo(2)], "note": "seen"});
    for action in ["check_pass", "check_fail"] {
        assert_eq!(word(&board.decide(&tenth, action, check.clone())), "own_work", "{action}");
    }
    assert_eq!(word(&board.decide(&tenth, "claim_check", json!({}))), "own_work");
    // Somebody else handles the second round: the tenth's work of the first is still theirs.
    board.act(&collector(20), "check_fail", check.clone());
    board.bring_to_check(&handler(11, SANITATION));
    assert_eq!(word(&board.decide(&tenth, "check_pass", check.clone())), "own_work");
    board.act(&collector(20), "check_pass", check.clone());
    assert_eq!(word(&board.decide(&tenth, "close", json!({}))), "own_work");
    board.act(&chief(), "close", json!({}));
    // And so it is after the reporter opened the case again.
    board.act(&resident(), "reopen", json!({"note": "还在"}));
    board.act(&collector(21), "solve_on_site", json!({"before": [photo(3)], "after": [photo(4)]}));
    assert_eq!(word(&board.decide(&tenth, "close", json!({}))), "own_work");
    assert_eq!(
        word(&board.decide(&jack(20, &everything), "close", json!({}))),
        "own_work",
        "who passed the check before"
    );
    let again = staff(5, "duty_chief", "supervision_centre");
    board.act(&again, "check_again", json!({"note": "再看"}));
    assert_eq!(word(&board.decide(&collector(21), "check_pass", check)), "own_work", "solved on the spot is work too");
}

#[test]
fn the_disposal_clock_pauses_on_return_resumes_for_the_same_and_restarts_for_another() {
    let mut board = disposing();
    assert_eq!(board.due(), "2026-11-09T01:00:00Z", "five working days, the clock time kept");
    board.later(DAY_US).act(&handler(10, SANITATION), "return", json!({"reason": "not_ours", "note": "不是"}));
    let clock = board.case.clocks[&ClockName::Disposal].clone();
    assert!(clock.paused_with_us.is_some() && clock.stopped_at.is_none());
    assert_eq!(board.due(), "2026-11-03T01:15:00Z", "the dispatcher's own quarter of an hour");
    board.later(DAY_US);
    let mut same = board.clone();
    same.act(&dispatcher(), "dispatch", json!({"office": SANITATION}));
    assert_eq!(same.due(), "2026-11-10T01:00:00Z", "the day upstream does not count");
    assert_eq!(same.case.clocks[&ClockName::Disposal].began_at, clock.began_at);
    board.act(&dispatcher(), "dispatch", json!({"office": HOUSING}));
    assert_eq!(board.due(), "2026-11-11T01:00:00Z", "another department has its whole limit");
    assert_eq!(board.case.clocks[&ClockName::Disposal].began_at, board.now);
    assert_eq!(board.case.handler.as_ref().unwrap().as_str(), HOUSING);
}

#[test]
fn a_case_filed_anew_under_another_condition_gets_that_limit() {
    let mut board = Board::report(demo(), "b0101", Some("loose"), MONDAY);
    board.bring_to_department(SANITATION, "b0101", "loose");
    assert_eq!(board.due(), "2026-11-04T01:00:00Z");
    board.act(&handler(10, SANITATION), "return", json!({"reason": "unclear", "note": "井盖已缺失"}));
    board.act(&dispatcher(), "return_to_filing", json!({"reason": "wrong_category"}));
    board.act(&chief(), "file", json!({"condition": {"category": "b0101", "condition": "missing"}}));
    board.act(&dispatcher(), "dispatch", json!({"office": SANITATION}));
    assert_eq!(board.due(), "2026-11-02T03:00:00Z", "a missing cover: two hours that run on");
}

#[test]
fn a_case_passed_on_within_handling_is_owed_by_the_next_department_from_then_on() {
    let mut city = demo().city.as_ref().clone();
    let process = city.processes.get_mut("urban_case").unwrap();
    let mut pass_on = process.action(&"dispatch".parse().unwrap()).unwrap().clone();
    pass_on.id = "pass_on".parse().unwrap();
    pass_on.from = vec!["disposing".parse().unwrap()];
    pass_on.to = pack::Target::Stay;
    process.actions.push(pass_on);
    let mut board =
        Board::report(std::sync::Arc::new(pack::Compiled::new(city).unwrap()), "s0111", Some("found"), MONDAY);
    board.bring_to_department(SANITATION, "s0111", "found").act(&handler(10, SANITATION), "claim", json!({}));
    board.later(DAY_US).act(&handler(10, SANITATION), "pass_on", json!({"office": HOUSING}));
    let task = board.case.task.clone().unwrap();
    assert_eq!((task.office.as_str(), task.assignee), (HOUSING, None));
    assert_eq!((board.state(), board.due().as_str()), ("disposing", "2026-11-10T01:00:00Z"));
    assert_eq!(
        word(&board.decide(&handler(10, SANITATION), "ask_extension", json!({"limit": "1 working_day", "note": "x"}))),
        "not_yours"
    );
}

#[test]
fn only_an_approved_suspension_or_appeal_exempts_and_an_extension_moves_the_deadline() {
    let mut board = disposing();
    board.act(&handler(10, SANITATION), "ask_extension", json!({"limit": "3 working_day", "note": "雨"}));
    let mut denied = board.clone();
    denied.act(&dispatcher(), "deny_extension", json!({"note": "不同意"}));
    assert_eq!(
        (denied.due().as_str(), denied.case.clocks[&ClockName::Disposal].exempt),
        ("2026-11-09T01:00:00Z", false)
    );
    board.act(&dispatcher(), "approve_extension", json!({"limit": "2 working_day"}));
    assert_eq!(
        (board.due().as_str(), board.case.clocks[&ClockName::Disposal].exempt),
        ("2026-11-11T01:00:00Z", false),
        "as granted, not as asked"
    );
    let chief_of = staff(12, "department_chief", SANITATION);
    board.act(&handler(10, SANITATION), "ask_suspension", json!({"reason": "season", "note": "冬季"}));
    board.act(&chief_of, "sign_suspension", json!({}));
    let mut refused = board.clone();
    refused.act(&dispatcher(), "refuse_suspension", json!({"note": "继续"}));
    assert!(!refused.case.clocks[&ClockName::Disposal].exempt);
    board.act(&dispatcher(), "suspend", json!({}));
    let clock = &board.case.clocks[&ClockName::Disposal];
    assert!(clock.exempt && !clock.is_running());
    board.wait(20 * DAY_US).act(&dispatcher(), "resume", json!({}));
    assert!(board.case.clocks[&ClockName::Disposal].exempt, "what was excused stays excused");
    assert_eq!(board.case.level, 0);
    // Exempt steps and exempt clocks make no timer wake.
    let due_at = board.case.clocks[&ClockName::Disposal].due_at;
    assert!(board.case.next_due_at().is_none_or(|next| next != due_at));
}

#[test]
fn the_task_clock_is_for_one_state_and_closing_stops_every_clock() {
    let mut board = Board::rubble();
    board.act(&acceptor(), "accept", json!({}));
    assert_eq!(board.due(), "2026-11-02T01:30:00Z", "thirty minutes to verify");
    board.later(20 * MINUTE_US).act(&collector(20), "verify", json!({"scene": [photo(1)]}));
    assert_eq!(board.due(), "2026-11-02T01:35:00Z", "fifteen minutes to file");
    let steps: Vec<_> =
        board.case.steps.iter().map(|step| (step.state.as_str(), step.due_at.map(|at| at.to_string()))).collect();
    assert_eq!(
        steps,
        [
            ("reported", Some("2026-11-02T01:15:00Z".to_owned())),
            ("verifying", Some("2026-11-02T01:30:00Z".to_owned())),
            ("filing", Some("2026-11-02T01:35:00Z".to_owned())),
        ]
    );
    let board = closed();
    assert!(board.case.clocks.values().all(|clock| clock.stopped_at.is_some()));
    assert_eq!((board.case.next_due_at(), board.case.due_at()), (None, None));
    assert_eq!(board.case.clocks[&ClockName::Disposal].is_on_time(board.now), Some(true));
}

#[test]
fn handling_is_on_time_up_to_its_due_instant_and_late_a_microsecond_after() {
    for (late_us, on_time) in [(-1, true), (0, true), (1, false)] {
        let mut board = disposing();
        board.now = board.case.due_at().unwrap().plus_micros(late_us);
        board.act(&handler(10, SANITATION), "complete", json!({"after": [photo(1)], "note": "done"}));
        assert_eq!(board.case.clocks[&ClockName::Disposal].is_on_time(board.now), Some(on_time), "{late_us}");
        let step = board.case.steps.iter().find(|step| step.state.as_str() == "disposing").unwrap();
        assert_eq!(step.left_at <= step.due_at, on_time, "{late_us}");
    }
}

#[test]
fn a_missed_clock_climbs_the_offices_step_by_step_and_stops_at_the_top() {
    let mut board = disposing();
    board.wait(60 * DAY_US);
    let climbed: Vec<_> = board
        .events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Escalated { level, office, next_at, .. } => {
                Some((*level, office.to_string(), next_at.is_some()))
            }
            _ => None,
        })
        .collect();
    let city = &board.compiled.city;
    let offices: Vec<_> =
        city.office_chain(&SANITATION.parse().unwrap()).into_iter().skip(1).map(ToString::to_string).collect();
    let expect: Vec<_> = (1_u8..=3).zip(&offices).map(|(level, office)| (level, office.clone())).collect();
    assert_eq!(climbed.iter().map(|(level, office, _)| (*level, office.clone())).collect::<Vec<_>>(), expect);
    assert!(!climbed.last().unwrap().2, "the last step is the last");
    assert_eq!(board.case.next_due_at(), None, "nothing more to fire");
    assert!(
        dipper_act::overdue_events(&board.case, &board.compiled, board.now).is_empty(),
        "firing again changes nothing"
    );
}

#[test]
fn a_missed_handling_goes_on_climbing_while_another_clock_is_missed_and_met() {
    let mut board = disposing();
    board.now = board.case.due_at().unwrap();
    board.wait(HOUR_US);
    assert_eq!(board.case.level, 0);
    board.act(&handler(10, SANITATION), "ask_extension", json!({"limit": "1 working_day", "note": "迟"}));
    // Two working hours to review; it is missed as well. Then the review is done: handling is still missed.
    board.wait(3 * HOUR_US).act(&dispatcher(), "deny_extension", json!({"note": "不"}));
    assert!(board.case.escalates.contains_key(&ClockName::Disposal), "{:?}", board.case.escalates);
    board.wait(4 * DAY_US);
    assert!(board.case.level >= 1);
    board.act(&handler(10, SANITATION), "complete", json!({"after": [photo(1)], "note": "done"}));
    assert_eq!((board.case.level, &board.case.watcher), (0, &None), "done: nobody above watches it any more");
}

#[test]
fn the_level_never_exceeds_what_the_process_says() {
    let mut board = Board::rubble();
    board.wait(30 * DAY_US);
    assert!(board.case.level <= 3, "{}", board.case.level);
    board.act(&acceptor(), "accept_seen", json!({"reason": "patrol"}));
    assert_eq!(board.case.level, 0);
    board.wait(30 * DAY_US);
    assert!((1..=3).contains(&board.case.level), "{}", board.case.level);
}

#[test]
fn a_case_is_rated_once_within_its_window_and_again_after_it_was_reopened() {
    let mut board = closed();
    let stars = json!({"stars": 2, "note": "慢"});
    assert_eq!(word(&board.decide(&resident(), "rate", json!({"stars": 6}))), "answers");
    board.act(&resident(), "rate", stars.clone());
    assert_eq!((board.case.rating, board.state()), (Some(2), "closed"));
    assert_eq!(word(&board.decide(&resident(), "rate", stars.clone())), "not_allowed");
    board.act(&resident(), "reopen", json!({"note": "没解决"}));
    assert_eq!((board.case.rating, board.case.closed_at, board.case.tally(Tally::Reopened)), (None, None, 1));
    assert_eq!(word(&board.decide(&resident(), "rate", stars.clone())), "not_allowed", "not while it is open");
}

#[test]
fn rating_and_reopening_end_with_their_window() {
    let board = closed();
    let window_ends = board.case.closed_at.unwrap().plus_micros(15 * DAY_US);
    for (late_us, expect) in [(0, "taken"), (1, "expired")] {
        let mut board = board.clone();
        board.now = window_ends.plus_micros(late_us);
        assert_eq!(word(&board.decide(&resident(), "rate", json!({"stars": 5}))), expect);
        assert_eq!(word(&board.decide(&resident(), "reopen", json!({"note": "x"}))), expect);
        assert_eq!(board.allowed(&resident()).is_empty(), expect == "expired");
    }
}

#[test]
fn urging_counts_once_a_day_whoever_urges() {
    let mut board = Board::rubble();
    board.happen(EventBody::Joined { reporter: Reporter { party: Some(person(50)), client: None, contact: None } });
    board.act(&resident(), "urge", json!({}));
    let Err(Refusal::TooSoon { next, .. }) = board.decide(&Acting::Resident { party: person(50) }, "urge", json!({}))
    else {
        panic!("too soon")
    };
    assert_eq!(next, board.now.plus_micros(DAY_US));
    board.later(DAY_US).act(&Acting::Resident { party: person(50) }, "urge", json!({}));
    assert_eq!(board.case.tally(Tally::Urged), 2);
}

#[test]
fn a_report_that_others_joined_cannot_be_taken_from_them() {
    let mut board = Board::rubble();
    assert_eq!(word(&board.decide(&Acting::SecretHolder, "withdraw", json!({}))), "taken");
    board.happen(EventBody::Joined { reporter: Reporter::ANONYMOUS });
    for acting in [resident(), Acting::SecretHolder] {
        assert_eq!(word(&board.decide(&acting, "withdraw", json!({}))), "not_allowed");
        assert!(!board.allowed(&acting).contains(&"withdraw".to_owned()));
    }
}

#[test]
fn the_same_arguments_give_the_same_events() {
    let board = disposing();
    let given = json!({"after": [photo(1)], "note": "done"});
    let once = board.decide(&handler(10, SANITATION), "complete", given.clone()).unwrap();
    assert_eq!(once, board.decide(&handler(10, SANITATION), "complete", given).unwrap());
}
