//! Gates in front of AWS.

use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::sync::oneshot;

/// The proxy's side of a [`Gate`].
struct Stop {
    operation: String,
    reached: oneshot::Sender<()>,
    opened: oneshot::Receiver<()>,
}

/// A gate in front of AWS that a call has to wait at, so that a test decides what happens before it. It opens when it
/// is dropped.
pub struct Gate {
    reached: oneshot::Receiver<()>,
    _open: oneshot::Sender<()>,
}

impl Gate {
    /// Waits until the call stands at the gate.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.expect("the proxy is there");
    }
}

/// Gates that no call has come to.
#[derive(Default)]
pub(super) struct Gates(Mutex<VecDeque<Stop>>);

impl Gates {
    pub(super) fn stop_next(&self, operation: &str) -> Gate {
        let (at_gate, reached) = oneshot::channel();
        let (open, opened) = oneshot::channel();
        let stop = Stop { operation: operation.into(), reached: at_gate, opened };
        self.0.lock().unwrap().push_back(stop);
        Gate { reached, _open: open }
    }

    pub(super) async fn stop(&self, operation: &str) {
        let stop = {
            let mut stops = self.0.lock().unwrap();
            let place = stops.iter().position(|stop| stop.operation == operation);
            place.and_then(|place| stops.remove(place))
        };
        if let Some(stop) = stop {
            // Nobody listens when the test has ended, and then the call may go on.
            let _ = stop.reached.send(());
            let _ = stop.opened.await;
        }
    }
}
