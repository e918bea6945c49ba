//! Cameras: how they stand, who watches them, what was recorded.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Text, Time};

/// How the stream of a camera stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamStateWord {
    /// Nobody watches, and it is not recorded.
    Off,
    /// Pictures are being asked for.
    Connecting,
    /// Pictures come.
    Live,
    /// They do not come; it is tried again.
    Stalled,
}

/// Why no pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamFaultWord {
    /// Nobody has said where they come from.
    NoAddress,
    /// It has no address, and does not send by itself.
    NotSending,
    /// The address does not answer.
    Unreachable,
    /// Name or password is wrong.
    Unauthorised,
    /// There is no such stream at the address.
    NotFound,
    /// It is connected and sends nothing.
    Silent,
    /// It sends something that browsers do not show.
    NotH264,
    /// The camera ended it.
    Ended,
    /// As many cameras are fetched as may be at a time.
    TooMany,
    /// The platform cannot fetch it.
    Failed,
}

/// A camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraView {
    /// Its name in the field; it is a device.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Its class's name.
    pub class_title: Text,
    /// The smallest region it stands in.
    pub region: String,
    /// Names of that region and those above it, the city left out, the smallest last.
    pub place: Vec<Text>,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// How its stream stands.
    pub state: StreamStateWord,
    /// Since when pictures come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub live_since: Option<Time>,
    /// Why no pictures come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<StreamFaultWord>,
    /// How many days recorded files are kept; absent where it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub retention_days: Option<u32>,
    /// Whether the caller may watch it, once they have said why.
    pub may_view: bool,
    /// Until when the caller may watch it without saying again why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub viewing_until: Option<Time>,
}

/// Where the pictures of a camera come from, as far as that is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraStream {
    /// Scheme, host and port; absent where it has no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shown: Option<String>,
    /// When it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub changed_at: Option<Time>,
    /// How it may send its picture by itself where it has no address, with its password as a device. Absent where the city
    /// takes none in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub push: Option<CameraPush>,
}

/// How a camera sends its picture by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraPush {
    /// The port of RTMP: to `rtmp://HOST:PORT/live/CAMERA?key=PASSWORD`; absent where it is not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rtmp_port: Option<u16>,
    /// Whether it may offer to send by WebRTC (WHIP): `POST /cameras/{camera}/whip`.
    pub has_whip: bool,
    /// Since when it sends; absent while it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub since: Option<Time>,
}

/// Where the pictures of a camera come from from now on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraStreamInput {
    /// `rtsp://`, `rtsps://`, `rtmp://` or `rtmps://` with name and password where it needs them; it is never shown again.
    /// Absent: they come from nowhere any more.
    #[serde(default)]
    #[schema(max_length = 512)]
    pub address: Option<String>,
}

/// Somebody begins to watch cameras.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewingInput {
    /// Which; 1 to 64.
    pub cameras: Vec<String>,
    /// Why, in plain words; it stands in the ledger.
    #[schema(min_length = 4, max_length = 200)]
    pub purpose: String,
}

/// Somebody may watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Viewing {
    /// Until when, without saying again why.
    pub until: Time,
}

/// Which recorded files to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordingsQuery {
    /// That end after this instant.
    pub from: Option<String>,
    /// That begin before this instant; `next` of the page before.
    pub to: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// A recorded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingView {
    /// Its id, which is that of the record that seals it: its receipt is at `/receipts/{id}`.
    pub id: String,
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// When the file was deleted, its time being over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deleted_at: Option<Time>,
}

/// Recorded files, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingPage {
    /// The files.
    pub items: Vec<RecordingView>,
    /// `to` of the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<Time>,
}
