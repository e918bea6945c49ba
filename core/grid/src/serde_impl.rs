//! Wire forms, behind the feature `serde`.
//!
//! | type | human-readable formats (JSON, YAML) | others |
//! |---|---|---|
//! | [`Cell`] | code string | packed key, i64 |
//! | [`Voxel`] | code string | packed key, u128 |
//! | [`CellSet`] | list of its cells | the same |
//! | [`ReferenceCode`], [`ShortCode`], [`Offsets`] | code string | the same |
//! | [`Level`] | number | u8 |
//! | [`LonLat`] | `[lon, lat]`, as a GeoJSON position | the same |
//! | [`Bounds`] | `[west, south, east, north]`, as a GeoJSON `bbox` | the same |
//!
//! Must never let an unchecked value in: reading uses the constructors.

use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{Bounds, Cell, CellSet, HeightRule, Level, LonLat, Offsets, ReferenceCode, ShortCode, Voxel};

/// Reads a value from its code string.
struct Code<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Code<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a BeiDou grid code")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.get()) }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cell, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Code(PhantomData))
        } else {
            Cell::try_from(i64::deserialize(deserializer)?).map_err(D::Error::custom)
        }
    }
}

impl<R: HeightRule> Serialize for Voxel<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u128(self.get())
        }
    }
}

impl<'de, R: HeightRule> Deserialize<'de> for Voxel<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Voxel<R>, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Code(PhantomData))
        } else {
            Voxel::try_from(u128::deserialize(deserializer)?).map_err(D::Error::custom)
        }
    }
}

impl Serialize for CellSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.cells())
    }
}

impl<'de> Deserialize<'de> for CellSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CellSet, D::Error> {
        Ok(Vec::<Cell>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The wire form of a type that is always its code string.
macro_rules! as_text {
    ($($name:ty),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                deserializer.deserialize_str(Code(PhantomData))
            }
        }
    )+};
}

as_text!(Offsets, ReferenceCode, ShortCode);

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
