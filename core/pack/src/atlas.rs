//! The regions as a spatial index: which one holds a point.
//!
//! A lattice over all polygons says for each of its squares which regions hold it whole and which have an edge in it;
//! only the latter need a point-in-polygon test. Coordinates are treated as a plane, which moves an edge between two
//! vertices by less than a centimetre for edges up to a kilometre.

use grid::LonLat;
use model::RegionId;

use crate::city::City;

/// Squares along each side of the lattice.
const SIDE: usize = 64;

type Polygon = Vec<Vec<[f64; 2]>>;

/// A compiled spatial index of a city's regions.
#[derive(Debug, Clone)]
pub struct Atlas {
    west: f64,
    south: f64,
    width: f64,
    height: f64,
    /// Deepest level first, then smallest box first.
    shapes: Vec<Shape>,
    /// Per square, row by row from the south-west: shapes in order, and whether the square lies wholly inside.
    squares: Vec<Vec<(u32, bool)>>,
}

#[derive(Debug, Clone)]
struct Shape {
    region: RegionId,
    polygons: Vec<Polygon>,
    /// West, south, east, north.
    bounds: [f64; 4],
}

impl Atlas {
    /// Builds the index from the polygons of a city's regions.
    pub fn new(city: &City) -> Self {
        let shape = |(id, region): (&RegionId, &crate::city::Region)| {
            let shape =
                Shape { region: id.clone(), bounds: bounds_of(&region.polygons)?, polygons: region.polygons.clone() };
            Some((region.level, shape))
        };
        let mut shapes: Vec<_> = city.regions.iter().filter_map(shape).collect();
        let area = |shape: &Shape| (shape.bounds[2] - shape.bounds[0]) * (shape.bounds[3] - shape.bounds[1]);
        shapes.sort_by(|(level, a), (other, b)| other.cmp(level).then(area(a).total_cmp(&area(b))));
        let shapes: Vec<Shape> = shapes.into_iter().map(|(_, shape)| shape).collect();
        let all = shapes.iter().map(|shape| shape.bounds).reduce(union).unwrap_or([0.0, 0.0, 0.0, 0.0]);
        let mut atlas = Self {
            west: all[0],
            south: all[1],
            width: (all[2] - all[0]).max(f64::MIN_POSITIVE),
            height: (all[3] - all[1]).max(f64::MIN_POSITIVE),
            shapes: Vec::new(),
            squares: vec![Vec::new(); SIDE * SIDE],
        };
        for (index, shape) in shapes.iter().enumerate() {
            atlas.enter(u32::try_from(index).expect("fewer than 2^32 regions"), shape);
        }
        atlas.shapes = shapes;
        atlas
    }

    /// The smallest region that holds a point; absent outside every polygon.
    pub fn locate(&self, point: LonLat) -> Option<RegionId> {
        let (x, y) = (point.lon_deg(), point.lat_deg());
        let east = self.west + self.width;
        let north = self.south + self.height;
        if self.shapes.is_empty() || x < self.west || y < self.south || east < x || north < y {
            return None;
        }
        let square = &self.squares[self.row(y) * SIDE + self.column(x)];
        let holds = |&&(index, whole): &&(u32, bool)| whole || contains(&self.shapes[index as usize].polygons, x, y);
        square.iter().find(holds).map(|&(index, _)| self.shapes[index as usize].region.clone())
    }

    fn column(&self, x: f64) -> usize {
        step((x - self.west) / self.width)
    }

    fn row(&self, y: f64) -> usize {
        step((y - self.south) / self.height)
    }

    /// Notes a shape in every square it touches.
    fn enter(&mut self, index: u32, shape: &Shape) {
        let [west, south, east, north] = shape.bounds;
        let (left, right) = (self.column(west), self.column(east));
        let (low, high) = (self.row(south), self.row(north));
        let mut edged = vec![false; SIDE * SIDE];
        for [a, b] in edges(&shape.polygons) {
            // Every square of the edge's box: more than the edge touches, never fewer.
            for row in self.row(a[1].min(b[1]))..=self.row(a[1].max(b[1])) {
                for column in self.column(a[0].min(b[0]))..=self.column(a[0].max(b[0])) {
                    edged[row * SIDE + column] = true;
                }
            }
        }
        for row in low..=high {
            let y = self.south + self.height * (row as f64 + 0.5) / SIDE as f64;
            let crossings = crossings(&shape.polygons, y);
            for column in left..=right {
                let square = row * SIDE + column;
                let x = self.west + self.width * (column as f64 + 0.5) / SIDE as f64;
                let inside = crossings.iter().filter(|&&at| x < at).count() % 2 == 1;
                if edged[square] || inside {
                    self.squares[square].push((index, !edged[square]));
                }
            }
        }
    }
}

/// The lattice step of a fraction of the side, held within it.
fn step(fraction: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and SIDE - 1 before")]
    let step = (fraction * SIDE as f64).clamp(0.0, SIDE as f64 - 1.0) as usize;
    step
}

/// Every edge of every ring, the closing one included.
fn edges(polygons: &[Polygon]) -> impl Iterator<Item = [[f64; 2]; 2]> {
    polygons.iter().flatten().flat_map(|ring| {
        let ends = ring.iter().skip(1).chain(ring.first());
        ring.iter().zip(ends).map(|(a, b)| [*a, *b])
    })
}

/// Longitude at which an edge crosses a latitude. Half open, so that a vertex counts once.
fn crossing([a, b]: [[f64; 2]; 2], y: f64) -> Option<f64> {
    ((a[1] <= y) != (b[1] <= y)).then(|| a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
}

fn crossings(polygons: &[Polygon], y: f64) -> Vec<f64> {
    edges(polygons).filter_map(|edge| crossing(edge, y)).collect()
}

/// True when an odd number of edges lies east of the point: holes and several polygons need no care of their own.
pub(crate) fn contains(polygons: &[Polygon], x: f64, y: f64) -> bool {
    edges(polygons).filter_map(|edge| crossing(edge, y)).filter(|&at| x < at).count() % 2 == 1
}

/// West, south, east, north of some polygons; absent when they have no point.
fn bounds_of(polygons: &[Polygon]) -> Option<[f64; 4]> {
    polygons.iter().flatten().flatten().map(|&[x, y]| [x, y, x, y]).reduce(union)
}

fn union(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}
