//! The `dipper` executable: configuration, wiring and the command line.
//!
//! The only crate that reads the environment and the clock; everything else takes both as arguments.

mod background;
mod channels;
mod cli;
mod commands;
mod config;
mod demo;
mod logs;
mod remote;
mod runtime;
mod scanner;
mod sensing;
mod system;
mod upstream;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dipper: {error:#}");
            ExitCode::FAILURE
        }
    }
}
