//! What can be done with the ledger, and with the lake it commits to.

use std::path::PathBuf;

use clap::Subcommand;

use super::Common;

/// What can be done with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Re-derive the whole log from its entries and hold it against the database
    Verify(Box<Common>),
    /// Visit logs over HTTP as an auditor does; ends with an error when one contradicts itself or its witnesses
    Audit {
        /// Addresses of logs, such as https://city.example/ledger
        #[arg(required = true)]
        urls: Vec<String>,
        /// Known logs, witnesses and quorum (tlog-policy); without one the key of the first visit is kept
        #[arg(long)]
        policy: Option<PathBuf>,
        /// Root certificates (PEM) of time-stamping authorities that are trusted
        #[arg(long)]
        tsa_ca: Option<PathBuf>,
        /// Folder that remembers earlier visits
        #[arg(long, default_value = "audit")]
        state: PathBuf,
        /// Language of the report
        #[arg(long, default_value = "zh-CN")]
        locale: String,
    },
}

/// What can be done with the readings of sensors.
#[derive(Debug, Subcommand)]
pub enum LakeCommand {
    /// Hold every file of readings against its digest and its record in the log; ends with an error when one differs
    Verify(Box<Common>),
    /// Give the readings of the data folder to all processes of the city, which share them by NATS from then on
    Share(Box<Common>),
}
