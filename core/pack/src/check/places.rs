//! The trees of regions and offices.

use std::collections::BTreeMap;

use crate::atlas::contains;
use crate::city::City;
use crate::faults::{At, Report};
use crate::geometry::centre_of;
use crate::lower::root_of;
use crate::source::files::Folder;
use crate::source::types::RegionSource;

/// One root, known parents, no rings, levels that descend, outlines within outlines.
pub(super) fn check_regions(folder: &Folder, city: Option<&City>, report: &mut Report) {
    let regions: BTreeMap<&str, &RegionSource> =
        folder.regions.iter().map(|(id, region)| (id.as_str(), region)).collect();
    let Some(root) = root_of(folder) else {
        if folder.pack.is_some() && folder.regions.whole {
            report.fault(folder.pack_at, "regions.yaml has no root: one region, the city itself, has no parent");
        }
        return;
    };
    for (id, region) in folder.regions.iter() {
        if id.value.as_str().contains('/') {
            report.fault(id.at, format!("region {}: '/' parts the regions of a path, use '-' or '.'", id.value));
        }
        let Some(parent_id) = &region.parent else {
            if region.id.at != root.id.at {
                report.fault(
                    id.at,
                    format!("region {} has no parent, but {} is the root already", id.value, root.id.value),
                );
            }
            continue;
        };
        let Some(parent) = regions.get(parent_id.as_str()) else {
            if folder.regions.whole {
                report.fault(parent_id.at, format!("region {}: unknown parent {}", id.value, parent_id.value));
            }
            continue;
        };
        if region.level.value <= parent.level.value {
            report.fault(
                region.level.at,
                format!("region {} must be of a lower level than its parent {}", id.value, parent_id.value),
            );
        }
        if goes_round(id.as_str(), |id| {
            regions.get(id).and_then(|region| region.parent.as_ref()).map(|parent| parent.as_str())
        }) {
            report.fault(parent_id.at, format!("region {} is its own ancestor", id.value));
        }
    }
    if let Some(city) = city {
        check_outlines(folder, city, report);
    }
}

fn check_outlines(folder: &Folder, city: &City, report: &mut Report) {
    for outline in &folder.outlines {
        let Some(region) = city.regions.get(&outline.region.value) else { continue };
        let parent = region.parent.as_ref().and_then(|id| Some((id, city.regions.get(id)?)));
        let Some((parent_id, parent)) = parent.filter(|(_, parent)| !parent.polygons.is_empty()) else { continue };
        if let Some([x, y]) = centre_of(&outline.polygons)
            && !contains(&parent.polygons, x, y)
        {
            report.fault(
                outline.region.at,
                format!(
                    "region {}: its centre {x:.6},{y:.6} lies outside its parent {parent_id}",
                    outline.region.value
                ),
            );
        }
    }
}

/// Known regions and parents, no rings.
pub(super) fn check_offices(folder: &Folder, report: &mut Report) {
    let parents: BTreeMap<&str, Option<&str>> = folder
        .offices
        .iter()
        .map(|(id, office)| (id.as_str(), office.parent.as_ref().map(|parent| parent.as_str())))
        .collect();
    for (id, office) in folder.offices.iter() {
        if !folder.regions.may_have(&office.region.value) {
            report.fault(office.region.at, format!("office {}: unknown region {}", id.value, office.region.value));
        }
        if let Some(ledger) = office.ledger.as_ref().filter(|ledger| ledger.value) {
            check_log_name(id.value.as_str(), ledger, report);
        }
        let Some(parent) = &office.parent else { continue };
        if !folder.offices.may_have(&parent.value) {
            report.fault(parent.at, format!("office {}: unknown parent {}", id.value, parent.value));
        }
        if goes_round(id.as_str(), |id| parents.get(id).copied().flatten()) {
            report.fault(parent.at, format!("office {} is its own ancestor", id.value));
        }
    }
}

/// True when walking up from a thing comes back to it.
fn goes_round<'a>(start: &'a str, up: impl Fn(&'a str) -> Option<&'a str>) -> bool {
    // Tortoise and hare, so that a ring further up that does not hold the start ends the walk too.
    let (mut slow, mut fast) = (Some(start), Some(start));
    loop {
        fast = fast.and_then(&up);
        if fast == Some(start) {
            return true;
        }
        fast = fast.and_then(&up);
        slow = slow.and_then(&up);
        match fast {
            None => return false,
            Some(id) if id == start => return true,
            Some(_) if fast == slow => return false,
            Some(_) => {}
        }
    }
}

/// A log of its own is served under the office's id, beside the files of the city's log.
fn check_log_name(id: &str, ledger: &At<bool>, report: &mut Report) {
    let is_word = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
    if !is_word || ["tile", "checkpoint", "key"].contains(&id) {
        report.fault(
            ledger.at,
            format!("office {id} cannot have a log of its own: its address /ledger/{id}/ needs a word of a-z, 0-9, '_' and '-' other than tile, checkpoint and key"),
        );
    }
}
