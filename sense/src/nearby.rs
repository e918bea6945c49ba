//! Devices around a place: how far, and which way.

use std::sync::Arc;

use grid::{LonLat, distance_m};

use crate::telemetry::Member;

/// A device near a place.
#[derive(Debug, Clone)]
pub struct Near {
    /// The device.
    pub member: Arc<Member>,
    /// How far it is, metres.
    pub distance_m: f64,
    /// Which way it is, degrees clockwise from north, 0 to 360.
    pub bearing_deg: f64,
}

/// Those of some devices that stand within a distance of a place, the nearest first.
pub fn nearby(devices: impl IntoIterator<Item = Arc<Member>>, point: LonLat, radius_m: f64) -> Vec<Near> {
    let near = |member: Arc<Member>| {
        let (lon, lat) = member.row.point;
        let there = LonLat::new(lon, lat).ok()?;
        let distance = distance_m(point, there);
        (distance <= radius_m).then(|| Near { member, distance_m: distance, bearing_deg: bearing_deg(point, there) })
    };
    let mut found: Vec<Near> = devices.into_iter().filter_map(near).collect();
    found.sort_by(|one, other| {
        one.distance_m.total_cmp(&other.distance_m).then_with(|| one.member.row.id.cmp(&other.member.row.id))
    });
    found
}

/// The direction in which the great circle from one point to another begins, degrees clockwise from north, 0 to 360.
///
/// On the sphere: the words of eight directions are read from it, and within a city it is right to a tenth of a degree.
pub fn bearing_deg(from: LonLat, to: LonLat) -> f64 {
    let (one, other) = (from.lat_deg().to_radians(), to.lat_deg().to_radians());
    let east = (to.lon_deg() - from.lon_deg()).to_radians();
    let y = east.sin() * other.cos();
    let x = one.cos() * other.sin() - one.sin() * other.cos() * east.cos();
    y.atan2(x).to_degrees().rem_euclid(360.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_those_of_a_compass() {
        let at = |lon, lat| LonLat::new(lon, lat).unwrap();
        let here = at(112.9, 32.5);
        for (there, expect) in [
            (at(112.9, 32.6), 0.0),
            (at(112.91, 32.5), 90.0),
            (at(112.9, 32.4), 180.0),
            (at(112.89, 32.5), 270.0),
            (at(112.911_856, 32.51), 45.0),
        ] {
            let found = bearing_deg(here, there);
            assert!((found - expect).abs() < 0.1, "{there:?}: {found}, not {expect}");
        }
    }
}
