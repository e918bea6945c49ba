//! `dipper serve`: the whole city in one process.

use std::process::ExitCode;

use crate::config::Config;
use crate::runtime::Runtime;

/// Runs until it is told to stop.
pub fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let runtime = Runtime::open(config)?;
    let _ = (runtime.act(), runtime.sealer()?);
    Ok(ExitCode::SUCCESS)
}
