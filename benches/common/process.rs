//! Measuring whole processes from outside.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One run of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    /// What it took of the processors, in hundredths of a second at best: steadier where others are at work too.
    pub(crate) processor_seconds: f64,
    pub(crate) peak_mb: f64,
}

impl Measured {
    pub(crate) fn over(self, other: Self) -> String {
        format!("{:.2} times", self.seconds / other.seconds)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds < 0.1 {
            write!(f, "{:.2} ms", self.seconds * 1000.0)
        } else {
            write!(f, "{:.2} s ({:.0} MB)", self.seconds, self.peak_mb)
        }
    }
}

/// Runs a command to its end. Its peak memory is looked up in /proc while it runs.
pub(crate) fn run(command: &mut Command) -> Measured {
    let (begin, before) = (Instant::now(), of_children());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0.0f64;
    // Short runs are not disturbed by looking.
    let mut patience = Duration::from_millis(200);
    let ended = loop {
        match wait(&mut child, patience) {
            Some(ended) => break ended,
            None => patience = Duration::from_millis(20),
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kb = peak.and_then(|p| p.trim().trim_end_matches(" kB").parse().ok());
        peak_kb = peak_kb.max(kb.unwrap_or(0.0));
    };
    let seconds = begin.elapsed().as_secs_f64();
    let processor_seconds = of_children() - before;
    let code = ended.code().unwrap_or(70);
    let mut words = String::new();
    let _ = std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut words);
    assert!(
        matches!(code, 0 | 1 | 75),
        "{command:?} ended with {ended}: {words}"
    );
    Measured {
        seconds,
        processor_seconds,
        peak_mb: peak_kb / 1024.0,
    }
}

/// The processor time of all children that have ended, where /proc tells.
fn of_children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
    let ticks = fields.split(' ').skip(13).take(2);
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn wait(child: &mut std::process::Child, patience: Duration) -> Option<std::process::ExitStatus> {
    let begin = Instant::now();
    loop {
        if let Some(ended) = child.try_wait().expect("a child") {
            return Some(ended);
        }
        if begin.elapsed() > patience {
            return None;
        }
        std::thread::sleep(Duration::from_micros(if patience.as_millis() > 100 {
            50
        } else {
            1000
        }));
    }
}

pub(crate) fn median(runs: &[Measured]) -> Measured {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Measured {
        seconds: middle(runs.iter().map(|m| m.seconds).collect()),
        processor_seconds: middle(runs.iter().map(|m| m.processor_seconds).collect()),
        peak_mb: middle(runs.iter().map(|m| m.peak_mb).collect()),
    }
}

/// Two commands in turn, after one unmeasured run of each; the medians.
pub(crate) fn pair(
    times: usize,
    mut a: impl FnMut() -> Command,
    mut b: impl FnMut() -> Command,
) -> (Measured, Measured) {
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    for n in 0..=times {
        let (one, other) = (run(&mut a()), run(&mut b()));
        if n > 0 {
            of_a.push(one);
            of_b.push(other);
        }
    }
    (median(&of_a), median(&of_b))
}
