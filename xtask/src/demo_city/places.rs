//! Places with names: government, schools, hospitals, markets, stations, sights.

use super::fabric::Fabric;
use super::geojson::{Layer, named, text};
use super::names::Name;
use super::plane::{Pt, pt};
use super::regions::Region;
use super::streets::bend;

/// Whole blocks that are parks: a point in each, and its name.
pub const PARKS: [(Pt, Name); 14] = [
    (pt(350.0, 3_250.0), ("天枢公园", "Tianshu Park")),
    (pt(-150.0, 1_000.0), ("市民广场", "Citizens' Square")),
    (pt(-2_300.0, 3_000.0), ("鼓楼公园", "Gulou Park")),
    (pt(-5_000.0, 4_200.0), ("书院湿地公园", "Shuyuan Wetland Park")),
    (pt(2_900.0, 3_700.0), ("星汇公园", "Xinghui Park")),
    (pt(4_050.0, 2_600.0), ("百合公园", "Baihe Park")),
    (pt(1_700.0, 4_900.0), ("文昌公园", "Wenchang Park")),
    (pt(-1_700.0, -2_600.0), ("石桥公园", "Shiqiao Park")),
    (pt(1_900.0, -2_300.0), ("云桥公园", "Yunqiao Park")),
    (pt(-3_900.0, -2_300.0), ("丁香园", "Dingxiang Garden")),
    (pt(-700.0, -4_600.0), ("永安公园", "Yong'an Park")),
    (pt(4_000.0, -3_900.0), ("枫林公园", "Fenglin Park")),
    (pt(8_400.0, 1_700.0), ("柳荫公园", "Liuyin Park")),
    (pt(6_200.0, -5_300.0), ("芯谷公园", "Xingu Park")),
];

/// A metro stop: lattice metres east and north, and its name.
type Stop = (f64, f64, Name);

/// Metro lines by number.
const METRO: [(&str, &[Stop]); 2] = [
    (
        "1",
        &[
            (0.0, 6_600.0, ("北站", "North Station")),
            (0.0, 5_100.0, ("北城", "Beicheng")),
            (0.0, 3_750.0, ("钟山公园", "Zhongshan Park")),
            (0.0, 2_350.0, ("天枢公园", "Tianshu Park")),
            (0.0, 950.0, ("市民广场", "Citizens' Square")),
            (0.0, -350.0, ("天枢大街", "Tianshu Street")),
            (0.0, -2_500.0, ("南门", "Nanmen")),
            (0.0, -3_800.0, ("永安", "Yong'an")),
            (0.0, -5_400.0, ("天璇大街", "Tianxuan Street")),
        ],
    ),
    (
        "2",
        &[
            (-7_000.0, 1_400.0, ("西山大道", "Xishan Avenue")),
            (-5_300.0, 1_400.0, ("松岭", "Songling")),
            (-3_600.0, 1_400.0, ("书院", "Shuyuan")),
            (-1_550.0, 1_400.0, ("鼓楼", "Gulou")),
            (0.0, 1_400.0, ("府前", "Fuqian")),
            (1_550.0, 1_400.0, ("金融街", "Financial Street")),
            (3_100.0, 1_400.0, ("星汇", "Xinghui")),
            (4_700.0, 1_400.0, ("揽星渠", "Lanxing Canal")),
            (6_600.0, 1_400.0, ("柳荫", "Liuyin")),
            (8_400.0, 1_400.0, ("东港", "Donggang")),
        ],
    ),
];

/// Sights and institutions of the whole city: kind, place, name, rank (1 is the most important).
const LANDMARKS: [(&str, Pt, Name, u8); 27] = [
    ("government", pt(180.0, 2_150.0), ("瑶光市人民政府", "Yaoguang City Government"), 1),
    ("government", pt(420.0, 1_640.0), ("瑶光市城市运行管理中心", "City Operations Centre"), 1),
    ("station", pt(-250.0, 7_500.0), ("瑶光北站", "Yaoguang North Railway Station"), 1),
    ("station", pt(-3_600.0, -4_200.0), ("瑶光站", "Yaoguang Railway Station"), 1),
    ("station", pt(9_300.0, -2_350.0), ("瑶光港客运码头", "Yaoguang Passenger Pier"), 2),
    ("hospital", pt(-2_150.0, 1_450.0), ("瑶光市第一人民医院", "First People's Hospital"), 1),
    ("hospital", pt(3_950.0, 3_300.0), ("瑶光市中心医院", "Central Hospital"), 1),
    ("hospital", pt(-1_600.0, -3_500.0), ("瑶光市第二人民医院", "Second People's Hospital"), 2),
    ("hospital", pt(5_450.0, -4_700.0), ("瑶光市儿童医院", "Children's Hospital"), 2),
    ("hospital", pt(-4_700.0, 2_950.0), ("瑶光市中医院", "Hospital of Chinese Medicine"), 2),
    ("university", pt(-8_250.0, -900.0), ("瑶光大学", "Yaoguang University"), 1),
    ("university", pt(-7_550.0, -2_100.0), ("瑶光理工学院", "Yaoguang Institute of Technology"), 2),
    ("university", pt(3_500.0, 6_150.0), ("瑶光师范学院", "Yaoguang Normal College"), 2),
    ("culture", pt(-480.0, 1_350.0), ("瑶光博物馆", "Yaoguang Museum"), 1),
    ("culture", pt(620.0, 1_120.0), ("瑶光图书馆", "Yaoguang Library"), 1),
    ("culture", pt(1_300.0, 950.0), ("瑶光大剧院", "Yaoguang Grand Theatre"), 2),
    ("culture", pt(-1_330.0, 4_650.0), ("钟山观星台", "Zhongshan Observatory"), 1),
    ("culture", pt(-1_750.0, 2_100.0), ("鼓楼", "Drum Tower"), 1),
    ("culture", pt(-2_350.0, 2_250.0), ("文庙", "Confucian Temple"), 2),
    ("culture", pt(-2_900.0, -10.0), ("望江楼", "Wangjiang Tower"), 2),
    ("sport", pt(2_300.0, 5_900.0), ("瑶光奥体中心", "Olympic Sports Centre"), 1),
    ("sport", pt(-3_200.0, -3_000.0), ("南城体育馆", "Nancheng Gymnasium"), 2),
    ("market", pt(-850.0, 1_750.0), ("灯市街夜市", "Dengshi Night Market"), 2),
    ("market", pt(2_600.0, 1_850.0), ("星汇广场", "Xinghui Plaza"), 1),
    ("market", pt(600.0, -2_500.0), ("南门商场", "Nanmen Mall"), 2),
    ("culture", pt(9_600.0, 1_150.0), ("瑶光国际会展中心", "International Exhibition Centre"), 2),
    ("office", pt(7_100.0, -6_300.0), ("天工科技园", "Tiangong Science Park"), 2),
];

/// `basemap/place.geojson`.
pub fn layer(regions: &[Region], fabric: &Fabric) -> String {
    let mut layer = Layer::default();
    let mut add = |kind: &str, p: Pt, zh: &str, en: &str, rank: u8| {
        let mut properties = vec![text("kind", kind)];
        named(&mut properties, Some((zh, en)));
        properties.push(format!("\"rank\":{rank}"));
        layer.point(&properties, p);
    };
    for (kind, p, (zh, en), rank) in LANDMARKS {
        add(kind, p, zh, en, rank);
    }
    for (line, stops) in METRO {
        for (u, v, (zh, en)) in stops {
            add("metro", bend(*u, *v), &format!("{zh}站（{line}号线）"), &format!("{en} (Line {line})"), 2);
        }
    }
    let mut taken = Vec::new();
    for region in regions {
        let mut near = |dx: f64, dy: f64| built_near(fabric, region.centre.add(pt(dx, dy)), &mut taken);
        let (zh, en) = (region.name.0.as_str(), region.name.1.as_str());
        match region.level {
            "district" => {
                add("government", near(260.0, 180.0), &format!("{zh}人民政府"), &format!("{en} Government"), 2)
            }
            "street" => {
                add("government", near(0.0, 0.0), &format!("{zh}办事处"), &format!("{en} Office"), 3);
                let (stem, stem_en) = (zh.trim_end_matches("街道"), en.trim_end_matches(" Subdistrict"));
                add(
                    "hospital",
                    near(420.0, -300.0),
                    &format!("{stem}卫生服务中心"),
                    &format!("{stem_en} Health Centre"),
                    3,
                );
                add("school", near(-420.0, 330.0), &format!("{stem}中学"), &format!("{stem_en} Middle School"), 3);
                add("police", near(-380.0, -350.0), &format!("{stem}派出所"), &format!("{stem_en} Police Station"), 3);
            }
            "community" => {
                let (stem, stem_en) = (zh.trim_end_matches("社区"), en.trim_end_matches(" Community"));
                add(
                    "community",
                    near(0.0, 0.0),
                    &format!("{stem}社区工作站"),
                    &format!("{stem_en} Community Station"),
                    4,
                );
                add("school", near(230.0, 190.0), &format!("{stem}小学"), &format!("{stem_en} Primary School"), 4);
                add("market", near(-240.0, -170.0), &format!("{stem}菜市场"), &format!("{stem_en} Food Market"), 4);
            }
            _ => {}
        }
    }
    layer.finish()
}

/// Two places are at least this far apart, metres.
const APART_M: f64 = 70.0;

/// The building nearest to a point that no place has taken, so that nothing stands in a field or on another.
fn built_near(fabric: &Fabric, p: Pt, taken: &mut Vec<Pt>) -> Pt {
    let middles = fabric.buildings.iter().flat_map(|block| &block.rings).map(|ring| ring[0].lerp(ring[2], 0.5));
    let free = middles.filter(|middle| taken.iter().all(|other| other.dist(*middle) > APART_M));
    let found = free.min_by(|a, b| a.dist(p).total_cmp(&b.dist(p))).unwrap_or(p);
    taken.push(found);
    found
}
