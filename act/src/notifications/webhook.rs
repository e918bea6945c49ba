//! What programs are told, and how it is signed: Standard Webhooks 1.0 (standardwebhooks.com), signatures `v1`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::{Case, Event, EventBody, Instant, OfficeId};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{WebhookOwner, WebhookRow};

/// The kind of every row of the outbox that is a call to a program.
pub(super) const WEBHOOK_KIND: &str = "webhook";

/// The key within a secret written `whsec_` and base64; `None` when it is none.
pub fn webhook_key(secret: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// The header `webhook-signature` of a body: HMAC-SHA-256 over id, seconds since 1970 and body, joined by points.
pub fn sign_webhook(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(mac(key, id, seconds, body).finalize().into_bytes()))
}

/// Whether a signature is that of a body, compared in time that does not depend on where they differ.
pub fn check_webhook(key: &[u8], id: &str, seconds: i64, body: &[u8], signature: &str) -> bool {
    let given = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
    given.is_some_and(|given| mac(key, id, seconds, body).verify_slice(&given).is_ok())
}

fn mac(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    mac
}

/// The headers of one attempt.
pub(super) fn headers(key: &[u8], id: &str, now: Instant, body: &[u8]) -> [(&'static str, String); 4] {
    let seconds = now.as_millis().div_euclid(1_000);
    [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", sign_webhook(key, id, seconds, body)),
    ]
}

/// What a program is told of an event; `None` for events that are none of its business.
pub(super) fn payload(event: &Event, case: &Case) -> Option<Value> {
    let (kind, more) = match &event.body {
        EventBody::Reported(_) => ("case.reported", json!({})),
        EventBody::Moved(moved) if moved.from == moved.to => return None,
        EventBody::Moved(moved) => {
            let outcome = moved.outcome.map(|outcome| outcome.as_str());
            ("case.moved", json!({"action": moved.action, "state": moved.to, "stage": moved.stage, "outcome": outcome}))
        }
        EventBody::DeadlinePassed { clock, due_at, .. } => {
            ("case.deadline_passed", json!({"clock": clock.as_str(), "due_at": due_at.to_string()}))
        }
        EventBody::Escalated { level, office, .. } => ("case.escalated", json!({"level": level, "office": office})),
        EventBody::Rated { stars, .. } => ("case.rated", json!({"stars": stars})),
        _ => return None,
    };
    let mut data = json!({
        "case_no": case.no.to_string(),
        "case_id": case.id.to_string(),
        "event_id": event.id.to_string(),
        "version": event.version,
        "category": case.category,
        "process": case.process,
    });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Some(json!({"type": kind, "timestamp": event.at.to_string(), "data": data}))
}

/// Whether a webhook tells of a case at an event.
pub(super) fn concerns(webhook: &WebhookRow, event: &Event, case: &Case) -> bool {
    match &webhook.owner {
        WebhookOwner::Client(client) => case.reporter.client.as_ref() == Some(client),
        WebhookOwner::Office(office) => offices(event, case).contains(&office),
    }
}

/// The offices that an event concerns: who handles the case, who owes the task it brings, who watches it.
fn offices<'a>(event: &'a Event, case: &'a Case) -> Vec<&'a OfficeId> {
    let mut offices: Vec<&OfficeId> = case.handler.iter().collect();
    match &event.body {
        EventBody::Reported(reported) => offices.extend(reported.task.iter().map(|task| &task.office)),
        EventBody::Moved(moved) => {
            offices.extend(moved.task.iter().map(|task| &task.office));
            offices.extend(&moved.handler);
        }
        EventBody::Escalated { office, .. } => offices.push(office),
        _ => offices.extend(case.task.iter().map(|task| &task.office)),
    }
    offices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // The example of the reference libraries (standard-webhooks, all languages).
        let key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = sign_webhook(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let check =
            |seconds, signature: &str| check_webhook(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds, body, signature);
        assert_eq!(
            [check(1_614_265_330, &signed), check(1_614_265_331, &signed), check(1_614_265_330, "v1,")],
            [true, false, false]
        );
    }

    #[test]
    fn a_secret_is_base64_of_24_to_64_bytes() {
        let of = |count: usize| format!("whsec_{}", STANDARD.encode(vec![7; count]));
        for (secret, fits) in
            [(of(23), false), (of(24), true), (of(64), true), (of(65), false), ("plain".to_owned(), false)]
        {
            assert_eq!(webhook_key(&secret).is_some(), fits, "{secret}");
        }
    }
}
