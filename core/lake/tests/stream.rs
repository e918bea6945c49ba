//! Lakes that share a stream of NATS JetStream, an object store and a manifest.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/nats.rs"]
mod nats;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Moment};

use common::{HOUR_US, Hand, noon, reading, small};
use dipper_lake::{AppendError, Count, Lake, LakeError, Objects, Options, Order, Range, Sharing, outside};
use model::{Instant, Reading, SeriesNo};
use nats::{Nats, Shelf};

/// What lakes of one city have in common.
struct City {
    root: tempfile::TempDir,
    nats: Nats,
    shelf: Arc<Shelf>,
    clock: Hand,
    opened: AtomicU32,
}

impl City {
    fn start() -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        let nats = Nats::start(root.path())?;
        Some(Self { root, nats, shelf: Arc::default(), clock: Hand::new(), opened: AtomicU32::new(0) })
    }

    fn sharing(&self, name: &str) -> Sharing {
        Sharing {
            servers: self.nats.url(),
            stream: "readings".to_owned(),
            copies: 1,
            max_bytes: 64 << 20,
            replica: format!("{name}-{}", self.opened.fetch_add(1, Ordering::Relaxed)),
            manifests: Arc::<Shelf>::clone(&self.shelf),
            heard: None,
        }
    }

    fn open_with(&self, name: &str, change: impl FnOnce(&mut Options)) -> Result<Lake, LakeError> {
        let store = format!("file://{}", self.root.path().join("store").display());
        let mut options = Options {
            objects: Some(Objects::new(&store, [])?),
            sharing: Some(self.sharing(name)),
            local_bytes: 0,
            segment_bytes: 32 << 20,
            ..small()
        };
        change(&mut options);
        Lake::open(self.root.path().join(name), options, Arc::new(self.clock.clone()))
    }

    fn open(&self, name: &str) -> Lake {
        self.open_with(name, |_| ()).unwrap()
    }
}

fn all(lake: &Lake) -> Vec<Reading> {
    let range = |series| Range {
        series: SeriesNo(series),
        from: Instant::from_micros(0),
        to: Instant::from_micros(i64::MAX),
        order: Order::Ascending,
        limit: usize::MAX,
        after: None,
    };
    (0..6).flat_map(|series| lake.range(&range(series)).unwrap()).collect()
}

fn count(lake: &Lake) -> u64 {
    let series = (0..6).map(SeriesNo).collect();
    let (from, to) = (Instant::from_micros(0), Instant::from_micros(i64::MAX));
    lake.count(&Count { series, from, to, most: u64::MAX }).unwrap()
}

/// Waits until something is so.
fn until(what: &str, is: impl Fn() -> bool) {
    let end = Moment::now() + Duration::from_secs(30);
    while !is() {
        assert!(Moment::now() < end, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

type Kept = BTreeMap<(SeriesNo, Instant), Reading>;

fn round(number: i64) -> Vec<Reading> {
    let row =
        |n: i64| reading((n % 6) as u32, (n % 5) as u32, noon() + (number * 20 + n) * 1_000_000, (n * number) as f64);
    (0..30).map(row).collect()
}

fn keep(kept: &mut Kept, batch: Vec<Reading>) {
    kept.extend(batch.into_iter().map(|reading| ((reading.series, reading.at), reading)));
}

fn expected(kept: &Kept) -> Vec<Reading> {
    kept.values().copied().collect()
}

#[test]
fn what_one_lake_takes_every_lake_has_hot_and_rolled() {
    let Some(city) = City::start() else { return };
    let lakes = [city.open("a"), city.open("b")];
    let mut kept = Kept::new();
    for number in 0..12 {
        let taking = &lakes[number as usize % 2];
        taking.append_blocking(round(number)).unwrap();
        keep(&mut kept, round(number));
        assert_eq!(all(taking), expected(&kept), "what is acknowledged is in the answer");
        let other = &lakes[(number as usize + 1) % 2];
        until("the other lake shows it", || all(other) == expected(&kept));
        if number % 3 == 2 {
            other.roll(city.clock.forward(HOUR_US)).unwrap();
            until("both let go of what is rolled", || lakes.iter().all(|lake| lake.stats().hot_readings == 0));
            for lake in &lakes {
                assert_eq!(all(lake), expected(&kept), "after round {number}");
                assert_eq!(count(lake), kept.len() as u64);
                assert_eq!(lake.latest(SeriesNo(3)), kept.values().rfind(|one| one.series.0 == 3).copied());
            }
        }
    }
    assert!(lakes[0].verify().is_empty());
    assert_eq!(lakes[0].sealed_after(0, 1_000), lakes[1].sealed_after(0, 1_000));
    // A lake that comes later has everything, the hot part as well.
    lakes[0].append_blocking(round(40)).unwrap();
    keep(&mut kept, round(40));
    let late = city.open("c");
    assert_eq!(all(&late), expected(&kept));
    // And all of them may go: what is in the stream is there.
    drop((lakes, late));
    let again = city.open("a");
    assert_eq!(all(&again), expected(&kept));
    assert_eq!(again.stats().hot_readings, 30);
}

#[test]
fn lakes_that_seal_at_the_same_time_lose_and_double_nothing() {
    let Some(city) = City::start() else { return };
    let lakes: Vec<Lake> = ["a", "b", "c"].map(|name| city.open(name)).into();
    let kept: Mutex<Kept> = Mutex::default();
    let overtaken = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for (place, lake) in lakes.iter().enumerate() {
            let (kept, overtaken, clock) = (&kept, &overtaken, &city.clock);
            scope.spawn(move || {
                for number in 0..25 {
                    let batch = round(number * 3 + place as i64);
                    // Of readings alike the one that comes later counts; these differ in their instants alone.
                    let batch: Vec<Reading> = batch.into_iter().map(|one| Reading { value: 1.0, ..one }).collect();
                    lake.append_blocking(batch.clone()).unwrap();
                    keep(&mut kept.lock().unwrap(), batch);
                    match lake.roll(clock.forward(1_000_000)) {
                        Err(LakeError::Overtaken) => overtaken.fetch_add(1, Ordering::Relaxed),
                        done => {
                            done.unwrap();
                            0
                        }
                    };
                }
            });
        }
    });
    let kept = kept.into_inner().unwrap();
    let same = |reading: &Reading| (reading.series, reading.at);
    for lake in &lakes {
        until("the lakes agree", || count(lake) == kept.len() as u64);
        assert_eq!(all(lake).iter().map(same).collect::<Vec<_>>(), kept.keys().copied().collect::<Vec<_>>());
        assert!(lake.verify().is_empty());
    }
    println!("overtaken {} times of 75", overtaken.load(Ordering::Relaxed));
}

#[test]
fn what_a_lake_that_is_gone_ended_another_one_rolls() {
    let Some(city) = City::start() else { return };
    let stays = city.open("stays");
    {
        let gone = city.open("gone");
        gone.append_blocking(round(1)).unwrap();
        // Its store is not there: it ends its table and cannot roll it.
        std::fs::rename(city.root.path().join("store"), city.root.path().join("away")).unwrap();
        std::fs::write(city.root.path().join("store"), "no folder").unwrap();
        assert!(gone.roll(city.clock.forward(1)).is_err());
    }
    std::fs::remove_file(city.root.path().join("store")).unwrap();
    std::fs::rename(city.root.path().join("away"), city.root.path().join("store")).unwrap();
    until("the other one sees it", || stays.stats().hot_readings == 30);
    stays.roll(city.clock.forward(60_000_000)).unwrap();
    assert_eq!(stays.stats().hot_readings, 30, "whoever ended it may still be about it");
    stays.roll(city.clock.forward(5 * 60_000_000)).unwrap();
    assert_eq!(stays.stats().hot_readings, 0);
    stays.append_blocking(round(9)).unwrap();
    let mut kept = Kept::new();
    keep(&mut kept, round(1));
    keep(&mut kept, round(9));
    assert_eq!(all(&stays), expected(&kept));
}

#[test]
fn a_server_that_is_killed_under_load_loses_and_doubles_nothing() {
    let Some(mut city) = City::start() else { return };
    let lakes = [city.open("a"), city.open("b")];
    let (kept, stop): (Mutex<Kept>, AtomicBool) = (Mutex::default(), AtomicBool::new(false));
    let refused = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for (place, lake) in lakes.iter().enumerate() {
            let (kept, stop, refused, clock) = (&kept, &stop, &refused, city.clock.clone());
            scope.spawn(move || {
                let mut number = place as i64;
                while !stop.load(Ordering::Relaxed) {
                    let batch: Vec<Reading> =
                        round(number * 7).into_iter().map(|one| Reading { value: number as f64, ..one }).collect();
                    match lake.append_blocking(batch.clone()) {
                        Ok(()) => keep(&mut kept.lock().unwrap(), batch),
                        Err(error) => {
                            assert!(matches!(error, AppendError::Stream { .. }), "{error}");
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    number += 2;
                    if number % 64 < 2 {
                        // What cannot be rolled while the server is away is rolled later.
                        let _ = lake.roll(clock.forward(1_000_000));
                    }
                }
            });
        }
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(400));
            city.nats.kill();
            std::thread::sleep(Duration::from_millis(300));
            city.nats.start_again();
        }
        std::thread::sleep(Duration::from_secs(2));
        stop.store(true, Ordering::Relaxed);
    });
    let kept = kept.into_inner().unwrap();
    assert!(kept.len() > 500, "{} readings were taken", kept.len());
    for lake in &lakes {
        until("every reading that was acknowledged is there", || {
            let found: Kept = all(lake).into_iter().map(|one| ((one.series, one.at), one)).collect();
            kept.keys().all(|key| found.contains_key(key)) && found.len() as u64 == count(lake)
        });
    }
    println!("{} readings, {} batches refused", kept.len(), refused.load(Ordering::Relaxed));
}

#[test]
fn whoever_listens_hears_of_readings_of_every_lake() {
    let Some(city) = City::start() else { return };
    let taking = city.open("taking");
    taking.append_blocking(round(1)).unwrap();
    let (tell, mut heard) = tokio::sync::mpsc::channel(4);
    let listens = city.open_with("listens", |options| options.sharing.as_mut().unwrap().heard = Some(tell)).unwrap();
    taking.append_blocking(round(2)).unwrap();
    listens.append_blocking(round(3)).unwrap();
    assert_eq!(heard.blocking_recv(), Some(round(2)), "of what came after it was opened, in the order of the stream");
    assert_eq!(heard.blocking_recv(), Some(round(3)));
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let Some(mut city) = City::start() else { return };
    // No store.
    let refused = city.open_with("a", |options| options.objects = None).unwrap_err();
    assert!(matches!(refused, LakeError::StreamNeedsStore), "{refused}");
    // A folder with a lake of its own.
    let plain = city.root.path().join("plain");
    drop(Lake::open(&plain, small(), Arc::new(city.clock.clone())).unwrap());
    let refused = city.open_with("plain", |_| ()).unwrap_err();
    assert!(matches!(refused, LakeError::NotShared { .. }), "{refused}");
    // A stream that is full.
    let full = |options: &mut Options| {
        let sharing = options.sharing.as_mut().unwrap();
        (sharing.stream, sharing.max_bytes) = ("narrow".to_owned(), 4_096);
    };
    let narrow = city.open_with("a", full).unwrap();
    let refused = loop {
        if let Err(error) = narrow.append_blocking(round(1)) {
            break error;
        }
    };
    assert_eq!(refused, AppendError::StreamFull);
    let before = narrow.stats().hot_readings;
    assert!(before > 0);
    drop(narrow);
    // Addresses that are none, and a server that is away.
    let refused =
        city.open_with("a", |options| options.sharing.as_mut().unwrap().servers = "nats://[".to_owned()).unwrap_err();
    assert!(matches!(refused, LakeError::StreamServers), "{refused}");
    city.nats.kill();
    let refused = city.open_with("a", |_| ()).unwrap_err();
    assert!(matches!(refused, LakeError::StreamAway { .. }), "{refused}");
    city.nats.start_again();
}

#[test]
fn a_shared_lake_is_copied_into_a_folder_and_a_lake_of_a_folder_is_shared() {
    let Some(city) = City::start() else { return };
    let store = Objects::new(&format!("file://{}", city.root.path().join("store").display()), []).unwrap();
    let lake = city.open("a");
    let mut kept = Kept::new();
    for number in 0..4 {
        lake.append_blocking(round(number)).unwrap();
        keep(&mut kept, round(number));
        if number == 1 {
            lake.roll(city.clock.forward(HOUR_US)).unwrap();
        }
    }
    let copy = city.root.path().join("copy");
    let copied = outside::copy_shared(&city.sharing("copy"), &store, &copy, &city.clock).unwrap().unwrap();
    assert_eq!((copied.files, copied.segments), (lake.stats().files, 1));
    assert_eq!(outside::list_shared(&*city.shelf).unwrap().len() as u64, lake.stats().files);
    drop(lake);
    let alone = Lake::open(&copy, small(), Arc::new(city.clock.clone())).unwrap();
    assert_eq!(all(&alone), expected(&kept));
    assert_eq!(alone.stats().hot_readings, 60);
    drop(alone);

    // The way back: another city begins with the copy.
    let Some(other) = City::start() else { return };
    let options = || {
        let store = format!("file://{}", other.root.path().join("store").display());
        Options { objects: Some(Objects::new(&store, []).unwrap()), local_bytes: 0, ..small() }
    };
    let share = || outside::share(&copy, options(), &other.sharing("share"), Arc::new(other.clock.clone()));
    assert!(share().unwrap() > 0);
    assert!(matches!(share(), Err(LakeError::SharedAlready { .. })));
    let lakes = [other.open("a"), other.open("b")];
    for lake in &lakes {
        assert_eq!(all(lake), expected(&kept));
        assert_eq!(lake.stats().hot_readings, 0);
        assert_eq!(lake.latest(SeriesNo(3)), kept.values().rfind(|one| one.series.0 == 3).copied());
    }
    lakes[1].append_blocking(round(9)).unwrap();
    keep(&mut kept, round(9));
    lakes[1].roll(other.clock.forward(HOUR_US)).unwrap();
    until("both have it", || lakes.iter().all(|lake| all(lake) == expected(&kept) && lake.stats().hot_readings == 0));
}

#[test]
fn a_stream_that_was_emptied_is_noticed() {
    let Some(mut city) = City::start() else { return };
    let lake = city.open("a");
    for number in 0..5 {
        lake.append_blocking(round(number)).unwrap();
    }
    lake.roll(city.clock.forward(HOUR_US)).unwrap();
    drop(lake);
    city.nats.kill();
    std::fs::remove_dir_all(city.root.path().join("nats")).unwrap();
    city.nats.start_again();
    let refused = city.open_with("a", |_| ()).unwrap_err();
    assert!(matches!(refused, LakeError::StreamReplaced { last: 0, rolled: 6, .. }), "{refused}");
}
