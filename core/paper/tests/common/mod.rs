//! A sheet to test with, and the font, where the web packages were built.
#![allow(dead_code)]

use dipper_paper as paper;
use paper::{Attached, Entry, Face, How, Moment, Sheet, Words};

/// The font; `None`, said aloud, where `npm run build` has not put it.
pub fn face() -> Option<Face> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/packages/paper/dist/NotoSansSC-Regular.ttf");
    match std::fs::read(file) {
        Ok(bytes) => Some(Face::new(bytes.into()).unwrap()),
        Err(_) => {
            eprintln!("skipped: the font is not built (npm --prefix web run build -w @dipper/paper)");
            None
        }
    }
}

/// A seal that says the digest.
pub fn seal(digest: &[u8; 32]) -> String {
    digest.iter().fold("seal.".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn entry(name: (&str, &str), says: Words) -> Entry {
    Entry { name: Words::two(name.0, name.1), says }
}

/// A licence with names that few fonts have.
pub fn sheet() -> Sheet {
    Sheet {
        languages: ("zh-CN".to_owned(), "en".to_owned()),
        issuer: Words::two("瑶光市 · 市场监督管理局", "Yaoguang · Market Supervision Bureau"),
        title: Words::two("食品经营许可证", "Food business licence"),
        state: entry(("制作时状态", "Status"), Words::two("有效", "Valid")),
        heads: vec![
            entry(("编号", "Number"), Words::one("01M16DFGQG0000000000000000")),
            entry(("签发机关", "Issued by"), Words::two("市场监督管理局", "Market Supervision Bureau")),
            entry(("签发日期", "Issued on"), Words::two("2026年11月27日", "27 November 2026")),
            entry(("有效期至", "Valid until"), Words::two("2031年11月26日", "26 November 2031")),
        ],
        facts: vec![
            entry(("字号名称", "Name of the business"), Words::one("莲花面馆")),
            entry(("经营者姓名", "Name of the operator"), Words::one("马䶮、刘𬸣、𠮷田")),
            entry(
                ("经营场所", "Address"),
                Words::one("瑶光市天权区文昌路 1 号（地铁 2 号线文昌宫站 B 出口向东 200 米，原第二食品厂旧址）"),
            ),
            entry(
                ("经营项目", "Activities"),
                Words::two("热食类食品制售、自制饮品制售", "Hot food, drinks made on the premises"),
            ),
        ],
        notes: vec![Words::two("持证人另有 2 项内容没有出示。", "2 further facts were not shown by the holder.")],
        lacking: Words::two(
            "方框里是字体没有的字的编码（Unicode）。",
            "A box holds the code (Unicode) of a character that the font lacks.",
        ),
        code: "证照二维码".to_owned(),
        too_long: Words::one("太长"),
        how: how(),
        foot: Words::two("2026年11月27日 18:05 制作。", "Made on 27 November 2026, 18:05."),
        made_at: Moment { year: 2026, month: 11, day: 27, hour: 18, minute: 5, second: 0, offset_minutes: 480 },
        attached: Attached {
            licence: format!("eyJ.{}.sig~", "YWJjZGVm".repeat(150)),
            licence_is: "电子证照 · The licence".to_owned(),
            status: "eyJ.e30.sig".to_owned(),
            status_is: "状态清单 · The status list".to_owned(),
            seal_is: "封条 · The seal".to_owned(),
        },
    }
}

fn how() -> How {
    How {
        title: Words::two("怎样核对", "How to check it"),
        steps: vec![
            Words::two(
                "打开 https://city.example/verify 扫码。核对在浏览器里完成，证照不上传。",
                "Open https://city.example/verify and scan the code. It is checked in your browser; nothing is sent.",
            ),
            Words::two(
                "没有网络：dipper verify 文件.pdf --keys 公钥。",
                "Without a network: dipper verify FILE.pdf --keys KEYS.",
            ),
            Words::two("内容要和纸上的文字一致。", "What is shown must be what stands on this page."),
        ],
        limits: Words::two(
            "没有证明：拿着它的人就是持证人；制作以后没有被注销。",
            "Not proved: that whoever has it is its holder; that it was not revoked since.",
        ),
    }
}
