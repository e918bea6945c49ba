//! Flights on both databases: uploads are looked at, placed, sealed; two flights over one place are compared.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Town, block, party, town};
use dipper_sense::flights::{
    FlightError, NewFlight, ViewSize, attach, compare, file_path, footprint, look, pairs, seal, sweep as sweep_flights,
    view,
};
use dipper_sense::uploads::{NewUpload, complete, create, receive, sweep, whole};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use model::{Actor, CaseId, Clock, EventId, FlightId, PanelFinding, PictureArea, RecordBody};
use sha2::{Digest, Sha256};
use store::{FlightPair, FlightRow};
use testkit::on_both_databases;

/// Over the old town of the demo city.
const PLACE: (f64, f64) = (112.8926, 32.5177);

fn pilot(number: u128) -> Actor {
    Actor::Staff {
        party: party(number),
        role: "dispatcher".parse().unwrap(),
        office: "command_centre".parse().unwrap(),
    }
}

/// Fields and roofs seen from above, the same for the same seed.
fn ground(with_building: bool) -> RgbImage {
    let mut state = 7_u64;
    let mut next = move |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as u32) % below
    };
    let mut picture = RgbImage::from_pixel(900, 675, Rgb([96, 118, 84]));
    let mut fill = |x: u32, y: u32, w: u32, h: u32, colour: [u8; 3]| {
        for (x, y) in (y..(y + h).min(675)).flat_map(|y| (x..(x + w).min(900)).map(move |x| (x, y))) {
            picture.put_pixel(x, y, Rgb(colour));
        }
    };
    for _ in 0..220 {
        let grey = 60 + next(150);
        let colour = [grey as u8, (grey * 9 / 10) as u8, (grey * 8 / 10 + next(30)) as u8];
        fill(next(880), next(660), 12 + next(46), 10 + next(36), colour);
    }
    if with_building {
        fill(600, 420, 90, 70, [30, 80, 200]);
    }
    picture
}

/// What a drone's camera writes: EXIF with time, place and focal length, XMP with how it was held.
fn photograph(picture: &RgbImage, second: u32, place: Option<(f64, f64)>, yaw: f64) -> Vec<u8> {
    let mut plain = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut plain, 90)).unwrap();
    let ascii = |text: &str| exif::Value::Ascii(vec![text.as_bytes().to_vec()]);
    let degrees = |value: f64| {
        let micro = (value.abs() * 3_600.0 * 1e4).round() as u32;
        let part = |num, denom| exif::Rational { num, denom };
        exif::Value::Rational(vec![part(0, 1), part(0, 1), part(micro, 10_000)])
    };
    let mut fields = vec![
        (exif::Tag::DateTimeOriginal, ascii(&format!("2026:11:01 10:00:{second:02}"))),
        (exif::Tag::FocalLengthIn35mmFilm, exif::Value::Short(vec![24])),
    ];
    if let Some((lon, lat)) = place {
        fields.push((exif::Tag::GPSLatitudeRef, ascii("N")));
        fields.push((exif::Tag::GPSLatitude, degrees(lat)));
        fields.push((exif::Tag::GPSLongitudeRef, ascii("E")));
        fields.push((exif::Tag::GPSLongitude, degrees(lon)));
        fields.push((exif::Tag::GPSAltitude, exif::Value::Rational(vec![exif::Rational { num: 1_805, denom: 10 }])));
    }
    let fields: Vec<_> =
        fields.into_iter().map(|(tag, value)| exif::Field { tag, ifd_num: exif::In::PRIMARY, value }).collect();
    let mut writer = exif::experimental::Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut tiff = Cursor::new(Vec::new());
    writer.write(&mut tiff, false).unwrap();
    let xmp = format!(
        r#"<x:xmpmeta><rdf:Description drone-dji:RelativeAltitude="+100.00" drone-dji:GimbalYawDegree="{yaw:+.2}" drone-dji:GimbalPitchDegree="-90.00"/></x:xmpmeta>"#
    );
    let mut out = vec![0xFF, 0xD8];
    for body in
        [[&b"Exif\0\0"[..], tiff.get_ref()].concat(), [&b"http://ns.adobe.com/xap/1.0/\0"[..], xmp.as_bytes()].concat()]
    {
        out.extend([0xFF, 0xE1]);
        out.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
        out.extend(body);
    }
    out.extend(&plain[2..]);
    out
}

fn upload(town: &Town, by: u128, name: &str, bytes: &[u8]) -> EventId {
    block(async {
        let metadata = format!("filename {}", STANDARD.encode(name));
        let new = NewUpload { party: party(by), bytes: bytes.len() as u64, metadata };
        let row = create(&town.ctx, new).await.unwrap();
        let mut receiving = receive(&town.ctx, row.id, party(by), 0, None).await.unwrap();
        receiving.write(bytes).unwrap();
        complete(&town.ctx, receiving.finish(true).unwrap()).await.unwrap();
        row.id
    })
}

/// A minute over the place, northwards.
const TRACK: &str = r#"<gpx version="1.1"><trk><trkseg>
  <trkpt lat="32.5177" lon="112.8926"><ele>180</ele><time>2026-11-01T02:00:00Z</time></trkpt>
  <trkpt lat="32.5187" lon="112.8926"><ele>190</ele><time>2026-11-01T02:00:20Z</time></trkpt>
  <trkpt lat="32.5197" lon="112.8926"><ele>190</ele><time>2026-11-01T02:00:40Z</time></trkpt>
</trkseg></trk></gpx>"#;

fn new_flight(town: &Town, number: u128, uploads: Vec<EventId>) -> NewFlight {
    NewFlight {
        id: FlightId::new(town.clock.now(), number),
        title: "老城区航拍".to_owned(),
        purpose: "违建核查".to_owned(),
        uploads,
    }
}

fn flown(town: &Town, number: u128, uploads: Vec<EventId>) -> FlightRow {
    block(async {
        let looked = look(&town.ctx, party(1), new_flight(town, number, uploads)).await.unwrap();
        let path = town.ctx.packs.current().city.region_path(&looked.region);
        assert!(path.contains("/gulou/"), "the smallest region that holds it: {path}");
        seal(&town.ctx, pilot(1), looked).await.unwrap()
    })
}

on_both_databases!(uploads_become_a_flight_that_is_placed_and_sealed, |database| {
    let town = town(database);
    let (first, second) = (photograph(&ground(false), 0, Some(PLACE), 0.0), photograph(&ground(true), 10, None, 0.0));
    let uploads = vec![
        upload(&town, 1, "DJI_0002.JPG", &second),
        upload(&town, 1, "../../etc/DJI_0001.JPG", &first),
        upload(&town, 1, "flight.gpx", TRACK.as_bytes()),
    ];
    let sent = new_flight(&town, 1, uploads.clone());
    let row = flown(&town, 1, uploads.clone());
    let reader = |work: fn(&mut store::Reader, FlightId) -> _| {
        block(town.ctx.store.read(move |reader| work(reader, row_id(sent.id)))).unwrap()
    };
    let files = reader(|reader, id| reader.list_flight_files(id));
    let named: Vec<_> = files.iter().map(|file| (file.number, file.kind.as_str(), file.name.as_str())).collect();
    assert_eq!(
        named,
        [(1, "picture", "DJI_0001.JPG"), (2, "track", "flight.gpx"), (3, "picture", "DJI_0002.JPG")],
        "by time, without folders"
    );
    // The first says itself where it was; the second lies half-way between two fixes.
    assert_eq!(files[0].placed_by.as_deref(), Some("file"));
    assert_eq!(files[0].height_m, Some(180.5));
    assert_eq!(files[0].at.unwrap().to_string(), "2026-11-01T02:00:00Z", "by the clock of the city");
    assert_eq!(files[0].size, Some((900, 675)));
    assert_eq!(files[2].placed_by.as_deref(), Some("track"));
    let (lon, lat) = files[2].point.unwrap();
    assert!((lon - 112.8926).abs() < 1e-9 && (lat - 32.5182).abs() < 1e-9, "{lon} {lat}");
    assert_eq!(files[2].height_m, Some(185.0));
    assert!(files[0].cell.is_some() && files[1].cell.is_none());
    assert_eq!(row.track.len(), 3);
    assert_eq!((row.files, row.bytes), (3, (first.len() + second.len() + TRACK.len()) as u64));
    // The bytes are as they came, and the sealed manifest names their digests.
    assert_eq!(std::fs::read(file_path(&town.ctx.files, row.id, 1)).unwrap(), first);
    assert_eq!(hex(&first), files[0].sha256);
    assert!(row.manifest.contains(&hex(&first)) && row.manifest.contains(&hex(TRACK.as_bytes())));
    assert_eq!(row.sha256, hex(row.manifest.as_bytes()));
    let record = block(town.ctx.store.read({
        let id = row.record;
        move |reader| reader.find_record(id)
    }));
    match record.unwrap().unwrap().body {
        RecordBody::FlightSealed(sealed) => assert_eq!((sealed.sha256, sealed.files), (row.sha256.clone(), 3)),
        other => panic!("{other:?}"),
    }
    // The uploads are gone; the same flight again is the same, somebody else's is refused.
    assert!(block(whole(&town.ctx, uploads[0], party(1))).is_err());
    assert_eq!(block(sweep(&town.ctx)).unwrap(), 0, "nothing is left to sweep");
    let again = upload(&town, 1, "DJI_0001.JPG", &first);
    let looked = block(look(&town.ctx, party(1), new_flight(&town, 1, vec![again]))).unwrap();
    assert_eq!(block(seal(&town.ctx, pilot(1), looked)).unwrap(), row);
    let theirs = upload(&town, 2, "DJI_0001.JPG", &photograph(&ground(true), 0, Some(PLACE), 90.0));
    let looked = block(look(&town.ctx, party(2), new_flight(&town, 1, vec![theirs]))).unwrap();
    assert!(matches!(block(seal(&town.ctx, pilot(2), looked)), Err(FlightError::Taken(_))));
    assert_eq!(
        std::fs::read(file_path(&town.ctx.files, row.id, 1)).unwrap(),
        first,
        "what was sealed is never replaced"
    );
});

fn row_id(id: FlightId) -> FlightId {
    id
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

on_both_databases!(what_is_no_flight_is_refused_in_words, |database| {
    let town = town(database);
    let nowhere = photograph(&ground(false), 0, None, 0.0);
    let far = photograph(&ground(false), 0, Some((116.4, 39.9)), 0.0);
    for (name, bytes, words) in [
        ("a.jpg", nowhere.as_slice(), "none of the files says where"),
        ("a.jpg", far.as_slice(), "outside the city"),
        ("plan.pdf", b"%PDF-1.7".as_slice(), "plan.pdf: it is application/pdf"),
        ("note.txt", b"hello".as_slice(), "note.txt: the track is neither"),
    ] {
        let file = upload(&town, 1, name, bytes);
        let error = block(look(&town.ctx, party(1), new_flight(&town, 1, vec![file]))).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let theirs = upload(&town, 2, "a.jpg", &far);
    for (uploads, words) in
        [(vec![], "1 to 2000 files"), (vec![theirs, theirs], "named twice"), (vec![theirs], "no such upload of yours")]
    {
        let error = block(look(&town.ctx, party(1), new_flight(&town, 1, uploads))).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    for (title, purpose) in [("", "违建核查"), ("航拍", "  ")] {
        let new =
            NewFlight { title: title.to_owned(), purpose: purpose.to_owned(), ..new_flight(&town, 1, vec![theirs]) };
        assert!(matches!(block(look(&town.ctx, party(1), new)), Err(FlightError::Field(..))));
    }
});

on_both_databases!(two_flights_over_one_place_say_what_has_changed, |database| {
    let town = town(database);
    let shifted = (PLACE.0 + 0.000_02, PLACE.1);
    let before = upload(&town, 1, "a.jpg", &photograph(&ground(false), 0, Some(PLACE), 0.0));
    let before = flown(&town, 1, vec![before]);
    let beside = (PLACE.0 + 0.01, PLACE.1);
    let after = vec![
        upload(&town, 1, "b.jpg", &photograph(&ground(true), 0, Some(shifted), 0.0)),
        upload(&town, 1, "far.jpg", &photograph(&ground(true), 5, Some(beside), 0.0)),
        upload(&town, 1, "near.jpg", &photograph(&ground(true), 6, Some(PLACE), 0.0)),
    ];
    let after = flown(&town, 2, after);
    let ids = (before.id, after.id);
    let read = move |reader: &mut store::Reader| {
        Ok::<_, store::StoreError>((reader.list_flight_files(ids.0)?, reader.list_flight_files(ids.1)?))
    };
    let (first, second) = block(town.ctx.store.read(read)).unwrap();
    let found = pairs(&first, &second);
    let numbers: Vec<_> = found.iter().map(|pair| (pair.before.number, pair.after.number)).collect();
    assert_eq!(numbers, [(1, 1), (1, 3)], "a kilometre away is another place");
    assert!((found[0].apart_m - 1.9).abs() < 0.1, "{}", found[0].apart_m);
    let pair = FlightPair { before: (before.id, 1), after: (after.id, 1) };
    let finding = block(compare(&town.ctx, pair)).unwrap();
    let PanelFinding::Compared(compared) = &finding else { panic!("{finding:?}") };
    assert_eq!(compared.regions.len(), 1, "{:?}", compared.regions);
    let region = compared.regions[0].after;
    let is_near = |a: f64, b: f64| (a - b).abs() < 12.0;
    assert!(is_near(region.x, 600.0) && is_near(region.y, 420.0) && is_near(region.width, 90.0), "{region:?}");
    // On the ground: south-east of the middle of the picture.
    let corners = footprint(second[0].point.unwrap(), &second[0].pose, (900, 675), region).unwrap();
    assert!(corners.iter().all(|(lon, lat)| *lon > shifted.0 && *lat < shifted.1), "{corners:?}");
    // Kept: the second asking finds it in the store.
    let known = block(town.ctx.store.read(move |reader| reader.list_flight_changes(ids.0, ids.1))).unwrap();
    assert_eq!(known, [(1, 1, finding.clone())]);
    assert_eq!(block(compare(&town.ctx, pair)).unwrap(), finding);
    let overlapping = block(town.ctx.store.read({
        let (bounds, path) = (after.bounds, after.region_path.clone());
        move |reader| reader.list_flights(&[path], Some(bounds), None, 10)
    }));
    assert_eq!(overlapping.unwrap().iter().map(|row| row.id).collect::<Vec<_>>(), [after.id, before.id]);
});

on_both_databases!(a_flight_becomes_evidence_of_a_case_under_a_record, |database| {
    let town = town(database);
    let file = upload(&town, 1, "a.jpg", &photograph(&ground(false), 0, Some(PLACE), 0.0));
    let row = flown(&town, 1, vec![file]);
    let case = CaseId::new(town.clock.now(), 5);
    let record = block(attach(&town.ctx, pilot(1), &row, case)).unwrap();
    assert_eq!(block(attach(&town.ctx, pilot(2), &row, case)).unwrap(), record, "once");
    let id = row.id;
    let (cases, flights, record) = block(town.ctx.store.read(move |reader| {
        Ok::<_, store::StoreError>((
            reader.list_cases_of_flight(id)?,
            reader.list_flights_of_case(case)?,
            reader.find_record(record)?,
        ))
    }))
    .unwrap();
    assert_eq!((cases, flights), (vec![(case, record.as_ref().unwrap().id)], vec![row.clone()]));
    let body = RecordBody::FlightAttached { flight: id, region: row.region.clone(), case };
    assert_eq!(record.unwrap().body, body);
    // What people look at has no metadata, whatever the file has.
    let files = block(town.ctx.store.read(move |reader| reader.list_flight_files(id))).unwrap();
    for size in [ViewSize::View, ViewSize::Thumb] {
        let shown = block(view(&town.ctx, id, &files[0], size)).unwrap();
        assert!(!shown.windows(4).any(|window| window == b"Exif") && !shown.windows(3).any(|window| window == b"dji"));
        let longest = if size == ViewSize::View { 900 } else { 320 };
        assert_eq!(image::load_from_memory(&shown).unwrap().width(), longest);
    }
    let whole = PictureArea { x: 0.0, y: 0.0, width: 899.0, height: 674.0 };
    assert!(footprint(PLACE, &files[0].pose, (900, 675), whole).is_some());
});

on_both_databases!(a_folder_left_of_a_broken_import_is_removed_after_a_day_and_a_sealed_one_never, |database| {
    let town = town(database);
    let picture = upload(&town, 1, "a.jpg", &photograph(&ground(false), 0, Some(PLACE), 0.0));
    let sealed = flown(&town, 1, vec![picture]);
    let flights = file_path(&town.ctx.files, sealed.id, 1).ancestors().nth(2).unwrap().to_owned();
    let left = FlightId::new(town.clock.now(), 9);
    let leave = |name: &str, hours: i64| {
        let folder = flights.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        if !folder.join("1").exists() {
            std::fs::write(folder.join("1"), "left").unwrap();
        }
        let micros = town.clock.now().plus_micros(-hours * 3_600_000_000).as_micros();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(micros as u64);
        std::fs::File::open(&folder).unwrap().set_modified(at).unwrap();
    };
    leave(&left.to_string(), 23);
    leave(&sealed.id.to_string(), 48);
    leave("not-ours", 48);
    assert_eq!(block(sweep_flights(&town.ctx)).unwrap(), 0, "whoever was broken off may send it again");
    leave(&left.to_string(), 24);
    assert_eq!(block(sweep_flights(&town.ctx)).unwrap(), 1);
    assert!(!flights.join(left.to_string()).exists());
    assert!(flights.join("not-ours").join("1").exists());
    let kept = file_path(&town.ctx.files, sealed.id, 1);
    assert!(std::fs::metadata(kept).unwrap().len() > 10_000, "what is sealed stays");
});
