//! `dipper demo gateway`: a payment gateway for demonstrations, a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use act::payments::{Ask, Gateway, Told};
use anyhow::Context;
use dipper_http::gateway::protocol::{self, BODY_MAX, SIGNATURE_HEADER, check, sign};
use dipper_http::gateway::{GatewayPlan, serve_gateway};
use model::Clock;
use store::Entropy;
use tokio::net::TcpListener;
use ureq::Agent;

use super::serve::wait_for_signal;
use crate::system::{SystemClock, SystemEntropy};

/// A gateway that does not answer within this is away.
const PATIENCE: Duration = Duration::from_secs(5);

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).max_redirects(0).build().into()
}

/// A gateway over HTTP, as the city reaches it.
pub struct HttpGateway {
    agent: Agent,
    url: String,
    secret: Vec<u8>,
}

impl HttpGateway {
    /// A gateway at an address, with the shared secret.
    pub fn new(url: &str, secret: Vec<u8>) -> Self {
        Self { agent: agent(), url: format!("{}/v1/ask", url.trim_end_matches('/')), secret }
    }
}

impl Gateway for HttpGateway {
    fn ask(&self, ask: &Ask) -> Result<Told, String> {
        let body = serde_json::to_vec(&protocol::Ask::from(ask.clone())).map_err(|error| error.to_string())?;
        let signature = sign(&self.secret, SystemClock.now(), &body);
        let request = self.agent.post(&self.url).header("content-type", "application/json");
        let answer = request.header(SIGNATURE_HEADER, &signature).send(&body[..]);
        let mut answer = answer.map_err(|error| error.to_string())?;
        if answer.status() != 200 {
            return Err(format!("status {}", answer.status()));
        }
        let signature = answer.headers().get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let signature = signature.unwrap_or_default().to_owned();
        let limit = BODY_MAX as u64;
        let body = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| error.to_string())?;
        check(&self.secret, SystemClock.now(), &body, &signature).map_err(|error| error.to_string())?;
        let told: protocol::Told = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        Ok(told.into())
    }
}

/// Reads the shared secret, or makes it: 32 random bytes in hexadecimal, readable by its owner only.
pub fn secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if !path.exists() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut bytes = [0_u8; 32];
        SystemEntropy.fill(&mut bytes);
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // The city and the gateway may both be first: whole under another name, then linked into place by one of them.
        let fresh = path.with_extension(format!("{}", std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&fresh, path);
        std::fs::remove_file(&fresh)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let secret = text.trim().as_bytes().to_vec();
    anyhow::ensure!(secret.len() >= 32, "the secret in {} has fewer than 32 characters", path.display());
    Ok(secret)
}

/// What the gateway is told on the command line.
pub struct Plan {
    /// Its own folder.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address of the city.
    pub city: String,
    /// The file of the shared secret; in its own folder when absent.
    pub secret: Option<PathBuf>,
    /// How often each notification is sent.
    pub repeat: u32,
}

/// Runs until SIGTERM or SIGINT.
pub fn serve(plan: &Plan) -> anyhow::Result<ExitCode> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_ansi(false).init();
    let shared = secret(&plan.secret.clone().unwrap_or_else(|| plan.data.join("secret")))?;
    let asynchronous = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    asynchronous.block_on(async {
        let listen = plan.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("{listen} cannot be listened on"))?;
        let base = format!("http://{}", listener.local_addr()?);
        println!("demo gateway {base}/");
        let agent = agent();
        let send = Arc::new(move |url: &str, body: &[u8], signature: &str| {
            let request = agent.post(url).header("content-type", "application/json");
            let answer = request.header(SIGNATURE_HEADER, signature).send(body);
            answer.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
        });
        let notify_url = format!("{}/payments/notify", plan.city.trim_end_matches('/'));
        let gateway = GatewayPlan { base, secret: shared, notify_url, repeat: plan.repeat };
        let told = async { drop(wait_for_signal().await) };
        serve_gateway(listener, &plan.data, gateway, Arc::new(SystemClock), send, told).await?;
        Ok(ExitCode::SUCCESS)
    })
}
