//! Recorded files: when one is finished, how much of it is whole, and what it is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use model::{DeviceId, Instant};
use sha2::{Digest, Sha256};

/// A recorded file that nothing is added to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The camera.
    pub camera: DeviceId,
    /// Where it lies.
    pub path: PathBuf,
    /// When it begins.
    pub from: Instant,
    /// When it ends.
    pub to: Instant,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// The folder of recorded files within that of a camera.
pub(crate) const RECORDED: &str = "recorded";

/// Recorded files of a camera's folder, the oldest first; the newest, which is still written, only where `is_over`.
pub(crate) fn list_recorded(folder: &Path, is_over: bool) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder.join(RECORDED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    found.retain(|path| began(path).is_some());
    found.sort_unstable_by_key(|path| began(path));
    if !is_over {
        found.pop();
    }
    Ok(found)
}

/// When a file was begun: its name, seconds since 1970.
fn began(path: &Path) -> Option<i64> {
    path.extension().filter(|end| *end == "mp4")?;
    path.file_stem()?.to_str()?.parse().ok()
}

/// Finishes a recorded file: cuts off a torn end, has it on the disk, reads what it is. `None`, and it is gone, when nothing
/// of it can be played.
pub(crate) fn finish(camera: &DeviceId, path: PathBuf) -> io::Result<Option<Finished>> {
    let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
    let (about, began) = (file.metadata()?, began(&path));
    let bytes = whole_length(&mut file, about.len())?;
    let Some(began) = began.filter(|_| bytes > 0) else {
        std::fs::remove_file(&path)?;
        return Ok(None);
    };
    let ended = about.modified()?;
    if bytes < about.len() {
        file.set_len(bytes)?;
        file.set_modified(ended)?;
    }
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let from = Instant::from_micros(began.saturating_mul(1_000_000));
    let to = micros_of(ended).filter(|to| *to > from).unwrap_or(from.plus_micros(1));
    Ok(Some(Finished { camera: camera.clone(), path, from, to, sha256: digest(&mut file)?, bytes }))
}

fn micros_of(time: SystemTime) -> Option<Instant> {
    let since: Duration = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Instant::from_micros(i64::try_from(since.as_micros()).ok()?))
}

fn digest(file: &mut File) -> io::Result<String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1_024]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// How many bytes of a fragmented MP4 (ISO/IEC 14496-12) can be played: to the end of its last whole fragment; 0 when it has
/// none.
///
/// # Errors
/// When it cannot be read.
pub fn whole_length(file: &mut (impl Read + Seek), length: u64) -> io::Result<u64> {
    let (mut at, mut whole, mut in_fragment) = (0_u64, 0, false);
    while at + 8 <= length {
        file.seek(SeekFrom::Start(at))?;
        let mut header = [0; 16];
        file.read_exact(&mut header[..8])?;
        let kind = [header[4], header[5], header[6], header[7]];
        let size = match u32::from_be_bytes([header[0], header[1], header[2], header[3]]) {
            // To the end of the file: a writer that did not come back.
            0 => break,
            1 if at + 16 <= length => {
                file.read_exact(&mut header[8..])?;
                u64::from_be_bytes(std::array::from_fn(|n| header[8 + n]))
            }
            size => u64::from(size),
        };
        let Some(end) = at.checked_add(size).filter(|end| size >= 8 && *end <= length) else { break };
        match &kind {
            b"moof" => in_fragment = true,
            b"mdat" if in_fragment => whole = end,
            // What stands after the last fragment, such as an index, belongs to it.
            _ if whole == at && whole > 0 => whole = end,
            _ => {}
        }
        at = end;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(kinds: &[(&[u8; 4], usize)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, body) in kinds {
            bytes.extend(u32::try_from(8 + body).unwrap().to_be_bytes());
            bytes.extend(*kind);
            bytes.extend(vec![7; *body]);
        }
        bytes
    }

    fn check(bytes: &[u8], expect: u64) {
        let length = bytes.len() as u64;
        assert_eq!(whole_length(&mut Cursor::new(bytes), length).unwrap(), expect);
    }

    #[test]
    fn a_torn_end_is_found_wherever_it_is() {
        let parts: [(&[u8; 4], usize); 6] =
            [(b"ftyp", 16), (b"moov", 100), (b"moof", 40), (b"mdat", 500), (b"moof", 40), (b"mdat", 300)];
        let whole = file(&parts);
        let (first, all) = (file(&parts[..4]).len(), whole.len());
        for cut in 0..=all {
            let expect = if cut == all {
                all
            } else if cut >= first {
                first
            } else {
                0
            };
            check(&whole[..cut], expect as u64);
        }
        let indexed = [whole.clone(), file(&[(b"mfra", 20)])].concat();
        check(&indexed, indexed.len() as u64);
        check(&indexed[..indexed.len() - 1], all as u64);
    }

    #[test]
    fn sizes_that_lie_end_the_file_there() {
        let good = file(&[(b"ftyp", 4), (b"moof", 4), (b"mdat", 4)]);
        for lie in [[0, 0, 0, 0], [0, 0, 0, 7], [0xff; 4], [0, 0, 0, 1]] {
            let bytes = [&good[..], &lie, b"moof", &[0xff; 16]].concat();
            check(&bytes, good.len() as u64);
        }
    }

    #[test]
    fn files_are_finished_in_their_order_and_the_one_being_written_is_left() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(RECORDED)).unwrap();
        let whole = file(&[(b"ftyp", 4), (b"moof", 4), (b"mdat", 4)]);
        for (name, bytes) in
            [("900.mp4", &whole[..]), ("1000.mp4", &whole[..20]), ("1100.mp4", &whole), ("notes.txt", b"x")]
        {
            std::fs::write(folder.path().join(RECORDED).join(name), bytes).unwrap();
        }
        let names = |is_over| {
            let found = list_recorded(folder.path(), is_over).unwrap();
            found.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["900.mp4", "1000.mp4"]);
        assert_eq!(names(true), ["900.mp4", "1000.mp4", "1100.mp4"]);
        let camera = DeviceId::new("camera-1").unwrap();
        let found = finish(&camera, folder.path().join(RECORDED).join("900.mp4")).unwrap().unwrap();
        assert_eq!((found.from.as_micros(), found.bytes, found.sha256.len()), (900_000_000, 36, 64));
        assert!(found.to > found.from);
        assert_eq!(finish(&camera, folder.path().join(RECORDED).join("1000.mp4")).unwrap(), None);
        assert_eq!(names(true), ["900.mp4", "1100.mp4"], "what cannot be played is gone");
    }
}
