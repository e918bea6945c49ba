//! The witness's key file: 32 bytes in hexadecimal and its name, readable by its owner only.

use std::io::ErrorKind;
use std::path::Path;

use ledger::SigningKey;
use ledger::hash::Hash;
use ledger::key::{KeyKind, KeyName, VerifierKey};

use super::WitnessError;
use super::state;
use crate::ledger::Disk;

const FILE: &str = "witness.key";

pub(super) struct Keys {
    pub name: KeyName,
    pub key: SigningKey,
}

/// Makes the state first and the key last: a key is never there without its state unless the state was lost.
pub(super) fn create(disk: &dyn Disk, folder: &Path, name: &str, seed: &[u8; 32]) -> Result<VerifierKey, WitnessError> {
    let name = KeyName::new(name)?;
    let keys = Keys { name, key: SigningKey::from_bytes(seed) };
    let verifier = verifier(&keys)?;
    make_private(folder)?;
    match disk.read(&folder.join(FILE)) {
        Ok(_) => return Err(WitnessError::KeyExists),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    state::begin(disk, folder, &verifier)?;
    let path = folder.join(FILE);
    make_private_file(&path)?;
    disk.write(&path, format!("{}\n{}\n", Hash(*seed).to_hex(), keys.name).as_bytes())?;
    disk.sync_folder(folder)?;
    Ok(verifier)
}

pub(super) fn read(disk: &dyn Disk, folder: &Path) -> Result<Keys, WitnessError> {
    let bytes = match disk.read(&folder.join(FILE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(WitnessError::NoKey),
        read => read?,
    };
    let text = String::from_utf8(bytes).map_err(|_| WitnessError::KeyFile)?;
    let mut lines = text.lines();
    let (Some(seed), Some(name), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(WitnessError::KeyFile);
    };
    let seed = Hash::from_hex(seed).map_err(|_| WitnessError::KeyFile)?;
    Ok(Keys { name: KeyName::new(name)?, key: SigningKey::from_bytes(&seed.0) })
}

pub(super) fn verifier(keys: &Keys) -> Result<VerifierKey, WitnessError> {
    Ok(VerifierKey::new(keys.name.clone(), KeyKind::Cosignature, keys.key.verifying_key())?)
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn make_private_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map(drop)
}
