//! Documents: every link leads somewhere, and the two READMEs say the same things in the same order.

use std::collections::BTreeSet;

use super::Breach;
use super::repository::Repository;

/// Checks every Markdown file.
pub fn check(repository: &Repository) -> Vec<Breach> {
    let mut places = BTreeSet::new();
    for file in &repository.files {
        let mut path = file.path.as_str();
        places.insert(path.to_owned());
        while let Some((folder, _)) = path.rsplit_once('/') {
            places.insert(folder.to_owned());
            path = folder;
        }
    }
    let mut breaches = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in links(&file.text) {
            let path = target.split('#').next().unwrap_or_default();
            let resolved = resolve(&file.path, path);
            if !path.is_empty() && !places.contains(&resolved) {
                breaches.push(Breach::new(&file.path, line, "link", format!("{target} leads nowhere")));
            }
            if let Some((_, anchor)) = target.split_once('#') {
                let within = if path.is_empty() { Some(file.text.as_str()) } else { repository.find_text(&resolved) };
                let known = within.is_some_and(|text| {
                    !resolved.ends_with(".md") && !path.is_empty() || anchors(text).contains(anchor)
                });
                if within.is_some() && !known {
                    breaches.push(Breach::new(&file.path, line, "link", format!("{target} names no heading")));
                }
            }
        }
    }
    if let (Some(english), Some(chinese)) = (repository.find_text("README.md"), repository.find_text("README.zh-CN.md"))
    {
        breaches.extend(mirror("README.zh-CN.md", english, chinese));
    }
    breaches
}

/// Links to files and headings of this repository, with their lines; those in code are left out.
pub fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        // What stands between backticks is code: every second part.
        for part in line.split('`').step_by(2) {
            for target in part.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let target = target.split_whitespace().next().unwrap_or_default();
                if !target.contains("://") && !target.starts_with("mailto:") {
                    found.push((number, target.to_owned()));
                }
            }
        }
    }
    found
}

/// Lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn headings(text: &str) -> Vec<(usize, usize, &str)> {
    let level = |line: &str| line.chars().take_while(|letter| *letter == '#').count();
    prose(text)
        .filter(|(_, line)| (1..=6).contains(&level(line)) && line[level(line)..].starts_with(' '))
        .map(|(number, line)| (number, level(line), line[level(line)..].trim()))
        .collect()
}

/// Headings as anchors, the way code hosts write them.
fn anchors(text: &str) -> BTreeSet<String> {
    let anchor = |title: &str| {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    headings(text).into_iter().map(|(_, _, title)| anchor(title)).collect()
}

fn resolve(from: &str, to: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> =
        if to.starts_with('/') { Vec::new() } else { folder.split('/').filter(|part| !part.is_empty()).collect() };
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The translation has the headings, the commands and the links of the original, in its order.
pub fn mirror(path: &str, original: &str, translation: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let levels = |text: &str| headings(text).into_iter().map(|(_, level, _)| level).collect::<Vec<_>>();
    if levels(original) != levels(translation) {
        let message = format!("headings of levels {:?}, the original has {:?}", levels(translation), levels(original));
        breaches.push(Breach::new(path, 1, "mirror", message));
    }
    let (ours, theirs) = (commands(translation), commands(original));
    for (number, command) in &ours {
        if !theirs.iter().any(|(_, other)| other == command) {
            breaches.push(Breach::new(path, *number, "mirror", format!("the original has no command {command}")));
        }
    }
    for (_, command) in theirs.iter().filter(|(_, command)| !ours.iter().any(|(_, other)| other == command)) {
        breaches.push(Breach::new(path, 1, "mirror", format!("the command {command} of the original is missing")));
    }
    let targets = |text: &str| {
        links(text)
            .into_iter()
            .map(|(_, target)| target)
            .filter(|target| !target.starts_with("README"))
            .collect::<BTreeSet<_>>()
    };
    for target in targets(original).symmetric_difference(&targets(translation)) {
        breaches.push(Breach::new(path, 1, "mirror", format!("a link to {target} stands in one of the two only")));
    }
    breaches
}

/// Commands in indented code, without what is said about them after two spaces and `#`.
fn commands(text: &str) -> Vec<(usize, String)> {
    let indented = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("    "));
    indented
        .map(|(number, line)| (number, line.split("  #").next().unwrap_or_default().trim().to_owned()))
        .filter(|(_, line)| !line.is_empty())
        .collect()
}
