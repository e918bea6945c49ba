//! Tracks of flights: where an aircraft was, and when. Read from GPX 1.1, from GeoJSON with times, and from the subtitles
//! (.SRT) that DJI's cameras write beside their films.
//!
//! Pure: the zone of times that name none is an argument.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Instant;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

/// Largest file of a track, bytes: 36,000 fixes of GPX are about a tenth of it.
pub const BYTES_MAX: usize = 64 << 20;
/// Most fixes: ten hours at ten a second.
pub const FIXES_MAX: usize = 360_000;
/// Between two fixes further apart nothing is known.
const GAP_MAX_US: i64 = 30_000_000;
/// A picture taken so long before the first fix or after the last one was taken there.
const BEYOND_US: i64 = 5_000_000;

/// Where an aircraft was at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When.
    pub at: Instant,
    /// Longitude, degrees, as the file says (WGS 84; within a metre of CGCS2000).
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// Height as the file says, metres.
    pub height_m: Option<f64>,
}

/// Why a file is no track.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    /// It is too large.
    #[error("the track has {0} bytes; at most {BYTES_MAX} are read")]
    TooLarge(usize),
    /// It is none of the three.
    #[error("the track is neither GPX, nor GeoJSON with times, nor the subtitles of a film (.SRT)")]
    Unknown,
    /// It cannot be read.
    #[error("the track cannot be read: {0}")]
    Malformed(String),
    /// There are too many fixes.
    #[error("the track has more than {FIXES_MAX} fixes; thin it out")]
    TooMany,
    /// There is nothing in it.
    #[error("the track has no fix with a place and a time")]
    Empty,
}

/// Reads a track; fixes in the order of their times, one for an instant.
///
/// # Errors
/// [`TrackError`].
pub fn parse(bytes: &[u8], zone: &TimeZone) -> Result<Vec<Fix>, TrackError> {
    if bytes.len() > BYTES_MAX {
        return Err(TrackError::TooLarge(bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| TrackError::Unknown)?.trim_start_matches('\u{feff}').trim_start();
    let mut fixes = match text.bytes().next() {
        Some(b'{') => geojson(text)?,
        Some(b'<') => gpx(text)?,
        Some(b'0'..=b'9') => srt(text, zone)?,
        _ => return Err(TrackError::Unknown),
    };
    if fixes.is_empty() {
        return Err(TrackError::Empty);
    }
    fixes.sort_by_key(|fix| fix.at);
    fixes.dedup_by_key(|fix| fix.at);
    Ok(fixes)
}

/// Where an aircraft was at an instant: on the straight way between two fixes, or at the first or last one. None where the
/// track has a hole.
pub fn place_at(track: &[Fix], at: Instant) -> Option<Fix> {
    let after = track.partition_point(|fix| fix.at <= at);
    let apart = |fix: &Fix| (fix.at.as_micros() - at.as_micros()).abs();
    let near = |fix: &Fix| (apart(fix) <= BEYOND_US).then_some(Fix { at, ..*fix });
    match (after.checked_sub(1).and_then(|before| track.get(before)), track.get(after)) {
        (Some(one), Some(other)) => {
            let whole = other.at.as_micros() - one.at.as_micros();
            if whole > GAP_MAX_US {
                return near(if apart(one) <= apart(other) { one } else { other });
            }
            let share = (at.as_micros() - one.at.as_micros()) as f64 / whole as f64;
            let between = |a: f64, b: f64| a + (b - a) * share;
            let height_m = one.height_m.zip(other.height_m).map(|(a, b)| between(a, b)).or(one.height_m);
            Some(Fix { at, lon: between(one.lon, other.lon), lat: between(one.lat, other.lat), height_m })
        }
        (Some(end), None) | (None, Some(end)) => near(end),
        (None, None) => None,
    }
}

/// Adds a fix whose place can be; a receiver that knows nothing writes zeros.
fn add(fixes: &mut Vec<Fix>, at: Instant, (lon, lat): (f64, f64), height_m: Option<f64>) -> Result<(), TrackError> {
    let is_place = (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) && (lon, lat) != (0.0, 0.0);
    if !is_place {
        return Ok(());
    }
    if fixes.len() == FIXES_MAX {
        return Err(TrackError::TooMany);
    }
    fixes.push(Fix { at, lon, lat, height_m: height_m.filter(|height| height.is_finite()) });
    Ok(())
}

/// Lines of a `Feature`, or of a `FeatureCollection`, whose properties have as many `coordTimes` (or `times`) as it has positions.
fn geojson(text: &str) -> Result<Vec<Fix>, TrackError> {
    let whole: Value = serde_json::from_str(text).map_err(|error| TrackError::Malformed(error.to_string()))?;
    let one = [whole.clone()];
    let features = whole["features"].as_array().map_or(one.as_slice(), Vec::as_slice);
    let mut fixes = Vec::new();
    for feature in features {
        let (geometry, properties) = (&feature["geometry"], &feature["properties"]);
        if geometry["type"] != "LineString" {
            continue;
        }
        let named = ["coordTimes", "times"].iter().find_map(|name| properties[name].as_array());
        let times = named.or_else(|| properties["coordinateProperties"]["times"].as_array());
        let (Some(times), Some(positions)) = (times, geometry["coordinates"].as_array()) else { continue };
        if times.len() != positions.len() {
            let words = format!("{} positions and {} times", positions.len(), times.len());
            return Err(TrackError::Malformed(words));
        }
        for (position, time) in positions.iter().zip(times) {
            let Some(at) = instant(time.as_str().unwrap_or_default()) else { continue };
            let number = |place: usize| position.get(place).and_then(Value::as_f64);
            if let (Some(lon), Some(lat)) = (number(0), number(1)) {
                add(&mut fixes, at, (lon, lat), number(2))?;
            }
        }
    }
    Ok(fixes)
}

/// Points of tracks (`trkpt`) with their times. Entities of a document type are not read.
fn gpx(text: &str) -> Result<Vec<Fix>, TrackError> {
    let malformed = |error: &dyn std::fmt::Display| TrackError::Malformed(error.to_string());
    let mut reader = Reader::from_str(text);
    let mut fixes = Vec::new();
    let mut point: Option<(f64, f64)> = None;
    let (mut at, mut height, mut within) = (None, None, String::new());
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(tag) if tag.local_name().as_ref() == "trkpt" => {
                let number = |name: &str| {
                    let value = tag.try_get_attribute(name).ok()??;
                    value.value.trim().parse::<f64>().ok()
                };
                point = Option::zip(number("lon"), number("lat"));
                (at, height) = (None, None);
            }
            Event::Start(tag) => within = tag.local_name().as_ref().to_owned(),
            Event::Text(words) if point.is_some() => {
                let words = words.trim();
                match within.as_str() {
                    "time" => at = at.or_else(|| instant(words)),
                    "ele" => height = height.or_else(|| words.parse().ok()),
                    _ => {}
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "trkpt" => {
                if let (Some(place), Some(at)) = (point.take(), at) {
                    add(&mut fixes, at, place, height)?;
                }
            }
            Event::End(_) => within.clear(),
            Event::Eof => return Ok(fixes),
            _ => {}
        }
    }
}

/// Blocks with a line of date and time, by the clock of the place, and `[latitude: …] [longitude: …]` among others.
fn srt(text: &str, zone: &TimeZone) -> Result<Vec<Fix>, TrackError> {
    let mut fixes = Vec::new();
    for block in text.replace("\r\n", "\n").split("\n\n") {
        let at = block.lines().find_map(|line| local(line.trim(), zone));
        // Early firmware misspelt one of the words.
        let lon = ["longitude", "longtitude"].iter().find_map(|name| number_after(block, name));
        let height = number_after(block, "abs_alt").or_else(|| number_after(block, "altitude"));
        if let (Some(at), Some(lon), Some(lat)) = (at, lon, number_after(block, "latitude")) {
            add(&mut fixes, at, (lon, lat), height)?;
        }
    }
    Ok(fixes)
}

/// The number after `name:` or `name :`.
fn number_after(block: &str, name: &str) -> Option<f64> {
    let (_, rest) = block.split_once(name)?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// `2026-11-28 10:12:13.123`, also with a comma before the fraction or with two of them.
fn local(line: &str, zone: &TimeZone) -> Option<Instant> {
    let line = line.split('<').next().unwrap_or(line).trim().replacen(',', ".", 1).replace(',', "");
    let civil: DateTime = line.replacen(' ', "T", 1).parse().ok().filter(|_| line.len() >= 19)?;
    let at = zone.to_timestamp(civil).ok()?;
    Some(Instant::from_micros(at.as_microsecond()))
}

fn instant(text: &str) -> Option<Instant> {
    let at: Timestamp = text.trim().parse().ok()?;
    Some(Instant::from_micros(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GPX: &str = r#"<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
      <trkpt lat="32.5" lon="112.9"><ele>80.5</ele><time>2026-11-28T02:00:10Z</time></trkpt>
      <trkpt lat="32.6" lon="113.0"><time>2026-11-28T02:00:00Z</time><ele>70</ele></trkpt>
      <trkpt lat="0" lon="0"><time>2026-11-28T02:00:05Z</time></trkpt>
      <trkpt lat="32.7" lon="113.1"/>
      </trkseg></trk></gpx>"#;

    const SRT: &str = "1\r\n00:00:00,000 --> 00:00:00,033\r\n<font size=\"28\">SrtCnt : 1, DiffTime : 33ms\r\n2026-11-28 10:00:00.500\r\n[iso : 100] [latitude: 32.5] [longitude: 112.9] [rel_alt: 50.1 abs_alt: 130.2] </font>\r\n\r\n2\r\n00:00:00,033 --> 00:00:00,066\r\n2026-11-28 10:00:01,500,000\r\n[latitude : 32.6] [longtitude : 113.0] [altitude: 131]\r\n";

    fn at(text: &str) -> Instant {
        instant(text).unwrap()
    }

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn three_kinds_of_files_say_the_same() {
        let json = r#"{"type":"Feature","geometry":{"type":"LineString","coordinates":[[112.9,32.5,80.5],[113.0,32.6]]},"properties":{"coordTimes":["2026-11-28T02:00:10Z","2026-11-28T10:00:00+08:00"]}}"#;
        let (first, second) = (at("2026-11-28T02:00:00Z"), at("2026-11-28T02:00:10Z"));
        for (text, heights) in [(GPX, [Some(70.0), Some(80.5)]), (json, [None, Some(80.5)])] {
            let found = parse(text.as_bytes(), &zone()).unwrap();
            let expect = [
                Fix { at: first, lon: 113.0, lat: 32.6, height_m: heights[0] },
                Fix { at: second, lon: 112.9, lat: 32.5, height_m: heights[1] },
            ];
            assert_eq!(found, expect, "{text}");
        }
        let found = parse(SRT.as_bytes(), &zone()).unwrap();
        assert_eq!(found[0], Fix { at: at("2026-11-28T02:00:00.5Z"), lon: 112.9, lat: 32.5, height_m: Some(130.2) });
        assert_eq!(found[1], Fix { at: at("2026-11-28T02:00:01.5Z"), lon: 113.0, lat: 32.6, height_m: Some(131.0) });
    }

    #[test]
    fn what_is_no_track_is_refused_in_words() {
        let uneven =
            r#"{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2]]},"properties":{"times":[]}}"#;
        for (text, words) in [
            ("", "neither GPX"),
            ("hello", "neither GPX"),
            ("{", "cannot be read"),
            ("<gpx><trkpt", "cannot be read"),
            ("<gpx/>", "no fix"),
            ("1\n00:00:00,000 --> 00:00:01,000\nhello\n", "no fix"),
            (uneven, "1 positions and 0 times"),
        ] {
            let error = parse(text.as_bytes(), &zone()).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn a_place_is_known_between_fixes_and_not_in_holes() {
        let fix = |seconds: i64, lon: f64| Fix {
            at: Instant::from_micros(seconds * 1_000_000),
            lon,
            lat: 32.0,
            height_m: Some(lon * 10.0),
        };
        let track = [fix(100, 1.0), fix(110, 2.0), fix(200, 3.0)];
        for (seconds, expect) in [
            (94, None),
            (96, Some(1.0)),
            (100, Some(1.0)),
            (105, Some(1.5)),
            (110, Some(2.0)),
            (114, Some(2.0)),
            (150, None),
            (197, Some(3.0)),
            (204, Some(3.0)),
            (206, None),
        ] {
            let found = place_at(&track, Instant::from_micros(seconds * 1_000_000));
            assert_eq!(found.map(|fix| fix.lon), expect, "{seconds}");
        }
        assert_eq!(place_at(&[], Instant::from_micros(0)), None);
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0..4_usize) {
            let mut file = [&b"{"[..], b"<gpx><trkpt ", b"1\n", b""][kind].to_vec();
            file.extend(bytes);
            let _ = parse(&file, &zone());
        }

        #[test]
        fn a_place_lies_between_its_neighbours(seconds in prop::collection::btree_set(0_i64..500, 2..40), wanted in 0_i64..500) {
            let track: Vec<Fix> = seconds.iter().map(|second| Fix {
                at: Instant::from_micros(second * 1_000_000), lon: *second as f64 / 10.0, lat: 32.0, height_m: None,
            }).collect();
            if let Some(found) = place_at(&track, Instant::from_micros(wanted * 1_000_000)) {
                prop_assert!((found.lon - wanted as f64 / 10.0).abs() <= 0.5 + 1e-9);
            }
        }
    }
}
