//! The ledger: durable entries beside the raw fsync of the same disk in the same run, proofs, storage, cost an append.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::report::{machine, number, table};

/// Runs the bench of `account`, which prints one JSON object a line, and makes three tables of it.
pub fn measure(root: &Path, entries: u64) -> anyhow::Result<String> {
    let folder = super::workshop(root);
    std::fs::create_dir_all(&folder)?;
    let output = Command::new("cargo")
        .args(["bench", "--locked", "-q", "-p", "dipper-account", "--bench", "ledger", "--", "--folder"])
        .arg(&folder)
        .args(["--entries", &entries.to_string()])
        .current_dir(root)
        .output()?;
    ensure!(output.status.success(), "the bench of the ledger failed: {}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = String::from_utf8(output.stdout)?
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    ensure!(!lines.is_empty(), "the bench of the ledger said nothing");
    let rows = |section: &str, columns: &[&str]| -> anyhow::Result<Vec<Vec<String>>> {
        let of = lines.iter().filter(|line| line["section"] == section);
        of.map(|line| row(line, columns)).collect()
    };
    let durable = rows("durable", &["round_ms", "per_second", "raw_ms", "raw_per_second", "part"])?;
    let caption = format!(
        "Medians of whole rounds: events out of SQLite, staging, lock, tiles, checkpoint, each synced. Raw: the same bytes in one \
         write and one fsync, in turn with the rounds; {}.",
        machine()
    );
    let head = ["entries a round", "round ms", "entries/s", "raw ms", "raw entries/s", "part of raw"];
    let mut text = table(&caption, &head, &durable);
    text.push('\n');
    let mut facts = Vec::new();
    for line in lines.iter().filter(|line| line["section"] == "proof") {
        let name = line["name"].as_str().unwrap_or_default();
        facts.push(vec![format!("{name} proof out of tiles in memory: build, µs"), figure(line, "build_us")?]);
        facts.push(vec![format!("{name} proof: verify, µs"), figure(line, "verify_us")?]);
    }
    for line in lines.iter().filter(|line| line["section"] == "storage") {
        facts.push(vec!["bytes an entry, tiles and bundles".to_owned(), figure(line, "bytes")?]);
        facts.push(vec!["bytes an entry, in blocks of 4 KiB".to_owned(), figure(line, "on_disk")?]);
        facts.push(vec!["files".to_owned(), figure(line, "files")?]);
    }
    text.push_str(&table(&format!("A log of {entries} entries."), &["what", ""], &facts));
    text.push('\n');
    text.push_str(&table(
        "Hashing and tiles, by how many entries there are.",
        &["up to entry", "ns an entry"],
        &rows("append", &["ns"])?,
    ));
    Ok(text)
}

fn row(line: &Value, columns: &[&str]) -> anyhow::Result<Vec<String>> {
    let name = line["name"].as_str().context("a result has a name")?.to_owned();
    let figures = columns.iter().map(|column| figure(line, column)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok([vec![name], figures].concat())
}

fn figure(line: &Value, column: &str) -> anyhow::Result<String> {
    Ok(number(line[column].as_f64().with_context(|| format!("a result has {column}"))?))
}
