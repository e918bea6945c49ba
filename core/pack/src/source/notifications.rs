//! What people are told, as `notifications.yaml` spells it.

use model::{ActionId, FormId, ProcessId, Text};

use super::read::{Many, Table, source};
use crate::city::Trigger;
use crate::faults::At;

source! {
    /// What people are told of their cases: `notifications.yaml`.
    struct NotificationsFile {
        /// What a person may switch on and off as one, in the order shown.
        groups: Table<FormId, Text>,
        /// Kinds of message by id.
        kinds: Table<FormId, KindSource>,
        /// The words around the code that confirms an address. Placeholders: {code} {minutes}.
        code: WordsSource,
        /// The words of one message that tells of several, of which there were too many. Placeholders: {count} {list}.
        digest: WordsSource,
    }

    /// The words of a message.
    struct WordsSource {
        /// One line.
        title: At<Text>,
        /// A few sentences.
        body: At<Text>,
    }

    /// A kind of message.
    struct KindSource {
        /// The group it belongs to.
        group: At<FormId>,
        /// What it tells of.
        on: At<Trigger>,
        /// The process whose cases it tells of; every one when absent.
        process: Option<At<ProcessId>>,
        /// on: action: the actions it tells of.
        actions: Many<At<ActionId>>,
        /// on: visit_soon, unrated or mandate_ending: hours before the visit or the end of the mandate, or after the end of the case.
        hours: Option<At<u16>>,
        /// Whether it is sent in quiet hours too, and beyond the limits of a day.
        urgent: bool,
        /// One line. Placeholders: {case_no} {title}; {time} of visits; {amount} of fees; {until} alone of mandates.
        title: At<Text>,
        /// A few sentences, which name a case by {case_no}. No personal data: anybody may see them on a screen.
        body: At<Text>,
    }
}
