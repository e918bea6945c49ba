//! Wire forms, behind the feature `serde`.
//!
//! | type | human-readable formats (JSON, YAML) | others |
//! |---|---|---|
//! | [`Cell`] | code string | packed key, i64 |
//! | [`Level`] | number | u8 |
//! | [`LonLat`] | `[lon, lat]`, as a GeoJSON position | the same |
//! | [`Bounds`] | `[west, south, east, north]`, as a GeoJSON `bbox` | the same |
//!
//! Must never let an unchecked value in: reading uses the constructors.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{Bounds, Cell, Level, LonLat};

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.get()) }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        struct Code;
        impl Visitor<'_> for Code {
            type Value = Cell;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a BeiDou grid code")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
                text.parse().map_err(E::custom)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Code)
        } else {
            Cell::try_from(i64::deserialize(deserializer)?).map_err(D::Error::custom)
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.get())
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        Level::try_from(u8::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for LonLat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.lon_deg(), self.lat_deg()].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LonLat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LonLat, D::Error> {
        let [lon, lat] = <[f64; 2]>::deserialize(deserializer)?;
        LonLat::new(lon, lat).map_err(D::Error::custom)
    }
}

impl Serialize for Bounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.west, self.south, self.east, self.north].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bounds, D::Error> {
        let [west, south, east, north] = <[f64; 4]>::deserialize(deserializer)?;
        Bounds::new(west, south, east, north).map_err(D::Error::custom)
    }
}
