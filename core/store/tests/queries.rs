//! Lists, counts and maps over many cases.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use grid::{Bounds, LonLat, MultiPolygon, Polygon};
use model::{ClockName, EventBody, Instant, NewEvent, OfficeId, PartyId, RoleId};
use store::{Area, AreaError, CaseFilter, CaseRow, CaseScope, CaseSort, Cursor, StoreError};
use testkit::{Database, Story, on_both_databases};

const HOUR_US: i64 = 3_600_000_000;

fn noon() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn after_h(hours: i64) -> Instant {
    noon().plus_micros(hours * HOUR_US)
}

fn clerk() -> PartyId {
    PartyId::new(noon(), 1)
}

/// Twelve cases, one an hour: by turns in d1/s1, d1/s2, d2/s1; every fourth one closed; every second one assigned.
fn twelve(database: &Database) {
    database
        .write_blocking(|tx| {
            for number in 0..12_i64 {
                let region = ["city/d1/s1/", "city/d1/s2/", "city/d2/s3/"][usize::try_from(number % 3).unwrap()];
                let story = Story {
                    region_path: region.into(),
                    category: if number % 2 == 0 { "pothole" } else { "graffiti" }.into(),
                    point: Some((112.90 + 0.01 * number as f64, 32.50)),
                    description: format!("第 {number} 号 Damage 100%_sure"),
                    hours: 24 - number,
                    reporter: (number == 5).then(clerk),
                    ..Story::default()
                };
                let at = after_h(number);
                if number % 4 == 0 {
                    story.whole(tx, clerk(), at)?;
                } else {
                    let case = story.file(tx, at)?;
                    if number % 2 == 1 {
                        story.assign(tx, &case, clerk(), at)?;
                    }
                }
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn list(database: &Database, filter: CaseFilter, sort: CaseSort) -> Vec<u32> {
    let rows = database.read_blocking(move |reader| reader.list_cases(&filter, sort, None, 100)).unwrap();
    assert_eq!(rows.next, None);
    rows.items.iter().map(serial).collect()
}

/// The serial of the case number less one: the number in [`twelve`].
fn serial(row: &CaseRow) -> u32 {
    row.no.as_str().rsplit('-').next().unwrap().parse::<u32>().unwrap() - 1
}

on_both_databases!(filters_narrow_to_the_cases_they_name, |database| {
    twelve(database);
    let all = CaseFilter::default;
    let open = || CaseFilter { open: Some(true), ..CaseFilter::default() };
    let role = |role: &str, office: &str| vec![(role.parse::<RoleId>().unwrap(), office.parse::<OfficeId>().unwrap())];
    let region = |path: &str| Some(path.to_owned());
    let cases: Vec<(&str, CaseFilter, &[u32])> = vec![
        ("all", all(), &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("open", open(), &[11, 10, 9, 7, 6, 5, 3, 2, 1]),
        ("ended", CaseFilter { open: Some(false), ..all() }, &[8, 4, 0]),
        ("district", CaseFilter { region_path: region("city/d1/"), ..all() }, &[10, 9, 7, 6, 4, 3, 1, 0]),
        ("open in a street", CaseFilter { region_path: region("city/d1/s2/"), ..open() }, &[10, 7, 1]),
        ("exact region", CaseFilter { region: Some("s3".parse().unwrap()), ..all() }, &[11, 8, 5, 2]),
        ("queue", CaseFilter { tasks: role("acceptor", "centre"), ..all() }, &[10, 6, 2]),
        ("handler", CaseFilter { handler: Some("roads".parse().unwrap()), ..open() }, &[11, 9, 7, 5, 3, 1]),
        ("office of the task", CaseFilter { task_office: Some("centre".parse().unwrap()), ..all() }, &[10, 6, 2]),
        ("unassigned", CaseFilter { unassigned: true, ..all() }, &[11, 10, 9, 7, 6, 5, 3, 2, 1]),
        ("category", CaseFilter { categories: vec!["graffiti".parse().unwrap()], ..all() }, &[11, 9, 7, 5, 3, 1]),
        (
            "open of two categories",
            CaseFilter { categories: vec!["graffiti".parse().unwrap(), "x".parse().unwrap()], ..open() },
            &[11, 9, 7, 5, 3, 1],
        ),
        ("state", CaseFilter { state: Some("assigned".parse().unwrap()), ..all() }, &[11, 9, 7, 5, 3, 1]),
        ("stage", CaseFilter { stage: Some("close".parse().unwrap()), ..all() }, &[8, 4, 0]),
        ("reported from", CaseFilter { opened_from: Some(after_h(10)), ..all() }, &[11, 10]),
        ("reported before", CaseFilter { opened_before: Some(after_h(2)), ..all() }, &[1, 0]),
        ("changed from", CaseFilter { updated_from: Some(after_h(11)), ..all() }, &[11, 8]),
        ("member", CaseFilter { member: Some(clerk()), ..all() }, &[5]),
        ("number", CaseFilter { text: Some(" yg20261123-000003 ".into()), ..all() }, &[2]),
        ("beginning of a number", CaseFilter { text: Some("YG20261123-00001".into()), ..all() }, &[11, 10, 9]),
        ("words", CaseFilter { text: Some("第 7 号 dAMAGE".into()), ..all() }, &[7]),
        (
            "signs of LIKE are plain",
            CaseFilter { text: Some("100%_SURE".into()), ..open() },
            &[11, 10, 9, 7, 6, 5, 3, 2, 1],
        ),
        (
            "words or a category whose name holds them",
            CaseFilter {
                text: Some("第 7 号 dAMAGE".into()),
                text_categories: vec!["graffiti".parse().unwrap()],
                ..all()
            },
            &[11, 9, 7, 5, 3, 1],
        ),
        ("no sign of LIKE escapes", CaseFilter { text: Some("1_0%".into()), ..all() }, &[]),
        ("address", CaseFilter { text: Some("天枢路".into()), open: Some(false), ..all() }, &[8, 4, 0]),
        ("late", CaseFilter { late_at: Some(after_h(24)), ..all() }, &[]),
        (
            "late one microsecond after",
            CaseFilter { late_at: Some(after_h(24).plus_micros(1)), ..all() },
            &[11, 10, 9, 7, 6, 5, 3, 2, 1],
        ),
        ("due before", CaseFilter { due_before: Some(after_h(24)), ..all() }, &[]),
        ("box", CaseFilter { bounds: Some(Bounds::new(112.925, 32.4, 112.955, 32.6).unwrap()), ..all() }, &[5, 4, 3]),
        (
            "box of open ones",
            CaseFilter { bounds: Some(Bounds::new(112.925, 32.4, 112.955, 32.6).unwrap()), ..open() },
            &[5, 3],
        ),
        ("scope of a region", CaseFilter { within: vec![scope("city/d2/", "")], ..all() }, &[11, 8, 5, 2]),
        ("scope of an office", CaseFilter { within: vec![scope("", "roads")], ..all() }, &[11, 9, 8, 7, 5, 4, 3, 1, 0]),
        (
            "two scopes",
            CaseFilter { within: vec![scope("city/d2/", "roads"), scope("city/d1/s2/", "")], ..all() },
            &[11, 10, 8, 7, 5, 4, 1],
        ),
    ];
    for (name, filter, expect) in cases {
        let count = {
            let filter = filter.clone();
            database.read_blocking(move |reader| reader.count_cases(&filter, 1_000)).unwrap()
        };
        assert_eq!((count.count as usize, count.more), (expect.len(), false), "{name}");
        assert_eq!(list(database, filter, CaseSort::Opened), expect, "{name}");
    }
});

/// Numbers of the cases that an area holds, as the database finds them and as every point says by itself.
fn held(database: &Database, area: &Area, filter: &CaseFilter) -> (Vec<u32>, Vec<u32>) {
    let (of_area, of_all) = (area.clone(), filter.clone());
    let found = database.read_blocking(move |db| db.cases_in_area(&of_area, &of_all, 1_000)).unwrap();
    assert_eq!((found.total as usize, found.cut), (found.items.len(), false));
    let all = filter.clone();
    let rows = database.read_blocking(move |db| db.list_cases(&all, CaseSort::Opened, None, 1_000)).unwrap();
    let is_in = |row: &&CaseRow| {
        let point = row.lon.zip(row.lat).and_then(|(lon, lat)| LonLat::new(lon, lat).ok());
        point.is_some_and(|point| area.contains(point))
    };
    (found.items.iter().map(serial).collect(), rows.items.iter().filter(is_in).map(serial).collect())
}

on_both_databases!(an_area_holds_the_cases_whose_points_are_in_it, |database| {
    let mut random = testkit::SeededEntropy::new(7);
    let mut unit = move || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let points: Vec<(f64, f64)> = (0..300).map(|_| (112.80 + 0.2 * unit(), 32.40 + 0.2 * unit())).collect();
    database
        .write_blocking(move |tx| {
            for (minute, point) in (0..).zip(points) {
                let story = Story { point: Some(point), ..Story::default() };
                let at = noon().plus_micros(minute * 60_000_000);
                if minute % 3 == 0 {
                    story.whole(tx, clerk(), at)?;
                } else {
                    story.file(tx, at)?;
                }
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let corner = |lon: f64, lat: f64| LonLat::new(lon, lat).unwrap();
    let open = CaseFilter { open: Some(true), ..CaseFilter::default() };
    let mut held_in_all = 0;
    for _ in 0..25 {
        let (lon, lat, size) = (112.80 + 0.2 * unit(), 32.40 + 0.2 * unit(), 0.005 + 0.08 * unit());
        let star: Vec<LonLat> = (0..9)
            .map(|ray| {
                let (turn, far) = (f64::from(ray) * std::f64::consts::TAU / 9.0, size * (0.2 + 0.8 * unit()));
                corner(lon + far * turn.cos(), lat + far * turn.sin())
            })
            .collect();
        let hole = [corner(lon, lat), corner(lon + size / 9.0, lat), corner(lon, lat + size / 9.0)];
        let polygon = MultiPolygon(vec![Polygon::new([&star[..], &hole[..]]).unwrap()]);
        for area in [Area::polygons(polygon).unwrap(), Area::circle(corner(lon, lat), size * 1e5).unwrap()] {
            for filter in [&CaseFilter::default(), &open] {
                let (found, expect) = held(database, &area, filter);
                assert_eq!(found, expect);
                held_in_all += found.len();
            }
        }
    }
    assert!(held_in_all > 1_000, "the areas hold something: {held_in_all}");
    let here = corner(112.9, 32.5);
    let area = Area::circle(here, 3_000.0).unwrap();
    let first = database.read_blocking(move |db| db.cases_in_area(&area, &CaseFilter::default(), 2)).unwrap();
    assert!(first.items.len() == 2 && first.total > 2, "the first of more");
    for radius_m in [0.0, -1.0, f64::NAN, 100_001.0] {
        assert!(matches!(Area::circle(here, radius_m), Err(AreaError::Radius { .. })), "{radius_m}");
    }
    assert!(matches!(Area::circle(corner(0.0, 89.9), 10.0), Err(AreaError::Polygon(_))));
});

on_both_databases!(cases_raised_to_any_of_several_offices_are_found, |database| {
    database
        .write_blocking(|tx| {
            for office in ["bureau", "mayor", "museum"] {
                let story = Story::default();
                let case = story.file(tx, noon())?;
                let (level, office, clock) = (1, office.parse().unwrap(), ClockName::Task);
                let body = EventBody::Escalated { level, office, clock, next_at: None };
                let event = NewEvent { at: after_h(1), actor: model::Actor::system("test"), body };
                story.append(tx, case.id, Some(&case), after_h(1), vec![event])?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    for (offices, expect) in [(vec![], &[2, 1, 0][..]), (vec!["bureau"], &[0]), (vec!["bureau", "museum"], &[2, 0])] {
        let watchers = offices.iter().map(|office| office.parse().unwrap()).collect();
        assert_eq!(list(database, CaseFilter { watchers, ..CaseFilter::default() }, CaseSort::Opened), expect);
    }
});

fn scope(region_path: &str, office: &str) -> CaseScope {
    CaseScope {
        region_path: Some(region_path.to_owned()).filter(|path| !path.is_empty()),
        office: Some(office).filter(|office| !office.is_empty()).map(|office| office.parse().unwrap()),
    }
}

on_both_databases!(pages_follow_each_other_without_gap_or_double, |database| {
    twelve(database);
    for (sort, expect) in [
        (CaseSort::Opened, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        // Case n is due at hour 24; nothing is due where it is closed, which comes last in order of arrival.
        (CaseSort::Due, [1, 2, 3, 5, 6, 7, 9, 10, 11, 0, 4, 8]),
        // Closed three hours after they were reported.
        (CaseSort::Updated, [11, 8, 10, 9, 7, 4, 6, 5, 3, 0, 2, 1]),
    ] {
        for size in [1, 5, 12, 50] {
            let mut seen = Vec::new();
            let mut cursor: Option<Cursor> = None;
            loop {
                let page = database
                    .read_blocking(move |reader| reader.list_cases(&CaseFilter::default(), sort, cursor, size))
                    .unwrap();
                assert!(page.items.len() <= size as usize);
                seen.extend(page.items.iter().map(serial));
                cursor = page.next.map(|cursor| cursor.to_string().parse().unwrap());
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expect, "{sort:?} by {size}");
        }
    }
    assert!("7".parse::<Cursor>().is_err());
});

on_both_databases!(counts_stop_at_their_bound, |database| {
    twelve(database);
    for (at_most, expect) in [(12, (12, false)), (11, (11, true)), (100, (12, false)), (0, (0, true))] {
        let count = database.read_blocking(move |reader| reader.count_cases(&CaseFilter::default(), at_most)).unwrap();
        assert_eq!((count.count, count.more), expect, "{at_most}");
    }
});

on_both_databases!(due_cases_are_found_in_order_and_only_once_each, |database| {
    twelve(database);
    let due = |at: Instant| database.read_blocking(move |reader| reader.list_due(at, 100)).unwrap();
    assert!(due(after_h(24).plus_micros(-1)).is_empty());
    assert_eq!(due(after_h(24)).len(), 9);
    assert_eq!(database.read_blocking(store::Reader::next_due_at).unwrap(), Some(after_h(24)));
    let first = due(after_h(24))[0];
    database
        .write_blocking(move |tx| {
            let case = tx.get_case(first)?;
            let clock = case.task.as_ref().map_or(ClockName::Task, |task| task.clock);
            let passed = EventBody::DeadlinePassed { clock, due_at: after_h(24), next_at: None };
            let events = vec![NewEvent { at: after_h(24), actor: model::Actor::system("timer"), body: passed }];
            Story::default().append(tx, first, Some(&case), after_h(24), events)
        })
        .unwrap();
    assert!(!due(after_h(24)).contains(&first), "what is recorded as passed is not due again");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = database.read_blocking(move |reader| reader.page_due(after_h(30), cursor, 3)).unwrap();
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, due(after_h(30)));
});

on_both_databases!(boxes_reach_over_the_equator_and_the_date_line, |database| {
    let points = [(179.999, 0.001), (-179.999, -0.001), (179.9, 0.5), (0.001, 0.001), (-0.001, -0.001), (10.0, 10.0)];
    database
        .write_blocking(move |tx| {
            for point in points {
                Story { point: Some(point), ..Story::default() }.file(tx, noon())?;
            }
            Story { point: None, ..Story::default() }.file(tx, noon())
        })
        .unwrap();
    for (edges, expect) in [
        ([179.99, -0.01, -179.99, 0.01], vec![0, 1]),
        ([179.0, -1.0, -179.0, 1.0], vec![0, 1, 2]),
        ([-0.01, -0.01, 0.01, 0.01], vec![3, 4]),
        ([-180.0, -90.0, 180.0, 90.0], vec![0, 1, 2, 3, 4, 5]),
        ([20.0, 20.0, 21.0, 21.0], vec![]),
    ] {
        let [west, south, east, north] = edges;
        let bounds = Bounds::new(west, south, east, north).unwrap();
        let rows =
            database.read_blocking(move |reader| reader.cases_in_bounds(bounds, &CaseFilter::default(), 100)).unwrap();
        let mut found: Vec<u32> = rows.iter().map(serial).collect();
        found.sort_unstable();
        assert_eq!(found, expect, "{edges:?}");
        let clusters = database
            .read_blocking(move |reader| reader.clusters_in_bounds(bounds, &CaseFilter::default(), 8, after_h(25)))
            .unwrap();
        assert!(!clusters.cut);
        assert_eq!(
            clusters.items.iter().map(|cluster| cluster.count as usize).sum::<usize>(),
            expect.len(),
            "{edges:?}"
        );
        assert!(
            clusters.items.iter().all(|cluster| cluster.late == cluster.count),
            "all of them are overdue after a day"
        );
        let inside = |lon: f64, lat: f64| bounds.contains(LonLat::new(lon, lat).unwrap());
        assert!(clusters.items.iter().all(|cluster| inside(cluster.lon, cluster.lat)), "{:?}", clusters.items);
    }
});

on_both_databases!(the_nearest_cases_come_first, |database| {
    twelve(database);
    let here = LonLat::new(112.93, 32.5).unwrap();
    // One hundredth of a degree of longitude is 938 m there.
    let near =
        database.read_blocking(move |reader| reader.cases_near(here, 1_900.0, &CaseFilter::default(), 4)).unwrap();
    assert_eq!(near.iter().map(|(_, row)| serial(row)).collect::<Vec<_>>()[..1], [3]);
    assert_eq!(near.len(), 4);
    assert!(
        near.windows(2).all(|pair| pair[0].0 <= pair[1].0) && near[0].0 < 0.01 && (930.0..945.0).contains(&near[1].0),
        "{near:?}"
    );
    let pole = LonLat::new(0.0, 89.999).unwrap();
    assert!(
        database
            .read_blocking(move |reader| reader.cases_near(pole, 1_900.0, &CaseFilter::default(), 4))
            .unwrap()
            .is_empty()
    );
});

on_both_databases!(steps_and_members_of_a_case_are_shown, |database| {
    let reporter = PartyId::new(noon(), 9);
    let case = database
        .write_blocking(move |tx| Story { reporter: Some(reporter), ..Story::default() }.whole(tx, clerk(), noon()))
        .unwrap();
    let (id, evidence) = (case.id, case.evidence["report"][0]);
    let steps = database.read_blocking(move |reader| reader.list_case_steps(id)).unwrap();
    assert_eq!(steps.len(), case.steps.len());
    for (row, step) in steps.iter().zip(&case.steps) {
        assert_eq!(
            (row.seq, &row.state, &row.stage, row.left_at, row.due_at),
            (step.seq, &step.state, &step.stage, step.left_at, step.due_at)
        );
        assert_eq!((row.done_by, &row.left_by, row.exempt), (step.done_by, &step.left_by, step.exempt));
    }
    let (yes, no) = database
        .read_blocking(move |reader| {
            Ok::<_, StoreError>((reader.is_member(id, reporter)?, reader.is_member(id, clerk())?))
        })
        .unwrap();
    assert!(yes && !no);
    assert_eq!(database.read_blocking(move |reader| reader.cases_with_evidence(&evidence)).unwrap(), [id]);
    let row = database.read_blocking(move |reader| reader.find_case_row(id)).unwrap().unwrap();
    assert_eq!(row, CaseRow::from_case(&case, "city/d1/s1/"));
    assert_eq!((row.on_time, row.settles_at, row.filed_at), (Some(true), case.closed_at, Some(after_h(1))));
});
