//! Refusals: every error of this face becomes a [`Problem`] in JSON, with a status that says who can help.
//!
//! Never SQL, a path, or personal data: what a user may read is written here or in the use-cases' own errors; the
//! cause goes to the log, once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::StoreError;

use crate::wire::{FieldProblem, Problem};

/// A request refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    problem: Problem,
    retry_after_s: Option<u64>,
}

impl Refused {
    /// A refusal with a status, a word for programs and words for people.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let problem = Problem { code: code.to_owned(), message: message.into(), fields: Vec::new(), allowed: None };
        Self { status, problem, retry_after_s: None }
    }

    /// 400: the request itself is malformed.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// 400: one parameter does not fit.
    pub fn parameter(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(StatusCode::BAD_REQUEST, "bad_parameter", format!("{field}: {message}")).with_field(field, message)
    }

    /// 422: one field of the input does not fit.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { field: field.to_owned(), message: message.into() }])
    }

    /// 422: fields of the input do not fit.
    pub fn fields(fields: Vec<FieldProblem>) -> Self {
        let words: Vec<String> = fields.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
        let mut refused = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words.join("; "));
        refused.problem.fields = fields;
        refused
    }

    /// The same, under a word of its own for programs.
    #[must_use]
    pub fn with_code(mut self, code: &str) -> Self {
        code.clone_into(&mut self.problem.code);
        self
    }

    /// 401: nobody is signed in.
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first")
    }

    /// 403: signed in, but not for this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "your roles do not reach this")
    }

    /// 403: what is done for oneself alone, or what the mandate is not for.
    pub fn not_for_others() -> Self {
        let words =
            "this is not done for others, or not under this mandate; go back to yourself, or ask for a wider mandate";
        Self::new(StatusCode::FORBIDDEN, "not_for_others", words)
    }

    /// 404. Also the answer where something is there but may not be known of.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 429: too many requests.
    pub fn too_many(retry_after_s: u64) -> Self {
        let refused = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            format!("too many requests; try again in {retry_after_s} s"),
        );
        refused.retry_after(retry_after_s)
    }

    /// The same, to be tried again after some seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The same, naming the actions that are allowed now.
    #[must_use]
    pub fn with_allowed(mut self, allowed: Vec<String>) -> Self {
        self.problem.allowed = Some(allowed);
        self
    }

    fn with_field(mut self, field: &str, message: String) -> Self {
        self.problem.fields.push(FieldProblem { field: field.to_owned(), message });
        self
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in the form of the API.
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } => Self::new(
                StatusCode::CONFLICT,
                "version_conflict",
                "somebody else changed the case first; read it again",
            ),
            StoreError::NotFound { what, .. } => Self::not_found(what),
            StoreError::Exists { what } => {
                Self::new(StatusCode::CONFLICT, "exists", format!("{what} is there already"))
            }
            passing if passing.is_passing() => {
                tracing::warn!(error = %error, cause = ?std::error::Error::source(&error), "the store is not available");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string()).retry_after(2)
            }
            _ => {
                tracing::error!(error = %error, cause = ?std::error::Error::source(&error), "the store failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the server failed; nothing was written")
            }
        }
    }
}

/// 500 with words that tell nothing of the inside; the caller has logged the cause.
pub fn failed() -> Refused {
    Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "the server failed; nothing was written")
}
