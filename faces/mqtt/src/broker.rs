//! Starting, stopping, and what the platform says to the broker.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::gate::{Gate, Owner};
use crate::greeting::greet;
use crate::house::{Handed, House, NotPublished, Notice};
use crate::limits::Limits;
use crate::metrics::{Metrics, count};
use crate::session::Kick;
use crate::tls::Tls;

/// Connections the system may hold for us: a storm of reconnects comes faster than it is taken in. Linux allows 4096.
const BACKLOG: u32 = 4096;
/// Sessions and wills are looked at this often.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// The network is asked after this silence whether the other side is still there: for clients without keep alive.
const TCP_SILENCE: Duration = Duration::from_secs(120);

/// Where clients connect.
#[derive(Debug)]
pub struct Listener {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Encrypted with this certificate.
    pub tls: Option<Tls>,
}

/// A running broker. Stops without waiting when it is dropped.
pub struct Broker<G: Gate> {
    house: Arc<House<G>>,
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
}

/// What every task of a broker holds.
struct Task<G: Gate> {
    house: Arc<House<G>>,
    stop: watch::Receiver<bool>,
    /// Its end tells that this task has ended.
    _alive: mpsc::Sender<()>,
}

impl<G: Gate> Clone for Task<G> {
    fn clone(&self) -> Self {
        Self { house: Arc::clone(&self.house), stop: self.stop.clone(), _alive: self._alive.clone() }
    }
}

impl<G: Gate> Broker<G> {
    /// Listens, and serves whoever connects, on tasks of the current runtime.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn start(listeners: Vec<Listener>, limits: Limits, gate: Arc<G>) -> io::Result<Self> {
        let mut bound = Vec::with_capacity(listeners.len());
        for listener in listeners {
            let socket = match listener.address {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            socket.set_reuseaddr(true)?;
            socket.bind(listener.address)?;
            bound.push((socket.listen(BACKLOG)?, listener.tls));
        }
        let addresses = bound.iter().map(|(listener, _)| listener.local_addr()).collect::<io::Result<_>>()?;
        let house = Arc::new(House::new(gate, limits));
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = mpsc::channel(1);
        let task = Task { house: Arc::clone(&house), stop: stopped, _alive: alive };
        tokio::spawn(tidy(task.clone()));
        for (listener, tls) in bound {
            tokio::spawn(accept(task.clone(), listener, tls));
        }
        Ok(Self { house, addresses, stop, ended })
    }

    /// Where it listens, in the order of the listeners.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Publishes to those who subscribed to a topic, connected or away.
    ///
    /// What waits for a client is lost with the program: a command is published again when [`Gate::delivered`] has
    /// not told of its ticket.
    ///
    /// # Errors
    /// [`NotPublished`] when no packet could carry it.
    pub fn publish(&self, notice: Notice) -> Result<Handed, NotPublished> {
        self.house.publish(notice)
    }

    /// Ends the connections of an owner at once; whether it comes in again is the gate's decision, also for one
    /// that is being asked about at this moment. Answers how many connections there were.
    pub fn disconnect(&self, owner: &Owner) -> usize {
        self.house.cuts.fetch_add(1, Ordering::SeqCst);
        let links = self.house.sessions.of(owner).into_iter().filter_map(|session| session.state().link.clone());
        links.map(|link| link.kick(Kick::Cut)).count()
    }

    /// Whether an owner is connected.
    pub fn is_connected(&self, owner: &Owner) -> bool {
        self.house.sessions.of(owner).iter().any(|session| session.state().link.is_some())
    }

    /// Whether somebody, connected or away, has subscribed to this very filter.
    pub fn is_subscribed(&self, filter: &str) -> bool {
        self.house.routes.read().expect("no holder panics").has(filter)
    }

    /// Counts since the start.
    pub fn metrics(&self) -> Metrics {
        self.house.metrics()
    }

    /// Stops: nothing more is read, what is with the platform is answered, clients are told, connections end.
    pub async fn stop(mut self) {
        self.tell_all();
        let longest = self.house.limits.drain * 2 + Duration::from_secs(3);
        if timeout(longest, self.ended.recv()).await.is_err() {
            tracing::warn!("connections did not end in time and are left behind");
        }
    }

    fn tell_all(&self) {
        // First the word, then the sessions there are: a greeting looks at the word after it has its session.
        self.stop.send_replace(true);
        for session in self.house.sessions.all() {
            if let Some(link) = &session.state().link {
                link.kick(Kick::Stopped);
            }
        }
    }
}

impl<G: Gate> Drop for Broker<G> {
    fn drop(&mut self) {
        self.tell_all();
    }
}

/// Ends when the broker stops, or is no more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn tidy<G: Gate>(mut task: Task<G>) {
    let mut ticks = interval(TIDY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped(&mut task.stop) => return,
            _ = ticks.tick() => task.house.tidy(Instant::now()),
        }
    }
}

async fn accept<G: Gate>(mut task: Task<G>, listener: TcpListener, tls: Option<Tls>) {
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut task.stop) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                count(&task.house.counters.accepted);
                if let Some(open) = Open::new(&task.house) {
                    tokio::spawn(serve(task.clone(), open, stream, peer, tls.clone()));
                }
            }
            Err(error) => {
                // No more file handles, or a connection that is gone already.
                tracing::warn!(%error, "a connection could not be taken");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// One of the connections there may be.
struct Open<G: Gate>(Arc<House<G>>);

impl<G: Gate> Open<G> {
    fn new(house: &Arc<House<G>>) -> Option<Self> {
        let open = Self(Arc::clone(house));
        if house.connections.fetch_add(1, Ordering::Relaxed) < house.limits.connections {
            return Some(open);
        }
        count(&house.counters.turned_away);
        None
    }
}

impl<G: Gate> Drop for Open<G> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve<G: Gate>(task: Task<G>, _open: Open<G>, stream: TcpStream, peer: SocketAddr, tls: Option<Tls>) {
    // Without these it still works, a little worse.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(TCP_SILENCE));
    let Some(tls) = tls else { return converse(task, stream, peer, false).await };
    let shaken = timeout(task.house.limits.connect_timeout, TlsAcceptor::from(tls.config()).accept(stream));
    match shaken.await {
        Ok(Ok(stream)) => converse(task, stream, peer, true).await,
        Ok(Err(error)) => {
            count(&task.house.counters.faults);
            tracing::debug!(%peer, %error, "no TLS");
        }
        Err(_) => count(&task.house.counters.timed_out),
    }
}

async fn converse<G: Gate, S>(mut task: Task<G>, stream: S, peer: SocketAddr, encrypted: bool)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin,
{
    let greeted = tokio::select! {
        biased;
        greeted = greet(&task.house, stream, peer, encrypted) => greeted,
        () = stopped(&mut task.stop) => None,
    };
    let Some(connection) = greeted else { return };
    if *task.stop.borrow() {
        connection.link.kick(Kick::Stopped);
    }
    connection.run().await;
}
