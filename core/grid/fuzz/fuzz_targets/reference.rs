//! The parsers of reference codes and short codes: any text is refused or prints back to itself.
#![no_main]

use dipper_grid::{Offsets, ReferenceCode, ShortCode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<ReferenceCode>() {
        Ok(code) => {
            assert_eq!(code.to_string(), text);
            assert_eq!(code.offsets().target(code.reference()), Ok(code.target()));
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
    if let Ok(code) = text.parse::<ShortCode>() {
        assert_eq!(code.to_string(), text);
    }
    if let Ok(offsets) = text.parse::<Offsets>() {
        assert_eq!(offsets.to_string(), text);
    }
});
