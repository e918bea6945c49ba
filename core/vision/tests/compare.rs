//! Registration, differences and refusals on drawn panels.
#![allow(clippy::unwrap_used)]

mod panel;

use panel::{HEIGHT, Panel, Shot, WIDTH, blurred, draw, photograph, shade};
use proptest::prelude::*;
use vision::image::{Rgb, RgbImage};
use vision::{CompareError, CompareOptions, Comparison, Rect, compare};

fn shots() -> Vec<(&'static str, Shot)> {
    let plain = Shot::default();
    vec![
        ("held still", plain),
        ("turned 8°", Shot { turn_deg: 8.0, ..plain }),
        ("turned -15°, nearer", Shot { turn_deg: -15.0, scale: 1.15, ..plain }),
        ("farther", Shot { scale: 0.75, ..plain }),
        ("from the side", Shot { tilt: 1.5e-4, scale: 0.9, ..plain }),
        ("shifted", Shot { shift: (90.0, -60.0), ..plain }),
        ("dark", Shot { gain: 0.55, turn_deg: 3.0, ..plain }),
        ("bright", Shot { gain: 1.25, turn_deg: -3.0, ..plain }),
        ("lit from one side", Shot { side_light: 0.5, gain: 0.8, shift: (20.0, 10.0), ..plain }),
        ("noisy and compressed", Shot { noise: 6.0, jpeg_quality: 55, turn_deg: 5.0, ..plain }),
    ]
}

fn error_px(found: &Comparison, shot: &Shot) -> f64 {
    let mut worst = 0.0_f64;
    for (x, y) in [(150.0, 150.0), (1100.0, 150.0), (1100.0, 800.0), (150.0, 800.0), (640.0, 480.0)] {
        let (a, b) = (found.map.apply((x, y)), shot.map().apply((x, y)));
        worst = worst.max((a.0 - b.0).hypot(a.1 - b.1));
    }
    worst
}

/// The parts that may change: dial, lamp, switch, sticker.
fn place(name: &str) -> Rect {
    let (x, y, width, height) = match name {
        "dial" => (180.0, 180.0, 240.0, 240.0),
        "lamp" => (940.0, 220.0, 80.0, 80.0),
        "switch" => (895.0, 595.0, 110.0, 150.0),
        _ => (410.0, 610.0, 110.0, 80.0),
    };
    Rect { x, y, width, height }
}

fn middle_is_in(rect: &Rect, place: &Rect) -> bool {
    place.contains(rect.x + rect.width / 2.0, rect.y + rect.height / 2.0)
}

#[test]
fn an_unchanged_panel_is_registered_within_a_pixel_and_shows_no_region() {
    let scene = draw(&Panel::default());
    let before = photograph(&scene, &Shot::default(), 1);
    let mut faults = Vec::new();
    for (name, shot) in shots() {
        match compare(&before, &photograph(&scene, &shot, 2), &CompareOptions::default()) {
            Ok(found) => {
                let error = error_px(&found, &shot);
                println!(
                    "{name}: error {error:.2} px, {} inliers, residual {:.2}, overlap {:.2}",
                    found.inliers, found.residual_px, found.overlap
                );
                if error > 1.0 || !found.regions.is_empty() {
                    faults.push(format!("{name}: error {error:.2} px, regions {:?}", found.regions));
                }
            }
            Err(error) => faults.push(format!("{name}: {error}")),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn each_change_is_found_in_nine_of_ten_pictures_with_a_false_region_in_at_most_one_of_twenty() {
    let before = photograph(&draw(&Panel::default()), &Shot::default(), 1);
    let changes = [
        ("dial", Panel { needle_deg: 20.0, ..Panel::default() }),
        ("lamp", Panel { lamp_is_on: true, ..Panel::default() }),
        ("switch", Panel { switch_is_up: false, ..Panel::default() }),
        ("sticker", Panel { sticker: true, ..Panel::default() }),
    ];
    let (mut seen, mut all, mut false_alarms) = (0, 0, Vec::new());
    for (part, changed) in &changes {
        let scene = draw(changed);
        for (name, shot) in shots() {
            all += 1;
            let Ok(found) = compare(&before, &photograph(&scene, &shot, 3), &CompareOptions::default()) else {
                continue;
            };
            let hits = found.regions.iter().filter(|region| middle_is_in(&region.before, &place(part))).count();
            if hits == 0 {
                println!("missed: {part}, {name}");
            }
            seen += usize::from(hits > 0);
            if hits < found.regions.len() {
                false_alarms.push(format!("{part}, {name}: {:?}", found.regions));
            }
        }
    }
    println!("{seen} of {all} changes seen, {} pictures with a false region", false_alarms.len());
    assert!(10 * seen >= 9 * all, "{seen} of {all} seen");
    assert!(20 * false_alarms.len() <= all, "{false_alarms:#?}");
}

#[test]
fn a_moved_shadow_is_no_region_and_does_not_hide_a_moved_needle() {
    let mut first = draw(&Panel::default());
    shade(&mut first, 100.0, 420.0, 0.6);
    let before = photograph(&first, &Shot::default(), 1);
    let shadowed = |panel: &Panel| {
        let mut scene = draw(panel);
        shade(&mut scene, 260.0, 640.0, 0.6);
        photograph(&scene, &Shot { turn_deg: 2.0, ..Shot::default() }, 2)
    };
    let still = compare(&before, &shadowed(&Panel::default()), &CompareOptions::default()).unwrap();
    assert_eq!(still.regions, []);
    let moved = Panel { needle_deg: 60.0, ..Panel::default() };
    let found = compare(&before, &shadowed(&moved), &CompareOptions::default()).unwrap();
    assert!(found.regions.iter().any(|region| middle_is_in(&region.before, &place("dial"))), "{:?}", found.regions);
}

#[test]
fn an_ignored_area_reports_nothing() {
    let before = draw(&Panel::default());
    let after = draw(&Panel { lamp_is_on: true, ..Panel::default() });
    let options = CompareOptions { ignore: vec![place("lamp")], ..CompareOptions::default() };
    assert_eq!(compare(&before, &after, &options).unwrap().regions, []);
    assert_eq!(compare(&before, &after, &CompareOptions::default()).unwrap().regions.len(), 1);
}

#[test]
fn pictures_unfit_to_compare_are_refused_by_name() {
    let panel = draw(&Panel::default());
    let other = draw(&Panel { seed: 99, needle_deg: 80.0, second_needle_deg: -80.0, ..Panel::default() });
    let plain = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([90, 90, 90]));
    let compared = |after: &RgbImage| compare(&panel, after, &CompareOptions::default()).unwrap_err();
    assert!(matches!(compared(&RgbImage::new(40, 400)), CompareError::TooSmall { width: 40, height: 400, .. }));
    assert!(matches!(compared(&RgbImage::new(6_000, 4_001)), CompareError::TooLarge { pixels: 24_006_000, .. }));
    assert!(matches!(compared(&plain), CompareError::TooPlain { .. }));
    assert!(matches!(compared(&blurred(&panel, 14.0)), CompareError::TooBlurred { .. }));
    let mut noise = 5;
    let lawn = RgbImage::from_fn(WIDTH, HEIGHT, |_, _| Rgb([(panel::random(&mut noise) * 255.0) as u8; 3]));
    assert!(matches!(compared(&lawn), CompareError::NotTheSameScene { .. }));
    // Only the dials and the switch are the same: not where the baseline was taken.
    if let Ok(found) = compare(&panel, &other, &CompareOptions::default()) {
        assert!(!found.regions.is_empty(), "another panel shows differences");
    }
}

#[test]
fn one_seed_gives_one_answer() {
    let scene = draw(&Panel::default());
    let after = photograph(&scene, &Shot { turn_deg: 4.0, ..Shot::default() }, 2);
    let first = compare(&scene, &after, &CompareOptions::default());
    assert_eq!(first, compare(&scene, &after, &CompareOptions::default()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_picture_makes_it_panic(width in 0_u32..260, height in 0_u32..260, seed in 1_u64.., grain in 1_u32..40) {
        let picture = |seed: u64| {
            RgbImage::from_fn(width, height, |x, y| {
                let mut state = seed ^ (u64::from(x / grain) * 7_919 + u64::from(y / grain) * 104_729 + 1);
                panel::random(&mut state);
                Rgb([(panel::random(&mut state) * 255.0) as u8, (x % 256) as u8, (y % 256) as u8])
            })
        };
        let (a, b) = (picture(seed), picture(seed.rotate_left(7) | 1));
        let _ = compare(&a, &b, &CompareOptions::default());
        // A picture against itself differs nowhere, when it can be compared at all.
        if let Ok(found) = compare(&a, &a, &CompareOptions::default()) {
            prop_assert_eq!(found.regions, vec![]);
        }
    }
}
