//! Checkpoints: a log's signed statement of its size and root (C2SP tlog-checkpoint).
//!
//! A log never signs two checkpoints without a consistency proof between them.

use crate::MAX_SIZE;
use crate::hash::{Hash, HashError};
use crate::key::{KeyName, VerifierKey};
use crate::note::{Note, NoteError};
use crate::text::{has_control, parse_number};
use ed25519_dalek::SigningKey;
use std::fmt;
use std::str::FromStr;

/// Longest origin, so that it fits where its length is one byte (subtree cosignatures).
pub const MAX_ORIGIN_BYTES: usize = 255;

/// Which log, how many entries, which root: the three that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

/// Why a text is not a checkpoint, or not one of this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The origin is empty, too long or not one line.
    #[error("an origin has 1 to {MAX_ORIGIN_BYTES} bytes on one line")]
    Origin,
    /// The size is not a canonical number up to 2^63 - 1.
    #[error("a checkpoint's second line is its size, a number from 0 to {MAX_SIZE}")]
    Size,
    /// The root is not canonical base64 of 32 bytes.
    #[error("a checkpoint's third line is its root")]
    Root(#[source] HashError),
    /// A line is missing, an extension line is empty, or the last newline is missing.
    #[error("a checkpoint has three lines or more, none empty, each ending in a newline")]
    Form,
    /// The empty tree has one root only.
    #[error("a log without entries has the root {}", Hash::EMPTY_ROOT)]
    EmptyRoot,
    /// The note is not one, or its signatures do not hold.
    #[error("the checkpoint's note is refused")]
    Note(#[from] NoteError),
    /// A true checkpoint of another log.
    #[error("the checkpoint is of {got}, not of {expected}")]
    OtherOrigin {
        /// The origin wanted.
        expected: String,
        /// The origin signed.
        got: String,
    },
}

impl Checkpoint {
    /// States a log's size and root. The origin should be a URL without scheme and trailing slash.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`], [`CheckpointError::Size`] or [`CheckpointError::EmptyRoot`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() };
        checkpoint.check()?;
        if size == 0 && root != Hash::EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(checkpoint)
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let origin = &self.origin;
        if origin.is_empty() || origin.len() > MAX_ORIGIN_BYTES || origin.contains('\n') || has_control(origin) {
            return Err(CheckpointError::Origin);
        }
        if self.size > MAX_SIZE {
            return Err(CheckpointError::Size);
        }
        Ok(())
    }

    /// The log's identity.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree of these entries.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Extension lines of another's log; ours never has any.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs the checkpoint; `name` should equal the origin.
    ///
    /// # Errors
    /// [`NoteError`] where the note would be too large.
    pub fn sign(&self, name: &KeyName, key: &SigningKey) -> Result<Note, NoteError> {
        Note::sign(&self.to_string(), name, key)
    }
}

/// Writes the text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Reads the text of a checkpoint. Any root is read for size 0: a witness answers that itself.
impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Checkpoint, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Form)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Form);
        };
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(|line| line.is_empty() || has_control(line)) {
            return Err(CheckpointError::Form);
        }
        let checkpoint = Checkpoint {
            origin: origin.to_owned(),
            size: parse_number(size).ok_or(CheckpointError::Size)?,
            root: Hash::from_base64(root).map_err(CheckpointError::Root)?,
            extensions,
        };
        checkpoint.check()?;
        Ok(checkpoint)
    }
}

/// A checkpoint with the note that carries it, signed by the log's own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Opens a checkpoint note: the log's signature first, then the text, then the origin.
    ///
    /// # Errors
    /// [`CheckpointError`] naming the first rule broken.
    pub fn open(bytes: &[u8], origin: &str, log_keys: &[VerifierKey]) -> Result<SignedCheckpoint, CheckpointError> {
        let note = Note::parse(bytes)?;
        note.verify(log_keys)?;
        let checkpoint: Checkpoint = note.text().parse()?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherOrigin { expected: origin.to_owned(), got: checkpoint.origin });
        }
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// What the log states.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note as it is stored and served.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;
    use crate::key::KeyKind;
    use ed25519_dalek::VerifyingKey;
    use proptest::prelude::*;

    const ROOT: &str = "HA5HAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    /// C2SP issue 99: a checkpoint of Sigsum.
    #[test]
    fn the_checkpoint_of_sigsum_opens() {
        let origin = "sigsum.org/v1/tree/e796172b92befd62d9dc67e41c2f5bc9d3100a3023b20b1ca40288dd1c679e69";
        let key = Hash::from_hex("66e0b858e462a609e66fe71370c816d8846ff103d5499a22a7fec37fdbc424a7").unwrap();
        let key = VerifyingKey::from_bytes(&key.0).unwrap();
        let key = VerifierKey::new(KeyName::new(origin).unwrap(), KeyKind::Ed25519, key).unwrap();
        let sig = "gJ2ho0n8F8olcerUF1FFdv235A/5as/coWrpLrtE7ovMeP5whgwouYExowG/lTznxu6OUGjjt5yJQ6bXtTcf718MqAQ=";
        let note = format!("{origin}\n10\n{ROOT}\n\n\u{2014} {origin} {sig}\n");
        let keys = [key];
        let opened = SignedCheckpoint::open(note.as_bytes(), origin, &keys).unwrap();
        assert_eq!(opened.checkpoint().size(), 10);
        assert_eq!(opened.checkpoint().root().to_base64(), ROOT);
        assert_eq!(opened.note().to_string(), note);
        let other = SignedCheckpoint::open(note.as_bytes(), "sigsum.org/v1/tree/e7", &keys);
        assert!(matches!(other, Err(CheckpointError::OtherOrigin { .. })));
    }

    #[test]
    fn a_text_out_of_form_is_refused() {
        for (text, error) in [
            (String::new(), CheckpointError::Form),
            (format!("o\n10\n{ROOT}"), CheckpointError::Form),
            ("o\n10\n".into(), CheckpointError::Form),
            (format!("\n10\n{ROOT}\n"), CheckpointError::Origin),
            (format!("{}\n10\n{ROOT}\n", "o".repeat(256)), CheckpointError::Origin),
            (format!("o\n010\n{ROOT}\n"), CheckpointError::Size),
            (format!("o\n-1\n{ROOT}\n"), CheckpointError::Size),
            (format!("o\n\n{ROOT}\n"), CheckpointError::Size),
            (format!("o\n9223372036854775808\n{ROOT}\n"), CheckpointError::Size),
            ("o\n10\nAAAA\n".into(), CheckpointError::Root(HashError::Base64)),
            (format!("o\n10\n{ROOT} \n"), CheckpointError::Root(HashError::Base64)),
            (format!("o\n10\n{ROOT}\n\n"), CheckpointError::Form),
            (format!("o\n10\n{ROOT}\nx\n\n"), CheckpointError::Form),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(error), "{text:?}");
        }
        let extended: Checkpoint = format!("o\n10\n{ROOT}\nx y\n").parse().unwrap();
        assert_eq!(extended.extensions(), ["x y"]);
    }

    #[test]
    fn an_empty_log_is_stated_with_its_only_root() {
        assert_eq!(Checkpoint::new("o", 0, sha256(b"x")), Err(CheckpointError::EmptyRoot));
        let empty = Checkpoint::new("o", 0, Hash::EMPTY_ROOT).unwrap();
        assert_eq!(empty.to_string(), "o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
        assert_eq!(Checkpoint::new("", 1, sha256(b"x")), Err(CheckpointError::Origin));
        assert_eq!(Checkpoint::new("a\nb", 1, sha256(b"x")), Err(CheckpointError::Origin));
        assert_eq!(Checkpoint::new("o", 1 << 63, sha256(b"x")), Err(CheckpointError::Size));
    }

    proptest! {
        #[test]
        fn checkpoints_round_trip(origin in "[ -~]{1,30}", size in 1..=MAX_SIZE, root: [u8; 32]) {
            let checkpoint = Checkpoint::new(&origin, size, Hash(root)).unwrap();
            prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
        }

        #[test]
        fn what_reads_as_a_checkpoint_writes_alike(text in "[a\n]{0,3}\n[0-9]{0,3}\n[A-Z]{42}[AB=]{2}\n[a\n]{0,4}") {
            if let Ok(checkpoint) = text.parse::<Checkpoint>() {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}
