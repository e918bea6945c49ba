//! A licence on paper, in words: zh-CN first where the city speaks it, en beside it.

use std::collections::BTreeMap;

use credential::SdJwt;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Instant;
use pack::City;
use paper::{Attached, Entry, How, Moment, Sheet, Words};
use serde_json::Value;
use store::LicenceRow;

use crate::wire;

const ZH: &str = "zh-CN";
const EN: &str = "en";

/// What a sheet is made of.
pub struct Printed<'a> {
    /// The city.
    pub city: &'a City,
    /// The licence's row.
    pub row: &'a LicenceRow,
    /// What the list says of it.
    pub item: wire::LicenceItem,
    /// The facts that are shown.
    pub facts: Vec<wire::LicenceFact>,
    /// How many are not.
    pub withheld: usize,
    /// The licence with the facts that are shown.
    pub shown: &'a SdJwt,
    /// The status list.
    pub status: String,
    /// The address of the page that checks licences; `None` where the city has not said its own.
    pub verify_url: Option<String>,
    /// Now.
    pub now: Instant,
}

impl Printed<'_> {
    /// The sheet.
    pub fn sheet(self) -> Sheet {
        let speech = Speech { is_zh: self.city.locales.iter().any(|locale| locale == ZH) };
        let now = self.local(self.now);
        let languages = if speech.is_zh { (ZH, EN) } else { (EN, ZH) };
        Sheet {
            languages: (languages.0.to_owned(), languages.1.to_owned()),
            issuer: self.issuer(&speech),
            title: speech.text(&self.item.title),
            state: speech.entry("制作时状态", "Status", state(self.item.status, &speech)),
            heads: self.heads(&speech),
            facts: self.facts.iter().map(|fact| entry(&speech, fact)).collect(),
            notes: self.notes(&speech),
            lacking: speech.words(
                "方框里是这份文件的字体没有的字的 Unicode 编码；复制方框得到的就是这个字。",
                "A box holds the Unicode number of a character that the font of this document lacks; copying it gives the character.",
            ),
            code: speech.words("证照二维码", "The licence as a QR code").first,
            too_long: speech.words(
                "内容太多，放不进一个二维码：请用这份 PDF 文件核对。",
                "There is too much on it for one code: check this PDF file itself.",
            ),
            how: how(&speech, self.verify_url.as_deref()),
            foot: speech.words(
                &format!("{} {} 制作。纸上的文字以核对的结果为准；证照可能在这以后被注销。", day_zh(&now), clock(&now)),
                &format!("Made on {}, {}. What the check says counts, not the words on paper; the licence may have been revoked since.", day_en(&now), clock(&now)),
            ),
            made_at: moment(&now, self.zone().to_offset(self.now.to_timestamp()).seconds() / 60),
            attached: Attached {
                licence: self.shown.to_string(),
                licence_is: "电子证照 · the signed licence (SD-JWT VC)".to_owned(),
                status: self.status,
                status_is: "制作时的状态清单 · the status list when this was made".to_owned(),
                seal_is: "封条：整份文件的签名 · the seal: a signature over the whole file".to_owned(),
            },
        }
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.city.timezone).unwrap_or(TimeZone::UTC)
    }

    fn local(&self, at: Instant) -> DateTime {
        self.zone().to_datetime(at.to_timestamp())
    }

    fn issuer(&self, speech: &Speech) -> Words {
        let (city, office) = (speech.text(&crate::convert::text(&self.city.title)), speech.text(&self.item.office));
        let second = |words: &Words| words.second.clone().unwrap_or_else(|| words.first.clone());
        let in_second = format!("{} · {}", second(&city), second(&office));
        Words::two(format!("{} · {}", city.first, office.first), in_second)
    }

    fn heads(&self, speech: &Speech) -> Vec<Entry> {
        let day = |at: Instant| {
            let at = self.local(at);
            speech.words(&day_zh(&at), &day_en(&at))
        };
        let until = self.row.expires_at.map_or_else(|| speech.words("长期", "No end"), day);
        vec![
            speech.entry("编号", "Number", Words::one(self.item.id.clone())),
            speech.entry("签发机关", "Issued by", speech.text(&self.item.office)),
            speech.entry("签发日期", "Issued on", day(self.row.issued_at)),
            speech.entry("有效期至", "Valid until", until),
        ]
    }

    fn notes(&self, speech: &Speech) -> Vec<Words> {
        match self.withheld {
            0 => Vec::new(),
            1 => vec![speech.words("持证人另有 1 项内容没有出示。", "Its holder chose not to show 1 more fact.")],
            n => vec![speech.words(
                &format!("持证人另有 {n} 项内容没有出示。"),
                &format!("Its holder chose not to show {n} more facts."),
            )],
        }
    }
}

/// The languages of a sheet.
struct Speech {
    is_zh: bool,
}

impl Speech {
    fn words(&self, zh: &str, en: &str) -> Words {
        if self.is_zh { Words::two(zh, en) } else { Words::one(en) }
    }

    fn entry(&self, zh: &str, en: &str, says: Words) -> Entry {
        Entry { name: self.words(zh, en), says }
    }

    /// A text of the pack: what it does not have in a language is not there twice.
    fn text(&self, text: &wire::Text) -> Words {
        let texts: BTreeMap<&str, &str> = text.0.iter().map(|(tag, text)| (tag.as_str(), text.as_str())).collect();
        self.of(&texts)
    }

    fn of(&self, texts: &BTreeMap<&str, &str>) -> Words {
        let get = |tag| texts.get(tag).copied().filter(|text: &&str| !text.is_empty());
        let any = texts.values().next().copied().unwrap_or_default();
        let (first, second) = if self.is_zh { (ZH, EN) } else { (EN, ZH) };
        let second = if self.is_zh { get(second) } else { None };
        Words::two(get(first).or(get(EN)).unwrap_or(any), second.unwrap_or_default())
    }

    /// A value of a claim, as the page that checks licences says it.
    fn value(&self, value: &Value) -> Words {
        match value {
            Value::Array(items) => {
                let items: Vec<Words> = items.iter().map(|item| self.value(item)).collect();
                let join = |mark, pick: fn(&Words) -> &str| items.iter().map(pick).collect::<Vec<_>>().join(mark);
                let mark = if self.is_zh { "、" } else { ", " };
                let second = join(", ", |words| words.second.as_ref().unwrap_or(&words.first));
                let has_second = items.iter().any(|words| words.second.is_some());
                Words::two(join(mark, |words| &words.first), if has_second { second } else { String::new() })
            }
            Value::Object(texts) => {
                let texts: Option<_> = texts.iter().map(|(tag, text)| Some((tag.as_str(), text.as_str()?))).collect();
                texts.map_or_else(|| Words::one(value.to_string()), |texts| self.of(&texts))
            }
            Value::String(text) => Words::one(text.clone()),
            Value::Bool(is) => self.words(if *is { "是" } else { "否" }, if *is { "Yes" } else { "No" }),
            other => Words::one(other.to_string()),
        }
    }
}

fn entry(speech: &Speech, fact: &wire::LicenceFact) -> Entry {
    Entry { name: speech.text(&fact.title), says: speech.value(&fact.value) }
}

fn state(status: wire::LicenceStatus, speech: &Speech) -> Words {
    match status {
        wire::LicenceStatus::Valid => speech.words("有效", "Valid"),
        wire::LicenceStatus::Expired => speech.words("已过期", "Expired"),
        wire::LicenceStatus::Revoked => speech.words("已注销", "Revoked"),
    }
}

fn how(speech: &Speech, url: Option<&str>) -> How {
    let (zh, en) = url.map_or(("城市网站的 /verify", "/verify on the city's site"), |url| (url, url));
    How {
        title: speech.words("怎样核对", "How to check it"),
        steps: vec![
            speech.words(
                &format!("打开 {zh} ，扫左边的码。核对在浏览器里完成，证照不上传。"),
                &format!("Open {en} and scan the code. It is checked in your browser; nothing is sent."),
            ),
            speech.words(
                "没有网络：用 dipper verify 核对这份 PDF 文件（签名的证照附在里面，PyPI 的 sd-jwt 也能核对）。",
                "Without a network: dipper verify and this PDF file. The signed licence is attached to it; sd-jwt of PyPI checks it too.",
            ),
            speech.words(
                "核对出来的内容要和纸上的一致。",
                "What the check shows must be what stands here.",
            ),
        ],
        limits: speech.words(
            "没有证明：持有它的人就是持证人。这是副本：要确认本人，请对方用手机当面出示。",
            "Not proved: that whoever has it is its holder. This is a copy: where it matters, have it shown on their phone.",
        ),
    }
}

fn day_zh(at: &DateTime) -> String {
    format!("{}年{}月{}日", at.year(), at.month(), at.day())
}

fn day_en(at: &DateTime) -> String {
    at.strftime("%-d %B %Y").to_string()
}

fn clock(at: &DateTime) -> String {
    at.strftime("%H:%M").to_string()
}

fn moment(at: &DateTime, offset_minutes: i32) -> Moment {
    let part = |part: i8| u8::try_from(part).unwrap_or_default();
    Moment {
        year: u16::try_from(at.year()).unwrap_or_default(),
        month: part(at.month()),
        day: part(at.day()),
        hour: part(at.hour()),
        minute: part(at.minute()),
        second: part(at.second()),
        offset_minutes: i16::try_from(offset_minutes).unwrap_or_default(),
    }
}
