//! Records (记录): facts that are no step of a case, such as a command to a device. They stand in the log beside the events,
//! under positions of the same count, so that the ledger seals them too. This is the persisted language.
//!
//! Bodies never hold names, phone numbers or other contact data. Nothing is folded from them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Actor;
use crate::ids::{CaseId, EventId, FlightId, InspectionId, InspectionRunId, RegionId};
use crate::observation::DeviceId;
use crate::time::Instant;

/// A record as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Place in the log, counted with the events.
    pub position: i64,
    /// Its own id; no event has the same.
    pub id: EventId,
    /// When it happened.
    pub at: Instant,
    /// When it was written.
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub body: RecordBody,
}

/// A record decided but not yet written: it has no position or id.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// When it happened.
    pub at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub body: RecordBody,
}

/// What happened. Variants and fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordBody {
    /// A device is to be told something (远程调度).
    CommandAsked(Box<CommandAsked>),
    /// A second person confirmed a dangerous command.
    CommandConfirmed {
        /// Which.
        command: EventId,
        /// To which device.
        device: DeviceId,
    },
    /// Nothing more becomes of a command.
    CommandEnded {
        /// Which.
        command: EventId,
        /// To which device.
        device: DeviceId,
        /// How: `done`, `failed`, `expired` or `withdrawn`.
        state: String,
        /// What the device said of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// The lake sealed a file of readings.
    LakeFileSealed(Box<LakeFileSealed>),
    /// Somebody began to watch a camera, or what was recorded of it.
    CameraViewed {
        /// Which.
        camera: DeviceId,
        /// Why, in their words.
        purpose: String,
        /// Until when they may go on without saying so again.
        until: Instant,
    },
    /// A recorded file of a camera was sealed.
    RecordingSealed(Box<RecordingSealed>),
    /// An inspection came to its end (巡检).
    InspectionEnded(Box<InspectionEnded>),
    /// A flight was imported (飞行).
    FlightSealed(Box<FlightSealed>),
    /// A flight became evidence of a case.
    FlightAttached {
        /// Which.
        flight: FlightId,
        /// Where it was, a region of the pack.
        region: RegionId,
        /// Of which case.
        case: CaseId,
    },
}

/// A recorded file of a camera. What it showed is proved by the file and this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingSealed {
    /// The camera.
    pub camera: DeviceId,
    /// When it begins, by our clock.
    pub from: Instant,
    /// When it ends.
    pub to: Instant,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// A flight as it was imported. What it brought is proved by its files, its manifest and this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightSealed {
    /// Its id.
    pub flight: FlightId,
    /// What it was for.
    pub purpose: String,
    /// Where it was, a region of the pack.
    pub region: RegionId,
    /// Files it brought, the track among them.
    pub files: u32,
    /// How long they are together, bytes.
    pub bytes: u64,
    /// SHA-256 of its manifest, hexadecimal.
    pub sha256: String,
}

impl FlightSealed {
    /// The subject of the records of a flight.
    pub fn subject_of(flight: FlightId) -> String {
        format!("flight/{flight}")
    }
}

/// An inspection as it was done. What was answered, and the pictures, are proved by the answers and this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectionEnded {
    /// This doing of it.
    pub run: InspectionRunId,
    /// What was inspected.
    pub inspection: InspectionId,
    /// When it began.
    pub started_at: Instant,
    /// Checks that were answered.
    pub answers: u32,
    /// How many of them are faults.
    pub faults: u32,
    /// SHA-256 of the canonical text of the answers, hexadecimal.
    pub sha256: String,
}

impl InspectionEnded {
    /// The subject of the record of a run.
    pub fn subject_of(run: InspectionRunId) -> String {
        format!("inspection-run/{run}")
    }
}

/// A file of readings that the lake sealed. What was measured is proved by the file and this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeFileSealed {
    /// The file, from the lake's folder.
    pub file: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Rows in it.
    pub rows: u64,
    /// The earliest instant in it.
    pub from: Instant,
    /// The latest instant in it.
    pub to: Instant,
}

impl LakeFileSealed {
    /// The subject of the file's record.
    pub fn subject_of(sha256: &str) -> String {
        format!("lake/{sha256}")
    }
}

/// A command to a device, as it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandAsked {
    /// Its id.
    pub command: EventId,
    /// To which device.
    pub device: DeviceId,
    /// What, a command of its class.
    pub name: String,
    /// With which values.
    pub arguments: Map<String, Value>,
    /// Why.
    pub reason: String,
    /// The run of a scene that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_run: Option<EventId>,
    /// Whether a second person has to confirm it.
    pub is_dangerous: bool,
    /// After this nobody does it any more.
    pub expires_at: Instant,
}

impl RecordBody {
    /// The word of the kind, as in JSON and SQL.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CommandAsked(_) => "command_asked",
            Self::CommandConfirmed { .. } => "command_confirmed",
            Self::CommandEnded { .. } => "command_ended",
            Self::LakeFileSealed(_) => "lake_file_sealed",
            Self::CameraViewed { .. } => "camera_viewed",
            Self::RecordingSealed(_) => "recording_sealed",
            Self::InspectionEnded(_) => "inspection_ended",
            Self::FlightSealed(_) => "flight_sealed",
            Self::FlightAttached { .. } => "flight_attached",
        }
    }

    /// What it is about, such as `device/lamp-0001`: the records of one thing are listed by it.
    pub fn subject(&self) -> String {
        match self {
            Self::CommandAsked(asked) => format!("device/{}", asked.device),
            Self::CommandConfirmed { device, .. } | Self::CommandEnded { device, .. } => format!("device/{device}"),
            Self::LakeFileSealed(sealed) => LakeFileSealed::subject_of(&sealed.sha256),
            Self::CameraViewed { camera, .. } => format!("device/{camera}"),
            // Apart from the device's history, in which a file a minute would hide everything else.
            Self::RecordingSealed(sealed) => format!("recording/{}", sealed.sha256),
            Self::InspectionEnded(ended) => InspectionEnded::subject_of(ended.run),
            Self::FlightSealed(sealed) => FlightSealed::subject_of(sealed.flight),
            Self::FlightAttached { flight, .. } => FlightSealed::subject_of(*flight),
        }
    }
}
