//! The three-dimensional code parsers: any text is refused or prints back to itself, under either reading.
#![no_main]

use dipper_grid::{AnnexCBits, Clause6, HeightRule, Voxel};
use libfuzzer_sys::fuzz_target;

fn check<R: HeightRule>(text: &str) {
    match text.parse::<Voxel<R>>() {
        Ok(voxel) => {
            assert_eq!(voxel.to_string(), text);
            assert_eq!(Voxel::<R>::try_from(voxel.get()), Ok(voxel));
            let (point, height_m) = voxel.centre();
            assert_eq!(Voxel::<R>::encode(point, height_m, voxel.level()), Ok(voxel));
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
}

fuzz_target!(|text: &str| {
    check::<Clause6>(text);
    check::<AnnexCBits>(text);
});
