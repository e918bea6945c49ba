//! Flights, their files and what changed on the wire.

use model::{FlightId, PanelFinding};
use pack::City;
use sense::flights::{Pair, footprint};
use store::{FlightFileRow, FlightRow};

use super::cases::Names;
use super::inspections::{finding_view, unclear};
use super::{plain, text, time};
use crate::wire;

/// A flight in lists.
pub fn summary(row: &FlightRow, city: &City, names: &Names) -> wire::FlightSummary {
    wire::FlightSummary {
        id: row.id.to_string(),
        title: row.title.clone(),
        purpose: row.purpose.clone(),
        region_title: city
            .regions
            .get(&row.region)
            .map_or_else(|| plain(row.region.as_str()), |region| text(&region.title)),
        by: names.get(&row.party).cloned().unwrap_or_default(),
        imported_at: time(row.imported_at),
        from: row.from.map(time),
        to: row.to.map(time),
        files: row.files,
        bytes: row.bytes,
        sha256: row.sha256.clone(),
        record: row.record.to_string(),
    }
}

/// A file of a flight.
pub fn file(flight: FlightId, row: &FlightFileRow) -> wire::FlightFile {
    let url = format!("/api/v1/flights/{flight}/files/{}", row.number);
    let is_picture = row.kind == "picture";
    wire::FlightFile {
        number: row.number,
        kind: match row.kind.as_str() {
            "picture" => wire::FlightFileKind::Picture,
            "film" => wire::FlightFileKind::Film,
            _ => wire::FlightFileKind::Track,
        },
        name: row.name.clone(),
        media_type: row.media_type.clone(),
        sha256: row.sha256.clone(),
        bytes: row.bytes,
        at: row.at.map(time),
        lon: row.point.map(|point| point.0),
        lat: row.point.map(|point| point.1),
        grid_code: row.cell.map(|cell| cell.to_string()),
        height_m: row.height_m,
        placed_by: row.placed_by.as_deref().map(|by| match by {
            "file" => wire::PlacedBy::File,
            _ => wire::PlacedBy::Track,
        }),
        view_url: is_picture.then(|| format!("{url}?size=view")),
        thumb_url: is_picture.then(|| format!("{url}?size=thumb")),
        url,
    }
}

/// Two pictures of one place, with what comparing them came to where that was done.
pub fn change(flights: (FlightId, FlightId), pair: Pair<'_>, finding: Option<&PanelFinding>) -> wire::FlightChange {
    let (before, after) = (picture(flights.0, pair.before), picture(flights.1, pair.after));
    let (lon, lat) = pair.after.point.unwrap_or_default();
    let areas = finding.map_or_else(Vec::new, |finding| areas(pair.after, (after.width, after.height), finding));
    let mut comparison = unclear(before, after);
    wire::FlightChange {
        before_number: pair.before.number,
        after_number: pair.after.number,
        lon,
        lat,
        apart_m: (pair.apart_m * 10.0).round() / 10.0,
        comparison: finding.map(|finding| {
            finding_view(finding, &mut comparison);
            comparison
        }),
        areas,
    }
}

/// What differs, on the ground.
fn areas(file: &FlightFileRow, size: (u32, u32), finding: &PanelFinding) -> Vec<Vec<Vec<f64>>> {
    let (PanelFinding::Compared(compared), Some(point)) = (finding, file.point) else { return Vec::new() };
    let area = |region: &model::PanelRegion| {
        let corners = footprint(point, &file.pose, size, region.after)?;
        let degrees = |value: f64| (value * 1e7).round() / 1e7;
        Some(corners.map(|(lon, lat)| vec![degrees(lon), degrees(lat)]).to_vec())
    };
    compared.regions.iter().filter_map(area).collect()
}

/// A picture as it is looked at and compared.
fn picture(flight: FlightId, row: &FlightFileRow) -> wire::InspectionPicture {
    let url = format!("/api/v1/flights/{flight}/files/{}", row.number);
    let (width, height) = row.size.map_or((0, 0), sense::flights::view_size);
    wire::InspectionPicture {
        id: format!("{flight}/{}", row.number),
        thumb_url: format!("{url}?size=thumb"),
        url: format!("{url}?size=view"),
        width,
        height,
    }
}
