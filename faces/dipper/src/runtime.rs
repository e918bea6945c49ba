//! Wiring: from a configuration to the parts that every command shares.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use identity::Vault;
use model::Clock;
use pack::{Compiled, Packs};
use sense::evidence::Files;
use sense::uploads::{UploadLimits, Uploads};
use store::{Entropy, Store, Tx};

use crate::commands::pack::load;
use crate::config::Config;
use crate::scanner;
use crate::system::{SystemClock, SystemEntropy};

/// The parts of a running city.
pub struct Runtime {
    /// The configuration in force.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// The present pack, and every one a case still runs under.
    pub packs: Arc<Packs>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Sealed contacts.
    pub vault: Arc<Vault>,
    /// Evidence files.
    pub files: Arc<Files>,
}

impl Runtime {
    /// Opens everything: the pack is checked, the database migrated, archived packs read, keys made where missing.
    pub fn open(config: Config) -> anyhow::Result<Self> {
        let compiled = Arc::new(Compiled::of_pack(load(&config.pack)?)?);
        std::fs::create_dir_all(&config.data)
            .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
        let store = open_store(&config)?;
        let packs = Arc::new(Packs::new(Arc::clone(&compiled)));
        archive(&store, &packs, &compiled)?;
        let vault = Arc::new(open_vault(&config)?);
        let files = Files::open(&config.evidence_folder()).context("the evidence folder cannot be made")?;
        let uploads = Uploads::new(&config.data.join("uploads"), UploadLimits::default());
        let files = Arc::new(files.with_scanner(scanner::open(&config)?).with_uploads(uploads));
        Ok(Self { config, store, packs, clock: Arc::new(SystemClock), vault, files })
    }

    /// What the use-cases of `sense` need.
    pub fn sense(&self) -> sense::Context {
        sense::Context {
            store: self.store.clone(),
            packs: Arc::clone(&self.packs),
            clock: Arc::clone(&self.clock),
            vault: Arc::clone(&self.vault),
            files: Arc::clone(&self.files),
            trust: None,
        }
    }

    /// What the use-cases of `act` need.
    pub fn act(&self) -> act::Context {
        act::Context { store: self.store.clone(), packs: Arc::clone(&self.packs), clock: Arc::clone(&self.clock) }
    }
}

/// Opens the vault; its key is made where it is missing.
pub fn open_vault(config: &Config) -> anyhow::Result<Vault> {
    let keys = config.keys_folder();
    make_private(&keys)?;
    let mut fresh = [0_u8; 32];
    SystemEntropy.fill(&mut fresh);
    Ok(Vault::open(&keys.join("master.key"), &fresh)?)
}

/// Opens and migrates the database.
pub fn open_store(config: &Config) -> anyhow::Result<Store> {
    let store = Store::open(&config.database()?, SystemEntropy)?;
    store.migrate()?;
    Ok(store)
}

/// Keeps the present pack in the archive, and reads the others: cases are judged by the pack they began under.
fn archive(store: &Store, packs: &Packs, compiled: &Arc<Compiled>) -> anyhow::Result<()> {
    let (hash, now) = (compiled.hash, SystemClock.now());
    let json = String::from_utf8(compiled.to_json())?;
    store.write_blocking(move |tx: &mut Tx| tx.record_pack(&hash, &json, now))?;
    let known = store.read_blocking(|db| db.list_packs())?;
    for (hash, _) in known.into_iter().filter(|(known, _)| *known != hash) {
        let json = store.read_blocking(move |db| db.find_pack(&hash))?.unwrap_or_default();
        let archived =
            Compiled::from_json(json.as_bytes()).with_context(|| format!("the archived pack {hash} cannot be read"))?;
        packs.insert(Arc::new(archived));
    }
    Ok(())
}

/// Makes a folder that only its owner may enter.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))
}
