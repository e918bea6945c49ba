//! Requests that are with the platform: put there, acknowledged when that takes long, answered.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use model::DeviceId;
use tokio::time::Instant;

use crate::block::{Block, Piece, Upload, UploadLimits};
use crate::endpoint::{Call, Endpoint, Out, Question, refusal};
use crate::gate::{Command, Gate, Message as Said, NotTaken, Resource};
use crate::limits::Taken;
use crate::message::{Code, Kind, Reply, Token, empty};
use crate::metrics::count;
use crate::request::format_for;
use crate::sending::Purpose;

/// What a request that is with the platform weighs beside its payload, bytes.
const ASKED_BYTES: usize = 256;

/// A request that is with the platform.
#[derive(Debug)]
pub(crate) struct Asked {
    pub peer: SocketAddr,
    pub device: DeviceId,
    pub mid: u16,
    pub kind: Kind,
    pub token: Token,
    /// It was acknowledged already.
    pub acknowledged: bool,
    /// Its last block, to be named in the answer.
    block1: Option<Block>,
    /// The size of blocks it wants its answer in.
    szx: u8,
    _taken: Option<Taken>,
}

/// What the platform answered.
#[derive(Debug)]
pub(crate) enum Answer {
    Taken(Result<(), NotTaken>),
    Command(Result<Option<Command>, NotTaken>),
    /// Whoever was to answer is gone.
    Broken,
}

impl<G: Gate> Endpoint<G> {
    /// Takes what a device sends, or one block of it.
    pub fn take_post(
        &mut self,
        now: Instant,
        call: &Call<'_>,
        device: DeviceId,
        client: G::Client,
        resource: Resource,
    ) {
        let request = &call.request;
        let most = self.shared.limits.message_bytes;
        let Some(format) = format_for(resource, request.format) else {
            return self.conclude(now, call, &device, Reply::new(Code::UNSUPPORTED_FORMAT));
        };
        let too_large = Reply { size1: u32::try_from(most).ok(), ..Reply::new(Code::TOO_LARGE) };
        if request.size1.is_some_and(|size| size as usize > most) || call.message.payload.len() > most {
            return self.conclude(now, call, &device, too_large);
        }
        let payload = match request.block1 {
            None => Bytes::copy_from_slice(call.message.payload),
            Some(block) => match self.take_block(now, call, &device, resource, block) {
                Piece::Whole(body) => body.into(),
                piece => {
                    let reply = match piece {
                        Piece::Incomplete => Reply::new(Code::INCOMPLETE),
                        Piece::Wrong => Reply::new(Code::BAD_REQUEST),
                        Piece::TooLarge => too_large,
                        Piece::NoMemory => return self.hold_off(call),
                        Piece::Continue | Piece::Whole(_) => {
                            Reply { block1: Some(block), ..Reply::new(Code::CONTINUE) }
                        }
                    };
                    return self.conclude(now, call, &device, reply);
                }
            },
        };
        self.ask(now, call, device, client, Question::Take(Said { resource, format, payload }));
    }

    fn take_block(
        &mut self,
        now: Instant,
        call: &Call<'_>,
        device: &DeviceId,
        resource: Resource,
        block: Block,
    ) -> Piece {
        let limits =
            UploadLimits { bytes: self.shared.limits.message_bytes, lifetime: self.shared.limits.block_timeout };
        let Some(peer) = self.peers.get(call.peer) else { return Piece::NoMemory };
        Upload::take(peer.upload(device, resource), block, call.message.payload, limits, &self.shared.memory, now)
    }

    /// Puts a question to the platform, if it may be put now.
    pub fn ask(&mut self, now: Instant, call: &Call<'_>, device: DeviceId, client: G::Client, question: Question) {
        let limits = &self.shared.limits;
        let length = match &question {
            Question::Take(said) => said.payload.len(),
            Question::NextCommand => 0,
        };
        let taken = self.shared.memory.take(ASKED_BYTES + length);
        let Some(taken) = taken.filter(|_| self.asked.len() < limits.in_flight) else { return self.hold_off(call) };
        if !self.peers.begin(&device, limits.in_flight_per_device) {
            return self.hold_off(call);
        }
        let Call { peer, message, request } = call;
        if let Some(known) = self.peers.get(*peer) {
            known.begin(message.mid, limits, now);
        }
        self.number += 1;
        if message.kind == Kind::Confirmable {
            self.acks_due.push_back((now + limits.answer_within, self.number));
        }
        let asked = Asked {
            peer: *peer,
            device,
            mid: message.mid,
            kind: message.kind,
            token: message.token,
            acknowledged: false,
            block1: request.block1,
            szx: request.block2.map_or(limits.block_szx, |block| block.szx.min(limits.block_szx)),
            _taken: Some(taken),
        };
        self.asked.insert(self.number, asked);
        self.out.push(Out::Ask(self.number, Arc::new(client), question));
    }

    /// Acknowledges requests that the platform has not answered in time.
    pub fn acknowledge_due(&mut self, now: Instant) {
        while let Some((at, number)) = self.acks_due.front().copied()
            && at <= now
        {
            self.acks_due.pop_front();
            if let Some(asked) = self.asked.get_mut(&number) {
                asked.acknowledged = true;
                let (peer, mid) = (asked.peer, asked.mid);
                count(&self.shared.counters.late);
                self.acknowledge(peer, mid);
            }
        }
    }

    fn acknowledge(&mut self, peer: SocketAddr, mid: u16) {
        self.out.push(Out::Send(peer, empty(Kind::Acknowledgement, mid)));
        if let Some(known) = self.peers.get(peer) {
            known.acknowledge(mid);
        }
    }

    /// Takes what the platform answered.
    pub fn answered(&mut self, now: Instant, number: u64, answer: Answer) {
        let Some(asked) = self.asked.remove(&number) else { return };
        // Whatever was answered in time need not wait there for its acknowledgement.
        while self.acks_due.front().is_some_and(|(_, number)| !self.asked.contains_key(number)) {
            self.acks_due.pop_front();
        }
        self.peers.end(&asked.device);
        let counters = &self.shared.counters;
        let mut reply = match answer {
            Answer::Taken(Ok(())) => {
                count(&counters.taken);
                Reply::new(Code::CHANGED)
            }
            Answer::Taken(Err(refused)) => {
                count(&counters.refused);
                refusal(&refused)
            }
            Answer::Command(Ok(Some(command))) => return self.give(now, asked, command),
            Answer::Command(Ok(None)) => Reply { max_age_s: Some(0), ..Reply::new(Code::CONTENT) },
            Answer::Command(Err(refused)) => refusal(&refused),
            Answer::Broken => Reply::new(Code::INTERNAL),
        };
        reply.block1 = asked.block1;
        self.reply(now, &asked, &reply);
    }

    /// Answers a device that asked for its next command: confirmably, so that it is known to have come. One of several blocks
    /// is answered at once: that the device asks for the others says the same, and libcoap 4.3 gives up such an answer when
    /// it comes separately.
    fn give(&mut self, now: Instant, mut asked: Asked, command: Command) {
        let Command { payload, ticket } = command;
        let (peer, device) = (asked.peer, asked.device.clone());
        let Some((reply, purpose)) = self.command_reply(now, peer, &device, &payload, ticket, asked.szx) else {
            self.shared.gate.undelivered(&device, ticket);
            return self.reply(now, &asked, &Reply::new(Code::UNAVAILABLE));
        };
        count(&self.shared.counters.commands);
        if !asked.acknowledged && reply.block2.is_some() {
            return self.reply(now, &asked, &reply);
        }
        if asked.kind == Kind::Confirmable && !asked.acknowledged {
            self.acknowledge(peer, asked.mid);
        }
        asked.acknowledged = true;
        if self.send_confirmable(now, peer, device.clone(), &reply, &asked.token, purpose).is_none() {
            self.shared.gate.undelivered(&device, ticket);
        }
    }

    /// Answers a request, and remembers the answer for when it comes again.
    fn reply(&mut self, now: Instant, asked: &Asked, reply: &Reply) {
        let (peer, mid) = (asked.peer, asked.mid);
        if asked.kind == Kind::Confirmable && asked.acknowledged {
            self.send_confirmable(now, peer, asked.device.clone(), reply, &asked.token, Purpose::Answer);
            return;
        }
        let number = match self.peers.get(peer) {
            Some(known) => known.next_mid(),
            None => self.dice.roll() as u16,
        };
        let bytes = match asked.kind {
            Kind::Confirmable => reply.write(Kind::Acknowledgement, mid, &asked.token),
            _ => reply.write(Kind::NonConfirmable, number, &asked.token),
        };
        if let Some(known) = self.peers.get(peer) {
            known.answer(mid, bytes.clone(), &self.shared.memory);
        }
        self.out.push(Out::Send(peer, bytes));
    }

    /// Answers a request at once, and remembers the answer.
    pub fn conclude(&mut self, now: Instant, call: &Call<'_>, device: &DeviceId, reply: Reply) {
        if let Some(known) = self.peers.get(call.peer) {
            known.begin(call.message.mid, &self.shared.limits, now);
        }
        let asked = Asked {
            peer: call.peer,
            device: device.clone(),
            mid: call.message.mid,
            kind: call.message.kind,
            token: call.message.token,
            acknowledged: false,
            block1: None,
            szx: 0,
            _taken: None,
        };
        self.reply(now, &asked, &reply);
    }
}
