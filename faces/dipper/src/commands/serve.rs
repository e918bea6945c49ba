//! `dipper serve`: the whole city in one process — faces, timers, ledger — until it is told to stop.

use std::process::ExitCode;
use std::time::Duration;

use super::department;
use super::erased;
use super::gateway::{self, HttpGateway};
use super::hospital;
use act::licences::Issuer;
use anyhow::Context;
use credential::IssuerKey;
use dipper_http::wire::DemoLogin;
use dipper_http::{App, Parts, Settings};
use identity::RelyingParty;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::background;
use crate::config::{Config, LogFormat};
use crate::demo;
use crate::logs;
use crate::runtime::Runtime;
use crate::sensing::Sensing;
use crate::sensing::cameras::Cameras;
use crate::system::SystemEntropy;

/// Requests under way get this long when the process is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Runs until SIGTERM or SIGINT.
pub fn serve(config: Config) -> anyhow::Result<ExitCode> {
    begin_logs(&config)?;
    let runtime = Runtime::open(config)?;
    let store = runtime.store.clone();
    // Nobody who was erased is served again, whatever copy of the database this is.
    let again = erased::erase_again(&runtime.config, &store)?;
    if again > 0 {
        tracing::warn!(again, "people on the list of erasures were in the database and were erased again");
    }
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = asynchronous.block_on(run(runtime));
    // Work handed to other threads (a picture being decoded) gets a moment; what was acknowledged is on the disk anyway.
    asynchronous.shutdown_timeout(GRACE);
    store.close();
    outcome.map(|()| ExitCode::SUCCESS)
}

fn begin_logs(config: &Config) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .with_context(|| format!("log: {:?} is not a filter", config.log))?;
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal);
    match config.log_format {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

async fn run(runtime: Runtime) -> anyhow::Result<()> {
    let config = runtime.config.clone();
    let logs = if config.seal { logs::open(&runtime)? } else { Vec::new() };
    let (ledger_files, ledger_key) = match logs.first() {
        Some(city) => (city.files.clone(), city.sealer.verifier().clone()),
        None => logs::read_only(&config)?,
    };
    let shared = || config.payment_secret.clone().unwrap_or_else(|| config.keys_folder().join("payment.secret"));
    let secret = config.payment_gateway.as_ref().map(|_| gateway::secret(&shared())).transpose()?;
    let sensing = Sensing::open(&runtime)?;
    let cameras = Cameras::open(&runtime, sensing.as_ref()).await?;
    let streams =
        cameras.clone().map(|cameras| -> std::sync::Arc<dyn sense::cameras::Streams> { std::sync::Arc::new(cameras) });
    let app = App::new(Parts {
        intake: sensing.as_ref().map(|sensing| std::sync::Arc::clone(&sensing.intake)),
        alarm_desk: sensing.as_ref().map(Sensing::desk),
        streams,
        store: runtime.store.clone(),
        packs: std::sync::Arc::clone(&runtime.packs),
        clock: std::sync::Arc::clone(&runtime.clock),
        entropy: Box::new(SystemEntropy),
        vault: std::sync::Arc::clone(&runtime.vault),
        files: std::sync::Arc::clone(&runtime.files),
        ledger_files,
        ledger_key,
        issuer: issuer(&runtime)?,
        relying_party: relying_party(&runtime)?,
        gateway: payment_gateway(&config, secret.clone()),
        senders: crate::channels::open(&config)?,
        departments: department::of(&config, &runtime.packs.current().city)?,
        hospitals: hospital::of(&config, &runtime.packs.current().city)?,
        upstream: crate::upstream::of(&config)?,
        pack_folder: config.pack.clone(),
        settings: Settings { payment_secret: secret, ..settings(&runtime) },
    })?;
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("{} cannot be listened on", config.listen))?;
    let address = listener.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    background::begin(&mut tasks, &runtime, &app, logs, &stopping)?;
    announce(&config, address, &runtime);
    if let Some(sensing) = sensing {
        let topics = dipper_http::Topics::new(&app).context("the city has no devices")?;
        sensing.begin(&mut tasks, &runtime, topics, app.notifications(), &stopping).await?;
    }
    if let Some(cameras) = cameras {
        cameras.begin(&mut tasks, &stopping).await?;
    }
    answer_until_told(listener, app, stop, tasks).await
}

/// Answers requests until the process is told to stop, then lets everything end.
async fn answer_until_told(
    listener: TcpListener,
    app: std::sync::Arc<App>,
    stop: watch::Sender<bool>,
    mut tasks: JoinSet<()>,
) -> anyhow::Result<()> {
    let mut told = stop.subscribe();
    let serving =
        tokio::spawn(dipper_http::serve(listener, app, async move { drop(told.wait_for(|stop| *stop).await) }));
    wait_for_signal().await?;
    tracing::info!("stopping");
    stop.send_replace(true);
    if tokio::time::timeout(GRACE, serving).await.is_err() {
        tracing::warn!("requests under way were cut off after {} s", GRACE.as_secs());
    }
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

fn settings(runtime: &Runtime) -> Settings {
    let config = &runtime.config;
    let login = |login: demo::Login| DemoLogin {
        login: login.login,
        password: demo::DEMO_PASSWORD.to_owned(),
        title: login.title.into(),
        face: login.face.into(),
    };
    Settings {
        base_url: config.base_url.clone(),
        secure_cookies: config.secure_cookies,
        behind_proxy: config.behind_proxy,
        demo: config.demo,
        demo_logins: if config.demo {
            demo::logins(&runtime.packs.current().city).into_iter().map(login).collect()
        } else {
            Vec::new()
        },
        payment_secret: None,
        controllers: config.control_clients.iter().cloned().collect(),
        registrars: config.register_clients.iter().cloned().collect(),
        message_limits: act::notifications::Limits {
            per_hour: config.messages_per_hour,
            per_day: config.messages_per_day,
        },
        demo_residents: if config.demo { demo::residents(&runtime.packs.current().city) } else { Vec::new() },
        demo_organisations: if config.demo { organisations(&runtime.packs.current().city) } else { Vec::new() },
    }
}

/// Says where everything is; in a demonstration also how to get in.
fn announce(config: &Config, address: std::net::SocketAddr, runtime: &Runtime) {
    let city = runtime.packs.current().city.clone();
    let base = config.base_url.as_deref().map_or_else(|| format!("http://{address}"), str::to_owned);
    let base = base.trim_end_matches('/');
    println!("{} {}", city.title.in_locale("zh-CN"), city.title.in_locale("en"));
    println!("  resident  {base}/");
    println!("  field     {base}/field/");
    println!("  centre    {base}/centre/");
    println!("  Open311   {base}/open311/discovery.json");
    println!("  ledger    {base}/ledger/checkpoint");
    if config.demo {
        println!("  demo logins, all with the password {}:", demo::DEMO_PASSWORD);
        for login in demo::logins(&city) {
            println!("    {:<20} {} · {}", login.login, login.title.in_locale("zh-CN"), login.title.in_locale("en"));
        }
    }
}

/// Waits for SIGTERM or SIGINT.
pub async fn wait_for_signal() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// The city as an issuer of licences: its key is made when it is first needed.
fn issuer(runtime: &Runtime) -> anyhow::Result<std::sync::Arc<Issuer>> {
    let config = &runtime.config;
    let base = config.base_url.as_ref().map(|base| base.trim_end_matches('/').to_owned());
    let uri = base.unwrap_or_else(|| format!("urn:dipper:{}", runtime.packs.current().city.id));
    let key = IssuerKey::new("licence-1", logs::signing_key(&config.keys_folder().join("licence.key"))?)?;
    Ok(std::sync::Arc::new(Issuer { uri, key }))
}

/// Who takes fees; nobody where no address is set.
fn payment_gateway(config: &Config, secret: Option<Vec<u8>>) -> Option<std::sync::Arc<dyn act::payments::Gateway>> {
    let (url, secret) = config.payment_gateway.as_ref().zip(secret)?;
    Some(std::sync::Arc::new(HttpGateway::new(url, secret)))
}

/// Under which name passkeys are asked for.
fn relying_party(runtime: &Runtime) -> anyhow::Result<Option<RelyingParty>> {
    let compiled = runtime.packs.current();
    Ok(RelyingParty::new(runtime.config.base_url.as_deref(), compiled.city.title.in_locale("zh-CN"))?)
}

/// Fictional organisations with their legal representatives.
fn organisations(city: &pack::City) -> Vec<(identity::CreditCode, identity::Identity)> {
    demo::organisations(city).into_iter().map(|found| (found.number, found.representative)).collect()
}
