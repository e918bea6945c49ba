//! Writes the regions: the tree of ids, names and codes, and a GeoJSON file for each level.

use super::arrange::{Face, Net, outline};
use super::divide::{Part, ring_points};
use super::geojson::{Layer, text};
use super::names::{DISTRICTS, Name};
use super::plane::{Pt, area, inside};

/// First six digits of the city's code. No such division exists.
const CITY_CODE: &str = "990100";

/// A region ready to be written.
pub struct Region {
    /// Id.
    pub id: String,
    /// Its name in Chinese and English, in full.
    pub name: (String, String),
    /// `district`, `street`, `community` or `unit_grid`.
    pub level: &'static str,
    /// Official code.
    pub code: String,
    /// Id of the region above.
    pub parent: String,
    /// Polygons of outer ring and holes.
    pub polygons: Vec<Vec<Vec<Pt>>>,
    /// Its middle.
    pub centre: Pt,
}

/// Every region below the city, each after its parent.
pub fn regions(net: &Net, faces: &[Face], parts: &[Part]) -> Vec<Region> {
    let mut list = Vec::new();
    let mut add = |id: &str, name: (String, String), level, code: &str, parent: &str, part: &Part| {
        list.push(Region {
            id: id.to_owned(),
            name,
            level,
            code: code.to_owned(),
            parent: parent.to_owned(),
            polygons: polygons(net, faces, part),
            centre: part.centre,
        });
    };
    let full = |(zh, en): Name, zh_end: &str, en_end: &str| (format!("{zh}{zh_end}"), format!("{en}{en_end}"));
    for (d, (district, part)) in DISTRICTS.iter().zip(parts).enumerate() {
        let code = format!("9901{:02}", d + 1);
        add(district.id, full(district.name, "区", " District"), "district", &code, "yaoguang", part);
        for (s, (street, part)) in district.streets.iter().zip(&part.children).enumerate() {
            let code = format!("{code}{:03}", s + 1);
            add(street.id, full(street.name, "街道", " Subdistrict"), "street", &code, district.id, part);
            for (c, ((community, name), part)) in street.communities.iter().zip(&part.children).enumerate() {
                let code = format!("{code}{:03}", c + 1);
                let id = format!("{}-{community}", street.id);
                add(&id, full(*name, "社区", " Community"), "community", &code, street.id, part);
                for (g, part) in part.children.iter().enumerate() {
                    let grid = format!("{code}{:03}", g + 1);
                    let name = (format!("{}社区第{}网格", name.0, g + 1), format!("{} Grid {}", name.1, g + 1));
                    add(&grid, name, "unit_grid", &grid, &id, part);
                }
            }
        }
    }
    list
}

fn polygons(net: &Net, faces: &[Face], part: &Part) -> Vec<Vec<Vec<Pt>>> {
    let rings = outline(&net.points, part.faces.iter().map(|&f| &faces[f]));
    let rings: Vec<Vec<Pt>> = rings.iter().map(|ring| ring_points(net, ring)).collect();
    let (outer, holes): (Vec<_>, Vec<_>) = rings.into_iter().partition(|ring| area(ring) > 0.0);
    let mut polygons: Vec<Vec<Vec<Pt>>> = outer.into_iter().map(|ring| vec![ring]).collect();
    for hole in holes {
        let middle = hole[0].lerp(hole[1], 0.5);
        let holder =
            polygons.iter_mut().filter(|p| inside(&p[0], middle)).min_by(|a, b| area(&a[0]).total_cmp(&area(&b[0])));
        if let Some(holder) = holder {
            holder.push(hole);
        }
    }
    polygons.sort_by(|a, b| area(&b[0]).total_cmp(&area(&a[0])));
    polygons
}

/// `regions.yaml`.
pub fn tree(regions: &[Region]) -> String {
    let mut out =
        String::from("# Written by `cargo xtask gen demo-city`. Codes are invented: no division begins with 9901.\n");
    out += &format!("- {{id: yaoguang, title: {{zh-CN: 瑶光市, en: Yaoguang}}, level: city, code: \"{CITY_CODE}\"}}\n");
    for region in regions {
        let quote =
            |id: &str| if id.starts_with(|c: char| c.is_ascii_digit()) { format!("\"{id}\"") } else { id.to_owned() };
        out += &format!(
            "- {{id: {}, title: {{zh-CN: {}, en: {}}}, level: {}, code: \"{}\", parent: {}}}\n",
            quote(&region.id),
            region.name.0,
            region.name.1,
            region.level,
            region.code,
            quote(&region.parent)
        );
    }
    out
}

/// The GeoJSON file of one level.
pub fn layer(regions: &[Region], level: &str) -> String {
    let mut layer = Layer::default();
    for region in regions.iter().filter(|region| region.level == level) {
        layer.polygons(&[text("id", &region.id)], &region.polygons);
    }
    layer.finish()
}
