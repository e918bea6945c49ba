//! Chunks (RTMP 1.0, section 5.3): messages cut to pieces that may be mixed with one another.

use bytes::{Buf, BytesMut};

use super::{Fault, GREETING_MESSAGE_MAX};

/// Streams of chunks of one connection; encoders have four.
pub(super) const STREAMS_MAX: usize = 16;

/// Smallest chunks that are taken; it is also the size at first.
pub(super) const SIZE_MIN: u32 = 128;

/// A time that stands in four bytes of its own.
const EXTENDED: u32 = 0x00ff_ffff;

/// A message that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// What it is.
    pub kind: u8,
    /// Milliseconds.
    pub timestamp: u32,
    pub body: Vec<u8>,
}

#[derive(Debug, Default)]
struct Stream {
    id: u32,
    timestamp: u32,
    /// What a chunk that says nothing adds to it.
    step: u32,
    is_extended: bool,
    length: usize,
    kind: u8,
    body: Vec<u8>,
}

/// Puts messages together again.
#[derive(Debug)]
pub(super) struct Chunks {
    streams: Vec<Stream>,
    size: usize,
    /// Most bytes of a message; of all that are not whole together it is twice as many.
    most: usize,
    /// The stream whose chunk is being read, and how much of that chunk is to come.
    reading: Option<(usize, usize)>,
}

impl Chunks {
    pub fn new() -> Self {
        Self { streams: Vec::new(), size: SIZE_MIN as usize, most: GREETING_MESSAGE_MAX, reading: None }
    }

    /// Longer messages are taken from now on.
    pub fn allow(&mut self, most: usize) {
        self.most = most;
    }

    /// The sender cuts otherwise from now on.
    pub fn set_size(&mut self, size: u32) -> Result<(), Fault> {
        if !(SIZE_MIN..=i32::MAX.cast_unsigned()).contains(&size) {
            return Err(Fault::ChunkSize(size));
        }
        self.size = size as usize;
        Ok(())
    }

    /// What was begun on a stream of chunks is not finished.
    pub fn abort(&mut self, id: u32) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            stream.body = Vec::new();
        }
    }

    /// The next whole message; `None` when more is to come first. What was used is taken from `input`.
    pub fn take(&mut self, input: &mut BytesMut) -> Result<Option<Message>, Fault> {
        loop {
            let (index, left) = match self.reading {
                Some(at) => at,
                None => match self.begin(input)? {
                    Some(at) => at,
                    None => return Ok(None),
                },
            };
            let stream = &mut self.streams[index];
            let part = left.min(input.len());
            stream.body.extend_from_slice(&input[..part]);
            input.advance(part);
            if part < left {
                self.reading = Some((index, left - part));
                return Ok(None);
            }
            self.reading = None;
            if stream.body.len() == stream.length {
                let body = std::mem::take(&mut stream.body);
                return Ok(Some(Message { kind: stream.kind, timestamp: stream.timestamp, body }));
            }
        }
    }

    /// Reads the head of a chunk: which stream, and how much follows.
    fn begin(&mut self, input: &mut BytesMut) -> Result<Option<(usize, usize)>, Fault> {
        let mut head = Head(&input[..]);
        let Some([first]) = head.take() else { return Ok(None) };
        let (form, id) = (first >> 6, u32::from(first & 0x3f));
        let id = match id {
            0 => head.take().map(|[low]| 64 + u32::from(low)),
            1 => head.take().map(|pair| 64 + u32::from(u16::from_le_bytes(pair))),
            id => Some(id),
        };
        let Some(id) = id else { return Ok(None) };
        let known = self.streams.iter().position(|stream| stream.id == id);
        if known.is_none() && form != 0 {
            return Err(Fault::OutOfOrder);
        }
        let before = known.map(|index| &self.streams[index]);
        let is_begun = before.is_some_and(|stream| !stream.body.is_empty());
        let Some((stream, is_new)) = read_head(form, &mut head, before) else { return Ok(None) };
        if is_begun && is_new {
            return Err(Fault::OutOfOrder);
        }
        let used = input.len() - head.0.len();
        let index = match known {
            Some(index) => index,
            None if self.streams.len() == STREAMS_MAX => return Err(Fault::TooManyStreams),
            None => {
                self.streams.push(Stream { id, ..Stream::default() });
                self.streams.len() - 1
            }
        };
        self.check_length(index, stream.length)?;
        input.advance(used);
        let body = std::mem::take(&mut self.streams[index].body);
        let left = (stream.length - body.len()).min(self.size);
        self.streams[index] = Stream { id, body, ..stream };
        Ok(Some((index, left)))
    }

    fn check_length(&self, index: usize, length: usize) -> Result<(), Fault> {
        let others =
            self.streams.iter().enumerate().filter(|(other, stream)| *other != index && !stream.body.is_empty());
        let together = length + others.map(|(_, stream)| stream.length).sum::<usize>();
        if length > self.most || together > 2 * self.most {
            return Err(Fault::TooLong { length: length.max(together), most: self.most });
        }
        Ok(())
    }
}

/// The head of a message by its form, and whether it begins one in words of its own; `None` when more is to come.
fn read_head(form: u8, head: &mut Head<'_>, before: Option<&Stream>) -> Option<(Stream, bool)> {
    let (timestamp, length, kind, step, is_extended) = before.map_or((0, 0, 0, 0, false), |stream| {
        (stream.timestamp, stream.length, stream.kind, stream.step, stream.is_extended)
    });
    let mut stream = Stream { timestamp, length, kind, step, is_extended, ..Stream::default() };
    let mut time = step;
    if form < 3 {
        time = head.three()?;
        stream.is_extended = time == EXTENDED;
    }
    if form < 2 {
        stream.length = head.three()? as usize;
        [stream.kind] = head.take()?;
    }
    if form == 0 {
        // The stream that the message belongs to: there is one.
        head.take::<4>()?;
    }
    if stream.is_extended {
        time = u32::from_be_bytes(head.take()?);
    }
    let is_continued = form == 3 && before.is_some_and(|stream| !stream.body.is_empty());
    if !is_continued {
        stream.timestamp = if form == 0 { time } else { timestamp.wrapping_add(time) };
        stream.step = time;
    }
    Some((stream, form < 3))
}

/// What is left of a head.
struct Head<'a>(&'a [u8]);

impl Head<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn three(&mut self) -> Option<u32> {
        self.take().map(|[high, middle, low]| u32::from_be_bytes([0, high, middle, low]))
    }
}

/// Writes a message of ours, in chunks of `size` bytes.
pub(super) fn write(out: &mut Vec<u8>, stream: u8, kind: u8, of: u32, body: &[u8], size: usize) {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    out.extend([stream & 0x3f, 0, 0, 0, length[1], length[2], length[3], kind]);
    out.extend(of.to_le_bytes());
    for (number, part) in body.chunks(size).enumerate() {
        if number > 0 {
            out.push(0xc0 | (stream & 0x3f));
        }
        out.extend(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::MESSAGE_MAX;

    fn all(chunks: &mut Chunks, bytes: &[u8]) -> Result<Vec<Message>, Fault> {
        let mut input = BytesMut::from(bytes);
        let mut found = Vec::new();
        while let Some(message) = chunks.take(&mut input)? {
            found.push(message);
        }
        Ok(found)
    }

    #[test]
    fn messages_are_put_together_however_they_come() {
        let (mut bytes, long) = (Vec::new(), vec![7; 300]);
        write(&mut bytes, 4, 9, 1, &long, 128);
        // A step of 40 ms, then the same again without a word, then a long time.
        bytes.extend([0x84, 0, 0, 40]);
        bytes.extend(&long[..128]);
        bytes.push(0xc4);
        bytes.extend(&long[..128]);
        bytes.push(0xc4);
        bytes.extend(&long[..44]);
        bytes.extend([&[0x44, 0xff, 0xff, 0xff, 0, 0, 1, 9, 1, 0, 0, 0, 5][..]].concat());
        let expect = [(0, 300), (40, 300), (0x0100_0000 + 40, 1)];
        for size in [1, 2, 7, 1_000] {
            let mut chunks = Chunks::new();
            let (mut input, mut found) = (BytesMut::new(), Vec::new());
            for part in bytes.chunks(size) {
                input.extend_from_slice(part);
                while let Some(message) = chunks.take(&mut input).unwrap() {
                    found.push((message.timestamp, message.body.len()));
                }
            }
            assert_eq!(found, expect, "{size} bytes at a time");
        }
    }

    #[test]
    fn mixed_messages_are_told_apart() {
        let mut bytes = vec![4, 0, 0, 1, 0, 0, 200, 9, 1, 0, 0, 0];
        bytes.extend([1; 128]);
        bytes.extend([6, 0, 0, 2, 0, 0, 2, 8, 1, 0, 0, 0, 9, 9, 0xc4]);
        bytes.extend([2; 72]);
        let found = all(&mut Chunks::new(), &bytes).unwrap();
        assert_eq!(
            found.iter().map(|one| (one.kind, one.timestamp, one.body.len())).collect::<Vec<_>>(),
            [(8, 2, 2), (9, 1, 200)]
        );
    }

    #[test]
    fn lies_end_the_connection() {
        let long = [4, 0, 0, 0, 0xff, 0xff, 0xff, 9, 1, 0, 0, 0];
        let refused = |length, most| Err(Fault::TooLong { length, most });
        assert_eq!(all(&mut Chunks::new(), &long), refused(0x00ff_ffff, GREETING_MESSAGE_MAX));
        let mut chunks = Chunks::new();
        chunks.allow(MESSAGE_MAX);
        assert_eq!(all(&mut chunks, &long), refused(0x00ff_ffff, MESSAGE_MAX));
        assert_eq!(all(&mut Chunks::new(), &[0xc5]), Err(Fault::OutOfOrder), "of a stream that is not there");
        let mut begun = vec![4, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0];
        begun.extend([0; 128]);
        begun.extend([4, 0, 0, 0, 0, 0, 200, 9, 1, 0, 0, 0]);
        assert_eq!(all(&mut Chunks::new(), &begun), Err(Fault::OutOfOrder), "in the middle of another");
        let many: Vec<u8> = (2..40).flat_map(|id| [id, 0, 0, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0]).collect();
        assert_eq!(all(&mut Chunks::new(), &many), Err(Fault::TooManyStreams));
        // Twelve of the longest, none of which is finished.
        let part: Vec<u8> =
            (2..14).flat_map(|id| [vec![id, 0, 0, 0, 0, 0x20, 0, 8, 0, 0, 0, 0], vec![0; 128]].concat()).collect();
        assert_eq!(all(&mut Chunks::new(), &part), refused(3 * GREETING_MESSAGE_MAX, GREETING_MESSAGE_MAX));
        for size in [0, 127, u32::MAX] {
            assert_eq!(Chunks::new().set_size(size), Err(Fault::ChunkSize(size)));
        }
    }
}
