//! What can be done for a demonstration.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Subcommand;

use super::Common;

/// What the demonstration can do.
#[derive(Debug, Subcommand)]
pub enum DemoCommand {
    /// Make demo accounts and three months of past cases, once
    Seed {
        /// Cases to make
        #[arg(long, default_value_t = 2_400)]
        cases: usize,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Fictional lamps, covers, meters and gauges that speak MQTT: a process of its own, which registers them first
    Devices {
        /// How many
        #[arg(long, default_value_t = 2_000)]
        count: u32,
        /// How many times as often as their class says they speak
        #[arg(long, default_value_t = 10)]
        pace: u32,
        /// Of the city; `--mqtt` is where it listens
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Real series of the past (car parks, passers-by, air, electricity), told again over MQTT by devices of their own: a process
    /// of its own, which registers them first
    Replay {
        /// Folder of the series; without it nothing is replayed
        #[arg(long, default_value = "../shared/data/iot")]
        series: PathBuf,
        /// How many weeks of the past new devices bring with them
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=56))]
        weeks: u8,
        /// Of the city; `--mqtt` is where it listens
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Fictional cameras that give moving pictures over RTMP, drawn by ffmpeg: a process of its own, which registers them first
    Cameras {
        /// How many
        #[arg(long, default_value_t = 4)]
        count: u16,
        /// The first of their ports, one for each
        #[arg(long, default_value_t = 1940)]
        port: u16,
        /// The ffmpeg program; without it there are no cameras
        #[arg(long, default_value = "ffmpeg")]
        ffmpeg: PathBuf,
        #[command(flatten)]
        common: Box<Common>,
    },
    /// Inspections done and begun by demo users over the API, once, as soon as the city answers; their pictures are drawn
    Inspections {
        /// Address of the city
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        city: String,
    },
    /// A provider of text and push messages that sends nothing and shows what it was given
    Messages {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8091")]
        listen: SocketAddr,
        /// File of the secret shared with the city, made where it is missing
        #[arg(long)]
        secret: PathBuf,
    },
    /// A payment gateway that takes no real money: a process of its own, with a page for the payer
    Gateway {
        /// Its own folder, made where it is missing
        #[arg(long)]
        data: PathBuf,
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// Address of the city, which is told of payments
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        city: String,
        /// File of the secret shared with the city; `secret` in its own folder when absent, made where it is missing
        #[arg(long)]
        secret: Option<PathBuf>,
        /// How often each notification is sent
        #[arg(long, default_value_t = 1)]
        repeat: u32,
    },
    /// The departments that forms are filled in from: a process of its own, with registers of fictional people
    Department {
        /// Their own folder, made where it is missing
        #[arg(long)]
        data: PathBuf,
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8091")]
        listen: SocketAddr,
        /// The pack that declares the sources
        #[arg(long, default_value = "packs/demo")]
        pack: PathBuf,
        /// Folder of the secrets shared with the city; `secrets` in their own folder when absent, made where missing
        #[arg(long)]
        secrets: Option<PathBuf>,
    },
    /// Hospitals that speak HL7 FHIR R4, with fictional doctors: a process of its own, in accelerated time
    Hospital {
        /// Their own folder, made where it is missing
        #[arg(long)]
        data: PathBuf,
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8092")]
        listen: SocketAddr,
        /// The pack that declares the hospitals
        #[arg(long, default_value = "packs/demo")]
        pack: PathBuf,
        /// Folder of the secrets shared with the city; `secrets` in their own folder when absent, made where missing
        #[arg(long)]
        secrets: Option<PathBuf>,
        /// Seconds of one step: a turn in the queue, half a report, a doctor's answer
        #[arg(long, default_value_t = 8)]
        pace: u32,
    },
}
