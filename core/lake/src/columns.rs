//! Rows as Parquet: its columns, how each is encoded, and back.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use grid::Cell;
use model::{Instant, Reading, SeriesNo};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::aggregate::{Aggregate, Hour};

/// The column files are sorted by, whose pages are pruned by area.
pub(crate) const CELL_COLUMN: usize = 0;
/// Level of zstd, of 22: level 9 saves 2 % and takes twice as long, level 1 costs 2 % more.
const ZSTD: i32 = 3;
/// Rows handed to the writer at a time.
const BATCH_ROWS: usize = 65_536;

/// A row of a rolled file.
pub(crate) trait Row: Copy {
    /// Names and types of the columns.
    fn schema() -> SchemaRef;
    /// A column that [`Row::rows`] can do without.
    const SPARE: &'static str;
    /// Rows as columns.
    fn columns(rows: &[Self]) -> Vec<ArrayRef>;
    /// Columns as rows; `None` when they are not ours.
    fn rows(batch: &RecordBatch) -> Option<Vec<Self>>;
    /// Whose it is.
    fn series(&self) -> SeriesNo;
    /// Where it was.
    fn cell(&self) -> Cell;
    /// When it was measured, or when the hour begins.
    fn at(&self) -> Instant;
    /// What a rolled file is sorted by.
    fn order(&self) -> (Cell, SeriesNo, Instant) {
        (self.cell(), self.series(), self.at())
    }
}

/// Rows, sorted, as a Parquet file.
pub(crate) fn write<R: Row>(rows: &[R], page_rows: usize, group_rows: usize) -> Result<Vec<u8>, ParquetError> {
    let mut writer = ArrowWriter::try_new(Vec::new(), R::schema(), Some(properties(page_rows, group_rows)?))?;
    for rows in rows.chunks(BATCH_ROWS) {
        writer.write(&RecordBatch::try_new(R::schema(), R::columns(rows))?)?;
    }
    writer.into_inner()
}

/// How the columns are encoded, as measured (docs/decisions/0033): times as split bytes, what follows a time as
/// deltas, and by dictionary what seldom changes or has few values.
fn properties(page_rows: usize, group_rows: usize) -> Result<WriterProperties, ParquetError> {
    let sorted = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by("dipper".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_statistics_enabled(ColumnPath::from("cell"), EnabledStatistics::Page)
        .set_column_statistics_enabled(ColumnPath::from("at"), EnabledStatistics::Page)
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows.min(1_024))
        .set_max_row_group_row_count(Some(group_rows))
        .set_sorting_columns(Some(vec![sorted(0), sorted(1), sorted(2)]));
    let encodings = [
        ("at", Encoding::BYTE_STREAM_SPLIT),
        ("last_at", Encoding::BYTE_STREAM_SPLIT),
        ("delay_us", Encoding::DELTA_BINARY_PACKED),
    ];
    for (name, encoding) in encodings {
        let column = ColumnPath::from(name);
        properties =
            properties.set_column_dictionary_enabled(column.clone(), false).set_column_encoding(column, encoding);
    }
    Ok(properties.build())
}

fn instants() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields = columns.iter().map(|(name, of)| Field::new(*name, of.clone(), false));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn times(instants: impl Iterator<Item = Instant>) -> ArrayRef {
    let array = TimestampMicrosecondArray::from_iter_values(instants.map(Instant::as_micros));
    Arc::new(array.with_timezone("UTC"))
}

fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

/// Cell, series and time, the columns every file has.
fn keys<R: Row>(rows: &[R]) -> [ArrayRef; 3] {
    [
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.cell().get()))),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.series().0))),
        times(rows.iter().map(Row::at)),
    ]
}

/// Keys and their cells, which are mostly the same from row to row.
struct Cells<'a> {
    keys: &'a [i64],
    known: Option<Cell>,
}

impl Cells<'_> {
    fn get(&mut self, row: usize) -> Option<Cell> {
        let key = self.keys[row];
        if self.known.is_none_or(|cell| cell.get() != key) {
            self.known = Cell::try_from(key).ok();
        }
        self.known
    }
}

fn instants_of<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a [i64]> {
    Some(batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>()?.values())
}

fn floats_of<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a [f64]> {
    Some(batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?.values())
}

fn cells_of(batch: &RecordBatch) -> Option<Cells<'_>> {
    let keys = batch.column_by_name("cell")?.as_primitive_opt::<Int64Type>()?.values();
    Some(Cells { keys, known: None })
}

fn series_of(batch: &RecordBatch) -> Option<&[u32]> {
    Some(batch.column_by_name("series")?.as_primitive_opt::<UInt32Type>()?.values())
}

impl Row for Reading {
    const SPARE: &'static str = "delay_us";

    fn schema() -> SchemaRef {
        schema(&[
            ("cell", DataType::Int64),
            ("series", DataType::UInt32),
            ("at", instants()),
            // From the instant of measurement to that of arrival: a third smaller than the instant.
            ("delay_us", DataType::Int64),
            ("value", DataType::Float64),
        ])
    }

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        let mut columns = keys(rows).to_vec();
        let delay = |row: &Self| row.received_at.as_micros().wrapping_sub(row.at.as_micros());
        columns.push(Arc::new(Int64Array::from_iter_values(rows.iter().map(delay))));
        columns.push(floats(rows.iter().map(|row| row.value)));
        columns
    }

    fn rows(batch: &RecordBatch) -> Option<Vec<Self>> {
        let (mut cells, series, at) = (cells_of(batch)?, series_of(batch)?, instants_of(batch, "at")?);
        // A query that does not hand readings out does not read when they arrived.
        let delays = batch.column_by_name("delay_us").and_then(|column| column.as_primitive_opt::<Int64Type>());
        let delays = delays.map(|column| &column.values()[..]);
        let values = floats_of(batch, "value")?;
        let row = |row: usize| {
            Some(Self {
                series: SeriesNo(series[row]),
                cell: cells.get(row)?,
                at: Instant::from_micros(at[row]),
                received_at: Instant::from_micros(at[row].wrapping_add(delays.map_or(0, |delays| delays[row]))),
                value: values[row],
            })
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn series(&self) -> SeriesNo {
        self.series
    }

    fn cell(&self) -> Cell {
        self.cell
    }

    fn at(&self) -> Instant {
        self.at
    }
}

impl Row for Hour {
    const SPARE: &'static str = "";

    fn schema() -> SchemaRef {
        schema(&[
            ("cell", DataType::Int64),
            ("series", DataType::UInt32),
            ("at", instants()),
            ("count", DataType::UInt64),
            ("min", DataType::Float64),
            ("max", DataType::Float64),
            ("mean", DataType::Float64),
            ("last", DataType::Float64),
            ("last_at", instants()),
        ])
    }

    fn columns(rows: &[Self]) -> Vec<ArrayRef> {
        let of = |value: fn(&Aggregate) -> f64| floats(rows.iter().map(move |row| value(&row.aggregate)));
        let mut columns = keys(rows).to_vec();
        columns.push(Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.aggregate.count))));
        columns.extend([of(|hour| hour.min), of(|hour| hour.max), of(Aggregate::mean), of(|hour| hour.last)]);
        columns.push(times(rows.iter().map(|row| row.aggregate.last_at)));
        columns
    }

    fn rows(batch: &RecordBatch) -> Option<Vec<Self>> {
        let (mut cells, series, at) = (cells_of(batch)?, series_of(batch)?, instants_of(batch, "at")?);
        let counts = batch.column_by_name("count")?.as_primitive_opt::<UInt64Type>()?.values();
        let (min, max) = (floats_of(batch, "min")?, floats_of(batch, "max")?);
        let (mean, last) = (floats_of(batch, "mean")?, floats_of(batch, "last")?);
        let last_at = instants_of(batch, "last_at")?;
        let row = |row: usize| {
            let aggregate = Aggregate {
                count: counts[row],
                min: min[row],
                max: max[row],
                sum: mean[row] * counts[row] as f64,
                last: last[row],
                last_at: Instant::from_micros(last_at[row]),
            };
            let (series, at) = (SeriesNo(series[row]), Instant::from_micros(at[row]));
            Some(Self { series, cell: cells.get(row)?, at, aggregate })
        };
        (0..batch.num_rows()).map(row).collect()
    }

    fn series(&self) -> SeriesNo {
        self.series
    }

    fn cell(&self) -> Cell {
        self.cell
    }

    fn at(&self) -> Instant {
        self.at
    }
}
