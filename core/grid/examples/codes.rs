//! A place as codes of every level, in two and three dimensions: `cargo run --example codes -- 116.3126 39.9932 43.5`.

use std::error::Error;

use dipper_grid::{AnnexCBits, Cell, Clause6, Level, LonLat, Voxel};

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<f64> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let (lon, lat, height_m) = match numbers[..] {
        [lon, lat] => (lon, lat, 0.0),
        [lon, lat, height_m] => (lon, lat, height_m),
        _ => (116.312_6, 39.993_2, 43.5),
    };
    let point = LonLat::new(lon, lat)?;
    println!("{point}, {height_m} m above the ellipsoid");
    for level in Level::ALL {
        let cell = Cell::encode(point, level)?;
        let voxel = Voxel::<Clause6>::encode(point, height_m, level)?;
        println!("{level:>2}  {cell:<20}  {voxel:<32}  {:.5} m²", cell.area_m2());
    }
    let sliced = Voxel::<AnnexCBits>::encode(point, height_m, Level::L10)?;
    println!("the last as the open codecs have it: {sliced}");
    Ok(())
}
