//! From the first byte to CONNACK: who is there, and which session is theirs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::codec::{Connect, Fault, Packet, Protocol, Reason, connect, protocol_error, read, write};
use crate::connection::{Connection, Work};
use crate::gate::{Admitted, ConnectRefused, Gate, Hello};
use crate::house::House;
use crate::metrics::count;
use crate::session::{HeldWill, Kick, Link};
use crate::sessions::{Attached, Wish};

/// Longest client id. The standard asks for 23 at least.
const CLIENT_ID_MAX: usize = 256;

/// Why somebody does not come in, and in which words.
#[derive(Debug)]
struct Refusal {
    /// `None`: not even that is known, so nothing can be said.
    protocol: Option<Protocol>,
    reason: Reason,
    words: String,
}

/// Greets a client; `None` when it was refused, which it has then been told.
pub(crate) async fn greet<G: Gate, S: AsyncRead + AsyncWrite + Send + Unpin>(
    house: &Arc<House<G>>,
    mut stream: S,
    peer: SocketAddr,
    encrypted: bool,
) -> Option<Connection<G, S>> {
    let mut input = BytesMut::new();
    let refusal = match timeout(house.limits.connect_timeout, read_connect(&mut stream, &mut input, house)).await {
        // Silence, or an end: nobody is there to be told.
        Err(_) | Ok(None) => return None,
        Ok(Some(Err(refusal))) => refusal,
        Ok(Some(Ok(connect))) => match admit(house, connect, peer, encrypted).await {
            Ok(entered) => return Some(entered.into_connection(house, stream, input).await),
            Err(refusal) => refusal,
        },
    };
    count(&house.counters.connects_refused);
    tracing::debug!(%peer, reason = ?refusal.reason, words = refusal.words, "a connection was refused");
    if let Some(protocol) = refusal.protocol {
        let mut output = BytesMut::new();
        write::connack_refused(&mut output, protocol, refusal.reason, Some(&refusal.words));
        let _ = timeout(Duration::from_secs(1), stream.write_all_buf(&mut output)).await;
        let _ = timeout(Duration::from_secs(1), stream.shutdown()).await;
    }
    None
}

/// Reads until CONNECT is there; `None` when the client goes before.
async fn read_connect<G: Gate, S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
    house: &House<G>,
) -> Option<Result<Connect, Refusal>> {
    loop {
        match read::frame(input, house.limits.connect_bytes) {
            Ok(Some(frame)) if frame.first != 0x10 => {
                return Some(Err(refusal(None, protocol_error("the first packet is not CONNECT"), house)));
            }
            Ok(Some(frame)) if input.len() >= frame.total => {
                let body = &input[frame.head..frame.total];
                let outcome = match read::packet(frame.first, body, Protocol::V5) {
                    Ok(Packet::Connect(connect)) => Ok(*connect),
                    Ok(_) => Err(refusal(None, protocol_error("the first packet is not CONNECT"), house)),
                    Err(fault) => Err(refusal(protocol_of(body, fault), fault, house)),
                };
                input.advance(frame.total);
                return Some(outcome);
            }
            Ok(_) => {}
            Err(fault) => return Some(Err(refusal(None, fault, house))),
        }
        input.reserve(1024);
        if stream.read_buf(input).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// In which MQTT a refusal is written: in the client's own, or in the older one when it speaks a third.
fn protocol_of(body: &[u8], fault: Fault) -> Option<Protocol> {
    match connect::protocol(&mut read::Reader::new(body)) {
        Ok(Protocol::V5) => Some(Protocol::V5),
        // 3.1.1 has return codes for a few things only; a CONNECT that is no packet is none of them (§3.1.4-1).
        Ok(Protocol::V311) => None,
        Err(_) => (fault.reason == Reason::UnsupportedProtocol).then_some(Protocol::V311),
    }
}

fn refusal<G: Gate>(protocol: Option<Protocol>, fault: Fault, house: &House<G>) -> Refusal {
    count(&house.counters.faults);
    Refusal { protocol, reason: fault.reason, words: fault.what.to_owned() }
}

/// A client that is let in and has a session.
struct Entered<G: Gate> {
    connect: Connect,
    will: Option<HeldWill>,
    client: Arc<G::Client>,
    link: Arc<Link>,
    attached: Attached<G::Client>,
    client_id: Box<str>,
    expiry: Duration,
}

async fn admit<G: Gate>(
    house: &Arc<House<G>>,
    connect: Connect,
    peer: SocketAddr,
    encrypted: bool,
) -> Result<Entered<G>, Refusal> {
    let protocol = connect.protocol;
    let refuse = |reason, words: &str| Refusal { protocol: Some(protocol), reason, words: words.to_owned() };
    if connect.client_id.len() > CLIENT_ID_MAX {
        return Err(refuse(Reason::ClientIdNotValid, "the client id is longer than 256 bytes"));
    }
    if connect.client_id.is_empty() && protocol == Protocol::V311 && !connect.clean_start {
        return Err(refuse(Reason::ClientIdNotValid, "a session that is to be kept needs a client id"));
    }
    let hello = Hello {
        client_id: connect.client_id.clone(),
        user_name: connect.user_name.clone(),
        password: connect.password.clone(),
        peer,
        protocol,
        encrypted,
    };
    let cuts = house.cuts.load(Ordering::SeqCst);
    let refused = |refused: ConnectRefused| refuse(refused.reason(), &refused.to_string());
    let Admitted { owner, client } = ask(house, hello.clone()).await.map_err(refused)?;
    let client = Arc::new(client);
    let mut connect = connect;
    if let Some(will) = &connect.will
        && (will.topic.len() > house.limits.topic_bytes || !house.gate.may_publish(&client, &will.topic))
    {
        return Err(refuse(Reason::NotAuthorized, "this client may not publish the topic of its will"));
    }
    let will = match connect.will.take().map(|will| HeldWill::new(will, &house.memory)) {
        Some(None) => return Err(refuse(Reason::QuotaExceeded, "there is no memory left")),
        held => held.flatten(),
    };
    let client_id: Box<str> = match &*connect.client_id {
        "" => format!("auto-{}", house.names.fetch_add(1, Ordering::Relaxed)).into(),
        given => given.into(),
    };
    let expiry = expiry(&connect, house.limits.session_expiry);
    let link = Arc::new(Link::default());
    let clean = connect.clean_start;
    let wish = Wish { owner: &owner, client_id: &client_id, client: &client, link: &link, clean, expiry };
    let attached = house.sessions.attach(&wish, &house.limits, Instant::now());
    let attached = attached.ok_or_else(|| refuse(Reason::QuotaExceeded, "there are too many sessions"))?;
    // Somebody was cut while the gate was thinking; it may have been this one.
    if house.cuts.load(Ordering::SeqCst) != cuts && ask(house, hello).await.is_err() {
        link.kick(Kick::Cut);
    }
    Ok(Entered { connect, will, client, link, attached, client_id, expiry })
}

/// Asks the gate, so many at a time.
async fn ask<G: Gate>(house: &House<G>, hello: Hello) -> Result<Admitted<G::Client>, ConnectRefused> {
    let _permit = house.greetings.acquire().await.map_err(|_| ConnectRefused::Unavailable)?;
    let asked = timeout(house.limits.connect_timeout, house.gate.connect(hello));
    asked.await.unwrap_or(Err(ConnectRefused::Unavailable))
}

/// How long the session is kept once its client is away.
fn expiry(connect: &Connect, longest: Duration) -> Duration {
    match (connect.protocol, connect.session_expiry_s) {
        (Protocol::V311, _) if connect.clean_start => Duration::ZERO,
        (Protocol::V311, _) => longest,
        (Protocol::V5, wanted_s) => Duration::from_secs(wanted_s.unwrap_or(0).into()).min(longest),
    }
}

impl<G: Gate> Entered<G> {
    async fn into_connection<S: AsyncRead + AsyncWrite + Send>(
        self,
        house: &Arc<House<G>>,
        stream: S,
        input: BytesMut,
    ) -> Connection<G, S> {
        let Self { connect, will, client, link, attached, client_id, expiry } = self;
        let Attached { session, epoch, share, present, ended, took_over } = attached;
        if took_over {
            count(&house.counters.taken_over);
        }
        if let Some(ended) = ended {
            house.bury(ended).await;
        }
        count(&house.counters.connects);
        let mut output = BytesMut::new();
        let wanted_s = connect.session_expiry_s.unwrap_or(0);
        let given_s = u32::try_from(expiry.as_secs()).unwrap_or(u32::MAX);
        let offer = write::Offer {
            session_expiry_s: (wanted_s != given_s).then_some(given_s),
            receive_max: house.limits.in_flight,
            packet_max: u32::try_from(house.limits.packet_bytes).unwrap_or(u32::MAX),
            alias_max: house.limits.aliases,
            assigned_client_id: connect.client_id.is_empty().then_some(&client_id),
        };
        write::connack(&mut output, connect.protocol, present, &offer);
        let (read, write) = tokio::io::split(stream);
        let silence = Duration::from_millis(1500) * u32::from(connect.keep_alive_s);
        let mut connection = Connection {
            house: Arc::clone(house),
            session,
            client,
            link,
            share,
            epoch,
            protocol: connect.protocol,
            // Words must not make a packet longer than the client takes.
            wants_words: connect.wants_words && connect.packet_max >= 256,
            packet_max: connect.packet_max,
            out_flight: usize::from(connect.receive_max.min(house.limits.out_flight)),
            keep_alive: (connect.keep_alive_s > 0).then_some(silence),
            will,
            read,
            write,
            input,
            output,
            work: Work::new(Instant::now()),
        };
        if present {
            connection.recheck();
        }
        connection
    }
}
