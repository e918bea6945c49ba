//! What the devices of the demonstration measure: days and nights, and now and then something that is a matter.

use jiff::tz::TimeZone;
use model::{DeviceClassId, Instant};
use serde_json::{Map, Value, json};

use super::chance::Chance;

/// Which share of the devices is of which class, in per cent.
pub const SHARES: [(&str, u32); 11] = [
    ("street_lamp", 36),
    ("manhole_cover", 15),
    ("water_meter", 14),
    ("gas_meter", 3),
    ("smoke_detector", 12),
    ("gas_detector", 6),
    ("parking_site", 5),
    ("air_station", 5),
    ("river_gauge", 2),
    ("thermal_camera", 1),
    ("road_counter", 1),
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
        self.measure(hour_of(at, zone), false)
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
                let usual = (20.0 + 60.0 * own) * busy + jitter(chance, 1.0).abs();
                let flow = if troubled { 230.0 + 100.0 * own } else { usual };
                self.volume += flow;
                json!({"flow": round(flow, 2), "volume": round(self.volume, 1), "battery": round(self.battery, 1)})
            }
            "smoke_detector" => {
                let heat = if troubled { 18.0 } else { 0.0 };
                let temperature = 21.0 + 4.0 * own + 2.0 * day + heat + jitter(chance, 0.5);
                json!({"smoke": troubled, "temperature": round(temperature, 1), "battery": round(self.battery, 1)})
            }
            "gas_detector" => {
                let usual = 2.0 + 6.0 * own + jitter(chance, 1.0).abs();
                let methane = if troubled { 7_000.0 + 6_000.0 * own } else { usual };
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
            "gas_meter" | "thermal_camera" | "road_counter" => self.measure_rare(day, troubled),
            _ => {
                let level = 1.4 + 1.2 * own + 0.1 * day + jitter(chance, 0.03) + if troubled { 4.0 } else { 0.0 };
                let (turbidity, ph) = (30.0 + 60.0 * own + jitter(chance, 8.0), 7.3 + jitter(chance, 0.2));
                json!({"level": round(level, 2), "turbidity": round(turbidity, 0), "ph": round(ph, 2), "battery": round(self.battery, 1)})
            }
        };
        if let Value::Object(found) = found { found } else { Map::new() }
    }

    /// The classes of which there are few.
    fn measure_rare(&mut self, day: f64, troubled: bool) -> Value {
        let jitter = |chance: &mut Chance, width: f64| chance.between(-width, width);
        let (own, chance) = (self.own, &mut self.chance);
        if self.class.as_str() == "gas_meter" {
            let busy = (0.5 + 0.5 * day).max(0.02);
            let flow = if troubled { 5.0 } else { (0.2 + 1.2 * own) * busy };
            self.volume = (self.volume + flow * self.every_s / 3_600.0) % 999_999.0;
            return json!({
                "volume": round(self.volume, 2),
                "flow": round(flow, 3),
                "pressure": round(2.1 + jitter(chance, 0.1), 2),
                "temperature": round(12.0 + 6.0 * day + jitter(chance, 0.5), 1),
                "battery": round(self.battery, 0),
                "leak": troubled,
            });
        }
        if self.class.as_str() == "road_counter" {
            // Few pass at night; now and then many do at once.
            let usual = (4.0 + 90.0 * own) * (0.5 + 0.5 * day).powi(2);
            let passed = if troubled { 20.0 + 30.0 * own } else { usual + jitter(chance, 2.0).abs() };
            return json!({"passed": passed.round(), "battery": round(self.battery, 0)});
        }
        let air = 13.0 + 6.0 * day + jitter(chance, 0.6);
        let hottest = if troubled { 92.0 + 40.0 * own } else { air + 14.0 + 8.0 * own };
        let area = if troubled { 2.0 + 6.0 * own } else { 0.0 };
        json!({"max_temperature": round(hottest, 1), "mean_temperature": round(air + 3.0, 1), "hot_area": round(area, 1)})
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
    use super::super::wire;
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
                    let measured = device.measure(21.0, troubled);
                    let bytes = wire::write(&city.devices[&id].codec, &[(now, measured.clone())]);
                    let found = sense::telemetry::parse(sense::telemetry::Format::Own, &bytes, &city.devices[&id], now);
                    let as_json = serde_json::to_vec(&measured).unwrap();
                    let said =
                        sense::telemetry::parse(sense::telemetry::Format::Plain, &as_json, &city.devices[&id], now);
                    let values = |readings: &[sense::telemetry::Measured]| {
                        let mut values: Vec<_> = readings.iter().map(|one| (one.property, one.value)).collect();
                        values.sort_by_key(|(property, _)| *property);
                        values
                    };
                    assert_eq!(
                        found.as_deref().map(values),
                        said.as_deref().map(values),
                        "{class}: what is on the air"
                    );
                    assert_eq!(found.unwrap().len(), city.devices[&id].properties.len(), "{class}");
                }
            }
        }
        let classes: std::collections::BTreeSet<_> = (0..100).map(class_of).collect();
        assert_eq!(classes.len(), SHARES.len());
    }
}
