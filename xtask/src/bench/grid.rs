//! Encoding a point, beside other grids in one run of the crate's own bench.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::report::{machine, number, table};

/// Runs the bench three times and takes the best of each: what disturbs a shared machine only ever adds.
pub fn measure(root: &Path) -> anyhow::Result<String> {
    let folder = super::target(root).join("criterion/encode");
    let mut best: Vec<(String, f64)> = Vec::new();
    for _ in 0..3 {
        let status = Command::new("cargo")
            .args(["bench", "--locked", "-q", "-p", "dipper-grid", "--bench", "encode", "--", "encode"])
            .current_dir(root)
            .status()?;
        ensure!(status.success(), "the bench of the grid failed");
        for entry in std::fs::read_dir(&folder).with_context(|| format!("no results in {}", folder.display()))? {
            let path = entry?.path();
            let Ok(text) = std::fs::read_to_string(path.join("new/estimates.json")) else { continue };
            let estimates: Value = serde_json::from_str(&text)?;
            let ns = estimates["median"]["point_estimate"].as_f64().context("criterion writes a median")?;
            let about: Value = serde_json::from_str(&std::fs::read_to_string(path.join("new/benchmark.json"))?)?;
            let name = about["function_id"].as_str().unwrap_or_default().to_owned();
            match best.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = known.min(ns),
                None => best.push((name, ns)),
            }
        }
    }
    best.sort_by(|a, b| a.1.total_cmp(&b.1));
    let rows: Vec<Vec<String>> = best.into_iter().map(|(name, ns)| vec![name, number(ns)]).collect();
    let caption = format!("Best of three medians; {}.", machine());
    Ok(table(&caption, &["one point to one cell", "ns"], &rows))
}
