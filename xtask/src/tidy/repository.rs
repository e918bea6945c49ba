//! The text files of the repository: those git follows, and those it would follow.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// A text file.
pub struct File {
    /// Path from the root, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// Every text file of the repository.
pub struct Repository {
    /// In order of their paths.
    pub files: Vec<File>,
}

impl Repository {
    /// Reads every file that is followed by git or neither followed nor ignored. Files that are not UTF-8 are left out.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("cannot run git")?;
        ensure!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
        let mut files = Vec::new();
        for path in String::from_utf8(listed.stdout)?.split('\0').filter(|path| !path.is_empty()) {
            // A file that was deleted and not yet committed is still listed.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.push(File { path: path.to_owned(), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { files })
    }

    /// The text of one file.
    pub fn find_text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }
}

/// Whether a file only serves tests, benches or examples: the size rules and the bans do not reach it.
pub fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folders = ["tests", "benches", "examples", "fuzz", "e2e", "testkit", "test", "__tests__"];
    path.split('/').any(|part| folders.contains(&part))
        || ["tests.rs", ".test.ts", ".spec.ts", ".test.mjs", ".test.tsx"].iter().any(|end| name.ends_with(end))
}

/// Whether a file is written by a program.
pub fn is_generated(path: &str) -> bool {
    let ends = ["/schema.ts", "/generated.ts", "/openapi.json", "-lock.json", "Cargo.lock", ".snap", ".geojson"];
    ends.iter().any(|end| path.ends_with(end)) || path.starts_with("packs/_schema/")
}
