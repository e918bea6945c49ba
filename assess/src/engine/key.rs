//! Keys of records as text, for stores that know no more of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use model::DeviceId;

use super::StateKey;
use crate::codec::Torn;
use crate::effect::AlarmKey;

impl fmt::Display for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time => f.write_str("time"),
            Self::Device(device) => write!(f, "device/{device}"),
            Self::Samples(device) => write!(f, "samples/{device}"),
            Self::Alarm(alarm) => write!(f, "alarm/{alarm}"),
            Self::Silence(id) => write!(f, "silence/{id}"),
        }
    }
}

impl FromStr for StateKey {
    type Err = Torn;

    fn from_str(text: &str) -> Result<Self, Torn> {
        let (kind, rest) = text.split_once('/').unwrap_or((text, ""));
        let device = |name: &str| DeviceId::new(name).map_err(|_| Torn);
        match kind {
            "time" if text == kind => Ok(Self::Time),
            "device" => device(rest).map(Self::Device),
            "samples" => device(rest).map(Self::Samples),
            "silence" => Ok(Self::Silence(rest.into())),
            "alarm" => {
                // Neither ids of rules nor names of devices have a '/'; parts may.
                let mut parts = rest.splitn(3, '/');
                let mut next = || parts.next().ok_or(Torn);
                let (rule, name, part) = (next()?, next()?, next()?);
                Ok(Self::Alarm(AlarmKey { rule: Arc::from(rule), device: device(name)?, part: part.into() }))
            }
            _ => Err(Torn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_text() {
        let device = || DeviceId::new("lamp-7.a:b").unwrap();
        let alarm = |part: &str| StateKey::Alarm(AlarmKey { rule: "hot".into(), device: device(), part: part.into() });
        let keys = [
            StateKey::Time,
            StateKey::Device(device()),
            StateKey::Samples(device()),
            StateKey::Silence("works/1".into()),
            alarm(""),
            alarm("no_data"),
            alarm("no_data/power"),
        ];
        for key in keys {
            assert_eq!(key.to_string().parse::<StateKey>().unwrap(), key);
        }
        for text in ["", "times", "time/", "device/", "device/a b", "alarm/hot", "alarm/hot/x", "alarms/hot/x/"] {
            assert!(text.parse::<StateKey>().is_err(), "{text}");
        }
    }
}
