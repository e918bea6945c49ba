//! What must hold of the city and of its pack.

use std::path::PathBuf;

use super::generate;

fn folder() -> PathBuf {
    crate::gen_files::repository().join("packs/demo")
}

#[test]
fn the_files_in_the_repository_are_those_the_generator_writes() {
    for (name, text) in generate() {
        let kept = std::fs::read_to_string(folder().join(&name)).unwrap();
        assert!(kept == text, "{name} differs: run `cargo xtask gen demo-city`");
    }
}

#[test]
fn every_story_of_the_pack_comes_true() {
    let loaded = pack::load(&folder()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(loaded.scenarios.len() > 9);
    let compiled = pack::Compiled::new(loaded.city).unwrap();
    let mut failed = Vec::new();
    for scenario in &loaded.scenarios {
        for fault in act::scenario::play(&compiled, scenario).err().unwrap_or_default() {
            failed.push(format!("{}: line {}: {}", scenario.story, fault.line, fault.message));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
