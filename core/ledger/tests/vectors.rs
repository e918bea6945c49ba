//! The RFC 6962 vectors of transparency-dev/merkle: inclusion, consistency, subtrees.
#![allow(clippy::unwrap_used)]

mod common;

use dipper_ledger::hash::Hash;
use dipper_ledger::merkle::{
    verify_consistency, verify_inclusion, verify_subtree_consistency, verify_subtree_inclusion,
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Reads hashes and numbers of one vector; None where a hash has not 32 bytes.
struct Vector(Value);

impl Vector {
    fn number(&self, field: &str) -> u64 {
        self.0[field].as_u64().unwrap()
    }

    fn hash(&self, field: &str) -> Option<Hash> {
        Hash::from_base64(self.0[field].as_str().unwrap_or_default()).ok()
    }

    fn path(&self) -> Option<Vec<Hash>> {
        let lines = match &self.0["proof"] {
            Value::Null => return Some(vec![]),
            lines => lines.as_array().unwrap(),
        };
        lines.iter().map(|line| Hash::from_base64(line.as_str().unwrap()).ok()).collect()
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
}

/// Runs a folder; `verify` gives None where the vector cannot be expressed in typed hashes.
fn run(folder: &str, count: usize, verify: impl Fn(&Vector) -> Option<bool>) -> Vec<String> {
    let Some(vectors) = common::find_vectors() else {
        return vec![];
    };
    let mut found = Vec::new();
    files(&vectors.join(folder), &mut found);
    assert_eq!(found.len(), count, "vectors of {folder}");
    let mut untyped_but_wanted = Vec::new();
    for file in found {
        let vector = Vector(serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap());
        let wanted = vector.0["wantErr"] != Value::Bool(true);
        match verify(&vector) {
            Some(accepted) => assert_eq!(accepted, wanted, "{}", file.display()),
            // Hashes of another length are refused when they are read.
            None if wanted => untyped_but_wanted.push(file.strip_prefix(&vectors).unwrap().display().to_string()),
            None => {}
        }
    }
    untyped_but_wanted
}

#[test]
fn every_inclusion_vector_is_decided_as_wanted() {
    let untyped = run("inclusion", 98, |v| {
        let (index, size) = (v.number("leafIdx"), v.number("treeSize"));
        let (leaf, path, root) = (v.hash("leafHash")?, v.path()?, v.hash("root")?);
        Some(verify_inclusion(index, size, &leaf, &path, &root).is_ok())
    });
    assert_eq!(untyped, [""; 0]);
}

#[test]
fn every_consistency_vector_is_decided_as_wanted() {
    let untyped = run("consistency", 98, |v| {
        let (from, to) = (v.number("size1"), v.number("size2"));
        let (old, new, path) = (v.hash("root1")?, v.hash("root2")?, v.path()?);
        Some(verify_consistency(from, to, &old, &new, &path).is_ok())
    });
    // It compares two equal roots of 12 bytes, which our Hash cannot be.
    let only = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json";
    assert!(untyped.iter().all(|name| name == only), "{untyped:?}");
}

#[test]
fn every_subtree_inclusion_vector_is_decided_as_wanted() {
    let untyped = run("subtreeinclusion", 204, |v| {
        let (index, start, end) = (v.number("leafIdx"), v.number("start"), v.number("end"));
        let (leaf, path, root) = (v.hash("leafHash")?, v.path()?, v.hash("root")?);
        Some(verify_subtree_inclusion(index, start, end, &leaf, &path, &root).is_ok())
    });
    assert_eq!(untyped, [""; 0]);
}

#[test]
fn every_subtree_consistency_vector_is_decided_as_wanted() {
    let untyped = run("subtreeconsistency", 118, |v| {
        let (start, end, size) = (v.number("start"), v.number("end"), v.number("size"));
        let (old, new, path) = (v.hash("root1")?, v.hash("root2")?, v.path()?);
        Some(verify_subtree_consistency(start, end, size, &old, &new, &path).is_ok())
    });
    // These have roots of 12 bytes, which our Hash cannot be.
    let only = [
        "sizes-are-equal-one-and-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-one-subtree-root-valid-tree-root-random-proof-is-empty",
        "subtree-is-empty-sizes-are-equal-zero-subtree-root-valid-tree-root-random-proof-is-empty",
    ]
    .map(|name| format!("subtreeconsistency/additional/{name}.json"));
    assert!(untyped.iter().all(|name| only.contains(name)), "{untyped:?}");
}
