//! What the devices of the demonstration measure: days and nights, and now and then something that is a matter.

use jiff::tz::TimeZone;
use model::{DeviceClassId, Instant};
use serde_json::{Map, Value, json};

use super::chance::Chance;

/// Which share of the devices is of which class, in per cent.
pub const SHARES: [(&str, u32); 8] = [
    ("street_lamp", 40),
    ("manhole_cover", 15),
    ("water_meter", 15),
    ("smoke_detector", 12),
    ("gas_detector", 6),
    ("parking_site", 5),
    ("air_station", 5),
    ("river_gauge", 2),
];

/// How often something happens to a device, an hour: once a minute in a city of two thousand.
const TROUBLE_PER_H: f64 = 0.03;

/// How long it lasts, seconds.
const TROUBLE_S: f64 = 1_200.0;

/// A fictional device.
pub struct DemoDevice {
    class: DeviceClassId,
    chance: Chance,
    /// What makes it differ from others of its class, 0 to 1.
    own: f64,
    /// What its meter shows.
    volume: f64,
    battery: f64,
    /// How often it speaks, seconds.
    every_s: f64,
    /// Something is the matter for so many seconds more.
    trouble_s: f64,
    /// How bright a lamp was told to be, per cent; by the hour until it was told anything.
    brightness: Option<f64>,
}

impl DemoDevice {
    /// The device of a seed, which speaks every so many seconds.
    pub fn new(class: DeviceClassId, seed: u64, every_s: f64) -> Self {
        let mut chance = Chance::new(seed);
        let (own, volume, battery) = (chance.unit(), chance.between(100.0, 90_000.0), chance.between(25.0, 100.0));
        Self { class, chance, own, volume: volume.round(), battery, every_s, trouble_s: 0.0, brightness: None }
    }

    /// Does what it is told; the words of whoever would stand beside it, where it cannot.
    ///
    /// # Errors
    /// Why it was not done.
    pub fn obey(&mut self, command: &str, arguments: &Map<String, Value>) -> Result<&'static str, &'static str> {
        let is_troubled = self.trouble_s > 0.0;
        match command {
            "switch" | "dim" if is_troubled => Err("灯具无电流"),
            "switch" => {
                let is_lit = arguments.get("lit").and_then(Value::as_bool).ok_or("没有 lit")?;
                self.brightness = Some(if is_lit { 100.0 } else { 0.0 });
                Ok("已执行")
            }
            "dim" => {
                self.brightness = Some(arguments.get("brightness").and_then(Value::as_f64).ok_or("没有 brightness")?);
                Ok("已执行")
            }
            "close_valve" => {
                self.trouble_s = 0.0;
                Ok("阀门已关")
            }
            _ => Err("不认识的命令"),
        }
    }

    /// What it measures at an instant of the past: a day without trouble.
    pub fn past(&mut self, at: Instant, zone: &TimeZone) -> Map<String, Value> {
        let mut found = self.measure(hour_of(at, zone), false);
        found.insert("at".to_owned(), Value::String(at.to_string()));
        found
    }

    /// What it measures now.
    pub fn now(&mut self, at: Instant, zone: &TimeZone) -> Map<String, Value> {
        if self.trouble_s > 0.0 {
            self.trouble_s -= self.every_s;
        } else if self.chance.happens(TROUBLE_PER_H * self.every_s / 3_600.0) {
            // At least one message tells of it.
            self.trouble_s = TROUBLE_S.max(self.every_s);
        }
        self.measure(hour_of(at, zone), self.trouble_s > 0.0)
    }

    fn measure(&mut self, hour: f64, troubled: bool) -> Map<String, Value> {
        let jitter = |chance: &mut Chance, width: f64| chance.between(-width, width);
        // 1 at two in the afternoon, -1 at two at night.
        let day = ((hour - 14.0) / 24.0 * std::f64::consts::TAU).cos();
        let (own, chance) = (self.own, &mut self.chance);
        self.battery = (self.battery - 0.001).max(5.0);
        let found = match self.class.as_str() {
            "street_lamp" => {
                let brightness = if troubled { 0.0 } else { self.brightness.unwrap_or_else(|| by_hour(hour)) };
                let lit = brightness > 0.0;
                let share = brightness / 100.0;
                let power = if lit { (90.0 + 60.0 * own) * share + jitter(chance, 1.0).abs() } else { 1.2 };
                json!({"lit": lit, "power": round(power, 1), "voltage": round(226.0 + jitter(chance, 4.0), 1)})
            }
            "manhole_cover" => {
                let tilt = if troubled { 30.0 + 40.0 * own } else { 1.0 + 2.0 * own + jitter(chance, 0.4) };
                let level = 30.0 + 40.0 * own + 5.0 * day + jitter(chance, 3.0);
                json!({"tilt": round(tilt, 1), "water_level": round(level, 1), "battery": round(self.battery, 1)})
            }
            "water_meter" => {
                let busy = (0.5 + 0.5 * day).max(0.05);
                let flow =
                    if troubled { 230.0 + 100.0 * own } else { (20.0 + 60.0 * own) * busy + jitter(chance, 1.0).abs() };
                self.volume += flow;
                json!({"flow": round(flow, 2), "volume": round(self.volume, 1), "battery": round(self.battery, 1)})
            }
            "smoke_detector" => {
                let temperature =
                    21.0 + 4.0 * own + 2.0 * day + if troubled { 18.0 } else { 0.0 } + jitter(chance, 0.5);
                json!({"smoke": troubled, "temperature": round(temperature, 1), "battery": round(self.battery, 1)})
            }
            "gas_detector" => {
                let methane =
                    if troubled { 7_000.0 + 6_000.0 * own } else { 2.0 + 6.0 * own + jitter(chance, 1.0).abs() };
                json!({"methane": round(methane, 0), "temperature": round(14.0 + 6.0 * day + jitter(chance, 0.5), 1)})
            }
            "parking_site" => {
                let capacity = 40.0 + (own * 460.0).round();
                let share = if troubled { 1.0 } else { (0.45 + 0.4 * day + jitter(chance, 0.04)).clamp(0.02, 0.96) };
                json!({"occupied": (capacity * share).round(), "capacity": capacity})
            }
            "air_station" => {
                let dust = 18.0 + 22.0 * own - 6.0 * day + jitter(chance, 3.0) + if troubled { 120.0 } else { 0.0 };
                json!({
                    "pm2_5": round(dust, 1),
                    "pm10": round(dust * 1.6 + jitter(chance, 4.0).abs(), 1),
                    "temperature": round(13.0 + 6.0 * day + jitter(chance, 0.6), 1),
                    "humidity": round(62.0 - 15.0 * day + jitter(chance, 3.0), 1),
                    "noise": round(54.0 + 7.0 * day + jitter(chance, 3.0), 1),
                })
            }
            _ => {
                let level = 1.4 + 1.2 * own + 0.1 * day + jitter(chance, 0.03) + if troubled { 4.0 } else { 0.0 };
                let (turbidity, ph) = (30.0 + 60.0 * own + jitter(chance, 8.0), 7.3 + jitter(chance, 0.2));
                json!({"level": round(level, 2), "turbidity": round(turbidity, 0), "ph": round(ph, 2), "battery": round(self.battery, 1)})
            }
        };
        match found {
            Value::Object(found) => found,
            _ => Map::new(),
        }
    }
}

/// How bright a lamp is that was told nothing, per cent.
fn by_hour(hour: f64) -> f64 {
    if (6.0..18.3).contains(&hour) { 0.0 } else { 100.0 }
}

/// The class of the device of a number, in the shares of [`SHARES`].
pub fn class_of(number: u32) -> &'static str {
    // 37 and 100 have no divisor in common: neighbours in number differ in class.
    let mut left = (number * 37) % 100;
    for (class, share) in SHARES {
        if left < share {
            return class;
        }
        left -= share;
    }
    SHARES[0].0
}

fn hour_of(at: Instant, zone: &TimeZone) -> f64 {
    let local = zone.to_datetime(at.to_timestamp());
    f64::from(local.hour()) + f64::from(local.minute()) / 60.0
}

fn round(value: f64, places: i32) -> f64 {
    let factor = 10_f64.powi(places);
    (value * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_measures_what_the_pack_says_and_can_be_in_trouble() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
        let city = pack::load(folder).unwrap().city;
        let now: Instant = "2026-11-27T21:00:00+08:00".parse().unwrap();
        for (class, _) in SHARES {
            let id: DeviceClassId = class.parse().unwrap();
            for seed in 0..50 {
                let mut device = DemoDevice::new(id.clone(), seed, 60.0);
                for troubled in [false, true] {
                    let bytes = serde_json::to_vec(&device.measure(21.0, troubled)).unwrap();
                    let found =
                        sense::telemetry::parse(sense::telemetry::Format::Plain, &bytes, &city.devices[&id], now);
                    assert_eq!(found.unwrap().len(), city.devices[&id].properties.len(), "{class}");
                }
            }
        }
        let classes: std::collections::BTreeSet<_> = (0..100).map(class_of).collect();
        assert_eq!(classes.len(), SHARES.len());
    }
}
