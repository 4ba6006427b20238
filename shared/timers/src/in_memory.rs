//! A queue in memory, for `cargo run` and for tests, that does what SQS does with its messages: they come when their delay is
//! over, once more after a while if they failed, and lie aside after the third time.

use futures_util::future::BoxFuture;
use model::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::timer::{SessionTimers, Timer};

/// Seconds until a message that failed comes again: `VisibilityTimeout` in the template.
pub const VISIBILITY_SECONDS: i64 = 180;

/// How often a message comes before it is put aside: `maxReceiveCount` in the template.
pub const RECEIVES_MAX: u32 = 3;

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A message that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerMessage {
    /// Its number in the queue.
    pub id: u64,
    /// What it says.
    pub body: String,
    /// How often it has come, this time included.
    pub receives: u32,
}

#[derive(Default)]
struct State {
    sent: u64,
    is_down: bool,
    waiting: BTreeMap<(Timestamp, u64), TimerMessage>,
    aside: Vec<TimerMessage>,
}

/// The queue. A clone is the same queue.
#[derive(Clone)]
pub struct InMemory {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InMemory")
    }
}

impl InMemory {
    /// An empty queue with a clock of its own: that of a queue, of those who send and of those who receive may differ.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message into the queue, as anybody could who may send to it.
    pub fn send(&self, body: String, delay_seconds: u16) {
        let at = (self.clock)().plus_seconds(i64::from(delay_seconds));
        let mut state = self.state();
        state.sent += 1;
        let id = state.sent;
        state.waiting.insert((at, id), TimerMessage { id, body, receives: 0 });
    }

    /// Takes the messages whose delay is over, the oldest first. Those that fail are to be given back.
    #[must_use]
    pub fn receive(&self, most: usize) -> Vec<TimerMessage> {
        let now = (self.clock)();
        let mut state = self.state();
        let mut received = Vec::new();
        while received.len() < most
            && let Some(first) = state.waiting.first_entry().filter(|first| first.key().0 <= now)
        {
            let message = first.remove();
            received.push(TimerMessage { receives: message.receives + 1, ..message });
        }
        received
    }

    /// Gives a message back that failed: it comes again, or is put aside.
    pub fn give_back(&self, message: TimerMessage) {
        let again = (self.clock)().plus_seconds(VISIBILITY_SECONDS);
        let mut state = self.state();
        if message.receives < RECEIVES_MAX {
            state.waiting.insert((again, message.id), message);
        } else {
            tracing::error!(receives = message.receives, "a message is put aside: it failed each time");
            state.aside.push(message);
        }
    }

    /// From now on the queue takes no messages, or takes them again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// How many messages it has taken so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.state().sent
    }

    /// The messages that have not come yet, with the time at which they will, the soonest first.
    #[must_use]
    pub fn waiting(&self) -> Vec<(Timestamp, TimerMessage)> {
        self.state().waiting.iter().map(|((at, _), message)| (*at, message.clone())).collect()
    }

    /// The messages that were put aside.
    #[must_use]
    pub fn aside(&self) -> Vec<TimerMessage> {
        self.state().aside.clone()
    }
}

impl SessionTimers for InMemory {
    fn set<'a>(&'a self, timers: &'a [Timer]) -> BoxFuture<'a, usize> {
        Box::pin(async move {
            if self.state().is_down {
                return timers.len();
            }
            for timer in timers {
                self.send(timer.of.to_body(), timer.delay_seconds);
            }
            0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn queue() -> (InMemory, Arc<AtomicI64>) {
        let millis = Arc::new(AtomicI64::new(0));
        let ticking = Arc::clone(&millis);
        let clock = move || Timestamp::from_unix_millis(ticking.load(Ordering::SeqCst)).unwrap();
        (InMemory::new(Arc::new(clock)), millis)
    }

    #[test]
    fn a_message_comes_when_its_delay_is_over() {
        let (queue, clock) = queue();
        queue.send("late".into(), 2);
        queue.send("soon".into(), 1);
        clock.store(999, Ordering::SeqCst);
        assert!(queue.receive(10).is_empty());
        clock.store(2000, Ordering::SeqCst);
        assert_eq!(queue.receive(1)[0].body, "soon");
        assert_eq!(queue.receive(10)[0].body, "late");
        assert!(queue.receive(10).is_empty() && queue.waiting().is_empty());
        assert_eq!(queue.sent(), 2);
    }

    #[test]
    fn a_message_that_fails_three_times_is_put_aside() {
        let (queue, clock) = queue();
        queue.send("?".into(), 1);
        let mut now = 1000;
        for receives in 1..=RECEIVES_MAX {
            clock.store(now, Ordering::SeqCst);
            let [message] = <[TimerMessage; 1]>::try_from(queue.receive(10)).unwrap();
            assert_eq!(message.receives, receives);
            queue.give_back(message);
            now += VISIBILITY_SECONDS * 1000;
        }
        assert!(queue.waiting().is_empty());
        assert_eq!(queue.aside()[0].body, "?");
    }
}
