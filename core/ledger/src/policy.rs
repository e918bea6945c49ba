//! Whom to believe: known logs, known witnesses, and how many must agree (C2SP tlog-policy).
//!
//! Of n witnesses of which f may lie, require more than (n + f) / 2: then any two
//! quorums share an honest witness, and a log cannot show two faces.

use crate::key::{KeyError, KeyKind, VerifierKey};
use crate::note::{Note, NoteError};
use std::collections::{BTreeMap, BTreeSet};

/// Largest policy file, in bytes; room for several hundred witnesses.
pub const MAX_POLICY_BYTES: usize = 65_536;

/// A log one accepts; its origin is its key's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The log's key.
    pub key: VerifierKey,
    /// Where it is served, if told.
    pub url: Option<String>,
}

/// A witness one knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name within the policy; no meaning elsewhere.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints, if told.
    pub url: Option<String>,
}

/// Part of a quorum: a witness or a group, by its place in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    needed: usize,
    /// Only members defined before, so there is no circle.
    members: Vec<Member>,
}

/// A checked policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<LogEntry>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A witness of the policy that cosigned, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigner {
    /// The witness's name within the policy.
    pub name: String,
    /// The name it signs under.
    pub key_name: String,
    /// When it cosigned, in seconds since 1970 UTC; its own claim.
    pub time_s: u64,
}

/// Why a text is not a policy; lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Too many bytes.
    #[error("the policy has {got} bytes, the limit is {MAX_POLICY_BYTES}")]
    TooLarge {
        /// The number of bytes found.
        got: usize,
    },
    /// A control character other than tab and newline.
    #[error("line {line}: a policy has no control character but tab")]
    Characters {
        /// The line.
        line: usize,
    },
    /// The last line does not end in a newline.
    #[error("a policy's last line ends in a newline")]
    Newline,
    /// The line fits none of the four forms.
    #[error(
        "line {line}: expected log <vkey> [url], witness <name> <vkey> [url], group <name> all|any|<k> <member>… or quorum <name>|none"
    )]
    Form {
        /// The line.
        line: usize,
    },
    /// The key is refused.
    #[error("line {line}: bad key")]
    Key {
        /// The line.
        line: usize,
        /// Why.
        source: KeyError,
    },
    /// A log has a witness's kind of key or the reverse.
    #[error("line {line}: a log has a key of type 0x01, a witness one of type 0x04")]
    Kind {
        /// The line.
        line: usize,
    },
    /// The public key occurs before, under whatever name.
    #[error("line {line}: this public key is listed before")]
    DuplicateKey {
        /// The line.
        line: usize,
    },
    /// The name is taken, or is `none`.
    #[error("line {line}: the name {name} is taken")]
    DuplicateName {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// The name is not defined on an earlier line.
    #[error("line {line}: {name} is not defined above")]
    Unknown {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// The name is a member already; it may be one only once.
    #[error("line {line}: {name} is a member of a group already")]
    Regrouped {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// The threshold is not 1 to the number of members.
    #[error("line {line}: a threshold is all, any or a number from 1 to {members}")]
    Threshold {
        /// The line.
        line: usize,
        /// Members of the group.
        members: usize,
    },
    /// There is a second quorum line.
    #[error("line {line}: the quorum is defined before")]
    SecondQuorum {
        /// The line.
        line: usize,
    },
    /// There is no quorum line.
    #[error("the policy has no quorum line")]
    NoQuorum,
}

impl Policy {
    /// Accepts one log, with no witness asked for.
    pub fn of_log(key: VerifierKey) -> Policy {
        Policy { logs: vec![LogEntry { key, url: None }], witnesses: vec![], groups: vec![], quorum: None }
    }

    /// Reads a policy file. Names are compared byte for byte.
    ///
    /// # Errors
    /// [`PolicyError`] with the first line that breaks a rule.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLarge { got: text.len() });
        }
        let mut reading = Reading::default();
        let body = match text.strip_suffix('\n') {
            Some(body) => body,
            None if text.is_empty() => text,
            None => return Err(PolicyError::Newline),
        };
        for (i, content) in body.split('\n').enumerate() {
            reading.line(i + 1, content)?;
        }
        let quorum = reading.quorum.ok_or(PolicyError::NoQuorum)?;
        Ok(Policy { logs: reading.logs, witnesses: reading.witnesses, groups: reading.groups, quorum })
    }

    /// Logs one accepts.
    pub fn logs(&self) -> &[LogEntry] {
        &self.logs
    }

    /// Witnesses one knows.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Lists the witnesses of the policy that cosigned a checkpoint note; may be empty.
    ///
    /// # Errors
    /// [`NoteError`] where a known witness's line is false.
    pub fn list_cosigners(&self, note: &Note) -> Result<Vec<Cosigner>, NoteError> {
        let keys: Vec<VerifierKey> = self.witnesses.iter().map(|w| w.key.clone()).collect();
        let signed = note.find_signed(&keys)?;
        let cosigner = |signed: &crate::note::Signed<'_>| {
            let witness = self.witnesses.iter().find(|w| w.key == *signed.key)?;
            let (name, key_name) = (witness.name.clone(), witness.key.name().to_string());
            Some(Cosigner { name, key_name, time_s: signed.time_s? })
        };
        Ok(signed.iter().filter_map(cosigner).collect())
    }

    /// Whether the witnesses with these names make the quorum.
    pub fn is_quorum<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let mut has_group = Vec::with_capacity(self.groups.len());
        let holds = |member: &Member, has_group: &[bool]| match *member {
            Member::Witness(i) => names.contains(self.witnesses[i].name.as_str()),
            Member::Group(i) => has_group[i],
        };
        for group in &self.groups {
            let agreeing = group.members.iter().filter(|m| holds(m, &has_group)).count();
            has_group.push(agreeing >= group.needed);
        }
        self.quorum.is_none_or(|member| holds(&member, &has_group))
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    logs: Vec<LogEntry>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    names: BTreeMap<String, Member>,
    grouped: BTreeSet<String>,
    keys: BTreeSet<[u8; 32]>,
    quorum: Option<Option<Member>>,
}

impl Reading {
    fn line(&mut self, line: usize, content: &str) -> Result<(), PolicyError> {
        if content.bytes().any(|b| (b < 0x20 && b != b'\t') || b == 0x7f) {
            return Err(PolicyError::Characters { line });
        }
        let words: Vec<&str> = content.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [] => Ok(()),
            [word, ..] if word.starts_with('#') => Ok(()),
            ["log", vkey] => self.log(line, vkey, None),
            ["log", vkey, url] => self.log(line, vkey, Some(url)),
            ["witness", name, vkey] => self.witness(line, name, vkey, None),
            ["witness", name, vkey, url] => self.witness(line, name, vkey, Some(url)),
            ["group", name, needed, ref members @ ..] if !members.is_empty() => self.group(line, name, needed, members),
            ["quorum", name] => self.quorum(line, name),
            _ => Err(PolicyError::Form { line }),
        }
    }

    fn key(&mut self, line: usize, vkey: &str, kind: KeyKind) -> Result<VerifierKey, PolicyError> {
        let key: VerifierKey = vkey.parse().map_err(|source| PolicyError::Key { line, source })?;
        if key.kind() != kind {
            return Err(PolicyError::Kind { line });
        }
        if !self.keys.insert(*key.public_key().as_bytes()) {
            return Err(PolicyError::DuplicateKey { line });
        }
        Ok(key)
    }

    fn define(&mut self, line: usize, name: &str, member: Member) -> Result<(), PolicyError> {
        if name == "none" || self.names.contains_key(name) {
            return Err(PolicyError::DuplicateName { line, name: name.to_owned() });
        }
        self.names.insert(name.to_owned(), member);
        Ok(())
    }

    fn member(&self, line: usize, name: &str) -> Result<Member, PolicyError> {
        self.names.get(name).copied().ok_or_else(|| PolicyError::Unknown { line, name: name.to_owned() })
    }

    fn log(&mut self, line: usize, vkey: &str, url: Option<&str>) -> Result<(), PolicyError> {
        let key = self.key(line, vkey, KeyKind::Ed25519)?;
        self.logs.push(LogEntry { key, url: url.map(str::to_owned) });
        Ok(())
    }

    fn witness(&mut self, line: usize, name: &str, vkey: &str, url: Option<&str>) -> Result<(), PolicyError> {
        let key = self.key(line, vkey, KeyKind::Cosignature)?;
        self.define(line, name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: name.to_owned(), key, url: url.map(str::to_owned) });
        Ok(())
    }

    fn group(&mut self, line: usize, name: &str, needed: &str, names: &[&str]) -> Result<(), PolicyError> {
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            members.push(self.member(line, member)?);
            if !self.grouped.insert((*member).to_owned()) {
                return Err(PolicyError::Regrouped { line, name: (*member).to_owned() });
            }
        }
        let threshold = PolicyError::Threshold { line, members: members.len() };
        let needed = match needed {
            "all" => members.len(),
            "any" => 1,
            k => crate::text::parse_number(k)
                .and_then(|k| usize::try_from(k).ok())
                .filter(|k| (1..=members.len()).contains(k))
                .ok_or(threshold)?,
        };
        self.define(line, name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { needed, members });
        Ok(())
    }

    fn quorum(&mut self, line: usize, name: &str) -> Result<(), PolicyError> {
        if self.quorum.is_some() {
            return Err(PolicyError::SecondQuorum { line });
        }
        self.quorum = Some(if name == "none" { None } else { Some(self.member(line, name)?) });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
