//! What every handler needs, put together once by the executable.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use account::ledger::LogFiles;
use act::hospital::Hospitals;
use act::licences::Issuer;
use act::notifications::{Limits as MessageLimits, Senders};
use act::payments::Gateway;
use identity::openid::OpenId;
use identity::upstream::{Provider, UpstreamRemote, Upstreams};
use identity::{
    Accounts, CreditCode, Identity, LicenceTrust, Policy, PolicyError, Rate, RateLimiter, RelyingParty, Vault,
};
use ledger::key::VerifierKey;
use model::{Case, ClientId, Clock, Instant};
use pack::{Compiled, Packs};
use sense::cameras::Streams;
use sense::departments::Departments;
use sense::device_alarms::AlarmDesk;
use sense::evidence::Files;
use sense::telemetry::Intake;
use store::{Entropy, Store, StoreError};
use tokio::sync::Semaphore;

use crate::api::city::basemap::Layers;
use crate::api::city::cached::Answers;
use crate::api::services::finder::Finder;
use crate::error::{Refused, failed};
use crate::metrics::Metrics;
use crate::stream::Hub;
use crate::wire::DemoLogin;

/// What the executable hands over.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Every pack that a case may have begun under.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for tokens and salts.
    pub entropy: Box<dyn Entropy>,
    /// Seals contacts.
    pub vault: Arc<Vault>,
    /// Where evidence files are.
    pub files: Arc<Files>,
    /// The ledger's files.
    pub ledger_files: LogFiles,
    /// The ledger's verifier key.
    pub ledger_key: VerifierKey,
    /// Who issues licences.
    pub issuer: Arc<Issuer>,
    /// Under which name passkeys are asked for; absent where the address takes none.
    pub relying_party: Option<RelyingParty>,
    /// Who takes fees; absent where none are taken online.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// The channels by which people and programs are told.
    pub senders: Senders,
    /// How departments are reached that forms are filled in from; absent where none are connected.
    pub departments: Option<Arc<dyn Departments>>,
    /// How hospitals are reached; absent where none are connected.
    pub hospitals: Option<Arc<dyn Hospitals>>,
    /// Other providers that residents may sign in with, and how they are reached; absent where none are configured.
    pub upstream: Option<(Vec<Provider>, Arc<dyn UpstreamRemote>)>,
    /// The door for messages of devices; absent where the city has none.
    pub intake: Option<Arc<Intake>>,
    /// Whoever runs the alarm engine; absent where the city has no devices.
    pub alarm_desk: Option<Arc<dyn AlarmDesk>>,
    /// Whoever fetches the pictures of cameras; absent where nobody does.
    pub streams: Option<Arc<dyn Streams>>,
    /// The folder of the present pack, for its base map.
    pub pack_folder: PathBuf,
    /// What can be set.
    pub settings: Settings,
}

/// What can be set about this face.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// Address under which people reach this server, such as `https://dipper.example`; for Open311 discovery.
    pub base_url: Option<String>,
    /// Whether cookies are only sent over TLS.
    pub secure_cookies: bool,
    /// Whether a client's address is the last entry of `x-forwarded-for`, set by our own proxy.
    pub behind_proxy: bool,
    /// Whether this is a demonstration.
    pub demo: bool,
    /// Its accounts, shown on the sign-in page.
    pub demo_logins: Vec<DemoLogin>,
    /// The secret shared with the payment gateway.
    pub payment_secret: Option<Vec<u8>>,
    /// Programs that may tell devices what to do in the regions granted to them.
    pub controllers: BTreeSet<ClientId>,
    /// Programs that may register devices in the regions granted to them.
    pub registrars: BTreeSet<ClientId>,
    /// How much one person is sent by one channel.
    pub message_limits: MessageLimits,
    /// Fictional people that visitors of a demonstration can prove to be.
    pub demo_residents: Vec<Identity>,
    /// Fictional organisations, with the people who are their legal representatives.
    pub demo_organisations: Vec<(CreditCode, Identity)>,
}

/// Everything a handler needs.
pub struct App {
    /// The database.
    pub store: Store,
    /// Every pack that a case may have begun under.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Accounts and sessions.
    pub accounts: Accounts,
    /// Signs residents in to other programs; absent where this server has no address of its own.
    pub openid: Option<OpenId>,
    /// Other providers that residents may sign in with; absent where none are configured.
    pub upstream: Option<Upstreams>,
    /// Who may do what.
    pub policy: Policy,
    /// Seals contacts.
    pub vault: Arc<Vault>,
    /// Where evidence files are.
    pub files: Arc<Files>,
    /// The ledger's files.
    pub ledger_files: LogFiles,
    /// The ledger's verifier key.
    pub ledger_key: VerifierKey,
    /// Who issues licences.
    pub issuer: Arc<Issuer>,
    /// Whose licences are taken as materials.
    pub trust: Arc<LicenceTrust>,
    /// Who takes fees; absent where none are taken online.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// The channels by which people and programs are told.
    pub senders: Senders,
    /// How departments are reached that forms are filled in from; absent where none are connected.
    pub departments: Option<Arc<dyn Departments>>,
    /// How hospitals are reached; absent where none are connected.
    pub hospitals: Option<Arc<dyn Hospitals>>,
    /// The door for messages of devices; absent where the city has none.
    pub intake: Option<Arc<Intake>>,
    /// Whoever runs the alarm engine; absent where the city has no devices.
    pub alarm_desk: Option<Arc<dyn AlarmDesk>>,
    /// Whoever fetches the pictures of cameras; absent where nobody does.
    pub streams: Option<Arc<dyn Streams>>,
    /// The folder of the present pack.
    pub pack_folder: PathBuf,
    /// Where the broker listens, by scheme and port; unset where there is none.
    pub broker: OnceLock<Vec<(&'static str, u16)>>,
    /// What can be set.
    pub settings: Settings,
    /// What was answered.
    pub metrics: Metrics,
    /// Live changes.
    pub hub: Hub,
    /// Answers that depend on the pack alone.
    pub answers: Answers,
    /// The search over services.
    pub finder: Finder,
    /// Files of the base map.
    pub layers: Layers,
    /// Limits by client.
    pub limits: Limits,
    /// Begins every request id: tells runs and replicas apart.
    run: String,
    requests: AtomicU64,
}

/// Rate limits, each per client address or person.
pub struct Limits {
    /// Signing in and registering, by address.
    pub sign_in: RateLimiter<String>,
    /// Reports and joins by people, by person or address.
    pub reports: RateLimiter<String>,
    /// Reports by client programs, by key holder.
    pub clients: RateLimiter<String>,
    /// Uploads, by person or address.
    pub uploads: RateLimiter<String>,
    /// Questions to departments, by person: consents and tries to prove who somebody is.
    pub fetches: RateLimiter<String>,
    /// Codes of terminals, by person or address: 50 bits, of which a few are tried.
    pub kiosks: RateLimiter<String>,
    /// Questions to hospitals about somebody, by person; each costs a row that is kept.
    pub hospitals: RateLimiter<String>,
    /// Questions to hospitals about nobody, by person or address.
    pub offers: RateLimiter<String>,
    /// Messages of devices that speak HTTP, by device: those that have much to say send many readings at once.
    pub devices: RateLimiter<String>,
    /// Questions of SensorThings that are answered at a time; others wait.
    pub questions: Arc<Semaphore>,
}

/// Each may hold some 100 MB and read for seconds: two cores and some memory are left to everybody else.
const QUESTIONS: usize = 4;

/// Keys remembered by each limiter: about 100 bytes each.
const KEYS_MAX: usize = 50_000;

impl Limits {
    fn new() -> Self {
        let limiter = |burst, per_minute| RateLimiter::new(Rate { burst, per_minute }, KEYS_MAX);
        // A household or an office behind one address signs in within its burst; guessing stays below one a second,
        // and the lock-out of the login comes far earlier.
        let sign_in = limiter(60, 60);
        // A person walks between two reports; an address may be a whole mobile network.
        let (reports, uploads) = (limiter(60, 60), limiter(120, 120));
        // A program speaks for many people.
        let clients = limiter(1_000, 6_000);
        // Somebody who tries again while a department is away; every question costs a row that is kept.
        let fetches = limiter(12, 6);
        // Somebody who waits in a queue and looks again and again; and who looks for a doctor.
        let (hospitals, offers) = (limiter(60, 20), limiter(120, 60));
        // Somebody who mistypes a code.
        let kiosks = limiter(12, 6);
        let devices = limiter(240, 240);
        let questions = Arc::new(Semaphore::new(QUESTIONS));
        Self { sign_in, reports, clients, uploads, fetches, kiosks, hospitals, offers, devices, questions }
    }
}

impl App {
    /// Puts everything together.
    ///
    /// # Errors
    /// [`PolicyError`] when the policies do not fit their schema: the platform must not run then.
    pub fn new(parts: Parts) -> Result<Arc<Self>, PolicyError> {
        let accounts =
            Accounts::new(parts.store.clone(), Arc::clone(&parts.clock), parts.entropy, Arc::clone(&parts.vault))
                .with_passkeys(parts.relying_party);
        let openid = parts
            .settings
            .base_url
            .as_ref()
            .map(|base| OpenId::new(parts.store.clone(), Arc::clone(&parts.clock), Arc::clone(&parts.vault), base));
        let base = parts.settings.base_url.as_deref().unwrap_or_default().to_owned();
        let upstream = parts.upstream.map(|(providers, remote)| {
            Upstreams::new(parts.store.clone(), Arc::clone(&parts.clock), providers, remote, &base)
        });
        let run = accounts.random_bytes::<4>().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Arc::new(Self {
            policy: Policy::load()?,
            hub: Hub::new(parts.store.clone()),
            store: parts.store,
            packs: parts.packs,
            clock: parts.clock,
            accounts,
            openid,
            upstream,
            vault: parts.vault,
            files: parts.files,
            ledger_files: parts.ledger_files,
            ledger_key: parts.ledger_key,
            trust: Arc::new(parts.issuer.trust()),
            issuer: parts.issuer,
            gateway: parts.gateway,
            senders: parts.senders,
            departments: parts.departments,
            hospitals: parts.hospitals,
            intake: parts.intake,
            alarm_desk: parts.alarm_desk,
            streams: parts.streams,
            pack_folder: parts.pack_folder,
            settings: parts.settings,
            broker: OnceLock::new(),
            metrics: Metrics::default(),
            answers: Answers::default(),
            finder: Finder::default(),
            layers: Layers::default(),
            limits: Limits::new(),
            run,
            requests: AtomicU64::new(0),
        }))
    }

    /// Forgets codes, tokens and keys of signing in elsewhere whose time is over.
    pub async fn sweep_openid(&self) -> Option<Result<(), StoreError>> {
        Some(self.openid.as_ref()?.sweep().await)
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The pack that new cases follow.
    pub fn current(&self) -> Arc<Compiled> {
        self.packs.current()
    }

    /// The pack a case began under.
    ///
    /// # Errors
    /// 500 when it is not in the archive, which is logged.
    pub fn pack_of(&self, case: &Case) -> Result<Arc<Compiled>, Refused> {
        self.packs.get(&case.pack).ok_or_else(|| {
            tracing::error!(pack = %case.pack, "a case began under a pack that is not in the archive");
            failed()
        })
    }

    /// What the use-cases of `act` need.
    pub fn act(&self) -> act::Context {
        act::Context { store: self.store.clone(), packs: Arc::clone(&self.packs), clock: Arc::clone(&self.clock) }
    }

    /// What paying needs; `None` where no fees are taken online.
    pub fn payments(&self) -> Option<act::payments::Context> {
        Some(act::payments::Context {
            store: self.store.clone(),
            packs: Arc::clone(&self.packs),
            clock: Arc::clone(&self.clock),
            gateway: Arc::clone(self.gateway.as_ref()?),
        })
    }

    /// What telling people and programs needs.
    pub fn notifications(&self) -> act::notifications::Context {
        act::notifications::Context {
            store: self.store.clone(),
            packs: Arc::clone(&self.packs),
            clock: Arc::clone(&self.clock),
            vault: Arc::clone(&self.vault),
            senders: self.senders.clone(),
            base_url: self.settings.base_url.clone(),
            takes_fees: self.gateway.is_some(),
            limits: self.settings.message_limits,
        }
    }

    /// What asking departments needs; `None` where none are connected.
    pub fn departments(&self) -> Option<sense::departments::Context> {
        let departments = Arc::clone(self.departments.as_ref()?);
        Some(sense::departments::Context { sense: self.sense(), departments })
    }

    /// What seeing a doctor needs; `None` where no hospitals are connected.
    pub fn hospitals(&self) -> Option<act::hospital::Context> {
        Some(act::hospital::Context {
            store: self.store.clone(),
            packs: Arc::clone(&self.packs),
            clock: Arc::clone(&self.clock),
            vault: Arc::clone(&self.vault),
            hospitals: Arc::clone(self.hospitals.as_ref()?),
            gateway: self.gateway.clone(),
        })
    }

    /// What issuing licences needs.
    pub fn licences(&self) -> act::licences::Context {
        act::licences::Context {
            store: self.store.clone(),
            packs: Arc::clone(&self.packs),
            clock: Arc::clone(&self.clock),
            vault: Arc::clone(&self.vault),
            issuer: Arc::clone(&self.issuer),
        }
    }

    /// What the use-cases of `sense` need.
    pub fn sense(&self) -> sense::Context {
        sense::Context {
            store: self.store.clone(),
            packs: Arc::clone(&self.packs),
            clock: Arc::clone(&self.clock),
            vault: Arc::clone(&self.vault),
            files: Arc::clone(&self.files),
            trust: Some(Arc::clone(&self.trust)),
        }
    }

    /// Ends every live stream, so that a graceful stop does not wait for open screens.
    pub fn close(&self) {
        self.hub.close();
    }

    /// A fresh request id.
    pub fn next_request_id(&self) -> String {
        format!("{}-{}", self.run, self.requests.fetch_add(1, Ordering::Relaxed))
    }
}
