//! Cosignatures: a signed head is shown to the policy's witnesses, and published once enough of them have cosigned it.
//!
//! All are asked at the same time, each on a thread of its own. A witness that hangs is not asked twice and holds
//! nobody up as long as the others make the quorum.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use ledger::checkpoint::Checkpoint;
use ledger::key::VerifierKey;
use ledger::merkle::prove_consistency;
use ledger::note::{Note, Signature};
use ledger::policy::Policy;
use ledger::tile::TileNodes;
use ledger::witness::{AddCheckpoint, CosignatureLines, SIZE_CONTENT_TYPE, parse_size};

use super::LogFiles;
use crate::remote::Remote;

/// With a quorum, this long for each further line: one more witness is worth a moment, not a round.
const GRACE: Duration = Duration::from_millis(250);

/// The witnesses of a policy, and how far each has come with this log.
pub struct Witnesses {
    policy: Policy,
    remote: Arc<dyn Remote>,
    asked: Vec<Asked>,
}

/// A witness with an address.
struct Asked {
    name: String,
    key: VerifierKey,
    url: String,
    /// The size it is known to have cosigned last.
    cosigned: u64,
    busy: Arc<AtomicBool>,
    /// Why it did not cosign last time; told once.
    trouble: Option<String>,
}

/// The policy's witnesses that have an address can never make its quorum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy's quorum needs more witnesses than those with an address ({reachable}): give each a url")]
pub struct QuorumUnreachable {
    /// Witnesses with an address.
    pub reachable: usize,
}

/// Too few cosignatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// Witnesses that cosigned.
    pub got: usize,
    /// The others, and why not.
    pub troubles: Vec<(String, Trouble)>,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} witnesses cosigned, which is not the policy's quorum", self.got)?;
        self.troubles.iter().try_for_each(|(name, trouble)| write!(f, "; {name}: {trouble}"))
    }
}

/// Why a witness did not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It was not reached.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// It refused.
    #[error("refused with status {status}: {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The first line of its words.
        said: String,
    },
    /// It has cosigned a larger tree of this log than there is here.
    #[error(
        "it has cosigned size {size} of this log, which is larger than the log here: the log was set back, or another writer has its key"
    )]
    Ahead {
        /// The size it names.
        size: u64,
    },
    /// Its answer is not one, or its line is false.
    #[error("its answer is refused: {0}")]
    Answer(String),
    /// The proof from its size could not be made.
    #[error("no proof from size {from}: {why}")]
    Proof {
        /// The size it cosigned last.
        from: u64,
        /// Why.
        why: String,
    },
    /// It still has not answered the time before.
    #[error("it has not answered the last request yet")]
    Busy,
}

type Outcome = (usize, Result<Signature, Trouble>);

impl Witnesses {
    /// Takes a policy whose quorum its witnesses with an address can make.
    ///
    /// # Errors
    /// [`QuorumUnreachable`].
    pub fn new(policy: Policy, remote: Arc<dyn Remote>) -> Result<Self, QuorumUnreachable> {
        let asked: Vec<Asked> = policy
            .witnesses()
            .iter()
            .filter_map(|witness| {
                let url = witness.url.as_ref()?.trim_end_matches('/').to_owned();
                let (name, key) = (witness.name.clone(), witness.key.clone());
                Some(Asked { name, key, url, cosigned: 0, busy: Arc::default(), trouble: None })
            })
            .collect();
        if policy.is_quorum(asked.iter().map(|witness| witness.name.as_str())) {
            Ok(Self { policy, remote, asked })
        } else {
            Err(QuorumUnreachable { reachable: asked.len() })
        }
    }

    /// Whether a note carries the quorum's lines.
    pub fn is_quorum(&self, note: &Note) -> bool {
        let cosigners = self.policy.list_cosigners(note).unwrap_or_default();
        self.policy.is_quorum(cosigners.iter().map(|cosigner| cosigner.name.as_str()))
    }

    /// The note with the lines of a quorum, and of whoever else was quick.
    pub(super) fn gather(&mut self, note: &Note, files: &LogFiles) -> Result<Note, Shortfall> {
        let size = note.text().parse::<Checkpoint>().map_or(0, |checkpoint| checkpoint.size());
        let answers = self.ask_all(note, size, files);
        let mut lines: BTreeMap<usize, Signature> = BTreeMap::new();
        let mut troubles: BTreeMap<usize, Trouble> = BTreeMap::new();
        loop {
            let is_quorum = self.policy.is_quorum(lines.keys().map(|at| self.asked[*at].name.as_str()));
            let next = if is_quorum { answers.recv_timeout(GRACE).ok() } else { answers.recv().ok() };
            let Some((at, outcome)) = next else { break };
            match outcome {
                Ok(line) => drop(lines.insert(at, line)),
                Err(trouble) => drop(troubles.insert(at, trouble)),
            }
        }
        self.note_troubles(size, &lines, &troubles);
        let mut cosigned = note.clone();
        for line in lines.values() {
            // A key of the policy is listed once, so its line is no duplicate.
            if let Ok(with) = cosigned.clone().with(line.clone()) {
                cosigned = with;
            }
        }
        if self.is_quorum(&cosigned) {
            return Ok(cosigned);
        }
        let named = |(at, trouble): (usize, Trouble)| (self.asked[at].name.clone(), trouble);
        Err(Shortfall { got: lines.len(), troubles: troubles.into_iter().map(named).collect() })
    }

    fn ask_all(&self, note: &Note, size: u64, files: &LogFiles) -> Receiver<Outcome> {
        let (tell, answers) = mpsc::channel();
        for (at, witness) in self.asked.iter().enumerate() {
            if witness.busy.swap(true, Ordering::AcqRel) {
                drop(tell.send((at, Err(Trouble::Busy))));
                continue;
            }
            let request = Request {
                remote: Arc::clone(&self.remote),
                url: format!("{}/add-checkpoint", witness.url),
                key: witness.key.clone(),
                note: note.clone(),
                size,
                files: files.clone(),
            };
            let (failed, busy, known) = (tell.clone(), Arc::clone(&witness.busy), witness.cosigned.min(size));
            let tell = tell.clone();
            let asking = move || {
                let outcome = request.ask(known);
                busy.store(false, Ordering::Release);
                // Nobody listens any more where the quorum was quicker.
                drop(tell.send((at, outcome)));
            };
            let name = format!("ask-{}", witness.name);
            if let Err(error) = thread::Builder::new().name(name).spawn(asking) {
                witness.busy.store(false, Ordering::Release);
                drop(failed.send((at, Err(Trouble::Unreachable(error.to_string())))));
            }
        }
        answers
    }

    /// Remembers how far each has come, and tells troubles as they come and go.
    fn note_troubles(&mut self, size: u64, lines: &BTreeMap<usize, Signature>, troubles: &BTreeMap<usize, Trouble>) {
        for (at, witness) in self.asked.iter_mut().enumerate() {
            if lines.contains_key(&at) {
                witness.cosigned = size;
                if witness.trouble.take().is_some() {
                    tracing::info!(witness = witness.name, size, "the witness cosigns again");
                }
            } else if let Some(trouble) = troubles.get(&at) {
                let text = trouble.to_string();
                if witness.trouble.as_ref() != Some(&text) {
                    tracing::warn!(witness = witness.name, size, trouble = text, "the witness did not cosign");
                    witness.trouble = Some(text);
                }
            }
        }
    }
}

/// One witness to be asked about one head.
struct Request {
    remote: Arc<dyn Remote>,
    url: String,
    key: VerifierKey,
    note: Note,
    size: u64,
    files: LogFiles,
}

impl Request {
    /// Asks from the size it is thought to have cosigned; where it names another, once more from there.
    fn ask(&self, mut old: u64) -> Result<Signature, Trouble> {
        let mut is_second = false;
        loop {
            let body = self.body(old)?;
            let reply = self.remote.post(&self.url, body.as_bytes()).map_err(|error| Trouble::Unreachable(error.0))?;
            match reply.status {
                200 => return self.line(&reply.body),
                409 => {
                    let refused = || Trouble::Refused { status: 409, said: reply.excerpt() };
                    let is_size =
                        reply.content_type.split(';').next().is_some_and(|kind| kind.trim() == SIZE_CONTENT_TYPE);
                    let theirs = parse_size(&reply.body).filter(|_| is_size).ok_or_else(refused)?;
                    if theirs > self.size {
                        return Err(Trouble::Ahead { size: theirs });
                    }
                    if is_second || theirs == old {
                        return Err(refused());
                    }
                    (old, is_second) = (theirs, true);
                }
                status => return Err(Trouble::Refused { status, said: reply.excerpt() }),
            }
        }
    }

    fn body(&self, old: u64) -> Result<String, Trouble> {
        let trouble = |why: String| Trouble::Proof { from: old, why };
        let proof = if old == 0 {
            Vec::new()
        } else {
            let mut nodes = TileNodes::new(&self.files, self.size);
            prove_consistency(&mut nodes, old, self.size).map_err(|error| trouble(format!("{error:?}")))?
        };
        let request = AddCheckpoint::new(old, proof, self.note.clone()).map_err(|error| trouble(error.to_string()))?;
        Ok(request.to_string())
    }

    /// The witness's line, which is merged only where it holds.
    fn line(&self, body: &[u8]) -> Result<Signature, Trouble> {
        let refused = |error: ledger::witness::AnswerError| Trouble::Answer(error.to_string());
        let lines = CosignatureLines::parse(body).map_err(refused)?;
        lines.find_by(&self.key, &self.note).map(|(line, _)| line).map_err(refused)
    }
}
