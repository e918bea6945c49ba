//! Identifiers: sortable ids for what is recorded, short words for what a pack declares.
//!
//! Ids carry no meaning beyond identity and order; nothing is parsed out of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::time::Instant;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not a ULID.
    #[error("{what} must be 26 letters and digits (a ULID), got {len} characters")]
    NotUlid {
        /// Which id was expected.
        what: &'static str,
        /// Length of the text given, in characters.
        len: usize,
    },
    /// The text is not a word of a pack.
    #[error("{what} must be 1 to {max} characters of a-z, 0-9, '_', '-', '.' or '/', starting with a letter or digit")]
    NotWord {
        /// Which id was expected.
        what: &'static str,
        /// Longest word allowed, in bytes.
        max: usize,
    },
    /// The text is not the name of a device.
    #[error("a device is named by 1 to {max} letters, digits, '-', '_', '.' or ':', starting with a letter or digit")]
    NotDevice {
        /// Longest name allowed, in bytes.
        max: usize,
    },
    /// The text is no label of devices.
    #[error("a label has 1 to {max} letters, digits, '-', '_', '.', '·' or single spaces within")]
    NotLabel {
        /// Longest label allowed, in characters.
        max: usize,
    },
    /// The text is not a hexadecimal SHA-256.
    #[error("{what} must be 64 lower-case hexadecimal digits")]
    NotDigest {
        /// Which id was expected.
        what: &'static str,
    },
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// Makes an id from an instant (order) and 80 random bits (uniqueness), both given by the caller.
            pub fn new(at: Instant, random: u128) -> Self {
                Self(Ulid::from_parts(at.as_millis().max(0).cast_unsigned(), random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Ulid::from_string(text).map(Self).map_err(|_| IdError::NotUlid { what: $what, len: text.chars().count() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

ulid_id!(
    /// A case (案件).
    CaseId, "case id"
);
ulid_id!(
    /// An event (事件), unique over the whole log.
    EventId, "event id"
);
ulid_id!(
    /// A party (主体): a person or an enterprise with an account.
    PartyId, "party id"
);
ulid_id!(
    /// A sealed contact record: name, phone, e-mail of somebody who reported.
    ContactId, "contact id"
);
ulid_id!(
    /// A sealed record: answers of an application, readable with its person's key alone.
    SealedId, "sealed record id"
);
ulid_id!(
    /// A licence (电子证照) issued to somebody.
    LicenceId, "licence id"
);
ulid_id!(
    /// A payment of a fee.
    PaymentId, "payment id"
);
ulid_id!(
    /// A question to a department, under the same id in its log and in ours.
    RequestId, "request id"
);
ulid_id!(
    /// A visit to a hospital, under the same id in its books and in ours.
    HospitalVisitId, "hospital visit id"
);
ulid_id!(
    /// A mandate (委托): somebody may act for somebody else.
    MandateId, "mandate id"
);
ulid_id!(
    /// An inspection being done, from its first stop to its end (巡检记录). The phone that does it makes the id.
    InspectionRunId, "inspection run id"
);
ulid_id!(
    /// A flight (飞行) of a drone, as it was imported.
    FlightId, "flight id"
);

/// Longest word of a pack, in bytes.
const WORD_MAX: usize = 64;

macro_rules! word_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Parses a word: a-z, 0-9, `_`, `-`, `.`, `/`; at most 64 bytes.
            ///
            /// # Errors
            /// [`IdError::NotWord`] when the text is empty, too long or has another character.
            pub fn new(text: &str) -> Result<Self, IdError> {
                if is_word(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(IdError::NotWord { what: $what, max: WORD_MAX })
                }
            }

            /// The word itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// True for 1 to 64 bytes of a-z, 0-9, `_`, `-`, `.`, `/` that start with a letter or digit.
fn is_word(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    starts_well
        && text.len() <= WORD_MAX
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.' | b'/'))
}

word_id!(
    /// An office (单位): a centre, department or team of the pack.
    OfficeId, "office id"
);
word_id!(
    /// A role (角色) of the pack, such as `acceptor` or `collector`.
    RoleId, "role id"
);
word_id!(
    /// A region (辖区) of the pack.
    RegionId, "region id"
);
word_id!(
    /// A category (类别): a minor class of component or event.
    CategoryId, "category id"
);
word_id!(
    /// A filing condition (立案条件) within a category.
    ConditionId, "condition id"
);
word_id!(
    /// A service item (政务服务事项) of the pack.
    ServiceId, "service id"
);
word_id!(
    /// A process (流程) of the pack.
    ProcessId, "process id"
);
word_id!(
    /// A state (状态) of a process.
    StateId, "state id"
);
word_id!(
    /// A stage (环节) a state belongs to, such as `dispose`.
    StageId, "stage id"
);
word_id!(
    /// An action (操作) of a process.
    ActionId, "action id"
);
word_id!(
    /// A calendar (日历) of the pack.
    CalendarId, "calendar id"
);
word_id!(
    /// A form (表单) or form field of the pack.
    FormId, "form id"
);
word_id!(
    /// A source (数据来源): a department's register that forms are filled in from, or a hospital.
    SourceId, "source id"
);
word_id!(
    /// A kiosk (自助终端): a terminal of a service hall.
    KioskId, "kiosk id"
);
word_id!(
    /// A class of devices (设备类型) of the pack.
    DeviceClassId, "device class id"
);
word_id!(
    /// A rule that makes alarms of readings (告警规则).
    AlarmRuleId, "alarm rule id"
);
word_id!(
    /// A property (SensorThings: ObservedProperty) that devices of a class measure.
    PropertyId, "property id"
);
word_id!(
    /// A scene (场景) of the pack: commands to many devices that belong together.
    SceneId, "scene id"
);
word_id!(
    /// An inspection (巡检) of the pack: stops and what is checked at them.
    InspectionId, "inspection id"
);
word_id!(
    /// A stop (巡检点) of an inspection, or a check (检查项) at it.
    CheckId, "check id"
);
word_id!(
    /// A registered client program (API key holder, importer).
    ClientId, "client id"
);

/// A SHA-256 digest written as 64 lower-case hexadecimal digits.
macro_rules! digest_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps a digest.
            pub const fn new(digest: [u8; 32]) -> Self {
                Self(digest)
            }

            /// The digest's bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_digest(text).map(Self).ok_or(IdError::NotDigest { what: $what })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

digest_id!(
    /// Evidence (证据): the content address of a stored file.
    EvidenceId, "evidence id"
);
digest_id!(
    /// The hash of a checked pack, pinned by every case that began under it.
    PackHash, "pack hash"
);
digest_id!(
    /// A commitment: the salted SHA-256 of a sealed record, which says nothing once salt and record are gone.
    Commitment, "commitment"
);

fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != 64 {
        return None;
    }
    let mut digest = [0_u8; 32];
    for (out, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
        *out = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(digest)
}

fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The number people see for a case, such as `YG20261123-000042`: upper-case letters, digits and `-`, 3 to 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseNo(String);

impl CaseNo {
    /// Builds a number from the pack's prefix, the civil day (`yyyymmdd`) and a serial within that day.
    ///
    /// # Errors
    /// [`IdError::NotWord`] when the prefix has a character other than A-Z, 0-9.
    pub fn from_parts(prefix: &str, yyyymmdd: u32, serial: u32) -> Result<Self, IdError> {
        Self::try_from(format!("{prefix}{yyyymmdd:08}-{serial:06}"))
    }

    /// The number's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CaseNo {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        let fits = (3..=32).contains(&text.len());
        let clean = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if fits && clean { Ok(Self(text)) } else { Err(IdError::NotWord { what: "case number", max: 32 }) }
    }
}

impl FromStr for CaseNo {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<CaseNo> for String {
    fn from(no: CaseNo) -> Self {
        no.0
    }
}

impl fmt::Display for CaseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_admit_only_lower_case_and_joiners() {
        for (text, fits) in [
            ("acceptor", true),
            ("c0101", true),
            ("a/b.c-d_e", true),
            ("", false),
            ("A", false),
            ("瑶", false),
            ("-x", false),
            ("a b", false),
        ] {
            assert_eq!(RoleId::new(text).is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn digests_are_canonical_lower_case() {
        let text = "00ff".repeat(16);
        assert_eq!(text.parse::<EvidenceId>().unwrap().to_string(), text);
        assert!(text.to_uppercase().parse::<EvidenceId>().is_err());
    }

    #[test]
    fn ids_sort_by_time() {
        let early = EventId::new(Instant::from_micros(1_000_000), u128::MAX);
        let late = EventId::new(Instant::from_micros(2_000_000), 0);
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse::<EventId>().unwrap(), early);
    }

    #[test]
    fn case_numbers_are_upper_case_words() {
        assert_eq!(CaseNo::from_parts("YG", 20261123, 42).unwrap().as_str(), "YG20261123-000042");
        assert!("yg1".parse::<CaseNo>().is_err());
    }
}
