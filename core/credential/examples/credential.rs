//! One command as JSON on the standard input, one answer as JSON on the standard output.
//!
//! For comparing with other implementations (`e2e/clients/check_credential.py`): its salts are counted, not random.

use std::error::Error;

use dipper_credential::{
    Claims, Expectations, HolderKey, IssuerKey, KeyBinding, PublicKey, SHOWN_AUDIENCE, SdJwt, SigningKey, Standing,
    Status, StatusBits, StatusList, StatusListBuilder, StatusListClaims, StatusRef, TrustedKeys, Verified, issue,
    verify,
};
use serde_json::{Map, Value, json};

type Answer = Result<Value, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let command: Value = serde_json::from_reader(std::io::stdin())?;
    let answer = match text(&command, "do")? {
        "issue" => run_issue(&command),
        "present" => run_present(&command),
        "bind" => run_bind(&command),
        "status" => run_status(&command),
        "verify" => run_verify(&command),
        other => Err(format!("unknown command {other}").into()),
    };
    println!("{}", answer.unwrap_or_else(|error| json!({"error": error.to_string()})));
    Ok(())
}

fn text<'a>(from: &'a Value, name: &str) -> Result<&'a str, String> {
    from[name].as_str().ok_or(format!("{name} is missing"))
}

fn time(from: &Value, name: &str) -> Result<i64, String> {
    from[name].as_i64().ok_or(format!("{name} is missing"))
}

fn members(from: &Value, name: &str) -> Map<String, Value> {
    from[name].as_object().cloned().unwrap_or_default()
}

/// Secret keys come as 32 numbers.
fn secret(from: &Value) -> Result<[u8; 32], Box<dyn Error>> {
    Ok(serde_json::from_value(from["secret"].clone())?)
}

fn issuer_key(command: &Value) -> Result<IssuerKey, Box<dyn Error>> {
    Ok(IssuerKey::new(text(command, "kid")?, SigningKey::from_bytes(&secret(command)?))?)
}

fn run_issue(command: &Value) -> Answer {
    let said = &command["claims"];
    let holder = said["holder"].as_object().map(PublicKey::from_jwk).transpose()?;
    let status = match &said["status"] {
        Value::Null => None,
        status => {
            let index = status["index"].as_u64().ok_or("index is missing")?;
            Some(StatusRef { uri: text(status, "uri")?.to_owned(), index })
        }
    };
    let claims = Claims {
        issuer: text(said, "issuer")?.to_owned(),
        vct: text(said, "vct")?.to_owned(),
        issued_at_s: time(said, "issued_at_s")?,
        not_before_s: said["not_before_s"].as_i64(),
        expires_at_s: said["expires_at_s"].as_i64(),
        holder,
        status,
        always: members(said, "always"),
        selective: members(said, "selective"),
    };
    let decoys = u8::try_from(command["decoys"].as_u64().unwrap_or(0))?;
    let mut count = 0_u128;
    let salts = || {
        count += 1;
        count.to_be_bytes()
    };
    let issued = issue(&issuer_key(command)?, &claims, decoys, salts)?;
    Ok(json!({"text": issued.as_str()}))
}

fn run_present(command: &Value) -> Answer {
    let names: Vec<&str> = command["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let shown = SdJwt::parse(text(command, "text")?)?.present(&names)?;
    Ok(json!({"text": shown.as_str()}))
}

fn run_bind(command: &Value) -> Answer {
    let key = match text(command, "alg")? {
        "ES256" => HolderKey::from_p256(&secret(command)?)?,
        _ => HolderKey::from_ed25519(&secret(command)?),
    };
    let shown = SdJwt::parse(text(command, "text")?)?;
    let (nonce, audience) = (text(command, "nonce")?, text(command, "audience")?);
    Ok(json!({"text": shown.with_key_binding(&key, nonce, audience, time(command, "now_s")?)?.as_str()}))
}

fn run_status(command: &Value) -> Answer {
    let bits = match command["bits"].as_u64() {
        Some(1) => StatusBits::One,
        Some(2) => StatusBits::Two,
        Some(4) => StatusBits::Four,
        _ => StatusBits::Eight,
    };
    let mut list = StatusListBuilder::new(bits, command["entries"].as_u64().unwrap_or(0))?;
    let set: Vec<(u64, u8)> = serde_json::from_value(command["set"].clone())?;
    for (index, status) in set {
        list.set(index, Status(status))?;
    }
    let claims = StatusListClaims {
        issuer: text(command, "issuer")?.to_owned(),
        uri: text(command, "uri")?.to_owned(),
        issued_at_s: time(command, "now_s")?,
        expires_at_s: command["expires_at_s"].as_i64(),
        ttl_s: Some(3_600),
    };
    Ok(json!({"text": list.sign(&issuer_key(command)?, &claims)?}))
}

fn run_verify(command: &Value) -> Answer {
    let keys = TrustedKeys::parse(&command["keys"].to_string(), command["issuer"].as_str())?;
    let now_s = time(command, "now_s")?;
    let key_binding = match (command["nonce"].as_str(), command["audience"].as_str()) {
        (None, None) if command["shown"] == true => KeyBinding::Shown { audience: SHOWN_AUDIENCE, max_age_s: 120 },
        (Some(nonce), Some(audience)) => KeyBinding::Required { audience, nonce, max_age_s: 60 },
        _ => KeyBinding::NotRequired,
    };
    let expected = Expectations { vct: command["vct"].as_str(), key_binding, leeway_s: 5 };
    let issuer = command["issuer"].as_str().unwrap_or_default();
    let status = command["status"].as_str().map(|token| StatusList::verify(token, &keys, issuer, now_s)).transpose()?;
    let verified = verify(text(command, "text")?, &keys, now_s, &expected, status.as_ref())?;
    Ok(answer(verified))
}

fn answer(verified: Verified) -> Value {
    let status = match verified.status {
        Standing::NoStatus => "none",
        Standing::NotChecked(_) => "not checked",
        Standing::Valid(_) => "valid",
    };
    json!({
        "issuer": verified.issuer,
        "vct": verified.vct,
        "claims": verified.claims,
        "holder": verified.holder.map(|key| key.to_jwk()),
        "key_bound": verified.key_bound,
        "status": status,
    })
}
