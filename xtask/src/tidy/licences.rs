//! Licences of everything we build from: permissive ones only.

use serde_json::Value;

use super::Breach;
use super::edges::Metadata;
use super::repository::Repository;
use super::spdx::is_permissive;

/// Copyleft by file, for tools that never leave the house (bundlers, browser tests).
const FOR_TOOLS: [&str; 3] = ["MPL-2.0", "CC-BY-4.0", "Python-2.0"];

/// The licence of fonts, for the font of papers alone: it asks that its text and name stay (docs/decisions/0030).
const FOR_FONTS: (&str, &[&str]) = ("node_modules/@expo-google-fonts/", &["OFL-1.1"]);

/// Copyleft by file, linked as it is published: the passkeys' library and its parts (docs/decisions/0018).
const AS_PUBLISHED: [&str; 5] =
    ["crypto-glue", "webauthn-attestation-ca", "webauthn-rs", "webauthn-rs-core", "webauthn-rs-proto"];

/// Packages that state their licence in their Readme and not in their description.
const IN_README: [(&str, &str); 1] = [("node_modules/combine-errors", "MIT")];

/// Checks the crates and every `package-lock.json`.
pub fn check(metadata: &Metadata, repository: &Repository) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let lock = repository.find_text("Cargo.lock").unwrap_or_default();
    for foreign in &metadata.foreign {
        let licence = foreign.licence.as_deref().unwrap_or("none stated");
        let name = foreign.name.split(' ').next().unwrap_or_default();
        let also: &[&str] = if AS_PUBLISHED.contains(&name) { &["MPL-2.0"] } else { &[] };
        if !is_permissive(licence, also) {
            let line = lock.lines().position(|line| line == format!("name = \"{name}\"")).map_or(1, |at| at + 1);
            breaches.push(Breach::new("Cargo.lock", line, "licence", format!("{}: {licence}", foreign.name)));
        }
    }
    for file in repository.files.iter().filter(|file| file.path.ends_with("package-lock.json")) {
        breaches.extend(check_lock(&file.path, &file.text));
    }
    breaches
}

/// Checks one `package-lock.json`.
pub fn check_lock(path: &str, text: &str) -> Vec<Breach> {
    let Ok(lock) = serde_json::from_str::<Value>(text) else {
        return vec![Breach::new(path, 1, "licence", "not JSON")];
    };
    let mut breaches = Vec::new();
    for (key, package) in lock["packages"].as_object().into_iter().flatten() {
        let is_ours = package["link"] == Value::Bool(true) || !key.contains("node_modules/");
        let licence = package["license"].as_str().or_else(|| in_readme(key)).unwrap_or("none stated");
        let dev = package["dev"] == Value::Bool(true) || package["devOptional"] == Value::Bool(true);
        let also: &[&str] = match dev {
            _ if key.starts_with(FOR_FONTS.0) => FOR_FONTS.1,
            true => &FOR_TOOLS,
            false => &[],
        };
        if !is_ours && !is_permissive(licence, also) {
            let line = text.lines().position(|line| line.contains(&format!("\"{key}\""))).map_or(1, |at| at + 1);
            let name = key.rsplit("node_modules/").next().unwrap_or(key);
            breaches.push(Breach::new(path, line, "licence", format!("{name}: {licence}")));
        }
    }
    breaches
}

fn in_readme(key: &str) -> Option<&'static str> {
    IN_README.iter().find(|(known, _)| *known == key).map(|(_, licence)| *licence)
}
