//! House rules, generated files and measurements: `cargo xtask <command>`.
//!
//! Only a dispatcher: every command lives in its own module. Never part of the product.

mod bench;
mod demo_city;
mod gen_files;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "House rules, generated files and measurements")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write generated files that are kept in the repository.
    Gen(gen_files::Args),
    /// Check the house rules.
    Tidy,
    /// Measure, and print a table for each.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Gen(args) => gen_files::run(&args),
        Command::Tidy => tidy::run(&gen_files::repository()),
        Command::Bench(args) => bench::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
