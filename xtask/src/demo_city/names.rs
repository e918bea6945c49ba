//! Names: the fictional city's regions, streets and places, in Chinese and English.

/// A name in Chinese and English.
pub type Name = (&'static str, &'static str);

/// A district (区).
pub struct District {
    /// Id.
    pub id: &'static str,
    /// Name without 区.
    pub name: Name,
    /// Its streets.
    pub streets: &'static [Street],
}

/// A street (街道).
pub struct Street {
    /// Id.
    pub id: &'static str,
    /// Name without 街道.
    pub name: Name,
    /// Where it should lie, metres east and north of the origin.
    pub near: (f64, f64),
    /// Its communities: id within the street, name without 社区.
    pub communities: &'static [(&'static str, Name)],
}

const fn street(
    id: &'static str,
    name: Name,
    near: (f64, f64),
    communities: &'static [(&'static str, Name)],
) -> Street {
    Street { id, name, near, communities }
}

/// The four districts, named after stars of the Dipper: north-west, north-east, south-west, south-east.
pub const DISTRICTS: [District; 4] = [
    District {
        id: "tianquan",
        name: ("天权", "Tianquan"),
        streets: &[
            street(
                "gulou",
                ("鼓楼", "Gulou"),
                (-1_300.0, 2_600.0),
                &[
                    ("zhonglou", ("钟楼", "Zhonglou")),
                    ("fuqian", ("府前", "Fuqian")),
                    ("huaiyin", ("槐荫", "Huaiyin")),
                    ("nanguan", ("南关", "Nanguan")),
                ],
            ),
            street(
                "shuyuan",
                ("书院", "Shuyuan"),
                (-4_300.0, 3_600.0),
                &[
                    ("gongyuan", ("贡院", "Gongyuan")),
                    ("wenmiao", ("文庙", "Wenmiao")),
                    ("hanlin", ("翰林", "Hanlin")),
                    ("yanchi", ("砚池", "Yanchi")),
                ],
            ),
            street(
                "wangjiang",
                ("望江", "Wangjiang"),
                (-7_500.0, 2_500.0),
                &[
                    ("wangjianglou", ("望江楼", "Wangjianglou")),
                    ("dukou", ("渡口", "Dukou")),
                    ("binjiang", ("滨江", "Binjiang")),
                ],
            ),
            street(
                "kuishan",
                ("魁山", "Kuishan"),
                (-7_000.0, 7_500.0),
                &[
                    ("shanmen", ("山门", "Shanmen")),
                    ("chayuan", ("茶园", "Chayuan")),
                    ("songling", ("松岭", "Songling")),
                    ("qingquan", ("清泉", "Qingquan")),
                ],
            ),
        ],
    },
    District {
        id: "yuheng",
        name: ("玉衡", "Yuheng"),
        streets: &[
            street(
                "xinghui",
                ("星汇", "Xinghui"),
                (2_200.0, 2_200.0),
                &[
                    ("jinqiao", ("金桥", "Jinqiao")),
                    ("huizhan", ("会展", "Huizhan")),
                    ("yuntai", ("云台", "Yuntai")),
                    ("baihe", ("百合", "Baihe")),
                ],
            ),
            street(
                "wenchang",
                ("文昌", "Wenchang"),
                (3_000.0, 6_500.0),
                &[
                    ("wenchangge", ("文昌阁", "Wenchangge")),
                    ("xuefu", ("学府", "Xuefu")),
                    ("ziwei", ("紫薇", "Ziwei")),
                    ("guiyuan", ("桂园", "Guiyuan")),
                ],
            ),
            street(
                "lanxing",
                ("揽星", "Lanxing"),
                (6_500.0, 4_500.0),
                &[("hubin", ("湖滨", "Hubin")), ("guanlan", ("观澜", "Guanlan")), ("tingyu", ("听雨", "Tingyu"))],
            ),
            street(
                "liuyin",
                ("柳荫", "Liuyin"),
                (9_500.0, 2_500.0),
                &[
                    ("liudi", ("柳堤", "Liudi")),
                    ("xinghua", ("杏花", "Xinghua")),
                    ("chunxiao", ("春晓", "Chunxiao")),
                    ("beizhan", ("北站", "Beizhan")),
                ],
            ),
        ],
    },
    District {
        id: "kaiyang",
        name: ("开阳", "Kaiyang"),
        streets: &[
            street(
                "nanmen",
                ("南门", "Nanmen"),
                (-1_200.0, -3_000.0),
                &[
                    ("chengnan", ("城南", "Chengnan")),
                    ("shiqiao", ("石桥", "Shiqiao")),
                    ("dingxiang", ("丁香", "Dingxiang")),
                    ("yongan", ("永安", "Yong'an")),
                ],
            ),
            street(
                "daxuecheng",
                ("大学城", "Daxuecheng"),
                (-7_300.0, -4_300.0),
                &[
                    ("qiushi", ("求是", "Qiushi")),
                    ("mingde", ("明德", "Mingde")),
                    ("siyuan", ("思源", "Siyuan")),
                    ("zhiyuan", ("致远", "Zhiyuan")),
                ],
            ),
            street(
                "qiaonan",
                ("桥南", "Qiaonan"),
                (-4_000.0, -5_500.0),
                &[
                    ("hongqi", ("红旗", "Hongqi")),
                    ("jinxiu", ("锦绣", "Jinxiu")),
                    ("fangzhi", ("纺织", "Fangzhi")),
                    ("tielu", ("铁路", "Tielu")),
                ],
            ),
        ],
    },
    District {
        id: "tianxuan",
        name: ("天璇", "Tianxuan"),
        streets: &[
            street(
                "yunqiao",
                ("云桥", "Yunqiao"),
                (2_500.0, -4_000.0),
                &[
                    ("hongqiao", ("虹桥", "Hongqiao")),
                    ("fenglin", ("枫林", "Fenglin")),
                    ("wutong", ("梧桐", "Wutong")),
                    ("shuangjing", ("双井", "Shuangjing")),
                ],
            ),
            street(
                "gaoxin",
                ("高新", "Gaoxin"),
                (6_500.0, -6_000.0),
                &[
                    ("chuangxin", ("创新", "Chuangxin")),
                    ("qiming", ("启明", "Qiming")),
                    ("tiangong", ("天工", "Tiangong")),
                    ("xingu", ("芯谷", "Xingu")),
                ],
            ),
            street(
                "linjiang",
                ("临江", "Linjiang"),
                (3_000.0, -1_000.0),
                &[("jiangpan", ("江畔", "Jiangpan")), ("matou", ("码头", "Matou")), ("haitang", ("海棠", "Haitang"))],
            ),
        ],
    },
];

/// Names of the lines that run north, from the axis outwards: west, then east.
pub const NORTHWARD: [&[Name]; 2] = [
    &[
        ("北斗大道", "Beidou Avenue"),
        ("鼓楼路", "Gulou Road"),
        ("文庙路", "Wenmiao Road"),
        ("书院大道", "Shuyuan Avenue"),
        ("砚池路", "Yanchi Road"),
        ("翰林路", "Hanlin Road"),
        ("天权大道", "Tianquan Avenue"),
        ("桑园路", "Sangyuan Road"),
        ("松风路", "Songfeng Road"),
        ("魁星大道", "Kuixing Avenue"),
        ("茶马路", "Chama Road"),
        ("竹溪路", "Zhuxi Road"),
        ("西山大道", "Xishan Avenue"),
        ("听泉路", "Tingquan Road"),
        ("枣林路", "Zaolin Road"),
        ("落霞路", "Luoxia Road"),
        ("白鹭路", "Bailu Road"),
        ("西陵路", "Xiling Road"),
    ],
    &[
        ("北斗大道", "Beidou Avenue"),
        ("市府东路", "Shifu East Road"),
        ("会展路", "Huizhan Road"),
        ("玉衡大道", "Yuheng Avenue"),
        ("金桥路", "Jinqiao Road"),
        ("云台路", "Yuntai Road"),
        ("星汇大道", "Xinghui Avenue"),
        ("紫薇路", "Ziwei Road"),
        ("学府路", "Xuefu Road"),
        ("揽星大道", "Lanxing Avenue"),
        ("芦花路", "Luhua Road"),
        ("观澜路", "Guanlan Road"),
        ("东港大道", "Donggang Avenue"),
        ("朝阳路", "Chaoyang Road"),
        ("杏林路", "Xinglin Road"),
        ("望海路", "Wanghai Road"),
        ("麦浪路", "Mailang Road"),
        ("东陵路", "Dongling Road"),
    ],
];

/// Names of the lines that run east, from the waist outwards: south, then north.
pub const EASTWARD: [&[Name]; 2] = [
    &[
        ("天枢大街", "Tianshu Street"),
        ("渡口街", "Dukou Street"),
        ("石桥街", "Shiqiao Street"),
        ("开阳大街", "Kaiyang Street"),
        ("永安街", "Yong'an Street"),
        ("丁香街", "Dingxiang Street"),
        ("天璇大街", "Tianxuan Street"),
        ("枫林街", "Fenglin Street"),
        ("梧桐街", "Wutong Street"),
        ("锦绣大街", "Jinxiu Street"),
        ("双井街", "Shuangjing Street"),
        ("创新大街", "Chuangxin Street"),
        ("启明街", "Qiming Street"),
        ("天工大街", "Tiangong Street"),
        ("南岭街", "Nanling Street"),
        ("稻香大街", "Daoxiang Street"),
    ],
    &[
        ("天枢大街", "Tianshu Street"),
        ("府前街", "Fuqian Street"),
        ("钟楼街", "Zhonglou Street"),
        ("天玑大街", "Tianji Street"),
        ("槐荫街", "Huaiyin Street"),
        ("贡院街", "Gongyuan Street"),
        ("文昌大街", "Wenchang Street"),
        ("桂园街", "Guiyuan Street"),
        ("杏花街", "Xinghua Street"),
        ("北城大街", "Beicheng Street"),
        ("春晓街", "Chunxiao Street"),
        ("清泉大街", "Qingquan Street"),
        ("柳堤街", "Liudi Street"),
        ("北站大街", "Beizhan Street"),
        ("北岭街", "Beiling Street"),
        ("长林大街", "Changlin Street"),
    ],
];

/// Names of the lines that follow neither.
pub const OWN: [(&str, Name); 9] = [
    ("ring1", ("一环路", "First Ring Road")),
    ("ring2", ("二环快速路", "Second Ring Expressway")),
    ("ring3", ("三环快速路", "Third Ring Expressway")),
    ("bypass", ("瑶光绕城高速", "Yaoguang Bypass")),
    ("diagonal_ne", ("星河大道", "Xinghe Avenue")),
    ("diagonal_sw", ("玉带大道", "Yudai Avenue")),
    ("embankment_n", ("滨江北路", "Binjiang North Road")),
    ("embankment_s", ("滨江南路", "Binjiang South Road")),
    ("lake", ("环湖路", "Huanhu Road")),
];

/// First parts of the names of small streets, parks and estates.
pub const STEMS: [Name; 48] = [
    ("槐树", "Huaishu"),
    ("柳叶", "Liuye"),
    ("青石", "Qingshi"),
    ("甜水", "Tianshui"),
    ("竹林", "Zhulin"),
    ("梅花", "Meihua"),
    ("银杏", "Yinxing"),
    ("石榴", "Shiliu"),
    ("牌坊", "Paifang"),
    ("磨坊", "Mofang"),
    ("染坊", "Ranfang"),
    ("灯市", "Dengshi"),
    ("米市", "Mishi"),
    ("茶亭", "Chating"),
    ("书铺", "Shupu"),
    ("花园", "Huayuan"),
    ("月河", "Yuehe"),
    ("星桥", "Xingqiao"),
    ("白塔", "Baita"),
    ("长乐", "Changle"),
    ("安居", "Anju"),
    ("康宁", "Kangning"),
    ("和平", "Heping"),
    ("友谊", "Youyi"),
    ("建设", "Jianshe"),
    ("新风", "Xinfeng"),
    ("曙光", "Shuguang"),
    ("朝霞", "Zhaoxia"),
    ("雨花", "Yuhua"),
    ("芙蓉", "Furong"),
    ("海棠", "Haitang"),
    ("玉兰", "Yulan"),
    ("香樟", "Xiangzhang"),
    ("杨柳", "Yangliu"),
    ("碧波", "Bibo"),
    ("荷塘", "Hetang"),
    ("鹤鸣", "Heming"),
    ("鹿苑", "Luyuan"),
    ("云锦", "Yunjin"),
    ("彩虹", "Caihong"),
    ("金穗", "Jinsui"),
    ("稻田", "Daotian"),
    ("果园", "Guoyuan"),
    ("桃源", "Taoyuan"),
    ("梨园", "Liyuan"),
    ("樱花", "Yinghua"),
    ("丰收", "Fengshou"),
    ("古井", "Gujing"),
];

/// Last parts of the names of small streets.
pub const LANES: [Name; 8] = [
    ("巷", " Lane"),
    ("里", " Li"),
    ("一巷", " 1st Lane"),
    ("二巷", " 2nd Lane"),
    ("支路", " Side Road"),
    ("弄", " Alley"),
    ("东巷", " East Lane"),
    ("西巷", " West Lane"),
];
