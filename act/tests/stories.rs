//! The stories of the packs, played against the real decisions and timers.

use std::path::PathBuf;

use dipper_act::scenario::play;
use pack::Compiled;

fn play_all(pack: &str) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs")).join(pack);
    let loaded =
        pack::load(&folder).unwrap_or_else(|faults| panic!("the pack {pack} does not pass its check:\n{faults}"));
    assert!(!loaded.scenarios.is_empty(), "the pack {pack} has stories");
    let compiled = Compiled::new(loaded.city).expect("a checked pack compiles");
    let mut faults = Vec::new();
    for scenario in &loaded.scenarios {
        if let Err(found) = play(&compiled, scenario) {
            faults.extend(
                found.into_iter().map(|fault| format!("{} line {}: {}", scenario.story, fault.line, fault.message)),
            );
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn boston_goes_as_its_stories_tell() {
    play_all("boston");
}

#[test]
fn the_demo_city_goes_as_its_stories_tell() {
    play_all("demo");
}
