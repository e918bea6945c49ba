//! Which devices a caller sees, and which of them are asked for.

use model::{DeviceClassId, DeviceLabel, RegionId};
use pack::City;
use sense::telemetry::Member;

use crate::error::Refused;
use crate::names::parse_some;

/// Which devices are asked for, of those that the caller sees.
pub struct Narrow {
    seen: Vec<RegionId>,
    class: Option<DeviceClassId>,
    region: Option<RegionId>,
    label: Option<DeviceLabel>,
    words: String,
}

impl Narrow {
    /// Those in the regions seen, narrowed by words of the request.
    ///
    /// # Errors
    /// 400 naming the parameter that does not fit.
    pub fn new(
        seen: Vec<RegionId>,
        class: Option<&str>,
        region: Option<&str>,
        label: Option<&str>,
        q: Option<&str>,
    ) -> Result<Self, Refused> {
        Ok(Self {
            seen,
            class: parse_some("class", class)?,
            region: parse_some("region", region)?,
            label: parse_some("label", label)?,
            words: q.unwrap_or_default().trim().to_lowercase(),
        })
    }

    /// Whether the caller sees a device.
    pub fn sees(&self, city: &City, member: &Member) -> bool {
        self.seen.iter().any(|seen| city.is_within(&member.row.region, seen))
    }

    /// Whether a device is seen and asked for.
    pub fn asks_for(&self, city: &City, member: &Member) -> bool {
        let row = &member.row;
        self.class.as_ref().is_none_or(|class| row.class == *class)
            && self.label.as_ref().is_none_or(|label| row.labels.contains(label))
            && self.sees(city, member)
            && self.region.as_ref().is_none_or(|region| city.is_within(&row.region, region))
            && (row.id.as_str().to_lowercase().contains(&self.words) || row.title.to_lowercase().contains(&self.words))
    }
}
