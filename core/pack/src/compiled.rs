//! A city made ready for use, and the versions of it that cases still run under.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use model::PackHash;

use crate::atlas::Atlas;
use crate::calendar::{CalendarError, Calendars};
use crate::city::{City, hash};
use crate::gazetteer::{Gazetteer, NamedShape};
use crate::load::Loaded;

/// Why a city cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// A calendar is not well formed; a checked city has none such.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// An archived city does not parse.
    #[error("the archived pack does not parse: {0}")]
    Json(#[from] serde_json::Error),
}

/// A city with its hash and everything computed once from it: what the rest of the platform passes around.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The city.
    pub city: Arc<City>,
    /// Its hash, pinned by every case that begins under it.
    pub hash: PackHash,
    /// Its calendars.
    pub calendars: Calendars,
    /// Its regions as a spatial index.
    pub atlas: Atlas,
    /// Its places by name: of the base map too when it was loaded from its folder, else of the regions alone.
    pub gazetteer: Gazetteer,
}

impl Compiled {
    /// Compiles a checked city.
    ///
    /// # Errors
    /// [`CompileError::Calendar`] when a calendar is not well formed, which the checker refuses.
    pub fn new(city: City) -> Result<Self, CompileError> {
        Self::with_shapes(city, Vec::new())
    }

    /// Compiles a loaded pack: the city with what its base map names.
    ///
    /// # Errors
    /// [`CompileError::Calendar`] when a calendar is not well formed, which the checker refuses.
    pub fn of_pack(loaded: Loaded) -> Result<Self, CompileError> {
        Self::with_shapes(loaded.city, loaded.shapes)
    }

    fn with_shapes(city: City, shapes: Vec<NamedShape>) -> Result<Self, CompileError> {
        let calendars = Calendars::compile(&city)?;
        let atlas = Atlas::new(&city);
        let gazetteer = Gazetteer::new(&city, shapes);
        Ok(Self { hash: hash(&city), calendars, atlas, gazetteer, city: Arc::new(city) })
    }

    /// Compiles a city archived by [`Compiled::to_json`]; the hash is computed anew.
    ///
    /// # Errors
    /// [`CompileError`] when the JSON is not a city or a calendar of it is not well formed.
    pub fn from_json(json: &[u8]) -> Result<Self, CompileError> {
        Self::new(serde_json::from_slice(json)?)
    }

    /// The canonical JSON the hash is of.
    pub fn to_json(&self) -> Vec<u8> {
        crate::city::canonical_json(&self.city)
    }
}

/// The versions of the city in use: the current one for new cases, older ones for the cases that began under them.
#[derive(Debug)]
pub struct Packs {
    inner: RwLock<Inner>,
}

#[derive(Debug)]
struct Inner {
    current: PackHash,
    by_hash: BTreeMap<PackHash, Arc<Compiled>>,
}

impl Packs {
    /// Begins with the pack that new cases follow.
    pub fn new(current: Arc<Compiled>) -> Self {
        let hash = current.hash;
        Self { inner: RwLock::new(Inner { current: hash, by_hash: BTreeMap::from([(hash, current)]) }) }
    }

    /// The pack that new cases follow.
    pub fn current(&self) -> Arc<Compiled> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(inner.by_hash.get(&inner.current).expect("the current pack is never removed"))
    }

    /// The pack of that hash, when it was inserted.
    pub fn get(&self, hash: &PackHash) -> Option<Arc<Compiled>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).by_hash.get(hash).cloned()
    }

    /// Adds a pack that cases began under; the current one stays.
    pub fn insert(&self, pack: Arc<Compiled>) {
        self.inner.write().unwrap_or_else(PoisonError::into_inner).by_hash.insert(pack.hash, pack);
    }

    /// Makes a pack the one that new cases follow.
    pub fn set_current(&self, pack: Arc<Compiled>) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        inner.current = pack.hash;
        inner.by_hash.insert(pack.hash, pack);
    }
}
