//! A provider of text or push messages over HTTP: one signed JSON call a message, by the rules of Standard Webhooks, so
//! that a small adapter in front of any provider can check it and tell a repeated message by its id.

use act::notifications::{Caller, Message, SendError, Sender, sign_webhook};
use model::Clock;
use serde_json::json;

use super::HttpCaller;
use crate::system::SystemClock;

/// A provider at an address.
pub struct Provider {
    caller: HttpCaller,
    url: String,
    key: Vec<u8>,
}

impl Provider {
    /// A provider of the operator's own choice: it may stand in the city's own network.
    pub fn new(url: &str, key: Vec<u8>) -> Self {
        Self { caller: HttpCaller::new(true), url: url.to_owned(), key }
    }
}

impl Sender for Provider {
    fn send(&self, message: &Message) -> Result<(), SendError> {
        let body = json!({
            "to": message.to.0,
            "title": message.subject,
            "text": message.text,
            "link": message.link,
        });
        let body = body.to_string().into_bytes();
        let (id, seconds) = (format!("msg_{}", message.id), SystemClock.now().as_millis() / 1_000);
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", sign_webhook(&self.key, &id, seconds, &body)),
        ];
        match self.caller.call(&self.url, &headers, &body)? {
            200..=299 => Ok(()),
            // The provider says that this message can never be sent.
            status @ (400 | 404 | 410 | 422) => Err(SendError::Final(format!("status {status}"))),
            status => Err(SendError::Passing(format!("status {status}"))),
        }
    }
}
