//! Inspections, as `inspections.yaml` spells them.

use model::{CategoryId, CheckId, InspectionId, RegionId, Text};
use serde_json::{Value as Json, json};

use super::read::{Many, Reader, Source, Table, parsed_source, source};
use super::yaml::Node;
use crate::city::{CheckWord, Unit};
use crate::faults::At;

source! {
    /// What is looked at regularly: stops in the order they are walked, and what is checked at each.
    struct InspectionEntry {
        /// What people read.
        title: Text,
        /// Who may do it and read of it: people of this region and of those above.
        region: At<RegionId>,
        /// It is due again after so many days, 1 to 366; when wanted, where absent.
        every_days: Option<At<u16>>,
        /// Where it is walked, in order.
        stops: Table<CheckId, StopEntry>,
    }

    /// A place where something is checked.
    struct StopEntry {
        /// Its name.
        title: Text,
        /// Longitude and latitude, degrees, CGCS2000.
        point: Vec<At<f64>>,
        /// What is checked there, in order; ids are unique in the whole inspection.
        checks: Table<CheckId, CheckEntry>,
    }

    /// One thing to look at.
    struct CheckEntry {
        /// The question, or what is measured.
        title: Text,
        /// yes_no, number, choice, photo or panel; a panel is a photograph that is compared with a baseline.
        kind: At<CheckWord>,
        /// How to look; for people who do it for the first time.
        help: Option<Text>,
        /// Of yes_no: the answer that is no fault; yes when absent.
        expected: Option<At<bool>>,
        /// Of a number: its UCUM unit, such as Cel, kPa, V.
        unit: Option<At<Unit>>,
        /// Of a number: less is a fault.
        min: Option<At<f64>>,
        /// Of a number: more is a fault.
        max: Option<At<f64>>,
        /// Of a choice: what there is to choose.
        options: Table<CheckId, Text>,
        /// Of a choice: those that are a fault.
        faults: Many<At<CheckId>>,
        /// The category of the case that a fault opens; absent: it is written down, no case.
        category: Option<At<CategoryId>>,
        /// Whether it may be left out.
        optional: bool,
    }
}

/// Inspections, by id.
pub(crate) type InspectionsFile = Table<InspectionId, InspectionEntry>;

parsed_source! {
    InspectionId, "an inspection id", {"type": "string"};
    CheckId, "a check id", {"type": "string"};
    CheckWord, "a kind of check", {"enum": ["yes_no", "number", "choice", "photo", "panel"]};
}
