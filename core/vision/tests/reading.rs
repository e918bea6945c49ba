//! Dials and switches in photographs that are laid over the baseline.
#![allow(clippy::unwrap_used)]

mod panel;

use panel::{HEIGHT, Panel, Shot, WIDTH, dial, draw, photograph};
use proptest::prelude::*;
use vision::image::imageops::crop_imm;
use vision::image::{Rgb, RgbImage};
use vision::{CompareOptions, Dial, DialError, Rect, SwitchError, SwitchPosition, SwitchRegion};
use vision::{compare, read_dial, read_switch, warp};

#[test]
fn a_needle_is_read_within_two_percent_of_the_scale() {
    let before = draw(&Panel::default());
    let mut worst = 0.0_f64;
    for step in 0..9 {
        let value = 0.5 + f64::from(step) * 1.12;
        let scene = draw(&Panel { needle_deg: -135.0 + 27.0 * value, ..Panel::default() });
        let shot = Shot {
            turn_deg: f64::from(step) * 2.0 - 8.0,
            tilt: 1e-4,
            gain: 0.6 + 0.07 * f64::from(step),
            ..Shot::default()
        };
        let after = photograph(&scene, &shot, 4);
        let found = compare(&before, &after, &CompareOptions::default()).unwrap();
        let read = read_dial(&warp(&after, &found.map, WIDTH, HEIGHT), &dial()).unwrap();
        worst = worst.max((read.value - value).abs());
    }
    println!("worst error {worst:.3} of a scale of 10");
    assert!(worst < 0.2, "{worst}");
}

#[test]
fn a_dial_that_cannot_be_read_says_why() {
    let picture = draw(&Panel::default());
    let read = |dial: Dial| read_dial(&picture, &dial);
    assert_eq!(read(Dial { max: 0.0, ..dial() }), Err(DialError::NoScale));
    assert!(matches!(read(Dial { centre: (20.0, 300.0), ..dial() }), Err(DialError::Outside { .. })));
    let blank = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([200, 200, 200]));
    assert!(matches!(read_dial(&blank, &dial()), Err(DialError::NoNeedle { .. })));
}

fn switch(picture_up: &RgbImage, picture_down: &RgbImage, area: Rect) -> SwitchRegion {
    let patch =
        |p: &RgbImage| crop_imm(p, area.x as u32, area.y as u32, area.width as u32, area.height as u32).to_image();
    let position = |name: &str, p: &RgbImage| SwitchPosition { name: name.to_owned(), patch: patch(p) };
    SwitchRegion { area, positions: vec![position("first", picture_up), position("second", picture_down)] }
}

#[test]
fn switches_and_lamps_are_read_in_other_light() {
    let (rest, acted) =
        (draw(&Panel::default()), draw(&Panel { lamp_is_on: true, switch_is_up: false, ..Panel::default() }));
    let lever = switch(&rest, &acted, Rect { x: 895.0, y: 595.0, width: 110.0, height: 150.0 });
    let lamp = switch(&rest, &acted, Rect { x: 940.0, y: 220.0, width: 80.0, height: 80.0 });
    for gain in [0.6, 1.0, 1.2] {
        for (scene, expected) in [(&rest, "first"), (&acted, "second")] {
            let after = photograph(scene, &Shot { gain, turn_deg: 5.0, ..Shot::default() }, 9);
            let found = compare(&rest, &after, &CompareOptions::default()).unwrap();
            let laid = warp(&after, &found.map, WIDTH, HEIGHT);
            assert_eq!(read_switch(&laid, &lever).unwrap().position, expected, "lever at {gain}");
            assert_eq!(read_switch(&laid, &lamp).unwrap().position, expected, "lamp at {gain}");
        }
    }
    let blank = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([200, 200, 200]));
    assert!(matches!(read_switch(&blank, &lever), Err(SwitchError::Undecided { .. })));
    let one = SwitchRegion { positions: lever.positions[..1].to_vec(), ..lever.clone() };
    assert_eq!(read_switch(&rest, &one), Err(SwitchError::TooFewPositions(1)));
    let aside = SwitchRegion { area: Rect { x: -1.0, ..lever.area }, ..lever };
    assert_eq!(read_switch(&rest, &aside), Err(SwitchError::Outside));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_dial_and_no_switch_makes_it_panic(
        side in 0_u32..120, x in -50.0..150.0_f64, y in -50.0..150.0_f64, radius in -5.0..90.0_f64, angle in -1e6..1e6_f64
    ) {
        let picture = RgbImage::from_fn(side, side, |x, y| Rgb([(x * y % 251) as u8, (x % 256) as u8, 7]));
        let dial = Dial { centre: (x, y), radius, zero_angle: angle, full_angle: angle / 3.0, min: 0.0, max: 1.0 };
        if let Ok(read) = read_dial(&picture, &dial) {
            prop_assert!((-0.1..=1.1).contains(&read.value));
        }
        let patch = |name: &str| SwitchPosition { name: name.to_owned(), patch: RgbImage::new(side, 3) };
        let area = Rect { x, y, width: radius, height: radius };
        let _ = read_switch(&picture, &SwitchRegion { area, positions: vec![patch("a"), patch("b")] });
    }
}
