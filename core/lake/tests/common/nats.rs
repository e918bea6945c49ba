//! A NATS server with JetStream of a test's own, on loopback, and a manifest in memory.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use dipper_lake::Manifests;

/// A server; it ends with the value.
pub struct Nats {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Nats {
    /// Starts one; `None` where `nats-server` is not installed.
    pub fn start(folder: &Path) -> Option<Self> {
        // Free a moment ago: the server says so if it no longer is.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = match spawn(folder, port) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                println!("skipped: nats-server is not installed");
                return None;
            }
            child => child.unwrap(),
        };
        let nats = Self { child, folder: folder.to_owned(), port };
        nats.wait();
        Some(nats)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn start_again(&mut self) {
        self.child = spawn(&self.folder, self.port).unwrap();
        self.wait();
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "nats-server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn spawn(folder: &Path, port: u16) -> std::io::Result<Child> {
    let mut command = Command::new("nats-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"]).arg(folder.join("nats"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

impl Drop for Nats {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A manifest in memory, as several lakes share it.
#[derive(Default)]
pub struct Shelf(Mutex<(u64, String)>);

impl Manifests for Shelf {
    fn read(&self, known: u64) -> Result<Option<(u64, String)>, String> {
        let kept = self.0.lock().unwrap();
        Ok((kept.0 > known).then(|| kept.clone()))
    }

    fn swap(&self, known: u64, text: &str) -> Result<bool, String> {
        let mut kept = self.0.lock().unwrap();
        if kept.0 != known {
            return Ok(false);
        }
        *kept = (known + 1, text.to_owned());
        Ok(true)
    }
}
