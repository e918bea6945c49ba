//! The door by which sources come that send their picture by RTMP.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use model::DeviceId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::guard::{Guard, Place};
use crate::push::Publication;
use crate::receiver::{Receiver, Todo};
use crate::rtmp::{Event, Session};

/// Bytes that are read at a time.
const READ: usize = 16 << 10;

/// What sources may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; more are closed at once.
    pub connections: usize,
    /// Connections from one address that have not shown their key yet.
    pub strangers_per_address: usize,
    /// Time in which a source is to have shown it.
    pub greeting: Duration,
    /// A source that sends no picture for so long is sent away.
    pub silence: Duration,
    /// Time in which a source is to read what it is told.
    pub write: Duration,
    /// Wrong keys in a row from one address, after which it is not listened to.
    pub wrong_keys: u32,
    /// For how long.
    pub shut: Duration,
    /// Pause before it is said that a key is wrong.
    pub pause: Duration,
    /// Bytes a second of one source; it is read more slowly above.
    pub bytes_per_s: u32,
}

impl Limits {
    /// As a city has them, for so many cameras at a time.
    pub fn new(cameras: usize) -> Self {
        Self {
            // Those that send, and as many that try.
            connections: cameras.saturating_mul(2).clamp(16, 4_096),
            strangers_per_address: 8,
            greeting: Duration::from_secs(10),
            silence: Duration::from_secs(20),
            write: Duration::from_secs(10),
            wrong_keys: 10,
            shut: Duration::from_secs(60),
            pause: Duration::from_secs(1),
            // 50 Mbit/s: more than the best of drones sends.
            bytes_per_s: 6_250_000,
        }
    }
}

/// Who says it is a camera.
#[derive(Clone, Copy)]
pub struct Hello<'a> {
    /// The camera's name.
    pub camera: &'a str,
    /// What it shows for it.
    pub key: &'a str,
}

/// A source that may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Its camera.
    pub camera: DeviceId,
    /// It came with a new key, which ends the former: who sends by that gives way.
    pub is_new_key: bool,
    /// It is recorded.
    pub is_recorded: bool,
}

/// Why a source may not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Name or key is wrong; which, is not said.
    #[error("the stream key is wrong: it is CAMERA?key=KEY")]
    Key,
    /// It is quarantined or retired.
    #[error("this camera is shut out: ask whoever runs it")]
    ShutOut,
    /// It is no camera.
    #[error("this device is no camera: its class has no video")]
    NoCamera,
    /// Its picture is fetched.
    #[error("this camera is fetched from an address: remove the address first")]
    Fetched,
    /// Somebody sends it already.
    #[error("somebody sends the picture of this camera already")]
    Busy,
    /// It cannot be decided now.
    #[error("this cannot be decided now, try again later")]
    Unavailable,
}

/// Whoever knows which source may send.
pub trait Gate: Send + Sync {
    /// Whether a source may send the picture of a camera; takes as long for a name that is not known as for a wrong key.
    fn admit<'a>(&'a self, hello: Hello<'a>) -> Todo<'a, Result<Admitted, Denied>>;
}

/// An open door. Nobody comes in any more when it is dropped.
pub struct Door {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    ended: tokio::task::JoinHandle<()>,
}

struct House {
    receiver: Receiver,
    gate: Arc<dyn Gate>,
    limits: Limits,
    guard: Guard,
}

impl Door {
    /// Listens, on tasks of the current runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn open(
        address: SocketAddr,
        limits: Limits,
        receiver: Receiver,
        gate: Arc<dyn Gate>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        receiver.0.pushes.open();
        let (stop, stopping) = watch::channel(false);
        let guard = Guard::new(&limits);
        let ended = tokio::spawn(accept(Arc::new(House { receiver, gate, limits, guard }), listener, stopping));
        Ok(Self { address, stop, ended })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Sends everybody away.
    pub async fn close(self) {
        self.stop.send_replace(true);
        // It panics nowhere; if it did, there would be nothing to close.
        let _ = self.ended.await;
    }
}

async fn accept(house: Arc<House>, listener: TcpListener, mut stopping: watch::Receiver<bool>) {
    let mut sources = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            Some(_) = sources.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let place = house.guard.enter(peer.ip(), Instant::now());
                if let Some(place) = place.filter(|_| sources.len() < house.limits.connections) {
                    sources.spawn(serve(Arc::clone(&house), stream, peer, place));
                }
            }
            Err(error) => {
                // No more file handles, or a connection that is gone already.
                tracing::warn!(%error, "a connection of a source could not be taken");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// A connection with what is on its way.
struct Line {
    stream: TcpStream,
    session: Session,
    input: BytesMut,
    out: Vec<u8>,
    write: Duration,
}

async fn serve(house: Arc<House>, stream: TcpStream, peer: SocketAddr, place: Place) {
    // Without it, it still works, a little worse.
    let _ = stream.set_nodelay(true);
    let (session, input, write) = (Session::new(), BytesMut::with_capacity(READ), house.limits.write);
    let mut line = Line { stream, session, input, out: Vec::new(), write };
    let greeted = timeout(house.limits.greeting, greet(&house, &mut line, peer.ip())).await;
    let publication = match greeted {
        Ok(Ok(publication)) => publication,
        Ok(Err(error)) => {
            tracing::debug!(%peer, error, "a source was not let in");
            return;
        }
        Err(_) => {
            tracing::debug!(%peer, "a source did not show its key in time");
            return;
        }
    };
    drop(place);
    let end = take(&house.limits, &mut line, &publication).await;
    tracing::info!(camera = %publication.camera(), %peer, end, "a source sends no more");
}

/// Hears a source until it has shown its key.
async fn greet(house: &House, line: &mut Line, peer: IpAddr) -> Result<Publication, String> {
    let (app, name) = loop {
        match line.next()? {
            Some(Event::Publish { app, name }) => break (app, name),
            Some(_) => {}
            None => line.read().await?,
        }
    };
    let admitted = match stream_key(&app, &name) {
        Some((camera, key)) => house.gate.admit(Hello { camera, key }).await,
        None => Err(Denied::Key),
    };
    let admitted = admitted.and_then(|admitted| {
        let publication = house.receiver.begin_push(&admitted).ok_or(Denied::Busy)?;
        Ok((admitted, publication))
    });
    match admitted {
        Ok((admitted, publication)) => {
            house.guard.forgive(peer);
            line.session.accept(&mut line.out);
            line.flush().await?;
            house.receiver.pushed(&admitted);
            tracing::info!(camera = %admitted.camera, %peer, "a source sends its picture");
            Ok(publication)
        }
        Err(denied) => {
            if denied == Denied::Key {
                house.guard.blame(peer, Instant::now());
                sleep(house.limits.pause).await;
            }
            let code = if denied == Denied::Busy { "NetStream.Publish.BadName" } else { "NetStream.Publish.Denied" };
            line.session.refuse(code, &denied.to_string(), &mut line.out);
            line.flush().await?;
            // What it sends meanwhile is not read: it is to see the answer, not a connection that broke.
            let _ = line.stream.shutdown().await;
            Err(denied.to_string())
        }
    }
}

/// The camera and its key: `live`, then `CAMERA?key=KEY`.
fn stream_key<'a>(app: &str, name: &'a str) -> Option<(&'a str, &'a str)> {
    if app.trim_matches('/') != "live" {
        return None;
    }
    let (camera, query) = name.split_once('?')?;
    let key = query.split('&').find_map(|pair| pair.strip_prefix("key="))?;
    Some((camera, key))
}

/// Takes the picture until the source ends it or is sent away; why, in words.
async fn take(limits: &Limits, line: &mut Line, publication: &Publication) -> String {
    let (mut shown, mut second, mut bytes) = (Instant::now(), Instant::now(), 0_usize);
    loop {
        match line.next() {
            Ok(Some(Event::Video { timestamp, body })) => {
                shown = Instant::now();
                if !publication.put(timestamp, &body) {
                    return "it was sent away".to_owned();
                }
                continue;
            }
            Ok(Some(Event::End)) => return "it said so".to_owned(),
            Ok(Some(Event::Publish { .. })) => continue,
            Ok(None) => {}
            Err(error) => return error,
        }
        if second.elapsed() > Duration::from_secs(1) {
            (second, bytes) = (Instant::now(), 0);
        } else if bytes > limits.bytes_per_s as usize {
            tokio::time::sleep_until(second + Duration::from_secs(1)).await;
        }
        let read = tokio::select! {
            () = publication.cut() => return "it was sent away".to_owned(),
            read = timeout_at(shown + limits.silence, line.read()) => read,
        };
        match read {
            Ok(Ok(())) => bytes += line.input.len(),
            Ok(Err(error)) => return error,
            Err(_) => return format!("no picture for {} s", limits.silence.as_secs()),
        }
    }
}

impl Line {
    fn next(&mut self) -> Result<Option<Event>, String> {
        self.session.next(&mut self.input, &mut self.out).map_err(|fault| fault.to_string())
    }

    /// Says what is to be said, and hears more.
    async fn read(&mut self) -> Result<(), String> {
        self.flush().await?;
        self.input.reserve(READ);
        match self.stream.read_buf(&mut self.input).await {
            Ok(0) => Err("the connection was closed".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.kind().to_string()),
        }
    }

    async fn flush(&mut self) -> Result<(), String> {
        if self.out.is_empty() {
            return Ok(());
        }
        let written = timeout(self.write, self.stream.write_all(&self.out)).await;
        self.out.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.kind().to_string()),
            Err(_) => Err("it does not read what it is told".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_key_names_the_camera() {
        for (app, name, expect) in [
            ("live", "cam-1?key=abc", Some(("cam-1", "abc"))),
            ("live/", "cam-1?a=b&key=abc", Some(("cam-1", "abc"))),
            ("live", "cam-1?key=", Some(("cam-1", ""))),
            ("live", "cam-1", None),
            ("live", "cam-1?kee=abc", None),
            ("other", "cam-1?key=abc", None),
            ("", "", None),
        ] {
            assert_eq!(stream_key(app, name), expect, "{app} {name}");
        }
    }
}
