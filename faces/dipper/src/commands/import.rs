//! `dipper import`: bringing in what another system kept.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use sense::import::{ImportCommand, ImportMap, ServicesMap, Summary, import_cases, read_services, services_yaml};

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

/// What service items are imported, from where and into which file.
pub struct Services {
    /// The pack's folder.
    pub pack: PathBuf,
    /// The map.
    pub map: PathBuf,
    /// Write nothing.
    pub dry_run: bool,
    /// Where rejected rows go.
    pub rejects: Option<PathBuf>,
    /// The file under `services/`.
    pub into: String,
    /// The CSV file.
    pub file: PathBuf,
}

/// Imports service items into a file of the pack, which must pass its check with them; prints the summary as JSON.
pub fn services(asked: &Services) -> anyhow::Result<ExitCode> {
    let is_name = asked.into.ends_with(".yaml") && !asked.into.contains(['/', '\\']) && !asked.into.starts_with('.');
    ensure!(is_name, "--into is the name of a file under services/ that ends in .yaml, got {}", asked.into);
    let map_text = std::fs::read_to_string(&asked.map)
        .with_context(|| format!("the map {} cannot be read", asked.map.display()))?;
    let target = asked.pack.join("services").join(&asked.into);
    let mut city = super::pack::load(&asked.pack)?.city;
    // An import done again replaces what it made before: that is not there already.
    if let Ok(before) = std::fs::read_to_string(&target)
        && let Ok(serde_json::Value::Object(made)) = pack::yaml_to_json(&before)
    {
        city.services.retain(|id, _| !made.contains_key(id.as_str()));
    }
    let map = ServicesMap::parse(&map_text, &city).with_context(|| asked.map.display().to_string())?;
    let input = File::open(&asked.file).with_context(|| format!("the file {} cannot be read", asked.file.display()))?;
    let rejects_path = asked.rejects.clone().unwrap_or_else(|| beside(&asked.file));
    let rejects = File::create(&rejects_path)
        .with_context(|| format!("the rejects file {} cannot be made", rejects_path.display()))?;
    let (services, summary) = read_services(&map, &city, BufReader::new(input), rejects)?;
    if !asked.dry_run && !services.is_empty() {
        put_services(&asked.pack, &target, &services_yaml(&services))?;
    }
    let view = serde_json::json!({
        "rows": summary.rows,
        "imported": summary.imported,
        "rejected": summary.rejected,
        "by_office": summary.by_office,
        "by_task_type": summary.by_task_type,
    });
    println!("{}", serde_json::to_string_pretty(&view)?);
    if summary.rejected == 0 {
        std::fs::remove_file(&rejects_path).ok();
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} rows were rejected: see {}", summary.rejected, rejects_path.display());
    Ok(ExitCode::from(3))
}

/// Puts a file into a pack, and keeps it only when the pack passes its check with it. What stood there before is beside
/// it until then, under a name that no pack reads, also when the program is killed.
fn put_services(pack: &Path, target: &Path, yaml: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(target.parent().unwrap_or(pack))?;
    let before = target.with_extension("yaml.before");
    let is_replaced = target.exists();
    if is_replaced {
        std::fs::rename(target, &before)?;
    }
    std::fs::write(target, yaml)?;
    if let Err(error) = super::pack::load(pack) {
        std::fs::remove_file(target)?;
        if is_replaced {
            std::fs::rename(&before, target)?;
        }
        return Err(error.context("nothing was kept of the import"));
    }
    if is_replaced {
        std::fs::remove_file(before)?;
    }
    Ok(())
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
