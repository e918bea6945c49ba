//! The files of the real series: half-hourly car parks of Birmingham, hourly passers-by of Melbourne, hourly air of Beijing,
//! half-hourly electricity of Australian homes. A row that cannot be taken is counted and named.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use csv::StringRecord;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use model::DeviceClassId;
use pack::{City, DeviceClass};

use super::series::Series;

/// Rows of one kind of fault that are named; more are counted only.
const NAMED: usize = 2;

/// A kind of series: where it stands, and how a row of it is read.
struct Kind {
    /// What it is called when it is told about.
    title: &'static str,
    class: &'static str,
    properties: &'static [&'static str],
    /// Files or folders of files, below the folder of the series.
    paths: &'static [&'static str],
    columns: &'static [&'static str],
    read: fn(&[&str]) -> Result<Row, String>,
}

/// A row: where, when on the wall clock there, and what.
#[derive(Debug, PartialEq)]
struct Row {
    name: String,
    at: DateTime,
    values: Box<[Option<f64>]>,
}

const KINDS: [Kind; 4] = [
    Kind {
        title: "car parks (Birmingham City Council, OGL)",
        class: "car_park_feed",
        properties: &["occupied", "capacity"],
        paths: &["parking_birmingham_2016.csv"],
        columns: &["SystemCodeNumber", "Capacity", "Occupancy", "LastUpdated"],
        read: parking,
    },
    Kind {
        title: "passers-by (City of Melbourne, CC BY 4.0)",
        class: "pedestrian_counter",
        properties: &["passers"],
        paths: &["pedestrian_melbourne_2015_2016.csv"],
        columns: &["sensor", "utc_time", "count"],
        read: pedestrian,
    },
    Kind {
        title: "air (PRSA Beijing, UCI, CC BY 4.0)",
        class: "air_monitor",
        properties: &["pm2_5", "pm10", "so2", "no2", "co", "o3", "temperature", "pressure", "wind"],
        paths: &["air_beijing"],
        columns: &[
            "station", "year", "month", "day", "hour", "PM2.5", "PM10", "SO2", "NO2", "CO", "O3", "TEMP", "PRES",
            "WSPM",
        ],
        read: air,
    },
    Kind {
        title: "electricity (Smart Grid, Smart City, CC BY 3.0 AU)",
        class: "electricity_meter",
        properties: &["energy", "power"],
        paths: &["meters"],
        columns: &["customer_id", "reading_datetime", "general_supply_kwh"],
        read: meter,
    },
];

/// How it went with the rows of one kind.
#[derive(Debug, Default)]
pub struct Tally {
    title: &'static str,
    places: usize,
    taken: usize,
    /// Rows of a time that the same place told of before.
    again: usize,
    left_off: usize,
    /// Rows that were refused by what was wrong with them: how many, and which were the first.
    refused: BTreeMap<String, (usize, Vec<String>)>,
}

impl Tally {
    fn refuse(&mut self, file: &Path, line: u64, why: Fault) {
        let (count, named) = self.refused.entry(why.kind.to_owned()).or_default();
        *count += 1;
        if named.len() < NAMED {
            let file = file.file_name().unwrap_or_default().to_string_lossy();
            named.push(format!("{file} line {line}: {}", why.words));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} places, {} rows", self.title, self.places, self.taken)?;
        if 0 < self.again {
            write!(f, "; {} told twice", self.again)?;
        }
        if 0 < self.left_off {
            write!(f, "; {} of an unfinished week left off", self.left_off)?;
        }
        for (kind, (count, named)) in &self.refused {
            write!(f, "; {count} {kind} ({}{})", named.join("; "), if named.len() < *count { "; …" } else { "" })?;
        }
        Ok(())
    }
}

/// Why a row was not taken.
struct Fault {
    kind: &'static str,
    words: String,
}

/// Reads every series of a folder that the city has a class for, and tells how it went. What is not there is passed over.
///
/// # Errors
/// When a file is there and cannot be read at all, or lacks a column.
pub fn read_all(folder: &Path, city: &City) -> anyhow::Result<(Vec<Series>, Vec<Tally>)> {
    let (mut series, mut tallies) = (Vec::new(), Vec::new());
    for kind in &KINDS {
        let files = files_of(kind, folder)?;
        let class = city.devices.get(&kind.class.parse::<DeviceClassId>()?);
        let (false, Some(class)) = (files.is_empty(), class) else { continue };
        let mut tally = Tally { title: kind.title, ..Tally::default() };
        let mut places = Places::new();
        for file in files {
            let read = csv::Reader::from_path(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            read_rows(kind, class, &file, read, &mut places, &mut tally)?;
        }
        for (name, rows) in places {
            let Some((one, left_off)) = Series::new(kind.class, name, kind.properties, rows.into_iter().collect())
            else {
                continue;
            };
            tally.places += 1;
            tally.taken += one.len();
            tally.left_off += left_off;
            series.push(one);
        }
        tallies.push(tally);
    }
    Ok((series, tallies))
}

/// Rows of every place, by their instant.
type Places = BTreeMap<String, BTreeMap<DateTime, Box<[Option<f64>]>>>;

/// The files of a kind, in the order of their names.
fn files_of(kind: &Kind, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in kind.paths.iter().map(|path| folder.join(path)) {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            let named = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
            files.extend(named.filter(|path| path.extension().is_some_and(|end| end == "csv")));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_rows<R: std::io::Read>(
    kind: &Kind,
    class: &DeviceClass,
    file: &Path,
    mut read: csv::Reader<R>,
    places: &mut Places,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let head = read.headers().with_context(|| format!("{} cannot be read", file.display()))?.clone();
    let place = |column: &&str| {
        let found = head.iter().position(|name| name == *column);
        found.with_context(|| format!("{} has no column {column:?}", file.display()))
    };
    let columns = kind.columns.iter().map(place).collect::<anyhow::Result<Vec<_>>>()?;
    let mut record = StringRecord::new();
    loop {
        let line = read.position().line();
        match read.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => {
                tally.refuse(file, line, Fault { kind: "unreadable", words: error.to_string() });
                if error.is_io_error() {
                    return Ok(());
                }
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        match read_row(kind, class, &columns, &record) {
            Err(fault) => tally.refuse(file, line, fault),
            Ok(row) => match places.entry(row.name).or_default().entry(row.at) {
                Entry::Occupied(_) => tally.again += 1,
                Entry::Vacant(empty) => {
                    empty.insert(row.values);
                }
            },
        }
    }
}

fn read_row(kind: &Kind, class: &DeviceClass, columns: &[usize], record: &StringRecord) -> Result<Row, Fault> {
    let fields: Vec<&str> = columns.iter().map(|column| record.get(*column).unwrap_or_default().trim()).collect();
    let row = (kind.read)(&fields).map_err(|words| Fault { kind: "unreadable", words })?;
    if row.values.iter().all(Option::is_none) {
        return Err(Fault { kind: "without a value", words: row.name });
    }
    // The door would refuse the whole message for it.
    for (name, value) in kind.properties.iter().zip(&row.values) {
        let property = class.properties.iter().find(|property| property.id.as_str() == *name);
        let (Some(property), Some(value)) = (property, *value) else { continue };
        let (min, max) = (property.min.unwrap_or(f64::MIN), property.max.unwrap_or(f64::MAX));
        if !(min..=max).contains(&value) {
            let words = format!("{name} {value} is not within {min} and {max}");
            return Err(Fault { kind: "beyond what the sensor can give", words });
        }
    }
    Ok(row)
}

/// Places and cars in them; the time is that of the wall clock.
fn parking(fields: &[&str]) -> Result<Row, String> {
    let [name, capacity, occupied, at] = fields else { return Err("it has not four fields".to_owned()) };
    let values = Box::from([Some(number(occupied)?), Some(number(capacity)?)]);
    Ok(Row { name: named(name)?, at: time(at)?, values })
}

/// Passers-by of an hour; the time is UTC, and people keep to their wall clock.
fn pedestrian(fields: &[&str]) -> Result<Row, String> {
    let [name, at, count] = fields else { return Err("it has not three fields".to_owned()) };
    let utc = TimeZone::UTC.to_timestamp(time(at)?).map_err(|error| error.to_string())?;
    let melbourne = TimeZone::get("Australia/Melbourne").map_err(|error| error.to_string())?;
    let values = Box::from([Some(number(count)?)]);
    Ok(Row { name: named(name)?, at: melbourne.to_datetime(utc), values })
}

/// Air of an hour: µg/m³, °C, hPa, m/s; `NA` where nothing was measured. Carbon monoxide is told in mg/m³.
fn air(fields: &[&str]) -> Result<Row, String> {
    let [name, year, month, day, hour, measured @ ..] = fields else { return Err("it has too few fields".to_owned()) };
    let whole = |text: &str| text.parse::<i16>().map_err(|_| format!("{text:?} is no whole number"));
    let (month, day, hour) = (whole(month)?, whole(day)?, whole(hour)?);
    let short = |value: i16| i8::try_from(value).map_err(|_| format!("{value} is no part of a date"));
    let date = Date::new(whole(year)?, short(month)?, short(day)?);
    let at =
        date.and_then(|date| Ok(date.to_datetime(jiff::civil::Time::new(i8::try_from(hour).unwrap_or(-1), 0, 0, 0)?)));
    let at = at.map_err(|_| format!("{year}-{month}-{day} {hour}:00 is no time"))?;
    let mut values = measured.iter().map(|text| optional(text)).collect::<Result<Box<[_]>, _>>()?;
    if let Some(Some(co)) = values.get_mut(4) {
        *co /= 1_000.0;
    }
    Ok(Row { name: named(name)?, at, values })
}

/// Energy of half an hour, kWh, and the mean power that it makes, kW.
fn meter(fields: &[&str]) -> Result<Row, String> {
    let [name, at, energy] = fields else { return Err("it has not three fields".to_owned()) };
    let energy = number(energy)?;
    // Half an hour: 2 h⁻¹; rounded to the watt.
    let power = (energy * 2_000.0).round() / 1_000.0;
    Ok(Row { name: named(name)?, at: time(at)?, values: Box::from([Some(energy), Some(power)]) })
}

fn named(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("it has no name".to_owned()) } else { Ok(text.to_owned()) }
}

fn time(text: &str) -> Result<DateTime, String> {
    DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
        .map_err(|_| format!("{text:?} is no time such as 2016-10-04 07:59:42"))
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| format!("{text:?} is no number"))
}

fn optional(text: &str) -> Result<Option<f64>, String> {
    if matches!(text, "NA" | "") { Ok(None) } else { number(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city() -> City {
        pack::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"))).unwrap().city
    }

    /// One row of a kind, as it is read.
    fn check(kind: usize, text: &str, expect: &str) {
        let (kind, city) = (&KINDS[kind], city());
        let class = &city.devices[&kind.class.parse::<DeviceClassId>().unwrap()];
        let record = StringRecord::from(text.split(',').collect::<Vec<_>>());
        let columns: Vec<usize> = (0..kind.columns.len()).collect();
        let found = match read_row(kind, class, &columns, &record) {
            Err(fault) => format!("{}: {}", fault.kind, fault.words),
            Ok(row) => {
                let values: Vec<_> =
                    row.values.iter().map(|value| value.map_or("-".to_owned(), |value| value.to_string())).collect();
                format!("{} {} {}", row.name, row.at.strftime("%F %T"), values.join(" "))
            }
        };
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn rows_of_every_kind_are_read_in_the_units_and_the_time_of_the_wall_clock() {
        check(0, "BHMBCCMKT01,577,61,2016-10-04 07:59:42", "BHMBCCMKT01 2016-10-04 07:59:42 61 577");
        // More cars than places is a fault of the world, not of the row.
        check(0, "Shopping,100,103,2016-10-04 12:00:00", "Shopping 2016-10-04 12:00:00 103 100");
        check(
            0,
            "NIA,10,-8,2016-10-04 12:00:00",
            "beyond what the sensor can give: occupied -8 is not within 0 and 20000",
        );
        check(0, "NIA,ten,8,2016-10-04 12:00:00", "unreadable: \"ten\" is no number");
        check(0, "NIA,10,NaN,2016-10-04 12:00:00", "unreadable: \"NaN\" is no number");
        check(0, "NIA,10,8,yesterday", "unreadable: \"yesterday\" is no time such as 2016-10-04 07:59:42");
        check(0, ",10,8,2016-10-04 12:00:00", "unreadable: it has no name");
        check(0, "NIA,10", "unreadable: \"\" is no number");
        // Summer time in Melbourne (UTC+11) and winter time (UTC+10); both hours of 2015-04-05, 2:00.
        check(1, "Town Hall,2014-12-31 13:00:00,1630", "Town Hall 2015-01-01 00:00:00 1630");
        check(1, "Town Hall,2015-07-01 13:00:00,7", "Town Hall 2015-07-01 23:00:00 7");
        check(1, "Town Hall,2015-04-04 15:00:00,7", "Town Hall 2015-04-05 02:00:00 7");
        check(1, "Town Hall,2015-04-04 16:00:00,7", "Town Hall 2015-04-05 02:00:00 7");
        check(
            2,
            "Dongsi,2013,3,1,2,7,NA,NA,17,300,60,-1.2,1025.3,3.5",
            "Dongsi 2013-03-01 02:00:00 7 - - 17 0.3 60 -1.2 1025.3 3.5",
        );
        check(2, "Dongsi,2013,3,1,2,NA,NA,NA,NA,NA,NA,NA,NA,NA", "without a value: Dongsi");
        check(2, "Dongsi,2013,2,30,2,7,7,7,7,7,7,7,7,7", "unreadable: 2013-2-30 2:00 is no time");
        check(2, "Dongsi,2013,3,1,2,7,7,7,7,7,7,7,7,x", "unreadable: \"x\" is no number");
        check(3, "10006414,2013-01-01 00:30:00,0.057", "10006414 2013-01-01 00:30:00 0.057 0.114");
    }

    #[test]
    fn rows_that_cannot_be_taken_are_counted_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let text = "SystemCodeNumber,Capacity,Occupancy,LastUpdated\nA,10,1,2016-10-04 08:00:00\nA,10,2,2016-10-04 08:00:00\n\
                    A,10,-1,2016-10-04 08:30:00\nA,10\nA,10,3,2016-10-04 09:00:00\nA,10,-2,2016-10-04 09:30:00\n\
                    A,10,-3,2016-10-04 09:30:00\n";
        std::fs::write(folder.path().join(KINDS[0].paths[0]), text).unwrap();
        let (series, tallies) = read_all(folder.path(), &city()).unwrap();
        assert_eq!(series.iter().map(Series::len).collect::<Vec<_>>(), [2]);
        let told = tallies.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for words in [
            "1 places, 2 rows; 1 told twice; 3 beyond what the sensor can give",
            "line 4: occupied -1 is not within 0 and 20000",
            "line 7: occupied -2 is not within 0 and 20000; …",
            "1 unreadable (parking_birmingham_2016.csv line 5:",
        ] {
            assert!(told.contains(words), "{words:?} is not in\n{told}");
        }
    }

    #[test]
    fn a_file_without_a_column_says_which() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(KINDS[0].paths[0]), "SystemCodeNumber,Capacity,LastUpdated\n").unwrap();
        let error = read_all(folder.path(), &city()).unwrap_err().to_string();
        assert!(error.contains("has no column \"Occupancy\""), "{error}");
    }

    /// The figures of the real files, where they are.
    #[test]
    fn the_real_series_are_read_whole() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/iot"));
        if !folder.is_dir() {
            eprintln!("skipped: no shared data");
            return;
        }
        let (series, tallies) = read_all(folder, &city()).unwrap();
        let told = tallies.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        eprintln!("{told}");
        let count = |class: &str| series.iter().filter(|one| one.class == class).count();
        let places = KINDS.map(|kind| count(kind.class));
        assert_eq!(places, [30, 4, 12, 10], "{told}");
        assert!(told.contains("216 told twice"), "{told}");
    }
}
