//! What a hospital answers, read at the door: HL7 FHIR R4 (4.0.1) resources, as far as the journey needs them. What is
//! missing, of another type or not of this world is refused with the name of the element; what is beyond is not looked at.

mod audit;
mod bundle;
mod element;
mod money;
mod resources;

pub use audit::Audit;
pub use bundle::{Bundle, Page};
pub use element::{Faulty, FhirId};
pub use resources::{
    Appointment, AppointmentStatus, Doctor, Encounter, EncounterStatus, Flag, Invoice, InvoiceLine, InvoiceStatus,
    Message, Observation, Outcome, Report, Slot,
};

pub(crate) use resources::{read_price, read_schedule};
