//! Finding a service among all a city offers: by words, by their sounds, by life event, by office, near by.
//!
//! The index is made from the pack at start and lives in memory; it holds what offices publish and never anything of a
//! person. Must never be the only place where something is kept.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may stop at once"))]

mod index;
mod sounds;
mod words;

use std::collections::BTreeMap;

use grid::LonLat;
use model::{FormId, OfficeId, ServiceId};
use pack::{Audience, City};

use index::Index;
use sounds::Sounds;
use words::Words;

/// Most services of one answer.
pub const LIMIT_MAX: usize = 100;

/// Longest words looked for, in characters; what is longer is cut.
const WORDS_MAX: usize = 100;

/// Why a catalogue cannot be searched.
#[derive(Debug, thiserror::Error)]
#[error("the index of services failed: {0}")]
pub struct CatalogueError(#[from] tantivy::TantivyError);

/// What is looked for. Every field narrows; the default is all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Words as people type them: Chinese in any order, pinyin or its first letters, English.
    pub words: String,
    /// Under this group.
    pub group: Option<FormId>,
    /// For this life event.
    pub life_event: Option<FormId>,
    /// Decided by this office.
    pub office: Option<OfficeId>,
    /// For these people.
    pub audience: Option<Audience>,
    /// Nearest window first; services without one are left out.
    pub near: Option<LonLat>,
    /// How many are passed over.
    pub offset: usize,
    /// How many are wanted, 1 to [`LIMIT_MAX`].
    pub limit: usize,
}

/// A service found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub id: ServiceId,
    /// How far its nearest window is, metres; only when that was asked.
    pub distance_m: Option<f64>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The best, in order.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
}

/// The services of a city, ready to be searched.
pub struct Catalogue {
    entries: Vec<Entry>,
    words: Words,
    index: Index,
    sounds: Sounds,
}

struct Entry {
    id: ServiceId,
    windows: Vec<LonLat>,
}

impl Catalogue {
    /// Makes the index.
    ///
    /// # Errors
    /// [`CatalogueError`] when the index cannot be made: no memory, no thread.
    pub fn new(city: &City) -> Result<Self, CatalogueError> {
        let order = in_order(city);
        let words = Words::new(city);
        let index = Index::new(city, &order, &words)?;
        let sounds = Sounds::new(city, &order, &words);
        let entry = |id: &ServiceId| Entry { id: id.clone(), windows: windows(city, id) };
        Ok(Self { entries: order.into_iter().map(entry).collect(), words, index, sounds })
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Looks for services. All words are looked for together first; when that finds nothing, any of them.
    ///
    /// # Errors
    /// [`CatalogueError`] when the index fails.
    pub fn search(&self, query: &Query) -> Result<Found, CatalogueError> {
        let typed: String = words::fold(query.words.trim()).chars().take(WORDS_MAX).collect();
        let wanted = query.limit.clamp(1, LIMIT_MAX);
        // What is near is sorted here, so all of it is needed.
        let (offset, limit) =
            if query.near.is_some() { (0, self.len()) } else { (query.offset.min(self.len()), wanted) };
        let facets = index::facets_of(query);
        let (ordinals, total) = if typed.is_empty() {
            self.index.list(&facets, offset, limit)?
        } else if sounds::is_sound(&typed) {
            self.by_sound_or_words(&typed, &facets, offset, limit)?
        } else {
            self.index.search(&self.words.of_query(&typed), &facets, offset, limit)?
        };
        let Some(near) = query.near else {
            let hit = |ordinal: u32| Hit { id: self.entries[ordinal as usize].id.clone(), distance_m: None };
            return Ok(Found { hits: ordinals.into_iter().map(hit).collect(), total });
        };
        let hits = self.nearest(near, &ordinals);
        Ok(Found { total: hits.len(), hits: hits.into_iter().skip(query.offset).take(wanted).collect() })
    }

    /// Latin letters are pinyin, its first letters, or a word such as "ETC": what matches as a word comes first.
    fn by_sound_or_words(
        &self,
        typed: &str,
        facets: &[String],
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<u32>, usize), CatalogueError> {
        let (mut ordinals, _) = self.index.search(&self.words.of_query(typed), facets, 0, self.len())?;
        let known: std::collections::BTreeSet<u32> = ordinals.iter().copied().collect();
        let sounding = self.sounds.search(typed).into_iter().filter(|ordinal| !known.contains(ordinal));
        if facets.is_empty() {
            ordinals.extend(sounding);
        } else {
            let allowed: std::collections::BTreeSet<u32> =
                self.index.list(facets, 0, self.len())?.0.into_iter().collect();
            ordinals.extend(sounding.filter(|ordinal| allowed.contains(ordinal)));
        }
        let total = ordinals.len();
        Ok((ordinals.into_iter().skip(offset).take(limit).collect(), total))
    }

    fn nearest(&self, near: LonLat, ordinals: &[u32]) -> Vec<Hit> {
        let far = |ordinal: &u32| {
            let entry = &self.entries[*ordinal as usize];
            let distances = entry.windows.iter().map(|window| grid::distance_m(near, *window));
            let nearest = distances.min_by(f64::total_cmp)?;
            Some(Hit { id: entry.id.clone(), distance_m: Some(nearest) })
        };
        let mut hits: Vec<Hit> = ordinals.iter().filter_map(far).collect();
        // A stable sort: equally near ones stay in their order.
        hits.sort_by(|a, b| a.distance_m.unwrap_or(f64::MAX).total_cmp(&b.distance_m.unwrap_or(f64::MAX)));
        hits
    }
}

/// The services in the order they are listed: by the first of their groups, then by id.
fn in_order(city: &City) -> Vec<&ServiceId> {
    let places: BTreeMap<&FormId, usize> =
        city.catalogue.groups.iter().enumerate().map(|(place, group)| (&group.id, place)).collect();
    let mut order: Vec<(usize, &ServiceId)> = city
        .services
        .iter()
        .map(|(id, service)| {
            let first = service.groups.iter().filter_map(|group| places.get(group)).min();
            (first.copied().unwrap_or(usize::MAX), id)
        })
        .collect();
    order.sort();
    order.into_iter().map(|(_, id)| id).collect()
}

/// The places where a service is done at a window or a machine.
fn windows(city: &City, id: &ServiceId) -> Vec<LonLat> {
    let channels = city.services.get(id).into_iter().flat_map(|service| &service.channels);
    channels.filter_map(|channel| channel.point).filter_map(|[lon, lat]| LonLat::new(lon, lat).ok()).collect()
}

#[cfg(test)]
mod tests;
