//! `dipper witness`: this program as an independent witness of logs, its own city's or other people's.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use account::ledger::MachineDisk;
use account::witness::Witness;
use anyhow::{Context, bail};
use ledger::policy::Policy;
use ledger::witness::TrustedLog;
use model::Clock;
use store::Entropy;
use tokio::net::TcpListener;

use super::serve::wait_for_signal;
use crate::logs::read_policy;
use crate::system::{SystemClock, SystemEntropy};

/// Makes a witness's key with the state that belongs to it, and prints its verifier key.
pub fn init(data: &Path, name: &str) -> anyhow::Result<ExitCode> {
    let mut seed = [0_u8; 32];
    SystemEntropy.fill(&mut seed);
    println!("{}", Witness::create(&MachineDisk, data, name, &seed)?);
    Ok(ExitCode::SUCCESS)
}

/// Prints the verifier key.
pub fn key(data: &Path) -> anyhow::Result<ExitCode> {
    println!("{}", Witness::read_key(&MachineDisk, data)?);
    Ok(ExitCode::SUCCESS)
}

/// Runs until SIGTERM or SIGINT.
pub fn serve(data: &Path, listen: SocketAddr, config: &Path) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_ansi(false).init();
    let logs = followed(&read_policy(config)?);
    if logs.is_empty() {
        bail!("{} names no log: a line `log <verifier key>` for each to be witnessed", config.display());
    }
    let witness = Witness::open(Arc::new(MachineDisk), data, logs, SystemClock.now())?;
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    asynchronous.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be listened on"))?;
        println!("witness {}", witness.verifier());
        for log in witness.logs() {
            println!("  follows {}", log.origin);
        }
        println!("  http://{}/", listener.local_addr()?);
        let told = async { drop(wait_for_signal().await) };
        dipper_http::serve_witness(listener, witness, Arc::new(SystemClock), told).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The logs of a policy; several keys of one origin are of one log.
fn followed(policy: &Policy) -> Vec<TrustedLog> {
    let mut logs: Vec<TrustedLog> = Vec::new();
    for log in policy.logs() {
        match logs.iter_mut().find(|known| known.origin == log.key.name().as_str()) {
            Some(known) => known.keys.push(log.key.clone()),
            None => logs.push(TrustedLog::of_key(log.key.clone())),
        }
    }
    logs
}
