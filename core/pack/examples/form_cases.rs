//! Answers to every form of a pack, and whether they fit: `form_cases PACK [SEED]`. One JSON object a line:
//! `{"form", "schema", "fields", "answers", "fits", "faults"}`. For comparison with validators that are not ours.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for tests")]

use std::collections::BTreeMap;

use dipper_pack::answers::{is_asked, parse_form};
use dipper_pack::{Field, FieldKind, TextFormat, form_schema, load};
use serde_json::{Value, json};

/// Answers made for each form.
const ROUNDS: u64 = 400;

/// SplitMix64 (Steele, Lea, Flood 2014): seeded, so that a disagreement can be seen again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).unwrap()
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let city = load(arguments[1].as_ref()).unwrap_or_else(|faults| panic!("{faults}")).city;
    let mut chance = Chance(arguments.get(2).map_or(1, |seed| seed.parse().unwrap()));
    for form in city.services.values().filter_map(|service| Some(&service.apply.as_ref()?.form)) {
        let fields = &city.forms[form];
        let schema = form_schema(fields, &city.locales[0]);
        for _ in 0..ROUNDS {
            let answers = answers(fields, &mut chance);
            let faults = parse_form(&city, fields, &answers).err();
            let fits = faults.is_none();
            let faults: Vec<String> =
                faults.into_iter().flatten().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
            let line = json!({
                "form": form, "schema": schema, "fields": fields, "answers": answers, "fits": fits, "faults": faults,
            });
            println!("{line}");
        }
    }
}

/// Answers that fit more often than not, with one now and then that hardly does.
fn answers(fields: &[Field], chance: &mut Chance) -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    let is_wild = chance.below(2) == 0;
    for field in fields {
        let is_left_out = if is_asked(field, &answers) {
            chance.below(if field.required { 40 } else { 2 }) == 0
        } else {
            chance.below(30) != 0
        };
        if is_left_out {
            continue;
        }
        let answer = if is_wild && chance.below(12) == 0 { odd(field, chance) } else { even(field, chance) };
        answers.insert(field.id.to_string(), answer);
    }
    if is_wild && chance.below(25) == 0 {
        answers.insert("colour".to_owned(), json!("red"));
    }
    answers
}

/// An answer that fits.
fn even(field: &Field, chance: &mut Chance) -> Value {
    match &field.kind {
        FieldKind::Text { max, format: None } => match chance.below(6) {
            0 => json!("长".repeat(*max as usize)),
            _ => json!(chance.one_of(&["星河小馆", " a b ", "x", "一\n二\t三", "𝒜é", "\u{3000}全\u{a0}"])),
        },
        FieldKind::Text { format: Some(format), .. } => json!(match format {
            TextFormat::Phone => chance.one_of(&["13800000000", "+86 138-0000-0000", " (0990) 555-0110 "]),
            TextFormat::Email => chance.one_of(&["a@b.cn", " li.wei+x@mail.example.org"]),
            TextFormat::IdCard => chance.one_of(&["11010519491231002X", "110105194912310029"]),
            TextFormat::CreditCode => chance.one_of(&["91350100M000100Y43", " 91350100M000100Y43"]),
            TextFormat::Postcode => chance.one_of(&["570100", "\n570100 "]),
            TextFormat::Money => chance.one_of(&["0", "12.5", " 9999999.99"]),
        }),
        FieldKind::Number { min, max } => chance.one_of(&[json!(min), json!(max), json!(*min as f64)]),
        FieldKind::Choice { options } => json!(chance.one_of(options).id),
        FieldKind::Choices { options } => {
            let count = 1 + chance.below(options.len());
            json!(options.iter().take(count).map(|option| &option.id).collect::<Vec<_>>())
        }
        FieldKind::Date => {
            json!(chance.one_of(&["2026-11-26", "2024-02-29", "2000-02-29", "0000-02-29", "9999-12-31"]))
        }
        FieldKind::Evidence { .. } if field.licence.is_some() && chance.below(2) == 0 => {
            json!({"presentation": chance.one_of(&["a.b.c~", "a.b.c~d_-~e.f.g"])})
        }
        FieldKind::Evidence { min, max } => {
            let least = (*min).max(1);
            let count = least as usize + chance.below((max - least + 1) as usize);
            json!((0..count).map(|at| format!("{at:064x}")).collect::<Vec<_>>())
        }
        other => panic!("applicants cannot answer {other:?}"),
    }
}

/// An answer that hardly fits, or does just so.
fn odd(field: &Field, chance: &mut Chance) -> Value {
    let any = json!([
        null,
        true,
        "",
        " ",
        "\u{3000}\n",
        [],
        {},
        0,
        -1,
        3.5,
        1e300,
        "\r",
        "a\u{7}b",
        "\u{85}",
        "\u{feff}",
        ["a", "a"],
        [1],
        "A@b"
    ]);
    let file = |at: u32| format!("{at:064x}");
    let own = match &field.kind {
        FieldKind::Text { max, format: None } => {
            json!(["长".repeat(*max as usize + 1), "𝒜".repeat(*max as usize)])
        }
        FieldKind::Text { format: Some(_), .. } => json!([
            "1",
            "call me",
            "a@b",
            "a@b..cn",
            "11010519491331002X",
            "91350100m000100Y43",
            "91350100M000100Y43\u{feff}",
            "57010",
            "５７０１００",
            "13800000000\u{3000}"
        ]),
        FieldKind::Number { min, max } => json!([min - 1, max + 1, min.to_string(), *max as f64 + 0.5]),
        FieldKind::Choice { .. } => json!(["none of them", ["yes"]]),
        FieldKind::Choices { options } => json!([[options[0].id, options[0].id], options[0].id, ["none"]]),
        FieldKind::Date => json!([
            "2026-02-30",
            "2025-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-1-1",
            "2026-11-31",
            "2026-11-26T00:00",
            " 2026-11-26",
            "20261126"
        ]),
        FieldKind::Evidence { .. } if chance.below(3) == 0 => json!([
            {"presentation": "a.b.c~"},
            {"presentation": ""},
            {"presentation": "a b"},
            {"presentation": 1},
            {"presentation": "a.b.c~", "licence": "x"},
            {"presentation": "a".repeat(65_537)},
        ]),
        FieldKind::Evidence { max, .. } => {
            json!([["00"], [file(1), file(1)], [file(0xabc).to_uppercase()], (0..=*max).map(file).collect::<Vec<_>>()])
        }
        other => panic!("applicants cannot answer {other:?}"),
    };
    let from = if chance.below(2) == 0 { any } else { own };
    chance.one_of(from.as_array().unwrap())
}
