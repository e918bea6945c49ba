//! Every row of the shared vectors, which three independent codecs were compared on.

use std::path::Path;

use dipper_grid::{Cell, Level, LonLat};

struct Row {
    line: usize,
    point: LonLat,
    level: Level,
    code: String,
}

/// The rows of the shared file, or `None` in a checkout that lacks the shared folder.
fn rows() -> Option<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/grid/beidou_2d.csv");
    if !path.exists() {
        println!("skipped: no shared data");
        return None;
    }
    let mut reader = csv::Reader::from_path(path).expect("readable vectors");
    let rows = reader.records().enumerate().map(|(index, record)| {
        let record = record.expect("a well-formed row");
        let number = |field: usize| record[field].parse::<f64>().expect("a number");
        Row {
            line: index + 2,
            point: LonLat::new(number(0), number(1)).expect("a point"),
            level: record[2].parse().expect("a level"),
            code: record[3].to_owned(),
        }
    });
    Some(rows.collect())
}

#[test]
fn every_vector_encodes_prints_and_parses() {
    let Some(rows) = rows() else { return };
    assert_eq!(rows.len(), 1_019);
    for Row { line, point, level, code } in rows {
        let cell = Cell::encode(point, level).expect("a cell of this level");
        assert_eq!(cell.to_string(), code, "line {line}");
        assert_eq!(code.parse(), Ok(cell), "line {line}");
        assert_eq!(Cell::try_from(cell.get()), Ok(cell), "line {line}");
        assert_eq!(cell.level(), level, "line {line}");
    }
}

#[test]
fn every_vector_lies_in_the_bounds_of_its_cell() {
    let Some(rows) = rows() else { return };
    for Row { line, point, code, .. } in rows {
        let cell: Cell = code.parse().expect("a code");
        // A point less than 15 nm below an edge is taken over it, so a corner may miss by a rounding error.
        let slack = 2e-13;
        let bounds = cell.bounds();
        let (lon, lat) = (point.lon_deg(), point.lat_deg());
        let across = bounds.west - slack <= lon && lon <= bounds.east + slack;
        let beyond_half_turn = bounds.west > bounds.east && (lon >= bounds.west || lon <= bounds.east);
        let up = bounds.south - slack <= lat && lat <= bounds.north + slack;
        assert!((across || beyond_half_turn) && up, "line {line}: {point} not in {bounds:?}");
    }
}

#[test]
fn the_corner_of_every_vector_is_a_corner_of_its_bounds() {
    let Some(rows) = rows() else { return };
    for Row { line, code, .. } in rows {
        let cell: Cell = code.parse().expect("a code");
        let (corner, bounds) = (cell.corner(), cell.bounds());
        assert!([bounds.west, bounds.east].contains(&corner.lon_deg()), "line {line}");
        assert!([bounds.south, bounds.north].contains(&corner.lat_deg()), "line {line}");
    }
}
