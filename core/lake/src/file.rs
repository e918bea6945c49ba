//! A rolled file: opened when first asked, its footer kept while others are not asked more, every block checked.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use model::SeriesNo;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMask, PageIndexPolicy};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};

use crate::columns::{CELL_COLUMN, Row};
use crate::day;
use crate::disk::Disk;
use crate::error::LakeError;
use crate::index::{BLOCK_BYTES, Index, common, join};
use crate::manifest::{Entry, Kind, digest};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8_192;

/// The name of a rolled file from the lake's folder.
pub(crate) fn name(entry: &Entry) -> String {
    let kind = match entry.kind {
        Kind::Raw => "raw",
        Kind::Hourly => "hourly",
    };
    format!("{kind}/{}/{:010}.parquet", day::folder(entry.day), entry.number)
}

/// The name of the index beside it.
pub(crate) fn index_name(file: &Path) -> PathBuf {
    file.with_extension("index")
}

/// Files whose footers are in memory, the one opened longest ago first.
#[derive(Debug)]
pub(crate) struct Shelf {
    places: usize,
    opened: Mutex<VecDeque<Weak<Rolled>>>,
}

impl Shelf {
    pub fn new(places: usize) -> Arc<Self> {
        Arc::new(Self { places: places.max(1), opened: Mutex::default() })
    }

    fn put(&self, file: &Arc<Rolled>) {
        let oldest = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            opened.push_back(Arc::downgrade(file));
            if opened.len() > self.places { opened.pop_front() } else { None }
        };
        if let Some(oldest) = oldest.and_then(|file| file.upgrade()) {
            *oldest.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// A rolled file of the manifest. It is removed from the disk when the last query that saw it has ended.
#[derive(Debug)]
pub(crate) struct Rolled {
    pub entry: Entry,
    pub path: PathBuf,
    /// When retention next has something to do with it, by the retention of this run.
    pub due_at: AtomicI64,
    shelf: Arc<Shelf>,
    disk: Arc<dyn Disk>,
    doomed: AtomicBool,
    opened: Mutex<Option<Arc<Opened>>>,
}

impl Rolled {
    pub fn new(entry: Entry, folder: &Path, shelf: Arc<Shelf>, disk: Arc<dyn Disk>) -> Arc<Self> {
        Arc::new(Self {
            path: folder.join(name(&entry)),
            entry,
            due_at: AtomicI64::new(i64::MIN),
            shelf,
            disk,
            doomed: AtomicBool::new(false),
            opened: Mutex::default(),
        })
    }

    /// Lets it go once nobody reads it.
    pub fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// Its footer and index.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn open(self: &Arc<Self>) -> Result<Arc<Opened>, LakeError> {
        let opened = {
            let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(opened) = &*slot {
                return Ok(Arc::clone(opened));
            }
            let opened = Arc::new(Opened::new(self)?);
            *slot = Some(Arc::clone(&opened));
            opened
        };
        self.shelf.put(self);
        Ok(opened)
    }

    /// Reads it whole and compares its digest: before it is rewritten, and for an audit.
    ///
    /// # Errors
    /// When it is missing or not what was sealed.
    pub fn verify(&self) -> Result<(), LakeError> {
        let bytes = std::fs::read(&self.path).map_err(LakeError::io(&self.path))?;
        if digest(&bytes) == self.entry.sha256 {
            return Ok(());
        }
        // The index knows which block it is; when it does not, the file as a whole is other.
        let index = read_index(self)?;
        let mut blocks = bytes.chunks(BLOCK_BYTES).enumerate();
        let bad = blocks.find(|(number, block)| index.block(*number) != Some(crc32fast::hash(block)));
        let offset = bad.map_or(0, |(number, _)| (number * BLOCK_BYTES) as u64);
        Err(LakeError::Damaged { file: self.path.clone(), offset, what: "it is not the file that was sealed" })
    }
}

impl Drop for Rolled {
    fn drop(&mut self) {
        if *self.doomed.get_mut() {
            // What stays is removed when the lake is next opened.
            let _ = self.disk.remove(&self.path);
            let _ = self.disk.remove(&index_name(&self.path));
        }
    }
}

fn read_index(file: &Rolled) -> Result<Index, LakeError> {
    let path = index_name(&file.path);
    let bytes = std::fs::read(&path).map_err(LakeError::io(&path))?;
    let index = (crc32fast::hash(&bytes) == file.entry.index_check).then(|| Index::parse(&bytes)).flatten();
    let what = "the index is not what was written";
    index.ok_or(LakeError::Damaged { file: path, offset: 0, what })
}

/// A file with its footer read.
#[derive(Debug)]
pub(crate) struct Opened {
    pub index: Arc<Index>,
    path: PathBuf,
    footer: ArrowReaderMetadata,
    blocks: Blocks,
}

impl Opened {
    fn new(rolled: &Rolled) -> Result<Self, LakeError> {
        let path = &rolled.path;
        let index = Arc::new(read_index(rolled)?);
        let file = Arc::new(File::open(path).map_err(LakeError::io(path))?);
        let bytes = file.metadata().map_err(LakeError::io(path))?.len();
        if bytes != rolled.entry.bytes {
            let what = "it has another length than when it was written";
            return Err(LakeError::Damaged { file: path.clone(), offset: bytes.min(rolled.entry.bytes), what });
        }
        let damaged_at = Arc::new(AtomicU64::new(u64::MAX));
        let blocks = Blocks { file, bytes, index: Arc::clone(&index), damaged_at };
        let options = ArrowReaderOptions::new()
            .with_offset_index_policy(PageIndexPolicy::Required)
            .with_column_index_policy(PageIndexPolicy::Optional)
            .with_column_index_mask(ColumnChunkMask::columns([CELL_COLUMN]));
        let footer = ArrowReaderMetadata::load(&blocks, options).map_err(|error| blocks.fault(path, &error))?;
        Ok(Self { index, path: path.clone(), footer, blocks })
    }

    /// All of its rows.
    pub fn all(&self) -> Vec<Range<usize>> {
        let rows = self.footer.metadata().file_metadata().num_rows() as usize;
        std::iter::once(0..rows).collect()
    }

    /// Rows of the pages whose cells may be among these, by the page index.
    pub fn rows_in(&self, cells: &[RangeInclusive<i64>]) -> Vec<Range<usize>> {
        let metadata = self.footer.metadata();
        let (mut rows, mut begin) = (Vec::new(), 0);
        for (number, group) in metadata.row_groups().iter().enumerate() {
            let end = begin + group.num_rows() as usize;
            let index = metadata.page_index_for_row_group(number);
            match (index.column_index(CELL_COLUMN), index.page_locations(CELL_COLUMN)) {
                (Some(ColumnIndexMetaData::INT64(of)), Some(pages)) => {
                    for (page, place) in pages.iter().enumerate() {
                        let first = begin + place.first_row_index as usize;
                        let next = pages.get(page + 1).map_or(end, |next| begin + next.first_row_index as usize);
                        let (min, max) = (of.min_value(page).copied(), of.max_value(page).copied());
                        let is_apart = min.zip(max).is_some_and(|(min, max)| !touches(cells, min, max));
                        if !is_apart {
                            rows.push(first..next);
                        }
                    }
                }
                _ => rows.push(begin..end),
            }
            begin = end;
        }
        join(rows)
    }

    /// Rows among which those wanted are: by series, by cell, by both or all.
    pub fn rows(&self, series: Option<&[SeriesNo]>, cells: Option<&[RangeInclusive<i64>]>) -> Vec<Range<usize>> {
        match (series, cells) {
            (None, None) => self.all(),
            (Some(series), None) => self.index.rows_of(series),
            (None, Some(cells)) => self.rows_in(cells),
            (Some(series), Some(cells)) => common(&self.index.rows_of(series), &self.rows_in(cells)),
        }
    }

    /// Hands out rows of these ranges, in the order of the file.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn read<R: Row>(
        &self,
        ranges: &[Range<usize>],
        whole: bool,
        each: &mut dyn FnMut(&R),
    ) -> Result<(), LakeError> {
        let (mut groups, mut parts, mut begin, mut chosen) = (Vec::new(), Vec::new(), 0, 0);
        for (number, group) in self.footer.metadata().row_groups().iter().enumerate() {
            let end = begin + group.num_rows() as usize;
            let within = common(ranges, std::slice::from_ref(&(begin..end)));
            if !within.is_empty() {
                groups.push(number);
                parts.extend(within.into_iter().map(|range| range.start - begin + chosen..range.end - begin + chosen));
                chosen += end - begin;
            }
            begin = end;
        }
        if groups.is_empty() {
            return Ok(());
        }
        let schema = self.footer.parquet_schema();
        let names = schema.columns().iter().map(|column| column.name());
        let wanted = names.enumerate().filter(|(_, name)| whole || *name != R::SPARE).map(|(at, _)| at);
        let projection = ProjectionMask::leaves(schema, wanted);
        let fault = |error: &dyn std::fmt::Display| self.blocks.fault(&self.path, error);
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(self.blocks.clone(), self.footer.clone())
            .with_projection(projection)
            .with_row_groups(groups)
            .with_row_selection(RowSelection::from_consecutive_ranges(parts.into_iter(), chosen))
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| fault(&error))?;
        for batch in batches {
            let batch = batch.map_err(|error| fault(&error))?;
            R::rows(&batch).ok_or_else(|| fault(&"its columns are not ours"))?.iter().for_each(&mut *each);
        }
        Ok(())
    }
}

/// Whether sorted ranges apart from each other have a key in `min..=max`.
fn touches(ranges: &[RangeInclusive<i64>], min: i64, max: i64) -> bool {
    let next = ranges.partition_point(|range| *range.end() < min);
    ranges.get(next).is_some_and(|range| *range.start() <= max)
}

/// Whether sorted ranges hold a key.
pub(crate) fn holds(ranges: &[RangeInclusive<i64>], key: i64) -> bool {
    touches(ranges, key, key)
}

/// Reads a file by blocks, each checked: what a disk returns wrongly is named, not decoded.
#[derive(Debug, Clone)]
struct Blocks {
    file: Arc<File>,
    bytes: u64,
    index: Arc<Index>,
    damaged_at: Arc<AtomicU64>,
}

impl Blocks {
    /// A failure to read, as damage when a block was bad.
    fn fault(&self, path: &Path, error: &dyn std::fmt::Display) -> LakeError {
        match self.damaged_at.load(Ordering::Acquire) {
            u64::MAX => LakeError::Parquet { file: path.to_owned(), message: error.to_string() },
            offset => {
                let what = "a block is not what was written";
                LakeError::Damaged { file: path.to_owned(), offset, what }
            }
        }
    }

    fn get(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.bytes);
        let end = end.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "beyond the end of the file"))?;
        let first = start / BLOCK_BYTES as u64;
        let from = first * BLOCK_BYTES as u64;
        let to = end.next_multiple_of(BLOCK_BYTES as u64).min(self.bytes);
        let mut buffer = vec![0; (to - from) as usize];
        self.file.read_exact_at(&mut buffer, from)?;
        for (number, block) in buffer.chunks(BLOCK_BYTES).enumerate() {
            if self.index.block(first as usize + number) != Some(crc32fast::hash(block)) {
                self.damaged_at.store(from + (number * BLOCK_BYTES) as u64, Ordering::Release);
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a block is not what was written"));
            }
        }
        Ok(Bytes::from(buffer).slice((start - from) as usize..(end - from) as usize))
    }
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
struct BlocksFrom {
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
