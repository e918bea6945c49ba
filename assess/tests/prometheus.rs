//! `for` and `keep_firing` against another's alarms: promtool runs the same series through the same rules.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use std::fmt::Write;
use std::process::Command;

use common::{at, device, engine, reading};
use dipper_assess::Stage;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

/// Series that are compared.
const CASES: usize = 300;

#[derive(Debug, Clone)]
struct Case {
    hold_min: i64,
    keep_min: i64,
    values: Vec<u8>,
}

fn case() -> impl Strategy<Value = Case> {
    // Runs of the same value: single ones seldom reach a `for`.
    let runs = proptest::collection::vec((0..2_u8, 1..7_usize), 1..14);
    (0..6_i64, 0..6_i64, runs).prop_map(|(hold_min, keep_min, runs)| {
        let values = runs.into_iter().flat_map(|(value, times)| vec![value; times]).collect();
        Case { hold_min, keep_min, values }
    })
}

/// For each minute: pending, firing or neither, as we have it.
fn ours(case: &Case) -> Vec<Option<&'static str>> {
    let rule = json!([{"id": "hot", "when": "temperature > 0.5", "for": format!("{}m", case.hold_min),
        "keep_firing": format!("{}m", case.keep_min)}]);
    let mut engine = engine(&rule);
    let subject = device("t1", 1, &["temperature"]);
    let mut states = Vec::new();
    for (minute, value) in (0..).zip(&case.values) {
        let now = at(minute * 60);
        engine.observe(&subject, &reading(1, now, f64::from(*value)), now);
        states.push(engine.list_alarms().first().map(|alarm| match alarm.stage {
            Stage::Pending => "pending",
            Stage::Active | Stage::Recovering => "firing",
        }));
    }
    states
}

fn rules(cases: &[Case]) -> String {
    let mut text = "groups:\n- name: all\n  interval: 1m\n  rules:\n".to_owned();
    for (number, case) in cases.iter().enumerate() {
        writeln!(
            text,
            "  - alert: a{number}\n    expr: t{number} > 0.5\n    for: {}m\n    keep_firing_for: {}m",
            case.hold_min, case.keep_min
        )
        .unwrap();
    }
    text
}

fn tests(cases: &[Case]) -> String {
    // One group: promtool makes a database for each.
    let mut text =
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n".to_owned();
    for (number, case) in cases.iter().enumerate() {
        let values = case.values.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
        writeln!(text, "  - series: t{number}\n    values: \"{values}\"").unwrap();
    }
    text += "  promql_expr_test:\n";
    for (number, case) in cases.iter().enumerate() {
        for (minute, state) in ours(case).iter().enumerate() {
            writeln!(text, "  - expr: ALERTS{{alertname=\"a{number}\"}}\n    eval_time: {minute}m").unwrap();
            match state {
                Some(state) => writeln!(
                    text,
                    "    exp_samples:\n    - labels: 'ALERTS{{alertname=\"a{number}\", alertstate=\"{state}\"}}'\n      value: 1"
                ),
                None => writeln!(text, "    exp_samples: []"),
            }
            .unwrap();
        }
    }
    text
}

/// Runs promtool; `None` when it is not installed.
fn promtool(cases: &[Case], expected: &str) -> Option<(bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules(cases)).unwrap();
    std::fs::write(folder.path().join("tests.yml"), expected).unwrap();
    let program = std::env::var_os("PROMTOOL").unwrap_or_else(|| "promtool".into());
    let output = Command::new(program).args(["test", "rules", "tests.yml"]).current_dir(folder.path()).output().ok()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), told))
}

#[test]
fn pending_and_firing_are_those_of_prometheus() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let cases: Vec<Case> = (0..CASES).map(|_| case().new_tree(&mut runner).unwrap().current()).collect();
    let expected = tests(&cases);
    let firing = expected.matches("firing").count();
    assert!(firing > CASES && expected.contains("pending"), "the series must reach something: {firing}");
    let Some((passed, told)) = promtool(&cases, &expected) else {
        println!("skipped: no promtool (prometheus)");
        return;
    };
    assert!(passed, "{}", &told[..told.len().min(4_000)]);
    // The oracle can say no.
    let wrong = expected.replacen("\"firing\"", "\"pending\"", 1);
    assert!(!promtool(&cases, &wrong).unwrap().0, "promtool must notice a wrong expectation");
}
