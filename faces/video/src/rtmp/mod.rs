//! RTMP as far as a source that sends its picture needs it (Adobe RTMP 1.0 of 2012): the handshake without digests, chunks,
//! and the commands up to `publish`. Nobody plays here.
//!
//! Bytes in, bytes and events out; what a stranger sends is bounded before it is kept.

mod amf;
mod chunk;
mod session;

pub(crate) use session::{Event, Session};

/// Most bytes of a message once the sender is let in: a key frame of 4K at 50 Mbit/s is some 3 MB.
const MESSAGE_MAX: usize = 4 << 20;

/// Most bytes of a message of a stranger: `connect` of an encoder has some 300.
const GREETING_MESSAGE_MAX: usize = 8 << 10;

/// Most bytes that a stranger sends beside the handshake.
const GREETING_MAX: u64 = 32 << 10;

/// Why a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// It is another protocol.
    #[error("the first byte is {0}; RTMP begins with 3")]
    NotRtmp(u8),
    /// A chunk continues what was never begun, or begins what is not at its end.
    #[error("a chunk does not follow from the one before")]
    OutOfOrder,
    /// More streams of chunks than an encoder has.
    #[error("more than {max} streams of chunks", max = chunk::STREAMS_MAX)]
    TooManyStreams,
    /// Chunks of that size are not taken.
    #[error("a chunk size of {0} bytes; {least} to 2147483647 are taken", least = chunk::SIZE_MIN)]
    ChunkSize(u32),
    /// A message is too long.
    #[error("a message of {length} bytes; {most} are taken")]
    TooLong {
        /// What it says.
        length: usize,
        /// The limit at this point.
        most: usize,
    },
    /// A stranger says much and not what it wants.
    #[error("more than {GREETING_MAX} bytes without an accepted publish")]
    TooMuch,
    /// A command that cannot be read, or not now.
    #[error("a command that cannot be read, or does not come in its order")]
    Command,
    /// Somebody who wants to watch.
    #[error("a client wants to play; nobody plays here")]
    Plays,
}
