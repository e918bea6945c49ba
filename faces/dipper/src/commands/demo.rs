//! `dipper demo`: making the demonstration.

use std::process::ExitCode;

use crate::config::Config;
use crate::demo;
use crate::runtime::Runtime;

/// Makes the demo city's people and past, once; a city that has them is left as it is.
pub fn seed(config: Config, cases: usize) -> anyhow::Result<ExitCode> {
    let runtime = Runtime::open(config)?;
    if !demo::is_seeded(&runtime.store)? {
        eprintln!("making three months of {} ...", runtime.packs.current().city.title.in_locale("zh-CN"));
        let mut shown = 0;
        demo::seed(&runtime.sense(), runtime.packs.current(), &runtime.config.pack, cases, |filed| {
            if filed >= shown + 500 {
                shown = filed;
                eprintln!("  {filed} of {cases} reports");
            }
        })?;
    }
    runtime.store.close();
    Ok(ExitCode::SUCCESS)
}
