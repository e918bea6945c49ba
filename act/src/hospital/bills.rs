//! Paying a hospital's invoice: the same gateway, states and rules as fees (decision 0017), bound to the visit. Money that
//! was taken is told to the hospital until it knows; what it does not take goes back.

use std::sync::Arc;

use identity::{HospitalPayment, Paid};
use model::{HospitalVisitId, Instant, PartyId, PaymentId, PaymentState, RequestId};
use store::{HospitalPaymentRow, Tx};

use super::client::Payment;
use super::journey::find_due;
use super::questions::{About, insisted, is_decided, write_down_as};
use super::{Context, HospitalError};
use crate::payments::{AT_ONCE, Begun, MINUTE_US, OPEN_MINUTES, Standing, Told, What, ask_gateway, news};

/// An invoice to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayCommand {
    /// Who pays, for themselves.
    pub party: PartyId,
    /// For which visit.
    pub visit: HospitalVisitId,
    /// Where the payer goes back to.
    pub return_url: String,
}

/// How far a payment is.
fn state_of(row: &HospitalPaymentRow) -> PaymentState {
    // Only words of the list are ever written; anything else is not paid with.
    PaymentState::ALL.into_iter().find(|state| state.as_str() == row.state).unwrap_or(PaymentState::Failed)
}

/// Begins the payment of the invoice that is due, or goes on with the one that is open.
///
/// # Errors
/// [`HospitalError`]; nothing was taken then.
pub async fn pay_invoice(ctx: &Context, command: PayCommand) -> Result<Begun, HospitalError> {
    let gateway = ctx.gateway.as_ref().ok_or(HospitalError::GatewayAway)?;
    let PayCommand { party, visit, return_url } = command;
    let (kept, consent, invoice) = find_due(ctx, party, visit).await?.ok_or(HospitalError::NothingDue)?;
    let paid = Paid { hospital: kept.hospital.clone(), visit, invoice: invoice.id.to_string(), consent };
    let (payment, is_same) = hold(ctx, party, paid, invoice.total).await?;
    let id = payment.row.id;
    if !is_same {
        let told = ask_gateway(gateway, id, What::Cancel).await.map_err(away)?;
        learn(ctx, told).await?;
        return Err(HospitalError::InvoiceChanged);
    }
    let compiled = ctx.packs.current();
    let locale = compiled.city.locales.first().map_or("", String::as_str);
    let hospital = compiled.city.hospitals.get(&kept.hospital).ok_or(HospitalError::NotFound("hospital"))?;
    // The gateway learns where, not what for.
    let subject = hospital.title.in_locale(locale).to_owned();
    let what = What::Create { amount: payment.row.amount, currency: "CNY".to_owned(), subject, return_url };
    let told = ask_gateway(gateway, id, what).await.map_err(away)?;
    let pay_url = told.pay_url.clone();
    learn(ctx, told).await?;
    let amount = payment.row.amount;
    pay_url.map(|pay_url| Begun { payment: id, amount, pay_url }).ok_or(HospitalError::NothingDue)
}

fn away(why: String) -> HospitalError {
    tracing::warn!(why, "the payment gateway does not answer");
    HospitalError::GatewayAway
}

/// The payment of an invoice that is open, or a new one; false where the open one is of another amount.
async fn hold(
    ctx: &Context,
    party: PartyId,
    paid: Paid,
    amount: i64,
) -> Result<(HospitalPayment, bool), HospitalError> {
    let (vault, now) = (Arc::clone(&ctx.vault), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let before = vault.list_hospital_payments(tx, party)?;
            let is_of = |payment: &HospitalPayment| {
                payment.paid.hospital == paid.hospital && payment.paid.invoice == paid.invoice
            };
            let open = before.into_iter().find(|payment| is_of(payment) && !state_of(&payment.row).is_over());
            match open {
                None => Ok((vault.record_hospital_payment(tx, party, paid, amount, now)?, true)),
                Some(open) if state_of(&open.row) == PaymentState::Created => {
                    let is_same = open.row.amount == amount;
                    Ok((open, is_same))
                }
                // Held, taken, or on its way back: not once more.
                Some(_) => Err(HospitalError::NothingDue),
            }
        })
        .await
}

/// Writes what the gateway told, when it is news; the state now, `None` when there is no such payment of a visit.
async fn learn(ctx: &Context, told: Told) -> Result<Option<PaymentState>, HospitalError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let Some(row) = tx.find_hospital_payment(told.payment)? else { return Ok(None) };
            let state = state_of(&row);
            let has_amount = !matches!(told.standing, Standing::Unknown | Standing::Cancelled);
            if has_amount && told.amount != row.amount {
                tracing::error!(payment = %told.payment, told = told.amount, asked = row.amount, "the gateway names another amount");
                return Ok(Some(state));
            }
            let reference = Some(told.reference).filter(|reference| !reference.is_empty());
            match news(state, told.standing) {
                Some(next) => step(tx, row, next, reference, now).map(Some),
                None => Ok(Some(state)),
            }
        })
        .await
}

/// A step of the state machine; what cannot follow is logged and left.
fn step(
    tx: &mut Tx,
    row: HospitalPaymentRow,
    next: PaymentState,
    reference: Option<String>,
    now: Instant,
) -> Result<PaymentState, HospitalError> {
    let state = state_of(&row);
    if !state.may_become(next) {
        let (from, to) = (state.as_str(), next.as_str());
        tracing::error!(payment = %row.id, from, to, "what cannot follow is not written");
        return Ok(state);
    }
    let reference = reference.or_else(|| row.reference.clone());
    tx.update_hospital_payment(&HospitalPaymentRow {
        state: next.as_str().to_owned(),
        reference,
        changed_at: now,
        ..row
    })?;
    Ok(next)
}

/// Writes a state that is ours to decide.
async fn mark(ctx: &Context, id: PaymentId, next: PaymentState) -> Result<Option<PaymentState>, HospitalError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let Some(row) = tx.find_hospital_payment(id)? else { return Ok(None) };
            if state_of(&row).may_become(next) {
                step(tx, row, next, None, now).map(Some)
            } else {
                Ok(Some(state_of(&row)))
            }
        })
        .await
}

/// What a callback told: written, and the money taken when it is held. `None` when it is no payment of a visit.
///
/// # Errors
/// [`HospitalError`] when the store does not take it; the gateway tells it again then.
pub async fn hear(ctx: &Context, told: Told) -> Result<Option<PaymentState>, HospitalError> {
    let payment = told.payment;
    match learn(ctx, told).await? {
        Some(PaymentState::Authorised) => capture(ctx, payment).await,
        state => Ok(state),
    }
}

async fn capture(ctx: &Context, payment: PaymentId) -> Result<Option<PaymentState>, HospitalError> {
    let Some(gateway) = &ctx.gateway else { return Ok(None) };
    match ask_gateway(gateway, payment, What::Capture).await {
        Ok(told) if told.standing != Standing::Authorised => learn(ctx, told).await,
        outcome => {
            let why = outcome.err().unwrap_or_else(|| "still held".to_owned());
            tracing::warn!(%payment, why, "held money could not be taken yet");
            mark(ctx, payment, PaymentState::CaptureRetry).await
        }
    }
}

/// Goes on with every payment that is not settled: asks the gateway, tells hospitals what is paid, gives back what they do
/// not take. How many changed.
///
/// # Errors
/// [`HospitalError`] when the store does not answer. Who is away is asked again in the next round.
pub async fn reconcile(ctx: &Context) -> Result<usize, HospitalError> {
    let (mut changed, mut after) = (0, None);
    loop {
        let page = ctx.store.read(move |reader| reader.list_unsettled_hospital_payments(after, AT_ONCE)).await?;
        for row in &page {
            changed += usize::from(settle(ctx, row).await?);
        }
        after = page.last().map(|row| row.id);
        if page.len() < AT_ONCE as usize {
            return Ok(changed);
        }
    }
}

async fn settle(ctx: &Context, row: &HospitalPaymentRow) -> Result<bool, HospitalError> {
    let before = state_of(row);
    let now_is = match before {
        PaymentState::Captured => return tell(ctx, row.id).await,
        PaymentState::Refunding => refund(ctx, row.id).await?,
        _ => {
            let Some(gateway) = &ctx.gateway else { return Ok(false) };
            let is_old = row.created_at.plus_micros(OPEN_MINUTES * MINUTE_US) < ctx.clock.now();
            let what = if before == PaymentState::Created && is_old { What::Cancel } else { What::Find };
            match ask_gateway(gateway, row.id, what).await {
                Ok(told) => match hear(ctx, told).await? {
                    Some(PaymentState::CaptureRetry) => capture(ctx, row.id).await?,
                    state => state,
                },
                Err(why) => {
                    tracing::warn!(payment = %row.id, why, "the gateway does not answer; the next round asks again");
                    return Ok(false);
                }
            }
        }
    };
    Ok(now_is != Some(before))
}

async fn refund(ctx: &Context, payment: PaymentId) -> Result<Option<PaymentState>, HospitalError> {
    let Some(gateway) = &ctx.gateway else { return Ok(Some(PaymentState::Refunding)) };
    match ask_gateway(gateway, payment, What::Refund).await {
        Ok(told) => learn(ctx, told).await,
        Err(why) => {
            tracing::warn!(%payment, why, "a refund waits for the gateway");
            Ok(Some(PaymentState::Refunding))
        }
    }
}

/// Tells the hospital that its invoice is paid. It says no when the invoice was taken back or paid otherwise meanwhile:
/// then the money goes back.
async fn tell(ctx: &Context, id: PaymentId) -> Result<bool, HospitalError> {
    let (inner, now) = (ctx.clone(), ctx.clock.now());
    let found = ctx.store.write(move |tx: &mut Tx| {
        let Some(payment) = inner.vault.find_hospital_payment(tx, id)? else { return Ok(None) };
        let asking = (payment.row.party, &payment.paid.hospital, payment.paid.consent);
        // Told until it is heard, as one question: it has the payment's own id.
        let request: RequestId = id.to_string().parse().map_err(|_| HospitalError::NotFound("payment"))?;
        write_down_as(request, tx, &inner.packs.current().city, asking, &[About::Payment], now)?;
        Ok::<_, HospitalError>(Some((payment, request)))
    });
    let Some((HospitalPayment { row, paid }, request)) = found.await? else { return Ok(false) };
    let notice = Payment { id, invoice: paid.invoice, amount: row.amount, at: row.changed_at };
    match insisted(ctx, &paid.hospital, request, move |client| client.tell_paid(&notice)).await {
        Ok(()) => {
            let told = HospitalPaymentRow { told: true, ..row };
            ctx.store.write(move |tx: &mut Tx| tx.update_hospital_payment(&told)).await?;
            Ok(true)
        }
        Err(HospitalError::Denied { code, .. }) if is_decided(&code) => {
            tracing::warn!(payment = %id, code, "the hospital does not take a payment; it goes back");
            mark(ctx, id, PaymentState::Refunding).await?;
            refund(ctx, id).await?;
            Ok(true)
        }
        Err(HospitalError::Store(error)) => Err(error.into()),
        // Asked again in the next round.
        Err(_) => Ok(false),
    }
}
