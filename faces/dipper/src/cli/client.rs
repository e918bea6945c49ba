//! What can be done with client programs.

use std::path::PathBuf;

use clap::Subcommand;

use super::Common;

/// What can be done with client programs.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Register a program that speaks Open311 or SensorThings; its API key is printed this once
    Add {
        /// Short name of the program, such as `fix-it`
        #[arg(long)]
        id: String,
        /// Who runs it
        #[arg(long)]
        title: String,
        /// A region whose devices it may read, with everything below
        #[arg(long = "devices", value_name = "REGION")]
        regions: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// End what such a program may: its keys, or only the reading of some regions. Within five seconds it hears no more
    End {
        /// Its short name
        #[arg(long)]
        id: String,
        /// A region whose devices it may read no more; its keys go on working
        #[arg(long = "devices", value_name = "REGION")]
        regions: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Register a program that signs residents in by OpenID Connect, or replace what was registered of it
    Register {
        /// Its metadata, JSON with the names of RFC 7591
        #[arg(long)]
        metadata: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// How often each such program asked for data, by day
    Usage {
        /// The first day, YYYY-MM-DD
        #[arg(long)]
        from: String,
        #[command(flatten)]
        common: Common,
    },
}
