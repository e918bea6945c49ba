//! `cargo xtask tidy`: the house rules, run as tests.
//!
//! Reads `cargo metadata` and the files git knows or would know; changes nothing and asks no network. Every breach is
//! printed with its file and line.

mod docs;
mod edges;
mod licences;
mod purity;
mod repository;
mod rust;
mod script;
mod sizes;
mod spdx;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::path::Path;

use repository::Repository;

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// Path from the repository's root.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The rule's short name.
    pub rule: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Breach {
    fn new(file: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.message)
    }
}

/// Checks the repository; fails when a rule is broken.
///
/// # Errors
/// When a rule is broken, or the repository cannot be read.
pub fn run(root: &Path) -> anyhow::Result<()> {
    let repository = Repository::read(root)?;
    let metadata = edges::Metadata::read(root)?;
    let mut breaches = edges::check(&metadata);
    breaches.extend(licences::check(&metadata, &repository));
    for file in &repository.files {
        breaches.extend(check_file(&file.path, &file.text));
    }
    breaches.extend(docs::check(&repository));
    breaches.sort();
    breaches.dedup();
    for breach in &breaches {
        println!("{breach}");
    }
    let (files, count) = (repository.files.len(), breaches.len());
    anyhow::ensure!(count == 0, "{count} breaches of the house rules in {files} files");
    println!("{files} files keep the house rules");
    Ok(())
}

/// The rules that look at one file alone.
fn check_file(path: &str, text: &str) -> Vec<Breach> {
    let mut breaches = words::check(path, text);
    if path.ends_with(".rs") {
        match rust::Source::parse(text) {
            Ok(source) => {
                breaches.extend(sizes::check_rust(path, &source));
                breaches.extend(purity::check(path, &source));
                breaches.extend(words::check_rust(path, &source));
            }
            Err(error) => breaches.push(Breach::new(path, error.span().start().line, "rust", error.to_string())),
        }
    } else {
        breaches.extend(sizes::check_other(path, text));
        breaches.extend(script::check(path, text));
    }
    breaches
}
