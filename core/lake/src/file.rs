//! A rolled file: opened when first asked, its footer kept while others are not asked more, every block checked.
//!
//! It lies on the disk, in the object store, or in both; the disk is asked first.

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use model::SeriesNo;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{ColumnChunkMask, PageIndexPolicy};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use crate::blocks::{Blocks, Source, shown};
use crate::columns::{CELL_COLUMN, Row};
use crate::day;
use crate::disk::Disk;
use crate::error::LakeError;
use crate::index::{BLOCK_BYTES, Index, common, join};
use crate::manifest::{Entry, Kind, digest};
use crate::objects::Objects;
use crate::options::Options;

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

/// The same, of an object.
pub(crate) fn index_object(name: &str) -> String {
    Path::new(name).with_extension("index").to_string_lossy().into_owned()
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
    /// Whether the object store has it.
    in_store: AtomicBool,
    objects: Option<Objects>,
    shelf: Arc<Shelf>,
    disk: Arc<dyn Disk>,
    doomed: AtomicBool,
    forgotten: AtomicBool,
    opened: Mutex<Option<Arc<Opened>>>,
}

impl Rolled {
    pub fn new(entry: Entry, folder: &Path, shelf: Arc<Shelf>, options: &Options) -> Arc<Self> {
        Arc::new(Self {
            path: folder.join(name(&entry)),
            in_store: AtomicBool::new(entry.in_store),
            entry,
            objects: options.objects.clone(),
            disk: Arc::clone(&options.disk),
            due_at: AtomicI64::new(i64::MIN),
            shelf,
            doomed: AtomicBool::new(false),
            forgotten: AtomicBool::new(false),
            opened: Mutex::default(),
        })
    }

    /// Lets it go once nobody reads it.
    pub fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// Removes it from the disk once nobody reads it; whoever took it out of the manifest removes it from the store.
    pub fn forget(&self) {
        self.forgotten.store(true, Ordering::Release);
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

    /// The store that has it.
    pub fn objects(&self) -> Option<&Objects> {
        self.objects.as_ref().filter(|_| self.in_store.load(Ordering::Acquire))
    }

    /// Says that the store has it, or no longer.
    pub fn set_in_store(&self, is: bool) {
        self.in_store.store(is, Ordering::Release);
    }

    /// Where series are in it: of memory or the disk, so that the store need not be there.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn index(&self) -> Result<Arc<Index>, LakeError> {
        // Who opens it meanwhile may be waiting for the store.
        let opened = self.opened.try_lock().ok().and_then(|opened| opened.clone());
        opened.map_or_else(|| read_index(self).map(Arc::new), |opened| Ok(Arc::clone(&opened.index)))
    }

    /// Its bytes on the disk; `None` when it lies in the store alone.
    fn find_local(&self) -> Result<Option<File>, LakeError> {
        match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound && self.objects().is_some() => Ok(None),
            file => file.map(Some).map_err(LakeError::io(&self.path)),
        }
    }

    /// Whether the disk has it.
    pub fn is_local(&self) -> bool {
        self.path.is_file()
    }

    /// Removes it from the disk once the store has it; its index stays.
    pub fn leave(&self) -> Result<(), LakeError> {
        if self.objects().is_some() {
            *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = None;
            self.disk.remove(&self.path).map_err(LakeError::io(&self.path))?;
        }
        Ok(())
    }

    /// Reads it whole and compares its digest: before it is rewritten or carried elsewhere, and for an audit.
    ///
    /// # Errors
    /// When it is missing or not what was sealed.
    pub fn read_whole(&self) -> Result<Bytes, LakeError> {
        let (bytes, path) = match (self.is_local(), self.objects()) {
            (false, Some(objects)) => {
                let name = name(&self.entry);
                (objects.get(&name)?, shown(objects, &name))
            }
            _ => (std::fs::read(&self.path).map_err(LakeError::io(&self.path))?.into(), self.path.clone()),
        };
        if digest(&bytes) == self.entry.sha256 {
            return Ok(bytes);
        }
        // The index knows which block it is; when it does not, the file as a whole is other.
        let index = read_index(self)?;
        let mut blocks = bytes.chunks(BLOCK_BYTES).enumerate();
        let bad = blocks.find(|(number, block)| index.block(*number) != Some(crc32fast::hash(block)));
        let offset = bad.map_or(0, |(number, _)| (number * BLOCK_BYTES) as u64);
        Err(LakeError::Damaged { file: path, offset, what: "it is not the file that was sealed" })
    }

    /// Whether it is what was sealed.
    ///
    /// # Errors
    /// When it is missing or not what was sealed.
    pub fn verify(&self) -> Result<(), LakeError> {
        self.read_whole().map(drop)
    }
}

impl Drop for Rolled {
    fn drop(&mut self) {
        let is_doomed = *self.doomed.get_mut();
        if is_doomed || *self.forgotten.get_mut() {
            // What stays is removed when the lake is next opened.
            let _ = self.disk.remove(&self.path);
            let _ = self.disk.remove(&index_name(&self.path));
            if let Some(objects) = self.objects().filter(|_| is_doomed) {
                let name = name(&self.entry);
                objects.doom(index_object(&name));
                objects.doom(name);
            }
        }
    }
}

fn read_index(file: &Rolled) -> Result<Index, LakeError> {
    let path = index_name(&file.path);
    let bytes = match (std::fs::read(&path), file.objects()) {
        (Err(error), Some(objects)) if error.kind() == ErrorKind::NotFound => {
            let bytes = objects.get(&index_object(&name(&file.entry)))?;
            // It is small and asked often. What is not there next time is fetched again.
            let _ = path.parent().map_or(Ok(()), |folder| file.disk.make_folder(folder));
            let _ = file.disk.write(&path, &bytes);
            bytes
        }
        (read, _) => read.map_err(LakeError::io(&path))?.into(),
    };
    let index = (crc32fast::hash(&bytes) == file.entry.index_check).then(|| Index::parse(&bytes)).flatten();
    let what = "the index is not what was written";
    index.ok_or(LakeError::Damaged { file: path, offset: 0, what })
}

/// A file with its footer read.
#[derive(Debug)]
pub(crate) struct Opened {
    pub index: Arc<Index>,
    footer: ArrowReaderMetadata,
    blocks: Blocks,
}

impl Opened {
    fn new(rolled: &Rolled) -> Result<Self, LakeError> {
        let index = Arc::new(read_index(rolled)?);
        let sealed = rolled.entry.bytes;
        let blocks = match (rolled.find_local()?, rolled.objects()) {
            (None, Some(objects)) => {
                let name = name(&rolled.entry);
                let (path, objects) = (shown(objects, &name), objects.clone());
                let source = Source::Object { objects, name, number: rolled.entry.number };
                let blocks = Blocks::new(source, path, sealed, Arc::clone(&index));
                // The footer and the indexes before it, in one request.
                blocks.fetch(std::iter::once(sealed.saturating_sub(1)..sealed));
                blocks
            }
            (None, None) => return Err(LakeError::Missing { file: rolled.path.clone() }),
            (Some(file), _) => {
                let path = &rolled.path;
                let bytes = file.metadata().map_err(LakeError::io(path))?.len();
                if bytes != sealed {
                    let what = "it has another length than when it was written";
                    return Err(LakeError::Damaged { file: path.clone(), offset: bytes.min(sealed), what });
                }
                Blocks::new(Source::File(file), path.clone(), sealed, Arc::clone(&index))
            }
        };
        let options = ArrowReaderOptions::new()
            .with_offset_index_policy(PageIndexPolicy::Required)
            .with_column_index_policy(PageIndexPolicy::Optional)
            .with_column_index_mask(ColumnChunkMask::columns([CELL_COLUMN]));
        let footer = ArrowReaderMetadata::load(&blocks, options).map_err(|error| blocks.fault(&error))?;
        Ok(Self { index, footer, blocks })
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

    /// Which columns are read: all of them, or all but the one that few ask for.
    fn leaves<R: Row>(&self, whole: bool) -> Vec<usize> {
        let names = self.footer.parquet_schema().columns().iter().map(|column| column.name());
        names.enumerate().filter(|(_, name)| whole || *name != R::SPARE).map(|(at, _)| at).collect()
    }

    /// Fetches what [`Opened::read`] will read, where it lies in the object store: several parts at a time.
    pub fn fetch<R: Row>(&self, ranges: &[Range<usize>], whole: bool) {
        if self.blocks.is_local() {
            return;
        }
        let (metadata, leaves) = (self.footer.metadata(), self.leaves::<R>(whole));
        let (mut bytes, mut begin) = (Vec::new(), 0);
        for (number, group) in metadata.row_groups().iter().enumerate() {
            let end = begin + group.num_rows() as usize;
            let within = common(ranges, std::slice::from_ref(&(begin..end)));
            let index = metadata.page_index_for_row_group(number);
            for leaf in leaves.iter().filter(|_| !within.is_empty()) {
                let Some(pages) = index.page_locations(*leaf) else { continue };
                // Before the first page lies the dictionary.
                let (chunk, _) = group.column(*leaf).byte_range();
                bytes.extend(pages.first().map(|page| chunk..page.offset as u64));
                for (at, page) in pages.iter().enumerate() {
                    let first = begin + page.first_row_index as usize;
                    let next = pages.get(at + 1).map_or(end, |next| begin + next.first_row_index as usize);
                    if within.iter().any(|range| range.start < next && first < range.end) {
                        bytes.push(page.offset as u64..page.offset as u64 + page.compressed_page_size as u64);
                    }
                }
            }
            begin = end;
        }
        self.blocks.fetch(bytes);
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
        self.fetch::<R>(ranges, whole);
        let projection = ProjectionMask::leaves(self.footer.parquet_schema(), self.leaves::<R>(whole));
        let blocks = self.blocks.anew();
        let fault = |error: &dyn std::fmt::Display| blocks.fault(error);
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(blocks.clone(), self.footer.clone())
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
