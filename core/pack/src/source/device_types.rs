//! Classes of devices in the pack, type by type. A field's comment here is its description in the JSON Schema.

use model::{OfficeId, PropertyId, Text};

use super::read::source;
use super::words::{CodecWord, Endian};
use crate::city::{Checksum, FrameNumber, PropertyKind, Unit};
use crate::faults::At;

source! {
    /// A class of devices: what they measure, and how often.
    struct DeviceClassEntry {
        /// Its name.
        title: Text,
        /// The office that answers for the devices.
        office: At<OfficeId>,
        /// How often each property is expected, seconds: 1 to 604800. A device that is silent for three times that is said to be silent. May be absent for cameras that measure nothing.
        interval_seconds: Option<At<i64>>,
        /// The most messages one device sends within a minute, 1 to 100000; without a limit when absent. A device that sends more for three minutes running is quarantined.
        messages_per_minute: Option<At<i64>>,
        /// What they measure; at least one, at most 32. Cameras may measure nothing.
        properties: Vec<PropertyEntry>,
        /// What they can be told to do; at most 16.
        commands: Vec<DeviceCommandEntry>,
        /// How they write down what they measured: json, cbor or frame; json when absent.
        codec: Option<At<CodecWord>>,
        /// For the codec frame: what stands where.
        frame: Option<FrameEntry>,
        /// How long what they measured is kept; always when absent.
        retention: Option<RetentionEntry>,
        /// They are cameras: what becomes of their pictures.
        video: Option<VideoEntry>,
    }

    /// What becomes of the pictures of cameras. Without record they are shown while somebody watches, and kept nowhere.
    struct VideoEntry {
        /// Whether they are recorded all the time.
        record: bool,
        /// Seconds of a recorded file: 10 to 600; 60 when absent.
        segment_seconds: Option<At<i64>>,
        /// How many days a recorded file is kept: 1 to 3650. Needed where they are recorded.
        retention_days: Option<At<i64>>,
        /// Whether pictures in another form than H.264 are written anew as H.264, which costs about one core for each camera.
        transcode: bool,
    }

    /// A message of bytes at fixed places. A message may hold several frames one after another where each has its time.
    struct FrameEntry {
        /// Bytes of a frame, 1 to 1024.
        length: At<i64>,
        /// Whether the greatest byte of a number comes first: big or little; big when absent.
        endian: Option<At<Endian>>,
        /// The bytes that every frame begins with, in hexadecimal, such as 68aa.
        start: Option<At<String>>,
        /// Where it says when it was measured, seconds since 1970 in four bytes; when it comes when absent.
        time_at: Option<At<i64>>,
        /// What its last bytes are, of all bytes before: crc16_modbus, crc16_xmodem or sum8.
        checksum: Option<At<Checksum>>,
        /// What it says of properties.
        fields: Vec<FrameFieldEntry>,
    }

    /// What a frame says of a property.
    struct FrameFieldEntry {
        /// Which property.
        property: At<PropertyId>,
        /// Its first byte, from 0.
        at: At<i64>,
        /// How it is written: u8, i8, u16, i16, u32, i32, f32, bcd2, bcd4 or bit.
        number: At<FrameNumber>,
        /// Which bit of the byte, from the least, 0 to 7; 0 when absent.
        bit: Option<At<i64>>,
        /// The number is multiplied by this; 1 when absent.
        scale: Option<At<f64>>,
        /// This is added; 0 when absent.
        offset: Option<At<f64>>,
        /// The number, before it is multiplied, that says that nothing was measured.
        absent: Option<At<f64>>,
    }

    /// How long readings are kept, in whole days after the day they were measured on.
    struct RetentionEntry {
        /// Every reading: 1 to 36500 days.
        readings_days: At<i64>,
        /// After that, count, least, greatest and mean of each hour: more than readings_days, at most 36500; nothing when absent.
        hourly_days: Option<At<i64>>,
    }

    /// What devices of a class can be told to do.
    struct DeviceCommandEntry {
        /// Its id.
        id: At<PropertyId>,
        /// Its name.
        title: Text,
        /// The values it takes, all of them.
        parameters: Vec<PropertyEntry>,
        /// Whether a second person confirms it.
        dangerous: bool,
        /// After so many seconds nobody does it any more: 1 to 86400; 300 when absent.
        expires_seconds: Option<At<i64>>,
    }

    /// What devices of a class measure.
    struct PropertyEntry {
        /// Its id: the key of readings.
        id: At<PropertyId>,
        /// Its name.
        title: Text,
        /// measurement, count or truth; measurement when absent.
        kind: Option<At<PropertyKind>>,
        /// UCUM unit of a measurement, such as Cel, W, ug/m3; readings in another unit are refused.
        unit: Option<At<Unit>>,
        /// URI that defines it; one of this city when absent.
        definition: Option<At<String>>,
        /// Least value the sensor can give; smaller readings are refused.
        min: Option<At<f64>>,
        /// Greatest value the sensor can give; greater readings are refused.
        max: Option<At<f64>>,
        /// battery when it is the charge of the device's battery in per cent: its health.
        means: Option<At<String>>,
    }
}
