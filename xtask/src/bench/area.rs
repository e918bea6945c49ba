//! Cases within an area by ranges of grid cells, beside bounding boxes and PostGIS in the same database and run.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::postgres::Server;
use super::report::{machine, number, table};

/// Runs the bench of `core/store`, which prints one JSON object a line: `{"name": …, "us": …, "found": …}`.
pub fn measure(root: &Path, cases: u64) -> anyhow::Result<String> {
    let server = Server::start()?;
    let mut command = Command::new("cargo");
    command.args(["bench", "--locked", "-q", "-p", "dipper-store", "--bench", "area", "--"]).current_dir(root);
    command.args(["--rows", &cases.to_string()]);
    if let Some(server) = &server {
        command.args(["--postgres", &server.url()]);
    }
    let output = command.output()?;
    ensure!(output.status.success(), "the bench of areas failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut rows = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines().filter(|line| line.starts_with('{')) {
        let result: Value = serde_json::from_str(line)?;
        let name = result["name"].as_str().context("a result has a name")?.to_owned();
        let found = result["found"].as_f64().context("a result has a count")?;
        rows.push(vec![name, number(result["us"].as_f64().context("a result has a time")?), number(found)]);
    }
    let caption =
        format!("{cases} cases spread over 28 x 24 km, 200 areas each, the best of eight passes; {}.", machine());
    Ok(table(&caption, &["cases", "µs an area", "found in all"], &rows))
}
