//! Words that do not belong in the repository: stubs, tests switched off, paths of one machine, private registries.

use super::Breach;
use super::repository::is_test;
use super::rust::{Kind, Source};

/// Checks what can be seen in the text of any file.
pub fn check(path: &str, text: &str) -> Vec<Breach> {
    // The rule's own words stand here and in its tests.
    if path.starts_with("xtask/src/tidy/") || path.ends_with(".geojson") {
        return Vec::new();
    }
    let mut breaches = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(place) = machine_path(line) {
            breaches.push(Breach::new(path, number, "machine", format!("{place} is a path of one machine")));
        }
        if let Some(host) = registry(path, line) {
            breaches.push(Breach::new(
                path,
                number,
                "registry",
                format!("{host}: lock files name no host of a mirror"),
            ));
        }
        if let Some(word) = switched_off(path, line) {
            breaches.push(Breach::new(path, number, "off", format!("{word} switches a test off")));
        }
    }
    breaches
}

/// Checks the tokens of a Rust file.
pub fn check_rust(path: &str, source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for name in ["todo", "unimplemented"] {
        let stubs = source.find_words(&[name, "!"].map(|word| word)).collect::<Vec<_>>();
        breaches.extend(stubs.into_iter().map(|line| Breach::new(path, line, "stub", format!("{name}! is a stub"))));
    }
    for name in ["ignore", "should_panic"] {
        let found = source.find_words(&["#", "[", name].map(|word| word)).collect::<Vec<_>>();
        breaches
            .extend(found.into_iter().map(|line| Breach::new(path, line, "off", format!("#[{name}] hides a failure"))));
    }
    for token in source.tokens.iter().filter(|token| token.kind == Kind::Word && token.text.chars().any(is_cjk)) {
        breaches.push(Breach::new(
            path,
            token.line,
            "identifier",
            format!("{}: code is written in English", token.text),
        ));
    }
    let is_module = path.contains("/src/") && !is_test(path);
    if is_module && !source.has_module_docs {
        breaches.push(Breach::new(path, 1, "docs", "a module begins with //!: what it is for, what it must never do"));
    }
    breaches
}

/// Chinese, Japanese and Korean letters and their punctuation.
pub fn is_cjk(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

fn machine_path(line: &str) -> Option<&str> {
    ["/root/", "/home/", "/Users/", "/work/"].into_iter().find_map(|place| {
        let at = line.find(place)?;
        let starts =
            line[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && !"._-}/".contains(before));
        let follows = line[at + place.len()..].chars().next().is_some_and(char::is_alphanumeric);
        (starts && follows).then_some(place)
    })
}

/// The host of a package registry other than the one everybody has.
fn registry<'a>(path: &str, line: &'a str) -> Option<&'a str> {
    let line = line.trim();
    if path.ends_with("Cargo.lock") {
        let source = line.strip_prefix("source = ")?.trim_matches('"');
        return (source != "registry+https://github.com/rust-lang/crates.io-index").then_some(source);
    }
    if path.ends_with("package-lock.json") {
        let resolved = line.strip_prefix("\"resolved\": ")?.trim_matches([',', '"']);
        return resolved.contains("://").then_some(resolved);
    }
    let settings = [".npmrc", "pip.conf", "requirements.txt", ".cargo/config.toml", "Makefile"];
    let is_setting =
        settings.iter().any(|end| path.ends_with(end)) || path.starts_with("scripts/") || path.starts_with(".ci/");
    (is_setting && ["index-url", "registry=", "registry =", "trusted-host"].iter().any(|word| line.contains(word)))
        .then_some(line)
}

fn switched_off(path: &str, line: &str) -> Option<&'static str> {
    if ![".ts", ".mjs", ".js", ".vue"].iter().any(|end| path.ends_with(end)) || !is_test(path) {
        return None;
    }
    let words = [
        ("it", ".skip("),
        ("test", ".skip("),
        ("describe", ".skip("),
        ("it", ".only("),
        ("test", ".only("),
        ("describe", ".only("),
        ("test", ".todo("),
        ("it", ".todo("),
    ];
    words.into_iter().find(|(word, call)| line.contains(&format!("{word}{call}"))).map(|(_, call)| call)
}
