//! `coap_keeper FILE`: a gateway of its own that keeps messages in a file, with fdatasync before each answer; prints its ports, in
//! the clear and over DTLS. Every device has the password `secret`, and that as its key.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use dipper_coap::{
    Admitted, Command, Credential, Gate, Hello, Key, Limits, Listener, Message, NotTaken, Refused, Server,
};
use model::DeviceId;
use tokio::sync::oneshot;

type Order = (Message, oneshot::Sender<()>);

/// Keeps every message of everybody: one thread appends what has arrived, calls fdatasync once for all of it, and only then
/// answers. What the lake does, in forty lines.
struct Journal(Mutex<Sender<Order>>);

fn keep(mut file: File, arrived: &Receiver<Order>) {
    let mut bytes = Vec::new();
    while let Ok(first) = arrived.recv() {
        let batch: Vec<Order> = std::iter::once(first).chain(arrived.try_iter()).collect();
        bytes.clear();
        for (message, _) in &batch {
            bytes.extend_from_slice(&message.payload);
            bytes.push(b'\n');
        }
        file.write_all(&bytes).and_then(|()| file.sync_data()).expect("the journal can be written");
        for (_, answer) in batch {
            let _ = answer.send(());
        }
    }
}

impl Gate for Journal {
    type Client = ();

    fn key(&self, _identity: &str) -> Option<Key> {
        Some(Key(b"secret".to_vec()))
    }

    fn admit(&self, hello: Hello<'_>) -> Result<Admitted<()>, Refused> {
        let device = DeviceId::new(hello.device).map_err(|_| Refused::Credentials)?;
        match hello.credential {
            Credential::Password("secret") | Credential::Proven { .. } => Ok(Admitted { device, client: () }),
            _ => Err(Refused::Credentials),
        }
    }

    async fn take(&self, (): &(), message: Message) -> Result<(), NotTaken> {
        let (answer, answered) = oneshot::channel();
        self.0.lock().expect("no holder panics").send((message, answer)).map_err(|_| NotTaken::Later)?;
        answered.await.map_err(|_| NotTaken::Later)
    }

    async fn next_command(&self, (): &()) -> Result<Option<Command>, NotTaken> {
        Ok(None)
    }

    fn may_observe(&self, (): &()) -> Result<(), NotTaken> {
        Ok(())
    }

    fn delivered(&self, _device: &DeviceId, _ticket: u64) {}
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let path = std::env::args_os().nth(1).map(PathBuf::from).expect("usage: coap_keeper FILE");
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let (orders, arrived) = channel();
    std::thread::spawn(move || keep(file, &arrived));
    // One device alone may bring all the load.
    let limits = Limits {
        datagrams_per_s: 10_000_000,
        requests_per_s: 10_000_000,
        in_flight: 65_536,
        in_flight_per_device: 65_536,
        ..Limits::default()
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listeners = [false, true].map(|secure| Listener { address, secure });
    let server = Server::start(listeners.to_vec(), limits, Arc::new(Journal(Mutex::new(orders)))).await?;
    for address in server.local_addresses() {
        println!("{}", address.port());
    }
    std::io::stdout().flush()?;
    // Until killed, or until whoever started it is gone.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    eprintln!("{:?}", server.metrics());
    server.stop().await;
    Ok(())
}
