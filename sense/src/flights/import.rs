//! Uploads become a flight: looked at, timed and placed, kept, and sealed by their manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use grid::{Cell, Level, LonLat};
use model::{Actor, CaseId, EventId, FlightId, FlightSealed, Instant, NewRecord, PartyId, RecordBody, RegionId};
use pack::Compiled;
use sha2::{Digest, Sha256};
use store::{FlightFileRow, FlightRow, Reader, StoreError, Tx, UploadRow, canonical_flight};
use tokio::sync::Mutex;

use super::media::{self, FileKind, MediaError, Seen};
use super::track::{Fix, place_at};
use super::views::file_path;
use crate::Context;
use crate::uploads::{self, UploadError, read_metadata};

/// Most files of a flight.
pub const FILES_MAX: usize = 2_000;
/// Characters of a title and of a purpose.
const WORDS_MAX: usize = 120;
/// Characters of the name of a file.
const NAME_MAX: usize = 200;
/// Flights are sealed one after the other: files are linked before the flight is written down.
pub(super) static SEALING: Mutex<()> = Mutex::const_new(());
/// Fixes of a track that maps show.
const SHOWN_MAX: usize = 1_000;

/// Why there is no flight.
#[derive(Debug, thiserror::Error)]
pub enum FlightError {
    /// There is none.
    #[error("there is no flight {0}")]
    Unknown(FlightId),
    /// The id is somebody else's flight.
    #[error("there is another flight {0}; make a new id")]
    Taken(FlightId),
    /// A field cannot be.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    /// No file has a place.
    #[error("none of the files says where it was taken; add the track of the aircraft (GPX, GeoJSON or SRT)")]
    NoPlace,
    /// It is not ours.
    #[error("the files were taken outside the city")]
    Outside,
    /// A file is not taken.
    #[error("{name}: {error}")]
    File {
        /// What it is called.
        name: String,
        /// Why.
        error: MediaError,
    },
    /// An upload is not there, or not whole.
    #[error("{upload}: {error}")]
    Upload {
        /// Which.
        upload: EventId,
        /// Why.
        error: UploadError,
    },
    /// Two pictures cannot be compared.
    #[error("{0}")]
    Pair(String),
    /// A picture cannot be shown.
    #[error("{name}: {error}")]
    Picture {
        /// What it is called.
        name: String,
        /// Why.
        error: crate::picture::PictureError,
    },
    /// The disk refused it.
    #[error("files of flights cannot be stored at present: {0}")]
    Disk(std::io::ErrorKind),
    /// The work was broken off.
    #[error("the server stops; try again")]
    Away,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for FlightError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

/// A flight to be made of uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlight {
    /// Made by whoever sends it: the same again is the same flight.
    pub id: FlightId,
    /// What people will call it.
    pub title: String,
    /// What it was for.
    pub purpose: String,
    /// Uploads of whoever sends it.
    pub uploads: Vec<EventId>,
}

/// Files that were looked at and placed, to be sealed once it is clear that the sender may bring in flights there.
#[derive(Debug)]
pub struct Looked {
    new: NewFlight,
    uploads: Vec<UploadRow>,
    files: Vec<FlightFileRow>,
    track: Vec<(f64, f64)>,
    /// The region that most of the files were taken in.
    pub region: RegionId,
}

/// Looks at uploads and places them.
///
/// # Errors
/// [`FlightError`], naming the file.
pub async fn look(ctx: &Context, party: PartyId, new: NewFlight) -> Result<Looked, FlightError> {
    let new = checked(new)?;
    let mut rows = Vec::with_capacity(new.uploads.len());
    for upload in &new.uploads {
        let found = uploads::whole(ctx, *upload, party).await;
        rows.push(found.map_err(|error| FlightError::Upload { upload: *upload, error })?);
    }
    let (ctx, compiled) = (ctx.clone(), ctx.packs.current());
    let work = move || {
        let (files, track) = place(&ctx, &compiled, &rows)?;
        let region = region_of(&compiled, &files)?;
        Ok(Looked { new, uploads: rows, files, track, region })
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| FlightError::Away)?
}

fn checked(mut new: NewFlight) -> Result<NewFlight, FlightError> {
    for (field, text) in [("title", &mut new.title), ("purpose", &mut new.purpose)] {
        *text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > WORDS_MAX {
            return Err(FlightError::Field(field, format!("must have 1 to {WORDS_MAX} characters")));
        }
    }
    let several: BTreeSet<_> = new.uploads.iter().collect();
    if several.len() != new.uploads.len() {
        return Err(FlightError::Field("uploads", "an upload is named twice".to_owned()));
    }
    if new.uploads.is_empty() || new.uploads.len() > FILES_MAX {
        return Err(FlightError::Field("uploads", format!("1 to {FILES_MAX} files make a flight")));
    }
    Ok(new)
}

/// What the sender called a file, without what could be a path.
fn name_of(upload: &UploadRow) -> String {
    let said = read_metadata(&upload.metadata).ok().and_then(|mut metadata| metadata.remove("filename"));
    let said = said.unwrap_or_default();
    let name = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    if name.trim().is_empty() { upload.id.to_string() } else { name.trim().to_owned() }
}

fn stem(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase()
}

/// Files, and the track as maps show it.
type Placed = (Vec<FlightFileRow>, Vec<(f64, f64)>);

/// Files with their times and places, in the order of time; and the track as maps show it.
fn place(ctx: &Context, compiled: &Compiled, uploads: &[UploadRow]) -> Result<Placed, FlightError> {
    let zone = compiled.city.zone();
    let mut seen = Vec::with_capacity(uploads.len());
    for upload in uploads {
        let name = name_of(upload);
        let found = media::look(&ctx.files.uploads().path(upload.id), &zone, ctx.files.scanner());
        seen.push((upload, found.map_err(|error| FlightError::File { name: name.clone(), error })?, name));
    }
    let mut track: Vec<Fix> = seen.iter().flat_map(|(_, seen, _)| seen.track.iter().copied()).collect();
    track.sort_by_key(|fix| fix.at);
    track.dedup_by_key(|fix| fix.at);
    // The subtitles of a film know better when it was begun than its header, which some cameras write in local time.
    let subtitles = |(_, seen, name): &(&UploadRow, Seen, String)| Some((stem(name), seen.track.first()?.at));
    let subtitles: BTreeMap<String, Instant> = seen.iter().filter_map(subtitles).collect();
    let mut files: Vec<_> = seen
        .into_iter()
        .map(|(upload, mut seen, name)| {
            if seen.kind == FileKind::Film {
                seen.at = subtitles.get(&stem(&name)).copied().or(seen.at);
            }
            file_row(upload, seen, name, &track)
        })
        .collect();
    files.sort_by(|a, b| (a.at.is_none(), a.at, &a.name).cmp(&(b.at.is_none(), b.at, &b.name)));
    for (number, file) in files.iter_mut().enumerate() {
        file.number = u32::try_from(number + 1).unwrap_or(u32::MAX);
    }
    let step = track.len().div_ceil(SHOWN_MAX).max(1);
    Ok((files, track.iter().step_by(step).map(|fix| (fix.lon, fix.lat)).collect()))
}

fn file_row(upload: &UploadRow, seen: Seen, name: String, track: &[Fix]) -> FlightFileRow {
    let fix = seen.at.filter(|_| seen.kind != FileKind::Track).and_then(|at| place_at(track, at));
    let (point, height_m, placed_by) = match (seen.point, fix) {
        (Some(point), fix) => (Some(point), seen.height_m.or(fix.and_then(|fix| fix.height_m)), Some("file")),
        (None, Some(fix)) => (Some((fix.lon, fix.lat)), fix.height_m, Some("track")),
        (None, None) => (None, seen.height_m, None),
    };
    let cell = point.and_then(|(lon, lat)| Cell::encode(LonLat::new(lon, lat).ok()?, Level::L10).ok());
    FlightFileRow {
        number: 0,
        kind: seen.kind.as_str().to_owned(),
        name,
        media_type: seen.media_type.to_owned(),
        sha256: upload.sha256.clone().unwrap_or_default(),
        bytes: upload.bytes,
        size: seen.size,
        at: seen.at,
        point,
        height_m,
        cell,
        placed_by: placed_by.map(str::to_owned),
        pose: seen.pose,
    }
}

/// The smallest region that holds more than half of the files that were taken in the city.
fn region_of(compiled: &Compiled, files: &[FlightFileRow]) -> Result<RegionId, FlightError> {
    let points: Vec<_> = files.iter().filter_map(|file| file.point).collect();
    if points.is_empty() {
        return Err(FlightError::NoPlace);
    }
    let located = points.into_iter().filter_map(|(lon, lat)| compiled.atlas.locate(LonLat::new(lon, lat).ok()?));
    let located: Vec<_> = located.collect();
    let mut held: BTreeMap<RegionId, usize> = BTreeMap::new();
    for smallest in &located {
        let mut next = Some(smallest);
        while let Some(id) = next {
            *held.entry(id.clone()).or_default() += 1;
            next = compiled.city.regions.get(id).and_then(|region| region.parent.as_ref());
        }
    }
    let level = |id: &RegionId| compiled.city.regions.get(id).map(|region| region.level);
    let most = held.into_iter().filter(|(_, count)| count * 2 > located.len());
    most.max_by_key(|(id, _)| level(id)).map(|(id, _)| id).ok_or(FlightError::Outside)
}

/// Keeps the files, writes the flight down and seals its manifest; what was sealed when it is there already.
///
/// Files are linked to where flights are before the flight is written down, and their uploads go after: whenever the server
/// is killed, there is either a whole flight or whole uploads.
///
/// # Errors
/// [`FlightError`].
pub async fn seal(ctx: &Context, by: Actor, looked: Looked) -> Result<FlightRow, FlightError> {
    let Some(party) = by.party() else { return Err(FlightError::Taken(looked.new.id)) };
    let (files, id) = (ctx.files.clone(), looked.new.id);
    // Two that send one flight at once: the second finds what the first has sealed, and touches none of its files.
    let _turn = SEALING.lock().await;
    if let Some(known) = ctx.store.read(move |reader: &mut Reader| reader.find_flight(id)).await? {
        return if known.party == party { Ok(known) } else { Err(FlightError::Taken(id)) };
    }
    let work = move || keep(&files, id, &looked).map(|()| looked);
    let looked = tokio::task::spawn_blocking(work).await.map_err(|_| FlightError::Away)??;
    let (now, compiled) = (ctx.clock.now(), ctx.packs.current());
    let Looked { new, uploads, files, track, region } = looked;
    let gone: Vec<_> = uploads.iter().map(|row| row.id).collect();
    let row = ctx
        .store
        .write(move |tx: &mut Tx| {
            let manifest = canonical_flight(new.id, &new.title, &new.purpose, &files);
            let row = FlightRow {
                id: new.id,
                region_path: compiled.city.region_path(&region),
                party,
                imported_at: now,
                from: files.iter().filter_map(|file| file.at).min(),
                to: files.iter().filter_map(|file| file.at).max(),
                bounds: bounds(&files, &track),
                files: u32::try_from(files.len()).unwrap_or(u32::MAX),
                bytes: files.iter().map(|file| file.bytes).sum(),
                track,
                sha256: hex(&Sha256::digest(&manifest)),
                manifest,
                record: EventId::new(now, 0),
                title: new.title,
                purpose: new.purpose,
                region,
            };
            let sealed = FlightSealed {
                flight: row.id,
                purpose: row.purpose.clone(),
                region: row.region.clone(),
                files: row.files,
                bytes: row.bytes,
                sha256: row.sha256.clone(),
            };
            let body = RecordBody::FlightSealed(Box::new(sealed));
            let record = tx.append_record(NewRecord { at: now, actor: by, body }, now)?;
            let row = FlightRow { record: record.id, ..row };
            tx.record_flight(&row, &files)?;
            // What the sweep finds over is removed, file first.
            for upload in uploads {
                tx.record_upload(&UploadRow { expires_at: now, ..upload })?;
            }
            Ok::<_, StoreError>(row)
        })
        .await?;
    for upload in gone {
        if let Err(error) = uploads::let_go(ctx, upload).await {
            tracing::warn!(%error, "an upload that became a flight is removed later");
        }
    }
    Ok(row)
}

/// Links every file to where flights are; copies where the disks are different ones.
fn keep(files: &crate::evidence::Files, id: FlightId, looked: &Looked) -> Result<(), FlightError> {
    let by_digest: BTreeMap<_, _> = looked.uploads.iter().map(|row| (row.sha256.as_deref(), row.id)).collect();
    for file in &looked.files {
        let target = file_path(files, id, file.number);
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let Some(upload) = by_digest.get(&Some(file.sha256.as_str())) else { continue };
        let source = files.uploads().path(*upload);
        // Of an attempt that was broken off.
        match fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if fs::hard_link(&source, &target).is_err() {
            fs::copy(&source, &target)?;
            File::open(&target)?.sync_all()?;
        }
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// West, south, east and north of all places.
fn bounds(files: &[FlightFileRow], track: &[(f64, f64)]) -> [f64; 4] {
    let points = files.iter().filter_map(|file| file.point).chain(track.iter().copied());
    let around = points.fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |[west, south, east, north], (lon, lat)| {
        [west.min(lon), south.min(lat), east.max(lon), north.max(lat)]
    });
    if around[0] <= around[2] { around } else { [0.0; 4] }
}

/// Makes a flight evidence of a case, under a record of its own; the same again is what was recorded.
///
/// # Errors
/// [`FlightError`].
pub async fn attach(ctx: &Context, by: Actor, flight: &FlightRow, case_id: CaseId) -> Result<EventId, FlightError> {
    let (now, id, region) = (ctx.clock.now(), flight.id, flight.region.clone());
    let Some(party) = by.party() else { return Err(FlightError::Unknown(id)) };
    ctx.store
        .write(move |tx: &mut Tx| {
            let known = tx.list_cases_of_flight(id)?;
            if let Some((_, record)) = known.into_iter().find(|(known, _)| *known == case_id) {
                return Ok(record);
            }
            let body = RecordBody::FlightAttached { flight: id, region, case: case_id };
            let record = tx.append_record(NewRecord { at: now, actor: by, body }, now)?;
            tx.attach_flight(id, case_id, party, now, record.id)?;
            Ok(record.id)
        })
        .await
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
