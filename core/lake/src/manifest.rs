//! The manifest: which files a lake consists of. It is written anew and renamed, so that a change happens whole or not.
//!
//! Must never do I/O.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version of everything a lake writes.
pub const FORMAT: u32 = 1;

/// What a rolled file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Readings as they came.
    Raw,
    /// Count, least, greatest and mean of each hour.
    Hourly,
}

/// A rolled file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number. Of two files of a day the one with the greater number is right.
    pub number: u64,
    /// The day, counted from 1970-01-01.
    pub day: i32,
    /// What it holds.
    pub kind: Kind,
    /// Rows in it.
    pub rows: u64,
    /// The earliest instant in it, in microseconds.
    pub from_us: i64,
    /// The latest instant in it, in microseconds.
    pub to_us: i64,
    /// When it was written, in microseconds.
    pub made_at_us: i64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// CRC-32 of its index.
    pub index_check: u32,
    /// Whether the object store has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_store: bool,
}

/// The object store of a lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreRef {
    /// Its address when it was first used.
    pub url: String,
    /// What the object `lake` in it says, so that no other lake takes these files for its own.
    pub lake: String,
}

/// A new file, for the ledger: what was sealed, and the digest that commits to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// Counted from 1, without holes.
    pub position: u64,
    /// The file, from the lake's folder.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Rows in it.
    pub rows: u64,
    /// The earliest instant in it, in microseconds.
    pub from_us: i64,
    /// The latest instant in it, in microseconds.
    pub to_us: i64,
}

/// The latest values as they were when the manifest was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatestFile {
    /// Its number, part of its name.
    pub number: u64,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
}

/// Which files a lake consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Where its days begin, in seconds from UTC.
    pub zone_offset_s: i32,
    /// Segments up to this number are in rolled files.
    pub rolled_through: u64,
    /// The number of the next file.
    pub next_number: u64,
    /// The latest values.
    pub latest: Option<LatestFile>,
    /// The rolled files, by day, kind and number.
    pub files: Vec<Entry>,
    /// The position of the last file that was sealed.
    pub sealed_through: u64,
    /// Sealed files nobody has said they are done with.
    pub sealed: Vec<Sealed>,
    /// The object store, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreRef>,
}

/// Why a manifest cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// It is not what was written.
    #[error("its check does not match")]
    Damaged,
    /// It is of another version.
    #[error("format {0}")]
    Format(u32),
}

impl Manifest {
    /// Of a lake without files.
    pub fn empty(zone_offset_s: i32) -> Self {
        Self {
            zone_offset_s,
            rolled_through: 0,
            next_number: 1,
            latest: None,
            files: Vec::new(),
            sealed_through: 0,
            sealed: Vec::new(),
            store: None,
        }
    }

    /// Its text: a line with version and digest, then JSON.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("numbers and strings are JSON");
        format!("dipper-lake {FORMAT} {}\n{json}\n", digest(format!("{json}\n").as_bytes()))
    }

    /// Reads the text.
    ///
    /// # Errors
    /// When a byte differs from what was written, or another version wrote it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| ManifestFault::Damaged)?;
        let (head, json) = text.split_once('\n').ok_or(ManifestFault::Damaged)?;
        let mut words = head.split(' ');
        let (name, format, sum) = (words.next(), words.next(), words.next());
        if name != Some("dipper-lake") || sum != Some(&*digest(json.as_bytes())) || words.next().is_some() {
            return Err(ManifestFault::Damaged);
        }
        match format.and_then(|format| format.parse().ok()) {
            Some(FORMAT) => serde_json::from_str(json).map_err(|_| ManifestFault::Damaged),
            Some(other) => Err(ManifestFault::Format(other)),
            None => Err(ManifestFault::Damaged),
        }
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let mut manifest = Manifest::empty(28_800);
        manifest.latest = Some(LatestFile { number: 3, sha256: digest(b"latest") });
        manifest.files.push(Entry {
            number: 2,
            day: 20_000,
            kind: Kind::Raw,
            rows: 5,
            from_us: -1,
            to_us: i64::MAX,
            made_at_us: 0,
            bytes: 900,
            sha256: digest(b"file"),
            index_check: 7,
            in_store: true,
        });
        manifest.store = Some(StoreRef { url: "s3://bucket/city".to_owned(), lake: digest(b"lake") });
        manifest
    }

    #[test]
    fn a_manifest_reads_back() {
        assert_eq!(Manifest::parse(manifest().to_text().as_bytes()), Ok(manifest()));
    }

    #[test]
    fn a_lake_without_a_store_says_nothing_of_one() {
        let mut manifest = manifest();
        manifest.store = None;
        manifest.files[0].in_store = false;
        assert!(!manifest.to_text().contains("store"));
        assert_eq!(Manifest::parse(manifest.to_text().as_bytes()), Ok(manifest));
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed() {
        let text = manifest().to_text().into_bytes();
        for at in 0..text.len() {
            assert!(Manifest::parse(&text[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut other = text.clone();
                other[at] ^= 1 << bit;
                assert!(Manifest::parse(&other).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn another_format_is_named() {
        let text = manifest().to_text().replace("dipper-lake 1 ", "dipper-lake 2 ");
        assert_eq!(Manifest::parse(text.as_bytes()), Err(ManifestFault::Format(2)));
    }
}
