//! Messages on the wire (RFC 7252 §3): read without copying, written into one buffer.

use std::fmt;

use bytes::Bytes;

use crate::block::Block;

/// Longest token, bytes.
const TOKEN_MAX: usize = 8;
/// What separates options from the payload.
const MARKER: u8 = 0xff;

/// Numbers of options that are used here (RFC 7252 §5.10, 7641, 7959).
pub mod number {
    #![allow(missing_docs, reason = "the names are the standards' own")]
    pub const URI_HOST: u16 = 3;
    pub const ETAG: u16 = 4;
    pub const OBSERVE: u16 = 6;
    pub const URI_PORT: u16 = 7;
    pub const URI_PATH: u16 = 11;
    pub const CONTENT_FORMAT: u16 = 12;
    pub const MAX_AGE: u16 = 14;
    pub const URI_QUERY: u16 = 15;
    pub const ACCEPT: u16 = 17;
    pub const BLOCK2: u16 = 23;
    pub const BLOCK1: u16 = 27;
    pub const SIZE2: u16 = 28;
    pub const PROXY_URI: u16 = 35;
    pub const PROXY_SCHEME: u16 = 39;
    pub const SIZE1: u16 = 60;
}

/// How a message wants to be received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is acknowledged, or comes again.
    Confirmable,
    /// It comes once.
    NonConfirmable,
    /// It acknowledges.
    Acknowledgement,
    /// It could not be used.
    Reset,
}

/// What is asked, or what the answer is: class and detail.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(pub u8);

#[allow(missing_docs, reason = "the names are the standards' own")]
impl Code {
    pub const EMPTY: Self = Self(0);
    pub const GET: Self = Self(1);
    pub const POST: Self = Self(2);
    pub const PUT: Self = Self(3);
    pub const CHANGED: Self = Self::of(2, 4);
    pub const CONTENT: Self = Self::of(2, 5);
    pub const CONTINUE: Self = Self::of(2, 31);
    pub const BAD_REQUEST: Self = Self::of(4, 0);
    pub const UNAUTHORIZED: Self = Self::of(4, 1);
    pub const BAD_OPTION: Self = Self::of(4, 2);
    pub const FORBIDDEN: Self = Self::of(4, 3);
    pub const NOT_FOUND: Self = Self::of(4, 4);
    pub const METHOD_NOT_ALLOWED: Self = Self::of(4, 5);
    pub const NOT_ACCEPTABLE: Self = Self::of(4, 6);
    pub const INCOMPLETE: Self = Self::of(4, 8);
    pub const TOO_LARGE: Self = Self::of(4, 13);
    pub const UNSUPPORTED_FORMAT: Self = Self::of(4, 15);
    pub const TOO_MANY: Self = Self::of(4, 29);
    pub const INTERNAL: Self = Self::of(5, 0);
    pub const UNAVAILABLE: Self = Self::of(5, 3);
    pub const NO_PROXY: Self = Self::of(5, 5);

    const fn of(class: u8, detail: u8) -> Self {
        Self(class << 5 | detail)
    }
}

impl Code {
    /// Whether it asks for something.
    pub fn is_request(self) -> bool {
        self.0 != 0 && self.0 >> 5 == 0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 >> 5, self.0 & 31)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a client knows an answer by; it is given back as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Token {
    length: u8,
    bytes: [u8; TOKEN_MAX],
}

impl Token {
    /// Takes a token; `None` when it is longer than 8 bytes.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut token = Self { length: u8::try_from(bytes.len()).ok()?, bytes: [0; TOKEN_MAX] };
        token.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(token)
    }

    /// The token itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// A message as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// How it wants to be received.
    pub kind: Kind,
    /// What it asks or answers.
    pub code: Code,
    /// What it is acknowledged by.
    pub mid: u16,
    /// What its answer is known by.
    pub token: Token,
    options: &'a [u8],
    /// What it carries.
    pub payload: &'a [u8],
    length: usize,
}

/// Why a datagram is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is too short, or of another version: as if it had not come (RFC 7252 §3).
    NoMessage,
    /// It breaks the format of messages: one that is confirmable is reset.
    Malformed(Kind, u16),
}

impl<'a> Message<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn read(datagram: &'a [u8]) -> Result<Self, Fault> {
        let Some((&[first, code, high, low], rest)) = datagram.split_first_chunk::<4>() else {
            return Err(Fault::NoMessage);
        };
        if first >> 6 != 1 {
            return Err(Fault::NoMessage);
        }
        let kind = match first >> 4 & 3 {
            0 => Kind::Confirmable,
            1 => Kind::NonConfirmable,
            2 => Kind::Acknowledgement,
            _ => Kind::Reset,
        };
        let (code, mid) = (Code(code), u16::from_be_bytes([high, low]));
        let malformed = Fault::Malformed(kind, mid);
        if code == Code::EMPTY && (first & 15 != 0 || !rest.is_empty()) {
            return Err(malformed);
        }
        let (token, rest) = rest.split_at_checked(usize::from(first & 15)).ok_or(malformed)?;
        let token = Token::new(token).ok_or(malformed)?;
        let mut options = Options { rest, number: 0 };
        while options.step().map_err(|Broken| malformed)?.is_some() {}
        let (options, payload) = rest.split_at(rest.len() - options.rest.len());
        let payload = match payload.split_first() {
            None => payload,
            // A marker with nothing behind it is an error (RFC 7252 §3).
            Some((_, [])) => return Err(malformed),
            Some((_, payload)) => payload,
        };
        Ok(Self { kind, code, mid, token, options, payload, length: datagram.len() })
    }

    /// Bytes of the datagram it came in.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Options by their numbers, in the order of these.
    pub fn options(&self) -> Options<'a> {
        Options { rest: self.options, number: 0 }
    }
}

/// Options of a message.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    rest: &'a [u8],
    number: u16,
}

/// Options that end in the middle, or have a reserved length.
#[derive(Debug)]
struct Broken;

impl<'a> Options<'a> {
    fn step(&mut self) -> Result<Option<(u16, &'a [u8])>, Broken> {
        let Some((&head, rest)) = self.rest.split_first().filter(|(head, _)| **head != MARKER) else {
            return Ok(None);
        };
        let (delta, rest) = extended(head >> 4, rest)?;
        let (length, rest) = extended(head & 15, rest)?;
        let number = u16::try_from(u32::from(self.number) + delta).map_err(|_| Broken)?;
        let (value, rest) = rest.split_at_checked(length as usize).ok_or(Broken)?;
        *self = Self { rest, number };
        Ok(Some((number, value)))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.step().ok().flatten()
    }
}

/// A number of four bits, or of one or two bytes more.
fn extended(nibble: u8, rest: &[u8]) -> Result<(u32, &[u8]), Broken> {
    match (nibble, rest) {
        (0..=12, _) => Ok((u32::from(nibble), rest)),
        (13, [more, rest @ ..]) => Ok((u32::from(*more) + 13, rest)),
        (14, [high, low, rest @ ..]) => Ok((u32::from(u16::from_be_bytes([*high, *low])) + 269, rest)),
        _ => Err(Broken),
    }
}

/// An unsigned number of an option; `None` when it has more bytes than `most`.
pub fn uint(value: &[u8], most: usize) -> Option<u32> {
    (value.len() <= most.min(4)).then(|| value.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// What is answered, without the frame it is sent in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the option of that name")]
pub struct Reply {
    pub code: Code,
    pub etag: Option<u32>,
    pub observe: Option<u32>,
    pub format: Option<u16>,
    pub max_age_s: Option<u32>,
    pub block2: Option<Block>,
    pub block1: Option<Block>,
    pub size2: Option<u32>,
    pub size1: Option<u32>,
    pub payload: Bytes,
}

impl Reply {
    /// An answer that is its code alone.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            etag: None,
            observe: None,
            format: None,
            max_age_s: None,
            block2: None,
            block1: None,
            size2: None,
            size1: None,
            payload: Bytes::new(),
        }
    }

    /// An answer with words for people.
    pub fn with_words(code: Code, words: &str) -> Self {
        Self { payload: Bytes::copy_from_slice(words.as_bytes()), ..Self::new(code) }
    }

    /// Writes it as a message.
    pub fn write(&self, kind: Kind, mid: u16, token: &Token) -> Bytes {
        let mut writer = Writer::new(kind, self.code, mid, token, self.payload.len());
        let numbers = [
            (number::ETAG, self.etag),
            (number::OBSERVE, self.observe),
            (number::CONTENT_FORMAT, self.format.map(u32::from)),
            (number::MAX_AGE, self.max_age_s),
            (number::BLOCK2, self.block2.map(Block::to_uint)),
            (number::BLOCK1, self.block1.map(Block::to_uint)),
            (number::SIZE2, self.size2),
            (number::SIZE1, self.size1),
        ];
        for (number, value) in numbers {
            if let Some(value) = value {
                writer.uint(number, value);
            }
        }
        writer.end(&self.payload)
    }
}

/// An empty message: an acknowledgement or a reset.
pub fn empty(kind: Kind, mid: u16) -> Bytes {
    Writer::new(kind, Code::EMPTY, mid, &Token::default(), 0).end(&[])
}

/// Writes a message; options are to be given in the order of their numbers.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    number: u16,
}

impl Writer {
    /// Begins a message.
    pub fn new(kind: Kind, code: Code, mid: u16, token: &Token, payload_length: usize) -> Self {
        let mut bytes = Vec::with_capacity(32 + payload_length);
        bytes.extend_from_slice(&[1 << 6 | (kind as u8) << 4 | token.length, code.0]);
        bytes.extend_from_slice(&mid.to_be_bytes());
        bytes.extend_from_slice(token.as_bytes());
        Self { bytes, number: 0 }
    }

    /// Adds an option. One whose number is below that of the one before, or that has 64 KiB, is left out.
    pub fn option(&mut self, number: u16, value: &[u8]) {
        let (Some(delta), Ok(length)) = (number.checked_sub(self.number), u16::try_from(value.len())) else { return };
        let at = self.bytes.len();
        self.bytes.push(0);
        let head = self.extend(delta) << 4 | self.extend(length);
        self.bytes[at] = head;
        self.bytes.extend_from_slice(value);
        self.number = number;
    }

    /// Adds an option that is a number, in as few bytes as it needs.
    pub fn uint(&mut self, number: u16, value: u32) {
        let bytes = value.to_be_bytes();
        self.option(number, &bytes[value.leading_zeros() as usize / 8..]);
    }

    /// Writes what a number has beside its four bits, and answers with these.
    fn extend(&mut self, value: u16) -> u8 {
        match value {
            0..=12 => value as u8,
            13..=268 => {
                self.bytes.push((value - 13) as u8);
                13
            }
            _ => {
                self.bytes.extend_from_slice(&(value - 269).to_be_bytes());
                14
            }
        }
    }

    /// Ends the message with its payload.
    pub fn end(mut self, payload: &[u8]) -> Bytes {
        if !payload.is_empty() {
            self.bytes.push(MARKER);
            self.bytes.extend_from_slice(payload);
        }
        self.bytes.into()
    }
}

#[cfg(test)]
mod tests;
