//! Alarms about personal data: misuse that the platform itself has seen becomes a case, so that somebody answers for it.
//!
//! An alarm names programs, registers and offices, never the person whose data it was. Each opens one case a day.

use std::collections::BTreeMap;

use identity::openid::Client;
use jiff::civil::Date;
use model::{Actor, CaseId, NewEvent, Place, Reporter, SourceId};
use pack::calendar::civil_day;
use pack::enter::{EnterError, Opening};
use pack::{AlarmKind, Compiled};
use store::{Append, StoreError, Tx};

use crate::Context;

/// The channel of the cases that alarms open, and the part of the platform that opens them.
const CHANNEL: &str = "alarm";

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// A program asked for more than its contract allows. Nobody signs such a request: whoever knows the program's name can
    /// make one.
    OverScope {
        /// The program.
        client: String,
        /// Its contract.
        contract: String,
        /// What it asked for.
        scope: String,
    },
    /// A program asked more often than its contract allows.
    OverQuota {
        /// The program.
        client: String,
        /// Its contract.
        contract: String,
        /// How many requests a day the contract allows.
        limit: u32,
    },
    /// The log of a department or hospital and that of the city tell different stories.
    LogsDiffer {
        /// The register or hospital.
        source: SourceId,
        /// Questions that were seen there and the city has no record of.
        not_recorded: usize,
        /// Answers that the city has and that have no record there.
        not_seen: usize,
        /// Questions for other fields than were written down.
        other_fields: usize,
    },
    /// Somebody asked about a person whom nobody has a reason to ask about.
    Canary {
        /// Where it was seen: a register, an office or a program.
        place: String,
        /// How often.
        count: usize,
    },
}

impl Alarm {
    /// A program that asked for more than its contract allows.
    pub fn over_scope(client: &Client, scope: &str) -> Self {
        Self::OverScope { client: client.id.clone(), contract: client.contract.clone(), scope: scope.to_owned() }
    }

    /// A program that asked more often than its contract allows.
    pub fn over_quota(client: &Client) -> Self {
        let (id, contract) = (client.id.clone(), client.contract.clone());
        Self::OverQuota { client: id, contract, limit: client.requests_per_day }
    }

    /// What kind it is.
    pub const fn kind(&self) -> AlarmKind {
        match self {
            Self::OverScope { .. } => AlarmKind::OverScope,
            Self::OverQuota { .. } => AlarmKind::OverQuota,
            Self::LogsDiffer { .. } => AlarmKind::LogsDiffer,
            Self::Canary { .. } => AlarmKind::Canary,
        }
    }

    /// What it is about: the same thing on the same day is one case.
    fn about(&self) -> &str {
        match self {
            Self::OverScope { client, .. } | Self::OverQuota { client, .. } => client,
            Self::LogsDiffer { source, .. } => source.as_str(),
            Self::Canary { place, .. } => place,
        }
    }

    /// The facts, in the city's language and in English.
    fn words(&self, day: Date) -> String {
        match self {
            Self::OverScope { client, contract, scope } => format!(
                "应用 {client}（合同 {contract}）在 {day} 请求了合同以外的数据：{scope}。没有给出任何数据。这种请求没有签名，可能是他人伪造，请先与该应用核实。\n\
                 Program {client} (contract {contract}) asked on {day} for data beyond its contract: {scope}. It was given none. Such a request \
                 is not signed and may be forged: ask whoever runs the program first."
            ),
            Self::OverQuota { client, contract, limit } => format!(
                "应用 {client}（合同 {contract}）在 {day} 的请求超过了每天 {limit} 次的约定，超出的都被拒绝。\n\
                 Program {client} (contract {contract}) asked on {day} more often than the {limit} times its contract allows; what was beyond was refused."
            ),
            Self::LogsDiffer { source, not_recorded, not_seen, other_fields } => format!(
                "{day} 的对账：{source} 有 {not_recorded} 次查询在本市没有记录（可能有人绕过了本市的入口），{not_seen} 次回答在对方没有记录，{other_fields} 次查询的字段与记录不符。\n\
                 Reconciliation of {day}: {source} was asked {not_recorded} times without a record of the city (somebody may have gone round its gate), \
                 {not_seen} answers stand in no record of its own, {other_fields} questions were for other fields than recorded."
            ),
            Self::Canary { place, count } => format!(
                "{day} 的对账：有人通过 {place} 查询了哨兵居民 {count} 次。没有任何业务需要查询此人，请核查是谁、为什么。\n\
                 Reconciliation of {day}: a canary resident was asked about {count} times by way of {place}. No business needs it: find out who did, and why."
            ),
        }
    }
}

/// Why an alarm opened no case.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// The pack leaves the first task without an office or a limit.
    #[error(transparent)]
    Pack(#[from] EnterError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the case of an alarm that was seen on a day of the city. `None` where it has one already, or where the city's
/// pack wants none: then the log of the process tells of it alone.
///
/// # Errors
/// [`AlarmError`].
pub async fn raise(ctx: &Context, alarm: Alarm, day: Date) -> Result<Option<CaseId>, AlarmError> {
    let compiled = ctx.packs.current();
    tracing::warn!(kind = alarm.kind().as_str(), about = alarm.about(), %day, "an alarm about personal data");
    let now = ctx.clock.now();
    ctx.store.write(move |tx: &mut Tx| open(tx, &compiled, &alarm, day, now)).await
}

fn open(
    tx: &mut Tx,
    compiled: &Compiled,
    alarm: &Alarm,
    day: Date,
    now: model::Instant,
) -> Result<Option<CaseId>, AlarmError> {
    let city = &compiled.city;
    let Some(category) = city.alarm(alarm.kind()) else { return Ok(None) };
    let source_id = format!("{}/{}/{day}", alarm.kind().as_str(), alarm.about());
    if tx.find_case_by_source(CHANNEL, &source_id)?.is_some() {
        return Ok(None);
    }
    let no = tx.next_case_no(&city.case_prefix, civil_day(&city.zone(), now))?;
    let opening = Opening {
        no,
        category: category.clone(),
        condition: None,
        description: alarm.words(day),
        place: Place { point: None, cell: None, region: city.root.clone(), address: None },
        channel: CHANNEL.to_owned(),
        reporter: Reporter::ANONYMOUS,
        evidence: Vec::new(),
        answers: BTreeMap::new(),
        application: None,
        source_id: Some(source_id),
    };
    let actor = Actor::system(CHANNEL);
    let bodies = opening.bodies(compiled, now)?;
    let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
    let case_id = tx.new_case_id(now);
    let region_path = city.region_path(&city.root);
    tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?;
    Ok(Some(case_id))
}
