//! Start to first answer with an existing database, and memory when nothing happens.

use std::path::Path;
use std::time::Duration;

use super::city::{City, PACK, program};
use super::lifecycle::{filled, wait_for_ledger};
use super::report::{Durations, machine, number, table};

/// How often it is started.
const STARTS: usize = 5;

/// Starts a city of a few cases and one of many.
pub fn measure(root: &Path, args: &super::Args) -> anyhow::Result<String> {
    let program = program(root, args.program.as_deref())?;
    let mut rows = Vec::new();
    for cases in [1_000, args.cases] {
        let city = City {
            root: root.to_owned(),
            program: program.clone(),
            data: super::workshop(root).join(format!("sqlite-{cases}")),
            database: None,
            pack: PACK,
        };
        filled(&city, cases)?;
        if !args.unsealed {
            wait_for_ledger(&city.serve()?)?;
        }
        let mut ready = Durations::default();
        let mut idle_mb = Vec::new();
        for _ in 0..STARTS {
            let running = city.serve()?;
            ready.push(running.ready);
            // Past the first turn of every timer and consumer.
            std::thread::sleep(Duration::from_secs(5));
            idle_mb.push(running.memory_mb()?.0);
        }
        let most = idle_mb.iter().copied().fold(0.0, f64::max);
        rows.push(vec![
            number(cases as f64),
            number(ready.quantile_ms(0.5)),
            number(ready.quantile_ms(1.0)),
            number(most),
        ]);
    }
    let caption = format!("Of {STARTS} starts each, SQLite; {}.", machine());
    Ok(table(&caption, &["cases", "first answer, median ms", "slowest ms", "idle memory, MB"], &rows))
}
