//! Values and rows that mean the same on both databases.

use grid::Cell;
use model::{
    ActionId, AlarmRuleId, CaseId, CaseNo, CategoryId, Channel, CheckId, ClientId, ClockName, ConditionId, ContactId,
    DeliveryState, DeviceClassId, DeviceId, EventId, EvidenceId, FlightId, FormId, HospitalVisitId, InspectionId,
    InspectionRunId, Instant, KioskId, LicenceId, MandateId, OfficeId, Outcome, PackHash, PartyId, PaymentId,
    ProcessId, PropertyId, RegionId, RequestId, RoleId, SceneId, SealedId, ServiceId, SourceId, StageId, StateId,
};

use crate::error::StoreError;

/// One value: a parameter or a column of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Builds the parameter list of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::ToValue::to_value(&$value)),*] };
}
pub(crate) use params;

/// A type that one column holds, on its way in.
pub(crate) trait ToValue {
    /// The value to store.
    fn to_value(&self) -> Value;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Real(*self)
    }
}

macro_rules! to_int {
    ($($ty:ty),*) => { $(
        impl ToValue for $ty {
            /// Counts and sizes above 2^63 are held at 2^63 - 1; there are none.
            fn to_value(&self) -> Value {
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
    )* };
}
to_int!(i64, u8, u32, u64, usize);

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

impl ToValue for [u8; 32] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for Instant {
    fn to_value(&self) -> Value {
        Value::Int(self.as_micros())
    }
}

impl ToValue for Cell {
    fn to_value(&self) -> Value {
        Value::Int(self.get())
    }
}

impl ToValue for ClockName {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

macro_rules! words {
    ($($ty:ty),*) => { $(
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                self.as_str().to_value()
            }
        }

        impl FromValue for $ty {
            fn from_value(value: Value) -> Option<Self> {
                Self::from_word(&String::from_value(value)?)
            }
        }
    )* };
}
words!(Channel, DeliveryState);

impl ToValue for Outcome {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

/// A type that one column holds, on its way out.
pub(crate) trait FromValue: Sized {
    /// The value, unless the column holds something else.
    fn from_value(value: Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Int(value) = value { Some(value) } else { None }
    }
}

macro_rules! from_int {
    ($($ty:ty),*) => { $(
        impl FromValue for $ty {
            fn from_value(value: Value) -> Option<Self> {
                i64::from_value(value).and_then(|value| value.try_into().ok())
            }
        }
    )* };
}
from_int!(u8, u32, u64);

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(value),
            // SQLite has no booleans.
            Value::Int(value @ (0 | 1)) => Some(value == 1),
            _ => None,
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Real(value) = value { Some(value) } else { None }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(value) = value { Some(value) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Bytes(value) = value { Some(value) } else { None }
    }
}

impl FromValue for [u8; 32] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value).and_then(|bytes| bytes.try_into().ok())
    }
}

impl FromValue for Instant {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

impl FromValue for ClockName {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        [Self::Task, Self::Disposal, Self::Legal].into_iter().find(|name| name.as_str() == word)
    }
}

impl FromValue for Outcome {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        [Self::Resolved, Self::Declined, Self::Duplicate, Self::Withdrawn]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

impl FromValue for Cell {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).and_then(|key| Self::try_from(key).ok())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

macro_rules! text_ids {
    ($($ty:ty),*) => { $(
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                Value::Text(self.to_string())
            }
        }

        impl FromValue for $ty {
            fn from_value(value: Value) -> Option<Self> {
                String::from_value(value).and_then(|text| text.parse().ok())
            }
        }
    )* };
}
text_ids!(
    CaseId,
    KioskId,
    AlarmRuleId,
    DeviceClassId,
    DeviceId,
    PropertyId,
    InspectionId,
    InspectionRunId,
    FlightId,
    CheckId,
    SceneId,
    EventId,
    PartyId,
    ContactId,
    SealedId,
    ServiceId,
    FormId,
    LicenceId,
    PaymentId,
    HospitalVisitId,
    RequestId,
    MandateId,
    SourceId,
    CaseNo,
    OfficeId,
    RoleId,
    RegionId,
    CategoryId,
    ConditionId,
    ProcessId,
    StateId,
    StageId,
    ActionId,
    ClientId,
    EvidenceId,
    PackHash
);

/// A row, read from left to right.
#[derive(Debug)]
pub(crate) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next column; `what` names it in the error.
    pub(crate) fn next<T: FromValue>(&mut self, what: &str) -> Result<T, StoreError> {
        self.0.next().and_then(T::from_value).ok_or_else(|| StoreError::corrupt(what))
    }

    /// What is left of the row.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.0.collect()
    }
}
