//! The fictional city 瑶光市: its land, streets, buildings, places and regions, drawn from one seed.
//!
//! Must never use data of a real place, a clock or chance: the same files come out every time, and a test compares
//! them with those in the repository.

mod arrange;
mod divide;
mod fabric;
mod geojson;
mod green;
mod names;
mod places;
mod plane;
mod regions;
mod roads;
mod streets;
mod terrain;
#[cfg(test)]
mod tests;

use fabric::{Fabric, Green};
use geojson::{Layer, named, text};
use green::Water;
use plane::{Pt, inside};
use roads::Road;

/// The city, drawn but not yet written.
struct City {
    regions: Vec<regions::Region>,
    greens: Vec<Green>,
    waters: Vec<Water>,
    roads: Vec<Road>,
    fabric: Fabric,
}

fn draw() -> City {
    let terrain = terrain::Terrain::new();
    let lattice = streets::Lattice::new();
    let plan = streets::plan(&lattice, &terrain);
    let lines: Vec<Vec<Pt>> = plan.iter().map(|line| line.points.clone()).collect();
    let net = arrange::arrange(&lines);
    let all_faces = arrange::faces(&net);
    let ranks = roads::edge_ranks(&net, &plan);

    let ground = divide::Ground::new(&net, &all_faces, &ranks, &lattice, &terrain);
    let regions = regions::regions(&net, &all_faces, &ground.divide(&names::DISTRICTS));

    let within = |face: &&arrange::Face| inside(&terrain.border, divide::inner_point(&net, face));
    let faces: Vec<Vec<Pt>> =
        all_faces.iter().filter(within).map(|face| divide::ring_points(&net, &face.ring)).collect();
    let fabric = fabric::fill(&faces, &places::PARKS, &terrain);
    let outer_ring = plan.iter().find(|line| line.name == "ring3").expect("the plan has an outer ring");
    City {
        regions,
        greens: green::greens(&terrain, &outer_ring.points),
        waters: green::waters(&terrain),
        roads: roads::roads(&net, &plan, &lattice, &terrain),
        fabric,
    }
}

/// Every file of the city: its path within the pack, and its text.
pub fn generate() -> Vec<(String, String)> {
    write(&draw())
}

fn write(city: &City) -> Vec<(String, String)> {
    let levels =
        [("district", "districts"), ("street", "streets"), ("community", "communities"), ("unit_grid", "unit_grids")];
    let mut files = vec![("regions.yaml".to_owned(), regions::tree(&city.regions))];
    for (level, file) in levels {
        files.push((format!("regions/{file}.geojson"), regions::layer(&city.regions, level)));
    }
    files.push(("basemap/green.geojson".to_owned(), green_layer(&city.greens, &city.fabric.parks)));
    files.push(("basemap/water.geojson".to_owned(), water_layer(&city.waters)));
    files.push(("basemap/building.geojson".to_owned(), building_layer(&city.fabric)));
    files.push(("basemap/road.geojson".to_owned(), road_layer(&city.roads, &city.fabric.lanes)));
    files.push(("basemap/place.geojson".to_owned(), places::layer(&city.regions, &city.fabric)));
    files
}

fn pair(name: &Option<(String, String)>) -> Option<(&str, &str)> {
    name.as_ref().map(|(zh, en)| (zh.as_str(), en.as_str()))
}

fn green_layer(greens: &[Green], parks: &[Green]) -> String {
    let mut layer = Layer::default();
    for green in greens.iter().chain(parks) {
        let mut properties = vec![text("kind", "green"), text("class", green.class)];
        named(&mut properties, pair(&green.name));
        layer.polygon(&properties, &green.rings);
    }
    layer.finish()
}

fn water_layer(waters: &[Water]) -> String {
    let mut layer = Layer::default();
    for water in waters {
        let mut properties = vec![text("kind", "water"), text("class", water.class)];
        named(&mut properties, Some(water.name));
        layer.polygon(&properties, &water.rings);
    }
    layer.finish()
}

/// One feature a block: thousands of features of one building each would double the file.
fn building_layer(fabric: &Fabric) -> String {
    let mut layer = Layer::default();
    for block in &fabric.buildings {
        let polygons: Vec<Vec<Vec<Pt>>> = block.rings.iter().map(|ring| vec![ring.clone()]).collect();
        layer.polygons(&[text("kind", "building"), text("class", block.class)], &polygons);
    }
    layer.finish()
}

fn road_layer(roads: &[Road], lanes: &[Road]) -> String {
    let mut layer = Layer::default();
    // Small roads first: those drawn later lie on top.
    let order = ["residential", "secondary", "arterial", "expressway"];
    for class in order {
        for road in lanes.iter().chain(roads).filter(|road| road.class == class) {
            let mut properties = vec![text("kind", "road"), text("class", class)];
            named(&mut properties, pair(&road.name));
            if road.bridge {
                properties.push("\"bridge\":true".to_owned());
            }
            layer.line(&properties, &road.points);
        }
    }
    layer.finish()
}
