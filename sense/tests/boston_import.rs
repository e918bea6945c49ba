//! The real cases of Boston, imported whole and counted against the file itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use dipper_sense::import::{ImportCommand, ImportMap, Summary, import_cases};
use model::Instant;
use pack::Compiled;
use testkit::Database;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn compiled() -> Arc<Compiled> {
    let loaded = pack::load(&root().join("packs/boston")).expect("the pack passes its check");
    Arc::new(Compiled::new(loaded.city).expect("a checked pack compiles"))
}

fn map(compiled: &Compiled) -> ImportMap {
    let text =
        std::fs::read_to_string(root().join("packs/boston/import/boston311.yaml")).expect("the map is in the pack");
    ImportMap::parse(&text, compiled).expect("the map fits the pack")
}

fn now() -> Instant {
    "2026-11-23T00:00:00Z".parse().expect("an instant")
}

fn run(store: Option<&store::Store>, csv: &[u8]) -> (Summary, String) {
    let compiled = compiled();
    let map = map(&compiled);
    let mut rejects = Vec::new();
    let summary =
        import_cases(ImportCommand { map: &map, compiled: &compiled, store, now: now() }, csv, &mut rejects, |_| {})
            .expect("the import runs");
    (summary, String::from_utf8(rejects).expect("rejects are text"))
}

/// Rows by whether the export calls them late: the column `on_time`, with its 158 blanks read by their times.
fn timeliness(row: &BTreeMap<String, String>) -> &'static str {
    match (row["target"].as_str(), row["closed"].as_str()) {
        ("", _) => "no_due_time",
        (target, closed) if !closed.is_empty() && closed <= target => "on_time",
        _ => "late",
    }
}

#[test]
fn every_real_case_is_imported_once_and_counts_agree_with_the_file() {
    let path = root().join("../shared/data/cases/boston311_2011H2.csv");
    if !path.exists() {
        println!("skipped: no shared data");
        return;
    }
    let mut expect = Summary::default();
    let count = |map: &mut BTreeMap<String, u64>, key: &str| *map.entry(key.to_owned()).or_default() += 1;
    for row in csv::Reader::from_path(&path).expect("the file opens").deserialize() {
        let row: BTreeMap<String, String> = row.expect("a row");
        expect.rows += 1;
        expect.imported += 1;
        count(&mut expect.by_status, &row["status"].to_lowercase());
        count(&mut expect.by_timeliness, timeliness(&row));
    }
    let database = Database::sqlite();
    let mut file = Vec::new();
    std::io::Read::read_to_end(&mut File::open(&path).expect("the file opens"), &mut file).expect("the file reads");
    let (summary, _) = run(Some(&database), &file);
    assert_eq!((summary.rows, summary.imported, summary.rejected), (58_251, 58_251, 0));
    assert_eq!((&summary.by_status, &summary.by_timeliness), (&expect.by_status, &expect.by_timeliness));
    assert_eq!((summary.by_category.len(), summary.by_office.len()), (141, 11));
    let (again, _) = run(Some(&database), &file);
    assert_eq!((again.imported, again.present), (0, 58_251), "an import run again adds nothing");
}

const HEADER: &str = "id,opened,target,closed,on_time,status,subject,reason,type,department,queue,neighborhood,ward,police_district,zip,lat,lon,source,case_title,closure_reason";

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{HEADER}\n{}\n", rows.join("\n")).into_bytes()
}

const GOOD: &str = "1,2011-07-01 01:32:33,2011-07-15 01:32:32,2011-07-01 05:06:58,ONTIME,Closed,Public Works Department,Street Lights,Street Light Outages,PWDx,q,Greater Mattapan,Ward 17,B3,,42.2715,-71.0772,Employee Generated,Street Light Outages,done";

#[test]
fn rows_that_do_not_fit_are_rejected_with_line_and_reason_and_the_rest_goes_on() {
    let database = Database::sqlite();
    let bad_time = GOOD.replacen("2011-07-01 01:32:33", "yesterday", 1).replacen('1', "2", 1);
    let bad_type = GOOD.replace("Street Light Outages", "Dragons").replacen('1', "3", 1);
    let bad_place = GOOD.replace("42.2715", "north").replacen('1', "4", 1);
    let backwards = GOOD.replace("2011-07-01 05:06:58", "2010-07-01 05:06:58").replacen('1', "5", 1);
    let short = "6,2011-07-01 01:32:33";
    let (summary, rejects) = run(Some(&database), &csv(&[GOOD, &bad_time, &bad_type, &bad_place, &backwards, short]));
    assert_eq!((summary.rows, summary.imported, summary.rejected), (6, 1, 5));
    for (line, reason) in [
        (3, "opened: \"yesterday\" is not a time"),
        (4, "type: the pack has no category for \"Dragons\""),
        (5, "lat: \"north\" is not a number"),
        (6, "closed: closed before it was opened"),
        (7, "found record with 2 fields"),
    ] {
        let row = rejects
            .lines()
            .find(|row| row.starts_with(&format!("{line},")))
            .unwrap_or_else(|| panic!("line {line} is in {rejects}"));
        assert!(row.replace("\"\"", "\"").contains(reason), "{row} says {reason}");
    }
}

#[test]
fn a_dry_run_accounts_for_every_row_and_writes_nothing() {
    let (summary, _) = run(None, &csv(&[GOOD]));
    assert_eq!((summary.rows, summary.imported), (1, 1));
}

#[test]
fn history_is_replayed_at_its_own_times() {
    let database = Database::sqlite();
    run(Some(&database), &csv(&[GOOD]));
    let case = database.read_blocking(|db| {
        let id = db.find_case_by_source("boston311", "1")?.expect("imported");
        Ok::<_, store::StoreError>(db.load_case(id)?.expect("folds"))
    });
    let case = case.expect("the store answers");
    assert_eq!(case.opened_at.to_string(), "2011-07-01T05:32:33Z", "Boston is four hours behind in July");
    assert_eq!(case.closed_at.map(|at| at.to_string()).as_deref(), Some("2011-07-01T09:06:58Z"));
    assert!(!case.is_open());
    assert_eq!(case.clocks[&model::ClockName::Disposal].is_on_time(now()), Some(true));
    assert_eq!(case.next_due_at(), None, "no timer wakes for history");
}

#[test]
fn a_file_without_a_needed_column_is_refused_naming_it() {
    let compiled = compiled();
    let outcome = import_cases(
        ImportCommand { map: &map(&compiled), compiled: &compiled, store: None, now: now() },
        &b"id,opened\n1,2\n"[..],
        Vec::new(),
        |_| {},
    );
    let error = outcome.expect_err("columns are missing").to_string();
    assert!(error.contains("target") && error.contains("status"), "{error}");
}
