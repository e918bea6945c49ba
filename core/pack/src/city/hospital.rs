//! Hospitals that residents are taken to by this platform, over HL7 FHIR R4. What a hospital offers it says itself.

use model::{OfficeId, Text};
use serde::{Deserialize, Serialize};

/// A hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hospital {
    /// Its name.
    pub title: Text,
    /// The office that answers for it.
    pub office: OfficeId,
    /// Street and number.
    pub address: Text,
    /// Longitude and latitude, degrees, CGCS2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<[f64; 2]>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Why it is told and asked about somebody, in words for that person.
    pub purpose: Text,
    /// The law that lets the city do so, with consent.
    pub basis: Text,
    /// How long it may take to answer, seconds.
    pub timeout_seconds: u8,
}
