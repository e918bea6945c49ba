//! WHIP (RFC 9725): sources that send their picture by WebRTC, from a browser or an encoder. H.264 alone; no sound is taken.
//!
//! One port for everybody, with one candidate of ICE: this side is reached and reaches nobody (ICE-lite, RFC 8445).

mod call;
mod crypto;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use model::DeviceId;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::door::{Denied, Gate, Hello, Limits};
use crate::guard::Guard;
use crate::push::Publication;
use crate::receiver::Receiver;

/// Longest offer, bytes; that of a browser with every codec has some 8 000.
pub const OFFER_MAX: usize = 64 << 10;

/// Longest packet that is read.
const PACKET_MAX: usize = 2_048;

/// Packets that wait for one call; more are lost, as the network loses them.
const WAITING: usize = 512;

/// Addresses that one call is made from: a phone changes its network now and then.
const ADDRESSES_MAX: usize = 8;

/// Gives bytes that nobody can guess.
pub type Random = fn() -> [u8; 32];

/// A source that may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The name of its call, by which it is ended.
    pub call: String,
    /// Where and how it is to send (SDP).
    pub sdp: String,
}

/// Why an offer was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The source may not send.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Too many wrong keys came from there, or as many calls as may be are under way.
    #[error("too many attempts, or as many sources as may be: try again in a minute")]
    TooMany,
    /// The offer cannot be answered.
    #[error("the offer does not fit: {0}")]
    Offer(String),
    /// There is no such call.
    #[error("there is no such call")]
    NoCall,
}

/// The door for WebRTC. Nobody comes in any more when it is dropped.
#[derive(Clone)]
pub struct Whip(Arc<House>);

struct House {
    receiver: Receiver,
    gate: Arc<dyn Gate>,
    limits: Limits,
    guard: Guard,
    socket: Arc<UdpSocket>,
    address: SocketAddr,
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    random: Random,
    calls: Mutex<Calls>,
    stop: watch::Sender<bool>,
    reading: Mutex<Option<JoinHandle<()>>>,
}

/// Calls that are under way, by the name that packets of ICE bear.
#[derive(Default)]
struct Calls {
    by_name: HashMap<String, Line>,
    by_address: HashMap<SocketAddr, String>,
}

/// The way to one call.
struct Line {
    camera: DeviceId,
    packets: mpsc::Sender<Packet>,
    ended: Arc<Notify>,
    addresses: Vec<SocketAddr>,
}

struct Packet {
    from: SocketAddr,
    bytes: Bytes,
}

impl Whip {
    /// Listens, on tasks of the current runtime. Sources are told the address as it is: they must reach it.
    ///
    /// # Errors
    /// When it cannot be listened on, or is every address of this machine and so none that could be told.
    pub async fn open(
        address: SocketAddr,
        limits: Limits,
        receiver: Receiver,
        gate: Arc<dyn Gate>,
        random: Random,
    ) -> io::Result<Self> {
        if address.ip().is_unspecified() {
            let words = "sources are told this address: name the one they reach, not every one of this machine";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        }
        let socket = Arc::new(UdpSocket::bind(address).await?);
        let address = socket.local_addr()?;
        receiver.0.pushes.open();
        let (stop, stopping) = watch::channel(false);
        let guard = Guard::new(&limits);
        let house = Arc::new(House {
            receiver,
            gate,
            limits,
            guard,
            socket,
            address,
            crypto: Arc::new(crypto::provider()),
            certificate: certificate()?,
            random,
            calls: Mutex::default(),
            stop,
            reading: Mutex::default(),
        });
        let reading = tokio::spawn(read(Arc::clone(&house), stopping));
        *house.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        Ok(Self(house))
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.0.address
    }

    /// Answers an offer of a source. `peer` is where it was asked from.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn answer(&self, peer: IpAddr, hello: Hello<'_>, offer: &str) -> Result<Answer, Refused> {
        let house = &self.0;
        let _place = house.guard.enter(peer, Instant::now()).ok_or(Refused::TooMany)?;
        let admitted = self.admit(peer, hello).await?;
        if offer.len() > OFFER_MAX {
            return Err(Refused::Offer(format!("{} bytes; {OFFER_MAX} are taken", offer.len())));
        }
        // Read before anybody gives way to it.
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| Refused::Offer(error.to_string()))?;
        let (name, mut rtc) = house.prepare()?;
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|error| Refused::Offer(error.to_string()))?;
        let sdp = answer.to_sdp_string();
        if !sdp.contains("H264/90000") {
            return Err(Refused::Offer("no H.264 with packetization-mode 1 in it".to_owned()));
        }
        let publication = house.receiver.begin_push(&admitted).ok_or(Denied::Busy)?;
        let (packets, received) = mpsc::channel(WAITING);
        let ended = Arc::<Notify>::default();
        let line = Line { camera: admitted.camera.clone(), packets, ended: Arc::clone(&ended), addresses: Vec::new() };
        if !house.enter(&name, line) {
            return Err(Refused::TooMany);
        }
        let call = call::Call::new(Arc::clone(house), name.clone(), rtc, publication, admitted);
        tokio::spawn(call.run(received, ended, house.stop.subscribe()));
        Ok(Answer { call: name, sdp })
    }

    async fn admit(&self, peer: IpAddr, hello: Hello<'_>) -> Result<crate::door::Admitted, Refused> {
        let admitted = self.0.gate.admit(hello).await;
        match &admitted {
            Ok(_) => self.0.guard.forgive(peer),
            Err(Denied::Key) => {
                self.0.guard.blame(peer, Instant::now());
                sleep(self.0.limits.pause).await;
            }
            Err(_) => {}
        }
        Ok(admitted?)
    }

    /// Ends a call of a camera.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn hang_up(&self, peer: IpAddr, hello: Hello<'_>, call: &str) -> Result<(), Refused> {
        let _place = self.0.guard.enter(peer, Instant::now()).ok_or(Refused::TooMany)?;
        let admitted = self.admit(peer, hello).await?;
        let calls = self.0.lock();
        let line = calls.by_name.get(call).filter(|line| line.camera == admitted.camera).ok_or(Refused::NoCall)?;
        line.ended.notify_one();
        Ok(())
    }

    /// Ends every call.
    pub async fn close(&self) {
        self.0.stop.send_replace(true);
        let reading = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reading) = reading {
            // It panics nowhere; if it did, there would be nothing to close.
            let _ = reading.await;
        }
        // Calls say goodbye; a second is plenty.
        let until = Instant::now() + Duration::from_secs(1);
        while !self.0.lock().by_name.is_empty() && Instant::now() < until {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl House {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One end of a call, and its name.
    fn prepare(&self) -> Result<(String, Rtc), Refused> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let random = (self.random)();
        let creds = IceCreds { ufrag: hex(&random[..8]), pass: hex(&random[8..]) };
        let name = creds.ufrag.clone();
        let mut config = RtcConfig::new()
            .set_crypto_provider(Arc::clone(&self.crypto))
            .set_dtls_cert(self.certificate.clone())
            .set_local_ice_credentials(creds)
            .set_ice_lite(true)
            .clear_codecs();
        // Baseline, constrained baseline, main and high, in pieces (packetization-mode 1).
        for (number, profile) in [(108, 0x42_e01f), (127, 0x42_001f), (123, 0x4d_001f), (114, 0x64_001f)] {
            config.codec_config().add_h264(number.into(), Some((number - 20).into()), true, profile);
        }
        let mut rtc = config.build(std::time::Instant::now());
        let candidate = Candidate::host(self.address, "udp").map_err(|error| Refused::Offer(error.to_string()))?;
        rtc.add_local_candidate(candidate);
        Ok((name, rtc))
    }

    fn enter(&self, name: &str, line: Line) -> bool {
        let mut calls = self.lock();
        let has_room = calls.by_name.len() < self.limits.connections;
        if has_room {
            calls.by_name.insert(name.to_owned(), line);
        }
        has_room
    }

    fn leave(&self, name: &str) {
        let mut calls = self.lock();
        if let Some(line) = calls.by_name.remove(name) {
            line.addresses.iter().for_each(|address| drop(calls.by_address.remove(address)));
        }
    }

    /// Hands a packet to the call it is for: by where it comes from, or by the name that it bears.
    fn hand(&self, from: SocketAddr, bytes: &[u8]) {
        let mut calls = self.lock();
        let Calls { by_name, by_address } = &mut *calls;
        let named = name_of(bytes).filter(|name| by_name.contains_key(*name)).map(str::to_owned);
        let Some(name) = named.or_else(|| by_address.get(&from).cloned()) else { return };
        let Some(line) = by_name.get_mut(&name) else { return };
        if !line.addresses.contains(&from) && line.addresses.len() < ADDRESSES_MAX {
            line.addresses.push(from);
            by_address.insert(from, name);
        }
        // A call that does not come after loses packets, as on the way.
        let _ = line.packets.try_send(Packet { from, bytes: Bytes::copy_from_slice(bytes) });
    }
}

async fn read(house: Arc<House>, mut stopping: watch::Receiver<bool>) {
    let mut buffer = [0; PACKET_MAX];
    loop {
        let received = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            received = house.socket.recv_from(&mut buffer) => received,
        };
        match received {
            Ok((length, from)) => house.hand(from, &buffer[..length]),
            // Word that somebody is gone; or no memory.
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    }
}

/// The first part of the USERNAME of a STUN message (RFC 8489, section 14.3), which names the call.
fn name_of(bytes: &[u8]) -> Option<&str> {
    let (head, mut rest) = bytes.split_at_checked(20)?;
    if head[0] > 3 || head[4..8] != [0x21, 0x12, 0xa4, 0x42] {
        return None;
    }
    loop {
        let [high, low, long, short, ..] = *rest else { return None };
        let length = usize::from(u16::from_be_bytes([long, short]));
        let value = rest.get(4..4 + length)?;
        if (high, low) == (0, 6) {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
}

/// A certificate for this run, signed by itself: its digest stands in every answer.
fn certificate() -> io::Result<DtlsCert> {
    let fault = |error: rcgen::Error| io::Error::other(error.to_string());
    let key = rcgen::KeyPair::generate().map_err(fault)?;
    let params = rcgen::CertificateParams::new(vec!["dipper".to_owned()]).map_err(fault)?;
    let signed = params.self_signed(&key).map_err(fault)?;
    Ok(DtlsCert { certificate: signed.der().to_vec(), private_key: key.serialize_der() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_its_packets() {
        let mut packet = vec![0, 1, 0, 24, 0x21, 0x12, 0xa4, 0x42];
        packet.extend([7; 12]);
        packet.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        packet.extend([0, 6, 0, 9]);
        packet.extend(b"name:them\0\0\0");
        assert_eq!(name_of(&packet), Some("name"));
        for cut in 0..packet.len() - 3 {
            assert_eq!(name_of(&packet[..cut]), None, "{cut}");
        }
        packet[4] = 0;
        assert_eq!(name_of(&packet), None, "not STUN");
        assert_eq!(name_of(&[0x80; 100]), None, "RTP");
    }
}
