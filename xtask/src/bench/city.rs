//! A city to measure: the release program on a folder and a port of its own, with the people of a life cycle.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::http::{Answer, Connection};

/// The password of the accounts made here.
pub const PASSWORD: &str = "a long enough word";
/// The address people would reach it under: the issuer of what it signs.
pub const BASE_URL: &str = "https://bench.example";
/// The pack that is measured.
pub const PACK: &str = "packs/boston";

/// The program that was given, or the release program, built with the web faces as they are.
pub fn program(root: &Path, given: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(given) = given {
        return given.canonicalize().with_context(|| format!("there is no program {}", given.display()));
    }
    let build = ["build", "--release", "--locked", "-p", "dipper"];
    let status = Command::new("cargo").args(build).current_dir(root).status()?;
    ensure!(status.success(), "the release program does not build");
    Ok(super::target(root).join("release/dipper"))
}

/// Where a city is kept.
#[derive(Debug, Clone)]
pub struct City {
    /// The repository.
    pub root: PathBuf,
    /// The program.
    pub program: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// Its database; SQLite in the data folder when absent.
    pub database: Option<String>,
    /// Its pack.
    pub pack: &'static str,
}

impl City {
    /// A command of the program on this city.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--data").arg(&self.data).args(["--pack", self.pack]).current_dir(&self.root);
        if let Some(url) = &self.database {
            command.args(["--database-url", url]);
        }
        // Reports are limited by address; a proxy in front tells many people apart.
        command.env("DIPPER_BEHIND_PROXY", "true").env("DIPPER_LOG", "warn").env("DIPPER_BASE_URL", BASE_URL);
        command
    }

    /// Makes a staff account.
    pub fn add_user(&self, login: &str, post: &str) -> anyhow::Result<()> {
        let mut child = self
            .command(&["user", "add", "--login", login, "--name", login, "--post", post])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        writeln!(child.stdin.take().context("it is piped")?, "{PASSWORD}")?;
        ensure!(child.wait()?.success(), "the account {login} was not made");
        Ok(())
    }

    /// Starts it and waits for its first answer.
    pub fn serve(&self) -> anyhow::Result<Running> {
        self.serve_with(&[])
    }

    /// The same, with more flags.
    pub fn serve_with(&self, more: &[&str]) -> anyhow::Result<Running> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let began = Instant::now();
        let child = self
            .command(&["serve"])
            .args(["--listen", &address.to_string()])
            .args(more)
            .stdout(Stdio::null())
            .spawn()?;
        let mut running = Running { child, address, ready: Duration::ZERO };
        while began.elapsed() < Duration::from_secs(120) {
            if let Ok(answer) = Connection::new(address).ask("GET", "/healthz", &[], "")
                && answer.status == 200
            {
                running.ready = began.elapsed();
                return Ok(running);
            }
            ensure!(running.child.try_wait()?.is_none(), "the program ended at its start");
            std::thread::sleep(Duration::from_millis(2));
        }
        anyhow::bail!("no answer within two minutes")
    }
}

/// A running program; ends with this value.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub ready: Duration,
}

impl Running {
    /// Resident memory now, and the most there was, in megabytes of 10^6 bytes.
    pub fn memory_mb(&self) -> anyhow::Result<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace()
                .nth(1)
                .and_then(|kib| kib.parse::<f64>().ok())
                .map_or(0.0, |kib| kib * 1_024.0 / 1e6)
        };
        Ok((field("VmRSS:"), field("VmHWM:")))
    }

    /// One number of `/metrics`.
    pub fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let answer = Connection::new(self.address).ask("GET", "/metrics", &[], "")?.ok()?;
        let text = String::from_utf8(answer.body)?;
        let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).with_context(|| format!("no metric {name}"))
    }

    /// Signs in; answers with the header lines of the session.
    pub fn sign_in(&self, login: &str) -> anyhow::Result<Vec<String>> {
        let body = format!(r#"{{"login": "{login}", "password": "{PASSWORD}"}}"#);
        let answer = Connection::new(self.address).ask("POST", "/api/v1/session", &[], &body)?.ok()?;
        session_of(&answer)
    }
}

/// The header lines of a session that an answer began.
pub fn session_of(answer: &Answer) -> anyhow::Result<Vec<String>> {
    let cookie = answer.cookie.clone().context("signing in sets a cookie")?;
    let session = answer.json()?;
    let token = session["csrf_token"].as_str().context("a session has a token")?;
    Ok(vec![format!("cookie: {cookie}"), format!("x-csrf-token: {token}")])
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGTERM, so that what was begun is finished and the next run finds everything sealed.
        let stopped =
            Command::new("kill").arg(self.child.id().to_string()).status().is_ok_and(|status| status.success());
        if !stopped {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}
