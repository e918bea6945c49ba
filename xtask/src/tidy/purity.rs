//! What each crate may name: purity of `grid`, `ledger`, `credential`, `paper`, `model` and `assess`, SQL in `store` alone, the
//! environment in `faces/dipper` alone, wire types in the faces, and use-cases as the public functions of a stage.

use super::Breach;
use super::repository::is_test;
use super::rust::{Function, Kind, Source};

/// Crates without clock, randomness and I/O.
const PURE: [&str; 6] =
    ["core/grid/src/", "core/ledger/src/", "core/credential/src/", "core/paper/src/", "core/model/src/", "assess/src/"];
/// The stages of the loop.
const STAGES: [&str; 4] = ["sense/src/", "assess/src/", "act/src/", "account/src/"];
/// Tools of the house, not part of the product.
const TOOLS: [&str; 2] = ["xtask/", "testkit/"];
/// What a pure crate must not name.
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io",
    "std::time::SystemTime",
    "std::time::Instant",
    "tokio",
    "rand",
    "getrandom",
];
/// The environment; `env!` is read by the compiler and is no matter.
const ENVIRONMENT: [&str; 5] = ["var", "var_os", "vars", "vars_os", "args"];
/// Most arguments of a use-case: the context and the parts of one command.
const USE_CASE_PARAMETERS: usize = 6;

/// Checks one file of a crate.
pub fn check(path: &str, source: &Source) -> Vec<Breach> {
    if is_test(path) || TOOLS.iter().any(|tool| path.starts_with(tool)) {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    let mut add = |line: usize, rule, message: String| {
        if !source.is_test_line(line) {
            breaches.push(Breach::new(path, line, rule, message));
        }
    };
    if PURE.iter().any(|pure| path.starts_with(pure)) {
        for (name, line) in impure_names(source) {
            add(line, "pure", format!("{name} in a crate without clock, randomness and I/O: make it an argument"));
        }
    }
    if !path.starts_with("core/store/") {
        for (start, line) in sql(source) {
            add(line, "sql", format!("only core/store names SQL: {start}…"));
        }
    }
    if !path.starts_with("faces/dipper/") && !path.ends_with("build.rs") {
        for (name, line) in environment(source) {
            add(line, "environment", format!("{name}: only faces/dipper reads the environment"));
        }
    }
    if !path.starts_with("faces/") {
        for line in source.find_words(&["utoipa"]).chain(source.find_words(&["axum"])) {
            add(line, "wire", "wire types and HTTP live in faces/http".to_owned());
        }
    }
    if STAGES.iter().any(|stage| path.starts_with(stage)) {
        for line in serialised(source) {
            add(line, "wire", "a stage serialises nothing: wire types live in faces, rows in store".to_owned());
        }
        for function in source.functions.iter().filter(|function| function.public && function.free) {
            for message in use_case_faults(function) {
                add(function.line, "use-case", message);
            }
        }
    }
    breaches
}

fn impure_names(source: &Source) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for name in IMPURE {
        let within = |path: &str| path == name || path.starts_with(&format!("{name}::"));
        found.extend(source.uses.iter().filter(|(path, _)| within(path)).map(|(path, line)| (path.clone(), *line)));
        let parts: Vec<&str> = name.split("::").collect();
        let mut words = Vec::new();
        for part in parts.iter().take(parts.len() - 1) {
            words.extend([*part, ":", ":"]);
        }
        words.extend(parts.last());
        if parts.len() == 1 {
            words.extend([":", ":"]);
        }
        found.extend(source.find_words(&words).map(|line| (name.to_owned(), line)));
    }
    // A line that brings a name in by `use` also spells it.
    found.sort_by_key(|(_, line)| *line);
    found.dedup_by_key(|(_, line)| *line);
    found
}

fn sql(source: &Source) -> Vec<(String, usize)> {
    const STARTS: [&str; 9] = [
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "CREATE INDEX ",
        "DROP TABLE ",
        "PRAGMA ",
        "BEGIN IMMEDIATE",
    ];
    let literals = source.tokens.iter().filter(|token| token.kind == Kind::Literal);
    let inner = |text: &str| text.trim_start_matches(['r', 'b', '#']).trim_start_matches('"').trim_start().to_owned();
    literals
        .filter(|token| STARTS.iter().any(|start| inner(&token.text).starts_with(start)))
        .map(|token| (inner(&token.text).chars().take(20).collect(), token.line))
        .collect()
}

fn environment(source: &Source) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for name in ENVIRONMENT {
        found.extend(source.find_words(&["env", ":", ":", name]).map(|line| (format!("env::{name}"), line)));
        let whole = format!("std::env::{name}");
        found.extend(source.uses.iter().filter(|(path, _)| *path == whole).map(|(path, line)| (path.clone(), *line)));
    }
    found
}

/// Lines with `Serialize` in a `derive`.
fn serialised(source: &Source) -> Vec<usize> {
    let mut lines = Vec::new();
    for (at, token) in source.tokens.iter().enumerate().filter(|(_, token)| token.text == "derive") {
        let names = source.tokens[at + 1..]
            .iter()
            .skip(1)
            .take_while(|next| next.kind == Kind::Word || matches!(next.text.as_str(), "," | ":"));
        if names.into_iter().any(|next| next.text == "Serialize") {
            lines.push(token.line);
        }
    }
    lines
}

/// A public function of a stage is one use-case: the context first, few arguments, and an error a caller can act on.
fn use_case_faults(function: &Function) -> Vec<String> {
    let mut faults = Vec::new();
    let name = &function.name;
    if function.result.contains("anyhow::")
        || function.result.contains("dynError")
        || function.result.contains("dynstd::error::Error")
    {
        faults.push(format!("{name} hides its errors: a use-case has one small enum of its own"));
    }
    if function.parameters.iter().skip(1).any(|parameter| parameter == "&Context") {
        faults.push(format!("{name} takes its context first"));
    }
    if function.parameters.len() > USE_CASE_PARAMETERS {
        let count = function.parameters.len();
        faults.push(format!("{name} takes {count} arguments, at most {USE_CASE_PARAMETERS}: make a command of them"));
    }
    faults
}
