//! Searches over service items: the real ones of a district, and a hundred thousand made of their words.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::report::{machine, number, table};

/// Runs the bench of `core/catalogue`, which prints one JSON object a line.
pub fn measure(root: &Path) -> anyhow::Result<String> {
    let shared = root.join("../shared");
    ensure!(shared.join("data/services").is_dir(), "the real items are not here: there is no {}", shared.display());
    let output = Command::new("cargo")
        .args(["bench", "--locked", "-q", "-p", "dipper-catalogue", "--bench", "search", "--", "--shared"])
        .arg(&shared)
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "the bench of services failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut rows = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines().filter(|line| line.starts_with('{')) {
        let result: Value = serde_json::from_str(line)?;
        let figure =
            |key: &str| Ok::<_, anyhow::Error>(number(result[key].as_f64().context("a result has its figures")?));
        rows.push(
            ["items", "made_ms", "p50_us", "p99_us", "slowest_us", "per_second"]
                .map(figure)
                .into_iter()
                .collect::<Result<Vec<_>, _>>()?,
        );
    }
    let caption = format!("5 000 searches of twelve kinds, one after another, the first 20 of each; {}.", machine());
    Ok(table(&caption, &["items", "index made, ms", "p50 µs", "p99 µs", "slowest µs", "searches/s, one thread"], &rows))
}
