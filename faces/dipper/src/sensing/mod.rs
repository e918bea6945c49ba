//! Sensing: the register of devices, the lake, the gateways and the alarm engine, put together.

mod alarms;
pub mod cameras;
mod coap;
mod counters;
mod courier;
mod errand;
mod gate;
mod lake;
mod lead;
mod ledger;
mod notices;
mod rehearsal;
pub mod rules;
mod said;
pub mod share;
#[cfg(test)]
mod tests;
mod updates;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dipper_http::Topics;
use model::{Instant, Reading};
use sense::device_alarms::AlarmDesk;
use sense::telemetry::{Fleet, Intake, Told};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::runtime::Runtime;

/// Batches of readings that wait for the alarm engine.
const WAITING: usize = 1_024;

/// Deeds that wait for it.
const ASKED: usize = 64;

/// The register is looked at this often for what others changed.
const REGISTER_EVERY: Duration = Duration::from_millis(700);

/// A city that senses.
pub struct Sensing {
    /// The door for messages of devices.
    pub intake: Arc<Intake>,
    /// The engine, where one process alone judges.
    desk: Option<alarms::Desk>,
    tell: mpsc::Sender<Told>,
    ask: mpsc::Sender<alarms::Ask>,
    /// Readings of all processes, where there are several.
    heard: Option<mpsc::Receiver<Vec<Reading>>>,
    told: mpsc::Receiver<Told>,
    asked: mpsc::Receiver<alarms::Ask>,
    counter: Arc<alarms::Counter>,
    sealing: lake::CityLake,
}

impl Sensing {
    /// Opens the lake and the register; `None` where the pack has no class of devices, or another process has them.
    pub fn open(runtime: &Runtime) -> anyhow::Result<Option<Self>> {
        let compiled = runtime.packs.current();
        if compiled.city.devices.is_empty() || !runtime.config.devices {
            return Ok(None);
        }
        let fleet = Arc::new(Fleet::load(&runtime.store, &compiled)?);
        let (zone, clock) = (compiled.city.zone(), Arc::clone(&runtime.clock));
        let shared = share::of_city(&runtime.config, &runtime.store, &*clock)?;
        let (sharing, heard) = shared.map(|shared| (shared.sharing, shared.heard)).unzip();
        let lake = lake::CityLake::of_city(&runtime.config, &zone, Arc::clone(&fleet), clock, sharing)?;
        let (tell, told) = mpsc::channel(WAITING);
        let (ask, asked) = mpsc::channel(ASKED);
        let desk = match &heard {
            Some(_) => None,
            None => Some(alarms::Desk::open(runtime.sense(), Arc::clone(&fleet), &lake)?),
        };
        let sealing = lake.clone();
        let lake = Arc::new(lake);
        let stage = rehearsal::Stage { fleet: Arc::clone(&fleet), lake: Arc::<lake::CityLake>::clone(&lake) };
        let counter = Arc::new(alarms::Counter::new(ask.clone(), Arc::clone(&runtime.packs), stage));
        let intake =
            Arc::new(Intake { ctx: runtime.sense(), fleet, lake, told: tell.clone(), mqtt_port: OnceLock::new() });
        Ok(Some(Self { intake, desk, tell, ask, heard, told, asked, counter, sealing }))
    }

    /// The way to the alarm engine, for the faces.
    pub fn desk(&self) -> Arc<dyn AlarmDesk> {
        Arc::<alarms::Counter>::clone(&self.counter)
    }

    /// Listens to devices and judges what they say, until the program stops.
    pub async fn begin(
        self,
        tasks: &mut JoinSet<()>,
        runtime: &Runtime,
        topics: Topics,
        notify: act::notifications::Context,
        stopping: &watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let Self { intake, desk, tell, ask, heard, mut told, asked, sealing, .. } = self;
        let (leads, is_leading) = watch::channel(desk.is_some());
        if let Some(heard) = heard {
            tasks.spawn(share::tell(heard, Arc::clone(&intake.fleet), tell, stopping.clone()));
        }
        let (topics, watches) = (Arc::new(topics), Arc::new(updates::Watches::default()));
        let clock = Arc::clone(&runtime.clock);
        tasks.spawn(ledger::run(runtime.store.clone(), sealing, clock, is_leading.clone(), stopping.clone()));
        let (courier, delivered) = courier::Courier::new(runtime.act());
        let courier = Arc::new(courier);
        let broker = gate::start(&runtime.config, &intake, &courier, &topics, &watches).await?.map(Arc::new);
        if let Some(broker) = &broker {
            for address in broker.local_addresses() {
                println!("  MQTT      {address}");
            }
            // Listeners are bound in the order of the configuration: the one in the clear first.
            if let Some(address) = runtime.config.mqtt.and(broker.local_addresses().first()) {
                // Set once: this is called once.
                let _ = intake.mqtt_port.set(address.port());
            }
        }
        let gateway = coap::start(&runtime.config, &intake, &courier).await?.map(Arc::new);
        if let Some(gateway) = &gateway {
            for address in gateway.local_addresses() {
                println!("  CoAP      {address}");
            }
        }
        let updates = broker.clone().map(|broker| Arc::new(updates::Updates { broker, watches, topics }));
        if let Some(updates) = &updates {
            let (next, after) = mpsc::channel(WAITING);
            tasks.spawn(Arc::clone(updates).run(std::mem::replace(&mut told, after), next, stopping.clone()));
        }
        let carriers = courier::Carriers { mqtt: updates, coap: gateway.clone() };
        tasks.spawn(courier.run(carriers, delivered, is_leading, stopping.clone()));
        let cut = broker.clone();
        let shut_out = move |device: &model::DeviceId| {
            if let Some(broker) = &cut {
                broker.disconnect(&device.clone().into());
            }
            if let Some(gateway) = &gateway {
                gateway.disconnect(device);
            }
        };
        match desk {
            Some(desk) => tasks.spawn(desk.run(notify, told, asked, shut_out, stopping.clone())),
            None => {
                let (ctx, fleet, lake) = (runtime.sense(), Arc::clone(&intake.fleet), Arc::clone(&intake.lake));
                let lease = lead::Lease::new(&*runtime.clock);
                let lead = lead::Lead { ctx, notify, fleet, lake, lease, ask, leads, shut_out };
                tasks.spawn(lead.run(told, asked, stopping.clone()))
            }
        };
        tasks.spawn(watch_register(intake, runtime.clock.now(), stopping.clone()));
        Ok(())
    }
}

/// Takes in what the command line, or another process, changed in the register.
async fn watch_register(intake: Arc<Intake>, mut since: Instant, mut stopping: watch::Receiver<bool>) {
    loop {
        match intake.refresh(since).await {
            Ok(seen) => since = seen,
            Err(error) => tracing::error!(%error, "the register of devices cannot be read; the next round tries again"),
        }
        tokio::select! {
            () = tokio::time::sleep(REGISTER_EVERY) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
