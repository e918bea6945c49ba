//! What people are told, from the file as written.

use super::index;
use crate::city::{MessageWords, NotificationGroup, NotificationKind, Notifications};
use crate::faults::Report;
use crate::source::files::{Folder, Shelf};
use crate::source::notifications::WordsSource;

/// The messages of the city; empty where the file is missing.
pub(super) fn lower_notifications(folder: &Folder, report: &mut Report) -> Notifications {
    let Some(file) = &folder.notifications else { return Notifications::default() };
    let group = |(id, title): &(crate::faults::At<model::FormId>, Option<model::Text>)| {
        Some(NotificationGroup { id: id.value.clone(), title: title.clone()? })
    };
    let kinds = Shelf { items: file.kinds.items.clone(), whole: file.kinds.whole };
    let kinds = index(&kinds, "kind of message", report, |kind, _| {
        Some(NotificationKind {
            group: kind.group.value.clone(),
            on: kind.on.value,
            process: kind.process.as_ref().map(|process| process.value.clone()),
            actions: kind.actions.0.iter().map(|action| action.value.clone()).collect(),
            hours: kind.hours.as_ref().map(|hours| hours.value),
            urgent: kind.urgent,
            title: kind.title.value.clone(),
            body: kind.body.value.clone(),
        })
    });
    let (code, digest) = (lower_words(&file.code), lower_words(&file.digest));
    Notifications { code, digest, groups: file.groups.items.iter().filter_map(group).collect(), kinds }
}

/// The words of a message.
pub(super) fn lower_words(words: &WordsSource) -> MessageWords {
    MessageWords { title: words.title.value.clone(), body: words.body.value.clone() }
}
