//! The search over services: made once for each pack, apart from the threads that answer.

use std::sync::{Arc, Mutex, PoisonError};

use catalogue::{Catalogue, CatalogueError};
use model::PackHash;
use pack::Compiled;

/// The catalogue of the present pack, made when it is first asked for.
#[derive(Default)]
pub struct Finder(Mutex<Option<(PackHash, Arc<Catalogue>)>>);

impl Finder {
    /// The catalogue of a pack. Takes a fraction of a second the first time: not for a thread that answers others.
    ///
    /// # Errors
    /// [`CatalogueError`] when its index cannot be made.
    pub fn of(&self, compiled: &Compiled) -> Result<Arc<Catalogue>, CatalogueError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((hash, catalogue)) = held.as_ref()
            && *hash == compiled.hash
        {
            return Ok(Arc::clone(catalogue));
        }
        let made = Arc::new(Catalogue::new(&compiled.city)?);
        *held = Some((compiled.hash, Arc::clone(&made)));
        Ok(made)
    }
}
