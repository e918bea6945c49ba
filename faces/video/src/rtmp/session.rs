//! A conversation with a source: what it sends, and what is answered.

use bytes::{Buf, BytesMut};

use super::amf::{Value, read_all, write_all};
use super::chunk::{Chunks, Message, write};
use super::{Fault, GREETING_MAX, MESSAGE_MAX};

/// Length of C1, S1, C2 and S2 (section 5.2).
const HELLO: usize = 1_536;

/// Chunks of ours.
const CHUNK: usize = 4_096;

/// Bytes after which the other side is told that they came.
const WINDOW: u32 = 2_500_000;

/// The stream that pictures are of: there is one.
const STREAM: u32 = 1;

/// Kinds of messages (sections 5.4 and 7.1).
mod kind {
    pub const CHUNK_SIZE: u8 = 1;
    pub const ABORT: u8 = 2;
    pub const ACKNOWLEDGEMENT: u8 = 3;
    pub const USER_CONTROL: u8 = 4;
    pub const WINDOW: u8 = 5;
    pub const BANDWIDTH: u8 = 6;
    pub const VIDEO: u8 = 9;
    pub const COMMAND_AMF3: u8 = 17;
    pub const COMMAND: u8 = 20;
}

/// What the source does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It wants to send its picture: [`Session::accept`] or [`Session::refuse`] is to follow.
    Publish {
        /// The first part of the address's path.
        app: String,
        /// What follows.
        name: String,
    },
    /// A piece of the picture, as the body of an FLV tag.
    Video {
        /// Milliseconds.
        timestamp: u32,
        /// The body.
        body: Vec<u8>,
    },
    /// It ends.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its hello is to come.
    Hello,
    /// What it says to ours; it is not looked at.
    Echo,
    Talk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Stranger,
    Asked,
    LetIn,
}

/// One connection, without its socket.
#[derive(Debug)]
pub(crate) struct Session {
    stage: Stage,
    standing: Standing,
    chunks: Chunks,
    app: Option<String>,
    received: u64,
    acknowledged: u64,
    window: u32,
}

impl Session {
    pub fn new() -> Self {
        Self {
            stage: Stage::Hello,
            standing: Standing::Stranger,
            chunks: Chunks::new(),
            app: None,
            received: 0,
            acknowledged: 0,
            window: WINDOW,
        }
    }

    /// What the source does next; `None` when more is to come first. What was used is taken from `input`; answers are added
    /// to `out`.
    pub fn next(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Result<Option<Event>, Fault> {
        loop {
            let before = input.len();
            let step = self.step(input, out);
            self.received += (before - input.len()) as u64;
            if self.standing != Standing::LetIn && self.received > GREETING_MAX {
                return Err(Fault::TooMuch);
            }
            if self.received - self.acknowledged >= u64::from(self.window) {
                self.acknowledged = self.received;
                // It counts to 2^32 and begins again.
                let count = (self.received & u64::from(u32::MAX)) as u32;
                write(out, 2, kind::ACKNOWLEDGEMENT, 0, &count.to_be_bytes(), CHUNK);
            }
            match step? {
                Step::More => return Ok(None),
                Step::Done(Some(event)) => return Ok(Some(event)),
                Step::Done(None) => {}
            }
        }
    }

    fn step(&mut self, input: &mut BytesMut, out: &mut Vec<u8>) -> Result<Step, Fault> {
        match self.stage {
            Stage::Hello => {
                if let Some(version) = input.first().filter(|version| **version != 3) {
                    return Err(Fault::NotRtmp(*version));
                }
                if input.len() <= HELLO {
                    return Ok(Step::More);
                }
                // S0; S1 with a version of zeros, which says that there are no digests; S2 says back what came.
                out.push(3);
                out.extend([0; HELLO]);
                out.extend(&input[1..=HELLO]);
                input.advance(1 + HELLO);
                self.stage = Stage::Echo;
                Ok(Step::Done(None))
            }
            Stage::Echo if input.len() < HELLO => Ok(Step::More),
            Stage::Echo => {
                input.advance(HELLO);
                self.stage = Stage::Talk;
                Ok(Step::Done(None))
            }
            Stage::Talk => match self.chunks.take(input)? {
                Some(message) => self.hear(message, out).map(Step::Done),
                None => Ok(Step::More),
            },
        }
    }

    fn hear(&mut self, message: Message, out: &mut Vec<u8>) -> Result<Option<Event>, Fault> {
        let Message { kind, timestamp, body } = message;
        let number = || body.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)).ok_or(Fault::Command);
        match kind {
            kind::CHUNK_SIZE => self.chunks.set_size(number()?)?,
            kind::ABORT => self.chunks.abort(number()?),
            // Smaller ones would have us answer to every message.
            kind::WINDOW => self.window = number()?.clamp(64 << 10, WINDOW),
            kind::VIDEO if self.standing == Standing::LetIn => return Ok(Some(Event::Video { timestamp, body })),
            kind::COMMAND => return self.command(&body, out),
            // AMF 3 with AMF 0 in it: one byte that says so.
            kind::COMMAND_AMF3 => return self.command(body.get(1..).unwrap_or_default(), out),
            // Sound, descriptions, and what the other side has received.
            _ => {}
        }
        Ok(None)
    }

    fn command(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<Option<Event>, Fault> {
        let values = read_all(body);
        let name = values.first().and_then(Value::as_text).ok_or(Fault::Command)?;
        let number = values.get(1).and_then(Value::as_number).unwrap_or_default();
        match name {
            "connect" => {
                let app = values.get(2).and_then(|about| about.member("app")).and_then(Value::as_text);
                self.app = Some(app.ok_or(Fault::Command)?.to_owned());
                connected(number, out);
            }
            "releaseStream" | "FCPublish" => answer(number, Value::Null, out),
            "createStream" => answer(number, Value::Number(STREAM.into()), out),
            "publish" => {
                let app = self.app.clone().filter(|_| self.standing == Standing::Stranger).ok_or(Fault::Command)?;
                let name = values.get(3).and_then(Value::as_text).ok_or(Fault::Command)?.to_owned();
                self.standing = Standing::Asked;
                return Ok(Some(Event::Publish { app, name }));
            }
            "FCUnpublish" | "deleteStream" | "closeStream" if self.standing == Standing::LetIn => {
                return Ok(Some(Event::End));
            }
            "play" | "play2" => {
                status(("error", "NetStream.Play.Failed"), "nobody plays here", out);
                return Err(Fault::Plays);
            }
            _ => {}
        }
        Ok(None)
    }

    /// The source may send its picture.
    pub fn accept(&mut self, out: &mut Vec<u8>) {
        self.standing = Standing::LetIn;
        self.chunks.allow(MESSAGE_MAX);
        let begin = [&[0, 0][..], &STREAM.to_be_bytes()].concat();
        write(out, 2, kind::USER_CONTROL, 0, &begin, CHUNK);
        status(("status", "NetStream.Publish.Start"), "the picture is taken", out);
    }

    /// It may not. The connection is to be closed.
    pub fn refuse(&self, code: &str, words: &str, out: &mut Vec<u8>) {
        status(("error", code), words, out);
    }
}

enum Step {
    /// More is to come first.
    More,
    Done(Option<Event>),
}

fn send(stream: u8, of: u32, values: &[Value], out: &mut Vec<u8>) {
    write(out, stream, kind::COMMAND, of, &write_all(values), CHUNK);
}

fn connected(number: f64, out: &mut Vec<u8>) {
    write(out, 2, kind::WINDOW, 0, &WINDOW.to_be_bytes(), CHUNK);
    // As much as it likes (2: dynamic).
    write(out, 2, kind::BANDWIDTH, 0, &[&WINDOW.to_be_bytes()[..], &[2]].concat(), CHUNK);
    write(out, 2, kind::CHUNK_SIZE, 0, &4_096_u32.to_be_bytes(), CHUNK);
    let about = [("fmsVer", Value::text("FMS/3,0,1,123")), ("capabilities", Value::Number(31.0))];
    let state = [
        ("level", Value::text("status")),
        ("code", Value::text("NetConnection.Connect.Success")),
        ("description", Value::text("connected")),
        ("objectEncoding", Value::Number(0.0)),
    ];
    send(3, 0, &[Value::text("_result"), Value::Number(number), object(about), object(state)], out);
}

fn answer(number: f64, value: Value, out: &mut Vec<u8>) {
    send(3, 0, &[Value::text("_result"), Value::Number(number), Value::Null, value], out);
}

fn status((level, code): (&str, &str), words: &str, out: &mut Vec<u8>) {
    let state = [("level", Value::text(level)), ("code", Value::text(code)), ("description", Value::text(words))];
    send(5, STREAM, &[Value::text("onStatus"), Value::Number(0.0), Value::Null, object(state)], out);
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(values: &[Value]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, 3, kind::COMMAND, 0, &write_all(values), 128);
        bytes
    }

    fn hello() -> Vec<u8> {
        [vec![3], vec![1; HELLO], vec![2; HELLO]].concat()
    }

    fn opening() -> Vec<u8> {
        let connect = [Value::text("connect"), Value::Number(1.0), object([("app", Value::text("live"))])];
        let publish =
            [Value::text("publish"), Value::Number(4.0), Value::Null, Value::text("cam-1?key=k"), Value::text("live")];
        let create = [Value::text("createStream"), Value::Number(3.0), Value::Null];
        [hello(), said(&connect), said(&create), said(&publish)].concat()
    }

    fn events(session: &mut Session, bytes: &[u8]) -> (Result<Vec<Event>, Fault>, Vec<u8>) {
        let (mut input, mut out, mut events) = (BytesMut::from(bytes), Vec::new(), Vec::new());
        loop {
            match session.next(&mut input, &mut out) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => return (Ok(events), out),
                Err(fault) => return (Err(fault), out),
            }
        }
    }

    #[test]
    fn a_source_is_heard_and_let_in() {
        let mut session = Session::new();
        let (heard, out) = events(&mut session, &opening());
        let publish = Event::Publish { app: "live".to_owned(), name: "cam-1?key=k".to_owned() };
        assert_eq!(heard, Ok(vec![publish]));
        assert_eq!(&out[1 + HELLO..1 + 2 * HELLO], &[1; HELLO], "what it said is said back");
        let mut out = Vec::new();
        session.accept(&mut out);
        assert!(out.windows(23).any(|part| part == b"NetStream.Publish.Start"));
        let mut sent = Vec::new();
        write(&mut sent, 6, kind::VIDEO, STREAM, &[0x17, 1, 2], 128);
        write(&mut sent, 7, 8, STREAM, &[0xaf, 1, 2], 128);
        sent.extend(said(&[Value::text("deleteStream"), Value::Number(5.0), Value::Null, Value::Number(1.0)]));
        let (heard, _) = events(&mut session, &sent);
        assert_eq!(
            heard,
            Ok(vec![Event::Video { timestamp: 0, body: vec![0x17, 1, 2] }, Event::End]),
            "without its sound"
        );
    }

    #[test]
    fn strangers_are_heard_so_far() {
        assert_eq!(events(&mut Session::new(), b"GET / HTTP/1.1").0, Err(Fault::NotRtmp(b'G')));
        // Pictures before it was let in are not kept; too much of them ends it.
        let mut pictures = hello();
        for _ in 0..300 {
            write(&mut pictures, 6, kind::VIDEO, STREAM, &[0; 128], 128);
        }
        assert_eq!(events(&mut Session::new(), &pictures).0, Err(Fault::TooMuch));
        let publish = said(&[Value::text("publish"), Value::Number(1.0), Value::Null, Value::text("x")]);
        assert_eq!(
            events(&mut Session::new(), &[hello(), publish.clone()].concat()).0,
            Err(Fault::Command),
            "not connected"
        );
        assert_eq!(events(&mut Session::new(), &[opening(), publish].concat()).0, Err(Fault::Command), "twice");
        let play = said(&[Value::text("play"), Value::Number(1.0), Value::Null, Value::text("cam-1")]);
        assert_eq!(events(&mut Session::new(), &[hello(), play].concat()).0, Err(Fault::Plays));
    }

    #[test]
    fn what_was_received_is_told_now_and_then() {
        let mut session = Session::new();
        assert!(events(&mut session, &opening()).0.is_ok());
        session.accept(&mut Vec::new());
        let mut sent = Vec::new();
        write(&mut sent, 2, kind::CHUNK_SIZE, 0, &1_000_000_u32.to_be_bytes(), 128);
        write(&mut sent, 6, kind::VIDEO, STREAM, &vec![0; 3_000_000], 1_000_000);
        let (heard, out) = events(&mut session, &sent);
        assert!(matches!(heard.unwrap().as_slice(), [Event::Video { .. }]));
        assert_eq!(out[7], kind::ACKNOWLEDGEMENT);
    }
}
