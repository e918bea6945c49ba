//! Appending to the store, beside plain one-row transactions on the same disk in the same run.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::postgres::Server;
use super::report::{machine, number, table};

/// Runs the bench of `core/store`, which prints one JSON object a line: `{"name": …, "per_second": …}`; then pgbench.
pub fn measure(root: &Path) -> anyhow::Result<String> {
    let server = Server::start()?;
    let mut command = Command::new("cargo");
    command.args(["bench", "--locked", "-q", "-p", "dipper-store", "--bench", "append", "--"]).current_dir(root);
    if let Some(server) = &server {
        command.args(["--postgres", &server.url()]);
    }
    let output = command.output()?;
    ensure!(output.status.success(), "the bench of the store failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut rows = Vec::new();
    for line in String::from_utf8(output.stdout)?.lines().filter(|line| line.starts_with('{')) {
        let result: Value = serde_json::from_str(line)?;
        let name = result["name"].as_str().context("a result has a name")?.to_owned();
        rows.push(vec![name, number(result["per_second"].as_f64().context("a result has a rate")?)]);
    }
    if let Some(server) = &server {
        for clients in [1, 32] {
            let tps = pgbench(server, clients)?;
            rows.push(vec![format!("peer: pgbench, one INSERT a transaction, {clients} connections"), number(tps)]);
        }
    }
    let caption = format!("Every acknowledged write is on the disk (fsync); {}.", machine());
    Ok(table(&caption, &["what", "events/s"], &rows))
}

fn pgbench(server: &Server, clients: usize) -> anyhow::Result<f64> {
    let socket = ["-h", &server.socket, "-U", "dipper"];
    let make = "CREATE TABLE IF NOT EXISTS plain (id BIGSERIAL PRIMARY KEY, body TEXT NOT NULL)";
    let made = Command::new(server.bin.join("psql")).args(socket).args(["-d", "bench", "-q", "-c", make]).status()?;
    ensure!(made.success(), "psql failed");
    let script = std::env::temp_dir().join(format!("dipper-bench-{}.sql", std::process::id()));
    std::fs::write(&script, format!("INSERT INTO plain (body) VALUES ('{}');\n", "x".repeat(400)))?;
    let output = Command::new(server.bin.join("pgbench"))
        .args(socket)
        .args(["-n", "-T", "5", "-c", &clients.to_string(), "-j", "2", "-f"])
        .arg(&script)
        .arg("bench")
        .output()?;
    std::fs::remove_file(&script).ok();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.starts_with("tps = "))
        .with_context(|| format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)))?;
    line.split_whitespace().nth(2).and_then(|word| word.parse().ok()).context("pgbench says how many")
}
