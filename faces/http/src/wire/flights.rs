//! Flights: what drones brought, and what has changed between two of them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{PanelComparisonView, Text, Time};

/// A flight to be made of uploads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlightInput {
    /// What people will call it, at most 120 characters.
    pub title: String,
    /// What it was for, at most 120 characters.
    pub purpose: String,
    /// The uploads that it is made of: pictures (JPEG, PNG, WebP), films (MP4, QuickTime), tracks (GPX, GeoJSON, SRT); 2000
    /// at most.
    pub uploads: Vec<String>,
}

/// A flight in lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlightSummary {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it was for.
    pub purpose: String,
    /// The region most of it was taken in.
    pub region_title: Text,
    /// Who brought it in.
    pub by: String,
    /// When it was brought in.
    pub imported_at: Time,
    /// When the first of its files was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub from: Option<Time>,
    /// When the last one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to: Option<Time>,
    /// How many files it has.
    pub files: u32,
    /// How long they are together, bytes.
    pub bytes: u64,
    /// SHA-256 of its manifest, hexadecimal: what the ledger has sealed.
    pub sha256: String,
    /// The record of that; its receipt is at `/receipts/{record}`.
    pub record: String,
}

/// Flights, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlightPage {
    /// As many as were asked for.
    pub items: Vec<FlightSummary>,
    /// `before` of the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// Which flights.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FlightsQuery {
    /// Over the same ground as this flight, itself left out.
    pub over: Option<String>,
    /// Before this flight.
    pub before: Option<String>,
    /// At most so many; 1 to 200, 50 without it.
    pub limit: Option<u32>,
}

/// A flight with what it brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlightView {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: FlightSummary,
    /// West, south, east and north of it, degrees.
    pub bounds: Vec<f64>,
    /// Where it flew: longitudes and latitudes in the order of time, thinned out.
    pub track: Vec<Vec<f64>>,
    /// What it brought, in the order of time.
    pub items: Vec<FlightFile>,
    /// Cases that it is evidence of, as far as the caller may read them.
    pub cases: Vec<FlightCase>,
    /// Whether the caller may make it evidence of a case.
    pub may_attach: bool,
}

/// A case that a flight is evidence of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlightCase {
    /// Its id.
    pub id: String,
    /// Its number.
    pub no: String,
    /// The record that says so; its receipt is at `/receipts/{record}`.
    pub record: String,
}

/// What a file of a flight is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlightFileKind {
    /// A picture.
    Picture,
    /// A film.
    Film,
    /// Where the aircraft was.
    Track,
}

/// What says where a file was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlacedBy {
    /// The file itself.
    File,
    /// The track, at the time of the file.
    Track,
}

/// A file of a flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlightFile {
    /// Its place in the manifest, from 1.
    pub number: u32,
    /// What it is.
    pub kind: FlightFileKind,
    /// What it was called.
    pub name: String,
    /// What its bytes are.
    pub media_type: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Its length, bytes.
    pub bytes: u64,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<Time>,
    /// Longitude where it was taken, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// Code of its cell (GB/T 39409-2020, level 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub grid_code: Option<String>,
    /// At what height, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height_m: Option<f64>,
    /// What says where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub placed_by: Option<PlacedBy>,
    /// The file as it came.
    pub url: String,
    /// A picture for looking at; of pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub view_url: Option<String>,
    /// A small one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumb_url: Option<String>,
}

/// Which form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlightFileSize {
    /// At most 2,048 pixels along a side, without metadata.
    View,
    /// At most 320.
    Thumb,
}

/// How a file is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FlightFileQuery {
    /// Smaller and without metadata; the file as it came without it.
    pub size: Option<FlightFileSize>,
}

/// Which two flights.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FlightChangesQuery {
    /// The earlier flight.
    pub before: String,
}

/// What has changed between two flights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlightChanges {
    /// The earlier flight.
    pub before: FlightSummary,
    /// The later one.
    pub after: FlightSummary,
    /// Pictures of the later flight beside the nearest ones of the earlier flight.
    pub pairs: Vec<FlightChange>,
    /// Pictures of the later flight that no picture of the earlier one is near.
    pub alone: u32,
}

/// Two pictures to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlightChangeInput {
    /// The earlier flight.
    pub before: String,
    /// Which of its files.
    pub before_number: u32,
    /// Which file of the later flight.
    pub after_number: u32,
}

/// Two pictures of one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlightChange {
    /// Which file of the earlier flight.
    pub before_number: u32,
    /// Which file of the later one.
    pub after_number: u32,
    /// Where the later one was taken, degrees.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// How far apart the two were taken, metres.
    pub apart_m: f64,
    /// What comparing came to; absent until they were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comparison: Option<PanelComparisonView>,
    /// What differs, on the ground: four corners (longitude, latitude) each, in the order of the comparison's regions. Empty
    /// where the later picture does not look straight down, or does not say how it was taken.
    pub areas: Vec<Vec<Vec<f64>>>,
}
