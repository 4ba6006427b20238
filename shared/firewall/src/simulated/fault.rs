//! What can go wrong between Postern and a cloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// [`Firewall::describe`](crate::Firewall::describe).
    Describe,
    /// [`Firewall::authorize`](crate::Firewall::authorize).
    Authorize,
    /// [`Firewall::revoke`](crate::Firewall::revoke).
    Revoke,
    /// [`Firewall::account`](crate::Firewall::account). Only a fault of this kind meets it: most answers are known already, and
    /// are no call.
    Account,
}

/// What happens to a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is refused because there are too many, and has no effect.
    Throttle,
    /// It does not arrive.
    Lose,
    /// It has its effect, and the answer does not arrive.
    Drop,
    /// Half of its effect, and no answer.
    HalfApply,
    /// Success is the answer, and nothing has happened.
    Lie,
    /// It has its effect and its answer when the gate opens.
    Delay(Gate),
}

/// Holds a call back until it is opened.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<GateState>);

#[derive(Debug, Default)]
struct GateState {
    is_reached: AtomicBool,
    is_open: AtomicBool,
    changed: Notify,
}

impl Gate {
    /// Waits until a call stands before the gate.
    pub async fn reached(&self) {
        self.wait_for(&self.0.is_reached).await;
    }

    /// Opens the gate.
    pub fn open(&self) {
        self.0.is_open.store(true, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    pub(super) async fn pass(&self) {
        self.0.is_reached.store(true, Ordering::SeqCst);
        self.0.changed.notify_waiters();
        self.wait_for(&self.0.is_open).await;
    }

    async fn wait_for(&self, flag: &AtomicBool) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if flag.load(Ordering::SeqCst) {
                return;
            }
            changed.await;
        }
    }
}
