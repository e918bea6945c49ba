//! Checks of what people are told: known groups, processes and actions, and placeholders that will have a value.

use crate::city::{CODE_PLACEHOLDERS, DIGEST_PLACEHOLDERS, Trigger, placeholders};
use crate::faults::{At, Report};
use crate::source::files::Folder;
use crate::source::notifications::KindSource;
use model::{FormId, Text};

/// Longest line of a message, characters: a subject that every mail program shows whole.
pub(super) const TITLE_MAX: usize = 78;

/// Longest body, characters.
pub(super) const BODY_MAX: usize = 500;

/// Most hours: a month.
const HOURS_MAX: u16 = 720;

pub(super) fn check_notifications(folder: &Folder, report: &mut Report) {
    let Some(file) = &folder.notifications else { return };
    for (id, kind) in &file.kinds.items {
        let Some(kind) = kind else { continue };
        let has_group = file.groups.items.iter().any(|(group, _)| group.value == kind.group.value);
        if !has_group && file.groups.whole {
            report.fault(kind.group.at, format!("message {}: unknown group {}", id.value, kind.group.value));
        }
        check_trigger(id, kind, folder, report);
        let known = kind.on.value.placeholders();
        check_words(id.value.as_str(), "title", &kind.title, TITLE_MAX, known, report);
        check_words(id.value.as_str(), "body", &kind.body, BODY_MAX, known, report);
        if kind.on.value.is_of_case() {
            check_named(id.value.as_str(), &kind.body, "case_no", report);
        } else if let Some(process) = &kind.process {
            report.fault(process.at, format!("message {}: a mandate is of no process", id.value));
        }
    }
    check_words("code", "title", &file.code.title, TITLE_MAX, CODE_PLACEHOLDERS, report);
    check_words("code", "body", &file.code.body, BODY_MAX, CODE_PLACEHOLDERS, report);
    check_named("code", &file.code.body, "code", report);
    check_words("digest", "title", &file.digest.title, TITLE_MAX, &["count"], report);
    check_words("digest", "body", &file.digest.body, BODY_MAX, DIGEST_PLACEHOLDERS, report);
    check_named("digest", &file.digest.body, "list", report);
}

/// The body must say what the message is of no use without.
fn check_named(id: &str, body: &At<Text>, name: &str, report: &mut Report) {
    for (locale, text) in &body.0 {
        if !text.contains(&format!("{{{name}}}")) {
            report.fault(body.at, format!("message {id}: the body in {locale} lacks {{{name}}}"));
        }
    }
}

fn check_trigger(id: &At<FormId>, kind: &KindSource, folder: &Folder, report: &mut Report) {
    let on = &kind.on;
    let process = kind.process.as_ref();
    let known = process.and_then(|process| {
        let found = folder.processes.iter().find(|(known, _)| known.value == process.value);
        if found.is_none() && !folder.processes.may_have(&process.value) {
            report.fault(process.at, format!("message {}: unknown process {}", id.value, process.value));
        }
        found.map(|(_, (process, _))| process)
    });
    if on.value == Trigger::Action {
        if process.is_none() || kind.actions.0.is_empty() {
            report.fault(on.at, format!("message {}: on: action needs \"process\" and \"actions\"", id.value));
        }
        for action in &kind.actions.0 {
            if known.is_some_and(|known| !known.actions.iter().any(|declared| declared.id.value == action.value)) {
                report.fault(action.at, format!("message {}: the process has no action {}", id.value, action.value));
            }
        }
    } else if let Some(action) = kind.actions.0.first() {
        report.fault(action.at, format!("message {}: \"actions\" belongs to on: action", id.value));
    }
    match &kind.hours {
        Some(hours) if on.value.is_timed() && !(1..=HOURS_MAX).contains(&hours.value) => {
            report.fault(hours.at, format!("message {}: hours are 1 to {HOURS_MAX}", id.value));
        }
        Some(hours) if !on.value.is_timed() => {
            report.fault(
                hours.at,
                format!("message {}: \"hours\" belongs to visit_soon, unrated and mandate_ending", id.value),
            );
        }
        None if on.value.is_timed() => {
            report.fault(on.at, format!("message {}: \"hours\" is missing", id.value));
        }
        _ => {}
    }
}

/// The placeholders and the length of a text.
pub(super) fn check_words(id: &str, what: &str, text: &At<Text>, max: usize, known: &[&str], report: &mut Report) {
    for (locale, words) in &text.0 {
        let mut fault = |message: String| {
            report.fault(text.at, format!("message {id}: the {what} in {locale}: {message}"));
        };
        match placeholders(words) {
            Err(message) => fault(message),
            Ok(names) => {
                for name in names.into_iter().filter(|name| !known.contains(name)) {
                    fault(format!("unknown placeholder {{{name}}}; known are {}", known.join(", ")));
                }
            }
        }
        let count = words.chars().count();
        if count > max {
            fault(format!("{count} characters, at most {max}"));
        }
        if what == "title" && words.chars().any(char::is_control) {
            fault("must be one line".to_owned());
        }
    }
}
