//! Corrections of an application (更正): the case names the new record of the answers, and remembers the former.

use crate::case::Case;
use crate::ids::{Commitment, EvidenceId, FormId, SealedId};
use crate::time::Instant;

/// A correction of an application, and what stood until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// When.
    pub at: Instant,
    /// The record of the answers until then, frozen.
    pub former: SealedId,
    /// Files that the answers named until then and no longer do.
    pub dropped: Vec<EvidenceId>,
    /// The questions whose answers differ.
    pub fields: Vec<FormId>,
}

impl Case {
    /// Names the new record of an application. A case that is none stays as it is: the fold knows no policy.
    pub(crate) fn correct(
        &mut self,
        at: Instant,
        (answers, commitment): (SealedId, Commitment),
        fields: &[FormId],
        evidence: &[EvidenceId],
    ) {
        let Some(application) = &mut self.application else { return };
        let former = std::mem::replace(&mut application.answers, answers);
        application.commitment = commitment;
        let mut dropped = self.evidence.remove("report").unwrap_or_default();
        dropped.retain(|file| !evidence.contains(file));
        if !evidence.is_empty() {
            self.evidence.insert("report".to_owned(), evidence.to_vec());
        }
        self.corrections.push(Correction { at, former, dropped, fields: fields.to_vec() });
    }

    /// The record of the answers as they were handed in, corrected since or not.
    pub fn first_answers(&self) -> Option<SealedId> {
        let now = self.application.as_ref()?.answers;
        Some(self.corrections.first().map_or(now, |correction| correction.former))
    }

    /// Files of an application that a correction took out: nobody but the applicant sees them any more.
    pub fn is_dropped(&self, file: &EvidenceId) -> bool {
        let is_answer = self.evidence.values().flatten().any(|kept| kept == file);
        !is_answer && self.corrections.iter().any(|correction| correction.dropped.contains(file))
    }
}
