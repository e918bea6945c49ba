//! Following a log from outside, as an auditor does: nothing but its address and a memory of the last visit.
//!
//! Each visit checks the signature and the policy's quorum, that the log still begins with what it showed before,
//! that its entries give its tiles and its root, and that its witnesses saw the same. What contradicts is kept.

mod memory;
mod tiles;
mod words;

use std::io;
use std::path::Path;

use ledger::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use ledger::hash::{Hash, sha256};
use ledger::key::{KeyError, VerifierKey};
use ledger::merkle::{prove_consistency, verify_consistency};
use ledger::note::{MAX_NOTE_BYTES, Note, NoteError};
use ledger::policy::Policy;
use ledger::tile::TileNodes;
use model::Text;

use crate::anchor::{self, Anchor, Certificate, TokenError};
use crate::remote::Remote;
use memory::{Memory, Remembered};
use tiles::{RemoteTiles, walk};

/// Anchors looked at in one visit at most, the newest; there is one an hour.
const ANCHORS_A_VISIT: usize = 200;

/// Longest list of anchors: a year of hours with 20 digits each has 184 kB.
const LIST_MAX: usize = 4 * 1_024 * 1_024;

/// What a visit found in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The root.
    pub root: Hash,
    /// Entries at the visit before; `None` at the first.
    pub before: Option<u64>,
    /// Entries whose hashes were computed in this visit.
    pub entries: u64,
    /// Witnesses of the policy that cosigned.
    pub cosigners: Vec<String>,
    /// Witnesses asked, and what each showed.
    pub witnesses: Vec<(String, Seen)>,
    /// Its anchors since the visit before, each of which the log begins with.
    pub anchors: Vec<Anchor>,
    /// Whether the key came from the server that it judges: true at a first visit without a policy.
    pub took_key: bool,
}

/// What a witness shows of the log; a contradiction is a [`FollowError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A tree of this size, which the log begins with.
    Agrees(u64),
    /// A larger tree than the log shows; it may be on its way.
    Ahead(u64),
    /// Nothing of this log.
    Nothing,
    /// It was not reached, or its answer is none.
    Silent(String),
}

/// What a visit found wrong.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The server does not answer as a log does.
    #[error("{what} cannot be read: {why}")]
    Unreadable {
        /// What was asked for.
        what: String,
        /// Why not.
        why: String,
    },
    /// The key offered is none.
    #[error("the log's key is refused: {0}")]
    Key(#[from] KeyError),
    /// The policy does not name the log.
    #[error("the policy does not name the log {origin}")]
    UnknownLog {
        /// Its origin.
        origin: String,
    },
    /// The checkpoint does not open with the log's key.
    #[error("the checkpoint does not open with the log's key: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A known witness's line is false.
    #[error("a signature on the checkpoint is false: {0}")]
    Signatures(#[from] NoteError),
    /// Too few witnesses.
    #[error("{got} known witnesses cosigned the checkpoint; that is not the policy's quorum")]
    NoQuorum {
        /// How many did.
        got: usize,
    },
    /// The log has become smaller.
    #[error(
        "the log shows {now} entries, it showed {before} before: it was set back or shows two faces; both heads are kept"
    )]
    Shrunk {
        /// Entries before.
        before: u64,
        /// Entries now.
        now: u64,
    },
    /// The log does not begin with what it showed.
    #[error(
        "the log of {now} entries does not begin with the {before} that {who} has seen: it shows two faces; both heads are kept"
    )]
    Fork {
        /// Who saw the other face: `this auditor`, or a witness.
        who: String,
        /// Entries seen then.
        before: u64,
        /// Entries now.
        now: u64,
    },
    /// The entries do not give a tile or the root.
    #[error("{what} is not what the entries give")]
    NotDerived {
        /// A tile, or the root.
        what: String,
    },
    /// A time stamp of a checkpoint does not hold.
    #[error("the anchor of size {size} does not hold: {why}")]
    Anchor {
        /// Entries stamped.
        size: u64,
        /// What is wrong.
        why: TokenError,
    },
    /// The auditor's own memory is damaged.
    #[error("the memory of earlier visits is damaged: {0}; restore it, or begin anew in an empty folder")]
    Memory(String),
    /// The folder of earlier visits cannot be used.
    #[error("the folder of earlier visits cannot be used: {0}")]
    Disk(#[from] io::Error),
}

impl Followed {
    /// In the words of the city's languages.
    pub fn words(&self) -> Text {
        words::followed(self)
    }
}

impl FollowError {
    /// In the words of the city's languages.
    pub fn words(&self) -> Text {
        words::fault(self)
    }
}

/// Visits the log at `url`, holds it against a policy (or, without one, against the key it showed first) and against
/// the last visit, and remembers this one in `memory`. `trusted` are roots of time-stamping authorities: with none, a
/// time stamp is checked against the certificate it carries only.
///
/// # Errors
/// [`FollowError`] naming the first fault; the visit before stays the one remembered.
pub fn follow(
    remote: &dyn Remote,
    url: &str,
    policy: Option<&Policy>,
    trusted: &[Certificate],
    memory: &Path,
) -> Result<Followed, FollowError> {
    let url = url.trim_end_matches('/');
    let bytes = get(remote, &format!("{url}/checkpoint"), MAX_NOTE_BYTES)?;
    let claimed: Checkpoint = Note::parse(&bytes)?.text().parse()?;
    let memory = Memory::open(memory, claimed.origin())?;
    let remembered = memory.find()?;
    let (keys, took_key) = trusted_keys(remote, url, claimed.origin(), policy, remembered.as_ref())?;
    let signed = SignedCheckpoint::open(&bytes, claimed.origin(), &keys)?;
    let cosigners = quorum(policy, signed.note())?;
    let mut visit = Visit { remote, url, memory: &memory, keys: &keys, signed: &signed };
    let before = remembered.as_ref().map(|known| visit.open_known(known)).transpose()?;
    if let Some(before) = &before {
        visit.holds_against(before, "this auditor")?;
    }
    let (entries, settled) = visit.rederive(remembered.as_ref())?;
    let witnesses = visit.ask_witnesses(policy)?;
    let since = before.as_ref().map_or(0, |before| before.checkpoint().size());
    let anchors = visit.check_anchors(since, trusted)?;
    memory.keep(&Remembered { key: keys[0].clone(), settled, note: signed.note().to_string() })?;
    let stated = signed.checkpoint();
    Ok(Followed {
        origin: stated.origin().to_owned(),
        size: stated.size(),
        root: stated.root(),
        before: before.map(|before| before.checkpoint().size()),
        entries,
        cosigners,
        witnesses,
        anchors,
        took_key,
    })
}

/// The keys to judge by: the policy's, or the one of the first visit, or, at the first, the one the server shows.
fn trusted_keys(
    remote: &dyn Remote,
    url: &str,
    origin: &str,
    policy: Option<&Policy>,
    remembered: Option<&Remembered>,
) -> Result<(Vec<VerifierKey>, bool), FollowError> {
    if let Some(policy) = policy {
        let named = policy.logs().iter().map(|log| &log.key).filter(|key| key.name().as_str() == origin);
        let keys: Vec<VerifierKey> = named.cloned().collect();
        let unknown = || FollowError::UnknownLog { origin: origin.to_owned() };
        return if keys.is_empty() { Err(unknown()) } else { Ok((keys, false)) };
    }
    if let Some(known) = remembered {
        return Ok((vec![known.key.clone()], false));
    }
    let text = get(remote, &format!("{url}/key"), 1_024)?;
    Ok((vec![String::from_utf8_lossy(&text).trim().parse()?], true))
}

fn quorum(policy: Option<&Policy>, note: &Note) -> Result<Vec<String>, FollowError> {
    let Some(policy) = policy else { return Ok(Vec::new()) };
    let cosigners: Vec<String> = policy.list_cosigners(note)?.into_iter().map(|cosigner| cosigner.name).collect();
    if policy.is_quorum(cosigners.iter().map(String::as_str)) {
        Ok(cosigners)
    } else {
        Err(FollowError::NoQuorum { got: cosigners.len() })
    }
}

fn get(remote: &dyn Remote, what: &str, limit: usize) -> Result<Vec<u8>, FollowError> {
    let unreadable = |why: String| FollowError::Unreadable { what: what.to_owned(), why };
    let reply = remote.get(what, limit).map_err(|error| unreadable(error.0))?;
    if reply.status == 200 { Ok(reply.body) } else { Err(unreadable(format!("status {}", reply.status))) }
}

/// One visit, once its checkpoint is known to be signed.
struct Visit<'a> {
    remote: &'a dyn Remote,
    url: &'a str,
    memory: &'a Memory,
    keys: &'a [VerifierKey],
    signed: &'a SignedCheckpoint,
}

impl Visit<'_> {
    fn open_known(&self, known: &Remembered) -> Result<SignedCheckpoint, FollowError> {
        let opened = SignedCheckpoint::open(known.note.as_bytes(), self.signed.checkpoint().origin(), self.keys);
        opened.map_err(|error| FollowError::Memory(error.to_string()))
    }

    /// The log must begin with a tree that it signed before; both heads are kept where it does not.
    fn holds_against(&mut self, other: &SignedCheckpoint, who: &str) -> Result<(), FollowError> {
        let (old, new) = (other.checkpoint(), self.signed.checkpoint());
        let (before, now) = (old.size(), new.size());
        let fault = if now < before {
            Some(FollowError::Shrunk { before, now })
        } else if !self.extends(old)? {
            Some(FollowError::Fork { who: who.to_owned(), before, now })
        } else {
            None
        };
        let Some(fault) = fault else { return Ok(()) };
        self.memory.keep_fault(other.note(), self.signed.note())?;
        Err(fault)
    }

    fn extends(&self, old: &Checkpoint) -> Result<bool, FollowError> {
        let new = self.signed.checkpoint();
        if old.size() == 0 {
            return Ok(true);
        }
        let mut nodes = TileNodes::new(RemoteTiles::new(self.remote, self.url), new.size());
        let proof = prove_consistency(&mut nodes, old.size(), new.size());
        let proof = proof.map_err(|error| FollowError::Unreadable {
            what: format!("{}/tile", self.url),
            why: tiles::reason(&error),
        })?;
        Ok(verify_consistency(old.size(), new.size(), &old.root(), &new.root(), &proof).is_ok())
    }

    /// Computes the tree from the entries behind what earlier visits computed.
    fn rederive(&self, remembered: Option<&Remembered>) -> Result<(u64, (u64, Hash)), FollowError> {
        let from = remembered.map_or((0, Hash::EMPTY_ROOT), |known| known.settled);
        walk(&RemoteTiles::new(self.remote, self.url), from, self.signed.checkpoint())
    }

    /// What the witnesses' own servers show must be part of this log.
    fn ask_witnesses(&mut self, policy: Option<&Policy>) -> Result<Vec<(String, Seen)>, FollowError> {
        let mut shown = Vec::new();
        for witness in policy.map_or(&[][..], Policy::witnesses) {
            let Some(url) = &witness.url else { continue };
            let hash = sha256(self.signed.checkpoint().origin().as_bytes()).to_hex();
            let what = format!("{}/{hash}/checkpoint", url.trim_end_matches('/'));
            let seen = match self.remote.get(&what, MAX_NOTE_BYTES) {
                Err(error) => Seen::Silent(error.0),
                Ok(reply) if reply.status == 404 => Seen::Nothing,
                Ok(reply) if reply.status != 200 => Seen::Silent(format!("status {}", reply.status)),
                Ok(reply) => self.compare(&witness.name, &witness.key, &reply.body)?,
            };
            shown.push((witness.name.clone(), seen));
        }
        Ok(shown)
    }

    /// What was stamped since a size must be part of this log. A log without anchors has no list of them.
    fn check_anchors(&mut self, since: u64, trusted: &[Certificate]) -> Result<Vec<Anchor>, FollowError> {
        let list = self.remote.get(&format!("{}/anchors/list", self.url), LIST_MAX).map_err(|error| error.0);
        let Ok(list) = list else { return Ok(Vec::new()) };
        if list.status != 200 {
            return Ok(Vec::new());
        }
        let list = String::from_utf8_lossy(&list.body).into_owned();
        let sizes = list.lines().rev().filter_map(|line| line.parse::<u64>().ok());
        let mut anchors = Vec::new();
        for size in sizes.take_while(|size| since < *size).take(ANCHORS_A_VISIT) {
            let checkpoint = get(self.remote, &format!("{}/anchors/{size}.checkpoint", self.url), MAX_NOTE_BYTES)?;
            let answer = get(self.remote, &format!("{}/anchors/{size}.tsr", self.url), anchor::ANSWER_MAX)?;
            let stamped = anchor::open_time_stamp(&answer, &anchor::imprint(&checkpoint), None, trusted);
            let stamped = stamped.map_err(|why| FollowError::Anchor { size, why })?;
            let origin = self.signed.checkpoint().origin();
            let signed = SignedCheckpoint::open(&checkpoint, origin, self.keys)?;
            // Stamped while this visit was under way.
            if self.signed.checkpoint().size() < signed.checkpoint().size() && signed.checkpoint().size() == size {
                continue;
            }
            self.holds_against(&signed, "a time-stamping authority")?;
            let (size, root) = (signed.checkpoint().size(), signed.checkpoint().root());
            anchors.push(Anchor { size, root, stamped });
        }
        anchors.reverse();
        Ok(anchors)
    }

    fn compare(&mut self, name: &str, key: &VerifierKey, bytes: &[u8]) -> Result<Seen, FollowError> {
        let opened = SignedCheckpoint::open(bytes, self.signed.checkpoint().origin(), self.keys);
        let other = match opened {
            Ok(other) if other.note().verify(std::slice::from_ref(key)).is_ok() => other,
            Ok(_) => return Ok(Seen::Silent("its line on the checkpoint does not hold".to_owned())),
            Err(error) => return Ok(Seen::Silent(error.to_string())),
        };
        let (theirs, ours) = (other.checkpoint().size(), self.signed.checkpoint().size());
        if theirs > ours {
            return Ok(Seen::Ahead(theirs));
        }
        self.holds_against(&other, name)?;
        Ok(Seen::Agrees(theirs))
    }
}
