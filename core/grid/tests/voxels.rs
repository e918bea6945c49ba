//! Voxels: the shared vectors, round trips under both readings, the ground, the ceiling, and refusals.

mod common;

use std::path::Path;

use common::{cells, levels, points};
use dipper_grid::{
    AnnexCBits, Cell, Clause6, HeightError, HeightRule, Level, LonLat, Voxel, VoxelCodeError, VoxelError,
    layer_height_m, layer_of_height,
};
use proptest::prelude::*;

fn heights() -> impl Strategy<Value = f64> {
    prop_oneof![
        -500.0..10_000.0f64,
        -6_302_106.0..528_680_171.0f64,
        -0.05..0.05f64,
        (-1_000_000i32..1_000_000).prop_map(layer_height_m),
        (-1_887_436_800i32..1_887_436_800).prop_map(layer_height_m),
    ]
}

fn voxels<R: HeightRule>() -> impl Strategy<Value = Voxel<R>> {
    (cells(), heights())
        .prop_map(|(cell, height_m)| Voxel::encode(cell.centre(), height_m, cell.level()).expect("a height in range"))
}

#[test]
fn every_vector_encodes_prints_parses_and_packs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/grid/beidou_3d.csv");
    if !path.exists() {
        println!("skipped: no shared data");
        return;
    }
    let mut reader = csv::Reader::from_path(path).expect("readable vectors");
    let mut count = 0;
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.expect("a well-formed row");
        let number = |field: usize| record[field].parse::<f64>().expect("a number");
        let point = LonLat::new(number(0), number(1)).expect("a point");
        let level: Level = record[3].parse().expect("a level");
        let voxel: Voxel = Voxel::encode(point, number(2), level).expect("a voxel");
        assert_eq!(voxel.to_string(), &record[4], "line {line}");
        assert_eq!(record[4].parse(), Ok(voxel), "line {line}");
        assert_eq!(Voxel::try_from(voxel.get()), Ok(voxel), "line {line}");
        let bounds = voxel.bounds();
        assert!(bounds.low_m - 1e-7 <= number(2) && number(2) < bounds.high_m, "line {line}: {bounds:?}");
        count += 1;
    }
    assert_eq!(count, 551);
}

#[test]
fn table_1_of_the_standard_is_the_plane_code_with_height_zero() {
    let plane: Cell = "N36J93078B3101524314".parse().expect("a code");
    let voxel: Voxel = "N036J0093000780B3010010520430140".parse().expect("a code");
    assert_eq!((voxel.footprint(), voxel.layer()), (plane, 0));
}

#[test]
fn a_vendor_example_agrees_with_clause_6_and_not_with_annex_c() {
    let point = LonLat::new(116.312_602_777_777_78, 39.993_161_111_111_114).expect("a point");
    let ours: Voxel = Voxel::encode(point, 25_125.0, Level::L8).expect("a voxel");
    assert_eq!(ours.to_string(), "N050J004705039DB8920557347");
    assert!((ours.bounds().low_m - 25_124.460_20).abs() < 1e-5);
    let sliced = Voxel::<AnnexCBits>::encode(point, 25_125.0, Level::L8).expect("a voxel");
    assert_eq!(sliced.to_string(), "N050J004705039CB8C20557347");
}

#[test]
fn readings_agree_below_one_minute_of_height_and_differ_above() {
    let point = LonLat::new(91.1, 29.6).expect("a point");
    let both = |height_m: f64| {
        let a = Voxel::<Clause6>::encode(point, height_m, Level::L10).expect("a voxel").to_string();
        (a, Voxel::<AnnexCBits>::encode(point, height_m, Level::L10).expect("a voxel").to_string())
    };
    let (a, b) = both(1_839.5);
    assert_eq!(a, b);
    let (a, b) = both(1_839.6);
    assert_ne!(a, b);
}

#[test]
fn the_ground_is_a_mirror() {
    let point = LonLat::new(91.1, 29.6).expect("a point");
    for level in Level::ALL {
        let above: Voxel = Voxel::encode(point, 0.001, level).expect("a voxel");
        let below: Voxel = Voxel::encode(point, -0.001, level).expect("a voxel");
        assert_eq!((above.layer(), below.layer()), (0, -1));
        let mut mirrored = above.to_string();
        mirrored.replace_range(1..2, "1");
        assert_eq!(below.to_string(), mirrored);
        assert_eq!((above.bounds().low_m, below.bounds().high_m), (0.0, 0.0));
        assert_eq!(Voxel::<Clause6>::on(point_cell(point, level), -1), Some(below));
    }
    assert_eq!(Voxel::<Clause6>::encode(point, -0.0, Level::L1).expect("a voxel").layer(), 0);
}

fn point_cell(point: LonLat, level: Level) -> Cell {
    Cell::encode(point, level).expect("a cell")
}

#[test]
fn the_ceiling_is_the_end_under_both_readings() {
    let cell: Cell = "N50J".parse().expect("a code");
    assert!(Voxel::<Clause6>::on(cell, 63).is_some() && Voxel::<Clause6>::on(cell, 64).is_none());
    assert!(Voxel::<AnnexCBits>::on(cell, 56).is_some() && Voxel::<AnnexCBits>::on(cell, 57).is_none());
    // The ceiling cuts the last level-1 layer of annex C after two of its eight parts.
    let last = Voxel::<AnnexCBits>::on(cell, 56).expect("a voxel");
    assert_eq!((last.child_count(), last.children().count()), (96 * 2, 96 * 2));
    assert_eq!("N050J57".parse::<Voxel<AnnexCBits>>(), Err(VoxelCodeError::AboveCeiling));
    assert_eq!("N050J56472".parse::<Voxel<AnnexCBits>>(), Err(VoxelCodeError::AboveCeiling));
    assert!("N050J56471".parse::<Voxel<AnnexCBits>>().is_ok());
    assert!("N050J63477".parse::<Voxel>().is_ok());
}

#[test]
fn refusals_name_the_rule() {
    let point = LonLat::new(0.0, 89.0).expect("a point");
    assert!(matches!(Voxel::<Clause6>::encode(point, 0.0, Level::L3), Err(VoxelError::Plane(_))));
    assert_eq!(Voxel::<Clause6>::encode(point, 0.0, Level::L2).expect("a voxel").to_string(), "N000000010");
    assert_eq!(layer_of_height(f64::NAN), Err(HeightError::NotFinite));
    assert!(matches!(layer_of_height(-6_400_000.0), Err(HeightError::OutOfRange { .. })));
    let table = [
        ("N250J00", "character 2 of the grid code is '2'; expected 0 above ground or 1 below"),
        ("N050J64", "character 7 of the grid code is '4'; expected a height 00 to 63"),
        ("N050W00", "character 5 of the grid code is 'W'; expected a row A to V"),
        ("N050J00478", "character 10 of the grid code is '8'; expected a height digit 0 to 7"),
        ("N050J004750392", "grid code has 14 characters"),
        ("N050J004705039F", "character 15 of the grid code is 'F'; expected a height digit 0 to E"),
        ("N061J00", "grid code has column 61; columns are 01 to 60"),
        ("n050J00", "character 1 of the grid code is 'n'; expected N or S"),
        ("N050J0é", "character 7 of the grid code is 'é'"),
    ];
    for (text, message) in table {
        let fault = text.parse::<Voxel>().expect_err(text).to_string();
        assert!(fault.starts_with(message), "{text}: {fault}");
    }
}

/// The laws that hold under either reading.
fn laws<R: HeightRule>(voxel: Voxel<R>, other: Voxel<R>, level: Level) -> Result<(), TestCaseError> {
    let code = voxel.to_string();
    prop_assert_eq!(code.len(), voxel.level().voxel_code_len());
    prop_assert_eq!(code.parse(), Ok(voxel));
    prop_assert_eq!(Voxel::try_from(voxel.get()), Ok(voxel));
    prop_assert_eq!(Voxel::on(voxel.footprint(), voxel.layer()), Some(voxel));
    let (point, height_m) = voxel.centre();
    prop_assert_eq!(Voxel::encode(point, height_m, voxel.level()), Ok(voxel));
    let (_, low_m) = voxel.corner();
    prop_assert_eq!(Voxel::encode(point, low_m, voxel.level()), Ok(voxel));
    // Order and nesting are those of the strings.
    prop_assert_eq!(voxel.cmp(&other), code.cmp(&other.to_string()));
    prop_assert_eq!(voxel.contains(other), is_prefix(&voxel, &other));
    if let Some(above) = voxel.ancestor(level) {
        prop_assert!(above.contains(voxel) && is_prefix(&above, &voxel) && above <= voxel);
        prop_assert_eq!(Voxel::encode(point, height_m, level), Ok(above));
        prop_assert_eq!(above.cmp(&voxel), above.to_string().cmp(&code));
    }
    Ok(())
}

/// Whether a code begins with all of another: one string prefix, as the groups interleave.
fn is_prefix<R: HeightRule>(above: &Voxel<R>, below: &Voxel<R>) -> bool {
    below.to_string().starts_with(&above.to_string())
}

fn children_tile<R: HeightRule>(voxel: Voxel<R>) -> Result<(), TestCaseError> {
    prop_assert_eq!(voxel.child(voxel.child_count()), None);
    let mut before = voxel;
    for (index, child) in (0..).zip(voxel.children()) {
        prop_assert_eq!(child.parent(), Some(voxel));
        prop_assert_eq!(child.child_index(), Some(index));
        prop_assert!(before < child && voxel.contains(child) && *before.range().end() != *child.range().start());
        before = child;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn voxels_of_clause_6_keep_the_laws(a in voxels::<Clause6>(), b in voxels::<Clause6>(), level in levels()) {
        laws(a, b, level)?;
    }

    #[test]
    fn voxels_of_annex_c_keep_the_laws(a in voxels::<AnnexCBits>(), b in voxels::<AnnexCBits>(), level in levels()) {
        laws(a, b, level)?;
    }

    #[test]
    fn the_heights_contain_the_height_and_the_footprint_is_the_cell(
        point in points(), height_m in heights(), level in levels(),
    ) {
        let voxel: Voxel = Voxel::encode(point, height_m, level)?;
        prop_assert_eq!(Ok(voxel.footprint()), Cell::encode(point, level));
        let slack = 1e-8 + height_m.abs() * 1e-13;
        let bounds = voxel.bounds();
        prop_assert!(bounds.low_m - slack <= height_m && height_m < bounds.high_m + slack);
    }

    #[test]
    fn a_number_is_a_key_only_if_it_is_the_key_of_its_own_code(
        number in any::<u128>(), voxel in voxels::<Clause6>(), sliced in voxels::<AnnexCBits>(), bit in 0u32..128,
    ) {
        prop_assert!(Voxel::<AnnexCBits>::try_from(voxel.get()).is_err());
        prop_assert!(Voxel::<Clause6>::try_from(sliced.get()).is_err());
        for number in [number, voxel.get() ^ (1 << bit)] {
            if let Ok(voxel) = Voxel::<Clause6>::try_from(number) {
                prop_assert_eq!(voxel.get(), number);
                prop_assert_eq!(voxel.to_string().parse(), Ok(voxel));
            }
        }
    }

    #[test]
    fn any_text_parses_to_its_own_code_or_is_refused(
        text in "[NS][01][0-6][0-9][A-W0][0-6][0-9]([0-9A-F]{3}([0-9A-F]{2}([0-9A-F]{3}){0,2})?)?|.{0,34}",
    ) {
        if let Ok(voxel) = text.parse::<Voxel>() {
            prop_assert_eq!(voxel.to_string(), text.clone());
        }
        if let Ok(voxel) = text.parse::<Voxel<AnnexCBits>>() {
            prop_assert_eq!(voxel.to_string(), text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn children_fill_their_parent(a in voxels::<Clause6>(), b in voxels::<AnnexCBits>()) {
        children_tile(a)?;
        children_tile(b)?;
    }
}
