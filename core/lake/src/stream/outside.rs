//! A lake that several programs share, from outside: copied into a folder, and made out of one.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use model::Clock;

use super::feed::Feed;
use super::open::{FRAMES, parse};
use super::{Manifests, Sharing};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::manifest::{LatestFile, Manifest, digest};
use crate::objects::Objects;
use crate::options::Options;
use crate::outside::{Copied, Named, apart, copy_files, named, read, read_manifest, write};
use crate::segment::{self, Header};
use crate::{latest, writer};

/// How often a copy begins again because readings were rolled meanwhile.
const TRIES: u32 = 20;

/// What the manifest of a folder is called once its lake is shared.
const GIVEN: &str = "manifest.shared";

/// Asks whether the servers answer and the stream may be used; one is made where there is none.
///
/// # Errors
/// When they do not, or it may not.
pub fn probe(sharing: &Sharing) -> Result<(), LakeError> {
    Feed::connect(sharing).map(drop)
}

fn find(manifests: &dyn Manifests) -> Result<Option<(u64, Manifest)>, LakeError> {
    let found = manifests.read(0).map_err(|message| LakeError::Manifests { message })?;
    found.map(|(version, text)| Ok((version, parse(&text)?))).transpose()
}

/// The rolled files that a shared lake consists of now; none when it was never opened.
///
/// # Errors
/// When the manifest cannot be read.
pub fn list_shared(manifests: &dyn Manifests) -> Result<Vec<Named>, LakeError> {
    Ok(find(manifests)?.map_or_else(Vec::new, |(_, manifest)| named(&manifest)))
}

/// Copies a shared lake into a folder, as it stands: files out of the object store, and what is not in files out of the
/// stream. Everything that was acknowledged before this was called is in the copy, which is a lake of one program.
///
/// # Errors
/// When the store, the stream or the manifest is away, or readings are rolled again and again meanwhile.
pub fn copy_shared(
    sharing: &Sharing,
    objects: &Objects,
    to: &Path,
    clock: &dyn Clock,
) -> Result<Option<Copied>, LakeError> {
    let feed = Feed::connect(sharing)?;
    for _ in 0..TRIES {
        let Some((version, manifest)) = find(&*sharing.manifests)? else { return Ok(None) };
        match copy_once(sharing, &feed, objects, &manifest, to, clock) {
            Ok(copied) => return Ok(Some(copied)),
            // A file was merged, or messages were rolled and removed: the manifest is a newer one.
            Err(error @ (LakeError::Missing { .. } | LakeError::Overtaken)) => {
                if find(&*sharing.manifests)?.is_some_and(|(now, _)| now == version) {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(LakeError::Overtaken)
}

fn copy_once(
    sharing: &Sharing,
    feed: &Feed,
    objects: &Objects,
    manifest: &Manifest,
    to: &Path,
    clock: &dyn Clock,
) -> Result<Copied, LakeError> {
    let away = |message: String| LakeError::StreamAway { stream: sharing.stream.clone(), message };
    let last = feed.last().map_err(away)?;
    let header = Header { number: 1, made_at: clock.now() };
    let (mut bytes, mut frame, mut next) = (header.to_bytes().to_vec(), 0, manifest.rolled_through + 1);
    if last > manifest.rolled_through {
        feed.read(next, async |sequence, _, payload| {
            if sequence != next {
                return false;
            }
            if let Some(readings) = segment::frame(payload, FRAMES).filter(|readings| !readings.is_empty()) {
                segment::push_frame(&mut bytes, header, frame, readings.iter());
                frame += 1;
            }
            next = sequence + 1;
            sequence < last
        });
    }
    if next <= last {
        return Err(LakeError::Overtaken);
    }
    let files = copy_files(None, to, manifest, Some(objects))?;
    write(&to.join(writer::name(1)), &bytes)?;
    if let Some(file) = &manifest.latest {
        let name = latest::name(file.number);
        write(&to.join(&name), &objects.get(&name)?)?;
    }
    let manifest = Manifest { rolled_through: 0, ..apart(manifest.clone()) };
    write(&to.join("manifest"), manifest.to_text().as_bytes())?;
    Ok(Copied { files, segments: 1 })
}

/// Makes the lake of a folder the one that programs share: what is hot is rolled, all files are carried to the object store,
/// and the manifest is put where the others find it. The folder is a lake of its own no longer.
///
/// # Errors
/// When there is a shared lake with readings already, the stream is not empty, or something is away; the lake of the folder is
/// then as it was, and this may be done again.
pub fn share(folder: &Path, options: Options, sharing: &Sharing, clock: Arc<dyn Clock>) -> Result<u64, LakeError> {
    let objects = options.objects.clone().ok_or(LakeError::StreamNeedsStore)?;
    let known = match find(&*sharing.manifests)? {
        Some((_, shared)) if shared.rolled_through > 0 || !shared.files.is_empty() => {
            return Err(LakeError::SharedAlready { files: shared.files.len() });
        }
        found => found.map_or(0, |(version, _)| version),
    };
    let feed = Feed::connect(sharing)?;
    let last = feed.last().map_err(|message| LakeError::StreamAway { stream: sharing.stream.clone(), message })?;
    if last > 0 {
        return Err(LakeError::StreamInUse { stream: sharing.stream.clone(), last });
    }
    let now = clock.now();
    let lake = Lake::open(folder, Options { tend_every: None, sharing: None, ..options }, clock)?;
    lake.roll(now)?;
    lake.carry()?;
    drop(lake);
    let mut manifest = read_manifest(folder)?;
    if let Some(file) = manifest.latest.take() {
        let bytes = read(&folder.join(latest::name(file.number)))?;
        // Numbered by messages of the stream from here on.
        manifest.latest = Some(LatestFile { number: 0, sha256: digest(&bytes) });
        objects.put(&latest::name(0), bytes.into())?;
    }
    manifest.rolled_through = 0;
    let files = manifest.files.len() as u64;
    let swapped = sharing.manifests.swap(known, &manifest.to_text());
    if !swapped.map_err(|message| LakeError::Manifests { message })? {
        return Err(LakeError::Overtaken);
    }
    let (old, given) = (folder.join("manifest"), folder.join(GIVEN));
    fs::rename(&old, &given).map_err(LakeError::io(&old))?;
    Ok(files)
}
