//! Evidence: refused checkpoints that the log itself has signed, beside what was cosigned at the time.
//!
//! `evidence/<hash of the origin>/<number>-<kind>-<size>-<root>.request` is the request as it came, `….cosigned` the
//! log-signed checkpoint that this witness held then. A `fork` (one size, two roots) proves by itself that the log
//! showed two faces; anybody can make a `refused` one by sending a true checkpoint with a wrong proof, so those give
//! way to newer ones and forks do not.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::hash::Hash;
use ledger::witness::{Admitted, Refusal, Seen};

use super::state::file_name;
use crate::ledger::Disk;

/// Forks kept of one log; one would convict it.
const FORKS: usize = 64;
/// Other refused checkpoints kept of one log: the newest.
const OTHERS: usize = 64;

/// The evidence of one log.
pub(super) struct Evidence {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    kept: VecDeque<Kept>,
    next: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    number: u64,
    is_fork: bool,
    size: u64,
    /// Root in hexadecimal.
    root: String,
}

impl Kept {
    fn stem(&self) -> String {
        let kind = if self.is_fork { "fork" } else { "refused" };
        format!("{:08}-{kind}-{}-{}", self.number, self.size, self.root)
    }

    fn parse(stem: &str) -> Option<Self> {
        let mut parts = stem.splitn(4, '-');
        let number = parts.next()?.parse().ok()?;
        let is_fork = match parts.next()? {
            "fork" => true,
            "refused" => false,
            _ => return None,
        };
        Some(Self { number, is_fork, size: parts.next()?.parse().ok()?, root: parts.next()?.to_owned() })
    }
}

impl Evidence {
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, origin: &str) -> io::Result<Self> {
        let folder = folder.join("evidence").join(file_name(origin));
        let mut kept: Vec<Kept> = match fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            entries => entries?
                .filter_map(|entry| Kept::parse(entry.ok()?.file_name().to_str()?.strip_suffix(".request")?))
                .collect(),
        };
        kept.sort_by_key(|kept| kept.number);
        let next = kept.last().map_or(1, |kept| kept.number + 1);
        Ok(Self { disk, folder, kept: kept.into(), next })
    }

    /// Keeps a refused request, unless it tells nothing: a larger tree asked about from the wrong size is asked about
    /// again, and the tree cosigned last is known.
    pub fn keep(&mut self, admitted: &Admitted, refusal: &Refusal, seen: Option<&Seen>) -> io::Result<()> {
        let checkpoint = admitted.request().checkpoint();
        let (size, root): (u64, Hash) = (checkpoint.size(), checkpoint.root());
        let is_known = seen.is_some_and(|seen| (seen.size(), seen.root()) == (size, root));
        let is_asked_again = refusal.conflict_size().is_some_and(|cosigned| size > cosigned);
        let root = root.to_hex();
        if is_known || is_asked_again || self.kept.iter().any(|kept| kept.size == size && kept.root == root) {
            return Ok(());
        }
        let is_fork =
            seen.is_some_and(|seen| admitted.is_fork_of(seen)) || self.kept.iter().any(|kept| kept.size == size);
        if !self.make_room(is_fork)? {
            return Ok(());
        }
        let kept = Kept { number: self.next, is_fork, size, root };
        self.disk.make_folder(&self.folder)?;
        let path = |end: &str| self.folder.join(format!("{}.{end}", kept.stem()));
        if let Some(seen) = seen {
            self.disk.write(&path("cosigned"), seen.note().to_string().as_bytes())?;
        }
        self.disk.write(&path("request"), admitted.request().to_string().as_bytes())?;
        self.disk.sync_folder(&self.folder)?;
        tracing::warn!(log = checkpoint.origin(), size, fork = is_fork, %refusal, "a signed checkpoint was refused and kept");
        self.next += 1;
        self.kept.push_back(kept);
        Ok(())
    }

    /// Whether there is room for one more of its kind; the oldest that proves nothing by itself makes it.
    fn make_room(&mut self, is_fork: bool) -> io::Result<bool> {
        let count = self.kept.iter().filter(|kept| kept.is_fork == is_fork).count();
        if is_fork {
            return Ok(count < FORKS);
        }
        if count < OTHERS {
            return Ok(true);
        }
        let is_paired = |one: &Kept| self.kept.iter().any(|fork| fork.is_fork && fork.size == one.size);
        let Some(at) = self.kept.iter().position(|kept| !kept.is_fork && !is_paired(kept)) else { return Ok(false) };
        if let Some(oldest) = self.kept.remove(at) {
            for end in ["request", "cosigned"] {
                self.disk.remove(&self.folder.join(format!("{}.{end}", oldest.stem())))?;
            }
        }
        Ok(true)
    }
}
