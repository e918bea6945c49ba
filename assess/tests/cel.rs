//! The door of conditions: what it lets in means what CEL says it means, and what it refuses it refuses with a place.
#![allow(clippy::unwrap_used)]

use dipper_assess::cel::{DEPTH_MAX, Env, ExprFault, Scope, TEXT_MAX, Windowed};
use proptest::prelude::*;

/// Values by the place of their name in the scope.
struct Values<'s>(&'s [(&'static str, Option<f64>)], Vec<Box<str>>);

impl Env for Values<'_> {
    fn prop(&self, name: u16) -> Option<f64> {
        let name = &self.1[usize::from(name)];
        self.0.iter().find(|(known, _)| **known == **name)?.1
    }

    fn window(&self, window: u16, kind: Windowed) -> Option<f64> {
        Some(f64::from(window) + if kind == Windowed::Count { 100.0 } else { 0.5 })
    }

    fn neighbours(&self, _: u16) -> Option<f64> {
        None
    }
}

fn ours(text: &str, values: &[(&'static str, Option<f64>)]) -> Result<Option<bool>, dipper_assess::cel::ExprError> {
    // The names are known after the first reading.
    let mut scope = Scope { neighbours: true, ..Scope::default() };
    scope.try_condition(text, &Values(&[], vec!["".into(); 64]))?;
    let names = scope.names.clone();
    scope.try_condition(text, &Values(values, names))
}

fn theirs(text: &str, values: &[(&'static str, Option<f64>)]) -> Option<bool> {
    let program = cel::Program::compile(text).unwrap_or_else(|error| panic!("CEL refuses {text:?}: {error}"));
    let root = cel::Context::default();
    let mut context = root.new_inner_scope();
    for (name, value) in values {
        if let Some(value) = value {
            context.add_variable_from_value(*name, *value);
        }
    }
    match program.execute(&context) {
        Ok(cel::Value::Bool(value)) => Some(value),
        Ok(other) => panic!("{text:?} is {other:?}"),
        Err(_) => None,
    }
}

const VALUES: [(&str, Option<f64>); 4] =
    [("value", Some(61.0)), ("temperature", Some(-3.5)), ("humidity", Some(20.0)), ("missing", None)];

#[test]
fn conditions_mean_what_cel_means() {
    for (text, expect) in [
        ("value > 60.0", Some(true)),
        ("value > 60", Some(true)),
        ("value >= 61 && humidity < 20.0", Some(false)),
        ("temperature > 60.0 && humidity < 20.0 || value == 61.0", Some(true)),
        ("missing > 1.0", None),
        ("missing > 1.0 || value > 1.0", Some(true)),
        ("missing > 1.0 && value < 1.0", Some(false)),
        ("value < 1.0 || missing > 1.0", None),
        ("(value - 1.0) / 2.0 == 30.0", Some(true)),
        ("-temperature == 3.5", Some(true)),
        ("--temperature == -3.5", Some(true)),
        ("!!(value > 1.0)", Some(true)),
        ("value > 2 * 30", Some(true)),
        ("(value > 60.0 ? humidity : missing) == 20.0", Some(true)),
        ("(value > 60.0) == (humidity > 10.0)", Some(true)),
        ("value / 0.0 > 1.0", Some(true)),
        ("true", Some(true)),
        ("1e2 > value && .5 < value", Some(true)),
    ] {
        assert_eq!(ours(text, &VALUES).unwrap(), expect, "{text}");
        assert_eq!(theirs(text, &VALUES), expect, "CEL: {text}");
    }
}

#[test]
fn functions_look_into_windows() {
    for (text, expect) in [
        ("mean(\"value\", \"10m\") == 0.5", Some(true)),
        ("count('value', '10m') > 99 && min('value', '1h') == 1.5", Some(true)),
        ("abs(temperature) == 3.5", Some(true)),
        ("known(\"missing\")", Some(false)),
        ("known(\"value\")", Some(true)),
        ("neighbours(\"value\") > 1.0", None),
    ] {
        assert_eq!(ours(text, &VALUES).unwrap(), expect, "{text}");
    }
}

#[test]
fn what_is_refused_is_refused_at_its_place() {
    let types = |text: &str, at: usize| match ours(text, &VALUES).unwrap_err() {
        error if matches!(error.fault, ExprFault::Types { .. }) => assert_eq!(error.at, at, "{text}: {error}"),
        error => panic!("{text}: {error}"),
    };
    types("value + 1 > 2.0", 7);
    types("value && value > 1.0", 1);
    types("value > 1.0 && humidity", 16);
    types("true > false", 6);
    types("!value", 1);
    types("value == 'x'", 7);
    for (text, at, words) in [
        ("value >", 8, "expected a value, got the end"),
        ("value > 60.0 )", 14, "expected an operator or the end"),
        ("value", 1, "a condition is true or false, this is a decimal"),
        ("温度 > 1.0", 1, "'温' begins nothing"),
        ("value > 1.0 && 温度 > 1.0", 16, "begins nothing"),
        ("for > 1.0", 1, "reserved word"),
        ("value > 1.", 9, "decimal"),
        ("value > 1.0.0", 9, "decimal"),
        ("value > 5u", 9, "decimal"),
        ("value > 0x1F", 9, "decimal"),
        ("value > 99999999999999999999", 9, "decimal"),
        ("value > 1e999", 9, "decimal"),
        ("value == \"a\\n\"", 10, "no escapes"),
        ("value.x > 1.0", 6, "begins nothing"),
        ("[1].all(x, x > 0)", 1, "begins nothing"),
        ("size(value) > 1", 1, "no function"),
        ("mean(value, \"10m\") > 1.0", 1, "mean takes"),
        ("mean(\"value\", \"10\") > 1.0", 15, "a span is"),
        ("mean(\"value\", \"2d\") > 1.0", 15, "at most 1d"),
        ("mean(\"value\", \"1m\", \"1m\", \"1m\") > 1.0", 27, "expected"),
        ("value > 1.0 ? true", 19, "\":\""),
        ("a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q > 1.0", 33, "at most 16 properties"),
        ("", 1, "expected a value"),
    ] {
        let error = ours(text, &VALUES).unwrap_err();
        assert!(error.to_string().contains(words) && error.at == at, "{text:?}: {error}, at {}", error.at);
    }
}

#[test]
fn size_depth_and_cost_are_bounded() {
    let deep = |depth: usize| format!("{}value > 1.0{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(ours(&deep(DEPTH_MAX - 2), &VALUES).unwrap(), Some(true));
    for text in [
        deep(DEPTH_MAX),
        deep(400),
        format!("{}(value > 1.0)", "!".repeat(900)),
        format!("value{} > 1.0", " - 1.0".repeat(100)),
        format!("true{}", " == true".repeat(100)),
        format!("{}true{}", "true ? (".repeat(40), ") : false".repeat(40)),
    ] {
        assert_eq!(ours(&text, &VALUES).unwrap_err().fault, ExprFault::Deep, "{text}");
    }
    let long = format!("value > 1.0{}", " ".repeat(TEXT_MAX));
    assert!(matches!(ours(&long, &VALUES).unwrap_err().fault, ExprFault::Long(_)));
    // A chain is flat.
    let chain = vec!["value > 1.0"; 60].join(" && ");
    assert_eq!(ours(&chain, &VALUES).unwrap(), Some(true));
    let costly = vec!["mean('value', '10m') > 1.0"; 20].join(" || ");
    assert!(matches!(ours(&costly, &VALUES).unwrap_err().fault, ExprFault::Costly(_)));
}

/// Conditions by the grammar, some of them of wrong types.
fn condition() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("value".to_owned()),
        Just("temperature".to_owned()),
        Just("missing".to_owned()),
        (-50..50_i32).prop_map(|n| format!("{n}.5")),
        (0..100_i32).prop_map(|n| n.to_string()),
    ];
    let number = number.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof![Just("+"), Just("-"), Just("*"), Just("/")], inner.clone())
                .prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
        ]
    });
    let compared =
        (number.clone(), prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")], number)
            .prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let leaf = prop_oneof![8 => compared, 1 => Just("true".to_owned()), 1 => Just("false".to_owned())];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} && {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} || {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) == ({b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
            inner.clone().prop_map(|a| format!("!({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Whatever is let in, CEL lets in too and makes the same of it.
    #[test]
    fn every_condition_let_in_is_cel(text in condition(), value in -100.0..100.0_f64, temperature in -100.0..100.0_f64) {
        let values = [("value", Some(value)), ("temperature", Some(temperature)), ("missing", None)];
        if let Ok(result) = ours(&text, &values) {
            prop_assert_eq!(result, theirs(&text, &values), "{}", text);
        }
    }

    /// Nothing that is written can make the door fall.
    #[test]
    fn the_door_takes_any_text(text in "\\PC{0,200}") {
        if let Err(error) = ours(&text, &VALUES) {
            prop_assert!(error.at <= text.chars().count() + 1);
        }
    }

    /// Nor anything that is nearly a condition.
    #[test]
    fn the_door_takes_any_tokens(tokens in proptest::collection::vec(prop_oneof![
        Just("value"), Just("("), Just(")"), Just("!"), Just("-"), Just("&&"), Just("||"), Just("=="), Just("<"), Just("?"),
        Just(":"), Just("1.5"), Just("7"), Just("mean"), Just("\"value\""), Just("'10m'"), Just(","), Just("true"), Just("/"),
    ], 0..60)) {
        let text = tokens.join(" ");
        match ours(&text, &VALUES) {
            Err(error) => prop_assert!(error.at <= text.chars().count() + 1),
            // Functions of ours are no functions of theirs.
            Ok(result) if !text.contains("mean") => prop_assert_eq!(result, theirs(&text, &VALUES), "{}", text),
            Ok(_) => {}
        }
    }
}
