//! Starting, stopping, and what the platform says to devices.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use model::DeviceId;
use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::asking::Answer;
use crate::endpoint::{Endpoint, Out, Question, Shared};
use crate::gate::{Command, Gate};
use crate::limits::{Limits, Memory};
use crate::metrics::{Counters, Metrics};
use crate::observing::Handed;
use crate::secure::{Secure, Suite};

/// Longest datagram of UDP there can be.
const DATAGRAM: usize = 64 << 10;
/// Datagrams, answers or orders taken in a row before anything else is looked at.
const BURST: usize = 64;
/// Bytes the system may hold for us: devices that wake at the full hour come faster than they are taken in.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Where devices speak to.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Encrypted, with the keys of [`Gate::key`]; in the clear otherwise.
    pub secure: bool,
}

/// A running gateway. Stops without waiting when it is dropped.
pub struct Server<G: Gate> {
    shared: Arc<Shared<G>>,
    orders: Vec<mpsc::UnboundedSender<Order>>,
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
}

/// Why a command went nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    /// It is longer than any may be.
    #[error("the command has more than {0} bytes")]
    TooLarge(usize),
    /// The gateway stops.
    #[error("the gateway is stopping")]
    Stopping,
}

/// What the platform says to a listener.
enum Order {
    Publish(DeviceId, Command, oneshot::Sender<Handed>),
    Cut(DeviceId),
}

impl<G: Gate> Server<G> {
    /// Listens, and serves whoever speaks, on tasks of the current runtime.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn start(listeners: Vec<Listener>, limits: Limits, gate: Arc<G>) -> io::Result<Self> {
        let memory = Memory::new(limits.memory_bytes);
        let shared = Arc::new(Shared { gate, limits, counters: Counters::default(), memory });
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = mpsc::channel(1);
        let (mut posts, mut orders, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for listener in listeners {
            let socket = UdpSocket::bind(listener.address).await?;
            // Without it, it still works, a little worse.
            let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
            addresses.push(socket.local_addr()?);
            let (order, ordered) = mpsc::unbounded_channel();
            orders.push(order);
            posts.push(Post::new(socket, &shared, listener.secure, ordered)?);
        }
        for post in posts {
            tokio::spawn(post.run(stopped.clone(), alive.clone()));
        }
        Ok(Self { shared, orders, addresses, stop, ended })
    }

    /// Where it listens, in the order of the listeners.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Sends a command to wherever the device observes its commands from. One that nobody observes goes nowhere.
    ///
    /// What waits for a device is lost with the program: a command is published again when [`Gate::delivered`] has not
    /// told of its ticket.
    ///
    /// # Errors
    /// [`NotPublished`].
    pub async fn publish(&self, device: &DeviceId, payload: Bytes, ticket: u64) -> Result<Handed, NotPublished> {
        let most = self.shared.limits.command_bytes;
        if payload.len() > most {
            return Err(NotPublished::TooLarge(most));
        }
        let command = Command { payload, ticket };
        let mut sum = Handed::default();
        for orders in &self.orders {
            let (told, handed) = oneshot::channel();
            let order = Order::Publish(device.clone(), command.clone(), told);
            orders.send(order).map_err(|_| NotPublished::Stopping)?;
            let handed = handed.await.map_err(|_| NotPublished::Stopping)?;
            (sum.queued, sum.dropped) = (sum.queued + handed.queued, sum.dropped + handed.dropped);
        }
        Ok(sum)
    }

    /// Forgets a device at once, with what it observes; whether it may speak again is the gate's decision.
    pub fn disconnect(&self, device: &DeviceId) {
        for orders in &self.orders {
            // A listener that has ended has forgotten everybody.
            let _ = orders.send(Order::Cut(device.clone()));
        }
    }

    /// Counts since the start.
    pub fn metrics(&self) -> Metrics {
        Metrics { memory_bytes: self.shared.memory.used() as u64, ..self.shared.counters.read() }
    }

    /// Stops: nothing more is read, what is with the platform is answered.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let longest = self.shared.limits.drain + Duration::from_secs(3);
        if timeout(longest, self.ended.recv()).await.is_err() {
            tracing::warn!("listeners for CoAP did not end in time and are left behind");
        }
    }
}

/// One listener at work.
struct Post<G: Gate> {
    socket: UdpSocket,
    endpoint: Endpoint<G>,
    secure: Option<Secure<G>>,
    orders: mpsc::UnboundedReceiver<Order>,
    answers: mpsc::UnboundedReceiver<(u64, Answer)>,
    answer: mpsc::UnboundedSender<(u64, Answer)>,
}

/// Sees to it that a question is answered, whatever becomes of whoever was asked.
struct Promise {
    number: u64,
    answer: Option<Answer>,
    to: mpsc::UnboundedSender<(u64, Answer)>,
}

impl Promise {
    fn keep(mut self, answer: Answer) {
        self.answer = Some(answer);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        // Nobody waits for it when the listener has ended.
        let _ = self.to.send((self.number, self.answer.take().unwrap_or(Answer::Broken)));
    }
}

impl<G: Gate> Post<G> {
    fn new(
        socket: UdpSocket,
        shared: &Arc<Shared<G>>,
        secure: bool,
        orders: mpsc::UnboundedReceiver<Order>,
    ) -> io::Result<Self> {
        let now = Instant::now();
        let endpoint = Endpoint::new(Arc::clone(shared), RandomState::new().hash_one(now), now);
        let suite = secure.then(|| Suite::new(shared)).transpose().map_err(io::Error::other)?;
        let secure = suite.map(|suite| Secure::new(Arc::clone(shared), suite, now));
        let (answer, answers) = mpsc::unbounded_channel();
        Ok(Self { socket, endpoint, secure, orders, answers, answer })
    }

    async fn run(mut self, mut stop: watch::Receiver<bool>, _alive: mpsc::Sender<()>) {
        let mut buffer = vec![0; DATAGRAM];
        loop {
            let deadline = self
                .secure
                .as_ref()
                .map_or(self.endpoint.deadline(), |secure| secure.deadline().min(self.endpoint.deadline()));
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some((number, answer)) = self.answers.recv() => self.take_answers(number, answer),
                Some(order) = self.orders.recv() => self.take_order(order),
                ready = self.socket.readable() => {
                    if let Err(error) = ready {
                        tracing::error!(%error, "a socket for CoAP cannot be read");
                        return;
                    }
                    self.take_datagrams(&mut buffer);
                }
                () = sleep_until(deadline) => {}
            }
            self.tick();
            self.flush().await;
        }
        self.drain().await;
    }

    /// Waits for what is with the platform, and answers it.
    async fn drain(&mut self) {
        let until = Instant::now() + self.endpoint.shared.limits.drain;
        while !self.endpoint.asked.is_empty() {
            match timeout_at(until, self.answers.recv()).await {
                Ok(Some((number, answer))) => self.take_answers(number, answer),
                Ok(None) | Err(_) => break,
            }
            self.flush().await;
        }
    }

    fn take_answers(&mut self, number: u64, answer: Answer) {
        let now = Instant::now();
        self.endpoint.answered(now, number, answer);
        for _ in 1..BURST {
            let Ok((number, answer)) = self.answers.try_recv() else { return };
            self.endpoint.answered(now, number, answer);
        }
    }

    fn take_order(&mut self, order: Order) {
        match order {
            Order::Publish(device, command, told) => {
                let handed = self.endpoint.publish(Instant::now(), &device, &command);
                // Whoever asked may be gone.
                let _ = told.send(handed);
            }
            Order::Cut(device) => self.endpoint.cut(&device),
        }
    }

    fn take_datagrams(&mut self, buffer: &mut [u8]) {
        let now = Instant::now();
        for _ in 0..BURST {
            match self.socket.try_recv_from(buffer) {
                Ok((length, peer)) => {
                    if !self.endpoint.may_come(peer, now) {
                        continue;
                    }
                    match &mut self.secure {
                        Some(secure) => secure.receive(now, peer, &buffer[..length]),
                        None => self.endpoint.receive(now, peer, &buffer[..length], None),
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // An address that is not there any more tells so by the next call: that is nothing of this one.
                Err(_) => {}
            }
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self.endpoint.deadline() <= now {
            self.endpoint.tick(now);
        }
        let Some(secure) = &mut self.secure else { return };
        if secure.deadline() <= now {
            secure.tick(now);
        }
        for peer in std::mem::take(&mut secure.brought.ended) {
            self.endpoint.forget(peer);
        }
        for (peer, bytes, proven) in std::mem::take(&mut secure.brought.heard) {
            self.endpoint.receive(now, peer, &bytes, Some(&proven));
        }
    }

    /// Sends and asks what is to be sent and asked.
    async fn flush(&mut self) {
        for out in std::mem::take(&mut self.endpoint.out) {
            match (out, &mut self.secure) {
                (Out::Send(peer, bytes), None) => self.send(peer, &bytes).await,
                (Out::Send(peer, bytes), Some(secure)) => secure.send(Instant::now(), peer, &bytes),
                (Out::Ask(number, client, question), _) => self.ask(number, client, question),
            }
        }
        let datagrams = self.secure.as_mut().map(|secure| std::mem::take(&mut secure.brought.send));
        for (peer, bytes) in datagrams.into_iter().flatten() {
            self.send(peer, &bytes).await;
        }
    }

    async fn send(&self, peer: SocketAddr, bytes: &[u8]) {
        let mut sent = self.socket.try_send_to(bytes, peer);
        if sent.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            sent = self.socket.send_to(bytes, peer).await;
        }
        // It is as if it were lost on the way: whoever waits for it asks again.
        if let Err(error) = sent {
            tracing::debug!(%peer, %error, "a datagram could not be sent");
        }
    }

    fn ask(&self, number: u64, client: Arc<G::Client>, question: Question) {
        let gate = Arc::clone(&self.endpoint.shared.gate);
        let promise = Promise { number, answer: None, to: self.answer.clone() };
        tokio::spawn(async move {
            let answer = match question {
                Question::Take(said) => Answer::Taken(gate.take(&client, said).await),
                Question::NextCommand => Answer::Command(gate.next_command(&client).await),
            };
            promise.keep(answer);
        });
    }
}
