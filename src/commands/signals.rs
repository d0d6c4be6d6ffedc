//! A wish from outside that a command end: SIGTERM, as a service manager sends it, or SIGINT, as Ctrl-C does.

use std::io::{self, Read};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context as _, Result};

/// What has been asked from outside. A command that can end in good order calls [`Signals::listen`]; any other is
/// ended at once, as ever.
#[derive(Debug, Default, Clone)]
pub struct Signals {
    asked: Arc<AtomicUsize>,
}

#[cfg(unix)]
const NAMES: [(i32, &str); 2] = [
    (signal_hook::consts::SIGTERM, "SIGTERM"),
    (signal_hook::consts::SIGINT, "SIGINT"),
];

impl Signals {
    /// From now on the first signal is only remembered; a second one ends the process at once.
    ///
    /// # Errors
    /// When the operating system refuses.
    #[cfg(unix)]
    pub fn listen(&self) -> Result<()> {
        use signal_hook::flag::{register, register_conditional_default, register_usize};
        let failed = || "failed to listen to signals";
        let again = Arc::new(AtomicBool::new(false));
        // They are called in this order: the first signal finds `again` still down.
        for (signal, _) in NAMES {
            register_conditional_default(signal, Arc::clone(&again)).with_context(failed)?;
        }
        for (number, (signal, _)) in (1..).zip(NAMES) {
            register_usize(signal, Arc::clone(&self.asked), number).with_context(failed)?;
            register(signal, Arc::clone(&again)).with_context(failed)?;
        }
        Ok(())
    }

    /// Nothing can be heard here.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn listen(&self) -> Result<()> {
        Ok(())
    }

    /// The name of the signal that asked for the end, if one did.
    #[must_use]
    pub fn asked(&self) -> Option<&'static str> {
        let number = self.asked.load(Ordering::Acquire).checked_sub(1)?;
        #[cfg(unix)]
        return NAMES.get(number).map(|(_, name)| *name);
        #[cfg(not(unix))]
        return Some("a signal").filter(|_| number > 0);
    }

    /// Whether the command is to end.
    #[must_use]
    pub fn stop(&self) -> bool {
        self.asked().is_some()
    }
}

/// Standard input, or a pipe: a signal that asks for the end ends its reading, also while nothing comes. `input`
/// keeps nothing back of what it has read.
#[derive(Debug)]
pub struct Interruptible<R> {
    input: R,
    signals: Signals,
}

impl<R> Interruptible<R> {
    /// Reads `input` until `signals` ask for the end.
    pub const fn new(input: R, signals: Signals) -> Self {
        Self { input, signals }
    }
}

#[cfg(unix)]
impl<R: Read + AsFd> Read for Interruptible<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        /// How often a wait looks whether it is to end.
        const GLANCE: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 100_000_000,
        };
        loop {
            if self.signals.stop() {
                return Err(io::Error::other("stopped before its end"));
            }
            match poll(
                &mut [PollFd::new(&self.input, PollFlags::IN)],
                Some(&GLANCE),
            ) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.input.read(out),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(not(unix))]
impl<R: Read> Read for Interruptible<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.input.read(out)
    }
}
