//! `cargo xtask gen`: everything generated that is kept in the repository, written or checked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::{Args as ClapArgs, Subcommand};

use crate::demo_city;

/// What to write.
#[derive(ClapArgs)]
pub struct Args {
    /// Write nothing; fail when something generated is not what it would be written as
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Regions and base map of the fictional city: `packs/demo/{regions.yaml,regions,basemap}`.
    DemoCity {
        /// The pack's folder; that of the repository when absent.
        #[arg(long)]
        pack: Option<PathBuf>,
    },
}

/// A generated file: its path, and what it must say.
type Generated = (PathBuf, String);

/// Writes what was asked for, or checks it.
///
/// # Errors
/// When a file cannot be made or written, or `--check` finds one that differs.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = repository();
    let files = match &args.what {
        Some(What::DemoCity { pack }) => city(&pack.clone().unwrap_or_else(|| root.join("packs/demo"))),
        None => {
            let mut files = city(&root.join("packs/demo"));
            files.extend(schemas(&root.join("packs/_schema")));
            // A test of `faces/http` holds the document to the handlers; building it twice would cost minutes.
            if !args.check {
                files.push(openapi(&root)?);
            }
            files
        }
    };
    if !args.check {
        return write_all(&root, &files);
    }
    let mut stale = differing(&files);
    if args.what.is_none() {
        stale.extend(left_over(&root.join("packs/_schema"), &files)?);
        stale.extend(client(&root)?);
    }
    if stale.is_empty() {
        println!("{} generated files are up to date", files.len());
        return Ok(());
    }
    let names: Vec<String> = stale.iter().map(|path| within(&root, path)).collect();
    bail!("run `make gen`: {}", names.join(", "))
}

/// The repository's root folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

fn city(pack: &Path) -> Vec<Generated> {
    demo_city::generate().into_iter().map(|(name, text)| (pack.join(name), text)).collect()
}

fn schemas(folder: &Path) -> Vec<Generated> {
    pack::schemas().into_iter().map(|(name, text)| (folder.join(name), text)).collect()
}

/// The description of our own API, as the handlers declare it.
fn openapi(root: &Path) -> anyhow::Result<Generated> {
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--locked", "-p", "dipper-http", "--example", "openapi"])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "the example openapi: {}", String::from_utf8_lossy(&output.stderr));
    Ok((root.join("faces/http/openapi.json"), String::from_utf8(output.stdout)?))
}

fn write_all(root: &Path, files: &[Generated]) -> anyhow::Result<()> {
    for (path, text) in files {
        let name = within(root, path);
        if std::fs::read_to_string(path).is_ok_and(|kept| kept == *text) {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot create the folder of {name}"))?;
        }
        std::fs::write(path, text).with_context(|| format!("cannot write {name}"))?;
        println!("{name}: {} bytes", text.len());
    }
    Ok(())
}

/// Files that are absent or say something else.
fn differing(files: &[Generated]) -> Vec<PathBuf> {
    let differs = |(path, text): &&Generated| std::fs::read_to_string(path).map_or(true, |kept| kept != *text);
    files.iter().filter(differs).map(|(path, _)| path.clone()).collect()
}

/// Files of a folder that nothing generates any more.
fn left_over(folder: &Path, files: &[Generated]) -> anyhow::Result<Vec<PathBuf>> {
    let known: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if !known.contains(path.as_path()) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The API client's types, when they are not what the API's description makes them.
///
/// Absent tools are a fault: what cannot be checked has not been checked.
fn client(root: &Path) -> anyhow::Result<Option<PathBuf>> {
    let kept = root.join("web/packages/api/src/generated.ts");
    let tool = root.join("web/node_modules/.bin/openapi-typescript");
    ensure!(tool.exists(), "the web tools are not installed: run `npm --prefix web ci`");
    let output = Command::new(tool)
        .args(["faces/http/openapi.json", "--alphabetize"])
        .current_dir(root)
        .output()
        .context("cannot run openapi-typescript")?;
    ensure!(output.status.success(), "openapi-typescript: {}", String::from_utf8_lossy(&output.stderr));
    let made = String::from_utf8(output.stdout)?;
    let same = std::fs::read_to_string(&kept).is_ok_and(|text| text.trim_end() == made.trim_end());
    Ok((!same).then_some(kept))
}

fn within(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
