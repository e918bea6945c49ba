//! Damaged packs: the loader answers with faults, whatever the damage.

#![allow(clippy::unwrap_used, reason = "a test may fail at once")]

use std::fs;
use std::path::{Path, PathBuf};

use dipper_pack::load;
use proptest::prelude::*;

fn good() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs/good")
}

/// Files of the good pack, relative, sorted.
fn files() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(good()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner =
                fs::read_dir(entry.path()).unwrap().map(|inner| inner.unwrap().file_name().into_string().unwrap());
            found.extend(inner.map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Drop(usize, usize),
    Insert(usize, String),
    Swap(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let text = prop_oneof![
        "[-{}\\[\\]:,&*!|>'\"%@`#?~ \n\t]{1,6}",
        "\\PC{0,8}",
        Just("---".to_owned()),
        Just("...".to_owned()),
        Just("{---".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("[[[[[[[[[[[[[[[[".to_owned()),
    ];
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), 1_usize..40).prop_map(|(at, len)| Damage::Drop(at, len)),
        (any::<usize>(), text).prop_map(|(at, text)| Damage::Insert(at, text)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

fn apply(text: &str, damage: &Damage) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let len = chars.len().max(1);
    match damage {
        Damage::Cut(at) => chars.truncate(at % len),
        Damage::Drop(at, count) => {
            let from = at % len;
            chars.drain(from.min(chars.len())..(from + count).min(chars.len()));
        }
        Damage::Insert(at, text) => {
            let at = (at % len).min(chars.len());
            chars.splice(at..at, text.chars());
        }
        Damage::Swap(a, b) if !chars.is_empty() => chars.swap(a % len, b % len),
        Damage::Swap(..) => {}
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_pack_never_panics(file in any::<prop::sample::Index>(), damages in prop::collection::vec(damage(), 1..4)) {
        let dir = tempfile::tempdir().unwrap();
        let files = files();
        let chosen = file.get(&files);
        for name in &files {
            let target = dir.path().join(name);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            let mut text = fs::read_to_string(good().join(name)).unwrap();
            if name == chosen {
                text = damages.iter().fold(text, |text, damage| apply(&text, damage));
            }
            fs::write(target, text).unwrap();
        }
        if let Err(faults) = load(dir.path()) {
            prop_assert!(!faults.0.is_empty());
            prop_assert!(faults.0.iter().all(|fault| files.contains(&fault.file)), "{}", faults);
        }
    }
}

/// A file that would expand to gigabytes is refused for its size, quickly.
#[test]
fn aliases_that_multiply_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        text += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 10].join(", "));
    }
    fs::write(dir.path().join("pack.yaml"), text).unwrap();
    let faults = load(dir.path()).unwrap_err();
    assert!(faults.to_string().contains("more than 2000000 values in one file"), "{faults}");
}

#[test]
fn nesting_without_end_is_refused() {
    for (levels, message) in [(100, "pack.yaml:1: nested deeper than 64 levels"), (100_000, "pack.yaml:1: ")] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("pack.yaml"), "[".repeat(levels)).unwrap();
        let faults = load(dir.path()).unwrap_err();
        assert!(faults.to_string().starts_with(message), "{faults}");
    }
}
