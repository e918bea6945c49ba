//! Why a question of this interface is not answered, as JSON.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sense::telemetry::LakeFault;
use serde_json::json;

use crate::error::Refused;

/// A refusal of this interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    status: StatusCode,
    message: String,
    retry_after_s: Option<u64>,
}

impl Fault {
    /// A refusal with a status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after_s: None }
    }

    /// 400: the question is malformed, or asks for more than one question may.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path that you may see")
    }

    /// 405, with what is offered instead.
    pub fn method(message: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    /// 501: part of the standard that this server does not have.
    pub fn not_offered(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, message)
    }

    /// 503: it may be taken in a moment.
    pub fn later(message: impl Into<String>) -> Self {
        Self { retry_after_s: Some(2), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// The words.
    #[cfg(test)]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::new(refused.status(), refused.problem().message.clone())
    }
}

impl From<LakeFault> for Fault {
    fn from(fault: LakeFault) -> Self {
        tracing::error!(%fault, "the lake did not answer");
        match fault {
            LakeFault::Unreadable(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the readings cannot be read now"),
            LakeFault::StoreAway(_) => Self::later(
                "observations of that time lie in an object store that does not answer; ask for later ones, or try again",
            ),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({"code": self.status.as_u16(), "type": "error", "message": self.message});
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"SensorThings\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
