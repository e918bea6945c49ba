//! `dipper import`: bringing in what another system kept.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use sense::import::{ImportCommand, ImportMap, Summary, import_cases};

use crate::config::Config;
use crate::runtime::Runtime;

/// Imports cases from a CSV file; prints the summary as JSON.
pub fn cases(
    config: Config,
    map: &Path,
    file: &Path,
    rejects: Option<&Path>,
    dry_run: bool,
) -> anyhow::Result<ExitCode> {
    let map_text = std::fs::read_to_string(map).with_context(|| format!("the map {} cannot be read", map.display()))?;
    let runtime = Runtime::open(config)?;
    let compiled = runtime.packs.current();
    let import_map = ImportMap::parse(&map_text, &compiled).with_context(|| map.display().to_string())?;
    let input = File::open(file).with_context(|| format!("the file {} cannot be read", file.display()))?;
    let bar = ProgressBar::new(input.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3}% {msg}  {elapsed} (left {eta})")?);
    let rejects_path = rejects.map_or_else(|| beside(file), Path::to_owned);
    let rejects = File::create(&rejects_path)
        .with_context(|| format!("the rejects file {} cannot be made", rejects_path.display()))?;
    let store = (!dry_run).then_some(&runtime.store);
    let command = ImportCommand { map: &import_map, compiled: &compiled, store, now: runtime.clock.now() };
    let summary = import_cases(command, BufReader::new(input), rejects, |progress| {
        bar.set_position(progress.bytes);
        bar.set_message(format!("{} rows, {} rejected", progress.rows, progress.rejected));
    });
    bar.finish();
    runtime.store.close();
    let summary = summary?;
    println!("{}", serde_json::to_string_pretty(&view(&summary))?);
    if summary.rejected > 0 {
        eprintln!("{} rows were rejected: see {}", summary.rejected, rejects_path.display());
    } else {
        std::fs::remove_file(&rejects_path).ok();
    }
    Ok(if summary.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// `cases.csv` → `cases.rejects.csv` in the present folder: the input's own folder may be read-only.
fn beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().map_or_else(|| "import".into(), |stem| stem.to_string_lossy().into_owned());
    PathBuf::from(format!("{stem}.rejects.csv"))
}

/// The summary as scripts read it.
fn view(summary: &Summary) -> serde_json::Value {
    serde_json::json!({
        "rows": summary.rows,
        "imported": summary.imported,
        "present": summary.present,
        "rejected": summary.rejected,
        "by_status": summary.by_status,
        "by_category": summary.by_category,
        "by_office": summary.by_office,
        "by_timeliness": summary.by_timeliness,
    })
}
