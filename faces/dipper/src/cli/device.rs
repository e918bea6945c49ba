//! What can be done with devices.

use clap::Subcommand;

use super::Common;

/// What can be done with devices. A running city takes note within a second.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Register a device where it stands, and print the password it speaks with, once
    Add {
        /// Its name in the field: letters, digits, '-', '_', '.' and ':'
        id: String,
        /// Its class, an id of the pack's devices.yaml
        #[arg(long)]
        class: String,
        /// Longitude and latitude in degrees (CGCS2000), such as 112.8961,32.5087
        #[arg(long, allow_hyphen_values = true)]
        at: String,
        /// Height above the ground, metres
        #[arg(long, allow_hyphen_values = true)]
        height: Option<f64>,
        /// Its name for people; the class's when absent
        #[arg(long, default_value = "")]
        title: String,
        /// The gateway it speaks through
        #[arg(long)]
        parent: Option<String>,
        /// The office that answers for it; the class's when absent
        #[arg(long)]
        office: Option<String>,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Print every device: name, class, state, region, title
    List(Box<Common>),
    /// Print a new password, which takes the old one's place when it is used first
    Secret {
        /// Its name
        id: String,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Shut a device out
    Quarantine {
        /// Its name
        id: String,
        /// Why, in words for people
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Let a device speak again
    Release {
        /// Its name
        id: String,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// A device is gone for good; what it measured stays
    Retire {
        /// Its name
        id: String,
        #[command(flatten)]
        common: Box<Common>,
    },
}
