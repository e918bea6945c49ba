//! `cargo xtask gen`: writes the generated files that are kept in the repository.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Subcommand};

use crate::demo_city;

/// What to write.
#[derive(ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    what: What,
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

/// Writes what was asked for.
///
/// # Errors
/// When a file cannot be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.what {
        What::DemoCity { pack } => {
            let folder = pack.clone().unwrap_or_else(|| repository().join("packs/demo"));
            write_all(&folder, &demo_city::generate())
        }
    }
}

/// The repository's root folder.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

fn write_all(folder: &Path, files: &[(String, String)]) -> anyhow::Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("cannot create the folder of {name}"))?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
        println!("{name}: {} bytes", text.len());
    }
    Ok(())
}
