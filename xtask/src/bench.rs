//! `cargo xtask bench`: the figures of `docs/performance.md`, measured on the real program.
//!
//! Never a test: a shared machine must not decide whether a change is right. Every peer runs in the same run.

mod applications;
mod area;
mod city;
mod grid;
mod http;
mod lake;
mod ledger;
mod lifecycle;
mod openid;
mod postgres;
mod report;
mod sensing;
mod services;
mod start;
mod store;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use crate::gen_files::repository;

/// What to measure, and how long.
#[derive(ClapArgs)]
pub struct Args {
    /// What to measure; everything when absent
    names: Vec<Name>,
    /// Cases in the database before life cycles or areas are measured
    #[arg(long, default_value_t = 1_000_000)]
    cases: u64,
    /// Entries of the log whose proofs and storage are measured; 10 000 000 takes a few minutes and 2 GB
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
    /// Days of 2 000 devices that are kept before the lake is asked; 35 are 20 million readings
    #[arg(long, default_value_t = 35)]
    days: u32,
    /// Seconds of steady load
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Connections that work at the same time
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Life cycles on PostgreSQL instead of SQLite
    #[arg(long)]
    postgres: bool,
    /// Begin while the ledger still seals the past: it then costs more than it would
    #[arg(long)]
    unsealed: bool,
    /// The program to measure; built when absent
    #[arg(long)]
    program: Option<PathBuf>,
    /// Put the tables into docs/performance.md
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Encoding a point, beside other grids
    Grid,
    /// Appending events, beside plain inserts
    Store,
    /// Cases within an area, beside bounding boxes and PostGIS
    Area,
    /// Start to first answer, idle memory
    Start,
    /// File, assign, resolve, close through HTTP
    Lifecycle,
    /// Sealing, proofs and storage of the transparency log
    Ledger,
    /// Readings of sensors: appending, storage, queries
    Lake,
    /// Readings through the whole program, beside Mosquitto
    Sensing,
    /// Searches over service items
    Services,
    /// Searches and drafts through HTTP
    Applications,
    /// Sign-ins elsewhere through HTTP
    #[value(name = "openid")]
    OpenId,
}

/// Measures, and prints a Markdown table for each.
///
/// # Errors
/// When the program cannot be built or does not do what is asked of it.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = repository();
    let every = [
        Name::Grid,
        Name::Store,
        Name::Area,
        Name::Start,
        Name::Lifecycle,
        Name::Ledger,
        Name::Lake,
        Name::Sensing,
        Name::Services,
        Name::Applications,
        Name::OpenId,
    ];
    let names = if args.names.is_empty() { &every[..] } else { &args.names[..] };
    for name in names {
        let (section, table) = match name {
            Name::Grid => ("grid", grid::measure(&root)?),
            Name::Store => ("store", store::measure(&root)?),
            Name::Area => ("area", area::measure(&root, args.cases)?),
            Name::Start => ("start", start::measure(&root, args)?),
            Name::Ledger => ("ledger", ledger::measure(&root, args.entries)?),
            Name::Lake => ("lake", lake::measure(&root, args.days)?),
            Name::Sensing => ("sensing", sensing::measure(&root, args)?),
            Name::Services => ("services", services::measure(&root)?),
            Name::Applications => ("applications", applications::measure(&root, args)?),
            Name::OpenId => ("openid", openid::measure(&root, args)?),
            Name::Lifecycle if args.postgres => ("lifecycle-postgres", lifecycle::measure(&root, args)?),
            Name::Lifecycle => ("lifecycle-sqlite", lifecycle::measure(&root, args)?),
        };
        println!("\n{table}");
        if args.write {
            report::write(&root.join("docs/performance.md"), section, &table)?;
        }
    }
    Ok(())
}

/// Where databases for measurements are kept between runs: inside cargo's target folder.
fn workshop(root: &Path) -> PathBuf {
    target(root).join("bench")
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells its target folder by the environment; xtask is no part of the product"
)]
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
