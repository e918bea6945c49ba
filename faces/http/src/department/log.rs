//! The access log of the departments: every question, synced before it is answered, so that nothing is told unseen.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use model::{Instant, RequestId, SourceId};

use super::protocol::Line;

/// The log, with the ids that are used.
pub struct AccessLog {
    path: PathBuf,
    file: File,
    used: HashSet<RequestId>,
}

impl AccessLog {
    /// Opens the log of a folder; a last line that a crash cut off was never answered and is dropped.
    ///
    /// # Errors
    /// When the folder or the file cannot be used.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("access.jsonl");
        let (mut used, mut whole) = (HashSet::new(), 0);
        if path.exists() {
            whole = read(&path, |line| {
                used.insert(line.request_id);
            })?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.set_len(whole)?;
        Ok(Self { path, file, used })
    }

    /// Writes a question down. False when its id was used before: then it is not to be answered.
    ///
    /// # Errors
    /// When the line is not on the disk: then it is not to be answered either.
    pub fn record(&mut self, line: &Line) -> io::Result<bool> {
        if self.used.contains(&line.request_id) {
            return Ok(false);
        }
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        Ok(self.used.insert(line.request_id))
    }

    /// What was asked of a register, from an instant on and before another.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self, source: &SourceId, from: Instant, to: Instant) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        read(&self.path, |line| {
            if line.source == *source && from <= line.at && line.at < to {
                lines.push(line);
            }
        })?;
        Ok(lines)
    }
}

/// Reads every whole line; how many bytes they are.
fn read(path: &Path, mut each: impl FnMut(Line)) -> io::Result<u64> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut text, mut whole) = (String::new(), 0);
    while reader.read_line(&mut text)? > 0 {
        let Ok(line) = serde_json::from_str(&text) else { break };
        if !text.ends_with('\n') {
            break;
        }
        each(line);
        whole += text.len() as u64;
        text.clear();
    }
    Ok(whole)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use model::FormId;

    #[test]
    fn a_log_is_read_again_after_a_crash_and_no_id_is_answered_twice() {
        let folder = tempfile::tempdir().unwrap();
        let at = |minute: i64| Instant::from_micros(minute * 60_000_000);
        let line = |number: u128, source: &str| Line {
            request_id: RequestId::new(at(0), number),
            at: at(i64::try_from(number).unwrap()),
            source: SourceId::new(source).unwrap(),
            fields: vec![FormId::new("name").unwrap()],
            purpose: "填表".to_owned(),
            basis: "法".to_owned(),
            consent: RequestId::new(at(0), 99),
            service: None,
            subject: "00".to_owned(),
            found: true,
        };
        let mut log = AccessLog::open(folder.path()).unwrap();
        for (number, source) in [(1, "population"), (2, "vehicles"), (3, "population")] {
            assert!(log.record(&line(number, source)).unwrap());
        }
        assert!(!log.record(&line(2, "vehicles")).unwrap(), "used");
        drop(log);
        let mut file = OpenOptions::new().append(true).open(folder.path().join("access.jsonl")).unwrap();
        file.write_all(b"{\"request_id\":").unwrap();
        let mut log = AccessLog::open(folder.path()).unwrap();
        assert!(!log.record(&line(1, "population")).unwrap(), "used before the crash");
        assert!(log.record(&line(4, "population")).unwrap());
        let ids = |from, to| {
            let lines = log.list(&SourceId::new("population").unwrap(), at(from), at(to)).unwrap();
            lines.iter().map(|line| line.at.as_micros() / 60_000_000).collect::<Vec<_>>()
        };
        assert_eq!((ids(0, 9), ids(1, 4), ids(2, 3)), (vec![1, 3, 4], vec![1, 3], vec![]));
    }
}
