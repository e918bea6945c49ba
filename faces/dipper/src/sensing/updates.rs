//! SensorThings over MQTT: who listens to which topic, and what they are told when readings are on the disk.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dipper_http::{Listener, Topics, Watch};
use model::{ClientId, DeviceId};
use mqtt::{Broker, Notice, Owner, Qos};
use sense::telemetry::{Kept, Told};
use store::DeviceCommandRow;
use tokio::sync::{mpsc, watch};

use super::gate::DeviceGate;

/// What nobody listens to any more is let go of, and programs are looked up again, this often.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Topics that somebody listens to, by the device they are about.
#[derive(Default)]
pub struct Watches {
    by_device: Mutex<HashMap<DeviceId, BTreeMap<Arc<str>, Watch>>>,
    /// Programs that connected, by the key they came with: one may have an old key and a new one.
    programs: Mutex<HashMap<(ClientId, String), Listener>>,
}

impl Watches {
    /// Somebody listens to a topic.
    pub fn add(&self, topic: &str, watch: Watch) {
        let mut watches = self.by_device.lock().unwrap_or_else(PoisonError::into_inner);
        watches.entry(watch.device().clone()).or_default().insert(topic.into(), watch);
    }

    /// A program connected, with its key.
    pub fn came(&self, client: ClientId, listener: Listener, key: String) {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner).insert((client, key), listener);
    }

    /// Whether somebody listens to what a device says or is.
    fn is_about(&self, told: &Told) -> bool {
        let device = match told {
            Told::Kept(kept) => &kept.member.row.id,
            Told::Changed(member) => &member.row.id,
        };
        self.by_device.lock().unwrap_or_else(PoisonError::into_inner).contains_key(device)
    }

    fn of(&self, device: &DeviceId) -> Vec<(Arc<str>, Watch)> {
        let watches = self.by_device.lock().unwrap_or_else(PoisonError::into_inner);
        let of = watches.get(device).into_iter().flatten();
        of.map(|(topic, watch)| (Arc::clone(topic), watch.clone())).collect()
    }

    fn programs(&self) -> Vec<(ClientId, Listener, String)> {
        let programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.iter().map(|((client, key), listener)| (client.clone(), listener.clone(), key.clone())).collect()
    }

    fn forget(&self, client: &ClientId, key: &str) {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.remove(&(client.clone(), key.to_owned()));
    }

    /// Lets go of what nobody listens to. Who subscribes meanwhile stands in the broker first, and here afterwards.
    fn tidy(&self, broker: &Broker<DeviceGate>) {
        let mut watches = self.by_device.lock().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|_, topics| {
            topics.retain(|topic, _| broker.is_subscribed(topic));
            !topics.is_empty()
        });
    }
}

/// Tells those who listen.
pub struct Updates {
    /// The broker.
    pub broker: Arc<Broker<DeviceGate>>,
    /// Who listens to what.
    pub watches: Arc<Watches>,
    /// What topics carry.
    pub topics: Arc<Topics>,
}

impl Updates {
    /// Hands on what is told, and tells those who listen, until the program stops. It does not wait for the last word: it
    /// holds the broker itself, whose door tells it.
    pub async fn run(
        self: Arc<Self>,
        mut told: mpsc::Receiver<Told>,
        next: mpsc::Sender<Told>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let mut ticks = tokio::time::interval(TIDY_EVERY);
        loop {
            tokio::select! {
                heard = told.recv() => {
                    let Some(heard) = heard else { return };
                    let news = self.watches.is_about(&heard).then(|| heard.clone());
                    // Alarms come first.
                    if next.send(heard).await.is_err() {
                        return;
                    }
                    match news {
                        Some(Told::Kept(kept)) => self.tell(kept).await,
                        Some(Told::Changed(_)) => self.ask_again(),
                        None => {}
                    }
                }
                // What it answers holds a lock, which must not be held while others wait.
                () = async { drop(stopping.wait_for(|stop| *stop).await) } => return,
                _ = ticks.tick() => {
                    self.watches.tidy(&self.broker);
                    self.look_up().await;
                }
            }
        }
    }

    async fn tell(self: &Arc<Self>, kept: Kept) {
        let watches = self.watches.of(&kept.member.row.id);
        let this = Arc::clone(self);
        // A Datastream says since when it is heard: that is in the lake.
        let tell = move || {
            for (topic, watch) in watches {
                for payload in this.topics.of_readings(&watch, &kept) {
                    this.publish(&topic, payload, None, None);
                }
            }
        };
        if tokio::task::spawn_blocking(tell).await.is_err() {
            tracing::error!("those who listen to topics could not be told");
        }
    }

    /// A command goes to its device; how many sessions of it have the Task in their queues.
    pub fn tell_task(&self, row: &DeviceCommandRow, expiry: Duration, ticket: u64) -> usize {
        let tell = |(topic, watch): (Arc<str>, Watch)| {
            let payload = self.topics.of_command(&watch, row)?;
            Some(self.publish(&topic, payload, Some(expiry), Some(ticket)))
        };
        self.watches.of(&row.device).into_iter().filter_map(tell).sum()
    }

    fn publish(&self, topic: &Arc<str>, payload: Vec<u8>, expiry: Option<Duration>, ticket: Option<u64>) -> usize {
        let (topic, payload) = (Arc::clone(topic), payload.into());
        let notice = Notice { topic, payload, qos: Qos::AtLeastOnce, retain: false, expiry, ticket, properties: None };
        self.broker.publish(notice).map_or(0, |handed| handed.queued)
    }

    /// A device changed, perhaps its region: whoever listens connects anew, and is asked again what they may hear.
    fn ask_again(&self) {
        for (client, ..) in self.watches.programs() {
            self.broker.disconnect(&Owner::Program(client));
        }
    }

    /// Programs whose key was taken back, or to which other regions are granted, are cut off.
    async fn look_up(&self) {
        for (client, listener, key) in self.watches.programs() {
            let owner = Owner::Program(client.clone());
            if !self.broker.is_connected(&owner) {
                self.watches.forget(&client, &key);
                continue;
            }
            match self.topics.find_program(client.as_str(), &key).await {
                Ok(Some(found)) if found == listener => {}
                Ok(_) => {
                    tracing::info!(%client, "a program is cut off: what it may read has changed");
                    // It connects anew, and is known again then, if it may.
                    self.watches.forget(&client, &key);
                    self.broker.disconnect(&owner);
                }
                Err(error) => tracing::error!(%client, %error, "a program could not be looked up"),
            }
        }
    }
}
