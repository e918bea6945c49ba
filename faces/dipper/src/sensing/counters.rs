//! Counters that scenes follow: what the alarm engine says of the conditions of scenes is kept apart from alarms.

use assess::Effect;
use model::{DeviceId, Instant, SceneId};
use pack::{SCENE_OVER, SCENE_SILENT};
use store::{SceneCounterRow, StoreError, Tx};

/// What became of one counter for one scene.
pub struct CounterChange {
    scene: SceneId,
    device: DeviceId,
    is_silence: bool,
    since: Option<Instant>,
    reading: Option<(String, f64)>,
}

/// What was said of conditions of scenes, in its order.
pub fn changes<'a>(said: impl Iterator<Item = &'a Effect>) -> Vec<CounterChange> {
    said.filter_map(change).collect()
}

fn change(effect: &Effect) -> Option<CounterChange> {
    let key = effect.alarm()?;
    let silent = key.rule.strip_prefix(SCENE_SILENT);
    let scene = silent.or_else(|| key.rule.strip_prefix(SCENE_OVER))?.parse().ok()?;
    let (since, reading) = match effect {
        Effect::Raised { since, evidence, .. } => {
            (Some(*since), evidence.first().map(|first| (first.property.to_string(), first.value)))
        }
        Effect::Cleared { .. } => (None, None),
        _ => return None,
    };
    Some(CounterChange { scene, device: key.device.clone(), is_silence: silent.is_some(), since, reading })
}

/// Keeps how counters stand.
///
/// # Errors
/// [`StoreError`].
pub fn record(tx: &mut Tx, changes: &[CounterChange]) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut rows = tx.list_scene_counters()?;
    for change in changes {
        let at = rows.iter().position(|row| row.scene == change.scene && row.device == change.device);
        let at = at.unwrap_or_else(|| {
            let (scene, device) = (change.scene.clone(), change.device.clone());
            rows.push(SceneCounterRow { scene, device, over_since: None, silent_since: None, reading: None });
            rows.len() - 1
        });
        let row = &mut rows[at];
        if change.is_silence {
            row.silent_since = change.since;
        } else {
            row.over_since = change.since;
            row.reading.clone_from(&change.reading);
        }
        tx.keep_scene_counter(row)?;
    }
    Ok(())
}
