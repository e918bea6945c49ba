//! What goes on beside requests in a running city: timers, the ledger, licences, payments, messages, reconciliation.

use std::time::Duration;

use account::anchor::Certificate;
use account::ledger::{LogFiles, SealError, Sealed};
use dipper_http::App;
use ledger::key::VerifierKey;
use store::{Entropy, Store, Tx};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::commands::{erased, reconcile};
use crate::demo;
use crate::logs::{OpenLog, stamp_roots};
use crate::remote::HttpStamper;
use crate::runtime::Runtime;
use crate::system::SystemEntropy;

/// Timers look this often: a deadline is recorded at most this much late.
const TIMER_EVERY: Duration = Duration::from_secs(2);

/// The ledger seals at most this often: a receipt is at most two seconds away, and quiet hours cost nothing.
const SEAL_EVERY: Duration = Duration::from_millis(800);

/// The ledger tries again after trouble that may pass (a full disk, a database away).
const SEAL_RETRY: Duration = Duration::from_secs(10);

/// A checkpoint is time-stamped this often, an authority that was away is asked again, and a log in which nothing was
/// recorded since is looked at.
const ANCHOR_EVERY: Duration = Duration::from_secs(3_600);
const ANCHOR_RETRY: Duration = Duration::from_secs(300);
const ANCHOR_LOOK: Duration = Duration::from_secs(5);

/// Licences that decisions granted are issued at most this much later.
const ISSUE_EVERY: Duration = Duration::from_millis(700);

/// Messages are written, and sent, at most this much later than the event they tell of.
const RECORD_EVERY: Duration = Duration::from_millis(600);

/// Payments that are not settled are asked about this often.
const RECONCILE_EVERY: Duration = Duration::from_secs(5);

/// Days that are over are held against the logs of departments and hospitals this often, until each has agreed or not.
const COMPARE_EVERY: Duration = Duration::from_secs(900);

/// Hospitals are told of payments at most this much later.
const TELL_HOSPITALS_EVERY: Duration = Duration::from_secs(2);

/// Sessions and drafts whose time is over are removed this often.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// How often erasures are noted beside the database.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// Messages that were sent or given up are kept for a month, those of lists for a year, microseconds.
const SENT_KEPT_US: i64 = 31 * 86_400_000_000;
const LISTED_KEPT_US: i64 = 366 * 86_400_000_000;

/// Everything that goes on beside requests.
pub fn begin(
    tasks: &mut JoinSet<()>,
    runtime: &Runtime,
    app: &std::sync::Arc<App>,
    logs: Vec<OpenLog>,
    stopping: &watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let config = &runtime.config;
    tasks.spawn(fire_timers(runtime.act(), stopping.clone()));
    if let (Some(url), Some(city)) = (&config.ledger_tsa, logs.iter().find(|log| log.name == "city")) {
        let trusted = stamp_roots(config.ledger_tsa_ca.as_deref())?;
        let stamper = HttpStamper::new(url);
        tasks.spawn(anchor(city.files.clone(), city.sealer.verifier().clone(), stamper, trusted, stopping.clone()));
    }
    for log in logs {
        tasks.spawn(seal(log, runtime.store.clone(), stopping.clone()));
    }
    tasks.spawn(issue_licences(app.licences(), stopping.clone()));
    settle_payments(tasks, app, stopping);
    tasks.spawn(record_messages(app.notifications(), stopping.clone()));
    tasks.spawn(deliver_messages(app.notifications(), stopping.clone()));
    if let Some(logs) = reconcile::Logs::reach(config, &runtime.packs.current().city)? {
        tasks.spawn(compare_logs(runtime.sense(), std::sync::Arc::new(logs), stopping.clone()));
    }
    tasks.spawn(sweep(runtime.sense(), std::sync::Arc::clone(app), stopping.clone()));
    if config.demo {
        tasks.spawn(until(stopping.clone(), demo::keep_alive(runtime.sense(), config.pack.clone())));
    }
    tasks.spawn(note_erasures(runtime.store.clone(), config.data.clone(), stopping.clone()));
    Ok(())
}

/// Runs a task until the process stops.
async fn until(mut stopping: watch::Receiver<bool>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

/// Makes a round at once and then every so often, until the process stops, which cuts a round off. A round that took long
/// is followed by a pause, not by those that were missed.
async fn every<F: Future<Output = ()>>(
    period: Duration,
    stopping: watch::Receiver<bool>,
    mut round: impl FnMut() -> F,
) {
    until(stopping, async {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            round().await;
        }
    })
    .await;
}

async fn fire_timers(ctx: act::Context, stopping: watch::Receiver<bool>) {
    every(TIMER_EVERY, stopping, || async {
        match act::fire_due(&ctx).await {
            Ok(fired) if fired.changed > 0 => {
                tracing::info!(changed = fired.changed, failed = fired.failed, "deadlines fired")
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the due list cannot be read"),
        }
    })
    .await;
}

/// Follows the log of events. Stopping lets a round end, so that nothing is half written.
async fn seal(mut log: OpenLog, store: Store, mut stopping: watch::Receiver<bool>) {
    let mut positions = store.subscribe();
    let mut waiting = Waiting::default();
    loop {
        // A round waits for disk, database and witnesses: on a thread that nobody else waits for.
        let round = tokio::task::spawn_blocking(move || {
            let outcome = log.sealer.seal();
            (log, outcome)
        });
        let Ok((same, outcome)) = round.await else {
            tracing::error!("the ledger's thread ended early; nothing is sealed any more");
            return;
        };
        log = same;
        waiting.tell(&log.name, &outcome);
        let pause = match outcome {
            // Behind, after an import or a busy minute: the next round follows at once.
            Ok(Some(sealed)) if sealed.is_full() => Duration::ZERO,
            Ok(Some(_)) => SEAL_EVERY,
            Ok(None) => {
                tokio::select! {
                    _ = positions.changed() => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
                SEAL_EVERY
            }
            Err(error) if error.may_pass() => SEAL_RETRY,
            Err(_) => return,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Has the city's checkpoint time-stamped every hour. Nothing waits for it; while the authority is away, it is told of and
/// asked again.
async fn anchor(
    files: LogFiles,
    key: VerifierKey,
    stamper: HttpStamper,
    trusted: Vec<Certificate>,
    mut stopping: watch::Receiver<bool>,
) {
    let stamping = std::sync::Arc::new((files, key, stamper, trusted));
    loop {
        let round = std::sync::Arc::clone(&stamping);
        let outcome = tokio::task::spawn_blocking(move || {
            let (files, key, stamper, trusted) = &*round;
            let mut nonce = [0; 8];
            SystemEntropy.fill(&mut nonce);
            account::anchor::anchor(files, key, stamper, trusted, u64::from_be_bytes(nonce))
        });
        let pause = match outcome.await {
            Ok(Ok(Some(anchor))) => {
                tracing::info!(size = anchor.size, at = %anchor.stamped.at, "the ledger is anchored");
                ANCHOR_EVERY
            }
            // Nothing new, or nothing yet.
            Ok(Ok(None)) => ANCHOR_LOOK,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the ledger is not anchored; it is tried again");
                ANCHOR_RETRY
            }
            Err(_) => return,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// What a log waits for; told when it begins, changes and ends, not at every try.
#[derive(Default)]
struct Waiting(Option<String>);

impl Waiting {
    fn tell(&mut self, log: &str, outcome: &Result<Option<Sealed>, SealError>) {
        match outcome {
            Ok(Some(sealed)) => {
                tracing::debug!(log, from = sealed.from, to = sealed.to, "sealed");
                if self.0.take().is_some() {
                    tracing::info!(log, size = sealed.to, "the ledger goes on");
                }
            }
            Ok(None) => {}
            Err(error) => {
                let why = error.to_string();
                if error.may_pass() && self.0.as_ref() != Some(&why) {
                    tracing::error!(log, why, "the ledger waits");
                } else if !error.may_pass() {
                    tracing::error!(log, why, "the ledger does not seal");
                }
                self.0 = Some(why);
            }
        }
    }
}

async fn issue_licences(ctx: act::licences::Context, stopping: watch::Receiver<bool>) {
    every(ISSUE_EVERY, stopping, || async {
        if let Err(error) = act::licences::issue_granted(&ctx).await {
            tracing::error!(%error, "a licence could not be issued; the next round tries again");
        }
    })
    .await;
}

/// Goes on with payments that are not settled, of fees and of hospitals' invoices.
fn settle_payments(tasks: &mut JoinSet<()>, app: &App, stopping: &watch::Receiver<bool>) {
    if let Some(payments) = app.payments() {
        tasks.spawn(settle_fees(payments, stopping.clone()));
    }
    if let Some(hospitals) = app.hospitals() {
        tasks.spawn(reconcile_hospitals(hospitals, stopping.clone()));
    }
}

async fn settle_fees(ctx: act::payments::Context, stopping: watch::Receiver<bool>) {
    every(RECONCILE_EVERY, stopping, || async {
        if let Err(error) = act::payments::reconcile(&ctx).await {
            tracing::error!(%error, "payments could not be reconciled; the next round tries again");
        }
    })
    .await;
}

/// Goes on with payments of hospitals' invoices: the gateway is asked, hospitals are told.
async fn reconcile_hospitals(ctx: act::hospital::Context, stopping: watch::Receiver<bool>) {
    every(TELL_HOSPITALS_EVERY, stopping, || async {
        if let Err(error) = act::hospital::reconcile(&ctx).await {
            tracing::error!(%error, "payments to hospitals could not be reconciled; the next round tries again");
        }
    })
    .await;
}

/// Writes what people and programs are to be told. A round is whole or not at all, so that stopping may cut it off.
async fn record_messages(ctx: act::notifications::Context, stopping: watch::Receiver<bool>) {
    every(RECORD_EVERY, stopping, || async {
        if let Err(error) = act::notifications::record_due(&ctx).await {
            tracing::error!(%error, "messages could not be written; the next round tries again");
        }
        if let Err(error) = act::notifications::remind_due(&ctx).await {
            tracing::error!(%error, "reminders could not be written; the next round tries again");
        }
    })
    .await;
}

/// Sends messages. Stopping lets those under way end, so that they are not sent again.
async fn deliver_messages(ctx: act::notifications::Context, mut stopping: watch::Receiver<bool>) {
    loop {
        if let Err(error) = act::notifications::deliver_due(&ctx).await {
            tracing::error!(%error, "messages could not be sent; the next round tries again");
        }
        tokio::select! {
            () = tokio::time::sleep(RECORD_EVERY) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Holds the city's log of questions against those of departments and hospitals, a day at a time, and raises what differs.
async fn compare_logs(ctx: sense::Context, logs: std::sync::Arc<reconcile::Logs>, stopping: watch::Receiver<bool>) {
    every(COMPARE_EVERY, stopping, || async {
        let (same, there) = (ctx.clone(), std::sync::Arc::clone(&logs));
        match tokio::task::spawn_blocking(move || reconcile::days(&same, &there)).await {
            Ok(Ok(days)) => {
                for day in &days {
                    for error in day.sources.iter().filter_map(|source| source.as_ref().err()) {
                        tracing::warn!(day = %day.day, %error, "a log could not be reconciled; tried again later");
                    }
                    reconcile::raise_alarms(&ctx, day).await;
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "the logs could not be reconciled; the next round tries again"),
            Err(error) => tracing::error!(%error, "the logs could not be reconciled"),
        }
    })
    .await;
}

/// Keeps the list of erasures beside the database, so that an older copy of it brings nobody back.
async fn note_erasures(store: Store, data: std::path::PathBuf, stopping: watch::Receiver<bool>) {
    let notes = std::sync::Arc::new(std::sync::Mutex::new(erased::Notes::of(&data)));
    every(NOTE_EVERY, stopping, || async {
        let (store, notes) = (store.clone(), std::sync::Arc::clone(&notes));
        let noted = tokio::task::spawn_blocking(move || {
            let mut notes = notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            notes.note(&store).map(drop)
        })
        .await;
        if let Ok(Err(error)) = noted {
            tracing::error!(%error, "the list of erasures could not be kept");
        }
    })
    .await;
}

async fn sweep(ctx: sense::Context, app: std::sync::Arc<App>, stopping: watch::Receiver<bool>) {
    every(SWEEP_EVERY, stopping, || async {
        let now = ctx.clock.now();
        if let Err(error) = ctx.store.write(move |tx: &mut Tx| tx.remove_expired_sessions(now)).await {
            tracing::error!(%error, "expired sessions could not be removed");
        }
        if let Some(Err(error)) = app.sweep_openid().await {
            tracing::error!(%error, "codes and tokens whose time is over could not be removed");
        }
        let (sent_before, listed_before) = (now.plus_micros(-SENT_KEPT_US), now.plus_micros(-LISTED_KEPT_US));
        let forget = move |tx: &mut Tx| tx.forget_old_messages(sent_before, listed_before);
        if let Err(error) = ctx.store.write(forget).await {
            tracing::error!(%error, "old messages could not be forgotten");
        }
        if let Err(error) = sense::uploads::sweep(&ctx).await {
            tracing::error!(%error, "uploads whose time is over could not be removed");
        }
        if let Err(error) = sense::flights::sweep(&ctx).await {
            tracing::error!(%error, "files of flights that were never written down could not be removed");
        }
        if let Err(error) = sense::apply::forget_drafts(&ctx).await {
            tracing::error!(%error, "drafts whose time is over could not be forgotten");
        }
    })
    .await;
}
