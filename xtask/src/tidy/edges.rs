//! Which crate may depend on which: faces → stages → core, and the heavy crates each behind its fence.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::Breach;

/// A crate of this workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its folder from the root, such as `core/grid`.
    pub folder: String,
    /// Its own dependencies: folder of a member or name of a crate, and `normal`, `dev` or `build`.
    pub dependencies: Vec<(String, String)>,
    /// Its manifest's text, to find lines.
    pub manifest: String,
}

/// A crate from a registry.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// Name and version.
    pub name: String,
    /// Licence expression.
    pub licence: Option<String>,
}

/// What cargo knows of the workspace.
pub struct Metadata {
    /// Crates of the workspace.
    pub members: Vec<Member>,
    /// All others.
    pub foreign: Vec<Foreign>,
}

/// Crates that only one of ours may name, and which.
const FENCED: [(&str, &[&str]); 10] = [
    ("core/catalogue", &["tantivy", "jieba-rs"]),
    ("core/store", &["rusqlite", "postgres", "tokio-postgres", "sqlx", "libsqlite3-sys", "diesel", "sea-orm"]),
    ("faces/http", &["axum", "axum-core", "axum-extra", "utoipa", "utoipa-axum", "tower-http", "hyper"]),
    ("core/lake", &["arrow", "arrow-array", "arrow-schema", "arrow-buffer", "parquet", "datafusion", "object_store"]),
    ("faces/mqtt", &["tokio-rustls", "rmqtt", "rumqttd", "ntex-mqtt", "mqtt-proto"]),
    ("faces/coap", &["dimpl", "dtls", "webrtc-dtls", "rtc-dtls", "coap", "coap-lite"]),
    // DTLS is within WebRTC as it is beneath CoAP.
    ("faces/video", &["dimpl", "str0m"]),
    // The demonstration's devices are somebody else's client.
    ("faces/dipper", &["rumqttc"]),
    ("core/identity", &["cedar-policy", "argon2"]),
    ("core/paper", &["krilla", "skrifa", "fast_qr"]),
];
/// What a crate without clock, randomness and I/O must not even be able to reach.
const IMPURE: [&str; 8] = ["tokio", "rand", "getrandom", "reqwest", "async-std", "mio", "chrono", "axum"];
/// Order within the core: a crate depends on those before it.
const CORE: [&str; 11] = [
    "core/grid",
    "core/ledger",
    "core/credential",
    "core/paper",
    "core/model",
    "core/pack",
    "core/catalogue",
    "core/store",
    "core/registry",
    "core/identity",
    "core/lake",
];

impl Metadata {
    /// Asks cargo, without network.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(root)
            .output()
            .context("cannot run cargo")?;
        ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let whole: Value = serde_json::from_slice(&output.stdout)?;
        // Cargo answers with the real path, whatever link we were called by.
        let root = root.canonicalize()?;
        let mut metadata = Self { members: Vec::new(), foreign: Vec::new() };
        for package in whole["packages"].as_array().into_iter().flatten() {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
            if package["source"].is_null() {
                metadata.members.push(member(&root, package)?);
            } else {
                let name = format!("{} {}", text("name"), text("version"));
                metadata.foreign.push(Foreign { name, licence: package["license"].as_str().map(str::to_owned) });
            }
        }
        Ok(metadata)
    }
}

fn member(root: &Path, package: &Value) -> anyhow::Result<Member> {
    let manifest_path = PathBuf::from(package["manifest_path"].as_str().context("a package has a manifest")?);
    let from_root = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let dependencies = package["dependencies"].as_array().into_iter().flatten().map(|dependency| {
        let name = match dependency["path"].as_str() {
            Some(path) => from_root(Path::new(path)),
            None => dependency["name"].as_str().unwrap_or_default().to_owned(),
        };
        (name, dependency["kind"].as_str().unwrap_or("normal").to_owned())
    });
    Ok(Member {
        folder: manifest_path.parent().map(from_root).unwrap_or_default(),
        dependencies: dependencies.collect(),
        manifest: std::fs::read_to_string(&manifest_path)?,
    })
}

/// 0 for the core, 1 for a stage, 2 for a face; tools stand apart.
fn layer(folder: &str) -> Option<u8> {
    match folder {
        "sense" | "assess" | "act" | "account" => Some(1),
        _ if folder.starts_with("core/") => Some(0),
        _ if folder.starts_with("faces/") => Some(2),
        _ => None,
    }
}

/// Checks every edge.
pub fn check(metadata: &Metadata) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for member in &metadata.members {
        for (dependency, kind) in &member.dependencies {
            if let Some(message) = fault(&member.folder, dependency, kind) {
                let word = dependency.rsplit('/').next().unwrap_or(dependency);
                let line = member.manifest.lines().position(|line| line.starts_with(word)).map_or(1, |at| at + 1);
                breaches.push(Breach::new(&format!("{}/Cargo.toml", member.folder), line, "edge", message));
            }
        }
    }
    breaches
}

/// Why `from` may not depend on `to`.
pub fn fault(from: &str, to: &str, kind: &str) -> Option<String> {
    let from_layer = layer(from)?;
    let dev = kind == "dev";
    let owners: Vec<&str> = FENCED.iter().filter(|(_, names)| names.contains(&to)).map(|(owner, _)| *owner).collect();
    if !owners.is_empty() && !owners.contains(&from) {
        return (!dev).then(|| format!("{to} is named by {} alone", owners.join(" and ")));
    }
    let pure = ["core/grid", "core/ledger", "core/credential", "core/paper", "core/model", "assess"].contains(&from);
    if pure && !dev && IMPURE.contains(&to) {
        return Some(format!("{from} has no clock, randomness or I/O: not {to}"));
    }
    if from == "core/grid" && !dev && !["serde", "geo-types"].contains(&to) {
        return Some(format!("core/grid depends on nothing: not {to}"));
    }
    match (from_layer, layer(to)) {
        (_, None) if ["testkit", "xtask"].contains(&to) => (!dev).then(|| format!("{to} is for tests only")),
        (_, None) => None,
        (from_layer, Some(to_layer)) if to_layer > from_layer => Some(format!("edges point down: {from} → {to}")),
        (1, Some(1)) => Some(format!("a stage never depends on a stage: {from} → {to}")),
        (0, Some(0)) if !dev => {
            let place = |folder: &str| CORE.iter().position(|core| *core == folder);
            (place(from) <= place(to)).then(|| format!("within the core, {from} comes before {to}"))
        }
        _ => None,
    }
}
