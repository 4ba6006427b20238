//! What the workers that ask a cloud have in common: their context, what they know of accounts, and their pace.

use model::time::Timestamp;
use std::marker::PhantomData;

use crate::circuit::CircuitBreaker;
use crate::context::{Clock, WorkerContext};
use crate::turns::Pace;
use crate::visitor::Visitor;

/// Seconds after which a rule of another organization or deployment is looked at again: the next sweep does, whenever it comes.
const LOOK_SECONDS: i64 = 1;

/// A worker that asks a cloud. `Task` says which one: [`RuleWorker`](crate::RuleWorker), [`SessionSweeper`](crate::SessionSweeper) or
/// [`RuleReconciler`](crate::RuleReconciler).
pub struct Worker<Task> {
    pub(crate) context: WorkerContext,
    pub(crate) circuit: CircuitBreaker,
    pub(crate) pace: Pace,
    clock: Option<Clock>,
    task: PhantomData<Task>,
}

impl<Task> Clone for Worker<Task> {
    fn clone(&self) -> Self {
        let (circuit, clock) = (self.circuit.clone(), self.clock.clone());
        Self { circuit, clock, ..Self::of(self.context.clone(), self.pace) }
    }
}

impl<Task> Worker<Task> {
    /// A worker that knows nothing of any account yet.
    pub(crate) fn of(context: WorkerContext, pace: Pace) -> Self {
        Self { context, circuit: CircuitBreaker::default(), pace, clock: None, task: PhantomData }
    }

    /// The same with what the environment knows of accounts.
    #[must_use]
    pub fn with_circuit(self, circuit: CircuitBreaker) -> Self {
        Self { circuit, ..self }
    }

    /// The same at another pace.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same with a clock, by which it says when a rule was seen to be there or gone. Without one these times are that of the run's
    /// beginning.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// For a run at this time.
    pub(crate) fn visitor(&self, now: Timestamp) -> Visitor<'_> {
        let looks_again_after = LOOK_SECONDS;
        let clock = self.clock.as_ref();
        Visitor {
            context: &self.context,
            circuit: &self.circuit,
            pace: self.pace,
            now,
            clock,
            looks_again_after,
        }
    }
}
