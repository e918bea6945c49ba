//! Metrics in the Prometheus text format: requests by route and status, their durations, and gauges read on demand.
//!
//! A small registry of our own: two maps behind one lock, held for a few hundred nanoseconds a request. Labels come
//! from the route table and never from the request, so that nobody can fill the memory or leak a value.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the duration buckets, seconds.
const BUCKETS_S: [f64; 11] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Counts what the face answers.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(String, &'static str, u16), u64>,
    durations: BTreeMap<String, Durations>,
}

#[derive(Debug, Default)]
struct Durations {
    buckets: [u64; BUCKETS_S.len()],
    count: u64,
    sum_s: f64,
}

/// A gauge with its present value.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Name, with its unit last.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Labels with their values, in order; the values are words of the platform.
    pub values: Vec<(String, f64)>,
}

impl Metrics {
    /// Counts one answer of a route.
    pub fn record(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.requests.entry((route.to_owned(), method, status)).or_default() += 1;
        if !counts.durations.contains_key(route) {
            counts.durations.insert(route.to_owned(), Durations::default());
        }
        let Some(durations) = counts.durations.get_mut(route) else { return };
        let seconds = took.as_secs_f64();
        durations.count += 1;
        durations.sum_s += seconds;
        for (bucket, _) in durations.buckets.iter_mut().zip(BUCKETS_S).filter(|(_, bound)| seconds <= *bound) {
            *bucket += 1;
        }
    }

    /// Everything counted, with these gauges, as Prometheus reads it.
    pub fn render(&self, gauges: &[Gauge]) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::with_capacity(16_384);
        counts.render(&mut out).expect("writing to a string does not fail");
        render_gauges(&mut out, gauges).expect("writing to a string does not fail");
        out
    }
}

impl Counts {
    fn render(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "# HELP dipper_http_requests_total Answers by route, method and status.")?;
        writeln!(out, "# TYPE dipper_http_requests_total counter")?;
        for ((route, method, status), count) in &self.requests {
            writeln!(
                out,
                "dipper_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}"
            )?;
        }
        writeln!(
            out,
            "# HELP dipper_http_request_duration_seconds Time from the first byte read to the answer's head."
        )?;
        writeln!(out, "# TYPE dipper_http_request_duration_seconds histogram")?;
        for (route, durations) in &self.durations {
            for (bucket, bound) in durations.buckets.iter().zip(BUCKETS_S) {
                writeln!(
                    out,
                    "dipper_http_request_duration_seconds_bucket{{route=\"{route}\",le=\"{bound}\"}} {bucket}"
                )?;
            }
            writeln!(
                out,
                "dipper_http_request_duration_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {}",
                durations.count
            )?;
            writeln!(out, "dipper_http_request_duration_seconds_sum{{route=\"{route}\"}} {}", durations.sum_s)?;
            writeln!(out, "dipper_http_request_duration_seconds_count{{route=\"{route}\"}} {}", durations.count)?;
        }
        Ok(())
    }
}

fn render_gauges(out: &mut String, gauges: &[Gauge]) -> std::fmt::Result {
    for gauge in gauges {
        writeln!(out, "# HELP {} {}", gauge.name, gauge.help)?;
        writeln!(out, "# TYPE {} gauge", gauge.name)?;
        for (labels, value) in &gauge.values {
            writeln!(out, "{}{labels} {value}", gauge.name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_every_bucket_above_them() {
        let metrics = Metrics::default();
        metrics.record("/a", "GET", 200, Duration::from_millis(30));
        metrics.record("/a", "GET", 200, Duration::from_secs(9));
        metrics.record("/a", "POST", 409, Duration::from_micros(10));
        let text =
            metrics.render(&[Gauge { name: "dipper_cases_open", help: "Cases.", values: vec![(String::new(), 3.0)] }]);
        for line in [
            "dipper_http_requests_total{route=\"/a\",method=\"GET\",status=\"200\"} 2",
            "dipper_http_requests_total{route=\"/a\",method=\"POST\",status=\"409\"} 1",
            "dipper_http_request_duration_seconds_bucket{route=\"/a\",le=\"0.025\"} 1",
            "dipper_http_request_duration_seconds_bucket{route=\"/a\",le=\"0.05\"} 2",
            "dipper_http_request_duration_seconds_bucket{route=\"/a\",le=\"5\"} 2",
            "dipper_http_request_duration_seconds_bucket{route=\"/a\",le=\"+Inf\"} 3",
            "dipper_cases_open 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
