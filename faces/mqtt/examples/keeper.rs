//! `keeper FILE [spread]`: a broker of its own that keeps messages in a file, and with `spread` also hands them to
//! subscribers; prints its port. For tests that kill it, and for suites that try brokers.

mod journal;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use dipper_mqtt::{Broker, Limits, Listener};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let path = std::env::args_os().nth(1).map(PathBuf::from).expect("usage: keeper FILE [spread]");
    let spread = std::env::args().nth(2).is_some_and(|word| word == "spread");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let journal = Arc::new(journal::Journal::open(&path, spread)?);
    // One device alone may bring all the load.
    let limits = Limits { packets_per_s: 1_000_000, bytes_per_s: 1 << 30, ..Limits::default() };
    let broker = Broker::start(vec![Listener { address, tls: None }], limits, journal).await?;
    println!("{}", broker.local_addresses()[0].port());
    std::io::stdout().flush()?;
    // Until killed, or until whoever started it is gone.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    broker.stop().await;
    Ok(())
}
