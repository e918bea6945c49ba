//! The base map's files, read once and kept with their hashes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use model::PackHash;
use sha2::{Digest, Sha256};

use crate::app::App;

/// A layer's file.
pub struct LayerFile {
    /// SHA-256 of the content, 32 hexadecimal digits of it.
    pub hash: String,
    /// GeoJSON.
    pub bytes: Bytes,
}

/// Layers read, by pack and id: a few megabytes, so that no request waits for a disk.
#[derive(Default)]
pub struct Layers(Mutex<HashMap<(PackHash, String), Arc<LayerFile>>>);

/// A layer that the present pack declares; `None` for another name or an unreadable file.
pub async fn layer(app: &App, id: &str) -> Option<Arc<LayerFile>> {
    let compiled = app.current();
    // Only declared names reach the disk: no path can be smuggled in.
    let declared = compiled.city.basemap.iter().find(|layer| layer.id == id)?;
    let key = (compiled.hash, declared.id.clone());
    let found = app.layers.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(file) = found {
        return Some(file);
    }
    let path = app.pack_folder.join("basemap").join(format!("{}.geojson", declared.id));
    let bytes = tokio::fs::read(path)
        .await
        .inspect_err(
            |error| tracing::warn!(layer = %declared.id, kind = ?error.kind(), "a base map layer cannot be read"),
        )
        .ok()?;
    let digest = Sha256::digest(&bytes);
    let hash = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let file = Arc::new(LayerFile { hash, bytes: bytes.into() });
    app.layers.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&file));
    Some(file)
}

/// The hash of a layer's content.
pub async fn layer_hash(app: &App, id: &str) -> Option<String> {
    layer(app, id).await.map(|file| file.hash.clone())
}
