//! Signed notes: a text and the lines of those who signed it (C2SP signed-note).
//!
//! A note read is not a note believed: its text means nothing until
//! [`Note::verify`] has named a key one trusts.

use crate::key::{KeyError, KeyId, KeyKind, KeyName, VerifierKey, key_id};
use crate::text::{decode_base64, encode_base64, has_control};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// Largest note read, in bytes. Go's x/mod has the same limit.
pub const MAX_NOTE_BYTES: usize = 1_000_000;

/// Most signatures read. The specification asks for 16 or more; Go's x/mod takes 100.
pub const MAX_SIGNATURES: usize = 100;

/// What begins a signature line: em dash (U+2014) and space.
const LINE_START: &str = "\u{2014} ";

/// One signature line of a note, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    id: KeyId,
    payload: Vec<u8>,
}

impl Signature {
    /// Signs a text with a log's key.
    pub fn sign(text: &str, name: &KeyName, key: &SigningKey) -> Signature {
        Signature {
            name: name.clone(),
            id: key_id(name, KeyKind::Ed25519, &key.verifying_key()),
            payload: key.sign(text.as_bytes()).to_bytes().to_vec(),
        }
    }

    pub(crate) fn from_parts(name: KeyName, id: KeyId, payload: Vec<u8>) -> Signature {
        Signature { name, id, payload }
    }

    /// Reads one line, without its newline.
    ///
    /// # Errors
    /// [`NoteError::Line`] or [`NoteError::Name`].
    pub fn parse(line: &str) -> Result<Signature, NoteError> {
        let rest = line.strip_prefix(LINE_START).ok_or(NoteError::Line)?;
        let (name, base64) = rest.split_once(' ').ok_or(NoteError::Line)?;
        let bytes = decode_base64(base64).ok_or(NoteError::Line)?;
        let (id, payload) = bytes.split_first_chunk::<4>().ok_or(NoteError::Line)?;
        if payload.is_empty() {
            return Err(NoteError::Line);
        }
        Ok(Signature { name: KeyName::new(name)?, id: KeyId(*id), payload: payload.to_vec() })
    }

    /// The name of the key said to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key said to have signed.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The bytes after the key id; their form depends on the key.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }
}

/// Writes the line, without its newline.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.0, &self.payload[..]].concat();
        write!(f, "{LINE_START}{} {}", self.name, encode_base64(&bytes))
    }
}

/// Why bytes are not a note, or a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Too many bytes.
    #[error("the note has {got} bytes, the limit is {MAX_NOTE_BYTES}")]
    TooLarge {
        /// The number of bytes found.
        got: usize,
    },
    /// Not UTF-8, or a control character other than newline.
    #[error("a note is UTF-8 without control characters")]
    Characters,
    /// The text is empty or does not end in a newline.
    #[error("the text of a note ends in a newline")]
    Text,
    /// No blank line, or no newline at the end.
    #[error("a note is a text, a blank line and signature lines, each ending in a newline")]
    Form,
    /// A signature line breaks a rule.
    #[error("a signature line is an em dash, a key name and base64 of 5 or more bytes")]
    Line,
    /// A key name breaks a rule.
    #[error("a signature line has a bad key name")]
    Name(#[from] KeyError),
    /// No signature line.
    #[error("the note has no signature")]
    Unsigned,
    /// Too many signature lines.
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// Two lines of the same key.
    #[error("two signatures by key {name} {id}")]
    Duplicate {
        /// The key's name.
        name: KeyName,
        /// The key's id.
        id: KeyId,
    },
    /// Two known keys share a name and an id.
    #[error("two known keys are called {name} {id}")]
    Ambiguous {
        /// The keys' name.
        name: KeyName,
        /// The keys' id.
        id: KeyId,
    },
    /// A known key's line does not verify: the whole note is refused.
    #[error("the signature by {name} is false")]
    BadSignature {
        /// The key's name.
        name: KeyName,
    },
    /// No known key has signed.
    #[error("no known key has signed the note")]
    NoKnownKey,
}

/// A signature line that verified under a known key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// When a cosigner signed, in seconds since 1970 UTC; None for a plain signature.
    pub time_s: Option<u64>,
}

/// A text with at least one signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Joins a text and its signatures.
    ///
    /// # Errors
    /// [`NoteError`] where the result could not be read back.
    pub fn new(text: &str, signatures: Vec<Signature>) -> Result<Note, NoteError> {
        if has_control(text) {
            return Err(NoteError::Characters);
        }
        if !text.ends_with('\n') {
            return Err(NoteError::Text);
        }
        if signatures.is_empty() {
            return Err(NoteError::Unsigned);
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        for (i, signature) in signatures.iter().enumerate() {
            let is_same = |other: &Signature| other.name == signature.name && other.id == signature.id;
            if signatures[..i].iter().any(is_same) {
                return Err(NoteError::Duplicate { name: signature.name.clone(), id: signature.id });
            }
        }
        let note = Note { text: text.to_owned(), signatures };
        let got = note.to_string().len();
        if got > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { got });
        }
        Ok(note)
    }

    /// Signs a text with a log's key.
    ///
    /// # Errors
    /// [`NoteError`] where the text cannot be a note's.
    pub fn sign(text: &str, name: &KeyName, key: &SigningKey) -> Result<Note, NoteError> {
        Note::new(text, vec![Signature::sign(text, name, key)])
    }

    /// Reads a note; splits at the last blank line.
    ///
    /// # Errors
    /// [`NoteError`] naming the first rule broken.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge { got: bytes.len() });
        }
        let all = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        if has_control(all) {
            return Err(NoteError::Characters);
        }
        let blank = all.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, lines) = (&all[..=blank], &all[blank + 2..]);
        if lines.is_empty() {
            return Err(NoteError::Unsigned);
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Form)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(Signature::parse(line)?);
        }
        Note::new(text, signatures)
    }

    /// Adds a line, as a cosigner's.
    ///
    /// # Errors
    /// [`NoteError::Duplicate`] or a limit.
    pub fn with(mut self, signature: Signature) -> Result<Note, NoteError> {
        self.signatures.push(signature);
        Note::new(&self.text, self.signatures)
    }

    /// The text that is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, verified or not.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Lists the lines by known keys, in the order of the note; may be empty.
    ///
    /// Lines of unknown keys are passed over.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] where a known key's line is false,
    /// [`NoteError::Ambiguous`] where two known keys fit one line.
    pub fn find_signed<'k>(&self, known: &'k [VerifierKey]) -> Result<Vec<Signed<'k>>, NoteError> {
        let mut signed = Vec::new();
        for line in &self.signatures {
            let mut fitting = known.iter().filter(|key| line.is_by(key));
            let Some(key) = fitting.next() else { continue };
            if fitting.any(|other| other != key) {
                return Err(NoteError::Ambiguous { name: line.name.clone(), id: line.id });
            }
            let time_s = key
                .verify(&self.text, &line.payload)
                .map_err(|_| NoteError::BadSignature { name: line.name.clone() })?;
            signed.push(Signed { key, time_s });
        }
        Ok(signed)
    }

    /// Lists the lines by known keys; at least one.
    ///
    /// # Errors
    /// Those of [`Note::find_signed`], and [`NoteError::NoKnownKey`].
    pub fn verify<'k>(&self, known: &'k [VerifierKey]) -> Result<Vec<Signed<'k>>, NoteError> {
        let signed = self.find_signed(known)?;
        if signed.is_empty() { Err(NoteError::NoKnownKey) } else { Ok(signed) }
    }
}

/// Writes the note as it is stored and served.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests;
