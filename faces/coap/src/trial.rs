//! Whatever may come, against one endpoint without a network: for properties and for fuzzing.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use model::DeviceId;
use tokio::time::Instant;

use crate::asking::Answer;
use crate::endpoint::{Endpoint, Out, Proven, Question, Shared};
use crate::gate::{Admitted, Command, Credential, Gate, Hello, Key, Message, NotTaken, Refused};
use crate::limits::{Limits, Memory};
use crate::metrics::Counters;
use crate::secure::{Secure, Suite};

/// A platform where every device has the password `k`.
#[derive(Debug)]
pub struct Open;

impl Gate for Open {
    type Client = ();

    fn key(&self, identity: &str) -> Option<Key> {
        (identity == "lamp").then(|| Key(b"k".to_vec()))
    }

    fn admit(&self, hello: Hello<'_>) -> Result<Admitted<()>, Refused> {
        let device = DeviceId::new(hello.device).map_err(|_| Refused::Credentials)?;
        match hello.credential {
            Credential::Password("k") | Credential::Proven { .. } => Ok(Admitted { device, client: () }),
            _ => Err(Refused::Credentials),
        }
    }

    async fn take(&self, _client: &(), _message: Message) -> Result<(), NotTaken> {
        Ok(())
    }

    async fn next_command(&self, _client: &()) -> Result<Option<Command>, NotTaken> {
        Ok(None)
    }

    fn may_observe(&self, _client: &()) -> Result<(), NotTaken> {
        Ok(())
    }

    fn delivered(&self, _device: &DeviceId, _ticket: u64) {}
}

/// Few of everything, and soon over.
fn limits() -> Limits {
    Limits {
        datagrams_per_s: 50,
        requests_per_s: 20,
        peers: 3,
        peers_per_device: 2,
        exchanges_per_peer: 4,
        in_flight: 4,
        in_flight_per_device: 3,
        message_bytes: 200,
        command_bytes: 200,
        queue: 2,
        block_szx: 2,
        block_timeout: Duration::from_secs(20),
        ack_timeout: Duration::from_secs(1),
        retransmissions: 2,
        exchange_lifetime: Duration::from_secs(50),
        observe_check: Duration::from_secs(100),
        sessions: 2,
        handshakes: 2,
        memory_bytes: 4 << 10,
        ..Limits::default()
    }
}

fn shared() -> Arc<Shared<Open>> {
    let limits = limits();
    let memory = Memory::new(limits.memory_bytes);
    Arc::new(Shared { gate: Arc::new(Open), limits, counters: Counters::default(), memory })
}

/// An endpoint with a clock, and what it asked.
struct Trial {
    endpoint: Endpoint<Open>,
    now: Instant,
    asked: Vec<(u64, bool)>,
}

impl Trial {
    fn hear(&mut self, peer: SocketAddr, datagram: &[u8], proven: Option<&Proven>) {
        let (before, now) = (self.endpoint.peers.len(), self.now);
        if self.endpoint.may_come(peer, now) {
            self.endpoint.receive(now, peer, datagram, proven);
        }
        let was_stranger = before == 0 && self.endpoint.peers.len() == 0 && proven.is_none();
        let sent = self.take_out();
        assert!(!was_stranger || sent <= 3 * datagram.len(), "{sent} bytes for {datagram:x?}");
    }

    /// Bytes that were to be sent.
    fn take_out(&mut self) -> usize {
        let mut bytes = 0;
        for out in std::mem::take(&mut self.endpoint.out) {
            match out {
                Out::Send(_, datagram) => {
                    assert!(crate::message::Message::read(&datagram).is_ok(), "{datagram:x?}");
                    bytes += datagram.len();
                }
                Out::Ask(number, _, question) => self.asked.push((number, matches!(question, Question::Take(_)))),
            }
        }
        bytes
    }

    fn answer(&mut self, length: usize) {
        let Some((number, is_take)) = self.asked.pop() else { return };
        let command = Command { payload: vec![b'x'; length].into(), ticket: number };
        let answer = match length % 3 {
            0 if is_take => Answer::Taken(Ok(())),
            1 if is_take => Answer::Taken(Err(NotTaken::Never { words: "灯".repeat(length).into() })),
            0 | 1 => Answer::Command(Ok((length > 100).then_some(command))),
            _ => Answer::Broken,
        };
        self.endpoint.answered(self.now, number, answer);
        self.take_out();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.endpoint.tick(self.now);
        self.take_out();
        assert!(self.endpoint.peers.len() <= 3 && self.endpoint.asked.len() <= 4 && self.endpoint.sent.len() <= 4);
    }
}

/// Takes bytes as a course of events: datagrams, answers of the platform, commands and time. When all is over, nothing is
/// left.
///
/// # Panics
/// When a stranger is answered with more than three times of what it sent, a bound is broken, or anything stays behind.
pub fn events(mut bytes: &[u8]) {
    let now = Instant::now();
    let mut trial = Trial { endpoint: Endpoint::new(shared(), 7, now), now, asked: Vec::new() };
    let proven = Proven { identity: "lamp".into(), key: Key(Vec::new()) };
    while let [event, length, rest @ ..] = bytes {
        let peer = SocketAddr::from(([127, 0, 0, 1], u16::from(event >> 5)));
        let (body, after) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = after;
        match event & 7 {
            0..=2 => trial.hear(peer, body, None),
            3 => trial.hear(peer, body, Some(&proven)),
            4 => trial.answer(usize::from(*length)),
            5 => {
                let command = Command { payload: Bytes::copy_from_slice(body), ticket: 1 };
                let device = DeviceId::new("lamp").expect("it is a name");
                trial.endpoint.publish(trial.now, &device, &command);
                trial.take_out();
            }
            6 => trial.pass(Duration::from_millis(u64::from(*length) * 50)),
            _ => trial.endpoint.forget(peer),
        }
    }
    while !trial.asked.is_empty() {
        trial.answer(0);
    }
    for _ in 0..60 {
        trial.pass(Duration::from_secs(10));
    }
    let Trial { endpoint, .. } = &trial;
    assert_eq!(
        (endpoint.peers.len(), endpoint.sent.len(), endpoint.sent_due.len(), endpoint.asked.len()),
        (0, 0, 0, 0)
    );
    assert_eq!(endpoint.shared.memory.used(), 0);
}

/// Takes bytes as datagrams to a listener with DTLS.
pub fn records(mut bytes: &[u8]) {
    let mut now = Instant::now();
    static READY: OnceLock<(Arc<Shared<Open>>, Suite)> = OnceLock::new();
    let (shared, suite) = READY.get_or_init(|| {
        let shared = shared();
        let suite = Suite::new(&shared).expect("these limits make sense");
        (shared, suite)
    });
    let mut secure = Secure::new(Arc::clone(shared), suite.clone(), now);
    while let [event, length, rest @ ..] = bytes {
        let peer = SocketAddr::from(([127, 0, 0, 1], u16::from(event >> 6)));
        let (body, after) = rest.split_at(rest.len().min(usize::from(*length)));
        bytes = after;
        if event & 1 == 0 {
            secure.receive(now, peer, body);
        } else {
            now += Duration::from_millis(u64::from(*length) * 50);
            secure.tick(now);
            secure.send(now, peer, body);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{Code, Kind, Token, Writer, number};

    /// A request of a device, or nearly one.
    fn requests() -> impl Strategy<Value = Vec<u8>> {
        let kind = prop_oneof![Just(Kind::Confirmable), Just(Kind::NonConfirmable)];
        let leaf = prop::sample::select(vec!["readings", "senml", "commands", "answers", "core", "x"]);
        let options =
            (any::<Option<u8>>(), any::<Option<u8>>(), any::<Option<u8>>(), any::<bool>(), any::<Option<u8>>());
        let payload = prop::collection::vec(any::<u8>(), 0..100);
        (kind, 1_u8..5, 0_u16..6, leaf, options, payload).prop_map(|(kind, code, mid, leaf, options, payload)| {
            let (observe, block2, block1, knows, accept) = options;
            let mut writer = Writer::new(kind, Code(code), mid, &Token::new(&[code]).unwrap(), payload.len());
            if let Some(observe) = observe {
                writer.uint(number::OBSERVE, u32::from(observe % 3));
            }
            let path = if leaf == "core" { vec![".well-known", "core"] } else { vec!["devices", "lamp", leaf] };
            for segment in path {
                writer.option(number::URI_PATH, segment.as_bytes());
            }
            if knows {
                writer.option(number::URI_QUERY, b"k=k");
            }
            if let Some(accept) = accept.filter(|accept| *accept > 200) {
                writer.uint(number::ACCEPT, u32::from(accept));
            }
            for (number, value) in [(number::BLOCK2, block2), (number::BLOCK1, block1)] {
                if let Some(value) = value {
                    // Small blocks with small numbers, so that they follow one another.
                    writer.uint(number, u32::from(value & 0x39));
                }
            }
            let length = block1.filter(|value| value & 8 != 0).map_or(payload.len(), |value| 16 << (value & 1));
            let payload: Vec<u8> = payload.into_iter().chain(std::iter::repeat(b'x')).take(length).collect();
            writer.end(&payload).to_vec()
        })
    }

    fn receipts() -> impl Strategy<Value = Vec<u8>> {
        (any::<bool>(), any::<u16>())
            .prop_map(|(reset, mid)| vec![if reset { 0x70 } else { 0x60 }, 0, (mid >> 8) as u8, mid as u8])
    }

    fn courses() -> impl Strategy<Value = Vec<u8>> {
        let bytes = prop_oneof![
            6 => requests(),
            1 => receipts(),
            1 => prop::collection::vec(any::<u8>(), 0..60),
        ];
        let event = (any::<u8>(), bytes).prop_map(|(event, bytes)| {
            let length = bytes.len().min(255);
            [&[event & 0x27, length as u8], &bytes[..length]].concat()
        });
        prop::collection::vec(event, 0..40).prop_map(|events| events.concat())
    }

    proptest! {
        #[test]
        fn whatever_happens_bounds_are_kept_and_nothing_stays_behind(course in courses()) {
            events(&course);
        }

        #[test]
        fn any_bytes_may_happen(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            events(&bytes);
        }

        #[test]
        fn any_records_may_come(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            records(&bytes);
        }
    }
}
