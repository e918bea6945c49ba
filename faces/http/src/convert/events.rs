//! Events in words: for staff the whole history, for reporters what the pack makes public.

use model::{Actor, Case, DataClass, Event, EventBody, Instant, PaymentState, VisitEnd};
use pack::{City, Compiled, Process};

use super::cases::{Names, category_title, office_title, role_title};
use super::corrections::corrected_words;
use super::{plain, text, time, words};
use crate::wire;

/// Who did something, as far as staff may know: names of staff, never of residents.
pub fn actor(actor: &Actor, city: &City, names: &Names) -> wire::ActorView {
    let bare = |kind, name: Option<String>| wire::ActorView { kind, name, office_title: None, role_title: None };
    match actor {
        Actor::Staff { party, role, office } => wire::ActorView {
            kind: wire::ReporterKind::Staff,
            name: names.get(party).cloned(),
            office_title: Some(office_title(city, office)),
            role_title: Some(role_title(city, role)),
        },
        Actor::Resident { .. } => bare(wire::ReporterKind::Resident, None),
        Actor::Agent { .. } => bare(wire::ReporterKind::Agent, None),
        Actor::Anonymous => bare(wire::ReporterKind::Anonymous, None),
        Actor::Client { client } => bare(wire::ReporterKind::Client, Some(client.to_string())),
        Actor::System { part } => bare(wire::ReporterKind::System, Some(part.clone())),
    }
}

/// Every member of staff that events name.
pub fn people_in(events: &[Event]) -> Vec<model::PartyId> {
    let staff = |event: &Event| match &event.actor {
        Actor::Staff { party, .. } => Some(*party),
        _ => None,
    };
    let mut people: Vec<_> = events.iter().filter_map(staff).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Where the receipt of an event is.
pub fn receipt_url(event: &Event, secret: Option<&str>) -> String {
    let secret =
        secret.filter(|secret| secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    let query = secret.map_or_else(String::new, |secret| format!("?secret={secret}"));
    format!("/api/v1/receipts/{}{query}", event.id)
}

/// An event as staff see it. `sealed_to` is the position up to which the ledger has sealed.
pub fn staff_view(event: &Event, case: &Case, city: &City, names: &Names, sealed_to: i64) -> wire::CaseEvent {
    let title = match &event.body {
        EventBody::Corrected { fields, .. } => {
            corrected_words(("申请人更正了申请内容", "The applicant corrected the answers"), city, case, fields)
        }
        body => title(body, city, city.process(&case.process)),
    };
    wire::CaseEvent {
        position: event.position,
        id: event.id.to_string(),
        version: event.version,
        at: time(event.at),
        recorded_at: time(event.recorded_at),
        kind: kind(&event.body),
        actor: actor(&event.actor, city, names),
        title,
        body: body(&event.body),
        receipt_url: receipt_url(event, None),
        sealed: event.position <= sealed_to,
    }
}

/// The body without what names a person or a sealed record.
fn body(body: &EventBody) -> serde_json::Value {
    let mut json = serde_json::to_value(body).unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        object.remove("reporter");
        object.remove("kind");
    }
    json
}

/// What kind of event.
pub const fn kind(body: &EventBody) -> wire::EventKind {
    match body {
        EventBody::Reported(_) => wire::EventKind::Reported,
        EventBody::Moved(_) => wire::EventKind::Moved,
        EventBody::Claimed => wire::EventKind::Claimed,
        EventBody::ClockStarted { .. } => wire::EventKind::ClockStarted,
        EventBody::ClockPaused { .. } => wire::EventKind::ClockPaused,
        EventBody::ClockResumed { .. } => wire::EventKind::ClockResumed,
        EventBody::ClockExtended { .. } => wire::EventKind::ClockExtended,
        EventBody::ClockStopped { .. } => wire::EventKind::ClockStopped,
        EventBody::ClockExempted { .. } => wire::EventKind::ClockExempted,
        EventBody::DeadlinePassed { .. } => wire::EventKind::DeadlinePassed,
        EventBody::Escalated { .. } => wire::EventKind::Escalated,
        EventBody::Joined { .. } => wire::EventKind::Joined,
        EventBody::Reclassified { .. } => wire::EventKind::Reclassified,
        EventBody::Booked { .. } => wire::EventKind::Booked,
        EventBody::VisitEnded { .. } => wire::EventKind::VisitEnded,
        EventBody::Arrived { .. } => wire::EventKind::Arrived,
        EventBody::Paying { .. } => wire::EventKind::Paying,
        EventBody::RefundAsked { .. } => wire::EventKind::RefundAsked,
        EventBody::RefundMade { .. } => wire::EventKind::RefundMade,
        EventBody::Looked { .. } => wire::EventKind::Looked,
        EventBody::Extracted(_) => wire::EventKind::Extracted,
        EventBody::Corrected { .. } => wire::EventKind::Corrected,
        EventBody::Issued { .. } => wire::EventKind::Issued,
        EventBody::Revoked { .. } => wire::EventKind::Revoked,
        EventBody::Rated { .. } => wire::EventKind::Rated,
    }
}

const fn clock_words(clock: model::ClockName) -> (&'static str, &'static str) {
    match clock {
        model::ClockName::Task => ("环节", "step"),
        model::ClockName::Disposal => ("处置", "handling"),
        model::ClockName::Legal => ("法定", "legal"),
    }
}

fn about_clock(clock: model::ClockName, zh: &str, en: &str) -> wire::Text {
    let (clock_zh, clock_en) = clock_words(clock);
    words(&format!("{clock_zh}时限{zh}"), &format!("{} limit {en}", capital(clock_en)))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// What happened, in words for staff.
pub fn title(body: &EventBody, city: &City, process: Option<&Process>) -> wire::Text {
    match body {
        EventBody::Reported(reported) if reported.application.is_some() => words("提交申请", "Application handed in"),
        EventBody::Reported(_) => words("上报", "Reported"),
        EventBody::Moved(moved) => {
            let action = process.and_then(|process| process.actions.iter().find(|action| action.id == moved.action));
            action.map_or_else(|| plain(moved.action.as_str()), |action| text(&action.title))
        }
        EventBody::Claimed => words("领取任务", "Task taken"),
        EventBody::ClockStarted { clock, .. } => about_clock(*clock, "开始计时", "started"),
        EventBody::ClockPaused { clock, .. } => about_clock(*clock, "暂停计时", "paused"),
        EventBody::ClockResumed { clock, .. } => about_clock(*clock, "恢复计时", "resumed"),
        EventBody::ClockExtended { clock, by, .. } => {
            about_clock(*clock, &format!("延长 {by}"), &format!("extended by {by}"))
        }
        EventBody::ClockStopped { clock } => about_clock(*clock, "停止计时", "stopped"),
        EventBody::ClockExempted { clock } => about_clock(*clock, "不再计入考核", "no longer counted"),
        EventBody::DeadlinePassed { clock, .. } => about_clock(*clock, "已超时", "passed"),
        EventBody::Escalated { level, office, .. } => {
            let office = office_title(city, office);
            let name =
                |locale: &str| office.0.get(locale).or_else(|| office.0.values().next()).cloned().unwrap_or_default();
            words(
                &format!("逐级上报（第 {level} 级）：{}", name("zh-CN")),
                &format!("Escalated (level {level}) to {}", name("en")),
            )
        }
        EventBody::Joined { .. } => words("其他市民也反映了这一问题", "Somebody else reported the same"),
        EventBody::Reclassified { category, .. } => {
            let category = category_title(city, category);
            let name = |locale: &str| {
                category.0.get(locale).or_else(|| category.0.values().next()).cloned().unwrap_or_default()
            };
            words(&format!("更正类别为：{}", name("zh-CN")), &format!("Category put right: {}", name("en")))
        }
        EventBody::Rated { stars, .. } => words(&format!("评价 {stars} 星"), &format!("Rated {stars} of 5")),
        EventBody::Extracted(extracted) => words(
            &format!("提取了 {} 份申请的数据", extracted.count),
            &format!("Data of {} applications were taken", extracted.count),
        ),
        EventBody::Booked { .. }
        | EventBody::VisitEnded { .. }
        | EventBody::Arrived { .. }
        | EventBody::Paying { .. }
        | EventBody::RefundAsked { .. }
        | EventBody::RefundMade { .. }
        | EventBody::Looked { .. }
        | EventBody::Corrected { .. }
        | EventBody::Issued { .. }
        | EventBody::Revoked { .. } => of_service(body),
    }
}

const fn paying_words(state: PaymentState) -> (&'static str, &'static str) {
    match state {
        PaymentState::Created => ("发起缴费", "A payment was begun"),
        PaymentState::Authorised => ("已确认付款，正在入账", "The payment was agreed to"),
        PaymentState::CaptureRetry => ("入账未成功，正在重试", "The payment could not be taken yet; it is tried again"),
        PaymentState::Captured => ("缴费成功", "Paid"),
        PaymentState::Failed => ("缴费未成功", "The payment was refused"),
        PaymentState::Expired => ("缴费已过期，未扣款", "The payment expired; nothing was taken"),
        PaymentState::Refunding => ("正在退款", "The money is being returned"),
        PaymentState::Refunded => ("已退款", "The money was returned"),
    }
}

fn yuan(amount: i64) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

/// What happened beside the actions of an application: visits and licences.
fn of_service(body: &EventBody) -> wire::Text {
    match body {
        EventBody::Booked { .. } => words("已预约办事窗口", "A time at a window was booked"),
        EventBody::VisitEnded { how: VisitEnd::Cancelled } => words("预约已取消", "The booking was cancelled"),
        EventBody::VisitEnded { how: VisitEnd::Moved } => words("预约已改期", "The booking was moved"),
        EventBody::VisitEnded { how: VisitEnd::Missed } => words("未按预约到场", "Nobody came to the booked time"),
        EventBody::Arrived { ticket } => words(&format!("到场取号 {ticket}"), &format!("Arrived, number {ticket}")),
        EventBody::Paying { state, amount, .. } => {
            let (zh, en) = paying_words(*state);
            let yuan = yuan(*amount);
            words(&format!("{zh}（{yuan} 元）"), &format!("{en} ({yuan} yuan)"))
        }
        EventBody::RefundAsked { amount, .. } => {
            let yuan = yuan(*amount);
            words(&format!("决定退还一部分（{yuan} 元）"), &format!("A part is to be given back ({yuan} yuan)"))
        }
        EventBody::RefundMade { .. } => words("部分退款已到账", "The part was given back"),
        EventBody::Looked { data: DataClass::Contact, .. } => words("工作人员打开了联系方式", "The contact was opened"),
        EventBody::Looked { data: DataClass::Application, .. } => {
            words("工作人员打开了申请内容", "The answers of the application were opened")
        }
        EventBody::Corrected { .. } => words("申请人更正了申请内容", "The applicant corrected the answers"),
        EventBody::Issued { .. } => words("已签发电子证照", "An electronic licence was issued"),
        EventBody::Revoked { .. } => words("电子证照已注销", "The electronic licence was revoked"),
        _ => wire::Text::default(),
    }
}

/// Whether the reporter may read an action's remark: it is their own, or the pack marks it as meant for them.
fn may_read_note(action: &pack::Action) -> bool {
    let is_for_reporter = |field: &pack::Field| field.id.as_str() == "note" && field.public;
    action.by.contains(&pack::Who::Reporter) || action.fields.iter().any(is_for_reporter)
}

/// An event as the reporter sees it; `None` for what the pack keeps inside, and for looks that they may not know of yet.
pub fn public_entry(
    event: &Event,
    case: &Case,
    compiled: &Compiled,
    secret: Option<&str>,
    now: Instant,
) -> Option<wire::TimelineEntry> {
    let city = &*compiled.city;
    let process = city.process(&case.process);
    let (title, note, evidence) = match &event.body {
        EventBody::Reported(reported) if reported.application.is_some() => {
            (words("您的申请已提交", "Your application was handed in"), None, Vec::new())
        }
        EventBody::Reported(_) => (words("您的上报已收到", "Your report was received"), None, Vec::new()),
        EventBody::Moved(moved) if moved.public => {
            let action = process?.actions.iter().find(|action| action.id == moved.action)?;
            if action.effect == Some(pack::Effect::Rate) {
                // The rating's own event says how many stars.
                return None;
            }
            let links = super::cases::evidence_links(&moved.evidence, secret);
            let note = moved.note.clone().filter(|_| may_read_note(action));
            (text(action.public_title.as_ref()?), note, links)
        }
        EventBody::Joined { .. } => {
            (words("又有市民反映了同一问题", "Somebody else reported the same"), None, Vec::new())
        }
        // Whoever joined a report later is nobody's contact: looks at the reporter's are between those two.
        body @ EventBody::Looked { purpose, sealed, .. }
            if case.joined.is_empty() && sealed.as_ref().is_none_or(|sealed| sealed.until <= now) =>
        {
            (of_service(body), Some(purpose.clone()), Vec::new())
        }
        EventBody::Corrected { fields, .. } => {
            let did = ("您更正了申请内容", "You corrected your answers");
            (corrected_words(did, city, case, fields), None, Vec::new())
        }
        body @ (EventBody::Booked { .. }
        | EventBody::VisitEnded { .. }
        | EventBody::Arrived { .. }
        | EventBody::Paying { .. }
        | EventBody::RefundAsked { .. }
        | EventBody::RefundMade { .. }
        | EventBody::Issued { .. }
        | EventBody::Revoked { .. }) => (of_service(body), None, Vec::new()),
        EventBody::Rated { stars, note } => {
            (words(&format!("您评价了 {stars} 星"), &format!("You gave {stars} of 5")), note.clone(), Vec::new())
        }
        _ => return None,
    };
    let office_title = match &event.actor {
        Actor::Staff { office, .. } if event.version > 1 => Some(office_title(city, office)),
        _ => None,
    };
    // A note is public only with its action; what the reporter attached themselves is shown with the report.
    let evidence =
        if event.version == 1 { super::cases::evidence_links(&reported_only(case), secret) } else { evidence };
    Some(wire::TimelineEntry {
        at: time(event.at),
        title,
        note,
        office_title,
        evidence,
        event_id: event.id.to_string(),
        receipt_url: receipt_url(event, secret),
    })
}

fn reported_only(case: &Case) -> std::collections::BTreeMap<String, Vec<model::EvidenceId>> {
    case.evidence
        .iter()
        .filter(|(purpose, _)| *purpose == "report")
        .map(|(purpose, files)| (purpose.clone(), files.clone()))
        .collect()
}
