//! `dipper verify … --flight FOLDER`: the files of a flight, against the receipt of its record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use model::RecordBody;
use sense::uploads::digest_of;
use serde::Deserialize;
use serde_json::Value;

/// What is read of a manifest.
#[derive(Deserialize)]
struct Manifest {
    title: String,
    purpose: String,
    files: Vec<Named>,
}

/// A file that a manifest names.
#[derive(Deserialize)]
struct Named {
    number: u32,
    name: String,
    sha256: String,
}

/// Says what the files of a folder prove; fails when one is missing, or was changed, or when the manifest is another one than
/// the record has sealed. Files are found by their digests, whatever they are called.
pub fn verify(record: &str, folder: &Path, is_chinese: bool) -> anyhow::Result<String> {
    let record: Value = serde_json::from_str(record).context("the record of the receipt")?;
    let body = record.get("body").cloned().unwrap_or(record);
    let body: RecordBody = serde_json::from_value(body).context("the receipt is not that of a flight")?;
    let RecordBody::FlightSealed(sealed) = body else { bail!("the receipt is not that of a flight") };
    let mut there: BTreeMap<String, PathBuf> = BTreeMap::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            let digest = digest_of(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            there.insert(digest, path);
        }
    }
    let Some(manifest) = there.get(&sealed.sha256) else {
        bail!("{} holds no manifest with the digest that the ledger has sealed: {}", folder.display(), sealed.sha256);
    };
    let text = std::fs::read_to_string(manifest).context("the manifest cannot be read")?;
    let manifest: Manifest = serde_json::from_str(&text).context("the manifest is damaged")?;
    let missing: Vec<_> = manifest.files.iter().filter(|file| !there.contains_key(&file.sha256)).collect();
    if !missing.is_empty() {
        let names: Vec<_> =
            missing.iter().map(|file| format!("{:04} {} ({})", file.number, file.name, file.sha256)).collect();
        bail!("{} of {} files are missing or were changed:\n{}", missing.len(), manifest.files.len(), names.join("\n"));
    }
    let Manifest { title, purpose, files } = manifest;
    Ok(if is_chinese {
        format!("航拍《{title}》（{purpose}）：清单与封存的一致，{} 个文件都在，一字不差。", files.len())
    } else {
        format!(
            "Flight \"{title}\" ({purpose}): the manifest is the one that was sealed; all {} files are there, unchanged.",
            files.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use model::{FlightId, FlightSealed, Instant};
    use sha2::{Digest, Sha256};

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A folder with a manifest and two files, and the record that seals it.
    fn sealed() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("0001-a.jpg", "one"), ("renamed", "two")] {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let file = |number, name: &str, bytes: &str| serde_json::json!({"number": number, "name": name, "sha256": hex(bytes.as_bytes())});
        let manifest = serde_json::json!({"flight": "x", "title": "航拍", "purpose": "违建核查", "files": [file(1, "a.jpg", "one"), file(2, "b.jpg", "two")]}).to_string();
        fs::write(folder.path().join("manifest.json"), &manifest).unwrap();
        let body = RecordBody::FlightSealed(Box::new(FlightSealed {
            flight: FlightId::new(Instant::from_micros(0), 1),
            purpose: "违建核查".to_owned(),
            region: "gulou".parse().unwrap(),
            files: 2,
            bytes: 6,
            sha256: hex(manifest.as_bytes()),
        }));
        (folder, serde_json::json!({"body": body}).to_string())
    }

    #[test]
    fn whole_flights_hold_and_others_say_what_is_wrong() {
        let (folder, record) = sealed();
        assert!(verify(&record, folder.path(), false).unwrap().contains("all 2 files"));
        assert!(verify(&record, folder.path(), true).unwrap().contains("2 个文件"));
        fs::write(folder.path().join("renamed"), "two, and more").unwrap();
        let error = verify(&record, folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("1 of 2 files") && error.contains("0002 b.jpg"), "{error}");
        fs::write(folder.path().join("manifest.json"), "{}").unwrap();
        assert!(verify(&record, folder.path(), false).unwrap_err().to_string().contains("no manifest"));
        let other = serde_json::json!({"body": {"kind": "command_confirmed", "command": "01M6CWACM0000000000000000B", "device": "lamp"}});
        assert!(
            verify(&other.to_string(), folder.path(), false).unwrap_err().to_string().contains("not that of a flight")
        );
    }
}
