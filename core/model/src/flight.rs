//! Flights (飞行): how a camera in the air was held, and what became of a pair of pictures.
//!
//! Kept beside the files of flights and sealed with their manifests, so it is persisted language too.

use serde::{Deserialize, Serialize};

/// How a camera was held when it took a picture, as the picture says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CameraPose {
    /// Where the top of the picture points, degrees clockwise from north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yaw_deg: Option<f64>,
    /// How far above the horizon it looks, degrees: -90 is straight down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pitch_deg: Option<f64>,
    /// Metres above where the aircraft took off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_m: Option<f64>,
    /// Focal length as if its film were 35 mm, millimetres (EXIF 2.32, `FocalLengthIn35mmFilm`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focal_35mm: Option<f64>,
}

impl CameraPose {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
