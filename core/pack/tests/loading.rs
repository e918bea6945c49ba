//! Loading packs from folders: good ones, and bad ones with every fault they must show.

#![allow(clippy::unwrap_used, reason = "a test may fail at once")]

use std::fs;
use std::path::{Path, PathBuf};

use dipper_pack::{Compiled, Judged, load, read_alarm_rule, write_alarm_rule};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn every_bad_pack_shows_all_its_faults() {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(here("tests/packs/bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(folders.len() >= 10, "the fixtures are there");
    for bad in folders {
        let dir = tempfile::tempdir().unwrap();
        copy(&here("tests/packs/good"), dir.path());
        copy(&bad, dir.path());
        let found = match load(dir.path()) {
            Ok(_) => "none\n".to_owned(),
            Err(faults) => format!("{faults}\n"),
        };
        let expected = bad.with_extension("faults.txt");
        if !expected.exists() {
            fs::write(&expected, &found).unwrap();
            panic!("{} was written: read it, and keep it if it is right", expected.display());
        }
        assert_eq!(found, fs::read_to_string(&expected).unwrap(), "{}", bad.display());
    }
}

#[test]
fn the_packs_of_the_repository_load() {
    for (name, categories) in [("tests/packs/good", 2), ("../../packs/boston", 141), ("../../packs/demo", 100)] {
        let loaded = load(&here(name)).unwrap_or_else(|faults| panic!("{name}:\n{faults}"));
        assert!(loaded.city.categories.len() >= categories, "{name}");
        let compiled = Compiled::new(loaded.city).unwrap();
        assert_eq!(compiled.hash, loaded.hash);
    }
}

#[test]
fn an_archived_pack_keeps_its_hash() {
    for name in ["tests/packs/good", "../../packs/boston", "../../packs/demo"] {
        let compiled = Compiled::new(load(&here(name)).unwrap().city).unwrap();
        let again = Compiled::from_json(&compiled.to_json()).unwrap();
        assert_eq!((again.hash, &again.city), (compiled.hash, &compiled.city), "{name}");
    }
}

#[test]
fn whoever_reads_conditions_faults_them_where_they_stand() {
    let demo = here("../../packs/demo");
    let judge = |_: &dipper_pack::City, judged: Judged<'_>| match judged {
        Judged::Rule(id, rule) if rule.when.as_ref().is_some_and(|when| when.contains("voltage")) => {
            Err(format!("alarm rule {id}: nobody knows voltage"))
        }
        _ => Ok(()),
    };
    let faults = dipper_pack::load_judged(&demo, &judge).unwrap_err().to_string();
    let line = fs::read_to_string(demo.join("alarm_rules.yaml")).unwrap();
    let line = line.lines().position(|line| line == "lamp_overvoltage:").unwrap() + 1;
    assert_eq!(faults, format!("alarm_rules.yaml:{line}: alarm rule lamp_overvoltage: nobody knows voltage"));
    load(&demo).unwrap();
}

#[test]
fn a_folder_that_is_none_says_so() {
    let faults = load(&here("tests/packs/nowhere")).unwrap_err();
    assert_eq!(faults.to_string(), "pack.yaml: the file is missing: a pack is a folder with a pack.yaml");
}

#[test]
fn a_rule_is_written_as_it_is_read() {
    let city = load(&here("../../packs/demo")).unwrap().city;
    assert!(city.alarm_rules.len() > 10);
    for (id, rule) in &city.alarm_rules {
        let text = write_alarm_rule(rule);
        let read = read_alarm_rule(&text, &city.locales).unwrap_or_else(|faults| panic!("{id}: {faults}\n{text}"));
        assert_eq!(&read, rule, "{text}");
    }
    for (text, words) in [
        ("title: {zh-CN: 热, en: Hot}\nwhen: [1]", "rule:2: expected a text, got a list"),
        ("title: {zh-CN: 热, en: Hot}\nwen: t > 1.0", "rule:2: unknown key \"wen\""),
        ("- 1", "rule:1: expected a mapping, got a list"),
        ("a: [", "rule:2: not YAML"),
    ] {
        let faults = read_alarm_rule(text, &city.locales).unwrap_err().to_string();
        assert!(faults.starts_with(words), "{faults}");
    }
}
