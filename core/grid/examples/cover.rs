//! A polygon as cells, key ranges and GeoJSON: `cargo run --example cover > cells.geojson`.

use std::error::Error;

use dipper_grid::{CellSet, CoverMode, Level, LonLat, Polygon, feature_collection};

fn main() -> Result<(), Box<dyn Error>> {
    let corners = [(114.02, 22.52), (114.09, 22.51), (114.11, 22.56), (114.06, 22.59), (114.01, 22.56)];
    let ring = corners.map(|(lon, lat)| LonLat::new(lon, lat)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let polygon = Polygon::new([&ring[..]])?;

    // One level: how many addresses of 124 m there are.
    let blocks = polygon.cover(Level::L5, CoverMode::Centre, 100_000)?;
    eprintln!("{} cells of level 5", blocks.len());

    // Mixed levels under a budget, as the clauses of one query.
    let cover: CellSet = polygon.outer_cover(Level::L8, 64)?.into_iter().collect();
    for range in cover.key_ranges() {
        eprintln!("cell BETWEEN {} AND {}", range.start(), range.end());
    }
    let inside: CellSet = polygon.inner_cover(Level::L8, 64)?.into_iter().collect();
    eprintln!("between {:.3} and {:.3} km²", inside.area_m2() / 1e6, cover.area_m2() / 1e6);

    println!("{}", feature_collection(cover.cells().collect::<Vec<_>>()));
    Ok(())
}
