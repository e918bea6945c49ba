//! Encoding, and what is done with cells, beside other grids in one run of the crate's own benches.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::report::{machine, number, table};

/// The benches of the grid, in the order of the table.
const BENCHES: [&str; 2] = ["encode", "operations"];
/// The groups of both, by the folder that criterion gives each.
const GROUPS: [&str; 8] = [
    "encode",
    "decode to the middle",
    "parent",
    "all neighbours",
    "polygon cover, a cell",
    "mixed cover of a box in 500 cells, whole",
    "line, a cell",
    "distance on the ellipsoid",
];

/// One line of the table: group, what was timed, nanoseconds.
type Timed = (usize, String, f64);

/// Runs the benches three times and takes the best of each: what disturbs a shared machine only ever adds.
pub fn measure(root: &Path) -> anyhow::Result<String> {
    let folder = super::target(root).join("criterion");
    let mut best: Vec<Timed> = Vec::new();
    for _ in 0..3 {
        for bench in BENCHES {
            let filter: &[&str] = if bench == "encode" { &["encode"] } else { &[] };
            let status = Command::new("cargo")
                .args(["bench", "--locked", "-q", "-p", "dipper-grid", "--bench", bench, "--"])
                .args(filter)
                .current_dir(root)
                .status()?;
            ensure!(status.success(), "the bench {bench} of the grid failed");
        }
        for (at, group) in GROUPS.iter().enumerate() {
            read_group(&folder, at, group, &mut best)?;
        }
    }
    best.sort_by(|a, b| a.0.cmp(&b.0).then(a.2.total_cmp(&b.2)));
    let rows: Vec<Vec<String>> =
        best.into_iter().map(|(group, name, ns)| vec![GROUPS[group].to_owned(), name, number(ns)]).collect();
    let caption = format!("Best of three medians; {}.", machine());
    Ok(table(&caption, &["what", "whose", "ns"], &rows))
}

/// Takes the medians of one group; where elements were counted, of one element.
fn read_group(folder: &Path, at: usize, group: &str, best: &mut Vec<Timed>) -> anyhow::Result<()> {
    let folder = folder.join(group);
    for entry in std::fs::read_dir(&folder).with_context(|| format!("no results in {}", folder.display()))? {
        let path = entry?.path();
        let Ok(text) = std::fs::read_to_string(path.join("new/estimates.json")) else { continue };
        let estimates: Value = serde_json::from_str(&text)?;
        let whole = estimates["median"]["point_estimate"].as_f64().context("criterion writes a median")?;
        let about: Value = serde_json::from_str(&std::fs::read_to_string(path.join("new/benchmark.json"))?)?;
        let ns = whole / about["throughput"]["Elements"].as_f64().unwrap_or(1.0);
        let name = about["function_id"].as_str().unwrap_or_default().to_owned();
        match best.iter_mut().find(|(group, known, _)| *group == at && *known == name) {
            Some((_, _, known)) => *known = known.min(ns),
            None => best.push((at, name, ns)),
        }
    }
    Ok(())
}
