//! What the people of the demonstration do: which action next, after how long, with which answers.
//!
//! Knows the demo pack's action names; an action a pack does not have is never offered, so never chosen.

use std::collections::BTreeMap;

use model::{ActionId, Case, EvidenceId, Instant};
use pack::{Action, City, FieldKind};
use serde_json::{Value, json};

use super::chance::Chance;

/// Weight and median wait in minutes of an action. A wait of 0 stands for "a share of the time allowed".
struct Habit(&'static str, f64, f64);

/// What people tend to do, whatever the state: the state decides which of these are possible.
const HABITS: [Habit; 27] = [
    Habit("accept", 88.0, 6.0),
    Habit("accept_seen", 4.0, 5.0),
    Habit("decline", 4.0, 8.0),
    Habit("verify", 90.0, 17.0),
    Habit("verify_not_found", 4.0, 20.0),
    Habit("solve_on_site", 6.0, 24.0),
    Habit("file", 96.0, 6.0),
    Habit("dispatch", 98.0, 6.0),
    Habit("complete", 86.0, 0.0),
    Habit("return", 4.0, 50.0),
    Habit("ask_extension", 5.0, 180.0),
    Habit("ask_suspension", 1.5, 200.0),
    Habit("appeal", 1.5, 120.0),
    Habit("approve_extension", 80.0, 35.0),
    Habit("deny_extension", 20.0, 35.0),
    Habit("sign_suspension", 90.0, 60.0),
    Habit("suspend", 80.0, 90.0),
    Habit("refuse_suspension", 10.0, 90.0),
    Habit("resume", 60.0, 11_000.0),
    Habit("review_suspended", 40.0, 20_000.0),
    Habit("uphold_appeal", 40.0, 60.0),
    Habit("deny_appeal", 60.0, 60.0),
    Habit("confirm_feedback", 95.0, 10.0),
    Habit("send_back", 5.0, 12.0),
    Habit("check_pass", 92.0, 17.0),
    Habit("check_fail", 8.0, 19.0),
    Habit("close", 100.0, 6.0),
];

/// The next thing that happens to a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// The action.
    pub action: ActionId,
    /// When.
    pub at: Instant,
}

/// Chooses what happens next among the actions offered in the case's state.
pub fn next(case: &Case, offered: &[&Action], now: Instant, chance: &mut Chance) -> Option<Next> {
    if !case.is_open() {
        return after_closing(offered, now, chance);
    }
    let known: Vec<(&Habit, &Action)> = HABITS
        .iter()
        .filter_map(|habit| Some((habit, *offered.iter().find(|action| action.id.as_str() == habit.0)?)))
        .collect();
    let total: f64 = known.iter().map(|(habit, _)| habit.1).sum();
    let mut left = chance.unit() * total;
    let (habit, action) = known.into_iter().find(|(habit, _)| {
        left -= habit.1;
        left <= 0.0
    })?;
    let wait_us = if habit.2 > 0.0 { chance.wait_us(habit.2) } else { handling_us(case, now, chance) };
    Some(Next { action: action.id.clone(), at: now.plus_micros(wait_us) })
}

/// Handling takes a share of the time allowed: mostly under one, in one case of ten or so above.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "spans of months fit a double")]
fn handling_us(case: &Case, now: Instant, chance: &mut Chance) -> i64 {
    let allowed_us = case.due_at().map_or(3_600_000_000, |due_at| due_at.micros_since(now).max(1_800_000_000));
    let share = if chance.happens(0.09) { chance.between(1.02, 1.9) } else { chance.between(0.08, 0.92) };
    (allowed_us as f64 * share) as i64
}

fn after_closing(offered: &[&Action], now: Instant, chance: &mut Chance) -> Option<Next> {
    let (name, wait_min) = match chance.unit() {
        x if x < 0.42 => ("rate", chance.between(20.0, 3_000.0)),
        x if x < 0.435 => ("reopen", chance.between(600.0, 9_000.0)),
        _ => return None,
    };
    let action = offered.iter().find(|action| action.id.as_str() == name)?;
    #[allow(clippy::cast_possible_truncation, reason = "days of microseconds fit")]
    Some(Next { action: action.id.clone(), at: now.plus_micros((wait_min * 60e6) as i64) })
}

/// Pictures to answer with.
#[derive(Debug, Clone, Default)]
pub struct Album {
    /// Of a fault.
    pub before: Vec<EvidenceId>,
    /// Of the same places mended.
    pub after: Vec<EvidenceId>,
}

/// Answers to the action's fields: what must be answered, and now and then what may be.
pub fn answers(
    case: &Case,
    action: &Action,
    city: &City,
    routed: Option<&str>,
    album: &Album,
    chance: &mut Chance,
) -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    for field in &action.fields {
        let id = field.id.as_str();
        let is_mended = matches!(id, "after" | "check");
        let value = match &field.kind {
            FieldKind::Text { .. } if field.required || chance.happens(0.6) => json!(note(action.id.as_str(), chance)),
            FieldKind::Choice { options } if field.required => {
                chance.one_of(options).map_or(Value::Null, |option| json!(option.id))
            }
            FieldKind::Office { .. } => routed.map_or(Value::Null, |office| json!(office)),
            FieldKind::Evidence { min, .. } if *min > 0 || field.required => {
                let is_failed = action.id.as_str() == "check_fail";
                let pictures = if is_mended && !is_failed { &album.after } else { &album.before };
                let place = usize::try_from(case.opened_at.as_millis().unsigned_abs() / 1_000 % 997).unwrap_or(0);
                pictures.get(place % pictures.len().max(1)).map_or(Value::Null, |picture| json!([picture]))
            }
            FieldKind::Limit { max } => json!(format!("{} {}", max.amount().min(3), max.unit().as_str())),
            FieldKind::Condition => condition(case, city, chance),
            FieldKind::Stars => json!(stars(chance)),
            FieldKind::Number { min, .. } if field.required => json!(min),
            _ => continue,
        };
        answers.insert(id.to_owned(), value);
    }
    answers
}

fn condition(case: &Case, city: &City, chance: &mut Chance) -> Value {
    let conditions = city.category(&case.category).map_or(&[][..], |category| &category.conditions);
    let known = case.condition.clone().or_else(|| chance.one_of(conditions).map(|condition| condition.id.clone()));
    json!({"category": case.category, "condition": known})
}

fn stars(chance: &mut Chance) -> u8 {
    match chance.unit() {
        x if x < 0.56 => 5,
        x if x < 0.84 => 4,
        x if x < 0.93 => 3,
        x if x < 0.97 => 2,
        _ => 1,
    }
}

fn note(action: &str, chance: &mut Chance) -> &'static str {
    let notes: &[&str] = match action {
        "accept" | "accept_seen" => {
            &["请现场核实位置和影响范围。", "市民反映较急，请尽快到场。", "请拍摄全景和近景各一张。"]
        }
        "decline" => &["经核查不属于城市管理事项，已转告来电人。", "信息不足，已请上报人补充。"],
        "verify" => &["现场情况与上报一致。", "已到现场，问题属实，影响行人通行。", "属实，已设置临时警示。"],
        "verify_not_found" => &["现场未发现所述问题，附近已询问。"],
        "solve_on_site" => &["现场即时处理完毕。", "已劝导当事人自行清理。"],
        "file" => &["符合立案条件。", "按标准立案。"],
        "dispatch" => &["请按时限处置并拍照反馈。", "请先设围挡再施工。"],
        "complete" | "complete_again" => {
            &["已更换并清理现场。", "已修复，恢复使用。", "已清运完毕，现场整洁。", "已联系权属单位修复到位。"]
        }
        "return" => &["经查非本单位权属，请改派。", "权属为物业自管范围。"],
        "ask_extension" => &["需等待配件到货。", "遇降雨，无法施工。"],
        "approve_extension" => &["情况属实，同意延期。"],
        "deny_extension" => &["理由不充分，请抓紧处置。"],
        "ask_suspension" | "sign_suspension" | "suspend" => {
            &["涉及整条管线改造，已列入年度计划。", "同意，按计划推进。"]
        }
        "resume" | "review_suspended" => &["条件已具备，恢复处置。", "复查情况未变，继续跟踪。"],
        "appeal" => &["当日停电作业受限，有调度单为证。"],
        "uphold_appeal" => &["申诉属实，予以支持。"],
        "deny_appeal" => &["不影响按期处置，不予支持。"],
        "send_back" | "check_fail" => &["现场仍有残留，请继续处理。", "修补不平整，需返工。"],
        "check_pass" | "confirm_feedback" => &["处置到位。", "现场复核，问题已解决。"],
        "close" => &["同意结案。"],
        "rate" => &["处理得很快，谢谢！", "总体满意。", "希望再快一点。", "师傅很负责。"],
        "reopen" => &["又出现了同样的问题。"],
        _ => &["已知悉。"],
    };
    chance.one_of(notes).copied().unwrap_or("已知悉。")
}
