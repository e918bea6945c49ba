//! The hospitals' book: what happened, in a journal that is synced before anything is answered. What follows from it in
//! time (being called, a report, an answer) is computed, so that a restart loses nothing.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use model::{Instant, SourceId};
use serde::{Deserialize, Serialize};

/// Fictional people who wait before everybody else.
pub const WAITING: i64 = 3;

/// An identifier: system and value.
pub type Identifier = (String, String);

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// Somebody was registered, or is known by one more identifier.
    Registered { patient: usize, identifiers: Vec<Identifier>, name: String },
    /// A time was taken, or refused for ever under that identifier.
    Booked {
        identifier: Identifier,
        patient: usize,
        role: String,
        slot: String,
        start: Instant,
        end: Instant,
        is_taken: bool,
    },
    /// A time was given back.
    GivenBack { appointment: usize },
    /// Somebody came.
    Arrived { appointment: usize, number: u32, called_at: Instant },
    /// An invoice was paid.
    Paid { appointment: usize, identifier: Identifier, amount: i64 },
    /// A patient asked something.
    Wrote { appointment: usize, identifier: Identifier, text: String },
}

#[derive(Serialize, Deserialize)]
struct Line {
    hospital: SourceId,
    at: Instant,
    #[serde(flatten)]
    fact: Fact,
}

/// A patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patient {
    /// Every identifier.
    pub identifiers: Vec<Identifier>,
    /// Name.
    pub name: String,
}

/// A visit, from the appointment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The city's identifier.
    pub identifier: Identifier,
    /// Whose.
    pub patient: usize,
    /// With whom.
    pub role: String,
    /// The slot.
    pub slot: String,
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// Whether the slot is held.
    pub is_taken: bool,
    /// When the patient came, the number, and when they are called.
    pub arrived: Option<(Instant, u32, Instant)>,
    /// When it was paid, by which payment.
    pub paid: Option<(Instant, Identifier)>,
    /// What the patient asked, and when.
    pub wrote: Vec<(Instant, Identifier, String)>,
}

/// A hospital's part of the book.
#[derive(Debug, Default)]
pub struct Wing {
    /// Patients, by number from 0.
    pub patients: Vec<Patient>,
    /// Visits, by number from 0.
    pub visits: Vec<Visit>,
}

impl Wing {
    /// The visit that holds a slot.
    pub fn holder(&self, slot: &str) -> Option<usize> {
        self.visits.iter().position(|visit| visit.is_taken && visit.slot == slot)
    }

    /// The visit of an identifier.
    pub fn visit_of(&self, identifier: &Identifier) -> Option<usize> {
        self.visits.iter().position(|visit| visit.identifier == *identifier)
    }

    /// The patient of an identifier.
    pub fn patient_of(&self, identifier: &Identifier) -> Option<usize> {
        self.patients.iter().position(|patient| patient.identifiers.contains(identifier))
    }

    /// The next number of a doctor, and when it is called: after those who wait, one a pace.
    pub fn next_number(&self, role: &str, now: Instant, pace_us: i64) -> (u32, Instant) {
        let before = self.visits.iter().filter(|visit| visit.role == role).filter_map(|visit| visit.arrived);
        let (count, last) = before.fold((0, None), |(count, last), (_, _, called)| (count + 1, last.max(Some(called))));
        let first = now.plus_micros(WAITING * pace_us);
        let called_at = last.map_or(first, |last: Instant| first.max(last.plus_micros(pace_us)));
        (u32::try_from(WAITING).unwrap_or_default() + count + 1, called_at)
    }

    fn apply(&mut self, at: Instant, fact: Fact) {
        match fact {
            Fact::Registered { patient, identifiers, name } => match self.patients.get_mut(patient) {
                Some(known) => known.identifiers.extend(identifiers),
                None => self.patients.push(Patient { identifiers, name }),
            },
            Fact::Booked { identifier, patient, role, slot, start, end, is_taken } => {
                let (arrived, paid, wrote) = (None, None, Vec::new());
                self.visits.push(Visit { identifier, patient, role, slot, start, end, is_taken, arrived, paid, wrote });
            }
            Fact::GivenBack { appointment } => self.change(appointment, |visit| visit.is_taken = false),
            Fact::Arrived { appointment, number, called_at } => {
                self.change(appointment, |visit| visit.arrived = Some((at, number, called_at)));
            }
            Fact::Paid { appointment, identifier, .. } => {
                self.change(appointment, |visit| visit.paid = Some((at, identifier)));
            }
            Fact::Wrote { appointment, identifier, text } => {
                self.change(appointment, |visit| visit.wrote.push((at, identifier, text)));
            }
        }
    }

    /// Whose number of the population it is that a patient has; `system` is that of such numbers.
    pub fn id_number(&self, patient: usize, system: &str) -> Option<&str> {
        let identifiers = &self.patients.get(patient)?.identifiers;
        identifiers.iter().find(|(known, _)| known == system).map(|(_, value)| value.as_str())
    }

    fn change(&mut self, number: usize, how: impl FnOnce(&mut Visit)) {
        if let Some(visit) = self.visits.get_mut(number) {
            how(visit);
        }
    }
}

/// The book of every hospital of this process.
pub struct Book {
    wings: BTreeMap<SourceId, Wing>,
    journal: File,
}

impl Book {
    /// Opens the journal of a folder and reads it; a last line that a crash cut off was never answered and is dropped.
    ///
    /// # Errors
    /// When the folder or the file cannot be used.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("journal.jsonl");
        let (mut wings, mut whole) = (BTreeMap::<SourceId, Wing>::new(), 0);
        if path.exists() {
            let mut reader = BufReader::new(File::open(&path)?);
            let mut text = String::new();
            while reader.read_line(&mut text)? > 0 {
                let Ok(Line { hospital, at, fact }) = serde_json::from_str(&text) else { break };
                if !text.ends_with('\n') {
                    break;
                }
                wings.entry(hospital).or_default().apply(at, fact);
                whole += text.len() as u64;
                text.clear();
            }
        }
        let journal = OpenOptions::new().create(true).append(true).open(&path)?;
        journal.set_len(whole)?;
        Ok(Self { wings, journal })
    }

    /// A hospital's part.
    pub fn wing(&mut self, hospital: &SourceId) -> &Wing {
        self.wings.entry(hospital.clone()).or_default()
    }

    /// Writes down what happened.
    ///
    /// # Errors
    /// When it is not on the disk: then it has not happened.
    pub fn record(&mut self, hospital: &SourceId, at: Instant, fact: Fact) -> io::Result<()> {
        let line = Line { hospital: hospital.clone(), at, fact };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        self.journal.write_all(&bytes)?;
        self.journal.sync_data()?;
        self.wings.entry(line.hospital).or_default().apply(at, line.fact);
        Ok(())
    }
}

/// A line of the access log: who asked for what of whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The question's id, as the city's log has it.
    pub request_id: String,
    /// When.
    pub at: Instant,
    /// The hospital.
    pub hospital: SourceId,
    /// How.
    pub method: String,
    /// Which type of resource.
    pub resource: String,
    /// The patient, where the request is about one.
    pub patient: Option<String>,
    /// The patient's identity number, as a keyed digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// The access log, synced before it is answered.
pub struct AccessLog {
    path: PathBuf,
    file: File,
}

impl AccessLog {
    /// Opens the log of a folder.
    ///
    /// # Errors
    /// When the folder or the file cannot be used.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("access.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self { path, file })
    }

    /// Writes a request down.
    ///
    /// # Errors
    /// When it is not on the disk: then it is not to be answered.
    pub fn record(&mut self, access: &Access) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(access)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }

    /// What a hospital was asked, in the order it was. A line that a crash cut off was never answered.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self, hospital: &SourceId) -> io::Result<Vec<Access>> {
        let lines = BufReader::new(File::open(&self.path)?).lines();
        let lines = lines.collect::<io::Result<Vec<String>>>()?;
        let read = lines.iter().filter_map(|line| serde_json::from_str::<Access>(line).ok());
        Ok(read.filter(|access| access.hospital == *hospital).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_read_again_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let (at, hospital) = (Instant::from_micros(0), SourceId::new("first").unwrap());
        let named = |value: &str| ("visit".to_owned(), value.to_owned());
        let booked = |value: &str| Fact::Booked {
            identifier: named(value),
            patient: 0,
            role: "r1".to_owned(),
            slot: format!("slot-{value}"),
            start: at,
            end: at.plus_micros(1),
            is_taken: true,
        };
        let mut book = Book::open(folder.path()).unwrap();
        for fact in [
            Fact::Registered { patient: 0, identifiers: vec![named("p")], name: "李".to_owned() },
            booked("1"),
            booked("2"),
            Fact::GivenBack { appointment: 0 },
            Fact::Arrived { appointment: 1, number: 4, called_at: at.plus_micros(30) },
        ] {
            book.record(&hospital, at, fact).unwrap();
        }
        drop(book);
        let journal = folder.path().join("journal.jsonl");
        let mut torn = std::fs::read(&journal).unwrap();
        torn.extend_from_slice(b"{\"hospital\":\"first\",\"at\":");
        std::fs::write(&journal, torn).unwrap();
        let mut book = Book::open(folder.path()).unwrap();
        let wing = book.wing(&hospital);
        assert_eq!((wing.holder("slot-1"), wing.holder("slot-2")), (None, Some(1)));
        assert_eq!((wing.visit_of(&named("1")), wing.patient_of(&named("p"))), (Some(0), Some(0)));
        assert_eq!(wing.next_number("r1", at, 10), (5, at.plus_micros(40)), "after whoever came before");
        assert_eq!(wing.next_number("r2", at, 10), (4, at.plus_micros(30)));
    }
}
