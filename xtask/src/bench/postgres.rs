//! A private PostgreSQL server for measurements: with fsync, on a folder of its own, gone with this value.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// initdb refuses root; the shell ends with our end of its standard input.
const KEEPER: &str = r#"
set -e
dir=$(mktemp -d /var/tmp/dipper-bench-pg.XXXXXX)
trap 'pg_ctl -D "$dir/data" stop -m fast >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
initdb -D "$dir/data" -U dipper -A trust -E UTF8 >"$dir/log" 2>&1
pg_ctl -D "$dir/data" -w -t 60 -l "$dir/log" start -o "-c listen_addresses='' -k $dir -c max_connections=100 -c shared_buffers=1GB -c max_wal_size=8GB" >/dev/null 2>&1
createdb -h "$dir" -U dipper bench
echo "$dir"
read -r _ || true
"#;

/// A running server with one empty database.
pub struct Server {
    keeper: Child,
    /// Folder of its socket.
    pub socket: String,
    /// Folder of its programs.
    pub bin: PathBuf,
}

impl Server {
    /// Starts it; absent where PostgreSQL is not installed.
    pub fn start() -> anyhow::Result<Option<Self>> {
        let Some(bin) = programs() else { return Ok(None) };
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
        let mut command = if is_root { Command::new("runuser") } else { Command::new("sh") };
        if is_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display());
        let mut keeper = command
            .args(["-c", KEEPER])
            .env("PATH", path)
            .current_dir("/var/tmp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut socket = String::new();
        BufReader::new(keeper.stdout.take().context("it is piped")?).read_line(&mut socket)?;
        ensure!(!socket.trim().is_empty(), "PostgreSQL did not start");
        Ok(Some(Self { keeper, socket: socket.trim().to_owned(), bin }))
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        format!("postgres://dipper@{}/bench", self.socket.replace('/', "%2F"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.into_iter().rev().find(|folder| Path::new(folder).join("initdb").exists())
}
