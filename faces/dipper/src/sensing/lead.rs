//! Which of several processes judges: one at a time, by a lease in the database. The others carry to it what they are asked.

use std::sync::Arc;
use std::time::Duration;

use model::{DeviceId, Instant};
use sense::telemetry::{Fleet, Lake, Told};
use store::{Reader, Store, StoreError, Tx};
use tokio::sync::{mpsc, oneshot, watch};

use super::alarms::{Ask, Desk};
use super::errand::Errand;
use super::share;

/// The lease of whoever judges what devices say.
const LEASE: &str = "devices";
/// It ends by itself after this, microseconds.
const LEASE_US: i64 = 10_000_000;
/// It is kept, or tried for, this often.
const LEASE_EVERY: Duration = Duration::from_secs(2);
/// What others ask is looked for this often, and an answer to it.
const ERRANDS_EVERY: Duration = Duration::from_millis(200);
/// So many at a time.
const ERRANDS: u32 = 64;
/// Whoever asks waits for as long.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// What waited for longer is not done any more, microseconds: nobody waits for it.
const ERRAND_US: i64 = 15_000_000;
/// And is forgotten after this, microseconds.
const FORGET_US: i64 = 3_600_000_000;

/// A lease that this process may hold.
#[derive(Debug, Clone)]
pub struct Lease {
    holder: Arc<str>,
}

impl Lease {
    /// Of a process.
    pub fn new(clock: &dyn model::Clock) -> Self {
        Self { holder: share::name(clock).into() }
    }

    /// Whether it is held, until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holds(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        tx.holds_lease(LEASE, &self.holder)
    }

    async fn take(&self, store: &Store, now: Instant) -> bool {
        let holder = Arc::clone(&self.holder);
        let taken = store.write(move |tx: &mut Tx| tx.take_lease(LEASE, &holder, now, now.plus_micros(LEASE_US))).await;
        taken.unwrap_or_else(|error: StoreError| {
            tracing::error!(%error, "which process judges what devices say cannot be seen now");
            false
        })
    }

    async fn give_back(&self, store: &Store) {
        let holder = Arc::clone(&self.holder);
        let done: Result<(), StoreError> = store.write(move |tx: &mut Tx| tx.return_lease(LEASE, &holder)).await;
        if let Err(error) = done {
            tracing::warn!(%error, "the lease could not be given back; it ends by itself");
        }
    }
}

/// One of several processes.
pub struct Lead<F> {
    /// What the engine needs.
    pub ctx: sense::Context,
    /// What telling people of alarms needs.
    pub notify: act::notifications::Context,
    /// Every device.
    pub fleet: Arc<Fleet>,
    /// The readings.
    pub lake: Arc<dyn Lake>,
    /// Who may judge.
    pub lease: Lease,
    /// The way to the engine of this process, while it judges.
    pub ask: mpsc::Sender<Ask>,
    /// Said when this process begins or ends to judge.
    pub leads: watch::Sender<bool>,
    /// Ends the connections of a device.
    pub shut_out: F,
}

impl<F: Fn(&DeviceId) + Send + Sync + 'static> Lead<F> {
    /// Judges when it is this process's turn, until the program stops.
    pub async fn run(
        self,
        mut told: mpsc::Receiver<Told>,
        mut asked: mpsc::Receiver<Ask>,
        mut stopping: watch::Receiver<bool>,
    ) {
        while self.follow(&mut told, &mut asked, &mut stopping).await {
            match self.desk().await {
                Ok(desk) => self.judge(desk, &mut told, &mut asked, &stopping).await,
                Err(error) => tracing::error!(%error, "alarms cannot be gone on with; it is tried again"),
            }
            self.lease.give_back(&self.ctx.store).await;
            if *stopping.borrow() {
                return;
            }
            tokio::time::sleep(LEASE_EVERY).await;
        }
    }

    /// Waits for the lease; false when the program stops.
    async fn follow(
        &self,
        told: &mut mpsc::Receiver<Told>,
        asked: &mut mpsc::Receiver<Ask>,
        stopping: &mut watch::Receiver<bool>,
    ) -> bool {
        let mut tries = tokio::time::interval(LEASE_EVERY);
        loop {
            tokio::select! {
                Some(told) = told.recv() => if let Told::Changed(member) = told && !member.may_speak() {
                    (self.shut_out)(&member.row.id);
                },
                Some(ask) = asked.recv() => {
                    let (store, now) = (self.ctx.store.clone(), self.ctx.clock.now());
                    tokio::spawn(carry(store, ask, now));
                }
                _ = tries.tick() => if self.lease.take(&self.ctx.store, self.ctx.clock.now()).await {
                    return true;
                },
                // What it answers holds a lock, which must not be held while others wait.
                () = async { drop(stopping.wait_for(|stop| *stop).await) } => return false,
            }
        }
    }

    /// The engine as the last one left it.
    async fn desk(&self) -> anyhow::Result<Desk> {
        let (ctx, fleet, lake) = (self.ctx.clone(), Arc::clone(&self.fleet), Arc::clone(&self.lake));
        let lease = self.lease.clone();
        tokio::task::spawn_blocking(move || Desk::open(ctx, fleet, &*lake).map(|desk| desk.held_by(lease))).await?
    }

    async fn judge(
        &self,
        desk: Desk,
        told: &mut mpsc::Receiver<Told>,
        asked: &mut mpsc::Receiver<Ask>,
        stopping: &watch::Receiver<bool>,
    ) {
        tracing::info!("this process judges what devices say");
        self.leads.send_replace(true);
        let (end, ended) = watch::channel(false);
        let mut outside = stopping.clone();
        let until_lost = async {
            let kept = async {
                loop {
                    tokio::time::sleep(LEASE_EVERY).await;
                    if !self.lease.take(&self.ctx.store, self.ctx.clock.now()).await {
                        tracing::warn!("another process judges what devices say from here on");
                        return;
                    }
                }
            };
            tokio::select! {
                () = kept => {}
                () = self.serve() => {}
                () = async { drop(outside.wait_for(|stop| *stop).await) } => {}
            }
            end.send_replace(true);
        };
        tokio::join!(desk.work_on(&self.notify, told, asked, &self.shut_out, ended), until_lost);
        self.leads.send_replace(false);
    }

    /// Does what other processes are asked.
    async fn serve(&self) {
        loop {
            tokio::time::sleep(ERRANDS_EVERY).await;
            let since = self.ctx.clock.now().plus_micros(-ERRAND_US);
            let waiting = self.ctx.store.read(move |db: &mut Reader| db.list_errands(since, ERRANDS)).await;
            for errand in waiting.unwrap_or_else(|error: StoreError| {
                tracing::warn!(%error, "what other processes ask cannot be seen now");
                Vec::new()
            }) {
                let answer = self.run_errand(&errand.body).await.err().unwrap_or_default();
                let said = self.ctx.store.write(move |tx: &mut Tx| tx.answer_errand(&errand.id, &answer)).await;
                if let Err(error) = said {
                    let error: StoreError = error;
                    tracing::warn!(%error, "what became of an errand could not be said");
                }
            }
        }
    }

    async fn run_errand(&self, body: &str) -> Result<(), String> {
        let errand: Errand = serde_json::from_str(body)
            .map_err(|_| "the processes of this city are of different versions; update all of them".to_owned())?;
        let (work, by) = errand.work();
        let (answer, done) = oneshot::channel();
        let stopped = |()| "the platform is stopping; try again".to_owned();
        self.ask.send(Ask { work, by, answer }).await.map_err(|_| stopped(()))?;
        done.await.unwrap_or_else(|_| Err(stopped(())))
    }
}

/// Carries what this process is asked to the one that judges, and brings back what it answers.
async fn carry(store: Store, ask: Ask, now: Instant) {
    let Ask { work, by, answer } = ask;
    let outcome = carry_on(&store, &Errand::new(work, by), now).await;
    // Whoever asked may be gone.
    let _ = answer.send(outcome.unwrap_or_else(|error| Err(error.to_string())));
}

async fn carry_on(store: &Store, errand: &Errand, now: Instant) -> Result<Result<(), String>, StoreError> {
    let id = share::name(&At(now));
    let body = match serde_json::to_string(errand) {
        Ok(body) => body,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let errand = store::Errand { id: id.clone(), body, asked_at: now };
    store.write(move |tx: &mut Tx| tx.ask_errand(&errand, now.plus_micros(-FORGET_US))).await?;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < ANSWER_WITHIN {
        tokio::time::sleep(ERRANDS_EVERY).await;
        let id = id.clone();
        if let Some(answer) = store.read(move |db: &mut Reader| db.find_errand_answer(&id)).await? {
            return Ok(if answer.is_empty() { Ok(()) } else { Err(answer) });
        }
    }
    Ok(Err("no process judges what devices say at the moment; try again in some seconds".to_owned()))
}

/// A clock that stands.
struct At(Instant);

impl model::Clock for At {
    fn now(&self) -> Instant {
        self.0
    }
}
