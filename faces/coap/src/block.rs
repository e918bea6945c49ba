//! Messages in blocks (RFC 7959): the option, and pieces put together.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::limits::{Memory, Taken};

/// The largest size of blocks: 16 · 2⁶ = 1,024 bytes (RFC 7959 §2.2; 7 is reserved).
pub(crate) const SZX_MAX: u8 = 6;

/// Which block, of which size, and whether more follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The block's number, from 0.
    pub num: u32,
    /// More blocks follow.
    pub more: bool,
    /// Its size: 16 · 2^szx bytes.
    pub szx: u8,
}

impl Block {
    /// Reads the value of a Block1 or Block2 option; `None` when it is too long or its size is reserved.
    pub fn read(value: &[u8]) -> Option<Self> {
        let value = crate::message::uint(value, 3)?;
        let block = Self { num: value >> 4, more: value & 8 != 0, szx: (value & 7) as u8 };
        (block.szx <= SZX_MAX).then_some(block)
    }

    /// The value of the option.
    pub fn to_uint(self) -> u32 {
        self.num << 4 | u32::from(self.more) << 3 | u32::from(self.szx)
    }

    /// Bytes of a block.
    pub fn size(self) -> usize {
        16 << self.szx
    }

    /// Where it begins.
    pub fn offset(self) -> usize {
        self.num as usize * self.size()
    }
}

/// The block of a body that was asked for, with its bytes; `None` when the body ends before it.
pub(crate) fn slice(body: &Bytes, num: u32, szx: u8) -> Option<(Block, Bytes)> {
    let block = Block { num, more: false, szx };
    let from = block.offset();
    if num > 0 && from >= body.len() {
        return None;
    }
    let to = body.len().min(from + block.size());
    Some((Block { more: to < body.len(), ..block }, body.slice(from..to)))
}

/// A message that comes in blocks.
#[derive(Debug)]
pub(crate) struct Upload {
    body: Vec<u8>,
    taken: Vec<Taken>,
    szx: u8,
    until: Instant,
}

/// What became of a block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// More are to come.
    Continue,
    /// That was the last.
    Whole(Vec<u8>),
    /// A block before it is missing, or its message was given up (4.08).
    Incomplete,
    /// Its size is not what it says (4.00).
    Wrong,
    /// The message is longer than any may be (4.13).
    TooLarge,
    /// There is no memory for it now (5.03).
    NoMemory,
}

/// What a message in blocks may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadLimits {
    pub bytes: usize,
    pub lifetime: Duration,
}

impl Upload {
    pub fn is_over(&self, now: Instant) -> bool {
        self.until <= now
    }

    /// Takes a block. What was kept of the message is in `kept`, and gone from there when the message is whole or is given up.
    pub fn take(
        kept: &mut Option<Self>,
        block: Block,
        payload: &[u8],
        limits: UploadLimits,
        memory: &Arc<Memory>,
        now: Instant,
    ) -> Piece {
        let mut upload = match kept.take().filter(|upload| block.num > 0 && !upload.is_over(now)) {
            Some(upload) => upload,
            None if block.num > 0 => return Piece::Incomplete,
            None => Self { body: Vec::new(), taken: Vec::new(), szx: block.szx, until: now },
        };
        if block.more && payload.len() != block.size() || payload.len() > block.size() || payload.is_empty() {
            return Piece::Wrong;
        }
        if block.szx > upload.szx || block.offset() != upload.body.len() {
            // A block that is not the next one: the message may go on with the one that is.
            *kept = Some(upload);
            return Piece::Incomplete;
        }
        if upload.body.len() + payload.len() > limits.bytes {
            return Piece::TooLarge;
        }
        let Some(taken) = memory.take(payload.len()) else { return Piece::NoMemory };
        upload.body.extend_from_slice(payload);
        if !block.more {
            return Piece::Whole(upload.body);
        }
        upload.taken.push(taken);
        upload.szx = block.szx;
        upload.until = now + limits.lifetime;
        *kept = Some(upload);
        Piece::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: UploadLimits = UploadLimits { bytes: 100, lifetime: Duration::from_secs(10) };

    fn take(kept: &mut Option<Upload>, num: u32, more: bool, szx: u8, length: usize, now: Instant) -> Piece {
        let memory = Memory::new(1000);
        Upload::take(kept, Block { num, more, szx }, &vec![num as u8; length], LIMITS, &memory, now)
    }

    #[test]
    fn blocks_are_put_together_in_their_order() {
        let (mut kept, now) = (None, Instant::now());
        assert_eq!(take(&mut kept, 0, true, 1, 32, now), Piece::Continue);
        assert_eq!(take(&mut kept, 2, true, 1, 32, now), Piece::Incomplete);
        assert_eq!(take(&mut kept, 1, true, 1, 32, now), Piece::Continue);
        // A client may go on with smaller blocks: 64 bytes are four of 16.
        assert_eq!(take(&mut kept, 4, true, 0, 16, now), Piece::Continue);
        let Piece::Whole(body) = take(&mut kept, 5, false, 0, 3, now) else { panic!("whole") };
        assert_eq!((body.len(), body[63], body[64], body[80]), (83, 1, 4, 5));
        assert!(kept.is_none());
    }

    #[test]
    fn blocks_that_cannot_be_are_refused() {
        let (mut kept, now) = (None, Instant::now());
        assert_eq!(take(&mut kept, 1, true, 0, 16, now), Piece::Incomplete);
        assert_eq!(take(&mut kept, 0, true, 0, 15, now), Piece::Wrong);
        assert_eq!(take(&mut kept, 0, false, 0, 17, now), Piece::Wrong);
        assert_eq!(take(&mut kept, 0, true, 0, 0, now), Piece::Wrong);
        assert_eq!(take(&mut kept, 0, true, 2, 64, now), Piece::Continue);
        assert_eq!(take(&mut kept, 1, true, 2, 64, now), Piece::TooLarge);
        assert_eq!(take(&mut kept, 1, true, 2, 64, now), Piece::Incomplete);
        assert_eq!(take(&mut kept, 0, true, 0, 16, now), Piece::Continue);
        assert_eq!(take(&mut kept, 1, true, 0, 16, now + LIMITS.lifetime), Piece::Incomplete);
    }

    #[test]
    fn a_first_block_begins_anew() {
        let (mut kept, now) = (None, Instant::now());
        assert_eq!(take(&mut kept, 0, true, 0, 16, now), Piece::Continue);
        assert_eq!(take(&mut kept, 0, true, 0, 16, now), Piece::Continue);
        assert_eq!(take(&mut kept, 1, false, 0, 1, now), Piece::Whole([[0; 16].as_slice(), &[1]].concat()));
    }

    #[test]
    fn memory_is_asked_for_and_given_back() {
        let (memory, mut kept, now) = (Memory::new(40), None, Instant::now());
        let mut one = |num, more, length: usize| {
            let block = Block { num, more, szx: 0 };
            Upload::take(&mut kept, block, &vec![0; length], LIMITS, &memory, now)
        };
        assert_eq!((one(0, true, 16), one(1, true, 16)), (Piece::Continue, Piece::Continue));
        assert_eq!(one(2, true, 16), Piece::NoMemory);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn a_body_is_cut_into_blocks() {
        let body = Bytes::from(vec![7; 40]);
        let lengths = |szx, num| slice(&body, num, szx).map(|(block, bytes)| (bytes.len(), block.more));
        assert_eq!(lengths(0, 0), Some((16, true)));
        assert_eq!(lengths(0, 2), Some((8, false)));
        assert_eq!(lengths(0, 3), None);
        assert_eq!(lengths(6, 0), Some((40, false)));
        assert_eq!(slice(&Bytes::new(), 0, 0).map(|(block, _)| block.more), Some(false));
        assert_eq!(slice(&body, (1 << 20) - 1, 6), None);
    }

    #[test]
    fn options_of_blocks_are_read_and_written() {
        for (bytes, expect) in [
            (&[][..], Some((0, false, 0))),
            (&[0x0e], Some((0, true, 6))),
            (&[0x07], None),
            (&[0x12, 0x3a], Some((0x123, true, 2))),
            (&[0xff, 0xff, 0xf0], Some((0xf_ffff, false, 0))),
            (&[0, 0, 0, 0], None),
        ] {
            let read = Block::read(bytes);
            assert_eq!(read.map(|block| (block.num, block.more, block.szx)), expect, "{bytes:?}");
            if let Some(block) = read {
                assert_eq!(Some(block.to_uint()), crate::message::uint(bytes, 3));
            }
        }
    }
}
