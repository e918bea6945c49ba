//! The bytes of a rolled file, of the disk or of the object store, by blocks, each checked: what either returns wrongly is
//! named, not decoded.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::{Bytes, BytesMut};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::error::LakeError;
use crate::index::{BLOCK_BYTES, Index};
use crate::objects::Objects;
use crate::span::SPAN_BYTES;

/// Parts that are asked of a store at the same time.
const AT_ONCE: usize = 8;

/// Where the bytes are.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file of the disk.
    File(File),
    /// An object, with the number of its file.
    Object { objects: Objects, name: String, number: u64 },
}

/// Why bytes could not be had.
#[derive(Debug, Clone)]
enum Cause {
    /// The block here is not what was written.
    Damaged(u64),
    /// The store is away.
    Away(String),
    /// It takes our key no more.
    Refused,
    /// It has the object no more.
    Gone,
}

/// Reads a file by blocks. Clones share what went wrong.
#[derive(Debug, Clone)]
pub(crate) struct Blocks {
    source: Arc<Source>,
    /// For messages.
    path: Arc<PathBuf>,
    bytes: u64,
    index: Arc<Index>,
    cause: Arc<Mutex<Option<Cause>>>,
}

impl Blocks {
    pub fn new(source: Source, path: PathBuf, bytes: u64, index: Arc<Index>) -> Self {
        Self { source: Arc::new(source), path: Arc::new(path), bytes, index, cause: Arc::default() }
    }

    /// The same bytes for another reader, with what goes wrong apart.
    pub fn anew(&self) -> Self {
        Self { cause: Arc::default(), ..self.clone() }
    }

    /// Whether they are on the disk.
    pub fn is_local(&self) -> bool {
        matches!(&*self.source, Source::File(_))
    }

    /// A failure to read, by its cause where that is known.
    pub fn fault(&self, error: &dyn std::fmt::Display) -> LakeError {
        let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let object = || self.path.display().to_string();
        match cause {
            None => LakeError::Parquet { file: self.path.to_path_buf(), message: error.to_string() },
            Some(Cause::Damaged(offset)) => {
                let what = "a block is not what was written";
                LakeError::Damaged { file: self.path.to_path_buf(), offset, what }
            }
            Some(Cause::Away(message)) => LakeError::StoreAway { object: object(), message },
            Some(Cause::Refused) => LakeError::StoreRefused { object: object() },
            Some(Cause::Gone) => LakeError::Missing { file: self.path.to_path_buf() },
        }
    }

    fn failed(&self, cause: Cause) -> io::Error {
        let words = format!("{cause:?}");
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
        io::Error::other(words)
    }

    fn check(&self, from: u64, bytes: &[u8]) -> io::Result<()> {
        let first = (from / BLOCK_BYTES as u64) as usize;
        for (number, block) in bytes.chunks(BLOCK_BYTES).enumerate() {
            if self.index.block(first + number) != Some(crc32fast::hash(block)) {
                return Err(self.failed(Cause::Damaged(from + (number * BLOCK_BYTES) as u64)));
            }
        }
        Ok(())
    }

    fn get(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.bytes);
        let end = end.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "beyond the end of the file"))?;
        match &*self.source {
            Source::File(file) => self.get_of_file(file, start..end),
            Source::Object { objects, name, number } => self.get_of_object(objects, name, *number, start..end),
        }
    }

    fn get_of_file(&self, file: &File, range: Range<u64>) -> io::Result<Bytes> {
        let from = range.start / BLOCK_BYTES as u64 * BLOCK_BYTES as u64;
        let to = range.end.next_multiple_of(BLOCK_BYTES as u64).min(self.bytes);
        let mut buffer = vec![0; (to - from) as usize];
        file.read_exact_at(&mut buffer, from)?;
        self.check(from, &buffer)?;
        Ok(Bytes::from(buffer).slice((range.start - from) as usize..(range.end - from) as usize))
    }

    fn get_of_object(&self, objects: &Objects, name: &str, number: u64, range: Range<u64>) -> io::Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let mut whole = BytesMut::new();
        for span in spans_of(&range) {
            let bytes = self.span(objects, name, number, span)?;
            let begin = span * SPAN_BYTES as u64;
            let from = range.start.saturating_sub(begin) as usize;
            let to = ((range.end - begin) as usize).min(bytes.len());
            if range.start >= begin && range.end <= begin + bytes.len() as u64 {
                return Ok(bytes.slice(from..to));
            }
            whole.extend_from_slice(&bytes[from..to]);
        }
        Ok(whole.freeze())
    }

    /// A span of an object, from memory or from the store.
    fn span(&self, objects: &Objects, name: &str, number: u64, span: u64) -> io::Result<Bytes> {
        if let Some(bytes) = objects.spans().find((number, span)) {
            return Ok(bytes);
        }
        let from = span * SPAN_BYTES as u64;
        let to = (from + SPAN_BYTES as u64).min(self.bytes);
        let bytes = objects.part(name, from..to).map_err(|error| {
            self.failed(match error {
                LakeError::StoreRefused { .. } => Cause::Refused,
                LakeError::Missing { .. } => Cause::Gone,
                LakeError::StoreAway { message, .. } => Cause::Away(message),
                other => Cause::Away(other.to_string()),
            })
        })?;
        if bytes.len() as u64 != to - from {
            return Err(self.failed(Cause::Damaged(from + bytes.len() as u64)));
        }
        self.check(from, &bytes)?;
        objects.spans().put((number, span), bytes.clone());
        Ok(bytes)
    }

    /// Fetches what will be read, several parts at a time. What cannot be had is told by who reads it.
    pub fn fetch(&self, ranges: impl IntoIterator<Item = Range<u64>>) {
        let Source::Object { objects, name, number } = &*self.source else { return };
        let mut spans: Vec<u64> =
            ranges.into_iter().filter(|range| !range.is_empty()).flat_map(|range| spans_of(&range)).collect();
        spans.sort_unstable();
        spans.dedup();
        spans.retain(|span| objects.spans().find((*number, *span)).is_none());
        for some in spans.chunks(AT_ONCE) {
            thread::scope(|scope| {
                for span in &some[1..] {
                    scope.spawn(|| drop(self.span(objects, name, *number, *span)));
                }
                drop(self.span(objects, name, *number, some[0]));
            });
        }
    }
}

/// The spans that a range of bytes lies in.
fn spans_of(range: &Range<u64>) -> Range<u64> {
    range.start / SPAN_BYTES as u64..range.end.div_ceil(SPAN_BYTES as u64)
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Blocks {
    type T = BlocksFrom;

    fn get_read(&self, start: u64) -> Result<BlocksFrom, ParquetError> {
        Ok(BlocksFrom { blocks: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.get(start, length)?)
    }
}

/// Reads on from a place.
pub(crate) struct BlocksFrom {
    blocks: Blocks,
    at: u64,
}

impl Read for BlocksFrom {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.blocks.bytes.saturating_sub(self.at);
        let in_block = BLOCK_BYTES as u64 - self.at % BLOCK_BYTES as u64;
        let length = (buffer.len() as u64).min(left).min(in_block) as usize;
        if length > 0 {
            buffer[..length].copy_from_slice(&self.blocks.get(self.at, length)?);
        }
        self.at += length as u64;
        Ok(length)
    }
}

/// For messages: the path of a file of the disk, or the address of an object.
pub(crate) fn shown(objects: &Objects, name: &str) -> PathBuf {
    Path::new(&objects.address(name)).to_owned()
}
