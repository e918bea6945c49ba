//! House rules and generated files: `cargo xtask <command>`.
//!
//! Only a dispatcher: every command lives in its own module. Never part of the product.

mod demo_city;
mod gen_files;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "House rules and generated files")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write generated files that are kept in the repository.
    Gen(gen_files::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Gen(args) => gen_files::run(&args),
    }
}
