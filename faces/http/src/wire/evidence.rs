//! Evidence: pictures and their places.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Time;

/// A picture to keep, as `multipart/form-data`.
#[derive(ToSchema)]
pub struct EvidenceUpload {
    /// JPEG, PNG or WebP; at most 12 MB and 40 megapixels.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    pub file: String,
}

/// A picture, kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Its content address, 64 hexadecimal digits.
    pub id: String,
    /// What it was found to be.
    pub media_type: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size in bytes as kept, without its camera data.
    pub bytes: u64,
    /// When the camera says it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub taken_at: Option<Time>,
    /// Where the camera says it was taken: longitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// Where to see it.
    pub url: String,
    /// Where to see it small.
    pub thumb_url: String,
}

/// How to see a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EvidenceQuery {
    /// `thumb` for the small one.
    pub size: Option<EvidenceSize>,
    /// The secret of an anonymous report that it belongs to.
    pub secret: Option<String>,
}

/// Which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceSize {
    /// As kept.
    Full,
    /// Small, for lists.
    Thumb,
}

/// A picture of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceLink {
    /// Its content address.
    pub id: String,
    /// Where to see it.
    pub url: String,
    /// Where to see it small.
    pub thumb_url: String,
    /// What it shows: `report`, `before`, `after`, `scene` …
    pub purpose: String,
    /// When the camera says it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub taken_at: Option<Time>,
}
