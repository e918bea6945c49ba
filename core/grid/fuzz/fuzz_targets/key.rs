//! The key check: any number is refused or is the key of a cell that answers every question.
#![no_main]

use dipper_grid::Cell;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|number: i64| {
    if let Ok(cell) = Cell::try_from(number) {
        assert_eq!(cell.get(), number);
        assert_eq!(cell.to_string().parse(), Ok(cell));
        assert_eq!(Cell::encode(cell.centre(), cell.level()), Ok(cell));
        assert!(cell.parent().is_none_or(|parent| parent.contains(cell)));
        assert!(cell.neighbours().all(|other| other.level() == cell.level()));
    }
});
