//! The gazetteer (地名库): places by their names, so that an address in words becomes a place.
//!
//! It knows the regions of a city and everything its base map names: roads, schools, parks, water. It reads an address
//! as people write it, from large to small ("天权区书院路与翰林路路口"), and says how near it came: a place, a crossing,
//! a road, a region. It holds no house numbers, so it never claims to know a door.

mod geo;
mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use grid::LonLat;
use model::{RegionId, Text};

use crate::atlas::Atlas;
use crate::city::{City, RegionLevel};
use crate::geometry::centre_of;
use names::{Index, fold};

pub use geo::Lines;

/// Something the base map names.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedShape {
    /// Its name.
    pub title: Text,
    /// Whether it is a line that one walks along, such as a road.
    pub is_road: bool,
    /// Its lines, or its one point; degrees, CGCS2000.
    pub lines: Lines,
}

/// How near an address came. Finer ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// Somewhere in a region.
    Region,
    /// Somewhere along a road.
    Road,
    /// Where two roads meet.
    Crossing,
    /// A named place.
    Place,
}

impl Precision {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Road => "road",
            Self::Crossing => "crossing",
            Self::Place => "place",
        }
    }

    /// True when its point is where the address is, not only in the middle of where it may be.
    pub const fn is_spot(self) -> bool {
        matches!(self, Self::Crossing | Self::Place)
    }
}

/// A place that an address may mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its name.
    pub title: Text,
    /// How near.
    pub precision: Precision,
    /// The place, or the middle of where it may be.
    pub point: LonLat,
    /// The smallest region that holds all of it.
    pub region: RegionId,
}

/// Candidates of one kind nearer to each other than this are one place, in metres.
const SAME_PLACE_M: f64 = 300.0;

/// Most names of an address that are looked at: nobody writes more, and crossings are looked for pair by pair.
const MENTIONS_MAX: usize = 8;

#[derive(Debug, Clone)]
enum Entry {
    Region(RegionId, RegionLevel),
    Shape(NamedShape),
}

/// Names with what they stand for.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    entries: Vec<(Text, Entry)>,
    index: Index,
}

impl Gazetteer {
    /// Builds it from a city's regions and what its base map names. Shapes of one name are one road or place when they
    /// are roads; other shapes stay apart, since many towns have two schools of one name.
    pub fn new(city: &City, shapes: Vec<NamedShape>) -> Self {
        let mut gazetteer = Self::default();
        for (id, region) in &city.regions {
            let entry = Entry::Region(id.clone(), region.level);
            gazetteer.enter(region.title.clone(), entry, matches!(region.level, RegionLevel::District));
        }
        let mut roads: BTreeMap<BTreeMap<String, String>, Lines> = BTreeMap::new();
        for shape in shapes {
            if shape.is_road {
                roads.entry(shape.title.0).or_default().extend(shape.lines);
            } else {
                gazetteer.enter(shape.title.clone(), Entry::Shape(shape), false);
            }
        }
        for (names, lines) in roads {
            let title = Text(names);
            let shape = NamedShape { title: title.clone(), is_road: true, lines };
            gazetteer.enter(title, Entry::Shape(shape), false);
        }
        gazetteer.index.finish();
        gazetteer
    }

    fn enter(&mut self, title: Text, entry: Entry, may_be_short: bool) {
        let number = self.entries.len();
        for name in title.0.values() {
            self.index.enter(name, number);
            // 天权区 is 天权 in speech; a street or community is never called by its bare name, a road of that name is.
            if let Some(short) = name.strip_suffix('区').filter(|short| may_be_short && short.chars().count() > 1) {
                self.index.enter(short, number);
            }
        }
        self.entries.push((title, entry));
    }

    /// What an address may mean, the nearest first; empty when it names nothing known. At most `limit`.
    pub fn locate(&self, city: &City, atlas: &Atlas, address: &str, limit: usize) -> Vec<Found> {
        let mentioned = self.index.mentions(&fold(address), MENTIONS_MAX);
        let within = self.region_of(city, &mentioned);
        let mut found = Vec::new();
        self.find_crossings(atlas, &mentioned, &mut found);
        for &number in mentioned.iter().rev().flatten() {
            found.extend(self.find_shape(city, atlas, number, within.as_ref()));
        }
        if let Some(region) = &within {
            found.retain(|one| city.is_within(&one.region, region) || city.is_within(region, &one.region));
            found.extend(self.find_region(city, region));
        }
        found.sort_by_key(|found| std::cmp::Reverse(found.precision));
        found.truncate(limit);
        found
    }

    /// What an address most likely means, for a report that comes without a point: the one nearest candidate, or what
    /// several equally near ones have in common. `None` when it names nothing known.
    pub fn settle(&self, city: &City, atlas: &Atlas, address: &str) -> Option<Found> {
        let found = self.locate(city, atlas, address, usize::MAX);
        let first = found.first()?.clone();
        let rivals = || found.iter().filter(|one| one.precision == first.precision);
        if rivals().all(|one| grid::distance_m(one.point, first.point) <= SAME_PLACE_M) {
            return Some(first);
        }
        let regions: Vec<&RegionId> = rivals().map(|one| &one.region).collect();
        let region = common_region(city, &regions)?;
        let title = city.region(&region)?.title.clone();
        Some(Found { title, precision: Precision::Region, region, ..first })
    }

    /// Places whose name holds what was typed, for a list under a search field: those that begin so first.
    pub fn suggest(&self, city: &City, atlas: &Atlas, typed: &str, limit: usize) -> Vec<Found> {
        let mut found = self.locate(city, atlas, typed, limit);
        for number in self.index.holding(&fold(typed)) {
            if limit <= found.len() {
                break;
            }
            let more = match &self.entries[number].1 {
                Entry::Region(id, _) => self.find_region(city, id),
                Entry::Shape(_) => self.find_shape(city, atlas, number, None),
            };
            found.extend(more.filter(|more| !found.contains(more)));
        }
        found
    }

    /// The deepest region an address names.
    fn region_of(&self, city: &City, mentioned: &[Vec<usize>]) -> Option<RegionId> {
        let regions = mentioned.iter().flatten().filter_map(|&number| match &self.entries[number].1 {
            Entry::Region(id, level) => Some((level, id)),
            Entry::Shape(_) => None,
        });
        // Of several at one depth none can be preferred: the city's own name beside a street's counts for nothing.
        let deepest = regions.clone().map(|(level, _)| *level).max()?;
        let deepest: Vec<&RegionId> = regions.filter(|(level, _)| **level == deepest).map(|(_, id)| id).collect();
        common_region(city, &deepest)
    }

    fn find_region(&self, city: &City, id: &RegionId) -> Option<Found> {
        let region = city.region(id)?;
        let point = point_at(centre_of(&region.polygons)?)?;
        Some(Found { title: region.title.clone(), precision: Precision::Region, point, region: id.clone() })
    }

    fn find_shape(&self, city: &City, atlas: &Atlas, number: usize, within: Option<&RegionId>) -> Option<Found> {
        let Entry::Shape(shape) = &self.entries[number].1 else { return None };
        let is_within = |point: &[f64; 2]| {
            let region = point_at(*point).and_then(|point| atlas.locate(point));
            within.is_none_or(|within| region.is_some_and(|region| city.is_within(&region, within)))
        };
        let lines: Lines = shape.lines.iter().filter(|line| line.iter().any(is_within)).cloned().collect();
        let point = point_at(geo::middle(&lines)?)?;
        let regions: Vec<RegionId> =
            lines.iter().flatten().filter_map(|point| atlas.locate(point_at(*point)?)).collect();
        let region = common_region(city, &regions.iter().collect::<Vec<_>>()).unwrap_or_else(|| city.root.clone());
        let precision = if shape.is_road { Precision::Road } else { Precision::Place };
        Some(Found { title: shape.title.clone(), precision, point, region })
    }

    /// Where roads that an address names meet.
    fn find_crossings(&self, atlas: &Atlas, mentioned: &[Vec<usize>], found: &mut Vec<Found>) {
        let roads: Vec<&NamedShape> = mentioned
            .iter()
            .flatten()
            .filter_map(|&number| match &self.entries[number].1 {
                Entry::Shape(shape) if shape.is_road => Some(shape),
                _ => None,
            })
            .collect();
        for (place, one) in roads.iter().enumerate() {
            for other in &roads[place + 1..] {
                for point in geo::crossings(&one.lines, &other.lines) {
                    let located = point_at(point).and_then(|point| Some((point, atlas.locate(point)?)));
                    if let Some((point, region)) = located {
                        let title = crossing_title(&one.title, &other.title);
                        found.push(Found { title, precision: Precision::Crossing, point, region });
                    }
                }
            }
        }
    }
}

fn point_at([lon, lat]: [f64; 2]) -> Option<LonLat> {
    LonLat::new(lon, lat).ok()
}

/// The smallest region that holds all of some.
fn common_region(city: &City, regions: &[&RegionId]) -> Option<RegionId> {
    let (first, rest) = regions.split_first()?;
    let mut region = (*first).clone();
    for other in rest {
        while !city.is_within(other, &region) {
            region = city.region(&region)?.parent.clone()?;
        }
    }
    Some(region)
}

fn crossing_title(one: &Text, other: &Text) -> Text {
    let both = one.0.iter().filter_map(|(locale, name)| {
        let other = other.0.get(locale)?;
        let title =
            if locale.starts_with("zh") { format!("{name}与{other}路口") } else { format!("{name} and {other}") };
        Some((locale.clone(), title))
    });
    Text(both.collect())
}
