//! Registers of fictional people for the demo departments. Identity numbers begin with 9999, which no place in the world
//! has, and are otherwise right, so that they pass every check and are nobody's.

use std::collections::BTreeMap;

use identity::{CreditCode, Identity, check_character, credit_check_character};
use model::{FormId, SourceId};
use pack::{City, DataSource, Field, FieldKind};
use serde_json::{Value, json};

use super::chance::Chance;
use super::people::name;

/// People in every register.
const PEOPLE: u32 = 400;

/// The first of them, by names that visitors can remember; they stand in every register.
const RESIDENTS: [&str; 4] = ["李星河", "王晓月", "陈望舒", "赵南斗"];

/// How many of a hundred people a register has that is not of everybody.
const OF_A_HUNDRED: u64 = 80;

/// The fictional people that visitors of a demonstration can be.
pub fn residents(city: &City) -> Vec<Identity> {
    people(city).take(RESIDENTS.len()).collect()
}

/// Organisations in a register of organisations: the first four people stand for one each.
const ORGANISATIONS: [&str; 4] =
    ["星河建筑工程有限公司", "晓月餐饮管理有限公司", "望舒文化传播有限公司", "南斗物流有限公司"];

/// A fictional organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Name.
    pub name: String,
    /// Number: its district is 9999, which no place has.
    pub number: CreditCode,
    /// Its legal representative.
    pub representative: Identity,
}

/// The fictional organisations of the city, those of [`residents`] first.
pub fn organisations(city: &City) -> Vec<Organisation> {
    let organisation = |(at, representative): (usize, Identity)| {
        let first = format!("91999901MA{at:07}");
        let number = format!("{first}{}", char::from(credit_check_character(first.as_bytes())));
        let family: String = representative.name.chars().take(2).collect();
        Organisation {
            name: ORGANISATIONS.get(at).map_or_else(|| format!("瑶光{family}商贸有限公司"), |name| (*name).to_owned()),
            number: CreditCode::parse(&number).expect("made by the rules of numbers"),
            representative,
        }
    };
    people(city).enumerate().map(organisation).collect()
}

/// The records of a register of organisations.
pub fn organisation_records(city: &City, id: &SourceId) -> Vec<(Organisation, BTreeMap<FormId, Value>)> {
    let Some(source) = city.sources.get(id) else { return Vec::new() };
    let mut chance = Chance::new(seed(&format!("{}/{id}", city.id)));
    let mut record = |organisation: Organisation| {
        let mut value = |field: &Field| match field.id.as_str() {
            "name" => json!(organisation.name),
            "number" => json!(organisation.number.as_str()),
            "representative" => json!(organisation.representative.name),
            _ => value(field, &organisation.representative, city, &mut chance),
        };
        let values = source.fields.iter().map(|field| (field.id.clone(), value(field))).collect();
        (organisation, values)
    };
    organisations(city).into_iter().map(&mut record).collect()
}

/// Children of the first four people: who they are, and which of the four are their guardians. Wang and Chen
/// bring up two together, Zhao has none.
const CHILDREN: [(&str, &str, &[usize]); 4] = [
    ("陈小满", "20180520", &[1, 2]),
    ("陈立秋", "20121107", &[1, 2]),
    ("王知夏", "20100621", &[1]),
    ("李初一", "20150219", &[0]),
];

/// The fictional children of the city, each with the places of its guardians among [`residents`].
pub fn children() -> Vec<(Identity, &'static [usize])> {
    let child = |(at, (name, born, guardians)): (usize, &(&str, &str, &'static [usize]))| {
        let digits = format!("999901{born}{:03}", 900 + at);
        let last = char::from(check_character(digits.as_bytes()));
        let identity = Identity::parse(name, &format!("{digits}{last}"));
        (identity.expect("made by the rules of names and numbers"), *guardians)
    };
    CHILDREN.iter().enumerate().map(child).collect()
}

/// The records of a register of guardians: everybody, each with what it knows of their children.
pub fn guardian_records(city: &City, id: &SourceId) -> Vec<(Identity, Vec<BTreeMap<FormId, Value>>)> {
    let Some(source) = city.sources.get(id) else { return Vec::new() };
    let mut chance = Chance::new(seed(&format!("{}/{id}", city.id)));
    let children = children();
    let mut of = |place: usize| {
        let theirs = children.iter().filter(|(_, guardians)| guardians.contains(&place));
        theirs.map(|(child, _)| child_values(source, child, city, &mut chance)).collect()
    };
    people(city).enumerate().map(|(place, guardian)| (guardian, of(place))).collect()
}

/// What a register knows of a child: itself, where a register of adults names the child of the person asked about.
fn child_values(source: &DataSource, child: &Identity, city: &City, chance: &mut Chance) -> BTreeMap<FormId, Value> {
    let mut known = |field: &Field| match field.id.as_str() {
        "pupil_name" => json!(child.name),
        "born_on" => json!(child.id_number.born_on()),
        _ => value(field, child, city, chance),
    };
    source.fields.iter().map(|field| (field.id.clone(), known(field))).collect()
}

/// The records of a source: who, and what it knows of them. Children stand in every register of people.
pub fn records(city: &City, id: &SourceId) -> Vec<(Identity, BTreeMap<FormId, Value>)> {
    let Some(source) = city.sources.get(id) else { return Vec::new() };
    let has = |number: usize, chance: &mut Chance| {
        source.identity || number < RESIDENTS.len() || chance.next() % 100 < OF_A_HUNDRED
    };
    let mut chance = Chance::new(seed(&format!("{}/{id}", city.id)));
    let mut records = Vec::new();
    for (number, person) in people(city).enumerate() {
        if has(number, &mut chance) {
            let values = source.fields.iter().map(|field| (field.id.clone(), value(field, &person, city, &mut chance)));
            let values = values.collect();
            records.push((person, values));
        }
    }
    for (child, _) in children() {
        let values = child_values(source, &child, city, &mut chance);
        records.push((child, values));
    }
    records
}

/// Everybody, always in the same order.
fn people(city: &City) -> impl Iterator<Item = Identity> + use<> {
    let mut chance = Chance::new(seed(&city.id));
    (0..PEOPLE).map(move |number| {
        let born = format!("{}{:02}{:02}", 1945 + chance.next() % 60, 1 + chance.next() % 12, 1 + chance.next() % 28);
        let digits = format!("999901{born}{:03}", number % 1_000);
        let last = char::from(check_character(digits.as_bytes()));
        let name = RESIDENTS.get(number as usize).map_or_else(|| name(&mut chance), |name| (*name).to_owned());
        let name = if name.chars().count() < 2 { format!("{name}一") } else { name };
        Identity::parse(&name, &format!("{digits}{last}")).expect("made by the rules of names and numbers")
    })
}

/// What a register knows of somebody in one field: what can be told from the number, made up otherwise.
fn value(field: &Field, person: &Identity, city: &City, chance: &mut Chance) -> Value {
    let number = person.id_number.as_str();
    match (&field.kind, field.id.as_str()) {
        (FieldKind::Text { .. }, "name") => json!(person.name),
        (FieldKind::Text { .. }, "id_number") => json!(number),
        (FieldKind::Text { max, .. }, word) => {
            json!(text(word, number, city, chance).chars().take(*max as usize).collect::<String>())
        }
        (FieldKind::Date, "birth_date") => json!(format!("{}-{}-{}", &number[6..10], &number[10..12], &number[12..14])),
        (FieldKind::Date, "born_on") => {
            json!(format!("2026-{:02}-{:02}", 1 + chance.next() % 10, 1 + chance.next() % 28))
        }
        (FieldKind::Date, _) => {
            json!(format!("20{}-{:02}-{:02}", 27 + chance.next() % 6, 1 + chance.next() % 12, 1 + chance.next() % 28))
        }
        (FieldKind::Number { min, max }, word) => json!(amount(word, chance).clamp(*min, *max)),
        (FieldKind::Choice { options }, _) => {
            // The first choice is the common one.
            let at = if chance.happens(0.7) { 0 } else { chance.place(options.len()) };
            json!(options[at].id)
        }
        _ => Value::Null,
    }
}

fn text(word: &str, number: &str, city: &City, chance: &mut Chance) -> String {
    let digits = |chance: &mut Chance, count: usize| {
        (0..count).map(|_| char::from(b'0' + (chance.next() % 10) as u8)).collect::<String>()
    };
    match word {
        "address" => address(city, chance),
        "account" | "account_no" => format!("7000{}", digits(chance, 10)),
        "card_no" => format!("9901{}", digits(chance, 12)),
        "hospital" => ["瑶光市人民医院", "瑶光市妇幼保健院", "天权区中心医院", "开阳医院"][chance.place(4)].to_owned(),
        "employer" => {
            ["瑶光市第一机械厂", "星河软件有限公司", "北斗公交集团", "鼓楼街道灵活就业"][chance.place(4)].to_owned()
        }
        "licence_class" => ["C1", "C2", "B2", "C1D"][chance.place(4)].to_owned(),
        "pupil_name" => name(chance),
        "pupil_no" => format!("G{}", &number[..6]).to_owned() + &digits(chance, 12),
        "school" => ["瑶光市实验小学", "天权区第二小学", "玉衡区中心学校", "开阳第三中学"][chance.place(4)].to_owned(),
        _ => digits(chance, 8),
    }
}

/// A place of the city's own smallest named parts.
fn address(city: &City, chance: &mut Chance) -> String {
    let communities: Vec<_> =
        city.regions.iter().filter(|(_, region)| region.level == pack::RegionLevel::Community).collect();
    let locale = city.locales.first().map_or("", String::as_str);
    let chain = match chance.one_of(&communities) {
        Some((id, _)) => city.region_chain(id),
        None => vec![&city.root],
    };
    let named = chain.iter().rev().filter_map(|id| city.region(id)).map(|region| region.title.in_locale(locale));
    format!(
        "{}{} 栋 {} 单元 {}0{} 室",
        named.collect::<String>(),
        1 + chance.next() % 20,
        1 + chance.next() % 4,
        1 + chance.next() % 18,
        1 + chance.next() % 4
    )
}

fn amount(word: &str, chance: &mut Chance) -> i64 {
    let most: u64 = match word {
        "months_paid" => 400,
        "balance_yuan" => 300_000,
        "income_yuan" => 280_000,
        "paid_yuan" => 12_000,
        "owed_yuan" => 180,
        "monthly_yuan" => 6_000,
        "household_size" => 5,
        "penalty_points" => 9,
        "open_violations" | "homes" => 3,
        "home_area_m2" => 140,
        "grade" => 12,
        _ => 100,
    };
    i64::try_from(chance.next() % (most + 1)).unwrap_or_default()
}

/// FNV-1a of a word: the same city gives the same people.
fn seed(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use pack::answers::parse_form;

    #[test]
    fn every_record_fits_its_source_and_the_same_city_has_the_same_people() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo");
        let city = pack::load(std::path::Path::new(folder)).unwrap_or_else(|faults| panic!("{faults}")).city;
        for (id, source) in city.sources.iter().filter(|(_, source)| !source.organisations && !source.guardianship) {
            let found = records(&city, id);
            assert!(found.len() > 250 && found == records(&city, id), "{id}");
            assert_eq!(found[0].0.name, RESIDENTS[0], "{id}: visitors stand in every register");
            for (person, values) in found {
                assert!(person.id_number.as_str().starts_with("9999"));
                let values = values.into_iter().map(|(field, value)| (field.to_string(), value)).collect();
                parse_form(&city, &source.fields, &values).unwrap_or_else(|faults| panic!("{id}: {faults:?}"));
            }
        }
        for (id, source) in city.sources.iter().filter(|(_, source)| source.guardianship) {
            let found = guardian_records(&city, id);
            let counts: Vec<usize> = found.iter().take(5).map(|(_, children)| children.len()).collect();
            assert_eq!(counts, [1, 3, 2, 0, 0], "{id}");
            for values in found.into_iter().flat_map(|(_, children)| children) {
                let values = values.into_iter().map(|(field, value)| (field.to_string(), value)).collect();
                parse_form(&city, &source.fields, &values).unwrap_or_else(|faults| panic!("{id}: {faults:?}"));
            }
        }
        for (id, source) in city.sources.iter().filter(|(_, source)| source.organisations) {
            let found = organisation_records(&city, id);
            assert_eq!(found[0].0.representative.name, RESIDENTS[0], "{id}: visitors stand for an organisation");
            for (_, values) in found {
                let values = values.into_iter().map(|(field, value)| (field.to_string(), value)).collect();
                parse_form(&city, &source.fields, &values).unwrap_or_else(|faults| panic!("{id}: {faults:?}"));
            }
        }
    }
}
