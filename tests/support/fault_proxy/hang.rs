//! Calls that nobody answers.

use std::sync::Mutex;
use tokio::sync::oneshot;

/// Where a call hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hang {
    /// On its way: nothing happens.
    Before,
    /// It has had its effect.
    After,
}

/// A call that will hang.
struct Waiting {
    /// Calls that go through before.
    skip: usize,
    place: Hang,
    reached: oneshot::Sender<()>,
}

/// The call that will hang, if any. What comes behind it goes through.
#[derive(Default)]
pub(super) struct Hangs(Mutex<Option<Waiting>>);

/// A call that hangs at its place, or not yet.
pub(super) struct Hanging(Option<(Hang, oneshot::Sender<()>)>);

impl Hangs {
    pub(super) fn hang_after(&self, skip: usize, place: Hang) -> oneshot::Receiver<()> {
        let (reached, hangs) = oneshot::channel();
        *self.0.lock().unwrap() = Some(Waiting { skip, place, reached });
        hangs
    }

    /// A call comes.
    pub(super) fn next(&self) -> Hanging {
        let mut waiting = self.0.lock().unwrap();
        if let Some(next) = waiting.as_mut().filter(|next| next.skip > 0) {
            next.skip -= 1;
            return Hanging(None);
        }
        Hanging(waiting.take().map(|next| (next.place, next.reached)))
    }
}

impl Hanging {
    /// For ever, if this is the call and the place.
    pub(super) async fn hang(&mut self, at: Hang) {
        if let Some((_, reached)) = self.0.take_if(|(place, _)| *place == at) {
            // Nobody listens when the test has ended.
            let _ = reached.send(());
            std::future::pending::<()>().await;
        }
    }
}
