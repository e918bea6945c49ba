//! The sealer: the consumer that turns events into entries, in the order of their positions.
//!
//! A round goes: pool → the tree after it → staging bundle, synced → sign → compare and swap the head in the
//! database → tiles and bundles, synced → cosignatures to the quorum → publish `checkpoint` → remove partial tiles →
//! drop staging. A crash at any arrow is mended by the next start; see `recover`. It refuses to sign what would be a
//! second history: after a restored backup, beside another writer, with a clock that stands still.

use std::fs::File;
use std::sync::Arc;

use ledger::SigningKey;
use ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger::key::{KeyName, VerifierKey};
use ledger::note::Note;
use model::{Clock, Instant};
use store::{LedgerHead, Store, StoreError, Tx};

use super::LogFiles;
use super::error::SealError;
use super::gather::Witnesses;
use super::grow::{Grown, Tip};
use super::pool::{Drawn, Pool, ROUND, Scope};
use super::staging::Staged;

/// What a log is: where it lies, under which name and key, of which events, and who watches it.
pub struct LogPlan {
    /// Its folder.
    pub files: LogFiles,
    /// Its origin, which is its key's name.
    pub origin: String,
    /// Its key.
    pub key: SigningKey,
    /// Its events.
    pub scope: Scope,
    /// Witnesses whose quorum must cosign before anything is published; none: it is published at once.
    pub witnesses: Option<Witnesses>,
}

/// What one round published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Entries before.
    pub from: u64,
    /// Entries now.
    pub to: u64,
}

impl Sealed {
    /// Whether the round took as much as a round may: more is waiting, most likely.
    pub fn is_full(&self) -> bool {
        self.to - self.from >= u64::from(ROUND)
    }
}

/// Writes the log. There is one per log: it holds the key and the tree's right edge.
pub struct Sealer {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) files: LogFiles,
    pub(super) name: KeyName,
    pub(super) key: SigningKey,
    pub(super) verifier: VerifierKey,
    pub(super) pool: Pool,
    pub(super) witnesses: Option<Witnesses>,
    /// The tree of the locked head.
    pub(super) tip: Tip,
    /// The locked head; `None` before the first.
    pub(super) head: Option<LedgerHead>,
    /// What is locked and not yet published.
    pub(super) pending: Option<Pending>,
    /// A swap whose outcome the database did not tell.
    pub(super) unsure: Option<Swap>,
    /// Held as long as the sealer lives: two writers could publish a smaller checkpoint after a larger one.
    pub(super) _lock: File,
}

/// A locked head on its way to being published.
pub(super) struct Pending {
    pub from: u64,
    pub to: u64,
    pub note: Note,
    pub files: Vec<(ledger::tile::TileCoord, Vec<u8>)>,
    /// Whether the files are on the disk.
    pub written: bool,
}

/// A head to be locked, with what becomes true then.
pub(super) struct Swap {
    next: LedgerHead,
    note: Note,
    grown: Grown,
    drawn: Drawn,
}

impl Sealer {
    /// The log's verifier key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Entries signed and locked.
    pub fn size(&self) -> u64 {
        self.tip.size()
    }

    /// Seals what has been recorded since the last round, at most 4 096 events; `None` when there is nothing new.
    ///
    /// What an earlier round locked and could not publish is published first. Blocks on disk, database and witnesses.
    ///
    /// # Errors
    /// [`SealError`]; the published checkpoint then still is the one before.
    pub fn seal(&mut self) -> Result<Option<Sealed>, SealError> {
        self.look_again()?;
        if self.pending.is_some() {
            return self.publish();
        }
        let drawn = self.pool.draw(&self.store, ROUND)?;
        if drawn.entries.is_empty() {
            return Ok(None);
        }
        let grown = self.tip.grow(&drawn.entries)?;
        let now = self.advanced_clock()?;
        self.stage(&drawn, &grown)?;
        let note = self.sign(&grown)?;
        let next = LedgerHead {
            log: self.name.as_str().to_owned(),
            size: grown.tip.size(),
            root: grown.tip.root().0,
            note: note.to_string(),
            locked_at: now,
        };
        self.lock(Swap { next, note, grown, drawn })?;
        self.publish()
    }

    /// The clock, which must have moved on since the last head was locked.
    pub(super) fn advanced_clock(&self) -> Result<Instant, SealError> {
        let now = self.clock.now();
        match &self.head {
            Some(head) if now <= head.locked_at => Err(SealError::Clock { now, locked_at: head.locked_at }),
            _ => Ok(now),
        }
    }

    /// Puts the round on the disk, then computes the tree again from what the disk gives back.
    fn stage(&self, drawn: &Drawn, grown: &Grown) -> Result<(), SealError> {
        let staged = Staged {
            from: self.tip.size(),
            to: grown.tip.size(),
            before: self.tip.root(),
            after: grown.tip.root(),
            entries: drawn.entries.clone(),
        };
        self.files.write_staging(&staged.to_bytes())?;
        let flipped = |second| SealError::Flipped { first: grown.tip.root(), second };
        let known = self.head.as_ref().map_or(ledger::hash::Hash::EMPTY_ROOT, |head| ledger::hash::Hash(head.root));
        if self.tip.root() != known {
            return Err(SealError::Flipped { first: known, second: self.tip.root() });
        }
        let read = self.files.read_staging()?.as_deref().and_then(Staged::parse);
        let read = read.filter(|read| read.from == staged.from && read.before == known);
        let again = self.tip.grow(&read.ok_or_else(|| flipped(known))?.entries)?;
        if again == *grown { Ok(()) } else { Err(flipped(again.tip.root())) }
    }

    /// Signs the tree; what was signed is checked before anybody sees it.
    fn sign(&self, grown: &Grown) -> Result<Note, SealError> {
        let checkpoint = Checkpoint::new(self.name.as_str(), grown.tip.size(), grown.tip.root())?;
        let note = checkpoint.sign(&self.name, &self.key)?;
        let bytes = note.to_string();
        let read = SignedCheckpoint::open(bytes.as_bytes(), self.name.as_str(), std::slice::from_ref(&self.verifier))?;
        let second = read.checkpoint().root();
        if *read.checkpoint() == checkpoint {
            Ok(note)
        } else {
            Err(SealError::Flipped { first: grown.tip.root(), second })
        }
    }

    /// Swaps the head in the database: from here on this tree is the log.
    fn lock(&mut self, swap: Swap) -> Result<(), SealError> {
        let previous = self.head.as_ref().map(|head| (head.size, head.root));
        let next = swap.next.clone();
        let swapped = self.store.write_blocking(move |tx: &mut Tx| tx.swap_ledger_head(previous, &next));
        match swapped {
            Ok(true) => {
                self.locked(swap);
                Ok(())
            }
            Ok(false) => Err(self.other_writer()?),
            Err(error) => {
                // It may have been committed all the same: the next round looks before it signs anything.
                self.unsure = Some(swap);
                Err(StoreError::into(error))
            }
        }
    }

    fn locked(&mut self, swap: Swap) {
        let from = self.tip.size();
        self.pool.advance(&swap.drawn);
        self.tip = swap.grown.tip;
        let to = self.tip.size();
        self.pending = Some(Pending { from, to, note: swap.note, files: swap.grown.files, written: false });
        self.head = Some(swap.next);
    }

    /// After a swap of unknown outcome: the database says what became of it.
    fn look_again(&mut self) -> Result<(), SealError> {
        let Some(swap) = &self.unsure else { return Ok(()) };
        let found = self.find_head()?;
        let is =
            |head: &LedgerHead| found.as_ref().is_some_and(|found| found.size == head.size && found.root == head.root);
        let is_next = is(&swap.next);
        let is_previous = self.head.as_ref().map_or(found.is_none(), is);
        if !is_next && !is_previous {
            return Err(self.other_writer()?);
        }
        if let Some(swap) = self.unsure.take().filter(|_| is_next) {
            self.locked(swap);
        }
        Ok(())
    }

    pub(super) fn find_head(&self) -> Result<Option<LedgerHead>, SealError> {
        let log = self.name.as_str().to_owned();
        Ok(self.store.read_blocking(move |db| db.find_ledger_head(&log))?)
    }

    fn other_writer(&self) -> Result<SealError, SealError> {
        let found = self.find_head()?.map_or(0, |head| head.size);
        Ok(SealError::OtherWriter { expected: self.tip.size(), found })
    }

    /// Everything after the lock. What fails is tried again by the next round.
    fn publish(&mut self) -> Result<Option<Sealed>, SealError> {
        let Some(pending) = &mut self.pending else { return Ok(None) };
        if !pending.written {
            let files: Vec<_> =
                pending.files.iter().map(|(coord, bytes)| (coord.to_string(), bytes.as_slice())).collect();
            self.files.write_all(&files)?;
            pending.written = true;
        }
        let note = match &mut self.witnesses {
            None => pending.note.clone(),
            Some(witnesses) => witnesses
                .gather(&pending.note, &self.files)
                .map_err(|shortfall| SealError::NoQuorum { size: pending.to, shortfall })?,
        };
        self.files.write_checkpoint(note.to_string().as_bytes())?;
        for (coord, _) in pending.files.iter().filter(|(coord, _)| coord.is_full()) {
            self.files.remove_partials(*coord)?;
        }
        self.files.remove_staging()?;
        let sealed = Sealed { from: pending.from, to: pending.to };
        self.pending = None;
        Ok(Some(sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::{Database, FixedClock, Story, TickingClock};

    /// Memory that changed between two rounds: the tree in it is no longer the one that was signed.
    #[test]
    fn a_tree_that_changed_in_memory_is_not_signed_on() {
        let (database, dir) = (Database::sqlite(), tempfile::tempdir().unwrap());
        let clock = FixedClock::at("2026-11-23T12:00:00Z");
        let plan = LogPlan {
            files: LogFiles::open(dir.path()).unwrap(),
            origin: "city.example/ledger".to_owned(),
            key: SigningKey::from_bytes(&[5; 32]),
            scope: Scope::City,
            witnesses: None,
        };
        let record = || {
            let at = clock.now();
            database.write_blocking(move |tx: &mut Tx| Story::default().file(tx, at)).unwrap();
        };
        let clock = Arc::new(TickingClock::of(clock.clone()));
        let mut sealer = Sealer::open(database.store().clone(), clock, plan).unwrap();
        record();
        sealer.seal().unwrap();
        let published = sealer.files.read_checkpoint().unwrap();
        let entries = vec![vec![7; 128]; usize::try_from(sealer.size()).unwrap()];
        sealer.tip = Tip::empty().grow(&entries).unwrap().tip;
        record();
        let refused = sealer.seal().unwrap_err();
        assert!(matches!(refused, SealError::Flipped { .. }) && !refused.may_pass(), "{refused}");
        assert_eq!(sealer.files.read_checkpoint().unwrap(), published);
        assert_eq!(sealer.find_head().unwrap().unwrap().size, 2, "nothing was locked");
    }
}
