//! Inspections on both databases: begun, answered, compared with baselines, ended and sealed; faults open cases.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
#[path = "../../core/vision/tests/panel/mod.rs"]
mod panel;

use std::io::Cursor;

use common::{Town, block, demo, party, town};
use dipper_sense::evidence::accept;
use dipper_sense::inspections::{
    Answer, Begin, InspectionError, NewBaseline, answer, begin, compare, end, set_baseline,
};
use grid::LonLat;
use model::{
    Actor, Clock, DialMark, EvidenceId, InspectionId, InspectionRunId, PanelFinding, PanelMarks, PictureArea,
    PositionMark, RecordBody, SwitchMark,
};
use panel::{Panel, Shot, draw, photograph};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{AnswerFilter, canonical_answers};
use testkit::on_both_databases;
use vision::image::{ImageFormat, RgbImage};

fn daily() -> InspectionId {
    "gulou_power_rooms".parse().unwrap()
}

fn staff(number: u128) -> Actor {
    Actor::Staff {
        party: party(number),
        role: "collector".parse().unwrap(),
        office: "gulou-collectors".parse().unwrap(),
    }
}

fn upload(town: &Town, by: u128, picture: &RgbImage) -> EvidenceId {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    accept(&town.ctx, bytes.get_ref(), Some(party(by))).unwrap().id
}

fn shot(panel: &Panel, seed: u64) -> RgbImage {
    let shot = Shot { turn_deg: 2.0, scale: 0.97, shift: (8.0, -5.0), gain: 0.92, ..Shot::default() };
    photograph(&draw(panel), &shot, seed)
}

/// The first dial, the switch and its two positions.
fn marks(up: EvidenceId, down: EvidenceId) -> PanelMarks {
    let position = |name: &str, picture| PositionMark { name: name.to_owned(), picture, patch: String::new() };
    PanelMarks {
        dials: vec![DialMark {
            title: "压力".to_owned(),
            centre: (300.0, 300.0),
            radius: 120.0,
            zero_angle: -135.0,
            full_angle: 135.0,
            min: 0.0,
            max: 10.0,
            unit: Some("MPa".to_owned()),
            low: Some(2.0),
            high: Some(7.0),
        }],
        switches: vec![SwitchMark {
            title: "总闸".to_owned(),
            area: PictureArea { x: 890.0, y: 590.0, width: 120.0, height: 160.0 },
            expected: "合".to_owned(),
            positions: vec![position("合", up), position("分", down)],
        }],
        ignored: Vec::new(),
    }
}

fn run_id(town: &Town, number: u128) -> InspectionRunId {
    InspectionRunId::new(town.clock.now(), number)
}

fn begun(town: &Town, number: u128) -> InspectionRunId {
    let run = run_id(town, number);
    block(begin(&town.ctx, party(1), Begin { run, inspection: daily(), at: town.clock.now() })).unwrap();
    run
}

fn said(town: &Town, run: InspectionRunId, check: &str, value: Value, picture: Option<EvidenceId>) -> Answer {
    Answer {
        run,
        check: check.parse().unwrap(),
        at: town.clock.now(),
        value,
        note: String::new(),
        picture,
        point: LonLat::new(112.8926, 32.5177).ok(),
        accuracy_m: Some(8.0),
    }
}

fn baseline(town: &Town) -> EvidenceId {
    let up = upload(town, 2, &photograph(&draw(&Panel::default()), &Shot::default(), 1));
    let down = upload(town, 2, &shot(&Panel { switch_is_up: false, ..Panel::default() }, 2));
    let new = NewBaseline {
        inspection: daily(),
        check: "zhonglou_panel".parse().unwrap(),
        picture: up,
        marks: marks(up, down),
    };
    block(set_baseline(&town.ctx, party(2), new)).unwrap();
    up
}

on_both_databases!(a_run_is_answered_check_by_check_and_sealed_at_its_end, |database| {
    let town = town(database);
    let run = begun(&town, 1);
    let ctx = &town.ctx;
    let again = Begin { run, inspection: daily(), at: town.clock.now() };
    block(begin(ctx, party(1), again.clone())).unwrap();
    assert!(matches!(block(begin(ctx, party(9), again)), Err(InspectionError::UnknownRun(_))), "somebody else's");
    let missing = block(end(ctx, staff(1), run)).unwrap_err();
    assert!(matches!(&missing, InspectionError::Missing(ids) if ids.len() == 7), "{missing}");

    let photo = upload(&town, 1, &shot(&Panel::default(), 3));
    for (check, value, picture) in [
        ("zhonglou_door", json!(true), None),
        ("zhonglou_smell", json!(false), None),
        ("zhonglou_oil", json!(61.5), None),
        ("zhonglou_panel", json!(true), Some(photo)),
        ("fuqian_door", json!(true), None),
        ("fuqian_extinguisher", json!("green"), None),
        ("fuqian_panel", json!(null), Some(photo)),
    ] {
        let row = block(answer(ctx, staff(1), said(&town, run, check, value, picture))).unwrap();
        assert!(!row.is_fault && row.case_id.is_none(), "{check}");
        assert_eq!(row.comparison, None, "no baseline is set");
        let near = check.starts_with("zhonglou");
        assert_eq!(row.distance_m.unwrap() < 50.0, near, "{check} is {:?} m away", row.distance_m);
    }
    // Another word replaces the first.
    block(answer(ctx, staff(1), said(&town, run, "zhonglou_oil", json!(62), None))).unwrap();
    let ended = block(end(ctx, staff(1), run)).unwrap();
    assert_eq!((ended.answers, ended.faults), (7, 0));
    assert_eq!(block(end(ctx, staff(1), run)).unwrap(), ended, "once");
    let late = block(answer(ctx, staff(1), said(&town, run, "zhonglou_oil", json!(63), None))).unwrap_err();
    assert!(matches!(late, InspectionError::Ended(_)), "{late}");

    let (record, answers) = database
        .read_blocking(move |db| {
            Ok::<_, store::StoreError>((
                db.find_record(ended.record.unwrap())?.unwrap(),
                db.list_inspection_answers(run)?,
            ))
        })
        .unwrap();
    let RecordBody::InspectionEnded(sealed) = record.body else { panic!("{:?}", record.body) };
    let digest = Sha256::digest(canonical_answers(&answers));
    assert_eq!(sealed.sha256, digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(answers.len(), 7);
    let path = demo().city.region_path(&"gulou".parse().unwrap());
    for (within, expect) in
        [(vec![path.clone()], 1), (vec!["yaoguang/".to_owned()], 1), (vec!["yaoguang/x/".to_owned()], 0)]
    {
        let found = database.read_blocking(move |db| db.list_inspection_runs(None, &within, None, 10)).unwrap();
        assert_eq!(found.len(), expect);
    }
    let last = database.read_blocking(|db| db.last_inspections()).unwrap();
    assert_eq!(last, [(daily(), ended.ended_at.unwrap())]);
});

on_both_databases!(a_fault_opens_one_case_with_both_pictures_and_is_final, |database| {
    let town = town(database);
    let before = baseline(&town);
    let (ctx, run) = (&town.ctx, begun(&town, 1));
    let after = upload(&town, 1, &shot(&Panel { switch_is_up: false, needle_deg: 100.0, ..Panel::default() }, 4));
    let tried = block(compare(ctx, party(1), daily(), "zhonglou_panel".parse().unwrap(), after)).unwrap();
    let PanelFinding::Compared(compared) = &tried.finding else { panic!("{tried:?}") };
    let dial = &compared.dials[0];
    assert!(dial.is_fault && (dial.value.unwrap() - (100.0 + 135.0) / 27.0).abs() < 0.05, "{dial:?}");
    let switch = &compared.switches[0];
    assert!(switch.is_fault && switch.position.as_deref() == Some("分"), "{switch:?}");
    assert!(compared.regions.is_empty(), "what is marked is judged by itself: {:?}", compared.regions);

    let new = said(&town, run, "zhonglou_panel", json!(null), Some(after));
    let row = block(answer(ctx, staff(1), new.clone())).unwrap();
    assert_eq!(row.comparison.as_ref(), Some(&tried), "one pair of pictures gives one finding");
    let case_id = row.case_id.expect("a case");
    let case = database.read_blocking(move |db| db.load_case(case_id)).unwrap().unwrap();
    assert_eq!(case.category.as_str(), "b0128");
    assert_eq!(case.evidence["report"], [after, before]);
    assert_eq!(case.place.address.as_deref(), Some("钟楼社区配电房"));
    assert_eq!(block(answer(ctx, staff(1), new)).unwrap(), row, "sent twice, answered once");
    let changed = block(answer(ctx, staff(1), said(&town, run, "zhonglou_panel", json!(true), Some(after))));
    assert!(matches!(changed, Err(InspectionError::Reported(_))), "{changed:?}");
    // The next day's run finds the same fault: the case that is open is joined.
    let next = begun(&town, 2);
    let joined = block(answer(ctx, staff(1), said(&town, next, "zhonglou_panel", json!(null), Some(after)))).unwrap();
    assert_eq!(joined.case_id, Some(case_id));
    let filter = AnswerFilter { faults: true, case_id: Some(case_id), ..AnswerFilter::default() };
    let found = database.read_blocking(move |db| db.find_inspection_answers(&filter, 10)).unwrap();
    assert_eq!(found.len(), 2);
    // The person on the spot has the last word.
    let third = begun(&town, 3);
    let overruled =
        block(answer(ctx, staff(1), said(&town, third, "zhonglou_panel", json!(true), Some(after)))).unwrap();
    assert!(!overruled.is_fault && overruled.case_id.is_none() && overruled.comparison.is_some());
    let path = demo().city.region_path(&"gulou".parse().unwrap());
    assert_eq!(database.read_blocking(move |db| db.list_inspected_regions_of(&before)).unwrap(), [path]);
});

on_both_databases!(an_answer_that_is_sent_twice_is_compared_once, |database| {
    let town = town(database);
    baseline(&town);
    let (ctx, run) = (&town.ctx, begun(&town, 1));
    let photo = upload(&town, 1, &shot(&Panel::default(), 6));
    let new = said(&town, run, "zhonglou_panel", json!(true), Some(photo));
    let row = block(answer(ctx, staff(1), new.clone())).unwrap();
    assert!(row.comparison.is_some() && row.case_id.is_none());
    // A picture that is gone cannot be compared again.
    town.ctx.files.remove(&photo).unwrap();
    assert_eq!(block(answer(ctx, staff(1), new.clone())).unwrap(), row);
    let other = Answer { note: "再看一次".to_owned(), ..new };
    assert!(
        matches!(block(answer(ctx, staff(1), other)), Err(InspectionError::Picture(_))),
        "another answer is compared"
    );
    let under_way = database.read_blocking(move |db| db.find_inspection_run(run)).unwrap().unwrap();
    assert_eq!(
        (under_way.ended_at, under_way.answers, under_way.faults),
        (None, 1, 0),
        "counted while it is under way"
    );
});

on_both_databases!(pictures_that_cannot_be_compared_say_why_and_are_no_fault, |database| {
    let town = town(database);
    baseline(&town);
    let (ctx, run) = (&town.ctx, begun(&town, 1));
    let dark = upload(&town, 1, &RgbImage::new(640, 480));
    let row = block(answer(ctx, staff(1), said(&town, run, "zhonglou_panel", json!(null), Some(dark)))).unwrap();
    assert!(!row.is_fault);
    let Some(PanelFinding::Unclear { reason }) = row.comparison.map(|one| one.finding) else { panic!("unclear") };
    assert!(reason.contains("hardly any contrast"), "{reason}");
});

on_both_databases!(what_does_not_fit_is_refused, |database| {
    let town = town(database);
    let (ctx, run) = (&town.ctx, begun(&town, 1));
    let base = said(&town, run, "zhonglou_oil", json!(60), None);
    let days_ago = town.clock.now().plus_micros(-8 * 24 * 3_600 * 1_000_000);
    let theirs = upload(&town, 5, &shot(&Panel::default(), 8));
    for (new, words) in [
        (Answer { value: json!("warm"), ..base.clone() }, "value: expected a number, got \"warm\""),
        (Answer { check: "roof".parse().unwrap(), ..base.clone() }, "the inspection has no check roof"),
        (Answer { at: days_ago, ..base.clone() }, "at: it has to be within the last 7 days"),
        (Answer { note: "x".repeat(501), ..base.clone() }, "note: at most 500 characters"),
        (Answer { accuracy_m: Some(-1.0), ..base.clone() }, "accuracy_m: -1 is not within 0 to 10000 m"),
        (Answer { run: run_id(&town, 77), ..base.clone() }, "there is no inspection run"),
        (said(&town, run, "zhonglou_panel", json!(true), None), "picture: this check is answered with a picture"),
        (said(&town, run, "zhonglou_panel", json!(true), Some(theirs)), "picture: upload the picture first"),
        (said(&town, run, "fuqian_extinguisher", json!("blue"), None), "value: blue is not among the answers: green,"),
    ] {
        let error = block(answer(ctx, staff(1), new)).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
    let error = block(answer(ctx, staff(2), base)).unwrap_err();
    assert!(matches!(error, InspectionError::UnknownRun(_)), "somebody else's run");
    let none = block(compare(ctx, party(5), daily(), "zhonglou_panel".parse().unwrap(), theirs)).unwrap_err();
    assert!(matches!(none, InspectionError::NoBaseline(_)), "{none}");
});

on_both_databases!(marks_that_cannot_be_read_are_refused_by_name, |database| {
    let town = town(database);
    let up = upload(&town, 2, &photograph(&draw(&Panel::default()), &Shot::default(), 1));
    let mut state = 5;
    let grain = RgbImage::from_fn(640, 480, |_, _| vision::image::Rgb([(panel::random(&mut state) * 255.0) as u8; 3]));
    let other = upload(&town, 2, &grain);
    let good = marks(up, up);
    let with = |change: fn(&mut PanelMarks)| {
        let mut marks = good.clone();
        change(&mut marks);
        marks
    };
    for (marks, words) in [
        (with(|m| m.dials[0].centre = (40.0, 40.0)), "压力: the dial at (40, 40)"),
        (with(|m| m.dials[0].min = 10.0), "压力: the dial has no scale"),
        (with(|m| m.dials[0].low = Some(8.0)), "压力: its lower limit is not below"),
        (with(|m| m.dials[0].title.clear()), "dial: a title has 1 to 60 characters"),
        (with(|m| m.switches[0].area.x = 1_270.0), "总闸: its area has to lie in the baseline"),
        (with(|m| m.switches[0].expected = "停".to_owned()), "总闸: 停 is not among its positions"),
        (with(|m| m.switches[0].positions.truncate(1)), "总闸: it has 2 to 8 positions"),
        (marks(up, other), "总闸: the picture of 分 does not fit the baseline"),
    ] {
        let new = NewBaseline { inspection: daily(), check: "zhonglou_panel".parse().unwrap(), picture: up, marks };
        let error = block(set_baseline(&town.ctx, party(2), new)).map(|row| row.id).expect_err(words).to_string();
        assert!(error.starts_with(words), "{error}");
    }
    let door = NewBaseline {
        inspection: daily(),
        check: "zhonglou_door".parse().unwrap(),
        picture: up,
        marks: PanelMarks::default(),
    };
    let error = block(set_baseline(&town.ctx, party(2), door.clone())).unwrap_err().to_string();
    assert!(error.starts_with("check: only a panel"), "{error}");
    let theirs = NewBaseline { check: "zhonglou_panel".parse().unwrap(), ..door };
    let error = block(set_baseline(&town.ctx, party(3), theirs)).unwrap_err().to_string();
    assert!(error.contains("was neither uploaded by you"), "{error}");
});
