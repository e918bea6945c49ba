//! The report of a visit in the languages of the command line.

use model::Text;

use crate::anchor::Anchor;

use super::{FollowError, Followed, Seen};

pub(super) fn followed(visit: &Followed) -> Text {
    let Followed { origin, size, root, entries, .. } = visit;
    let (before_zh, before_en) = match visit.before {
        Some(before) => (
            format!("上次 {before} 条，本次仍以其开头；"),
            format!("it still begins with the {before} entries of the last visit; "),
        ),
        None => ("首次查看；".to_owned(), "first visit; ".to_owned()),
    };
    let names = visit.cosigners.join(", ");
    let (signed_zh, signed_en) = if visit.cosigners.is_empty() {
        ("未要求见证；".to_owned(), "no witness was asked for; ".to_owned())
    } else {
        (format!("见证方已联署：{names}；"), format!("cosigned by {names}; "))
    };
    let (key_zh, key_en) = if visit.took_key {
        (
            "注意：密钥取自该服务器本身，请从别处核对。",
            " Note: the key came from the server it judges; compare it with one from elsewhere.",
        )
    } else {
        ("", "")
    };
    let seen = |zh: bool| -> String {
        let witnesses = visit.witnesses.iter().map(|(name, seen)| format!("\n  {name}: {}", shown(seen, zh)));
        witnesses.chain(visit.anchors.iter().map(|anchor| format!("\n  {}", stamped(anchor, zh)))).collect()
    };
    Text::from([
        (
            "zh-CN",
            format!(
                "{origin}：{size} 条，根 {root}。签名有效；{before_zh}{signed_zh}由 {entries} 条重新算出的瓦片与根一致。{key_zh}{}",
                seen(true)
            ),
        ),
        (
            "en",
            format!(
                "{origin}: {size} entries, root {root}. The signature holds; {before_en}{signed_en}tiles and root computed anew from {entries} entries agree.{key_en}{}",
                seen(false)
            ),
        ),
    ])
}

fn shown(seen: &Seen, zh: bool) -> String {
    match (seen, zh) {
        (Seen::Agrees(size), true) => format!("见到 {size} 条，与账本一致"),
        (Seen::Agrees(size), false) => format!("has seen {size} entries, which the log begins with"),
        (Seen::Ahead(size), true) => format!("见到 {size} 条，账本尚未公布"),
        (Seen::Ahead(size), false) => format!("has seen {size} entries, which the log does not show yet"),
        (Seen::Nothing, true) => "未见过此账本".to_owned(),
        (Seen::Nothing, false) => "has seen nothing of this log".to_owned(),
        (Seen::Silent(why), true) => format!("未能核对（{why}）"),
        (Seen::Silent(why), false) => format!("could not be compared ({why})"),
    }
}

fn stamped(anchor: &Anchor, zh: bool) -> String {
    let Anchor { size, stamped, .. } = anchor;
    match (stamped.is_trusted, zh) {
        (true, true) => format!("{size} 条时的检查点于 {} 由可信时间戳机构盖戳", stamped.at),
        (true, false) => {
            format!("the checkpoint of {size} entries was time-stamped at {} by a trusted authority", stamped.at)
        }
        (false, true) => format!("{size} 条时的检查点于 {} 盖有时间戳（未指定可信机构）", stamped.at),
        (false, false) => {
            format!(
                "the checkpoint of {size} entries was time-stamped at {} (no authority was named to trust)",
                stamped.at
            )
        }
    }
}

pub(super) fn fault(fault: &FollowError) -> Text {
    let zh = match fault {
        FollowError::Unreadable { what, why } => format!("无法读取 {what}：{why}"),
        FollowError::Key(error) => format!("账本密钥无效：{error}"),
        FollowError::UnknownLog { origin } => format!("策略文件未列出账本 {origin}"),
        FollowError::Checkpoint(error) => format!("检查点与账本密钥不符：{error}"),
        FollowError::Signatures(error) => format!("检查点上的签名有误：{error}"),
        FollowError::NoQuorum { got } => format!("已知见证方中有 {got} 个联署，未达到策略要求的数目"),
        FollowError::Shrunk { before, now } => {
            format!("账本现有 {now} 条，少于先前的 {before} 条：被回退或对人两面；两份签名均已保存")
        }
        FollowError::Fork { who, before, now } => {
            format!("现有 {now} 条的账本不以 {who} 见过的 {before} 条开头：对人两面；两份签名均已保存")
        }
        FollowError::NotDerived { what } => format!("{what} 与条目算出的不一致"),
        FollowError::Anchor { size, why } => format!("{size} 条时的时间戳无效：{why}"),
        FollowError::Memory(what) => format!("先前查看的记录已损坏：{what}；请恢复，或用空文件夹重新开始"),
        FollowError::Disk(error) => format!("保存查看记录的文件夹不可用：{error}"),
    };
    Text::from([("zh-CN", zh), ("en", fault.to_string())])
}
