//! Panics as values.
//!
//! What unwinds carries the words of a panic, and not where it was: that only the hook of the
//! process is told. So the first shard of a process puts a hook before the one that is there; it
//! notes the place for the thread, and passes the panic on.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};
use std::thread;

/// What a panic said, and where it was. Cheap to clone.
///
/// Two of them are equal when they say the same: the place is for people, and moves with every
/// line that is added above it.
#[derive(Clone)]
pub struct Panic(Arc<Parts>);

struct Parts {
    message: Box<str>,
    place: Option<Box<str>>,
}

impl Panic {
    fn new(message: impl Into<Box<str>>, place: Option<Box<str>>) -> Self {
        Self(Arc::new(Parts { message: message.into(), place }))
    }

    /// What it said; a fixed text where it was raised with something else than a text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it was, as `file:line:column`.
    ///
    /// `None` where nobody can tell: it was raised by [`std::panic::resume_unwind`], which asks no
    /// hook, or the program has replaced the hook of the process
    /// ([`std::panic::set_hook`]) without asking the one that was there.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// Goes on with a panic that was caught on another thread, which has told the hook.
    pub(crate) fn resume(self) -> ! {
        std::panic::resume_unwind(Box::new(self))
    }
}

impl<T: Into<Box<str>>> From<T> for Panic {
    /// A panic with that message, from nowhere.
    fn from(message: T) -> Self {
        Self::new(message, None)
    }
}

impl PartialEq for Panic {
    fn eq(&self, other: &Self) -> bool {
        self.message() == other.message()
    }
}

impl Eq for Panic {}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        match self.place() {
            Some(place) => write!(f, " (at {place})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.message())?;
        self.place().map_or(Ok(()), |place| write!(f, " at {place}"))
    }
}

/// Runs user code, turning a panic into a value.
///
/// Whoever calls this drops or ends what the code could have left half done.
#[inline(always)]
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Panic> {
    catch_unwind(AssertUnwindSafe(f)).map_err(caught)
}

#[cold]
fn caught(payload: Box<dyn Any + Send>) -> Panic {
    let panic = match payload.downcast_ref::<Panic>() {
        Some(panic) => panic.clone(),
        None => {
            let message = text_of(&*payload);
            Panic::new(message, place_of(message))
        }
    };
    // The payload is anybody's, and so is its drop; what that panics with in turn is not looked at.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    panic
}

/// Of a panic that was raised with something else than a text.
const WORDLESS: &str = "a panic without a message";

fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or(WORDLESS)
}

/// The last panic of a thread: what it said, and where it was.
struct Last {
    message: Box<str>,
    place: Box<str>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Has the places of panics noted from here on, in the whole process.
pub(crate) fn note_places() {
    static HOOK: Once = Once::new();
    // The hook cannot be changed by a thread that panics; another shard will.
    if thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            note(info);
            before(info);
        }));
    });
}

/// Notes the place of a panic for this thread, so that [`Panic::place`] knows it. The process's hook
/// does so by itself; this is for one that is put before it and keeps a panic from it.
pub fn note(info: &PanicHookInfo<'_>) {
    let Some(at) = info.location() else { return };
    let last = Last {
        message: info.payload_as_str().unwrap_or(WORDLESS).into(),
        place: at.to_string().into(),
    };
    // A thread that ends, or a panic in here, has no place to note it in.
    let _noted = LAST.try_with(|slot| slot.try_borrow_mut().map(|mut slot| *slot = Some(last)));
}

/// Where the thread's last panic was, if that is what it said: one that was raised without asking
/// the hook is not taken for an earlier one.
fn place_of(message: &str) -> Option<Box<str>> {
    let last = LAST.try_with(|slot| slot.try_borrow_mut().ok()?.take()).ok().flatten()?;
    (*last.message == *message).then_some(last.place)
}
