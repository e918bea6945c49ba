//! Running an import: read, understand, write in batches, account for every row.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use csv::{ByteRecord, StringRecord};
use model::Instant;
use pack::Compiled;
use store::{Append, Store, StoreError, Tx};

use super::map::ImportMap;
use super::replay::{Layout, Row, RowReader, events};

/// Rows written in one transaction: long enough to share its fsync, short enough to let others write between.
const BATCH: usize = 250;

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows read, without the header.
    pub rows: u64,
    /// Cases made.
    pub imported: u64,
    /// Rows whose case was there before.
    pub present: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows by status.
    pub by_status: BTreeMap<String, u64>,
    /// Rows by category.
    pub by_category: BTreeMap<String, u64>,
    /// Rows by office.
    pub by_office: BTreeMap<String, u64>,
    /// Rows by whether they were in time: `on_time`, `late` (closed after, or open past, the due time), `no_due_time`.
    pub by_timeliness: BTreeMap<String, u64>,
}

/// What to import, and into what.
#[derive(Clone, Copy)]
pub struct ImportCommand<'a> {
    /// What the columns mean.
    pub map: &'a ImportMap,
    /// The pack the cases begin under.
    pub compiled: &'a Arc<Compiled>,
    /// Where to write; absent to read and check only.
    pub store: Option<&'a Store>,
    /// When it is done.
    pub now: Instant,
}

/// Told after each batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file read.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows rejected.
    pub rejected: u64,
}

/// Why an import stopped. Rows that do not fit never stop it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The header lacks columns the map names.
    #[error("the file has no column {}", .0.join(", "))]
    Columns(Vec<String>),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(csv::Error),
    /// The rejects file cannot be written.
    #[error("the rejects file cannot be written: {0}")]
    Rejects(csv::Error),
    /// The store did not take a batch; what was written before it stays, run the import again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Imports cases; without a store everything is read and checked and nothing written.
///
/// `rejects` gets the header with `line` and `reason` in front, and every rejected row.
///
/// # Errors
/// [`ImportError`].
pub fn import_cases(
    command: ImportCommand<'_>,
    file: impl Read,
    rejects: impl Write,
    mut progress: impl FnMut(Progress),
) -> Result<Summary, ImportError> {
    let ImportCommand { map, compiled, store, now } = command;
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let header = reader.headers().map_err(ImportError::Read)?.clone();
    let layout = Layout::find(map, &header).map_err(ImportError::Columns)?;
    // The map was checked: its zone is known.
    let zone = jiff::tz::TimeZone::get(&map.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let rows = RowReader { map, layout, compiled, zone };
    // A row of the wrong length is kept as it came: the rejects file is for people to mend.
    let rejects = csv::WriterBuilder::new().flexible(true).from_writer(rejects);
    let mut run = Run { map, compiled, store, now, summary: Summary::default(), rejects, batch: Vec::new() };
    run.write_reject_header(&header)?;
    let mut record = ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                run.summary.rows += 1;
                let line = record.position().map_or(line, csv::Position::line);
                let text = StringRecord::from_byte_record_lossy(record.clone());
                let is_utf8 = std::str::from_utf8(record.as_slice()).is_ok();
                let row = if is_utf8 { rows.read(&text) } else { Err("the row is not UTF-8".to_owned()) };
                match row {
                    Ok(row) => run.batch.push((line, text, row)),
                    Err(reason) => run.reject(line, &text, &reason)?,
                }
            }
            Err(error) if !error.is_io_error() => {
                run.summary.rows += 1;
                run.reject(line, &StringRecord::from_byte_record_lossy(record.clone()), &error.to_string())?;
            }
            Err(error) => return Err(ImportError::Read(error)),
        }
        if run.batch.len() >= BATCH {
            run.write_batch()?;
            progress(Progress {
                bytes: reader.position().byte(),
                rows: run.summary.rows,
                rejected: run.summary.rejected,
            });
        }
    }
    run.write_batch()?;
    progress(Progress { bytes: reader.position().byte(), rows: run.summary.rows, rejected: run.summary.rejected });
    run.rejects.flush().map_err(|error| ImportError::Rejects(error.into()))?;
    Ok(run.summary)
}

struct Run<'a, W: Write> {
    map: &'a ImportMap,
    compiled: &'a Arc<Compiled>,
    store: Option<&'a Store>,
    now: Instant,
    summary: Summary,
    rejects: csv::Writer<W>,
    batch: Vec<(u64, StringRecord, Row)>,
}

/// What became of one row of a batch.
enum Written {
    Imported,
    Present,
    Rejected(String),
}

impl<W: Write> Run<'_, W> {
    fn write_reject_header(&mut self, header: &StringRecord) -> Result<(), ImportError> {
        self.rejects.write_record(["line", "reason"].into_iter().chain(header.iter())).map_err(ImportError::Rejects)
    }

    fn reject(&mut self, line: u64, record: &StringRecord, reason: &str) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        let line = line.to_string();
        self.rejects
            .write_record([line.as_str(), reason].into_iter().chain(record.iter()))
            .map_err(ImportError::Rejects)
    }

    fn write_batch(&mut self) -> Result<(), ImportError> {
        let batch = std::mem::take(&mut self.batch);
        let outcomes = match self.store {
            None => batch.iter().map(|(_, _, row)| self.rehearse(row)).collect(),
            Some(store) => {
                let rows: Vec<Row> = batch.iter().map(|(_, _, row)| row.clone()).collect();
                let (map, compiled, now) = (self.map.clone(), Arc::clone(self.compiled), self.now);
                store.write_blocking(move |tx: &mut Tx| write_rows(tx, &rows, &map, &compiled, now))?
            }
        };
        for ((line, record, row), outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                Written::Imported => self.summary.imported += 1,
                Written::Present => self.summary.present += 1,
                Written::Rejected(reason) => {
                    self.reject(line, &record, &reason)?;
                    continue;
                }
            }
            self.count(&row);
        }
        Ok(())
    }

    fn rehearse(&self, row: &Row) -> Written {
        let no = model::CaseNo::from_parts(&self.compiled.city.case_prefix, 0, 0);
        match no
            .map_err(|error| error.to_string())
            .and_then(|no| events(row, no, self.map, self.compiled, self.now).map_err(|error| error.to_string()))
        {
            Ok(_) => Written::Imported,
            Err(reason) => Written::Rejected(reason),
        }
    }

    fn count(&mut self, row: &Row) {
        let status = if row.is_closed { "closed" } else { "open" };
        let timeliness = match row.due_at {
            None => "no_due_time",
            Some(due_at) if row.closed_at.unwrap_or(self.now) <= due_at => "on_time",
            Some(_) => "late",
        };
        *self.summary.by_status.entry(status.to_owned()).or_default() += 1;
        *self.summary.by_category.entry(row.category.to_string()).or_default() += 1;
        *self
            .summary
            .by_office
            .entry(row.office.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string))
            .or_default() += 1;
        *self.summary.by_timeliness.entry(timeliness.to_owned()).or_default() += 1;
    }
}

fn write_rows(
    tx: &mut Tx,
    rows: &[Row],
    map: &ImportMap,
    compiled: &Compiled,
    now: Instant,
) -> Result<Vec<Written>, StoreError> {
    let zone = compiled.city.zone();
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        if tx.find_case_by_source(map.source.as_str(), &row.source_id)?.is_some() {
            outcomes.push(Written::Present);
            continue;
        }
        let day = pack::calendar::civil_day(&zone, row.opened_at);
        let no = tx.next_case_no(&compiled.city.case_prefix, day)?;
        outcomes.push(match events(row, no, map, compiled, now) {
            Err(error) => Written::Rejected(error.to_string()),
            Ok(events) => {
                let case_id = tx.new_case_id(row.opened_at);
                let region_path = compiled.city.region_path(&row.place.region);
                tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?;
                Written::Imported
            }
        });
    }
    Ok(outcomes)
}
