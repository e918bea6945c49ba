//! Filing, joining and suggesting, on both databases.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use dipper_sense::Context;
use dipper_sense::duplicates::{JoinError, join, suggest_duplicates};
use dipper_sense::evidence::{AcceptError, Files, ScanError, Scanner, Size, accept};
use dipper_sense::report::{DESCRIPTION_MAX, Filer, ReportCommand, ReportError, report, secret_hash};
use grid::LonLat;
use identity::Contact;
use model::{Actor, Case, CaseId, ClientId, EventBody};
use serde_json::json;
use store::{StoreError, Tx};
use testkit::{Database, on_both_databases};

use common::{block, demo, party, town};

mod common;

const SPOT: (f64, f64) = (112.9, 32.5);

fn point((lon, lat): (f64, f64)) -> LonLat {
    LonLat::new(lon, lat).unwrap()
}

fn rubble(filer: Filer) -> ReportCommand {
    ReportCommand {
        category: "s0111".parse().unwrap(),
        condition: None,
        description: " 路边一堆渣土 ".to_owned(),
        point: Some(point(SPOT)),
        address: None,
        evidence: Vec::new(),
        answers: BTreeMap::new(),
        contact: None,
        channel: "resident".to_owned(),
        filer,
        idempotency_key: None,
    }
}

fn keyed(filer: Filer, key: &str) -> ReportCommand {
    ReportCommand { idempotency_key: Some(key.to_owned()), ..rubble(filer) }
}

fn load(database: &Database, id: CaseId) -> Case {
    database.read_blocking(move |db| db.get_case(id)).unwrap()
}

fn events(database: &Database) -> Vec<model::Event> {
    database.read_blocking(|db| db.list_events_after(0, 1_000)).unwrap()
}

fn picture() -> Vec<u8> {
    let mut out = Vec::new();
    image::DynamicImage::new_rgb8(30, 20).write_to(&mut Cursor::new(&mut out), image::ImageFormat::Png).unwrap();
    out
}

on_both_databases!(a_report_opens_a_case_with_place_task_and_deadline, |database| {
    let town = town(database);
    let filed = block(report(&town.ctx, rubble(Filer::Resident(party(1))))).unwrap();
    let case = load(database, filed.case_id);
    assert_eq!((case.no.as_str(), &case.no, filed.secret), ("YG20261102-000001", &filed.no, None));
    assert_eq!((case.description.as_str(), case.state.as_str()), ("路边一堆渣土", "reported"));
    let region = demo().atlas.locate(point(SPOT)).unwrap();
    assert_eq!((&case.place.region, case.place.cell.is_some()), (&region, true));
    assert_eq!(case.task.as_ref().unwrap().office.as_str(), "supervision_centre");
    assert_eq!(case.due_at().unwrap().to_string(), "2026-11-02T01:15:00Z", "fifteen minutes to accept");
    assert_eq!(case.pack, demo().hash, "it keeps the pack it began under");
    // The civil day of the city, not of Greenwich.
    town.clock.advance_minutes(15 * 60 + 30);
    let next_day = block(report(&town.ctx, rubble(Filer::Resident(party(1))))).unwrap();
    assert_eq!(next_day.no.as_str(), "YG20261103-000001");
});

on_both_databases!(an_address_alone_places_a_report_as_near_as_it_says, |database| {
    let town = town(database);
    let city = &demo().city;
    let district = city.regions.iter().find(|(_, region)| region.title.in_locale("zh-CN") == "天权区").unwrap().0;
    // Words, whether they give a point, and what the region must lie in.
    for (address, has_point, within) in
        [("瑶光北站南广场", true, &city.root), ("天权区某小区门口", false, district), ("我家楼下", false, &city.root)]
    {
        let command = ReportCommand { point: None, address: Some(address.into()), ..rubble(Filer::Anonymous) };
        let case = load(database, block(report(&town.ctx, command)).unwrap().case_id);
        assert_eq!((case.place.point.is_some(), case.place.cell.is_some()), (has_point, has_point), "{address}");
        assert!(city.is_within(&case.place.region, within), "{address}: {}", case.place.region);
        assert_eq!(case.place.region == city.root, address == "我家楼下", "{address}: {}", case.place.region);
        assert_eq!(case.place.address.as_deref(), Some(address), "the words are kept as they are");
    }
});

on_both_databases!(what_does_not_fit_is_named_and_nothing_is_written, |database| {
    let town = town(database);
    let base = || rubble(Filer::Anonymous);
    let file = "ab".repeat(32).parse().unwrap();
    let table: Vec<(&str, ReportCommand, &str)> = vec![
        ("an unknown category", ReportCommand { category: "x9".parse().unwrap(), ..base() }, "category"),
        ("one not open to the public", ReportCommand { category: "b0101".parse().unwrap(), ..base() }, "category"),
        ("an unknown condition", ReportCommand { condition: Some("huge".parse().unwrap()), ..base() }, "condition"),
        ("a point outside", ReportCommand { point: Some(point((10.0, 50.0))), ..base() }, "place"),
        ("no place", ReportCommand { point: None, ..base() }, "place"),
        ("only spaces for an address", ReportCommand { point: None, address: Some("  ".into()), ..base() }, "place"),
        ("a long address", ReportCommand { address: Some("路".repeat(301)), ..base() }, "address"),
        (
            "a long description",
            ReportCommand { description: "字".repeat(DESCRIPTION_MAX + 1), ..base() },
            "description",
        ),
        ("a control character", ReportCommand { description: "a\u{0}b".into(), ..base() }, "description"),
        ("a file never uploaded", ReportCommand { evidence: vec![file], ..base() }, "evidence"),
        ("a file twice", ReportCommand { evidence: vec![file, file], ..base() }, "evidence"),
        (
            "answers nobody asked for",
            ReportCommand { answers: BTreeMap::from([("a".to_owned(), json!(1))]), ..base() },
            "answers",
        ),
    ];
    for (what, command, expect) in table {
        match block(report(&town.ctx, command)) {
            Err(ReportError::Field { field, message }) => assert_eq!(field, expect, "{what}: {message}"),
            other => panic!("{what}: {other:?}"),
        }
    }
    assert_eq!(events(database).len(), 0);
    let first = block(report(&town.ctx, base())).unwrap();
    assert!(first.no.as_str().ends_with("-000001"), "no number was used up");
});

on_both_databases!(the_same_request_files_once_and_a_key_belongs_to_one_report, |database| {
    let town = town(database);
    let resident = || Filer::Resident(party(1));
    let first = block(report(&town.ctx, keyed(resident(), "key-00000001"))).unwrap();
    let again = block(report(&town.ctx, keyed(resident(), "key-00000001"))).unwrap();
    assert_eq!((again.case_id, again.was_filed_before), (first.case_id, true));
    let other = ReportCommand { description: "另一件事".into(), ..keyed(resident(), "key-00000001") };
    let refused = block(report(&town.ctx, other));
    assert!(matches!(refused, Err(ReportError::Field { field: "idempotency-key", .. })), "{refused:?}");
    let neighbour = block(report(&town.ctx, keyed(Filer::Resident(party(2)), "key-00000001"))).unwrap();
    assert_ne!(neighbour.case_id, first.case_id, "keys of different people never meet");
    // A stranger who guesses an anonymous key does not get into the report it belongs to.
    let anonymous = block(report(&town.ctx, keyed(Filer::Anonymous, "key-00000001"))).unwrap();
    let guess = ReportCommand { description: "看看别人的".into(), ..keyed(Filer::Anonymous, "key-00000001") };
    assert!(matches!(block(report(&town.ctx, guess)), Err(ReportError::Field { .. })));
    let retried = block(report(&town.ctx, keyed(Filer::Anonymous, "key-00000001"))).unwrap();
    assert_eq!(retried.case_id, anonymous.case_id);
    for secret in [anonymous.secret, retried.secret] {
        let hash = secret_hash(&secret.unwrap());
        assert_eq!(database.read_blocking(move |db| db.find_case_by_secret(&hash)).unwrap(), Some(retried.case_id));
    }
});

#[test]
fn secrets_and_contacts_are_nowhere_in_the_clear() {
    let database = Database::sqlite();
    let town = town(&database);
    let contact = Contact::parse(Some("王小明"), Some("13912345678"), Some("xiaoming@example.com")).unwrap();
    let filed = block(report(&town.ctx, ReportCommand { contact, ..rubble(Filer::Anonymous) })).unwrap();
    let secret = filed.secret.unwrap();
    assert_eq!(secret.len(), 32);
    let store::DatabaseUrl::Sqlite(path) = database.url().clone() else { panic!("sqlite") };
    let mut stored = std::fs::read(&path).unwrap();
    stored.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
    assert!(stored.windows(6).any(|window| window == "渣土".as_bytes()), "the reading sees what is stored");
    for clear in ["王小明", "13912345678", "xiaoming", secret.as_str()] {
        assert!(
            !stored.windows(clear.len()).any(|window| window == clear.as_bytes()),
            "{clear} stands in the database"
        );
    }
    let case = load(&database, filed.case_id);
    assert!(case.reporter.contact.is_some() && case.reporter.party.is_none());
}

on_both_databases!(joining_counts_each_person_once_and_only_while_it_is_open, |database| {
    let town = town(database);
    let filed = block(report(&town.ctx, rubble(Filer::Resident(party(1))))).unwrap();
    let me_too = |filer: Filer| block(join(&town.ctx, filed.no.clone(), filer, None));
    assert_eq!(me_too(Filer::Resident(party(1))).unwrap().case.joined.len(), 0, "their own report");
    for _ in 0..2 {
        let joined = me_too(Filer::Resident(party(2))).unwrap();
        assert_eq!((joined.case.joined.len(), joined.secret), (1, None));
    }
    let stranger = me_too(Filer::Anonymous).unwrap();
    let hash = secret_hash(&stranger.secret.unwrap());
    assert_eq!(database.read_blocking(move |db| db.find_case_by_secret(&hash)).unwrap(), Some(filed.case_id));
    let client = ClientId::new("open311-app").unwrap();
    let staff = Filer::Staff {
        party: party(9),
        role: "acceptor".parse().unwrap(),
        office: "supervision_centre".parse().unwrap(),
    };
    assert_eq!(me_too(Filer::Client(client.clone())).unwrap().secret, None);
    assert_eq!(me_too(staff).unwrap().secret, None);
    let kept = events(database);
    let actors: Vec<_> = kept
        .iter()
        .filter(|event| matches!(event.body, EventBody::Joined { .. }))
        .map(|event| event.actor.clone())
        .collect();
    assert_eq!(actors[..3], [Actor::Resident { party: party(2) }, Actor::Anonymous, Actor::Client { client }]);
    assert_eq!(actors[3].party(), Some(party(9)), "whoever took the call is on record");
    let missing = block(join(&town.ctx, "YG20261102-000099".parse().unwrap(), Filer::Anonymous, None));
    assert!(matches!(missing, Err(JoinError::NotFound)));
    close(database, filed.case_id);
    assert!(matches!(me_too(Filer::Resident(party(3))), Err(JoinError::Closed(_))));
});

on_both_databases!(a_case_not_open_to_the_public_is_not_there_to_join, |database| {
    let town = town(database);
    let staff = Filer::Staff {
        party: party(9),
        role: "collector".parse().unwrap(),
        office: "shuyuan-collectors".parse().unwrap(),
    };
    let filed =
        block(report(&town.ctx, ReportCommand { category: "b0101".parse().unwrap(), ..rubble(staff) })).unwrap();
    let outcome = block(join(&town.ctx, filed.no, Filer::Anonymous, None));
    assert!(matches!(outcome, Err(JoinError::NotFound)));
});

/// Ends a case, as a merge would.
fn close(database: &Database, id: CaseId) {
    let region_path = demo().city.region_path(&load(database, id).place.region);
    database
        .write_blocking(move |tx: &mut Tx| {
            let case = tx.get_case(id)?;
            let moved = model::Moved {
                action: "merge".parse().unwrap(),
                from: case.state.clone(),
                to: "duplicate".parse().unwrap(),
                stage: "file".parse().unwrap(),
                task: None,
                handler: None,
                outcome: Some(model::Outcome::Duplicate),
                tally: None,
                reason: None,
                note: None,
                public: true,
                evidence: BTreeMap::new(),
                answers: BTreeMap::new(),
            };
            let at = case.updated_at;
            let events =
                vec![model::NewEvent { at, actor: Actor::system("test"), body: EventBody::Moved(Box::new(moved)) }];
            tx.append(store::Append {
                case_id: id,
                before: Some(&case),
                events,
                recorded_at: at,
                region_path: &region_path,
            })?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

on_both_databases!(the_likeliest_duplicate_comes_first_and_the_unlikely_not_at_all, |database| {
    let town = town(database);
    // One thousandth of a degree is about 94 m here to the east, 111 m to the north.
    let file = |category: &str, east: f64| {
        let spot = Some(point((SPOT.0 + east, SPOT.1)));
        block(report(
            &town.ctx,
            ReportCommand { category: category.parse().unwrap(), point: spot, ..rubble(Filer::Resident(party(1))) },
        ))
        .unwrap()
    };
    let stale = file("s0111", 0.000_1);
    town.clock.advance_minutes(61 * 24 * 60);
    let near = file("s0111", 0.001);
    let here = file("s0111", 0.000_1);
    let same_group = file("s0110", 0.000_1);
    let group = |id: &str| demo().city.category(&id.parse().unwrap()).unwrap().group.clone();
    let city = &demo().city;
    let of_another_group = city
        .categories
        .iter()
        .find(|(_, category)| category.public && category.group != group("s0111"))
        .unwrap()
        .0
        .to_string();
    let (far, other) = (file("s0111", 0.004), file(&of_another_group, 0.000_1));
    let ended = file("s0111", 0.0);
    close(database, ended.case_id);
    let found = block(suggest_duplicates(&town.ctx, point(SPOT), "s0111".parse().unwrap())).unwrap();
    let nos: Vec<_> = found.iter().map(|similar| similar.case.no.clone()).collect();
    assert_eq!(group("s0110"), group("s0111"), "the pack lists them together");
    assert_eq!(nos, [here.no, near.no, same_group.no], "not {} {} {}", stale.no, far.no, other.no);
    assert!((found[0].distance_m - 9.4).abs() < 0.5, "{}", found[0].distance_m);
    let elsewhere = block(suggest_duplicates(&town.ctx, point((112.8, 32.45)), "s0111".parse().unwrap())).unwrap();
    assert!(elsewhere.is_empty());
});

on_both_databases!(the_same_picture_is_kept_once_and_can_be_reported, |database| {
    let town = town(database);
    let first = accept(&town.ctx, &picture(), Some(party(1))).unwrap();
    let again = accept(&town.ctx, &picture(), Some(party(2))).unwrap();
    assert_eq!(first.id, again.id);
    let id = first.id;
    let kept = database.read_blocking(move |db| db.find_evidence(&id)).unwrap().unwrap();
    assert_eq!((kept.uploaded_by, kept.width, kept.height), (Some(party(1)), 30, 20));
    for size in [Size::Full, Size::Thumb] {
        assert!(town.ctx.files.read(&id, size).unwrap().starts_with(&[0xFF, 0xD8]), "a JPEG");
    }
    let filed = block(report(&town.ctx, ReportCommand { evidence: vec![id], ..rubble(Filer::Anonymous) })).unwrap();
    assert_eq!(load(database, filed.case_id).evidence["report"], [id]);
    assert!(accept(&town.ctx, b"not a picture", None).is_err());
});

#[test]
fn the_same_picture_sent_many_times_at_once_is_whole_for_everybody() {
    let database = Database::sqlite();
    let town = town(&database);
    let bytes = picture();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..8).map(|_| scope.spawn(|| accept(&town.ctx, &bytes, None).unwrap().id)).collect();
        sending.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
    let whole = dipper_sense::picture::read(&bytes).unwrap();
    assert_eq!(town.ctx.files.read(&ids[0], Size::Full).unwrap(), whole.jpeg);
    let folder = town.ctx.files.path(&ids[0], Size::Full).parent().unwrap().to_owned();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "the picture and its thumbnail, nothing half written");
}

/// A scanner that finds what it is told to.
struct Finds(Result<(), ScanError>);

impl Scanner for Finds {
    fn scan(&self, _: &[u8]) -> Result<(), ScanError> {
        self.0.clone()
    }
}

on_both_databases!(what_is_not_found_clean_is_neither_read_nor_kept, |database| {
    let town = town(database);
    let folder = tempfile::tempdir().unwrap();
    let send = |found: Result<(), ScanError>, bytes: &[u8]| {
        let files = Files::open(folder.path()).unwrap().with_scanner(Some(Arc::new(Finds(found))));
        accept(&Context { files: Arc::new(files), ..town.ctx.clone() }, bytes, Some(party(1)))
    };
    let infected = ScanError::Infected { signature: "Test".to_owned() };
    for refusal in [infected, ScanError::Away("refused".to_owned())] {
        for bytes in [&picture()[..], b"not a picture"] {
            let refused = send(Err(refusal.clone()), bytes);
            assert!(matches!(refused, Err(AcceptError::Scan(ref error)) if *error == refusal), "before it is decoded");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(database.read_blocking(|reader| reader.list_uploads_of(party(1))).unwrap().is_empty());
    let kept = send(Ok(()), &picture()).unwrap();
    assert!(Files::open(folder.path()).unwrap().path(&kept.id, Size::Full).exists());
});
