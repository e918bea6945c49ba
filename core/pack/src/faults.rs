//! What is wrong with a pack, where, all of it at once.

use std::fmt;

/// One thing wrong, at a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the pack's folder, with `/` between names.
    pub file: String,
    /// The line, 1 for the first; 0 when the fault is of the file as a whole.
    pub line: usize,
    /// What is wrong: names the thing and the limit.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.message)
        }
    }
}

/// Everything wrong with a pack, by file and line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

/// A place in the pack's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Pos {
    /// Index into [`Report::files`].
    pub file: u32,
    /// The line, from 1; 0 for the whole file.
    pub line: u32,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub at: Pos,
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// Collects faults and warnings while the files are read and checked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    files: Vec<String>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Report {
    /// Notes a file and gives its index.
    pub fn enter(&mut self, file: &str) -> u32 {
        self.files.push(file.to_owned());
        u32::try_from(self.files.len() - 1).expect("a folder of fewer than 2^32 files")
    }

    /// Notes something wrong: the pack cannot be used.
    pub fn fault(&mut self, at: Pos, message: impl Into<String>) {
        let fault = self.place(at, message.into());
        self.faults.push(fault);
    }

    /// Notes something odd: the pack can be used.
    pub fn warn(&mut self, at: Pos, message: impl Into<String>) {
        let fault = self.place(at, message.into());
        self.warnings.push(fault);
    }

    /// How many faults there are so far.
    pub fn fault_count(&self) -> usize {
        self.faults.len()
    }

    /// How a place reads in a message about another place.
    pub fn show(&self, at: Pos) -> String {
        let file = self.files.get(at.file as usize).map_or("", String::as_str);
        format!("{file}:{}", at.line)
    }

    fn place(&self, at: Pos, message: String) -> Fault {
        let file = self.files.get(at.file as usize).cloned().unwrap_or_default();
        Fault { file, line: at.line as usize, message }
    }

    /// Everything found, in order of file and line: faults, then warnings.
    pub fn finish(mut self) -> (Vec<Fault>, Vec<Fault>) {
        for list in [&mut self.faults, &mut self.warnings] {
            list.sort();
            list.dedup();
        }
        (self.faults, self.warnings)
    }
}
