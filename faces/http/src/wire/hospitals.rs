//! Seeing a doctor: hospitals, doctors and times, one's own visits with queue, invoice, report and conversation.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Level, Named, PaymentState, Text, Time};

/// Hospitals that are connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HospitalList {
    /// By name.
    pub items: Vec<Hospital>,
}

/// A hospital.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hospital {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Street and number.
    pub address: Text,
    /// Longitude and latitude, degrees, CGCS2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub point: Option<[f64; 2]>,
    /// Telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phone: Option<String>,
    /// Why it is told and asked about somebody.
    pub purpose: Text,
    /// The law that lets the city do so, with consent.
    pub basis: Text,
}

/// How the caller stands to a hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalAgreement {
    /// How sure the city is of who the caller is; hospitals register people from L2 on.
    pub level: Level,
    /// When the caller agreed; absent when they have not, or no longer do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agreed_at: Option<Time>,
}

/// The doctors of a hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorList {
    /// Department by department.
    pub items: Vec<Doctor>,
}

/// A doctor, in the words of the hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Doctor {
    /// The hospital's id of the doctor's role.
    pub role: String,
    /// Name.
    pub name: String,
    /// Title, such as 主任医师.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Code of the department.
    pub department_code: String,
    /// Name of the department.
    pub department: String,
}

/// A doctor's free times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorTimes {
    /// The doctor.
    pub doctor: Doctor,
    /// What registering costs, in the smallest unit (fen); absent where the hospital does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price: Option<i64>,
    /// Free times of the coming days, in order.
    pub items: Vec<DoctorTime>,
}

/// A free time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorTime {
    /// The hospital's id of it.
    pub slot: String,
    /// When it begins.
    pub starts_at: Time,
    /// When it ends.
    pub ends_at: Time,
}

/// Which doctor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DoctorTimesQuery {
    /// The hospital's id of the doctor's role.
    pub role: String,
}

/// A time to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HospitalVisitInput {
    /// The hospital.
    pub hospital: String,
    /// The hospital's id of the doctor's role.
    pub role: String,
    /// The hospital's id of the time.
    pub slot: String,
}

/// A message to the doctor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoctorQuestion {
    /// How many messages of one's own were there; the same number again is the same message again.
    pub number: u32,
    /// What, 1 to 500 characters.
    pub text: String,
}

/// How far the booking of a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HospitalVisitState {
    /// Asked for; the hospital has not said whether it took it.
    Asked,
    /// The hospital took it.
    Booked,
    /// To be given back; the hospital has not said that it knows.
    Cancelling,
    /// Given back.
    Cancelled,
}

/// Why there is no journey to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HospitalFault {
    /// The hospital does not answer.
    Away,
    /// Its answer was thrown away.
    Refused,
}

/// The caller's visits.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HospitalVisitList {
    /// Latest booked first.
    pub items: Vec<HospitalVisit>,
}

/// A visit of the caller.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HospitalVisit {
    /// Its id.
    pub id: String,
    /// The hospital.
    pub hospital: Named,
    /// Where it is.
    pub address: Text,
    /// The hospital's id of the doctor's role.
    pub role: String,
    /// The hospital's id of the time.
    pub slot: String,
    /// The doctor.
    pub doctor: String,
    /// The department.
    pub department: String,
    /// When it begins.
    pub starts_at: Time,
    /// When it ends.
    pub ends_at: Time,
    /// How far the booking is.
    pub state: HospitalVisitState,
    /// How far it is, as the hospital says now; absent in lists, and when the hospital gave nothing that can be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub journey: Option<HospitalJourney>,
    /// Why it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<HospitalFault>,
}

/// The one thing to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HospitalStep {
    /// Go there and say that one has come.
    Arrive,
    /// Wait to be called.
    Wait,
    /// Pay.
    Pay,
    /// Wait for the report.
    Report,
    /// Read it; ask the doctor.
    Ask,
    /// Nothing: it did not take place.
    None,
}

/// How far a visit is.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HospitalJourney {
    /// The one thing to do next.
    pub step: HospitalStep,
    /// The queue, once one is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub queue: Option<HospitalQueue>,
    /// What is to be paid, and was.
    pub bills: Vec<HospitalBill>,
    /// What was found.
    pub reports: Vec<HospitalReport>,
    /// The conversation, the oldest first.
    pub messages: Vec<DoctorMessage>,
    /// Whether the doctor can be asked.
    pub may_ask: bool,
}

/// A place in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalQueue {
    /// The number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub number: Option<String>,
    /// How many wait before.
    pub ahead: u32,
    /// Whether the number is called.
    pub called: bool,
}

/// How far a bill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HospitalBillState {
    /// To be paid.
    Due,
    /// The payment is under way.
    Paying,
    /// Paid; the hospital is being told.
    Telling,
    /// Paid.
    Paid,
    /// Taken back by the hospital.
    Cancelled,
}

/// A hospital's invoice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalBill {
    /// What for.
    pub lines: Vec<HospitalBillLine>,
    /// How much in all, in the smallest unit (fen).
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// How far it is.
    pub state: HospitalBillState,
    /// How far the last payment is; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment: Option<PaymentState>,
    /// The gateway's own number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reference: Option<String>,
    /// Whether a payment can be begun, or gone on with, now.
    pub payable: bool,
}

/// A line of an invoice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalBillLine {
    /// What for.
    pub title: String,
    /// How much, in the smallest unit (fen).
    pub amount: i64,
}

/// A report.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalReport {
    /// What was examined.
    pub title: String,
    /// Whether it is final; before, nothing of it is told.
    pub ready: bool,
    /// When it was made known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub issued_at: Option<Time>,
    /// What the doctor concludes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conclusion: Option<String>,
    /// The values.
    pub values: Vec<HospitalValue>,
}

/// How a value stands to what is ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HospitalFlag {
    /// Within.
    Normal,
    /// Above.
    High,
    /// Below.
    Low,
    /// Out of the ordinary, neither above nor below.
    Abnormal,
}

/// A measured value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HospitalValue {
    /// What was measured.
    pub title: String,
    /// The value.
    pub value: String,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unit: Option<String>,
    /// What is ordinary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub range: Option<String>,
    /// How the value stands to it.
    pub flag: HospitalFlag,
}

/// A message of a conversation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorMessage {
    /// Whether the caller wrote it.
    pub own: bool,
    /// When.
    pub sent_at: Time,
    /// What.
    pub text: String,
}

/// What the city holds of somebody and hospitals.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportedHospitals {
    /// Hospitals they agreed with, and when.
    pub agreements: std::collections::BTreeMap<String, Time>,
    /// Their visits.
    pub visits: Vec<HospitalVisit>,
    /// Their payments.
    pub payments: Vec<ExportedHospitalPayment>,
}

/// A payment of a hospital's invoice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportedHospitalPayment {
    /// Which.
    pub id: String,
    /// The hospital.
    pub hospital: String,
    /// How far it is.
    pub state: PaymentState,
    /// How much, in the smallest unit (fen).
    pub amount: i64,
    /// When it was asked for.
    pub created_at: Time,
}

macro_rules! hidden_from_debug {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden_from_debug!(
    DoctorQuestion,
    HospitalVisitList,
    HospitalVisit,
    HospitalJourney,
    HospitalBill,
    HospitalBillLine,
    HospitalReport,
    HospitalValue,
    DoctorMessage,
    ExportedHospitals,
    ExportedHospitalPayment
);
