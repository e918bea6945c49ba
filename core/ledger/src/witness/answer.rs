//! What a witness answers: cosignature lines, or the size it cosigned last.

use crate::key::VerifierKey;
use crate::note::{Note, NoteError, Signature};
use crate::text::parse_number;
use std::fmt;

/// Largest answer read: sixteen ML-DSA-44 lines of 3.3 kB fit.
pub const MAX_ANSWER_BYTES: usize = 65_536;

/// Most lines of an answer; a witness may hold keys of several kinds.
const MAX_LINES: usize = 16;

/// The media type of a conflict's body.
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// Why an answer is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Too many bytes.
    #[error("the answer has {got} bytes, the limit is {MAX_ANSWER_BYTES}")]
    TooLarge {
        /// The number of bytes found.
        got: usize,
    },
    /// Not lines of text.
    #[error("an answer is 1 to {MAX_LINES} signature lines, each ending in a newline")]
    Form,
    /// A line is none, or is false.
    #[error("a line of the answer is refused: {0}")]
    Line(#[from] NoteError),
    /// There is no line by the witness asked.
    #[error("the answer has no line by the key {name}")]
    NoLine {
        /// The key's name.
        name: String,
    },
}

/// The body of a successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignatureLines(Vec<Signature>);

impl CosignatureLines {
    /// One line, as a witness with one key answers.
    pub fn of(line: Signature) -> CosignatureLines {
        CosignatureLines(vec![line])
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`AnswerError`] naming the first rule broken.
    pub fn parse(bytes: &[u8]) -> Result<CosignatureLines, AnswerError> {
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err(AnswerError::TooLarge { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| AnswerError::Form)?;
        let body = text.strip_suffix('\n').ok_or(AnswerError::Form)?;
        let lines: Vec<&str> = body.split('\n').take(MAX_LINES + 1).collect();
        if lines.len() > MAX_LINES {
            return Err(AnswerError::Form);
        }
        Ok(CosignatureLines(lines.into_iter().map(Signature::parse).collect::<Result<_, _>>()?))
    }

    /// The line by this witness's key, verified over the checkpoint's text, and when it says it signed.
    ///
    /// # Errors
    /// [`AnswerError::NoLine`] where there is none, [`AnswerError::Line`] where it is false.
    pub fn find_by(&self, key: &VerifierKey, checkpoint: &Note) -> Result<(Signature, u64), AnswerError> {
        let no_line = || AnswerError::NoLine { name: key.name().to_string() };
        let is_by = |line: &&Signature| line.name() == key.name() && line.id() == key.id();
        let line = self.0.iter().find(is_by).ok_or_else(no_line)?;
        let alone = Note::new(checkpoint.text(), vec![line.clone()])?;
        let time_s = alone.verify(std::slice::from_ref(key))?.first().and_then(|signed| signed.time_s);
        Ok((line.clone(), time_s.ok_or_else(no_line)?))
    }
}

/// Writes the body of the answer.
impl fmt::Display for CosignatureLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Reads the body of a conflict: the size that the witness cosigned last.
pub fn parse_size(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    parse_number(text.strip_suffix('\n')?)
}
