//! Data that runs instead of people, over HTTP: the endpoints against the demo departments served on a port of their own,
//! signatures and access log and all. What is agreed to is asked, what was given is locked, and nothing else is ever taken.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use common::{Answer, Browser, TestApp};
use dipper_http::department::protocol::{Ask, Line, SIGNATURE_HEADER, Told};
use dipper_http::department::{Record, Register, serve_departments};
use dipper_http::signature::{check, sign};
use model::{Clock, FormId, SourceId};
use sense::departments::{AskError, Departments, Lie, Question, Reply};
use serde_json::{Value, json};
use testkit::FixedClock;
use tokio::sync::oneshot;

const SECRET: &[u8] = b"a secret of thirty-two characters";
const FORM: &str = "/api/v1/services/fund_rent_withdrawal";
const LI: (&str, &str) = ("李星河", "11010519491231002X");
const WANG: (&str, &str) = ("王晓月", "999901199001010010");

/// What comes back over the wire: status, signature, body.
type Wire = (u16, String, Vec<u8>);

/// The departments as the city reaches them: over TCP, with what went there and came back.
struct Wires {
    at: SocketAddr,
    clock: FixedClock,
    /// First lines of requests, with their bodies.
    sent: Mutex<Vec<(String, Vec<u8>)>>,
    /// Answers by register, the latest; given again instead of a new one while `replays`.
    came: Mutex<BTreeMap<SourceId, Wire>>,
    replays: Mutex<bool>,
}

impl Wires {
    /// Posts a signed body; an error when nobody answers.
    fn post(&self, path: &str, body: &[u8]) -> std::io::Result<Wire> {
        let mut stream = TcpStream::connect(self.at)?;
        let first = format!("POST {path} HTTP/1.1");
        let signature = sign(SECRET, self.clock.now(), body);
        let head = format!(
            "{first}\r\nhost: departments\r\nconnection: close\r\ncontent-type: application/json\r\n\
             {SIGNATURE_HEADER}: {signature}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.sent.lock().unwrap().push((first, body.to_vec()));
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap();
        let signed = head.lines().find_map(|line| line.strip_prefix(SIGNATURE_HEADER)?.strip_prefix(": "));
        Ok((status, signed.unwrap_or_default().to_owned(), answer[end + 4..].to_vec()))
    }
}

impl Departments for Wires {
    fn ask(&self, question: &Question) -> Result<Reply, AskError> {
        let away = |error: std::io::Error| AskError::Away(error.to_string());
        let (source, body) = (&question.source, serde_json::to_vec(&Ask::from(question)).unwrap());
        let replayed = self.came.lock().unwrap().get(source).cloned().filter(|_| *self.replays.lock().unwrap());
        let (status, signature, body) = match replayed {
            Some(before) => before,
            None => self.post(&format!("/{source}/v1/ask"), &body).map_err(away)?,
        };
        if status != 200 {
            return Err(AskError::Away(format!("status {status}")));
        }
        check(SECRET, self.clock.now(), &body, &signature).map_err(|error| Lie::Signature(error.to_string()))?;
        self.came.lock().unwrap().insert(source.clone(), (status, signature, body.clone()));
        let told: Told = serde_json::from_slice(&body).map_err(|_| Lie::Form)?;
        Ok(told.into())
    }
}

fn registers() -> BTreeMap<SourceId, Register> {
    let city = pack::load(&common::pack_folder()).unwrap().city;
    let values = |(name, number): (&str, &str), source: &str| -> BTreeMap<FormId, Value> {
        let given = match source {
            "population" => json!({"name": name, "id_number": number, "address": "天权区 5 号"}),
            "housing_fund" => json!({"account": "70001234", "balance_yuan": 52_000, "monthly_yuan": 900}),
            "marriage_register" => json!({"status": "married"}),
            _ => json!({}),
        };
        given.as_object().unwrap().iter().map(|(id, value)| (FormId::new(id).unwrap(), value.clone())).collect()
    };
    let register = |(id, source): (&SourceId, &pack::DataSource)| {
        // The fund has no account of Wang's.
        let known = [LI, WANG].into_iter().filter(|who| id.as_str() != "housing_fund" || *who == LI);
        let people = known.map(|who| {
            (who.1.to_owned(), Record { name: who.0.to_owned(), values: values(who, id.as_str()), children: None })
        });
        let fields = source.fields.iter().map(|field| field.id.clone()).collect();
        (id.clone(), Register { secret: SECRET.to_vec(), fields, people: people.collect() })
    };
    city.sources.iter().map(register).collect()
}

struct Hall {
    test: TestApp,
    wires: Arc<Wires>,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
}

impl Hall {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, folder) = (listener.local_addr().unwrap(), tempfile::tempdir().unwrap());
        let mut kept = None;
        let test = TestApp::with(|parts, clock| {
            let wires = Arc::new(Wires {
                at,
                clock: clock.clone(),
                sent: Mutex::default(),
                came: Mutex::default(),
                replays: Mutex::default(),
            });
            parts.departments = Some(Arc::<Wires>::clone(&wires));
            kept = Some(wires);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let (clock, data) = (Arc::new(test.clock.clone()), folder.path().to_owned());
        let served = tokio::spawn(async move {
            let told = async { drop(stopped.await) };
            serve_departments(listener, &data, registers(), clock, told).await.unwrap();
        });
        Self { test, wires: kept.unwrap(), folder, stop: Some(stop), served }
    }

    /// Ends the departments.
    async fn close(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        (&mut self.served).await.unwrap();
    }

    async fn person(&self, login: &str, (name, id_number): (&str, &str)) -> Browser {
        let browser = self.test.resident(login).await;
        let proved = json!({"name": name, "id_number": id_number});
        let proved = self.test.post(Some(&browser), "/api/v1/person/identity", proved).await.expect(200);
        assert_eq!(proved.json()["level"], "L2");
        browser
    }

    async fn agree(&self, browser: Option<&Browser>, sources: &[&str]) -> Answer {
        self.test.post(browser, &format!("{FORM}/prefill"), json!({"sources": sources})).await
    }

    async fn known(&self, browser: &Browser) -> Value {
        let found = self.test.get(Some(browser), &format!("{FORM}/prefill")).await.expect(200);
        assert_eq!(found.header("cache-control"), "no-store");
        found.json()
    }

    fn sent(&self) -> usize {
        self.wires.sent.lock().unwrap().len()
    }

    /// The departments' own log.
    fn log(&self) -> Vec<Line> {
        let text = std::fs::read_to_string(self.folder.path().join("access.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn outcomes(view: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let sources = view["sources"].as_array().unwrap().iter();
    sources.map(|source| (word(&source["id"]), word(&source["outcome"]))).collect()
}

fn application(more: Value) -> Value {
    let mut answers =
        json!({"lease": "yes", "rent": 1800, "records": "online", "address": "天权区 5 号", "rhythm": "month"});
    answers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "answers": answers })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_about_before_they_are_known_and_have_agreed() {
    let hall = Hall::open().await;
    let test = &hall.test;
    assert_eq!(hall.agree(None, &["housing_fund"]).await.refusal(401), "not_signed_in");
    let clerk = test.staff("clerk", &["service_clerk@housing_fund_centre@yaoguang"]).await;
    assert_eq!(hall.agree(Some(&clerk), &["housing_fund"]).await.refusal(403), "forbidden");
    let unknown = test.resident("unknown").await;
    let view = hall.known(&unknown).await;
    assert_eq!((&view["level"], &view["connected"], &view["values"]), (&json!("L1"), &json!(true), &json!({})));
    let fund = view["sources"].as_array().unwrap().iter().find(|source| source["id"] == "housing_fund").unwrap();
    assert_eq!(fund["office"]["id"], "housing_fund_centre");
    assert!(
        fund["purpose"]["zh-CN"].is_string() && fund["basis"]["zh-CN"].is_string(),
        "why, before anything is asked"
    );
    let asked: Vec<&str> =
        fund["fields"].as_array().unwrap().iter().map(|field| field["id"].as_str().unwrap()).collect();
    assert_eq!(asked, ["fund_account", "fund_balance"]);
    assert_eq!(hall.agree(Some(&unknown), &["housing_fund"]).await.refusal(403), "not_identified");
    assert_eq!(hall.sent(), 0, "nothing went anywhere");
    // A name and the number of somebody else are nobody.
    let other = json!({"name": WANG.0, "id_number": LI.1});
    let refused = test.post(Some(&unknown), "/api/v1/person/identity", other).await;
    assert_eq!(refused.refusal(422), "identity_no_match");
    assert_eq!(hall.agree(Some(&unknown), &["housing_fund"]).await.refusal(403), "not_identified");
    let li = hall.person("star", LI).await;
    for sources in [&[][..], &["vehicles"], &["housing_fund", "vehicles"], &["no register"]] {
        assert_eq!(
            hall.agree(Some(&li), sources).await.expect(422).json()["fields"][0]["field"],
            "sources",
            "{sources:?}"
        );
    }
    assert_eq!(hall.log().len(), 2, "whoever they are was asked, and nothing else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_agreed_to_is_asked_for_its_purpose_and_stands_locked() {
    let hall = Hall::open().await;
    let (test, li) = (&hall.test, hall.person("star", LI).await);
    let given = hall.agree(Some(&li), &["housing_fund"]).await.expect(200);
    assert_eq!(given.header("cache-control"), "no-store");
    let view = given.json();
    assert_eq!(
        view["values"],
        json!({"fund_account": "70001234", "fund_balance": 52_000}),
        "what the form binds, no more"
    );
    let from = &view["provenance"]["fund_account"];
    assert_eq!((&from["self_declared"], &from["source"]["id"]), (&json!(false), &json!("housing_fund")));
    assert_eq!(hall.known(&li).await, view);
    // The department was told why, on which law, under which consent; nothing personal stood in an address.
    let line = hall.log().pop().unwrap();
    assert_eq!(Some(line.request_id.to_string().as_str()), from["request_id"].as_str());
    assert_eq!(line.service.as_ref().map(ToString::to_string).as_deref(), Some("fund_rent_withdrawal"));
    assert_eq!((line.source.as_str(), line.purpose.as_str()), ("housing_fund", "找到您的公积金账户，不用自己查账号"));
    assert_eq!(line.fields.iter().map(FormId::as_str).collect::<Vec<_>>(), ["account", "balance_yuan"]);
    for (first, _) in hall.wires.sent.lock().unwrap().iter() {
        let path = first.split(' ').nth(1).unwrap();
        assert!(["/population/v1/ask", "/housing_fund/v1/ask"].contains(&path), "{path}");
    }
    let trail = test.get(Some(&li), "/api/v1/accesses").await.expect(200).json();
    assert_eq!(trail["fetches"][0]["request_id"], from["request_id"]);
    assert_eq!(trail["fetches"][0]["purpose"]["zh-CN"], line.purpose.as_str());
    // What the fund gave cannot be given otherwise; what was not fetched and is the fund's cannot be given at all.
    let path = format!("{FORM}/applications");
    let apply = |body: Value| test.post(Some(&li), &path, body);
    let own = json!({"name": LI.0, "id_number": LI.1, "married": "married"});
    let with = |more: Value| {
        let mut answers = own.clone();
        answers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        application(answers)
    };
    let refused = apply(with(json!({"fund_balance": 99}))).await.expect(422).json();
    assert_eq!(refused["fields"][0]["field"], "fund_balance");
    let applied = apply(with(json!({}))).await.expect(201).json();
    let report = format!("/api/v1/reports/{}/application", applied["case_no"].as_str().unwrap());
    let handed_in = test.get(Some(&li), &report).await.expect(200).json();
    assert_eq!(handed_in["answers"]["fund_balance"], 52_000);
    assert_eq!(hall.known(&li).await["values"], json!({}), "forgotten once handed in");
    let again = apply(with(json!({"fund_account": "70001234", "fund_balance": 52_000}))).await.expect(422).json();
    assert_eq!(again["fields"].as_array().unwrap().len(), 2, "nobody says what the fund alone knows: {again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_s_answers_are_nobody_else_s() {
    let hall = Hall::open().await;
    let (li, wang) = (hall.person("star", LI).await, hall.person("moon", WANG).await);
    hall.agree(Some(&li), &["housing_fund", "population"]).await.expect(200);
    let view = hall.known(&wang).await;
    assert_eq!((&view["values"], &view["provenance"]), (&json!({}), &json!({})));
    let view = hall.agree(Some(&wang), &["housing_fund", "population"]).await.expect(200).json();
    assert_eq!(view["values"]["name"], WANG.0);
    assert!(view["values"].get("fund_account").is_none(), "{view}");
    assert!(outcomes(&view).contains(&("housing_fund".to_owned(), "no_record".to_owned())), "{view}");
    let taken = json!({"name": LI.0, "id_number": LI.1});
    let third = hall.test.resident("third").await;
    assert_eq!(hall.test.post(Some(&third), "/api/v1/person/identity", taken).await.refusal(409), "identity_taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_that_is_away_is_told_and_takes_nothing_back() {
    let mut hall = Hall::open().await;
    let li = hall.person("star", LI).await;
    hall.agree(Some(&li), &["housing_fund"]).await.expect(200);
    hall.close().await;
    hall.test.clock.advance_us(1_000_000);
    let view = hall.agree(Some(&li), &["housing_fund", "population"]).await.expect(200).json();
    let away = ["housing_fund", "population"].map(|source| (source.to_owned(), "away".to_owned()));
    assert!(away.iter().all(|one| outcomes(&view).contains(one)), "{view}");
    assert_eq!(view["values"], json!({"fund_account": "70001234", "fund_balance": 52_000}), "what was given stays");
    let trail = hall.test.get(Some(&li), "/api/v1/accesses").await.expect(200).json();
    let words: Vec<&Value> = trail["fetches"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(words, ["away", "away", "answered", "answered"], "every question is told, the vain ones too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_to_its_own_question_once() {
    let hall = Hall::open().await;
    let li = hall.person("star", LI).await;
    hall.agree(Some(&li), &["housing_fund"]).await.expect(200);
    // The very answer of a moment ago, signed by the department, to a new question.
    *hall.wires.replays.lock().unwrap() = true;
    let view = hall.agree(Some(&li), &["housing_fund"]).await.expect(200).json();
    assert!(outcomes(&view).contains(&("housing_fund".to_owned(), "refused".to_owned())), "{view}");
    // The very question of a moment ago, signed by the city, sent again by whoever overheard it.
    let (_, body) = hall.wires.sent.lock().unwrap().last().unwrap().clone();
    let lines = hall.log().len();
    assert_eq!(hall.wires.post("/housing_fund/v1/ask", &body).unwrap().0, 409);
    assert_eq!(hall.log().len(), lines, "and it is not asked twice");
    // An answer that was overheard is out of date in five minutes, whatever it answers.
    let (_, signature, answer) = hall.wires.came.lock().unwrap()[&SourceId::new("housing_fund").unwrap()].clone();
    check(SECRET, hall.test.clock.now(), &answer, &signature).unwrap();
    hall.test.clock.advance_us(301_000_000);
    assert!(check(SECRET, hall.test.clock.now(), &answer, &signature).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_in_an_address_is_never_taken() {
    let hall = Hall::open().await;
    let (test, li) = (&hall.test, hall.person("star", LI).await);
    let smuggled = "fund_account=66666666&fund_balance=1&values[fund_account]=66666666&sources=housing_fund&name=X";
    for path in
        [format!("{FORM}/prefill?{smuggled}"), format!("{FORM}/draft?{smuggled}"), format!("{FORM}/form?{smuggled}")]
    {
        let found = test.get(Some(&li), &path).await;
        assert!(!found.text().contains("66666666"), "{path}: {}", found.text());
    }
    assert_eq!(hall.known(&li).await["values"], json!({}));
    let sent = hall.sent();
    let asked = test.post(Some(&li), &format!("{FORM}/prefill?{smuggled}"), json!({"sources": ["population"]})).await;
    let view = asked.expect(200).json();
    assert_eq!((&view["values"]["name"], hall.sent() - sent), (&json!(LI.0), 1), "the body alone says who is asked");
    assert!(view["values"].get("fund_account").is_none(), "{view}");
    // Values do not come in beside the consent either.
    let beside = json!({"sources": ["population"], "values": {"fund_account": "66666666"}});
    assert!((400..500).contains(&test.post(Some(&li), &format!("{FORM}/prefill"), beside).await.status.as_u16()));
    let body = application(json!({"married": "single"}));
    let applied = test.post(Some(&li), &format!("{FORM}/applications?{smuggled}"), body).await.expect(422).json();
    let fields: Vec<&str> =
        applied["fields"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["fund_account"], "what the fund has to give is still missing");
}
