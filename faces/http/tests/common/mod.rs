//! A whole city in the process: the demo pack on a fresh SQLite database, asked through the router as a browser would.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod sensing;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use account::ledger::{LogFiles, LogPlan, Scope, Sealer};
use act::licences::Issuer;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use credential::IssuerKey;
use dipper_http::{App, Parts, Settings, router};
use identity::{
    Grant, NewAccount, PartyKind, Password, RelyingParty, Vault, hash_password, record_account, record_client_key,
};
use ledger::SigningKey;
use model::{Clock, Instant, OfficeId, PartyId};
use pack::{Compiled, Intake, Packs};
use sense::evidence::Files;
use serde_json::{Value, json};
use store::{Store, Tx};
use testkit::{Database, FixedClock, SeededEntropy, TickingClock};
use tower::ServiceExt;

/// The password of everybody in these tests.
pub const PASSWORD: &str = "correct horse battery";

/// The API key of the test's client program.
pub const API_KEY: &str = "key-of-the-test";

/// A point in the middle of the city.
pub const HERE: (f64, f64) = (112.9, 32.5);

/// A street light: open to the public.
pub const LAMP: &str = "b0137";

/// A storm drain: answered with a token over Open311 in these tests.
pub const DRAIN: &str = "b0104";

/// Parked cars: a category with a form.
pub const PARKING: &str = "s0497";

pub fn pack_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"))
}

static CITY: LazyLock<Arc<Compiled>> = LazyLock::new(|| {
    let mut loaded = pack::load(&pack_folder()).expect("the demo pack has no faults");
    let drain = loaded.city.categories.get_mut(DRAIN).expect("the demo city has drains");
    drain.intake = Intake::Batch;
    Arc::new(Compiled::of_pack(loaded).expect("the demo city compiles"))
});

static HASH: LazyLock<String> = LazyLock::new(|| hash_password(&Password::new(PASSWORD).expect("fits"), [7; 16]));

/// A running city.
pub struct TestApp {
    pub router: Router,
    pub app: Arc<App>,
    pub store: Store,
    pub clock: FixedClock,
    pub compiled: Arc<Compiled>,
    ledger_folder: PathBuf,
    /// The ledger's own: it must move on, the city's stands still.
    ledger_clock: FixedClock,
    _database: Database,
    _folder: tempfile::TempDir,
}

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Browser {
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    /// The browser that got this answer, which began a session.
    pub fn of(answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        Self { cookie, csrf: answer.json()["csrf_token"].as_str().expect("a token").to_owned() }
    }
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The answer, which must have that status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// The `code` of a refusal with that status.
    #[track_caller]
    pub fn refusal(self, status: u16) -> String {
        self.expect(status).json()["code"].as_str().expect("a refusal has a code").to_owned()
    }
}

fn log_key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn open_log(store: &Store, clock: &FixedClock, files: LogFiles) -> Sealer {
    let origin = "test.dipper/ledger".to_owned();
    let plan = LogPlan { files, origin, key: log_key(), scope: Scope::City, witnesses: None };
    Sealer::open(store.clone(), Arc::new(TickingClock::of(clock.clone())), plan).expect("the log opens")
}

impl TestApp {
    pub fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// A city with other parts; they get its clock.
    pub fn with(change: impl FnOnce(&mut Parts, &FixedClock)) -> Self {
        let database = Database::sqlite();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = FixedClock::at("2026-09-29T13:00:00Z");
        let store = database.store().clone();
        let ledger_folder = folder.path().join("ledger");
        let files = LogFiles::open(&ledger_folder).expect("a folder");
        let ledger_clock = FixedClock::at("2026-09-29T13:00:00Z");
        let sealer = open_log(&store, &ledger_clock, files.clone());
        files.write_key(&sealer.verifier().to_string()).expect("a file");
        let mut parts = Parts {
            store: store.clone(),
            packs: Arc::new(Packs::new(Arc::clone(&CITY))),
            clock: Arc::new(clock.clone()),
            entropy: Box::new(SeededEntropy::new(11)),
            vault: Arc::new(Vault::from_key(&[9; 32])),
            files: Arc::new(Files::open(&folder.path().join("evidence")).expect("a folder")),
            ledger_files: files,
            ledger_key: sealer.verifier().clone(),
            issuer: Arc::new(Issuer {
                uri: "https://yaoguang.example".to_owned(),
                key: IssuerKey::new("licence-1", credential::SigningKey::from_bytes(&[6; 32])).expect("a word"),
            }),
            relying_party: RelyingParty::new(Some("https://yaoguang.example"), "瑶光市").expect("an address"),
            gateway: None,
            senders: act::notifications::Senders::default(),
            departments: None,
            hospitals: None,
            upstream: None,
            intake: None,
            alarm_desk: None,
            streams: None,
            pack_folder: pack_folder(),
            settings: Settings { base_url: Some("https://yaoguang.example/".to_owned()), ..Settings::default() },
        };
        change(&mut parts, &clock);
        let app = App::new(parts).expect("the policies fit");
        let router = router(Arc::clone(&app));
        let test = Self {
            router,
            app,
            store,
            clock,
            compiled: Arc::clone(&CITY),
            ledger_folder,
            ledger_clock,
            _database: database,
            _folder: folder,
        };
        test.store
            .write_blocking(|tx: &mut Tx| {
                record_client_key(tx, &"app".parse().expect("a word"), "An app", API_KEY, Instant::from_micros(0))
            })
            .expect("the client is recorded");
        test
    }

    /// Seals everything recorded so far.
    pub async fn seal(&self) {
        let files = LogFiles::open(&self.ledger_folder).expect("a folder");
        let mut sealer = open_log(&self.store, &self.ledger_clock, files);
        while sealer.seal().expect("the log seals").is_some() {}
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.expect("a router does not fail");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("the body is whole").to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn get(&self, browser: Option<&Browser>, path: &str) -> Answer {
        self.send(request(Method::GET, browser, path).body(Body::empty()).expect("a request")).await
    }

    pub async fn post(&self, browser: Option<&Browser>, path: &str, body: Value) -> Answer {
        let request = request(Method::POST, browser, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub async fn form(&self, path: &str, body: &str) -> Answer {
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let request = request(Method::POST, None, path).header(header::CONTENT_TYPE, kind);
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Makes an account with posts `role@office@region`.
    pub fn account(&self, kind: PartyKind, login: &str, posts: &[&str]) -> PartyId {
        let grants = posts.iter().map(|post| grant(post)).collect();
        let account = NewAccount {
            kind,
            login: login.to_owned(),
            display_name: format!("{login} name"),
            password_hash: HASH.clone(),
            grants,
        };
        let now = self.clock.now();
        self.store.write_blocking(move |tx: &mut Tx| record_account(tx, &account, now)).expect("the account is made")
    }

    /// Makes a staff account and signs it in.
    pub async fn staff(&self, login: &str, posts: &[&str]) -> Browser {
        self.account(PartyKind::Staff, login, posts);
        self.sign_in(login).await
    }

    /// Makes a resident's account and signs it in.
    pub async fn resident(&self, login: &str) -> Browser {
        self.account(PartyKind::Resident, login, &[]);
        self.sign_in(login).await
    }

    pub async fn sign_in(&self, login: &str) -> Browser {
        let answer =
            self.post(None, "/api/v1/session", json!({"login": login, "password": PASSWORD})).await.expect(200);
        Browser::of(&answer)
    }

    /// Files a report of a street light and gives the answer.
    pub async fn report(&self, browser: Option<&Browser>) -> Value {
        self.post(browser, "/api/v1/reports", lamp_report()).await.expect(201).json()
    }

    /// The office of a kind that answers for the middle of the city.
    pub fn office_here(&self, kind: &str) -> OfficeId {
        let point = grid::LonLat::new(HERE.0, HERE.1).expect("a point");
        let region = self.compiled.atlas.locate(point).expect("the middle lies in the city");
        self.compiled.city.nearest_office(kind, &region).expect("there is one")
    }

    /// Takes an action and gives the case.
    #[track_caller]
    pub fn act<'a>(
        &'a self,
        browser: &'a Browser,
        case: &'a str,
        action: &'a str,
        answers: Value,
    ) -> impl Future<Output = Answer> + 'a {
        let path = format!("/api/v1/cases/{case}/actions/{action}");
        async move { self.post(Some(browser), &path, json!({"answers": answers})).await }
    }
}

pub fn grant(text: &str) -> Grant {
    let parts: Vec<&str> = text.split('@').collect();
    let [role, office, region] = parts[..] else { panic!("role@office@region, got {text}") };
    Grant {
        role: role.parse().expect("role"),
        office: office.parse().expect("office"),
        region: region.parse().expect("region"),
    }
}

pub fn request(method: Method, browser: Option<&Browser>, path: &str) -> axum::http::request::Builder {
    let builder = Request::builder().method(method).uri(path).header(header::HOST, "yaoguang.example");
    match browser {
        Some(browser) => builder.header(header::COOKIE, &browser.cookie).header("x-csrf-token", &browser.csrf),
        None => builder,
    }
}

pub fn lamp_report() -> Value {
    json!({"category": LAMP, "description": "路灯不亮", "lon": HERE.0, "lat": HERE.1, "contact": {"name": "李四", "phone": "13800000000"}})
}

/// A small JPEG of one colour.
pub fn picture() -> Vec<u8> {
    // 1 x 1 pixel, baseline, grey.
    const HEX: &str = "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b080001000101011100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f00fbd0ffd9";
    (0..HEX.len()).step_by(2).map(|at| u8::from_str_radix(&HEX[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// Another one: its grey is decoded with another factor.
pub fn other_picture() -> Vec<u8> {
    let mut bytes = picture();
    let table = bytes.windows(5).position(|bytes| bytes == [0xff, 0xdb, 0, 0x43, 0]).expect("a table of factors");
    bytes[table + 5] = 0x20;
    bytes
}

/// Uploads a picture and gives its id.
pub async fn upload(test: &TestApp, browser: Option<&Browser>, bytes: &[u8]) -> Answer {
    let mut body = b"--frontier\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n".to_vec();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--frontier--\r\n");
    let kind = "multipart/form-data; boundary=frontier";
    let request = request(Method::POST, browser, "/api/v1/evidence").header(header::CONTENT_TYPE, kind);
    test.send(request.body(Body::from(body)).expect("a request")).await
}
