//! The real service items of a district, imported into a pack and counted against the file itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dipper_sense::import::{ServicesMap, read_services, services_yaml};

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A pack of one region with an office for each name, and two forms of codes.
fn pack_of(offices: &BTreeSet<String>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write(
        "pack.yaml",
        "id: district\ntitle: 区\nversion: '1'\ntimezone: Asia/Shanghai\nlocales: [zh-CN]\ncase_prefix: D\n\
         jurisdiction: d.example\nbounds: [106, 30, 107, 31]\ncentre: [106.5, 30.5]\n",
    );
    write("regions.yaml", "- {id: district, title: 区, level: district}\n");
    let office = |text: &mut String, (number, name): (usize, &String)| {
        let _ = writeln!(text, "office-{number}: {{title: {name}, kind: department, region: district}}");
    };
    let mut text = String::new();
    offices.iter().enumerate().for_each(|entry| office(&mut text, entry));
    write("offices.yaml", &text);
    write(
        "catalogue.yaml",
        "code_forms:\n  local: {title: 省内编码, pattern: '[0-9A-Z]{6,14}-[0-9]{12}-[0-9]{3}-[0-9A-Z]{9,18}-[0-9]-[0-9]{2}'}\n  \
         older: {title: 旧编码, pattern: '[0-9A-Z]+(-[0-9A-Z]+){5,7}'}\n",
    );
    folder
}

fn map_of(offices: &BTreeSet<String>) -> String {
    let mut map = "locale: zh-CN\ncolumns: {title: name, code: item_code, office: department, task_type: task_type, \
                   main_item: main_item}\ncode_forms: [local, older]\nlevel: district\naudience: [person, enterprise]\n\
                   no_main_item: [未分类]\ntask_types: {'1': licence, '5': payment, '7': confirmation, '8': reward, \
                   '9': ruling, '10': other_power, '20': public_service}\noffices:\n"
        .to_owned();
    for (number, name) in offices.iter().enumerate() {
        let _ = writeln!(map, "  {name}: office-{number}");
    }
    map
}

#[test]
fn the_items_of_a_district_become_a_file_of_its_pack() {
    let file = root().join("../shared/data/services/guangan_items.csv");
    if !file.exists() {
        eprintln!("skipped: no shared data");
        return;
    }
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_path(&file).expect("the file opens").records().map(|row| row.expect("a row")).collect();
    let offices: BTreeSet<String> = rows.iter().map(|row| row[0].to_owned()).collect();
    let folder = pack_of(&offices);
    let city = pack::load(folder.path()).expect("the pack passes its check").city;
    let map = ServicesMap::parse(&map_of(&offices), &city).expect("the map fits");
    let mut rejects = Vec::new();
    let input = std::fs::File::open(&file).expect("the file opens");
    let (services, summary) = read_services(&map, &city, input, &mut rejects).expect("the import runs");
    // One rejected has a small letter where a credit code has capitals; three are of no form (…-4444444444).
    let said = String::from_utf8_lossy(&rejects).into_owned();
    assert_eq!((summary.rows, summary.imported, summary.rejected), (1_135, 1_131, 4), "{said}");
    let rejects = String::from_utf8(rejects).expect("rejects are text");
    let reason = "code 511F0045400001-511602000000-000-11511301452259996u-1-00 has none of the forms local, older";
    assert_eq!(rejects.lines().filter(|line| line.contains(reason)).count(), 1, "{rejects}");
    let of_local = services.values().filter(|service| service.code_form.as_str() == "local").count();
    assert_eq!((of_local, summary.by_task_type["licence"], summary.by_task_type["ruling"]), (1_096, 536, 6));
    assert_eq!(services.values().filter(|service| service.main_item.is_none()).count(), 611);
    std::fs::create_dir(folder.path().join("services")).expect("a folder");
    write_services(folder.path(), &services_yaml(&services));
    let again = pack::load(folder.path()).expect("the pack passes its check with what was imported").city;
    assert_eq!(again.services, services);
    // What the city has already is not imported twice.
    let input = std::fs::File::open(&file).expect("the file opens");
    let (second, summary) = read_services(&map, &again, input, std::io::sink()).expect("the import runs");
    assert_eq!((second.len(), summary.rejected), (0, 1_135));
}

fn write_services(folder: &Path, yaml: &str) {
    std::fs::write(folder.join("services/imported.yaml"), yaml).expect("a file");
}

#[test]
fn every_row_that_does_not_fit_is_said_with_its_line() {
    let offices = BTreeSet::from(["民政局".to_owned()]);
    let folder = pack_of(&offices);
    let city = pack::load(folder.path()).expect("the pack passes its check").city;
    let map = ServicesMap::parse(&map_of(&offices), &city).expect("the map fits");
    let code = "511A0138000000-511602000000-000-115113010833722043-1-00";
    let other = "511A0138000001-511602000000-000-115113010833722043-1-00";
    let long = "长".repeat(501);
    let input = format!(
        "department,main_item,name,item_code,task_type\n民政局,未分类,结婚&nbsp;登记\t（内地）,{code},7\n\
         民政局,,再来,{code},7\n卫健局,,甲,{other},7\n民政局,,甲,{other},99\n民政局,,,{other},7\n民政局,,甲,<html>,7\n\
         民政局,,{long},{other},7\n民政局,,甲\n"
    );
    let mut rejects = Vec::new();
    let (services, summary) = read_services(&map, &city, input.as_bytes(), &mut rejects).expect("the import runs");
    let titles: Vec<&str> = services.values().map(|service| service.title.in_locale("zh-CN")).collect();
    assert_eq!((titles, summary.rejected), (vec!["结婚 登记 （内地）"], 7));
    let rejects = String::from_utf8(rejects).expect("rejects are text");
    let reasons: Vec<String> = csv::Reader::from_reader(rejects.as_bytes())
        .into_records()
        .filter_map(|row| row.ok().map(|row| format!("{} {}", &row[0], &row[1])))
        .collect();
    assert_eq!(
        reasons[..6].join("\n"),
        format!(
            "3 code {code} stands twice, first on line 2\n4 the map names no office for \"卫健局\"\n\
             5 the map names no type of task for \"99\"\n6 the title is empty\n\
             7 code <html>: service id must be 1 to 64 characters of a-z, 0-9, '_', '-', '.' or '/', starting with a letter or digit\n\
             8 the title has 501 characters, at most 500 are read"
        )
    );
    let lacking = read_services(&map, &city, "name\n".as_bytes(), std::io::sink()).expect_err("columns are missing");
    assert_eq!(lacking.to_string(), "the file has no column item_code, department, task_type, main_item");
}
