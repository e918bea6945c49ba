//! The command line.

mod client;
mod demo;
mod device;
mod ledger;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

pub use client::ClientCommand;
pub use demo::DemoCommand;
pub use device::DeviceCommand;
pub use ledger::{LakeCommand, LedgerCommand};

/// Dipper 天枢: city governance in one program.
#[derive(Debug, Parser)]
#[command(name = "dipper", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the city: all faces, timers and the ledger in one process
    Serve(Common),
    /// Bring the database to this version and stop
    Migrate(Common),
    /// Copy database, evidence, ledger and keys into a new folder while the city runs
    Backup {
        /// The folder to make
        #[arg(long)]
        to: PathBuf,
        /// Remove backups of this city beside it that are older than so many days
        #[arg(long)]
        keep_days: Option<NonZeroU32>,
        #[command(flatten)]
        common: Common,
    },
    /// Check a backup and put it into an empty data folder
    Restore {
        /// The backup's folder
        #[arg(long)]
        from: PathBuf,
        /// The list of erasures of the city it replaces, `erased` in its data folder: they are done again
        #[arg(long)]
        erased: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Bring in records from elsewhere
    #[command(subcommand)]
    Import(Import),
    /// Look after the city's pack
    #[command(subcommand)]
    Pack(PackCommand),
    /// BeiDou grid codes, one a line
    #[command(subcommand)]
    Grid(GridCommand),
    /// Working calendars
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// The transparency log
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// The readings of sensors
    #[command(subcommand)]
    Lake(LakeCommand),
    /// Watch other people's logs: cosign their checkpoints, and never two histories
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Check a receipt (.tlog-proof) or an electronic licence (SD-JWT) without any server
    Verify {
        /// The receipt, the licence or its PDF; `-` for standard input
        file: PathBuf,
        /// For the receipt of an extract: the proof that somebody is in it, as the page of accesses gives it
        #[arg(long)]
        membership: Option<PathBuf>,
        /// For the receipt of a flight: the folder with its manifest and files, as the flight's archive gives them
        #[arg(long)]
        flight: Option<PathBuf>,
        /// For a licence: the keys of trusted issuers, as /licences/keys gives them
        #[arg(long)]
        keys: Option<PathBuf>,
        /// For a licence: the status list, as /licences/status gives it; without one nothing is said of revocation, but for
        /// a PDF, which has the list of when it was made
        #[arg(long)]
        status: Option<PathBuf>,
        #[command(flatten)]
        showing: Showing,
        /// The log's key (text, or a file that holds it); the data folder's own when absent
        #[arg(long)]
        key: Option<String>,
        /// The data folder whose ledger key to use
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Language of the answer
        #[arg(long, default_value = "zh-CN")]
        locale: String,
    },
    /// A living demonstration
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Look after accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Look after client programs
    #[command(subcommand)]
    Client(ClientCommand),
    /// Look after programs that are told of cases
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Look after canary residents: whoever asks about one is found by reconciliation
    #[command(subcommand)]
    Canary(CanaryCommand),
    /// Look after terminals of service halls
    #[command(subcommand)]
    Kiosk(KioskCommand),
    /// Look after devices: lamps, meters, gauges
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Look after the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Hold the city's log of questions to departments against the departments' own; ends with an error when they differ
    Reconcile {
        /// The day in the city's time, such as 2026-11-26; yesterday when absent
        #[arg(long)]
        day: Option<String>,
        #[command(flatten)]
        common: Common,
    },
}

/// Flags that every command about a running city has. Each overrides `DIPPER_*` and the file.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct Common {
    /// Configuration file, TOML or YAML
    #[arg(long)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Address to listen on
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Data folder
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Folder of the city's pack
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Address under which people reach this server
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Address of the payment gateway
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_gateway: Option<String>,
    /// File of the secret shared with the payment gateway
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_secret: Option<PathBuf>,
    /// Address of the departments that forms are filled in from
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments: Option<String>,
    /// Folder of the secrets shared with the departments
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments_secrets: Option<PathBuf>,
    /// Address of the hospitals
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospitals: Option<String>,
    /// Folder of the secrets shared with the hospitals
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospitals_secrets: Option<PathBuf>,
    /// File of the identity providers that residents may sign in with
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<PathBuf>,
    /// Where files of readings are carried: `s3://BUCKET/PREFIX` with AWS_ACCESS_KEY_ID and its like, or `file:///FOLDER`
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lake_store: Option<String>,
    /// Servers of NATS by which several processes take what devices say: `nats://HOST:4222`, more apart by commas
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats: Option<String>,
    /// Address on which devices speak MQTT in the clear
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<SocketAddr>,
    /// Address on which devices speak MQTT over TLS
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtts: Option<SocketAddr>,
    /// The ffmpeg program by which cameras are fetched, such as `ffmpeg`; no video when absent
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<PathBuf>,
    /// Address on which cameras send their picture by RTMP; it needs --video
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmp: Option<SocketAddr>,
    /// Address (UDP) on which cameras send their picture by WebRTC (WHIP), as they reach it; it needs --video
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whip: Option<SocketAddr>,
    /// Program that may tell the devices it reads what to do; may be given more than once
    #[arg(long = "control-client")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub control_clients: Vec<String>,
    /// Program that may register devices in the regions it reads; may be given more than once
    #[arg(long = "register-client")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub register_clients: Vec<String>,
    /// Address (UDP) on which devices speak CoAP in the clear
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coap: Option<SocketAddr>,
    /// Address (UDP) on which devices speak CoAP over DTLS
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coaps: Option<SocketAddr>,
    /// Log filter
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Run as a demonstration
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
}

/// What can be brought in.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Cases with their history from a CSV file
    Cases {
        /// The map from columns to cases (YAML)
        #[arg(long)]
        map: PathBuf,
        /// Read and check everything, write nothing
        #[arg(long)]
        dry_run: bool,
        /// Where rejected rows go; `<file>.rejects.csv` when absent
        #[arg(long)]
        rejects: Option<PathBuf>,
        /// The file
        file: PathBuf,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Service items from a CSV file into a file of the pack
    Services {
        /// The pack's folder
        #[arg(long)]
        pack: PathBuf,
        /// The map from columns to items (YAML)
        #[arg(long)]
        map: PathBuf,
        /// Read and check everything, write nothing
        #[arg(long)]
        dry_run: bool,
        /// Where rejected rows go; `<file>.rejects.csv` when absent
        #[arg(long)]
        rejects: Option<PathBuf>,
        /// The file under services/ that is written
        #[arg(long, default_value = "imported.yaml")]
        into: String,
        /// The file
        file: PathBuf,
    },
}

/// What can be done with a pack.
#[derive(Debug, Subcommand)]
pub enum PackCommand {
    /// Report every fault of a pack with its file and line
    Check {
        /// The pack's folder
        folder: PathBuf,
    },
}

/// What can be done with the grid.
#[derive(Debug, Subcommand)]
pub enum GridCommand {
    /// Lines `lon,lat` in, codes out
    Encode {
        /// Level, 1 to 10
        #[arg(long)]
        level: u8,
    },
    /// Codes in, `west,south,east,north` out
    Decode,
}

/// What can be asked of a calendar.
#[derive(Debug, Subcommand)]
pub enum CalendarCommand {
    /// RFC 3339 instants in, deadlines out, one a line
    Due {
        /// The pack's folder
        #[arg(long)]
        pack: PathBuf,
        /// The calendar's id
        #[arg(long)]
        calendar: String,
        /// The limit, such as "3 working_day"
        #[arg(long)]
        limit: String,
    },
}

/// What a witness can be told.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make a key with the state that belongs to it, and print the verifier key
    Init {
        /// The witness's own folder, made where it is missing
        #[arg(long)]
        data: PathBuf,
        /// Name of the key, such as witness.university.example
        #[arg(long)]
        name: String,
    },
    /// Print the verifier key
    Key {
        /// The witness's own folder
        #[arg(long)]
        data: PathBuf,
    },
    /// Answer logs until told to stop
    Serve {
        /// The witness's own folder
        #[arg(long)]
        data: PathBuf,
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// File with a line `log <verifier key>` for each log to be witnessed, and `quorum none` (tlog-policy)
        #[arg(long)]
        config: PathBuf,
    },
}

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Register an address to be told of cases by signed calls (Standard Webhooks); its id and secret are printed this once
    Add {
        /// The client program whose reports it is told of
        #[arg(long, conflicts_with = "office")]
        client: Option<String>,
        /// The office whose cases it is told of
        #[arg(long)]
        office: Option<String>,
        /// The address that is called
        #[arg(long)]
        url: String,
        #[command(flatten)]
        common: Common,
    },
    /// Print every webhook: id, whose cases, address
    List(Common),
    /// Forget a webhook and what it was still to be told
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

/// What can be done with terminals of service halls.
#[derive(Debug, Subcommand)]
pub enum KioskCommand {
    /// Register a terminal, or close one that is there, and print the address that opens it once
    Add {
        /// A short word for it
        id: String,
        /// The office in whose hall it stands
        #[arg(long)]
        office: String,
        /// Where it stands, in words for people
        #[arg(long)]
        title: String,
        #[command(flatten)]
        common: Common,
    },
    /// Print every terminal
    List(Common),
    /// Remove a terminal; whoever is signed in at it is no longer
    Remove {
        /// Its word
        id: String,
        #[command(flatten)]
        common: Common,
    },
}

/// What can be done with canaries.
#[derive(Debug, Subcommand)]
pub enum CanaryCommand {
    /// Make the resident of a login a canary
    Add {
        /// Their login
        login: String,
        #[command(flatten)]
        common: Common,
    },
    /// Print the login of every canary
    List(Common),
    /// Make a canary a resident like any other
    Remove {
        /// Their login
        login: String,
        #[command(flatten)]
        common: Common,
    },
}

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a staff account; the password is read from standard input
    Add {
        /// Sign-in name
        #[arg(long)]
        login: String,
        /// Name shown
        #[arg(long)]
        name: String,
        /// Posts, each `role:office:region`
        #[arg(long = "post", required = true)]
        posts: Vec<String>,
        #[command(flatten)]
        common: Common,
    },
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say what is in force and whether it can work
    Check(Common),
}

/// For a licence: what its holder's device must have signed.
#[derive(Debug, Default, Args)]
pub struct Showing {
    /// Refuse a licence unless its holder's device signed it within the last seconds, as the code on its screen is
    #[arg(long)]
    pub live: bool,
    /// With --nonce: who asked, as the device signed it
    #[arg(long, requires = "nonce")]
    pub audience: Option<String>,
    /// With --audience: what the device was asked with
    #[arg(long, requires = "audience")]
    pub nonce: Option<String>,
    /// How many seconds ago the device may have signed
    #[arg(long, default_value_t = 120)]
    pub max_age: u32,
}
