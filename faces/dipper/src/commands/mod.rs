//! One module a command. Each reads its flags, wires what it needs, says what it did.

mod backup;
mod calendar;
mod canary;
mod client;
mod config;
mod demo;
mod demo_cameras;
mod demo_devices;
mod demo_inspections;
mod demo_replay;
pub mod department;
mod device;
pub mod erased;
pub mod flight;
pub mod gateway;
mod grid;
pub mod hospital;
mod import;
mod kiosk;
pub mod lake;
mod ledger;
mod licence;
mod lines;
mod manifest;
mod membership;
mod messages;
mod old_backups;
pub mod pack;
pub mod reconcile;
mod serve;
mod user;
mod webhook;
mod witness;

use std::io::{stdin, stdout};
use std::process::ExitCode;

pub use gateway::secret as secret_file;

use crate::cli::{
    CalendarCommand, CanaryCommand, Cli, ClientCommand, Command, Common, ConfigCommand, DemoCommand, GridCommand,
    Import, KioskCommand, LakeCommand, LedgerCommand, PackCommand, UserCommand, WebhookCommand, WitnessCommand,
};
use crate::config::Config;
use crate::runtime::open_store;

/// Runs a command.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(common) => serve::serve(configured(&common)?),
        Command::Migrate(common) => migrate(&configured(&common)?),
        Command::Backup { to, keep_days, common } => {
            let config = configured(&common)?;
            backup::backup(&Config { backup_keep_days: keep_days.or(config.backup_keep_days), ..config }, &to)
        }
        Command::Restore { from, erased, common } => backup::restore(&configured(&common)?, &from, erased.as_deref()),
        Command::Import(Import::Cases { map, dry_run, rejects, file, common }) => {
            import::cases(configured(&common)?, &map, &file, rejects.as_deref(), dry_run)
        }
        Command::Import(Import::Services { pack, map, dry_run, rejects, into, file }) => {
            import::services(&import::Services { pack, map, dry_run, rejects, into, file })
        }
        Command::Pack(PackCommand::Check { folder }) => pack::check(&folder),
        Command::Grid(GridCommand::Encode { level }) => grid::encode(level, stdin().lock(), stdout().lock()),
        Command::Grid(GridCommand::Decode) => grid::decode(stdin().lock(), stdout().lock()),
        Command::Calendar(CalendarCommand::Due { pack, calendar, limit }) => {
            calendar::due(&pack, &calendar, &limit, stdin().lock(), stdout().lock())
        }
        Command::Ledger(LedgerCommand::Verify(common)) => ledger::verify(configured(&common)?),
        Command::Lake(LakeCommand::Verify(common)) => lake::verify(&configured(&common)?),
        Command::Lake(LakeCommand::Share(common)) => lake::share(&configured(&common)?),
        Command::Ledger(LedgerCommand::Audit { urls, policy, tsa_ca, state, locale }) => {
            ledger::audit_logs(&urls, policy.as_deref(), tsa_ca.as_deref(), &state, &locale)
        }
        Command::Witness(WitnessCommand::Init { data, name }) => witness::init(&data, &name),
        Command::Witness(WitnessCommand::Key { data }) => witness::key(&data),
        Command::Witness(WitnessCommand::Serve { data, listen, config }) => witness::serve(&data, listen, &config),
        Command::Verify { file, membership, flight, keys, status, showing, key, data, locale } => {
            let text = ledger::read_proof(&file)?;
            if paper::is_paper(&text) {
                return licence::verify_paper(&text, keys.as_deref(), status.as_deref(), &showing, &locale);
            }
            if licence::is_licence(&text) {
                return licence::verify_licence(&text, keys.as_deref(), status.as_deref(), &showing, &locale);
            }
            let beside = ledger::Beside { membership: membership.as_deref(), flight: flight.as_deref() };
            ledger::verify_receipt(&text, key.as_deref(), &data, beside, &locale)
        }
        Command::Reconcile { day, common } => reconcile::reconcile(configured(&common)?, day.as_deref()),
        Command::User(UserCommand::Add { login, name, posts, common }) => {
            user::add(&configured(&common)?, &login, &name, &posts)
        }
        Command::Client(command) => clients(command),
        Command::Webhook(command) => webhooks(command),
        Command::Canary(command) => canaries(command),
        Command::Kiosk(command) => kiosks(command),
        Command::Demo(command) => demos(command),
        Command::Device(command) => device::run(command, configured),
        Command::Config(ConfigCommand::Check(common)) => config::check(&configured(&common)?),
    }
}

fn clients(command: ClientCommand) -> anyhow::Result<ExitCode> {
    match command {
        ClientCommand::Add { id, title, regions, common } => client::add(&configured(&common)?, &id, &title, &regions),
        ClientCommand::End { id, regions, common } => client::end(&configured(&common)?, &id, &regions),
        ClientCommand::Register { metadata, common } => client::register(&configured(&common)?, &metadata),
        ClientCommand::Usage { from, common } => client::usage(&configured(&common)?, &from),
    }
}

fn webhooks(command: WebhookCommand) -> anyhow::Result<ExitCode> {
    match command {
        WebhookCommand::Add { client, office, url, common } => {
            webhook::add(&configured(&common)?, client.as_deref(), office.as_deref(), &url)
        }
        WebhookCommand::List(common) => webhook::list(&configured(&common)?),
        WebhookCommand::Remove { id, common } => webhook::remove(&configured(&common)?, &id),
    }
}

fn demos(command: DemoCommand) -> anyhow::Result<ExitCode> {
    match command {
        DemoCommand::Gateway { data, listen, city, secret, repeat } => {
            gateway::serve(&gateway::Plan { data, listen, city, secret, repeat })
        }
        DemoCommand::Messages { listen, secret } => messages::serve(listen, &secret),
        DemoCommand::Department { data, listen, pack, secrets } => {
            department::serve(&department::Plan { data, listen, pack, secrets })
        }
        DemoCommand::Hospital { data, listen, pack, secrets, pace } => {
            hospital::serve(&hospital::Plan { data, listen, pack, secrets, pace })
        }
        DemoCommand::Seed { cases, common } => demo::seed(configured(&common)?, cases),
        DemoCommand::Cameras { count, port, ffmpeg, common } => {
            demo_cameras::run(configured(&common)?, count, port, &ffmpeg)
        }
        DemoCommand::Replay { series, weeks, common } => demo_replay::run(configured(&common)?, &series, weeks),
        DemoCommand::Inspections { city } => demo_inspections::run(&city),
        DemoCommand::Devices { count, pace, common } => demo_devices::run(configured(&common)?, count, pace),
    }
}

fn kiosks(command: KioskCommand) -> anyhow::Result<ExitCode> {
    match command {
        KioskCommand::Add { id, office, title, common } => kiosk::add(&configured(&common)?, &id, &office, &title),
        KioskCommand::List(common) => kiosk::list(&configured(&common)?),
        KioskCommand::Remove { id, common } => kiosk::remove(&configured(&common)?, &id),
    }
}

fn canaries(command: CanaryCommand) -> anyhow::Result<ExitCode> {
    match command {
        CanaryCommand::Add { login, common } => canary::add(&configured(&common)?, &login),
        CanaryCommand::List(common) => canary::list(&configured(&common)?),
        CanaryCommand::Remove { login, common } => canary::remove(&configured(&common)?, &login),
    }
}

fn configured(common: &Common) -> anyhow::Result<Config> {
    Config::load(common.config.as_deref(), common)
}

/// Writes a file that only its owner may read; it must not be there yet.
fn write_private(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&config.data)?;
    open_store(config)?.close();
    println!("the database is at this program's version");
    Ok(ExitCode::SUCCESS)
}
