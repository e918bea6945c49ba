//! The voxel key check: any number is refused or is the key of a voxel that answers every question.
#![no_main]

use dipper_grid::{AnnexCBits, Clause6, Contact, HeightRule, Voxel};
use libfuzzer_sys::fuzz_target;

fn check<R: HeightRule>(number: u128) {
    if let Ok(voxel) = Voxel::<R>::try_from(number) {
        assert_eq!(voxel.get(), number);
        assert_eq!(voxel.to_string().parse(), Ok(voxel));
        assert_eq!(Voxel::on(voxel.footprint(), voxel.layer()), Some(voxel));
        assert!(voxel.parent().is_none_or(|parent| parent.contains(voxel)));
        assert!(voxel.neighbours(Contact::Corner).all(|other| other.level() == voxel.level()));
    }
}

fuzz_target!(|number: u128| {
    check::<Clause6>(number);
    check::<AnnexCBits>(number);
});
