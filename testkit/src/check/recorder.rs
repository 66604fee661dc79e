//! A history that several clients write to.

use std::cell::{Ref, RefCell};
use std::future::Future;
use std::rc::Rc;

use greenroom_core::CallError;

use super::{History, Model, Verdict, linearizable};

/// A history that clients share: cloned, it is the same one.
///
/// # Examples
///
/// ```
/// use greenroom_testkit::check::{Recorder, Register, RegisterOp, RegisterResult};
///
/// let recorder = Recorder::<Register<&str, u32>>::new();
/// let client = recorder.clone();
/// greenroom_testkit::TestRuntime::new_with_seed(1).run(async move |_| {
///     // A client would ask a server here.
///     let answer = async { Ok::<_, ()>(RegisterResult::Written) };
///     client.ask(RegisterOp::Write("a", 1), answer).await.unwrap();
/// });
/// recorder.verdict(&Register::new()).expect_linearizable();
/// ```
pub struct Recorder<M: Model> {
    history: Rc<RefCell<History<M::Op, M::Result>>>,
}

/// Operations tried for each part before a search is given up: seconds of it.
const STEPS_MAX: usize = 2_000_000;

impl<M: Model> Recorder<M> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { history: Rc::default() }
    }

    /// Asks, and records the call and what it returned. After an error the outcome counts as
    /// unknown for ever.
    ///
    /// # Errors
    ///
    /// As `asking`.
    ///
    /// # Cancel safety
    ///
    /// A call that is dropped is one of unknown outcome.
    pub async fn ask<E>(
        &self,
        op: M::Op,
        asking: impl Future<Output = Result<M::Result, E>>,
    ) -> Result<M::Result, E>
    where
        M::Result: Clone,
    {
        let call = self.history.borrow_mut().call(op);
        let answer = asking.await;
        if let Ok(result) = &answer {
            self.history.borrow_mut().returned(call, result.clone());
        }
        answer
    }

    /// The same for a call to an actor, whose error says whether the request may have been handled:
    /// only then is the outcome unknown.
    ///
    /// # Errors
    ///
    /// As `asking`.
    ///
    /// # Cancel safety
    ///
    /// As [`Recorder::ask`].
    pub async fn call(
        &self,
        op: M::Op,
        asking: impl Future<Output = Result<M::Result, CallError>>,
    ) -> Result<M::Result, CallError>
    where
        M::Result: Clone,
    {
        let call = self.history.borrow_mut().call(op);
        let answer = asking.await;
        match &answer {
            Ok(result) => self.history.borrow_mut().returned(call, result.clone()),
            Err(
                CallError::Closed | CallError::Full | CallError::Cycle(_) | CallError::Unusable(_),
            ) => self.history.borrow_mut().failed(call),
            Err(_) => {}
        }
        answer
    }

    /// What was recorded.
    #[must_use]
    pub fn history(&self) -> Ref<'_, History<M::Op, M::Result>> {
        self.history.borrow()
    }

    /// Whether what was recorded can be told as operations of `model`, one after the other.
    pub fn verdict(&self, model: &M) -> Verdict {
        linearizable(model, &self.history(), STEPS_MAX)
    }
}

impl<M: Model> Clone for Recorder<M> {
    fn clone(&self) -> Self {
        Self { history: self.history.clone() }
    }
}

impl<M: Model> Default for Recorder<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model> std::fmt::Debug for Recorder<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("history", &self.history).finish()
    }
}
