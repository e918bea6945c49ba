//! `dipper backup` and `dipper restore`: a folder with everything a city needs to stand again.
//!
//! The ledger is copied before the database, so that the copy never holds entries of events it lacks. Every file is
//! named in `MANIFEST` with its SHA-256; a restore checks all of them before it writes anything.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use store::DatabaseUrl;

use crate::config::Config;
use crate::runtime::open_store;

const MANIFEST: &str = "MANIFEST";
const SQLITE_FILE: &str = "dipper.db";
const POSTGRES_FILE: &str = "dipper.pgdump";

/// Folders of the data folder that are copied as they are.
const FOLDERS: [&str; 3] = ["ledger", "evidence", "keys"];

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
    // First the ledger, last the database: it then holds every event that the ledger has sealed.
    for folder in FOLDERS {
        copy_folder(&config.data.join(folder), &partial.join(folder))?;
    }
    // Once more: a partial tile may have given way to its full form after the folder was listed.
    copy_folder(&config.data.join("ledger"), &partial.join("ledger"))?;
    match config.database()? {
        DatabaseUrl::Sqlite(_) => {
            let store = open_store(config)?;
            let copied = store.backup_to(&partial.join(SQLITE_FILE));
            store.close();
            copied?;
        }
        url @ DatabaseUrl::Postgres(_) => {
            run_tool("pg_dump", &url, &["--format=custom", "--no-owner", "--file"], &partial.join(POSTGRES_FILE))?
        }
    }
    // Files sealed or uploaded while the database was copied: the copy may name them.
    copy_folder(&config.data.join("evidence"), &partial.join("evidence"))?;
    let files = write_manifest(&partial)?;
    fs::rename(&partial, to)?;
    println!("{}: {files} files", to.display());
    Ok(ExitCode::SUCCESS)
}

/// Checks a backup and puts it into an empty data folder (and, for PostgreSQL, an empty database).
pub fn restore(config: &Config, from: &Path) -> anyhow::Result<ExitCode> {
    let files = check_manifest(from)?;
    if config.data.exists() && fs::read_dir(&config.data)?.next().is_some() {
        bail!("the data folder {} is not empty; restore into an empty one", config.data.display());
    }
    make_private(&config.data)?;
    for folder in FOLDERS {
        copy_folder(&from.join(folder), &config.data.join(folder))?;
    }
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
    println!("{}: {files} files checked and restored", config.data.display());
    Ok(ExitCode::SUCCESS)
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

fn list_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn digest(path: &Path) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut fs::File::open(path)?, &mut HashWriter(&mut hasher))?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn write_manifest(folder: &Path) -> anyhow::Result<usize> {
    let files = list_files(folder)?;
    let mut manifest = fs::File::create(folder.join(MANIFEST))?;
    for file in &files {
        fs::File::open(file)?.sync_all()?;
        writeln!(manifest, "{}  {}", digest(file)?, file.strip_prefix(folder)?.display())?;
    }
    manifest.sync_all()?;
    Ok(files.len())
}

fn check_manifest(folder: &Path) -> anyhow::Result<usize> {
    let text = fs::read_to_string(folder.join(MANIFEST))
        .with_context(|| format!("{} is not a backup: it has no {MANIFEST}", folder.display()))?;
    for (number, line) in (1..).zip(text.lines()) {
        let (expected, name) = line.split_once("  ").with_context(|| format!("{MANIFEST}:{number} is damaged"))?;
        let is_inside = !Path::new(name).is_absolute() && !name.split('/').any(|part| part == "..");
        if !is_inside {
            bail!("{MANIFEST}:{number} names a file outside the backup");
        }
        let found = digest(&folder.join(name)).with_context(|| format!("{name} is missing"))?;
        if found != expected {
            bail!("{name} is damaged: its SHA-256 is not the one in {MANIFEST}");
        }
    }
    Ok(text.lines().count())
}
