//! `dipper grid`: codes for scripts, one line in, one line out.

use std::io::{BufRead, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context;
use grid::{Cell, Level, LonLat};

use super::lines::each_line;

/// Lines `lon,lat` in, codes out.
pub fn encode(level: u8, input: impl BufRead, output: impl Write) -> anyhow::Result<ExitCode> {
    let level = Level::try_from(level).with_context(|| format!("level {level}: levels are 1 to 10"))?;
    each_line(input, BufWriter::new(output), |line| {
        let (lon, lat) = line.split_once(',').context("expected lon,lat")?;
        let number =
            |text: &str| text.trim().parse::<f64>().with_context(|| format!("{:?} is not a number", text.trim()));
        let point = LonLat::new(number(lon)?, number(lat)?)?;
        Ok(Cell::encode(point, level)?.to_string())
    })
}

/// Codes in, `west,south,east,north` out, in degrees.
pub fn decode(input: impl BufRead, output: impl Write) -> anyhow::Result<ExitCode> {
    each_line(input, BufWriter::new(output), |line| {
        let bounds = line.trim().parse::<Cell>()?.bounds();
        Ok(format!("{},{},{},{}", bounds.west, bounds.south, bounds.east, bounds.north))
    })
}
