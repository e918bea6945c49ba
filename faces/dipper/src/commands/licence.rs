//! `dipper verify` for electronic licences: checked against keys and a status list at hand, without any server.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use credential::{
    Expectations, KeyBinding, SHOWN_AUDIENCE, Standing, StatusList, TrustedKeys, Verified, VerifyError, verify,
};
use model::Clock;
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
    let Some(keys) = keys else {
        bail!("a licence is checked with the keys of issuers you trust: give them by --keys")
    };
    let text = std::str::from_utf8(text).context("the licence is not text")?.trim();
    let keys = TrustedKeys::parse(&read(keys)?, None).context("the keys")?;
    let now_s = SystemClock.now().as_micros().div_euclid(1_000_000);
    let list = status.map(|path| find_list(&read(path)?, &keys, now_s)).transpose()?;
    let judge = |key_binding| {
        let expected = Expectations { vct: None, key_binding, leeway_s: LEEWAY_S };
        verify(text, &keys, now_s, &expected, list.as_ref())
    };
    let asked = binding(showing);
    let is_required = showing.live || showing.nonce.is_some();
    match judge(if is_required { asked } else { KeyBinding::NotRequired }) {
        Ok(verified) => {
            let shown = if is_required { Ok(()) } else { judge(asked).map(|_| ()) };
            println!("{}", words(&verified, shown.as_ref().err(), locale));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{}", refusal(&error, locale));
            Ok(ExitCode::FAILURE)
        }
    }
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
