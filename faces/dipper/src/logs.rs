//! The transparency logs of a city: its own, and one for each office that the pack gives one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use account::anchor::Certificate;
use account::ledger::{LogFiles, LogPlan, Scope, Sealer, Witnesses};
use anyhow::Context;
use ledger::SigningKey;
use ledger::key::VerifierKey;
use ledger::policy::Policy;
use store::Entropy;

use crate::config::Config;
use crate::remote::HttpRemote;
use crate::runtime::Runtime;
use crate::system::SystemEntropy;

/// A log that is open for writing.
pub struct OpenLog {
    /// `city`, or the office's id.
    pub name: String,
    /// Its files.
    pub files: LogFiles,
    /// Its writer.
    pub sealer: Sealer,
}

/// Where a log is and what it holds.
pub struct Place {
    /// `city`, or the office's id.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its events.
    pub scope: Scope,
}

/// The logs that the pack in force declares, the city's first.
pub fn places(config: &Config, city: &pack::City) -> Vec<Place> {
    let folder = config.ledger_folder();
    let mut places = vec![Place { name: "city".to_owned(), folder: folder.clone(), scope: Scope::City }];
    let offices: BTreeMap<_, _> = city.ledgers();
    places.extend(offices.into_iter().map(|(office, below)| Place {
        name: office.to_string(),
        folder: folder.join("logs").join(office.as_str()),
        scope: Scope::Offices(below),
    }));
    places
}

/// Opens every log; each mends what a crash left, or says why it must not be written.
pub fn open(runtime: &Runtime) -> anyhow::Result<Vec<OpenLog>> {
    let city = Arc::clone(&runtime.packs.current());
    let config = &runtime.config;
    let base = config.ledger_origin.clone().unwrap_or_else(|| format!("{}.dipper/ledger", city.city.id));
    let policy = config.ledger_policy.as_deref().map(read_policy).transpose()?;
    let mut logs = Vec::new();
    for Place { name, folder, scope } in places(config, &city.city) {
        let is_city = scope == Scope::City;
        let key_file = if is_city { "ledger.key".to_owned() } else { format!("ledger-{name}.key") };
        let witnesses = policy
            .clone()
            .map(|policy| Witnesses::new(policy, Arc::new(HttpRemote::new())))
            .transpose()
            .context("ledger_policy")?;
        let files = LogFiles::open(&folder).with_context(|| format!("the folder of the log {name} cannot be made"))?;
        let plan = LogPlan {
            files: files.clone(),
            origin: if is_city { base.clone() } else { format!("{base}/{name}") },
            key: signing_key(&config.keys_folder().join(key_file))?,
            scope,
            witnesses,
        };
        let sealer = Sealer::open(runtime.store.clone(), Arc::clone(&runtime.clock), plan)
            .with_context(|| format!("the log {name} must not be written"))?;
        logs.push(OpenLog { name, files, sealer });
    }
    publish_policy(&config.ledger_folder(), config.ledger_policy.as_deref())?;
    Ok(logs)
}

/// Puts the policy beside the city's log, at `/ledger/policy`, so that who checks a receipt may ask for its witnesses
/// too. It names the log; a policy that does not is led by a line that does.
fn publish_policy(folder: &Path, policy: Option<&Path>) -> anyhow::Result<()> {
    let published = folder.join("policy");
    let Some(policy) = policy else {
        return match std::fs::remove_file(&published) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        };
    };
    let key = std::fs::read_to_string(folder.join("key"))?;
    let key: VerifierKey = key.trim().parse()?;
    let text = std::fs::read_to_string(policy)?;
    let names_it = read_policy(policy)?.logs().iter().any(|log| log.key == key);
    let text = if names_it { text } else { format!("log {key}\n{text}") };
    // Whole or not at all: a reader may ask for it now.
    let fresh = folder.join("policy.new");
    std::fs::write(&fresh, text)?;
    Ok(std::fs::rename(fresh, published)?)
}

/// The city's log as a process that does not write it serves it: the folder of the one that does, shared or copied.
pub fn read_only(config: &Config) -> anyhow::Result<(LogFiles, VerifierKey)> {
    let folder = config.ledger_folder();
    let text = std::fs::read_to_string(folder.join("key")).with_context(|| {
        format!("seal is false, so {} must be the ledger folder of the process that seals", folder.display())
    })?;
    Ok((LogFiles::open(&folder)?, text.trim().parse()?))
}

/// Reads a policy file (C2SP tlog-policy).
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("the policy {} cannot be read", path.display()))?;
    Policy::parse(&text).with_context(|| format!("the policy {}", path.display()))
}

/// Reads the roots of time-stamping authorities that are trusted; none without a file.
pub fn stamp_roots(file: Option<&Path>) -> anyhow::Result<Vec<Certificate>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Certificate::list_pem(&text).with_context(|| file.display().to_string())
}

/// Reads a log's signing key, or makes it: 32 bytes in hexadecimal, readable by its owner only.
pub fn signing_key(path: &Path) -> anyhow::Result<SigningKey> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if !path.exists() {
        let mut seed = [0_u8; 32];
        SystemEntropy.fill(&mut seed);
        let text: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
    }
    let text = std::fs::read_to_string(path)?;
    let seed = text.trim().parse::<model::PackHash>().map(|digest| *digest.as_bytes());
    Ok(SigningKey::from_bytes(
        &seed.map_err(|_| anyhow::anyhow!("{} does not hold 64 hexadecimal digits", path.display()))?,
    ))
}
