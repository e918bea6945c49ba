//! Confirmable messages of ours: sent again with growing patience until they are acknowledged or given up (RFC 7252 §4.2).

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use model::DeviceId;
use tokio::time::Instant;

use crate::endpoint::{Endpoint, Out};
use crate::gate::Gate;
use crate::message::{Code, Kind, Message, Reply, Token};
use crate::metrics::count;
use crate::peers::Stage;

/// A notification that is sent again for this time gets another number: libcoap 4.3.1 does not acknowledge one number twice, so
/// that the loss of its first acknowledgement would be the end of the observation.
const RENUMBERED: u32 = 2;

/// What a message of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The answer to a request that was acknowledged before.
    Answer,
    /// A command for whoever asked for one; whether all of it is in the message.
    Command { ticket: u64, whole: bool },
    /// A notification; whether all of its command is in the message.
    Notification { whole: bool },
}

/// A message of ours that waits for its acknowledgement.
#[derive(Debug)]
pub(crate) struct Sent {
    bytes: Bytes,
    device: DeviceId,
    purpose: Purpose,
    left: u32,
    wait: Duration,
    due: Instant,
}

impl<G: Gate> Endpoint<G> {
    /// Sends a message until it is acknowledged, and answers with its number. Where too many wait already, it is sent once.
    pub fn send_confirmable(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        device: DeviceId,
        reply: &Reply,
        token: &Token,
        purpose: Purpose,
    ) -> Option<u16> {
        let limits = &self.shared.limits;
        let mut mid = self.dice.roll() as u16;
        if let Some(known) = self.peers.get(peer) {
            mid = known.next_mid();
        }
        if self.sent.len() >= limits.in_flight || self.sent.contains_key(&(peer, mid)) {
            if purpose == Purpose::Answer {
                self.out.push(Out::Send(peer, reply.write(Kind::NonConfirmable, mid, token)));
            }
            return None;
        }
        let bytes = reply.write(Kind::Confirmable, mid, token);
        // ACK_TIMEOUT to ACK_TIMEOUT · ACK_RANDOM_FACTOR, which is 1.5.
        let wait = limits.ack_timeout.mul_f64(1.0 + (self.dice.roll() % 512) as f64 / 1024.0);
        let due = now + wait;
        self.out.push(Out::Send(peer, bytes.clone()));
        self.sent_due.insert((due, peer, mid));
        self.sent.insert((peer, mid), Sent { bytes, device, purpose, left: limits.retransmissions, wait, due });
        Some(mid)
    }

    /// Sends a message of ours no more.
    pub fn take_back(&mut self, peer: SocketAddr, mid: u16) -> Option<Sent> {
        let sent = self.sent.remove(&(peer, mid))?;
        self.sent_due.remove(&(sent.due, peer, mid));
        Some(sent)
    }

    /// Takes an acknowledgement or a reset.
    pub fn take_receipt(&mut self, now: Instant, peer: SocketAddr, message: &Message<'_>) {
        if message.code != Code::EMPTY {
            return;
        }
        let Some(sent) = self.take_back(peer, message.mid) else { return };
        if message.kind == Kind::Reset {
            return self.failed(peer, message.mid, &sent);
        }
        match sent.purpose {
            Purpose::Answer | Purpose::Command { whole: false, .. } => {}
            Purpose::Command { ticket, whole: true } => self.delivered(&sent.device, ticket),
            Purpose::Notification { whole } => self.notified(now, peer, &sent.device, message.mid, whole),
        }
    }

    /// Sends again what is due, and gives up what was sent often enough.
    pub fn send_due(&mut self, now: Instant) {
        while let Some((due, peer, mid)) = self.sent_due.first().copied()
            && due <= now
        {
            self.sent_due.pop_first();
            let Some(mut sent) = self.sent.remove(&(peer, mid)) else { continue };
            if sent.left == 0 {
                count(&self.shared.counters.given_up);
                self.failed(peer, mid, &sent);
                continue;
            }
            sent.left -= 1;
            sent.wait *= 2;
            sent.due = now + sent.wait;
            count(&self.shared.counters.sent_again);
            let is_time = self.shared.limits.retransmissions - sent.left == RENUMBERED;
            let mid = if is_time { self.renumber(peer, mid, &mut sent) } else { mid };
            self.out.push(Out::Send(peer, sent.bytes.clone()));
            self.sent_due.insert((sent.due, peer, mid));
            self.sent.insert((peer, mid), sent);
        }
    }

    /// Gives a notification another number. Its sequence number stays, so that whoever has it knows it again.
    fn renumber(&mut self, peer: SocketAddr, old: u16, sent: &mut Sent) -> u16 {
        let Purpose::Notification { .. } = sent.purpose else { return old };
        let Some(known) = self.peers.get(peer) else { return old };
        let new = known.next_mid();
        if self.sent.contains_key(&(peer, new)) {
            return old;
        }
        if let Some(Stage::Sending(mid, _)) = known.watch(&sent.device).map(|watch| &mut watch.stage)
            && *mid == old
        {
            *mid = new;
        }
        let mut bytes = sent.bytes.to_vec();
        if let Some(number) = bytes.get_mut(2..4) {
            number.copy_from_slice(&new.to_be_bytes());
        }
        sent.bytes = bytes.into();
        new
    }

    /// A message of ours did not arrive, or meant nothing there.
    pub fn failed(&mut self, peer: SocketAddr, mid: u16, sent: &Sent) {
        match sent.purpose {
            Purpose::Answer => {}
            Purpose::Command { ticket, .. } => self.shared.gate.undelivered(&sent.device, ticket),
            Purpose::Notification { .. } => self.not_notified(peer, &sent.device, mid),
        }
    }

    /// The device has a command.
    pub fn delivered(&mut self, device: &DeviceId, ticket: u64) {
        count(&self.shared.counters.delivered);
        self.shared.gate.delivered(device, ticket);
    }
}
