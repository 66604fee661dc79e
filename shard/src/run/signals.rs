//! SIGINT and SIGTERM: the first ends the systems that listen, the second the process.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::unregister;

use super::Stage;

const STOPS: [i32; 2] = [SIGINT, SIGTERM];

/// A system that listens. The system's end is the end of it.
pub(super) struct SignalWatch {
    signals: Handle,
    thread: Option<JoinHandle<()>>,
    /// Goes last.
    _second: SecondSignal,
}

impl SignalWatch {
    /// Begins to listen: from here on a signal begins that system's shutdown.
    ///
    /// # Errors
    ///
    /// When there is no thread or pipe for it.
    pub(super) fn start(name: &str, stage: &Arc<Stage>) -> io::Result<Self> {
        let listeners = Listeners::of_process()?;
        listeners.add();
        Self::listen(name, stage).inspect_err(|_| listeners.remove())
    }

    fn listen(name: &str, stage: &Arc<Stage>) -> io::Result<Self> {
        // A signal does what was registered for it in that order: when the thread below hears of
        // the first one, the next is known to be the second.
        let second = SecondSignal::end_process()?;
        let mut signals = Signals::new(STOPS)?;
        let handle = signals.handle();
        let stage = stage.clone();
        let listen = move || {
            if signals.forever().next().is_some() {
                stage.begin(stage.limit());
                // The owner may wait for something else meanwhile.
                stage.see_through();
            }
        };
        let thread = std::thread::Builder::new().name(format!("{name}-signals"));
        Ok(Self { signals: handle, thread: Some(thread.spawn(listen)?), _second: second })
    }
}

/// What makes the second signal the last, until it is dropped. Two that come at the same moment
/// count as one.
struct SecondSignal(Vec<SigId>);

impl SecondSignal {
    fn end_process() -> io::Result<Self> {
        let mut second = Self(Vec::new());
        let told = Arc::new(AtomicBool::new(false));
        for signal in STOPS {
            let status = 128 + signal;
            // In this order: the signal that sets the word finds it clear.
            second.0.push(flag::register_conditional_shutdown(signal, status, told.clone())?);
            second.0.push(flag::register(signal, told.clone())?);
        }
        Ok(second)
    }
}

impl Drop for SecondSignal {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            unregister(id);
        }
    }
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        // First of all, or a signal that comes meanwhile would be nobody's.
        if let Ok(listeners) = Listeners::of_process() {
            listeners.remove();
        }
        self.signals.close();
        if let Some(thread) = self.thread.take() {
            // It panics nowhere; and its own panic would have nobody left to tell.
            drop(thread.join());
        }
    }
}

/// The systems of this process that listen. While there is none, signals do what they do by default:
/// a handler, once there, stays, and would swallow them.
struct Listeners {
    count: Mutex<usize>,
    nobody: Arc<AtomicBool>,
}

impl Listeners {
    fn of_process() -> io::Result<&'static Self> {
        static LISTENERS: OnceLock<Listeners> = OnceLock::new();
        if let Some(listeners) = LISTENERS.get() {
            return Ok(listeners);
        }
        let nobody = Arc::new(AtomicBool::new(false));
        for signal in STOPS {
            flag::register_conditional_default(signal, nobody.clone())?;
        }
        // Where two were first at the same time, the word of one is never set.
        Ok(LISTENERS.get_or_init(|| Self { count: Mutex::new(0), nobody }))
    }

    fn add(&self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        self.nobody.store(false, Ordering::SeqCst);
    }

    fn remove(&self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count -= 1;
        self.nobody.store(*count == 0, Ordering::SeqCst);
    }
}
