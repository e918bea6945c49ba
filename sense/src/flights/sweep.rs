//! Folders of flights that were never written down: an import that was killed in between, and never sent again.

use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use model::{FlightId, Instant};
use store::Reader;

use super::import::{FlightError, SEALING};
use crate::Context;

/// A folder that nothing was put into for so long, and that is of no flight, is left over, microseconds. Whoever was broken
/// off may send the flight again until then, and finds what was linked.
const LEFT_US: i64 = 24 * 3_600 * 1_000_000;

/// Removes folders that are left over; gives how many. What is sealed is never touched, nor what is no folder of a flight.
///
/// # Errors
/// [`FlightError`]; the next sweep goes on.
pub async fn sweep(ctx: &Context) -> Result<usize, FlightError> {
    let (root, now) = (ctx.files.folder().join("flights"), ctx.clock.now());
    let found = tokio::task::spawn_blocking(move || old_folders(&root, now)).await.map_err(|_| FlightError::Away)??;
    let mut removed = 0;
    for (id, folder) in found {
        // Nobody is sealing it meanwhile.
        let _turn = SEALING.lock().await;
        if ctx.store.read(move |reader: &mut Reader| reader.find_flight(id)).await?.is_some() {
            continue;
        }
        tokio::task::spawn_blocking(move || fs::remove_dir_all(folder)).await.map_err(|_| FlightError::Away)??;
        tracing::info!(flight = %id, "files of a flight that was never written down are removed");
        removed += 1;
    }
    Ok(removed)
}

fn old_folders(root: &std::path::Path, now: Instant) -> std::io::Result<Vec<(FlightId, PathBuf)>> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let id = entry.file_name().to_str().and_then(|name| name.parse::<FlightId>().ok());
        let about = entry.metadata()?;
        let since = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed_at = Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        if let Some(id) = id.filter(|_| about.is_dir() && now.micros_since(changed_at) >= LEFT_US) {
            found.push((id, entry.path()));
        }
    }
    Ok(found)
}
