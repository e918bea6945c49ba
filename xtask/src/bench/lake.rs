//! The lake: readings a second beside the raw disk in the same run, bytes a reading, queries, cost as it grows.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::report::{machine, number, table};

/// Runs the bench of `lake`, which prints one JSON object a line, and makes four tables of it.
pub fn measure(root: &Path, days: u32) -> anyhow::Result<String> {
    let folder = super::workshop(root);
    std::fs::create_dir_all(&folder)?;
    let output = Command::new("cargo")
        .args(["bench", "--locked", "-q", "-p", "dipper-lake", "--bench", "lake", "--", "--folder"])
        .arg(&folder)
        .args(["--days", &days.to_string()])
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "the bench of the lake failed: {}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = String::from_utf8(output.stdout)?
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(!lines.is_empty(), "the bench of the lake said nothing");
    let rows = |section: &str, columns: &[&str]| -> anyhow::Result<Vec<Vec<String>>> {
        let of = lines.iter().filter(|line| line["section"] == section);
        of.map(|line| row(line, columns)).collect()
    };
    let caption = format!(
        "Acknowledged after their commit, medians of three rounds. Raw: the same bytes, written and synced in groups of all that \
         is under way; {}.",
        machine()
    );
    let head = ["readings", "readings/s", "raw readings/s", "part of raw"];
    let mut text = table(&caption, &head, &rows("append", &["per_second", "raw_per_second", "part"])?);
    text.push('\n');
    let caption = format!("2 000 devices every five minutes for {days} days, rolled once a day.");
    text.push_str(&table(
        &caption,
        &["what", "readings", "bytes a reading", "files"],
        &rows("storage", &["readings", "bytes", "files"])?,
    ));
    text.push('\n');
    text.push_str(&table(
        "Asked of it.",
        &["what", "median ms", "worst ms", "readings"],
        &rows("query", &["ms", "worst_ms", "rows"])?,
    ));
    text.push('\n');
    let caption = "Appending, rolling and merging, by how many readings there are.";
    text.push_str(&table(caption, &["readings", "ns a reading"], &rows("grow", &["ns"])?));
    Ok(text)
}

fn row(line: &Value, columns: &[&str]) -> anyhow::Result<Vec<String>> {
    let name = line["name"].as_str().context("a result has a name")?.to_owned();
    let figure = |column: &&str| {
        let value = line[*column].as_f64().with_context(|| format!("{name} has {column}"))?;
        Ok(number(value))
    };
    let figures = columns.iter().map(figure).collect::<anyhow::Result<Vec<_>>>()?;
    Ok([vec![name.clone()], figures].concat())
}
