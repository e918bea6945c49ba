//! Other programs that sign residents in, through HTTP: consent and code, exchange by a signed assertion, claims.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, ensure};
use credential::HolderKey;
use serde_json::{Map, Value, json};

use super::applications::{Call, drive, register};
use super::city::{BASE_URL, City, program};
use super::http::Connection;
use super::report::{machine, number, table};

/// The pack of the city.
const PACK: &str = "packs/demo";

/// A verifier and its challenge (RFC 7636 appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Measures on SQLite with a fresh city.
pub fn measure(root: &Path, args: &super::Args) -> anyhow::Result<String> {
    let program = program(root, args.program.as_deref())?;
    let data = super::workshop(root).join("openid");
    std::fs::remove_dir_all(&data).ok();
    std::fs::create_dir_all(&data)?;
    let city = City { root: root.to_owned(), program, data, database: None, pack: PACK };
    let metadata = city.data.join("client.json");
    std::fs::write(&metadata, client()?)?;
    let file = metadata.to_str().context("the workshop's path is text")?;
    let registered = city.command(&["client", "register", "--metadata", file]).status()?;
    ensure!(registered.success(), "the client was not registered");
    let running = city.serve()?;
    let residents =
        (0..args.connections).map(|number| register(&running, number)).collect::<anyhow::Result<Vec<_>>>()?;
    let lasting = Duration::from_secs(args.seconds);
    let mut rows = Vec::new();
    for (name, call) in [("consent, code and exchange", sign_in as Call), ("the same, and the claims", sign_in_and_ask)]
    {
        drive(running.address, &residents, call, Duration::from_secs(2), 0);
        let (mut durations, errors) = drive(running.address, &residents, call, lasting, 1 << 32);
        let rate = durations.count() as f64 / lasting.as_secs_f64();
        let [median, p99, slowest] = [0.5, 0.99, 1.0].map(|part| number(durations.quantile_ms(part)));
        rows.push(vec![name.to_owned(), number(rate), median, p99, slowest, errors.to_string()]);
    }
    let caption = format!(
        "Sign-ins elsewhere on SQLite, {} connections for {} s each; every one proves itself by a new EdDSA assertion; {}.",
        args.connections,
        args.seconds,
        machine()
    );
    Ok(table(&caption, &["what", "a second", "p50 ms", "p99 ms", "slowest ms", "errors"], &rows))
}

fn key() -> HolderKey {
    HolderKey::from_ed25519(&[7; 32])
}

fn client() -> anyhow::Result<String> {
    Ok(serde_json::to_string(&json!({
        "client_id": "bench", "client_name": "测速", "client_name#en": "Bench", "redirect_uris": ["https://bench.example/back"],
        "jwks": {"keys": [key().public_key().to_jwk()]}, "scope": "openid profile", "contract": "bench",
        "purpose": "测速", "purpose#en": "Measuring", "requests_per_day": u32::MAX,
    }))?)
}

/// Consent, code, exchange: three durable writes and two signatures. Answers the access token.
fn exchange(connection: &mut Connection, resident: &[String], number: u64) -> anyhow::Result<String> {
    let query = format!(
        "client_id=bench&redirect_uri=https%3A%2F%2Fbench.example%2Fback&response_type=code&scope=openid+profile&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let body = json!({"query": query, "scopes": ["openid", "profile"]}).to_string();
    let decided = connection.ask("POST", "/api/v1/openid/authorization", resident, &body)?.ok()?.json()?;
    let to = decided["to"].as_str().context("a consent is answered by an address")?;
    let code = to.split("code=").nth(1).and_then(|rest| rest.split('&').next()).context("a code")?;
    let assertion = assertion(resident, number);
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Fbench.example%2Fback&code_verifier={VERIFIER}\
&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    let tokens = connection.ask("POST", "/openid/token", &[], &form)?.ok()?.json()?;
    Ok(tokens["access_token"].as_str().context("an access token")?.to_owned())
}

/// Until when every assertion of a run is good, seconds since 1970: 50 minutes from its beginning, less than the hour that is
/// taken.
fn good_until_s() -> u64 {
    static UNTIL_S: OnceLock<u64> = OnceLock::new();
    *UNTIL_S.get_or_init(|| {
        let date = Command::new("date").arg("+%s").output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&date).trim().parse::<u64>().map_or(0, |now_s| now_s + 3_000)
    })
}

fn assertion(resident: &[String], number: u64) -> String {
    let jti = format!("{} {number}", resident.first().map_or("", String::as_str));
    let claims = json!({"iss": "bench", "sub": "bench", "aud": BASE_URL, "exp": good_until_s(), "jti": jti});
    let claims: Map<String, Value> = claims.as_object().cloned().unwrap_or_default();
    key().sign_jws("JWT", None, &claims)
}

fn sign_in(connection: &mut Connection, resident: &[String], number: u64) -> anyhow::Result<()> {
    exchange(connection, resident, number).map(drop)
}

fn sign_in_and_ask(connection: &mut Connection, resident: &[String], number: u64) -> anyhow::Result<()> {
    // Both calls count from the same numbers, and an assertion is taken once.
    let token = exchange(connection, resident, number | 1 << 33)?;
    connection.ask("GET", "/openid/userinfo", &[format!("authorization: Bearer {token}")], "")?.ok()?;
    Ok(())
}
