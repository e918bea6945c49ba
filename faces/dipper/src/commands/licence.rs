//! `dipper verify` for electronic licences: checked against keys and a status list at hand, without any server.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use credential::{
    Expectations, KeyBinding, SHOWN_AUDIENCE, Seal, SealError, Standing, StatusList, StatusListError, TrustedKeys,
    Verified, VerifyError, verify, verify_seal,
};
use model::{Clock, Instant};
use paper::{Paper, ReadError};
use serde_json::Value;

use crate::cli::Showing;
use crate::system::SystemClock;

/// Seconds by which clocks may differ.
const LEEWAY_S: u32 = 60;

/// Largest file read, bytes: a status list with room to spare.
const FILE_MAX: u64 = 4 << 20;

/// Whether a text is a licence: an SD-JWT ends its parts with `~` (RFC 9901 §4), a receipt has none.
pub fn is_licence(text: &[u8]) -> bool {
    text.contains(&b'~') && text.iter().filter(|byte| **byte == b'.').count() >= 2
}

/// Checks a licence and says in words what it proves.
pub fn verify_licence(
    text: &[u8],
    keys: Option<&Path>,
    status: Option<&Path>,
    showing: &Showing,
    locale: &str,
) -> anyhow::Result<ExitCode> {
    let keys = trusted(keys)?;
    let text = std::str::from_utf8(text).context("the licence is not text")?.trim();
    let now_s = now_s();
    let list = status.map(|path| find_list(&read(path)?, &keys, now_s)).transpose()?;
    match judge(text, &keys, now_s, list.as_ref(), showing) {
        Ok((verified, unshown)) => {
            println!("{}", words(&verified, unshown.as_ref(), locale));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{}", refusal(&error, locale));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Checks a licence on paper: the seal of the whole file, then the licence inside as any other. Without a status list of
/// today's, the one inside says how it stood when the paper was made.
pub fn verify_paper(
    bytes: &[u8],
    keys: Option<&Path>,
    status: Option<&Path>,
    showing: &Showing,
    locale: &str,
) -> anyhow::Result<ExitCode> {
    let keys = trusted(keys)?;
    let english = is_english(locale);
    let refused = |words: String| {
        eprintln!("{words}");
        Ok(ExitCode::FAILURE)
    };
    let paper = match paper::read(bytes) {
        Ok(paper) => paper,
        Err(error) => return refused(unread(error, english)),
    };
    let seal = match verify_seal(&paper.seal, &keys, &paper.digest) {
        Ok(seal) => seal,
        Err(error) => return refused(unsealed(error, english)),
    };
    let now_s = now_s();
    let given = status.map(|path| find_list(&read(path)?, &keys, now_s)).transpose()?;
    let (list, judged_at_s) = match given {
        Some(list) => (list, now_s),
        None => match inside(&paper, &keys, &seal, now_s) {
            Ok(found) => found,
            Err(error) => return refused(spoilt(error, english)),
        },
    };
    // What ended since is no longer valid, whatever the list of that day says.
    let now = judge(&paper.licence, &keys, now_s, None, showing);
    match now.and_then(|_| judge(&paper.licence, &keys, judged_at_s, Some(&list), showing)) {
        Ok((verified, _)) if verified.issuer != seal.issuer => refused(if english {
            "the licence does not hold: another issuer made the paper than the licence".to_owned()
        } else {
            "证照未通过核验，不能相信：纸面和证照不是同一个机关签发的".to_owned()
        }),
        Ok((verified, unshown)) => {
            println!("{}", words(&verified, unshown.as_ref(), locale));
            println!("{}", paper_words(&seal, &list, (judged_at_s, now_s), status.is_some(), english));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => refused(refusal(&error, locale)),
    }
}

/// The list inside a paper and the time to judge by: now while it may be relied on, else when the paper was made.
fn inside(paper: &Paper, keys: &TrustedKeys, seal: &Seal, now_s: i64) -> Result<(StatusList, i64), StatusListError> {
    match StatusList::verify(&paper.status, keys, &seal.issuer, now_s) {
        Err(StatusListError::Expired) => {
            StatusList::verify(&paper.status, keys, &seal.issuer, seal.sealed_at_s).map(|list| (list, seal.sealed_at_s))
        }
        list => list.map(|list| (list, now_s)),
    }
}

fn trusted(keys: Option<&Path>) -> anyhow::Result<TrustedKeys> {
    let Some(keys) = keys else {
        bail!("a licence is checked with the keys of issuers you trust: give them by --keys")
    };
    TrustedKeys::parse(&read(keys)?, None).context("the keys")
}

fn now_s() -> i64 {
    SystemClock.now().as_micros().div_euclid(1_000_000)
}

/// What a licence proves, and why it does not count as shown by its device, where nobody asked for that.
fn judge(
    text: &str,
    keys: &TrustedKeys,
    now_s: i64,
    list: Option<&StatusList>,
    showing: &Showing,
) -> Result<(Verified, Option<VerifyError>), VerifyError> {
    let judge = |key_binding| {
        let expected = Expectations { vct: None, key_binding, leeway_s: LEEWAY_S };
        verify(text, keys, now_s, &expected, list)
    };
    let asked = binding(showing);
    if showing.live || showing.nonce.is_some() {
        return judge(asked).map(|verified| (verified, None));
    }
    judge(KeyBinding::NotRequired).map(|verified| (verified, judge(asked).err()))
}

/// What the holder's device must have signed to count as the one that shows the licence.
fn binding(showing: &Showing) -> KeyBinding<'_> {
    let max_age_s = showing.max_age;
    match (&showing.audience, &showing.nonce) {
        (Some(audience), Some(nonce)) => KeyBinding::Required { audience, nonce, max_age_s },
        _ => KeyBinding::Shown { audience: SHOWN_AUDIENCE, max_age_s },
    }
}

/// The status list by the key of whichever trusted issuer signed it.
fn find_list(text: &str, keys: &TrustedKeys, now_s: i64) -> anyhow::Result<StatusList> {
    let mut refused = None;
    for key in keys.list_keys() {
        match StatusList::verify(text.trim(), keys, &key.issuer, now_s) {
            Ok(list) => return Ok(list),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) => Err(error).context("the status list is refused"),
        None => bail!("the keys are empty"),
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    file.take(FILE_MAX).read_to_string(&mut text).with_context(|| format!("{} is not text", path.display()))?;
    Ok(text)
}

/// Why a PDF is not read, and what to do.
fn unread(error: ReadError, english: bool) -> String {
    match (error, english) {
        (ReadError::NoLicence, false) => {
            "这份 PDF 里没有可以核对的证照，可能由别的程序另存过：请用城市网站下载的 PDF，或者扫纸上的二维码。"
                .to_owned()
        }
        (ReadError::NoLicence, true) => {
            format!(
                "{error}, so there is nothing to check: take the PDF as the city's site gives it, or scan the code on it"
            )
        }
        (ReadError::Form | ReadError::NotPdf | ReadError::Attachment { .. }, false) => {
            "这份 PDF 不是城市网站给的样子：可能由别的程序制作或另存过。请用原来下载的文件，或者扫纸上的二维码。"
                .to_owned()
        }
        (ReadError::TooLarge, false) => {
            format!("文件太大，不是证照的 PDF：最多 {} 字节。", paper::MAX_PAPER_BYTES)
        }
        (_, true) => format!("{error}: take the file as it was downloaded, or scan the code on it"),
    }
}

/// Why a seal does not hold.
fn unsealed(error: SealError, english: bool) -> String {
    match (error, english) {
        (SealError::Changed, false) => {
            "这份 PDF 在制作以后被改动过，不能相信。请用原来下载的文件，或者扫纸上的二维码。".to_owned()
        }
        (SealError::Changed, true) => {
            format!("{error}, so it is not to be believed: take the file as it was downloaded, or scan the code on it")
        }
        (error, false) => format!("这份 PDF 的封条不能核实，不能相信：{error}"),
        (error, true) => format!("the PDF is not to be believed: {error}"),
    }
}

fn spoilt(error: StatusListError, english: bool) -> String {
    if english {
        format!("the status list inside the PDF is refused: {error}")
    } else {
        format!("PDF 里的状态清单未通过核验：{error}")
    }
}

/// What is known of the paper itself, and as of when its licence was not revoked.
fn paper_words(
    seal: &Seal,
    list: &StatusList,
    (judged_at_s, now_s): (i64, i64),
    is_given: bool,
    english: bool,
) -> String {
    let time = |seconds: i64| Instant::from_micros(seconds.saturating_mul(1_000_000)).to_string();
    let (made, listed) = (time(seal.sealed_at_s), time(list.claims().issued_at_s));
    let whole = if english {
        format!("the paper was made at {made} and not changed since")
    } else {
        format!("纸面于 {made} 制作，此后没有改动。")
    };
    let standing = match (is_given, judged_at_s == now_s, english) {
        (true, ..) => return whole,
        (false, true, false) => {
            format!("注销情况按 PDF 里 {listed} 的状态清单；要查现在的，用 --status 给出新的清单。")
        }
        (false, true, true) => {
            format!("revocation is as of {listed}, by the status list inside; for now, give a new one by --status")
        }
        (false, false, false) => format!(
            "注意：PDF 里的状态清单已经过期，只说明 {listed} 时没有注销；此后是否注销没有核对，请用 --status 给出新的清单。"
        ),
        (false, false, true) => format!(
            "NOTE: the status list inside has expired; it says that the licence was not revoked at {listed}, and nothing of the time since: give a new one by --status"
        ),
    };
    format!("{whole}\n{standing}")
}

fn is_english(locale: &str) -> bool {
    locale.starts_with("en")
}

fn refusal(error: &VerifyError, locale: &str) -> String {
    match (error, is_english(locale)) {
        (VerifyError::Revoked, false) => "证照真实，但已被注销，现在无效。".to_owned(),
        (VerifyError::Expired { .. }, false) => "证照真实，但已过有效期。".to_owned(),
        (VerifyError::NoHolder | VerifyError::KeyBindingMissing, false) => {
            "证照真实，但这是副本，不是持证人的设备当面出示的。".to_owned()
        }
        (VerifyError::KeyBindingTime, false) => "证照真实，但出示码已失效：请持证人当面重新出示。".to_owned(),
        (_, false) => format!("证照未通过核验，不能相信：{error}"),
        (_, true) => format!("the licence does not hold: {error}"),
    }
}

/// What is proved, what was shown, and what was not checked.
fn words(verified: &Verified, unshown: Option<&VerifyError>, locale: &str) -> String {
    let english = is_english(locale);
    let standing = match (&verified.status, english) {
        (Standing::Valid(_), false) => "状态清单显示有效",
        (Standing::Valid(_), true) => "not revoked, by the status list",
        (_, false) => "是否被注销：未核对（用 --status 给出状态清单）",
        (_, true) => "whether it was revoked was not checked (give the status list by --status)",
    };
    let mut lines = vec![if english {
        format!("genuine, issued by {}; {standing}", verified.issuer)
    } else {
        format!("真实，由 {} 签发；{standing}", verified.issuer)
    }];
    lines.extend(verified.claims.iter().map(|(claim, value)| format!("{claim}: {}", in_locale(value, locale))));
    lines.push(holder_words(verified, unshown, english).to_owned());
    lines.join("\n")
}

/// Who shows it: the device it is bound to, or whoever has a copy.
fn holder_words(verified: &Verified, unshown: Option<&VerifyError>, english: bool) -> &'static str {
    match (unshown, &verified.holder, english) {
        (None, _, false) => "由证照绑定的设备刚刚出示。",
        (None, _, true) => "shown a moment ago by the device it is bound to",
        (Some(_), None, false) => "证照没有绑定设备，持有副本的人都能出示：请与出示人核对。",
        (Some(_), None, true) => {
            "it is bound to no device, so whoever has a copy can show it: compare it with the person in front of you"
        }
        (Some(VerifyError::KeyBindingMissing), _, false) => "这是副本，不是设备当面出示的：请与出示人核对。",
        (Some(VerifyError::KeyBindingMissing), _, true) => {
            "this is a copy, not shown by its device: compare it with the person in front of you"
        }
        (Some(_), _, false) => "出示码已失效或不是当面出示的，可能是截图：请持证人重新出示。",
        (Some(_), _, true) => {
            "the code is too old or was made for another purpose, perhaps a picture of one: have it shown anew"
        }
    }
}

/// A text in several languages in one of them; anything else as it is.
fn in_locale(value: &Value, locale: &str) -> String {
    match value {
        Value::Object(texts) => {
            let found = texts.get(locale).or_else(|| texts.values().next()).and_then(Value::as_str);
            found.map_or_else(|| value.to_string(), str::to_owned)
        }
        Value::Array(items) => items.iter().map(|item| in_locale(item, locale)).collect::<Vec<_>>().join("、"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
