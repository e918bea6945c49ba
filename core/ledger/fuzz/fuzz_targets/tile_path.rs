//! A tile path that reads writes the same text.
#![no_main]

use dipper_ledger::tile::TileCoord;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(coord) = text.parse::<TileCoord>() {
        assert_eq!(coord.to_string(), text);
    }
});
