//! A gate that keeps messages in a file: one thread appends what has arrived, calls fdatasync once for all of it, and
//! only then answers. What the lake does, in forty lines.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use dipper_mqtt::{Admitted, ConnectRefused, Gate, Gone, Hello, Message, PublishRefused, Route};
use model::DeviceId;
use tokio::sync::oneshot;

type Order = (Message, oneshot::Sender<()>);

/// Keeps every message of everybody.
pub struct Journal {
    route: Route,
    orders: Mutex<Sender<Order>>,
}

impl Journal {
    pub fn open(path: &Path, spread: bool) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let (orders, arrived) = channel();
        std::thread::spawn(move || keep(file, &arrived));
        let route = if spread { Route::Subscribers } else { Route::Stop };
        Ok(Self { route, orders: Mutex::new(orders) })
    }
}

fn keep(mut file: File, arrived: &Receiver<Order>) {
    let mut bytes = Vec::new();
    while let Ok(first) = arrived.recv() {
        let batch: Vec<Order> = std::iter::once(first).chain(arrived.try_iter()).collect();
        bytes.clear();
        for (message, _) in &batch {
            bytes.extend_from_slice(message.topic.as_bytes());
            bytes.push(b' ');
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

    async fn connect(&self, hello: Hello) -> Result<Admitted<()>, ConnectRefused> {
        let name = hello.user_name.ok_or(ConnectRefused::BadUserNameOrPassword)?;
        let device = DeviceId::new(&name).map_err(|_| ConnectRefused::BadUserNameOrPassword)?;
        Ok(Admitted { owner: device.into(), client: () })
    }

    fn may_publish(&self, (): &(), _topic: &str) -> bool {
        true
    }

    fn may_subscribe(&self, (): &(), _filter: &str) -> bool {
        true
    }

    async fn publish(&self, (): &(), message: Message) -> Result<Route, PublishRefused> {
        let (answer, answered) = oneshot::channel();
        self.orders.lock().expect("no holder panics").send((message, answer)).map_err(|_| PublishRefused::Later)?;
        answered.await.map_err(|_| PublishRefused::Later)?;
        Ok(self.route)
    }

    fn gone(&self, (): &(), _why: Gone) {}
}
