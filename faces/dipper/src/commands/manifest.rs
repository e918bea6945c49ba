//! The manifest of a backup: when it was made, and every file with its SHA-256.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use model::Instant;
use sha2::{Digest, Sha256};

/// Its name.
const MANIFEST: &str = "MANIFEST";

/// Begins the first line, before the instant. Backups of earlier versions have no such line.
const MADE_AT: &str = "# dipper backup made at ";

/// What a backup says of itself.
pub struct Manifest {
    /// When it was made, where it says so.
    pub made_at: Option<Instant>,
    /// SHA-256 and name of every file.
    files: Vec<(String, String)>,
}

impl Manifest {
    /// Names every file of a folder in a manifest beside them; how many.
    pub fn write(folder: &Path, made_at: Instant) -> anyhow::Result<usize> {
        let files = list_files(folder)?;
        let mut manifest = fs::File::create(folder.join(MANIFEST))?;
        writeln!(manifest, "{MADE_AT}{made_at}")?;
        for file in &files {
            fs::File::open(file)?.sync_all()?;
            writeln!(manifest, "{}  {}", digest(file)?, file.strip_prefix(folder)?.display())?;
        }
        manifest.sync_all()?;
        Ok(files.len())
    }

    /// Whether a folder has one.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(MANIFEST).is_file()
    }

    /// Reads it; no file is looked at yet.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(folder.join(MANIFEST))
            .with_context(|| format!("{} is not a backup: it has no {MANIFEST}", folder.display()))?;
        let mut manifest = Self { made_at: None, files: Vec::new() };
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(made_at) = line.strip_prefix(MADE_AT).filter(|_| number == 1) {
                let made_at = made_at.parse().map_err(|_| anyhow::anyhow!("{MANIFEST}:1 has no instant"))?;
                manifest.made_at = Some(made_at);
                continue;
            }
            let (digest, name) = line.split_once("  ").with_context(|| format!("{MANIFEST}:{number} is damaged"))?;
            if Path::new(name).is_absolute() || name.split('/').any(|part| part == "..") {
                bail!("{MANIFEST}:{number} names a file outside the backup");
            }
            manifest.files.push((digest.to_owned(), name.to_owned()));
        }
        Ok(manifest)
    }

    /// Checks that every file it names is there as it was; how many.
    pub fn check(&self, folder: &Path) -> anyhow::Result<usize> {
        for (expected, name) in &self.files {
            let found = digest(&folder.join(name)).with_context(|| format!("{name} is missing"))?;
            if found != *expected {
                bail!("{name} is damaged: its SHA-256 is not the one in {MANIFEST}");
            }
        }
        Ok(self.files.len())
    }

    /// Checks that, and that there is nothing else in the folder.
    pub fn check_whole(&self, folder: &Path) -> anyhow::Result<()> {
        self.check(folder)?;
        let named: BTreeSet<PathBuf> = self.files.iter().map(|(_, name)| folder.join(name)).collect();
        let stranger = list_files(folder)?.into_iter().find(|file| !named.contains(file) && !file.ends_with(MANIFEST));
        match stranger {
            Some(file) => bail!("{} is no part of the backup", file.display()),
            None => Ok(()),
        }
    }
}

/// Every file below a folder, by name. Links are files: nothing outside is looked at.
pub fn list_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
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
