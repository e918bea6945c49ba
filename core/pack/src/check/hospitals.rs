//! Checks of hospitals.

use super::sources::TIMEOUT_MAX_S;
use crate::faults::Report;
use crate::source::files::Folder;
use crate::source::types::HospitalEntry;

pub(super) fn check_hospitals(folder: &Folder, report: &mut Report) {
    for (id, hospital) in folder.hospitals.iter() {
        check_hospital(&id.value, hospital, folder, report);
        // The log of questions names both by their ids alone.
        if folder.sources.iter().any(|(source, _)| source.value == id.value) {
            report.fault(id.at, format!("{} is a source too; a hospital needs an id of its own", id.value));
        }
    }
}

fn check_hospital(id: &model::SourceId, hospital: &HospitalEntry, folder: &Folder, report: &mut Report) {
    if !folder.offices.may_have(&hospital.office.value) {
        report.fault(hospital.office.at, format!("hospital {id}: unknown office {}", hospital.office.value));
    }
    if let Some(timeout) = hospital.timeout_seconds.as_ref().filter(|at| !(1..=TIMEOUT_MAX_S).contains(&at.value)) {
        report.fault(timeout.at, format!("hospital {id}: it may take 1 to {TIMEOUT_MAX_S} seconds"));
    }
    let Some(point) = &hospital.point else { return };
    let is_point = matches!(point.value[..], [lon, lat] if grid::LonLat::new(lon, lat).is_ok());
    if !is_point {
        report.fault(point.at, format!("hospital {id}: a point is [longitude, latitude] in degrees"));
    }
}
