//! Configuration: one file (TOML or YAML), then `DIPPER_*`, then flags; the later one wins.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml, Yaml};
use model::ClientId;
use serde::{Deserialize, Serialize};
use store::DatabaseUrl;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder of the database, evidence, ledger and keys.
    pub data: PathBuf,
    /// Folder of the city's pack.
    pub pack: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; the file `dipper.db` in the data folder when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Address under which people reach this server, such as `https://dipper.example`; for links and Open311.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Origin of the ledger, a name without scheme; `<city id>.dipper/ledger` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_origin: Option<String>,
    /// Whether this process keeps what devices say and judges it; `false` on all but one of several that share a database.
    pub devices: bool,
    /// Where files of readings are carried, `s3://BUCKET/PREFIX` or `file:///FOLDER`; they stay in the data folder when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lake_store: Option<String>,
    /// Megabytes of readings that stay in the data folder when the store has them.
    pub lake_local_mb: u64,
    /// Readings are rolled into files, and carried to the store, so often: minutes.
    pub lake_roll_minutes: u64,
    /// Servers of NATS, `nats://HOST:4222` and more apart by commas, by which several processes take what devices say; one
    /// process does when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats: Option<String>,
    /// Name of the stream of readings; another one for each city that shares the servers.
    pub nats_stream: String,
    /// How many servers of NATS keep each reading until it is in a file: 1, 3 or 5.
    pub nats_copies: u8,
    /// Megabytes of readings that NATS keeps at most; more are refused until some are in files.
    pub nats_mb: u64,
    /// Address on which devices speak MQTT in the clear; they do not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<SocketAddr>,
    /// Address on which devices speak MQTT over TLS; they do not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtts: Option<SocketAddr>,
    /// File of the certificate for it, PEM, with those that vouch for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtts_certificate: Option<PathBuf>,
    /// File of its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtts_key: Option<PathBuf>,
    /// Address (UDP) on which devices speak CoAP in the clear; they do not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coap: Option<SocketAddr>,
    /// Address (UDP) on which devices speak CoAP over DTLS, with the SHA-256 of their password as key; they do not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coaps: Option<SocketAddr>,
    /// The `ffmpeg` program by which cameras are fetched; they cannot be watched or recorded when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<PathBuf>,
    /// Address on which cameras send their picture by RTMP; they are only fetched when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtmp: Option<SocketAddr>,
    /// Address (UDP) on which cameras send their picture by WebRTC (WHIP); sources are told it, so it is none of `0.0.0.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whip: Option<SocketAddr>,
    /// Most cameras that are fetched at a time, those that are recorded among them.
    pub video_at_once: NonZeroU32,
    /// Programs (`dipper client add --devices`) that may also tell the devices they read what to do.
    pub control_clients: Vec<ClientId>,
    /// Programs (`dipper client add --devices`) that may also register devices in the regions they read.
    pub register_clients: Vec<ClientId>,
    /// Whether this process writes the ledger; `false` on all but one of several that share a database.
    pub seal: bool,
    /// File with the witnesses of the ledger and their quorum (tlog-policy); published without witnesses when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_policy: Option<PathBuf>,
    /// Address of a time-stamping authority (RFC 3161) that anchors the city's log once an hour; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_tsa: Option<String>,
    /// File with its root certificates (PEM); its stamps are checked against the certificate they carry only when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger_tsa_ca: Option<PathBuf>,
    /// Address of the payment gateway; fees are not taken online when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_gateway: Option<String>,
    /// File of the secret shared with it; `keys/payment.secret` in the data folder when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_secret: Option<PathBuf>,
    /// Mail server, `smtps://host`, `smtp://host?tls=required` or `smtp://host`; no e-mail when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_url: Option<String>,
    /// Login at the mail server; none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_user: Option<String>,
    /// File whose first line is the password at the mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_password: Option<PathBuf>,
    /// File (PEM) of who vouches for the mail server's certificate; Mozilla's authorities when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_ca: Option<PathBuf>,
    /// Address that e-mail comes from, such as `天枢 <notice@city.example>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,
    /// Address of the provider of text messages; no text messages when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms_gateway: Option<String>,
    /// Address of the provider of push messages; no push messages when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_gateway: Option<String>,
    /// File of the secret (`whsec_…`) that signs calls to both providers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_secret: Option<PathBuf>,
    /// Whether webhooks may be called at addresses of private networks, and without TLS.
    pub webhooks_private: bool,
    /// Messages to one person by one channel an hour, beyond which only urgent ones are sent.
    pub messages_per_hour: u32,
    /// The same a day.
    pub messages_per_day: u32,
    /// Address of the departments that forms are filled in from, each source under its own path; none are when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments: Option<String>,
    /// Folder of the secrets shared with them, `SOURCE.secret` each; `keys/departments` in the data folder when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments_secrets: Option<PathBuf>,
    /// Address of the hospitals, each under its own path; none are connected when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospitals: Option<String>,
    /// Folder of the secrets shared with them, `HOSPITAL.secret` each; `keys/hospitals` in the data folder when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospitals_secrets: Option<PathBuf>,
    /// File of the identity providers that residents may sign in with (JSON); none when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<PathBuf>,
    /// Address of clamd, `tcp://host:port` or `unix:/path`, that scans every uploaded file first; none are scanned when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<String>,
    /// Days after which `dipper backup` removes older backups beside the new one; none are removed when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_keep_days: Option<NonZeroU32>,
    /// Whether the session cookie is only sent over TLS; set it behind a TLS proxy.
    pub secure_cookies: bool,
    /// Whether the address of a client is taken from the last `X-Forwarded-For` of a proxy in front.
    pub behind_proxy: bool,
    /// Log filter, such as `info` or `info,dipper_http=debug`.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// Whether this is a demonstration: shows demo logins, and a slow stream of new cases.
    pub demo: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("data"),
            pack: PathBuf::from("packs/demo"),
            database_url: None,
            base_url: None,
            ledger_origin: None,
            devices: true,
            lake_store: None,
            lake_local_mb: 1_024,
            lake_roll_minutes: 60,
            nats: None,
            nats_stream: "dipper-readings".to_owned(),
            nats_copies: 1,
            nats_mb: 2_048,
            mqtt: None,
            mqtts: None,
            mqtts_certificate: None,
            mqtts_key: None,
            coap: None,
            coaps: None,
            video: None,
            rtmp: None,
            whip: None,
            video_at_once: NonZeroU32::new(32).expect("32 is not 0"),
            control_clients: Vec::new(),
            register_clients: Vec::new(),
            seal: true,
            ledger_policy: None,
            ledger_tsa: None,
            ledger_tsa_ca: None,
            payment_gateway: None,
            payment_secret: None,
            smtp_url: None,
            smtp_user: None,
            smtp_password: None,
            smtp_ca: None,
            mail_from: None,
            sms_gateway: None,
            push_gateway: None,
            gateway_secret: None,
            webhooks_private: false,
            messages_per_hour: act::notifications::Limits::default().per_hour,
            messages_per_day: act::notifications::Limits::default().per_day,
            departments: None,
            departments_secrets: None,
            hospitals: None,
            hospitals_secrets: None,
            upstream: None,
            scan: None,
            backup_keep_days: None,
            secure_cookies: false,
            behind_proxy: false,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            demo: false,
        }
    }
}

impl Config {
    /// Reads the file given, or `dipper.toml` where there is one, then the environment, then the flags.
    pub fn load(file: Option<&Path>, flags: &impl Serialize) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        let default_file = Path::new("dipper.toml");
        if let Some(file) = file.or_else(|| default_file.exists().then_some(default_file)) {
            if !file.exists() {
                bail!("there is no configuration file {}", file.display());
            }
            let is_yaml = file.extension().is_some_and(|end| end == "yaml" || end == "yml");
            figment = if is_yaml { figment.merge(Yaml::file(file)) } else { figment.merge(Toml::file(file)) };
        }
        let config: Self = figment
            .merge(Env::prefixed("DIPPER_"))
            .merge(Serialized::defaults(flags))
            .extract()
            .context("the configuration does not fit")?;
        config.database()?;
        Ok(config)
    }

    /// The database to use.
    pub fn database(&self) -> anyhow::Result<DatabaseUrl> {
        let url =
            self.database_url.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("dipper.db").display()));
        Ok(url.parse::<DatabaseUrl>()?)
    }

    /// The store of readings, with keys and endpoint as the AWS programs take them: from the environment alone, so that they
    /// stand in no file and no list of processes.
    #[allow(clippy::disallowed_methods, reason = "faces/dipper alone reads the environment")]
    pub fn lake_objects(&self) -> anyhow::Result<Option<lake::Objects>> {
        let Some(url) = &self.lake_store else { return Ok(None) };
        let settings = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
        Ok(Some(lake::Objects::new(url, settings)?))
    }

    /// Where evidence is kept.
    pub fn evidence_folder(&self) -> PathBuf {
        self.data.join("evidence")
    }

    /// Where the ledger is kept.
    pub fn ledger_folder(&self) -> PathBuf {
        self.data.join("ledger")
    }

    /// Where keys are kept.
    pub fn keys_folder(&self) -> PathBuf {
        self.data.join("keys")
    }
}
