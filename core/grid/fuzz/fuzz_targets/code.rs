//! The code parser: any text is refused or prints back to itself.
#![no_main]

use dipper_grid::Cell;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Cell>() {
        Ok(cell) => {
            assert_eq!(cell.to_string(), text);
            assert_eq!(Cell::try_from(cell.get()), Ok(cell));
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
});
