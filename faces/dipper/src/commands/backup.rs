//! `dipper backup` and `dipper restore`: a folder with everything a city needs to stand again.
//!
//! The ledger is copied before the database, so that the copy never holds entries of events it lacks. Every file is
//! named in `MANIFEST` with its SHA-256; a restore checks all of them before it writes anything, and erases again whoever
//! was erased since, before anything is served.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use model::Clock;
use store::DatabaseUrl;

use crate::commands::erased::{self, Erased};
use crate::commands::manifest::{Manifest, list_files};
use crate::commands::old_backups;
use crate::config::Config;
use crate::runtime::open_store;
use crate::sensing::share;
use crate::system::SystemClock;

const SQLITE_FILE: &str = "dipper.db";
const POSTGRES_FILE: &str = "dipper.pgdump";

/// Folders of the data folder that are copied as they are.
const FOLDERS: [&str; 3] = ["ledger", "evidence", "keys"];

/// The folder of readings: copied as a whole that fits together, while it grows.
const LAKE: &str = "lake";

/// Copies everything into a new folder while the city runs.
pub fn backup(config: &Config, to: &Path) -> anyhow::Result<ExitCode> {
    if to.exists() {
        bail!("{} is there already; a backup goes into a new folder", to.display());
    }
    let partial = to.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).context("what an interrupted backup left cannot be removed")?;
    }
    make_private(&partial)?;
    // Files of the object store are fetched: the copy needs none. The lake before the rest: each of its files that the log has recorded by then is in the copy, or was let go.
    let lake = config.data.join(LAKE);
    if config.nats.is_some() {
        copy_shared(config, &partial.join(LAKE))?;
    } else if lake.exists() {
        lake::outside::copy(&lake, &partial.join(LAKE), config.lake_objects()?.as_ref())?;
    }
    // First the ledger, last the database: it then holds every event that the ledger has sealed.
    for folder in FOLDERS {
        copy_folder(&config.data.join(folder), &partial.join(folder))?;
    }
    // Once more: a partial tile may have given way to its full form after the folder was listed.
    copy_folder(&config.data.join("ledger"), &partial.join("ledger"))?;
    copy_database(config, &partial)?;
    // Files sealed or uploaded while the database was copied: the copy may name them.
    copy_folder(&config.data.join("evidence"), &partial.join("evidence"))?;
    let now = SystemClock.now();
    let files = Manifest::write(&partial, now)?;
    fs::rename(&partial, to)?;
    println!("{}: {files} files", to.display());
    let Some(days) = config.backup_keep_days else { return Ok(ExitCode::SUCCESS) };
    let is_done = old_backups::remove(config, to, days, now)?;
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Copies readings that several processes share: the copy is of one process.
fn copy_shared(config: &Config, to: &Path) -> anyhow::Result<()> {
    let store = open_store(config)?;
    let copied = (|| {
        let (Some(sharing), Some(objects)) = (share::sharing(config, &store, &SystemClock)?, config.lake_objects()?)
        else {
            bail!("readings that several processes share lie in a store; name it by --lake-store");
        };
        lake::outside::copy_shared(&sharing, &objects, to, &SystemClock)?;
        Ok(())
    })();
    store.close();
    copied
}

/// Copies the database, and the list of those erased from it until then.
fn copy_database(config: &Config, to: &Path) -> anyhow::Result<()> {
    let store = open_store(config)?;
    let copied = erased::note(&store, &config.data).and_then(|list| {
        erased::write(&to.join(erased::FILE), &list)?;
        match config.database()? {
            DatabaseUrl::Sqlite(_) => Ok(store.backup_to(&to.join(SQLITE_FILE))?),
            url @ DatabaseUrl::Postgres(_) => {
                run_tool("pg_dump", &url, &["--format=custom", "--no-owner", "--file"], &to.join(POSTGRES_FILE))
            }
        }
    });
    store.close();
    copied
}

/// Checks a backup and puts it into an empty data folder (and, for PostgreSQL, an empty database). Whoever was erased
/// since is erased again: by the list named, the one that lies in the data folder, and those of newer backups beside it.
pub fn restore(config: &Config, from: &Path, list: Option<&Path>) -> anyhow::Result<ExitCode> {
    let files = Manifest::read(from)?.check(from)?;
    if !is_empty_but_for_list(&config.data)? {
        bail!("the data folder {} is not empty; restore into an empty one", config.data.display());
    }
    let erased = gather(config, from, list)?;
    make_private(&config.data)?;
    // First the list: should anything fail from here on, `dipper serve` erases by it before it serves.
    erased::write(&config.data.join(erased::FILE), &erased)?;
    for folder in FOLDERS.iter().chain([&LAKE]) {
        copy_folder(&from.join(folder), &config.data.join(folder))?;
    }
    restore_database(config, from)?;
    println!("{}: {files} files checked and restored", config.data.display());
    let store = open_store(config)?;
    let again = erased::erase_again(config, &store);
    store.close();
    println!("{} people had been erased since and were erased again, of {} on the list", again?, erased.len());
    Ok(ExitCode::SUCCESS)
}

/// Whether there is nothing in a data folder, or the list of erasures alone.
fn is_empty_but_for_list(data: &Path) -> anyhow::Result<bool> {
    if !data.exists() {
        return Ok(true);
    }
    for entry in fs::read_dir(data)? {
        if entry?.file_name() != erased::FILE {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Everybody who must not come back, by every list at hand.
fn gather(config: &Config, from: &Path, list: Option<&Path>) -> anyhow::Result<Erased> {
    let mut all = erased::read(&config.data.join(erased::FILE))?;
    all.extend(erased::read(&from.join(erased::FILE))?);
    for newer in old_backups::siblings(from)? {
        all.extend(erased::read(&newer.join(erased::FILE))?);
    }
    if let Some(list) = list {
        if !list.exists() {
            bail!("there is no list of erasures {}", list.display());
        }
        all.extend(erased::read(list)?);
    }
    Ok(all)
}

fn restore_database(config: &Config, from: &Path) -> anyhow::Result<()> {
    match config.database()? {
        DatabaseUrl::Sqlite(path) => {
            let source = from.join(SQLITE_FILE);
            if !source.exists() {
                bail!("this is a backup of a PostgreSQL city: give its --database-url");
            }
            fs::copy(source, &path).with_context(|| format!("{} cannot be written", path.display()))?;
            fs::File::open(&path)?.sync_all()?;
        }
        url @ DatabaseUrl::Postgres(_) => {
            let source = from.join(POSTGRES_FILE);
            if !source.exists() {
                bail!("this is a backup of an SQLite city: leave out --database-url");
            }
            run_tool(
                "pg_restore",
                &url,
                &["--no-owner", "--exit-on-error", "--single-transaction", "--dbname"],
                &source,
            )?;
        }
    }
    Ok(())
}

/// Runs PostgreSQL's own tool; the password goes by the environment, so that it stands in no list of processes.
fn run_tool(tool: &str, url: &DatabaseUrl, flags: &[&str], file: &Path) -> anyhow::Result<()> {
    let DatabaseUrl::Postgres(connection) = url else { bail!("{tool} is for PostgreSQL") };
    let (connection, password) = split_password(connection);
    let mut command = Command::new(tool);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    if tool == "pg_dump" {
        command.args(flags).arg(file).arg("--dbname").arg(connection);
    } else {
        command.args(flags).arg(connection).arg(file);
    }
    let status =
        command.status().with_context(|| format!("{tool} cannot be run; install PostgreSQL's client tools"))?;
    if status.success() { Ok(()) } else { bail!("{tool} failed ({status})") }
}

/// `postgres://user:secret@host/name` → the address without the secret, and the secret.
fn split_password(url: &str) -> (String, Option<String>) {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (who, place) = rest.split_once('@')?;
        let (user, secret) = who.split_once(':')?;
        Some((format!("{scheme}://{user}@{place}"), Some(secret.to_owned())))
    });
    parts.unwrap_or_else(|| (url.to_owned(), None))
}

fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))
}

/// Copies a folder's files that are not there yet or differ in length; a folder that does not exist has none.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    make_private(to)?;
    for file in list_files(from)? {
        let target = to.join(file.strip_prefix(from)?);
        // A file that is being written: its finished form comes with the next copy.
        let is_unfinished = file.extension().is_some_and(|end| end == "part");
        let is_same =
            fs::metadata(&target).is_ok_and(|known| fs::metadata(&file).is_ok_and(|now| now.len() == known.len()));
        if is_unfinished || is_same {
            continue;
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        match fs::copy(&file, &target) {
            // A partial tile may have given way to its full form meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            outcome => drop(outcome.with_context(|| format!("{} cannot be written", target.display()))?),
        }
    }
    Ok(())
}
