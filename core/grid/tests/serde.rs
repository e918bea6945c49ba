//! Wire forms.

use dipper_grid::{AnnexCBits, Bounds, Cell, CellSet, Level, LonLat, ReferenceCode, ShortCode, Voxel};
use serde_json::{from_str, to_string};

#[test]
fn json_forms_are_code_string_and_geojson_arrays() {
    let cell: Cell = "N50J47539B8".parse().expect("a code");
    assert_eq!(to_string(&cell).expect("json"), "\"N50J47539B8\"");
    assert_eq!(from_str::<Cell>("\"N50J47539B8\"").expect("a cell"), cell);
    let point = LonLat::new(116.5, -39.25).expect("a point");
    assert_eq!(to_string(&point).expect("json"), "[116.5,-39.25]");
    assert_eq!(from_str::<LonLat>("[116.5,-39.25]").expect("a point"), point);
    let bounds = Bounds::new(1.0, 2.0, 3.0, 4.0).expect("a box");
    assert_eq!(to_string(&bounds).expect("json"), "[1.0,2.0,3.0,4.0]");
    assert_eq!(from_str::<Bounds>("[1,2,3,4]").expect("a box"), bounds);
    assert_eq!(to_string(&Level::L7).expect("json"), "7");
    assert_eq!(from_str::<Level>("7").expect("a level"), Level::L7);
}

#[test]
fn wrong_values_are_refused_with_the_rule() {
    let faults = [
        from_str::<Cell>("\"N61J\"").map(|_| ()).map_err(|fault| fault.to_string()),
        from_str::<LonLat>("[181,0]").map(|_| ()).map_err(|fault| fault.to_string()),
        from_str::<Bounds>("[1,4,3,2]").map(|_| ()).map_err(|fault| fault.to_string()),
        from_str::<Level>("11").map(|_| ()).map_err(|fault| fault.to_string()),
    ];
    let rules = ["columns are 01 to 60", "-180 to 180", "south edge", "levels are 1 to 10"];
    for (fault, rule) in faults.into_iter().zip(rules) {
        assert!(fault.expect_err("a fault").contains(rule), "{rule}");
    }
}

#[test]
fn voxels_sets_and_references_are_their_codes() {
    let voxel: Voxel = "N050J004705039DB8920557347".parse().expect("a code");
    assert_eq!(to_string(&voxel).expect("json"), "\"N050J004705039DB8920557347\"");
    assert_eq!(from_str::<Voxel>("\"N050J004705039DB8920557347\"").expect("a voxel"), voxel);
    assert!(from_str::<Voxel>("\"N050J0047050390F\"").is_err());
    assert!(from_str::<Voxel<AnnexCBits>>("\"N050J004705039F\"").is_ok());
    let set: CellSet = from_str(r#"["N50J475","N50J474","N50J475"]"#).expect("a set");
    assert_eq!(to_string(&set).expect("json"), r#"["N50J474","N50J475"]"#);
    let code: ReferenceCode = from_str("\"N50J475492E-10\"").expect("a code");
    assert_eq!(to_string(&code).expect("json"), "\"N50J475492E-10\"");
    assert!(from_str::<ReferenceCode>("\"N50J475492E-1\"").is_err());
    assert_eq!(to_string(&from_str::<ShortCode>("\"求是塔-20\"").expect("a code")).expect("json"), "\"求是塔-20\"");
}
