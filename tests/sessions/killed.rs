//! A future that is killed at one of its awaits, as a function is when its environment ends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs a future, and drops it when it has been polled so many times and is not done.
pub(crate) struct Killed<F> {
    running: Option<Pin<Box<F>>>,
    polls: usize,
}

impl<F: Future> Killed<F> {
    pub(crate) fn after(polls: usize, future: F) -> Self {
        Self { running: Some(Box::pin(future)), polls }
    }
}

impl<F: Future> Future for Killed<F> {
    /// The outcome, unless it was killed.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.polls == 0 {
            this.running = None;
            return Poll::Ready(None);
        }
        this.polls -= 1;
        let Some(running) = &mut this.running else { return Poll::Ready(None) };
        match running.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            // The last poll was the last: nobody comes back.
            Poll::Pending if this.polls == 0 => {
                this.running = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
