//! Paying a fee: begun by the applicant, settled by the gateway, written as events of the case.
//!
//! The gateway is the truth: no state is written before it has told it, and whatever is not settled is asked about again
//! until it is. A crash at any point, a callback that comes twice, late or never, and a gateway that is away change when
//! something is known, never what: everything is named by the payment's id, on both sides.

use std::sync::Arc;

use model::{
    Actor, Case, CaseId, Clock, EventBody, Instant, NewEvent, Outcome, PartyId, Payment, PaymentId, PaymentState,
};
use pack::{Compiled, Packs};
use store::{Append, Store, StoreError, Tx};

use crate::perform::{CaseRef, find_case};

/// A payment that nobody answered for so long is cancelled, minutes.
pub(crate) const OPEN_MINUTES: i64 = 30;

/// Payments asked about in one round.
pub(crate) const AT_ONCE: u32 = 200;

/// Microseconds of a minute.
pub(crate) const MINUTE_US: i64 = 60_000_000;

/// A question to the gateway about one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which payment.
    pub payment: PaymentId,
    /// What is asked.
    pub what: What,
}

/// What is asked. Each may be asked again: the answer is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Begin it.
    Create {
        /// How much, in the smallest unit.
        amount: i64,
        /// ISO 4217.
        currency: String,
        /// What is paid for, in words for the payer.
        subject: String,
        /// Where the payer goes back to.
        return_url: String,
    },
    /// Say how far it is.
    Find,
    /// Take the money that is held.
    Capture,
    /// Take nothing more for it. What was taken stays taken.
    Cancel,
    /// Give a part of the money back, by the number the city gave the part; the rest stays.
    RefundPart {
        /// Which part: 1, 2, 3 …
        part: u32,
        /// How much, in the smallest unit.
        amount: i64,
    },
    /// Give all of the money back that is not back yet.
    Refund,
}

/// How far the gateway says a payment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which payment.
    pub payment: PaymentId,
    /// How far it is.
    pub standing: Standing,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// The gateway's own number.
    pub reference: String,
    /// Where the payer agrees or refuses, while it is open.
    pub pay_url: Option<String>,
    /// Parts that went back: their numbers and how much each was.
    pub parts: Vec<(u32, i64)>,
}

/// How far a payment is, as the gateway knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The gateway never heard of it.
    Unknown,
    /// The payer has not answered.
    Open,
    /// The payer agreed; the money is held.
    Authorised,
    /// The money was taken.
    Captured,
    /// The payer or their bank refused.
    Failed,
    /// Cancelled before anything was taken.
    Cancelled,
    /// The money was given back.
    Refunded,
}

/// A payment gateway. Blocks; every call ends by itself after a time.
pub trait Gateway: Send + Sync {
    /// Asks, and hears how far the payment is.
    ///
    /// # Errors
    /// Words for the log when there is no answer that can be believed.
    fn ask(&self, ask: &Ask) -> Result<Told, String>;
}

/// What paying needs.
#[derive(Clone)]
pub struct Context {
    /// Where events are.
    pub store: Store,
    /// Every pack a case may have begun under.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who takes the money.
    pub gateway: Arc<dyn Gateway>,
}

/// Why a payment was not begun.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// There is no such case, or none of this person's.
    #[error("there is no such case")]
    NotFound,
    /// Nothing is to be paid online for it, or it has ended.
    #[error("nothing is to be paid for this case")]
    NothingDue,
    /// It is paid, or the payer has agreed already.
    #[error("the fee is paid already")]
    Paid,
    /// The gateway does not answer. Nothing was taken.
    #[error("the payment service does not answer; nothing was taken, try again in a while")]
    Away(String),
    /// The case began under a pack that is not at hand.
    #[error("the pack {0} the case began under is not in the archive")]
    PackMissing(model::PackHash),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A payment to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayCommand {
    /// For which application.
    pub case: CaseRef,
    /// Whose application it is.
    pub party: PartyId,
    /// Who pays: they, or who acts for them.
    pub by: Actor,
    /// Where the payer goes back to.
    pub return_url: String,
}

/// A payment begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Which.
    pub payment: PaymentId,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// Where the payer agrees or refuses.
    pub pay_url: String,
}

/// Begins the payment of an application's fee, or goes on with the one that is open.
///
/// # Errors
/// [`PayError`]; nothing was taken then.
pub async fn begin_payment(ctx: &Context, command: PayCommand) -> Result<Begun, PayError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    let PayCommand { case, party, by, return_url } = command;
    let (payment, amount, subject) = ctx
        .store
        .write(move |tx: &mut Tx| {
            let id = find_case(tx, &case)?.ok_or(PayError::NotFound)?;
            let case = tx.load_case(id)?.filter(|case| case.reporter.party == Some(party)).ok_or(PayError::NotFound)?;
            let compiled = packs.get(&case.pack).ok_or(PayError::PackMissing(case.pack))?;
            let found = compiled.city.service_of(&case.category).filter(|_| case.is_open());
            let (_, service) = found.ok_or(PayError::NothingDue)?;
            let fees = service.fees_of(case.application.as_ref());
            let amount = service.fee_due(case.application.as_ref()).ok_or(PayError::NothingDue)?;
            let locale = compiled.city.locales.first().map_or("", String::as_str);
            let subject = service.title.in_locale(locale).to_owned();
            if let Some((open, found)) = case.payments.iter().find(|(_, payment)| !payment.state.is_over()) {
                let is_open = found.state == PaymentState::Created;
                return if is_open { Ok((*open, found.amount, subject)) } else { Err(PayError::Paid) };
            }
            let payment = tx.new_payment_id(now);
            let body = EventBody::Paying { payment, state: PaymentState::Created, amount, reference: None, fees };
            append(tx, &case, &compiled, by, body, now)?;
            Ok((payment, amount, subject))
        })
        .await?;
    let what = What::Create { amount, currency: "CNY".to_owned(), subject, return_url };
    let told = ask(ctx, payment, what).await.map_err(PayError::Away)?;
    let pay_url = told.pay_url.clone();
    learn(ctx, told).await?;
    pay_url.map(|pay_url| Begun { payment, amount, pay_url }).ok_or(PayError::Paid)
}

/// Asks the gateway on a thread of its own.
async fn ask(ctx: &Context, payment: PaymentId, what: What) -> Result<Told, String> {
    ask_gateway(&ctx.gateway, payment, what).await
}

/// The same, for whatever else is paid through a gateway.
pub(crate) async fn ask_gateway(gateway: &Arc<dyn Gateway>, payment: PaymentId, what: What) -> Result<Told, String> {
    let (gateway, question) = (Arc::clone(gateway), Ask { payment, what });
    let told =
        tokio::task::spawn_blocking(move || gateway.ask(&question)).await.map_err(|error| error.to_string())??;
    if told.payment == payment { Ok(told) } else { Err(format!("asked about {payment}, told of {}", told.payment)) }
}

/// Writes what the gateway told, when it is news; the state of the payment now, `None` when there is no such payment.
///
/// # Errors
/// [`StoreError`] when the store does not take it.
pub async fn learn(ctx: &Context, told: Told) -> Result<Option<PaymentState>, StoreError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let Some((case, compiled)) = load(tx, &packs, told.payment)? else { return Ok(None) };
            let Some(payment) = case.payments.get(&told.payment) else { return Ok(None) };
            // What the gateway never began or will never take has no amount.
            let has_amount = !matches!(told.standing, Standing::Unknown | Standing::Cancelled);
            if has_amount && told.amount != payment.amount {
                tracing::error!(payment = %told.payment, told = told.amount, asked = payment.amount, "the gateway names another amount");
                return Ok(Some(payment.state));
            }
            let mut bodies = made_parts(payment, &told);
            let next = news(payment.state, told.standing);
            let possible = next.filter(|next| payment.state.may_become(*next));
            if let Some(next) = next.filter(|_| possible.is_none()) {
                let (from, to) = (payment.state.as_str(), next.as_str());
                tracing::error!(payment = %told.payment, from, to, "the gateway tells what cannot follow");
            }
            if let Some(next) = possible {
                let (payment, amount) = (told.payment, payment.amount);
                let reference = Some(told.reference).filter(|reference| !reference.is_empty());
                bodies.push(EventBody::Paying { payment, state: next, amount, reference, fees: Vec::new() });
            }
            let state = possible.unwrap_or(payment.state);
            append_all(tx, &case, &compiled, Actor::system("payments"), bodies, now)?;
            Ok(Some(state))
        })
        .await
}

/// Parts that the gateway tells of and that we did not know to be back. Only what was decided here counts, and only for
/// as much as was decided.
fn made_parts(payment: &Payment, told: &Told) -> Vec<EventBody> {
    let under_way: Vec<_> = payment.parts_under_way().collect();
    let is_ours = |(part, amount): &&(u32, i64)| {
        let known = usize::try_from(*part).ok().and_then(|part| payment.refunds.get(part.checked_sub(1)?));
        let is_known = known.is_some_and(|known| known.amount == *amount);
        if !is_known {
            tracing::error!(payment = %told.payment, part, amount, "the gateway gave back what was not decided here");
        }
        is_known && under_way.iter().any(|(asked, _)| asked == part)
    };
    let made = told.parts.iter().filter(is_ours);
    made.map(|(part, _)| EventBody::RefundMade { payment: told.payment, part: *part }).collect()
}

/// What a standing means for a payment in a state; `None` when it is no news.
pub(crate) fn news(state: PaymentState, standing: Standing) -> Option<PaymentState> {
    let next = match standing {
        Standing::Unknown | Standing::Open => return None,
        // Held money that could not be taken yet is still held.
        Standing::Authorised if state == PaymentState::CaptureRetry => return None,
        Standing::Authorised => PaymentState::Authorised,
        Standing::Captured if state == PaymentState::Refunding => return None,
        Standing::Captured => PaymentState::Captured,
        Standing::Failed => PaymentState::Failed,
        Standing::Cancelled => PaymentState::Expired,
        Standing::Refunded => PaymentState::Refunded,
    };
    (next != state).then_some(next)
}

/// What a callback told: written, and the money taken when it is held.
///
/// # Errors
/// [`StoreError`] when the store does not take it; the gateway tells it again then.
pub async fn hear(ctx: &Context, told: Told) -> Result<Option<PaymentState>, StoreError> {
    let payment = told.payment;
    match learn(ctx, told).await? {
        Some(PaymentState::Authorised) => capture(ctx, payment).await,
        state => Ok(state),
    }
}

/// Takes held money; what cannot be taken now is noted and tried again.
async fn capture(ctx: &Context, payment: PaymentId) -> Result<Option<PaymentState>, StoreError> {
    match ask(ctx, payment, What::Capture).await {
        Ok(told) if told.standing != Standing::Authorised => learn(ctx, told).await,
        outcome => {
            let why = outcome.err().unwrap_or_else(|| "still held".to_owned());
            tracing::warn!(%payment, why, "held money could not be taken yet");
            mark(ctx, payment, PaymentState::CaptureRetry).await
        }
    }
}

/// Writes a state that is ours to decide.
async fn mark(ctx: &Context, id: PaymentId, next: PaymentState) -> Result<Option<PaymentState>, StoreError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let Some((case, compiled)) = load(tx, &packs, id)? else { return Ok(None) };
            let Some(payment) = case.payments.get(&id) else { return Ok(None) };
            if !payment.state.may_become(next) {
                return Ok(Some(payment.state));
            }
            let (amount, reference, fees) = (payment.amount, None, Vec::new());
            let body = EventBody::Paying { payment: id, state: next, amount, reference, fees };
            append(tx, &case, &compiled, Actor::system("payments"), body, now)?;
            Ok(Some(next))
        })
        .await
}

/// Asks the gateway about everything that is not settled; how many payments changed.
///
/// # Errors
/// [`StoreError`] when the store does not answer. A gateway that is away is asked again in the next round.
pub async fn reconcile(ctx: &Context) -> Result<usize, StoreError> {
    let (mut changed, mut after) = (0, None);
    loop {
        let page = ctx.store.read(move |reader| reader.list_unsettled(after, AT_ONCE)).await?;
        for (payment, case) in &page {
            changed += usize::from(settle(ctx, *payment, *case).await?);
        }
        after = page.last().map(|(payment, _)| *payment);
        if page.len() < AT_ONCE as usize {
            return Ok(changed);
        }
    }
}

/// One payment a step further; true when it changed.
async fn settle(ctx: &Context, payment: PaymentId, case: CaseId) -> Result<bool, StoreError> {
    let case = ctx.store.read(move |reader| reader.get_case(case)).await?;
    let Some(before) = case.payments.get(&payment).cloned() else { return Ok(false) };
    let is_over = !case.is_open();
    let now_is = match before.state {
        PaymentState::Captured if !ended_without_grant(&case) => return give_parts(ctx, payment, &before).await,
        PaymentState::Captured => {
            mark(ctx, payment, PaymentState::Refunding).await?;
            refund(ctx, payment).await?
        }
        PaymentState::Refunding => refund(ctx, payment).await?,
        _ => {
            let old = before.created_at.plus_micros(OPEN_MINUTES * MINUTE_US) < ctx.clock.now();
            // A late answer must find nothing to pay for: the gateway is told first.
            let what =
                if before.state == PaymentState::Created && (old || is_over) { What::Cancel } else { What::Find };
            match ask(ctx, payment, what).await {
                Ok(told) => match hear(ctx, told).await? {
                    Some(PaymentState::CaptureRetry) => capture(ctx, payment).await?,
                    state => state,
                },
                Err(why) => {
                    tracing::warn!(%payment, why, "the gateway does not answer; the next round asks again");
                    return Ok(false);
                }
            }
        }
    };
    Ok(now_is != Some(before.state))
}

/// What ended so gives all of its money back.
const fn ended_without_grant(case: &Case) -> bool {
    matches!(case.outcome, Some(Outcome::Declined | Outcome::Withdrawn))
}

/// Asks the gateway for every part that was decided; true when one is known to be back that was not before.
async fn give_parts(ctx: &Context, id: PaymentId, payment: &Payment) -> Result<bool, StoreError> {
    let mut changed = false;
    for (part, refund) in payment.parts_under_way() {
        match ask(ctx, id, What::RefundPart { part, amount: refund.amount }).await {
            Ok(told) => {
                changed |= told.parts.iter().any(|(made, _)| *made == part);
                learn(ctx, told).await?;
            }
            Err(why) => tracing::warn!(payment = %id, part, why, "a part of a refund waits for the gateway"),
        }
    }
    Ok(changed)
}

async fn refund(ctx: &Context, payment: PaymentId) -> Result<Option<PaymentState>, StoreError> {
    match ask(ctx, payment, What::Refund).await {
        Ok(told) => learn(ctx, told).await,
        Err(why) => {
            tracing::warn!(%payment, why, "a refund waits for the gateway");
            Ok(Some(PaymentState::Refunding))
        }
    }
}

fn load(tx: &mut Tx, packs: &Packs, payment: PaymentId) -> Result<Option<(Case, Arc<Compiled>)>, StoreError> {
    let Some(id) = tx.find_payment(payment)? else { return Ok(None) };
    let Some(case) = tx.load_case(id)? else { return Ok(None) };
    let Some(compiled) = packs.get(&case.pack) else {
        tracing::error!(pack = %case.pack, "a case began under a pack that is not in the archive");
        return Ok(None);
    };
    Ok(Some((case, compiled)))
}

fn append(
    tx: &mut Tx,
    case: &Case,
    compiled: &Compiled,
    actor: Actor,
    body: EventBody,
    now: Instant,
) -> Result<(), StoreError> {
    append_all(tx, case, compiled, actor, vec![body], now)
}

fn append_all(
    tx: &mut Tx,
    case: &Case,
    compiled: &Compiled,
    actor: Actor,
    bodies: Vec<EventBody>,
    now: Instant,
) -> Result<(), StoreError> {
    if bodies.is_empty() {
        return Ok(());
    }
    let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
    let region_path = compiled.city.region_path(&case.place.region);
    tx.append(Append { case_id: case.id, before: Some(case), events, recorded_at: now, region_path: &region_path })?;
    Ok(())
}
