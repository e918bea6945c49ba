//! Extractors whose refusals are [`Problem`](crate::wire::Problem)s that name field and limit.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::Refused;

/// A JSON body.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        axum::Json::from_request(request, state)
            .await
            .map(|axum::Json(value)| Self(value))
            .map_err(|rejection| body_refused(&rejection))
    }
}

fn body_refused(rejection: &JsonRejection) -> Refused {
    match rejection {
        JsonRejection::JsonDataError(_) => {
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail(&rejection.body_text()))
        }
        JsonRejection::JsonSyntaxError(_) => Refused::malformed(detail(&rejection.body_text())),
        JsonRejection::MissingJsonContentType(_) => Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "the body must be JSON with content-type application/json",
        ),
        _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Refused::malformed("the body could not be read"),
    }
}

/// 413 for a body above its limit.
pub fn too_large() -> Refused {
    let words = format!(
        "the body is too large; at most {} KB, pictures {} MB",
        crate::BODY_MAX / 1_024,
        crate::PICTURE_MAX / 1_048_576
    );
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words)
}

/// The part of serde's message that helps whoever wrote the input.
fn detail(text: &str) -> String {
    let text = text.split_once(": ").map_or(text, |(_, rest)| rest);
    text.chars().take(300).collect()
}

/// Query parameters.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|rejection: QueryRejection| {
            Refused::new(StatusCode::BAD_REQUEST, "bad_parameter", detail(&rejection.body_text()))
        })
    }
}

/// Parts of the path.
pub struct Segments<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_: PathRejection| Refused::not_found("thing"))
    }
}
