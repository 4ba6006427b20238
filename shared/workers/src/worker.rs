//! The workers that ask a cloud: their context, circuit breaker and pace.

use model::time::Timestamp;
use std::marker::PhantomData;

use crate::circuit::CircuitBreaker;
use crate::context::{Clock, WorkerContext};
use crate::turns::Pace;
use crate::visitor::Visitor;

/// Seconds after which a rule of another organization or deployment is visited again. The next sweep does it.
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
    pub(crate) fn of(context: WorkerContext, pace: Pace) -> Self {
        Self { context, circuit: CircuitBreaker::default(), pace, clock: None, task: PhantomData }
    }

    /// The same with the environment's circuit breaker.
    #[must_use]
    pub fn with_circuit(self, circuit: CircuitBreaker) -> Self {
        Self { circuit, ..self }
    }

    /// The same at another pace.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same with a clock for the times at which rules were seen. Without one they have the time at which the run began.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// The visitor of a run.
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
