//! Opening a log: from whatever a crash, a restored backup or another writer left to a tree that may be signed on.
//!
//! The locked head in the database is the truth; the folder has to reach it, by its tiles, its staging bundle or the
//! events themselves. Where it cannot, nothing is changed and the error says what to do.

use std::sync::Arc;

use ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger::commitment::EventLeaf;
use ledger::hash::Hash;
use ledger::key::{KeyKind, KeyName, VerifierKey};
use ledger::note::Note;
use ledger::tile::{bundles_between, tiles_between};
use model::Clock;
use store::{LedgerHead, Store, Tx};

use super::error::SealError;
use super::gather::Witnesses;
use super::grow::{Grown, Tip, last_entry};
use super::pool::{Pool, ROUND, Scope, is_held};
use super::seal::{LogPlan, Pending, Sealer};
use super::staging::Staged;

impl Sealer {
    /// Opens a log, or begins it, and mends what a crash left. What it finds locked and not published is published by
    /// the first round.
    ///
    /// # Errors
    /// [`SealError`] naming what does not fit; nothing is changed then.
    pub fn open(store: Store, clock: Arc<dyn Clock>, plan: LogPlan) -> Result<Self, SealError> {
        let LogPlan { files, origin, key, scope, witnesses } = plan;
        let lock = files.lock()?.ok_or(SealError::InUse)?;
        let name = KeyName::new(&origin)?;
        let verifier = VerifierKey::new(name.clone(), KeyKind::Ed25519, key.verifying_key())?;
        let pool = Pool::after(scope.clone(), None);
        let mut sealer = Self {
            store,
            clock,
            files,
            name,
            key,
            verifier,
            pool,
            witnesses,
            tip: Tip::empty(),
            head: None,
            pending: None,
            unsure: None,
            _lock: lock,
        };
        sealer.recover(scope)?;
        sealer.files.write_key(&sealer.verifier.to_string())?;
        Ok(sealer)
    }

    fn recover(&mut self, scope: Scope) -> Result<(), SealError> {
        let published = self.published()?;
        self.head = self.find_head()?;
        let head_note = self.head.as_ref().map(|head| self.open_head(head)).transpose()?;
        // What a start cannot sign on later, it must refuse now.
        self.advanced_clock()?;
        let (size, root) = published
            .as_ref()
            .map_or((0, Hash::EMPTY_ROOT), |note| (note.checkpoint().size(), note.checkpoint().root()));
        let locked = self.head.as_ref().map(|head| (head.size, Hash(head.root)));
        if let Some((locked, locked_root)) = locked {
            if locked < size {
                return Err(SealError::LockedBehind { published: size, locked });
            }
            if locked == size && locked_root != root {
                return Err(SealError::Fork { size });
            }
        }
        self.tip = Tip::load(&self.files, size, root)?;
        self.pool = Pool::after(scope, self.last_leaf(size)?.as_ref());
        match (published, head_note) {
            (Some(published), None) => self.adopt(&published)?,
            (published, Some(note)) => self.catch_up(published, note)?,
            // A bundle that was staged and never locked: its events wait in the store still.
            (None, None) => {}
        }
        Ok(())
    }

    fn published(&self) -> Result<Option<SignedCheckpoint>, SealError> {
        let Some(bytes) = self.files.read_checkpoint()? else { return Ok(None) };
        Ok(Some(SignedCheckpoint::open(&bytes, self.name.as_str(), std::slice::from_ref(&self.verifier))?))
    }

    /// The locked head's note, which must say what the row says.
    fn open_head(&self, head: &LedgerHead) -> Result<Note, SealError> {
        let signed =
            SignedCheckpoint::open(head.note.as_bytes(), self.name.as_str(), std::slice::from_ref(&self.verifier))
                .map_err(SealError::Head)?;
        let stated: &Checkpoint = signed.checkpoint();
        if stated.size() != head.size || stated.root().0 != head.root {
            return Err(SealError::Flipped { first: Hash(head.root), second: stated.root() });
        }
        Ok(signed.note().clone())
    }

    /// The leaf of the last entry; the store must hold its event.
    fn last_leaf(&self, size: u64) -> Result<Option<EventLeaf>, SealError> {
        if size == 0 {
            return Ok(None);
        }
        let entry = last_entry(&self.files, size)?;
        let leaf = EventLeaf::from_bytes(&entry).map_err(|error| SealError::Tile(error.to_string()))?;
        if is_held(&self.store, &leaf)? { Ok(Some(leaf)) } else { Err(SealError::SetBack { sealed: size }) }
    }

    /// A log from before heads were locked: what it published becomes its first locked head.
    fn adopt(&mut self, published: &SignedCheckpoint) -> Result<(), SealError> {
        let checkpoint = published.checkpoint();
        let note = checkpoint.sign(&self.name, &self.key)?.to_string();
        let (size, root) = (checkpoint.size(), checkpoint.root().0);
        let head = LedgerHead { log: self.name.as_str().to_owned(), size, root, note, locked_at: self.clock.now() };
        let first = head.clone();
        if !self.store.write_blocking(move |tx: &mut Tx| tx.swap_ledger_head(None, &first))? {
            return Err(SealError::OtherWriter { expected: 0, found: self.find_head()?.map_or(0, |head| head.size) });
        }
        self.head = Some(head);
        self.ask_again(published);
        Ok(())
    }

    /// From the published checkpoint to the locked head.
    fn catch_up(&mut self, published: Option<SignedCheckpoint>, note: Note) -> Result<(), SealError> {
        let Some(head) = self.head.clone() else { return Ok(()) };
        let from = self.tip.size();
        if from == head.size {
            // Published; only the cleaning may have been cut short.
            if let Some(staged) = self.staged().filter(|staged| staged.to == from) {
                self.clean(staged.from, from)?;
            }
            published.iter().for_each(|published| self.ask_again(published));
            return Ok(());
        }
        let lost = || SealError::Lost { locked: head.size, published: from };
        let staged = self.staged().filter(|staged| staged.from == from && staged.to == head.size);
        let grown = match staged {
            Some(staged) => self.tip.grow(&staged.entries)?,
            None => self.derive(head.size)?.ok_or_else(lost)?,
        };
        if grown.tip.root().0 != head.root {
            return Err(lost());
        }
        let last = grown.tip.size() - 1;
        let leaf = last_of(&grown, last).ok_or_else(lost)?;
        if !is_held(&self.store, &leaf)? {
            return Err(SealError::SetBack { sealed: head.size });
        }
        self.pool = Pool::after(self.pool.scope().clone(), Some(&leaf));
        self.tip = grown.tip;
        self.pending = Some(Pending { from, to: head.size, note, files: grown.files, written: false });
        Ok(())
    }

    fn staged(&self) -> Option<Staged> {
        self.files.read_staging().ok().flatten().as_deref().and_then(Staged::parse)
    }

    /// The entries up to a size out of the events: what a backup has whose ledger was copied before its database.
    fn derive(&mut self, size: u64) -> Result<Option<Grown>, SealError> {
        let mut entries = Vec::new();
        let missing = size - self.tip.size();
        while (entries.len() as u64) < missing {
            let limit = u32::try_from(missing - entries.len() as u64).unwrap_or(ROUND).min(ROUND);
            let drawn = self.pool.draw(&self.store, limit)?;
            if drawn.entries.is_empty() {
                return Ok(None);
            }
            self.pool.advance(&drawn);
            entries.extend(drawn.entries);
        }
        self.tip.grow(&entries).map(Some)
    }

    /// Removes what a round that was published leaves behind.
    fn clean(&self, from: u64, to: u64) -> Result<(), SealError> {
        for coord in tiles_between(from, to).chain(bundles_between(from, to)).filter(|coord| coord.is_full()) {
            self.files.remove_partials(coord)?;
        }
        Ok(self.files.remove_staging()?)
    }

    /// A checkpoint published before there were witnesses, or before these, is shown to them by the first round.
    fn ask_again(&mut self, published: &SignedCheckpoint) {
        let is_enough = |witnesses: &Witnesses| witnesses.is_quorum(published.note());
        if self.witnesses.as_ref().is_none_or(is_enough) {
            return;
        }
        let size = published.checkpoint().size();
        if let Some(Ok(note)) = self.head.as_ref().map(|head| Note::parse(head.note.as_bytes())) {
            self.pending = Some(Pending { from: size, to: size, note, files: Vec::new(), written: true });
        }
    }
}

/// The last entry of a log that has grown.
fn last_of(grown: &Grown, index: u64) -> Option<EventLeaf> {
    let bundle = grown.files.iter().rev().find(|(coord, _)| coord.kind() == ledger::tile::TileKind::Entries)?;
    debug_assert_eq!(bundle.0.index(), index / 256);
    let entries = ledger::tile::decode_bundle(&bundle.1, bundle.0.width()).ok()?;
    EventLeaf::from_bytes(entries.last()?).ok()
}
