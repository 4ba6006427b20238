//! Ends to the second: each minute's sweep sets a timer for every session that is over soon, and the worker that gets its message ends the
//! session. The sweep itself ends what no timer has ended.

use ::timers::{SessionRef, SessionTimers, Timer};
use futures_util::{StreamExt, stream};
use model::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError};

use crate::report::Report;

/// How far ahead timers are set. The sweep runs each minute, so that it comes upon every session twice, and one run may be
/// missing.
pub const AHEAD_SECONDS: i64 = 120;

/// Most timers of one run: as many as a sweep ends.
const TIMERS_A_RUN: usize = 2_000;

/// Sessions that are ended at once.
const AT_ONCE: usize = 10;

/// How long the end of one session may take: less than the function's 30 seconds, so that a slow one does not undo the others' messages.
const LOOK: Duration = Duration::from_secs(20);

/// Sets a timer for each session that is over soon.
#[derive(Clone)]
pub struct TimerSetter {
    store: Store,
    timers: Arc<dyn SessionTimers>,
}

impl TimerSetter {
    /// A setter.
    #[must_use]
    pub fn new(store: Store, timers: Arc<dyn SessionTimers>) -> Self {
        Self { store, timers }
    }

    /// A run. It never fails: whatever no timer is set for is ended by a later sweep, and the report says how much that is.
    pub async fn run(&self, now: Timestamp) -> Report {
        let soon = (now, now.plus_seconds(AHEAD_SECONDS));
        let upcoming = match self.store.sessions_due_within(soon, TIMERS_A_RUN).await {
            Ok(upcoming) => upcoming,
            Err(error) => {
                tracing::error!(?error, "the table does not say for which sessions to set timers");
                return Report { timers_failed: 1, ..Report::default() };
            }
        };
        let timer = |of: store::Upcoming| {
            let session = SessionRef { org: of.org, session: of.session };
            Timer::at(session, of.at, now)
        };
        let timers: Vec<Timer> = upcoming.into_iter().map(timer).collect();
        let timers_failed = self.timers.set(&timers).await;
        Report { timers_set: timers.len() - timers_failed, timers_failed, ..Report::default() }
    }
}

/// Ends sessions at their time.
#[derive(Clone)]
pub struct SessionEnder {
    store: Store,
    timers: Arc<dyn SessionTimers>,
}

/// What became of a timer's message.
enum Outcome {
    Ended,
    /// Extended, stopped or deleted.
    Passed,
    /// Too early: the clocks of those who set timers, of the queue and of this machine differ.
    SetAgain,
    Failed,
}

impl SessionEnder {
    /// An ender.
    #[must_use]
    pub fn new(store: Store, timers: Arc<dyn SessionTimers>) -> Self {
        Self { store, timers }
    }

    /// Looks after some sessions of which timers told, and says which of them have to come again.
    pub async fn run(
        &self,
        sessions: BTreeSet<SessionRef>,
        now: Timestamp,
    ) -> (Report, BTreeSet<SessionRef>) {
        let jobs = sessions.into_iter().map(|session| async move {
            let looked = tokio::time::timeout(LOOK, self.process(&session, now)).await;
            let error = match looked {
                Ok(Ok(outcome)) => return (session, outcome),
                Ok(Err(error)) => format!("{error:?}"),
                Err(_) => "it took too long".into(),
            };
            tracing::error!(session = %session.session, error, "a session was not ended at its time");
            (session, Outcome::Failed)
        });
        let mut outcomes = stream::iter(jobs).buffer_unordered(AT_ONCE);
        let (mut report, mut again) = (Report::default(), BTreeSet::new());
        while let Some((session, outcome)) = outcomes.next().await {
            match outcome {
                Outcome::Ended => report.sessions_ended += 1,
                Outcome::Passed => {}
                Outcome::SetAgain => report.timers_set += 1,
                Outcome::Failed => {
                    report.failed += 1;
                    again.insert(session);
                }
            }
        }
        (report, again)
    }

    async fn process(&self, session: &SessionRef, now: Timestamp) -> Result<Outcome, StoreError> {
        let ended = self.store.process_due_session(&session.org, session.session, now).await?;
        let Some(at) = ended.goes_on_until else {
            return Ok(if ended.is_new { Outcome::Ended } else { Outcome::Passed });
        };
        if at > now.plus_seconds(AHEAD_SECONDS) {
            // It was extended: a later sweep comes upon it.
            return Ok(Outcome::Passed);
        }
        let failed = self.timers.set(&[Timer::at(session.clone(), at, now)]).await;
        Ok(if failed == 0 { Outcome::SetAgain } else { Outcome::Failed })
    }
}
