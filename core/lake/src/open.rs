//! Opening: the lock, the manifest, the segments, and what an interrupted step left behind.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Clock;

use crate::disk::Disk;
use crate::error::LakeError;
use crate::file::{Rolled, Shelf, index_name, name};
use crate::hot::Table;
use crate::latest::{self, Latest};
use crate::manifest::{FORMAT, Manifest, ManifestFault, digest};
use crate::options::Options;
use crate::roll::FOLDERS;
use crate::segment::{self, HEADER_BYTES, Segment};
use crate::shared::{Shared, State};
use crate::writer::{self, Growing};

/// Opens a lake; the segment that grows comes apart, for the writer.
pub(crate) fn open(folder: PathBuf, options: Options, clock: Arc<dyn Clock>) -> Result<(Shared, Growing), LakeError> {
    options.disk.make_folder(&folder).map_err(LakeError::io(&folder))?;
    let lock = lock(&folder)?;
    let manifest = read_manifest(&folder, &options)?;
    let in_store = manifest.files.iter().filter(|entry| entry.in_store).count();
    if let (None, Some(store), 1..) = (&options.objects, &manifest.store, in_store) {
        return Err(LakeError::StoreUnnamed { files: in_store, url: store.url.clone() });
    }
    let latest = read_latest(&folder, &*options.disk, &manifest)?;
    let segments = read_segments(&folder, &*options.disk, manifest.rolled_through)?;

    let shelf = Shelf::new(options.open_files);
    let mut state = State::new(&manifest, latest, |entry| Rolled::new(entry, &folder, Arc::clone(&shelf), &options));
    state.active = Table::new(manifest.rolled_through + 1);
    for (number, segment) in &segments {
        if state.active.rows() > 0 {
            let before = std::mem::replace(&mut state.active, Table::new(*number));
            state.ended.push(Arc::new(before));
        }
        state.active.segment = *number;
        for reading in segment.groups.iter().flatten() {
            state.active.put(*reading);
            latest::take(&mut state.latest, *reading);
        }
    }
    sweep(&folder, &*options.disk, &manifest)?;
    let shared = Shared::new((folder, lock), options, clock, (manifest, state, shelf), None);
    cut_torn(&shared, &segments)?;
    let growing = go_on(&shared, segments.last())?;
    if !shared.state.read().is_ok_and(|state| state.ended.is_empty()) {
        shared.bell.ring();
    }
    Ok((shared, growing))
}

pub(crate) fn lock(folder: &Path) -> Result<File, LakeError> {
    let path = folder.join("lock");
    let file = File::create(&path).map_err(LakeError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LakeError::Held { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(LakeError::Io { file: path, source }),
    }
}

fn read_manifest(folder: &Path, options: &Options) -> Result<Manifest, LakeError> {
    let path = folder.join("manifest");
    let bytes = match options.disk.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // It is written before anything else: where something else is, it was lost.
            let is_old = FOLDERS.iter().any(|name| folder.join(name).is_dir());
            if is_old || !numbers(folder, "segment-")?.is_empty() || !numbers(folder, "latest-")?.is_empty() {
                return Err(LakeError::Missing { file: path });
            }
            let manifest = Manifest::empty(options.zone_offset_s);
            let draft = folder.join("manifest.draft");
            options.disk.write(&draft, manifest.to_text().as_bytes()).map_err(LakeError::io(&draft))?;
            options.disk.rename(&draft, &path).map_err(LakeError::io(&path))?;
            options.disk.sync_folder(folder).map_err(LakeError::io(folder))?;
            return Ok(manifest);
        }
        Err(error) => return Err(LakeError::Io { file: path, source: error }),
    };
    let manifest = Manifest::parse(&bytes).map_err(|fault| match fault {
        ManifestFault::Damaged => {
            LakeError::Damaged { file: path.clone(), offset: 0, what: "its check does not match" }
        }
        ManifestFault::Format(found) => LakeError::Format { file: path, found, known: FORMAT },
    })?;
    if manifest.zone_offset_s != options.zone_offset_s {
        return Err(LakeError::Zone { kept_s: manifest.zone_offset_s, asked_s: options.zone_offset_s });
    }
    Ok(manifest)
}

fn read_latest(folder: &Path, disk: &dyn Disk, manifest: &Manifest) -> Result<Latest, LakeError> {
    let Some(file) = &manifest.latest else { return Ok(Latest::new()) };
    let path = folder.join(latest::name(file.number));
    let bytes = disk.read(&path).map_err(LakeError::io(&path))?;
    let latest = (digest(&bytes) == file.sha256).then(|| latest::parse(&bytes)).flatten();
    latest.ok_or(LakeError::Damaged { file: path, offset: 0, what: "it is not what the manifest names" })
}

/// Numbers of the files in a folder whose names begin alike, in order.
pub(crate) fn numbers(folder: &Path, begin: &str) -> Result<Vec<u64>, LakeError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(LakeError::io(folder))? {
        let name = entry.map_err(LakeError::io(folder))?.file_name();
        found.extend(name.to_string_lossy().strip_prefix(begin).and_then(|number| number.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

/// Reads the segments that are not rolled; a torn end is allowed where nothing was acknowledged behind it.
fn read_segments(folder: &Path, disk: &dyn Disk, rolled_through: u64) -> Result<Vec<(u64, Segment)>, LakeError> {
    let mut segments = Vec::new();
    let numbers = numbers(folder, "segment-")?;
    for number in numbers.into_iter().filter(|number| *number > rolled_through) {
        let path = folder.join(writer::name(number));
        let expected = rolled_through + 1 + segments.len() as u64;
        if number != expected {
            return Err(LakeError::Missing { file: folder.join(writer::name(expected)) });
        }
        let bytes = disk.read(&path).map_err(LakeError::io(&path))?;
        let damaged = |offset: usize, what| LakeError::Damaged { file: path.clone(), offset: offset as u64, what };
        let segment = segment::read(&bytes).map_err(|fault| damaged(fault.offset, fault.what))?;
        if segment.header.is_some_and(|header| header.number != number) {
            return Err(damaged(0, "it is another segment than its name says"));
        }
        segments.push((number, segment));
    }
    let last = segments.iter().rposition(|(_, segment)| segment.next_frame > 0);
    for (number, segment) in &segments[..last.unwrap_or(0)] {
        if segment.torn || segment.header.is_none() {
            let file = folder.join(writer::name(*number));
            let what = "it ends within a group, and a later segment has readings";
            return Err(LakeError::Damaged { file, offset: segment.good_bytes as u64, what });
        }
    }
    Ok(segments)
}

/// Cuts off what was not acknowledged.
fn cut_torn(shared: &Shared, segments: &[(u64, Segment)]) -> Result<(), LakeError> {
    for (number, segment) in segments.iter().filter(|(_, segment)| segment.torn && segment.header.is_some()) {
        let (path, bytes) = (shared.folder.join(writer::name(*number)), segment.good_bytes as u64);
        tracing::warn!(segment = number, bytes, "a torn end that was not acknowledged is cut off");
        let cut = shared.options.disk.log(&path).and_then(|mut log| log.cut(bytes));
        cut.map_err(LakeError::io(&path))?;
    }
    Ok(())
}

/// The segment to write on in: the last one or a new one.
fn go_on(shared: &Shared, last: Option<&(u64, Segment)>) -> Result<Growing, LakeError> {
    let Some((number, segment)) = last else {
        let number = shared.state.read().map_or(1, |state| state.active.segment);
        return Growing::create(shared, number);
    };
    let Some(header) = segment.header else { return Growing::create(shared, *number) };
    let path = shared.folder.join(writer::name(*number));
    let log = shared.options.disk.log(&path).map_err(LakeError::io(&path))?;
    Ok(Growing {
        header,
        log,
        good_bytes: segment.good_bytes.max(HEADER_BYTES) as u64,
        next_frame: segment.next_frame,
        marked: segment.marked || segment.next_frame == 0,
        torn: false,
    })
}

/// Removes what no manifest names: drafts, files of an interrupted step, segments that are rolled.
pub(crate) fn sweep(folder: &Path, disk: &dyn Disk, manifest: &Manifest) -> Result<(), LakeError> {
    let mut named: HashSet<PathBuf> = HashSet::new();
    for entry in &manifest.files {
        let path = folder.join(name(entry));
        named.insert(index_name(&path));
        named.insert(path);
    }
    let mut gone = vec![folder.join("manifest.draft")];
    let rolled = numbers(folder, "segment-")?.into_iter().filter(|number| *number <= manifest.rolled_through);
    gone.extend(rolled.map(|number| folder.join(writer::name(number))));
    let known = manifest.latest.as_ref().map(|file| file.number);
    let latest = numbers(folder, "latest-")?.into_iter().filter(|number| Some(*number) != known);
    gone.extend(latest.map(|number| folder.join(latest::name(number))));
    for kind in FOLDERS.map(|name| folder.join(name)).into_iter().filter(|folder| folder.is_dir()) {
        for day in fs::read_dir(&kind).map_err(LakeError::io(&kind))? {
            let day = day.map_err(LakeError::io(&kind))?.path();
            for file in fs::read_dir(&day).map_err(LakeError::io(&day))? {
                let file = file.map_err(LakeError::io(&day))?.path();
                if !named.contains(&file) {
                    gone.push(file);
                }
            }
        }
    }
    for path in gone {
        disk.remove(&path).map_err(LakeError::io(&path))?;
    }
    Ok(())
}
