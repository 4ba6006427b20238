//! How long a connection may be idle before it is used again.
//!
//! AWS closes idle connections after some 20 seconds or more, and Lambda freezes a function between two requests: the end of a
//! connection is then seen when a request has been written into it.

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

/// Connections that were idle for longer are not used again.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(15);

/// Time of the monotonic clock or of the wall clock, whichever has gone further: time for which a function is frozen counts,
/// whatever the machine does to one of them.
#[derive(Clone)]
pub(crate) struct Elapsed {
    tokio: TokioTimer,
    start: Instant,
    wall: fn() -> SystemTime,
    wall_start: SystemTime,
}

fn wall_now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "the age of a connection is no argument of anybody's")]
    SystemTime::now()
}

impl Elapsed {
    pub(crate) fn new() -> Self {
        Self::by(wall_now)
    }

    fn by(wall: fn() -> SystemTime) -> Self {
        let tokio = TokioTimer::new();
        Self { start: tokio.now(), tokio, wall, wall_start: wall() }
    }
}

impl Timer for Elapsed {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.tokio.sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.now()))
    }

    fn now(&self) -> Instant {
        let ticked = self.tokio.now().saturating_duration_since(self.start);
        let passed = (self.wall)().duration_since(self.wall_start).unwrap_or_default();
        self.start.checked_add(ticked.max(passed)).unwrap_or(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    static WALL_SECONDS: AtomicI64 = AtomicI64::new(0);

    fn wall() -> SystemTime {
        let seconds = 1_000_000 + WALL_SECONDS.load(Ordering::SeqCst);
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_that_has_gone_further_counts() {
        let elapsed = Elapsed::by(wall);
        let start = elapsed.now();
        let since = || elapsed.now().duration_since(start).as_secs();
        // The machine has stopped one of the clocks, or the other, or somebody has put the wall clock back.
        for (ticks, wall, seconds) in [(0, 0, 0), (10, 0, 10), (0, 16, 16), (10, 16, 20), (0, -100, 20)] {
            tokio::time::advance(Duration::from_secs(ticks)).await;
            WALL_SECONDS.store(wall, Ordering::SeqCst);
            assert_eq!(since(), seconds, "{ticks} {wall}");
        }
    }
}
