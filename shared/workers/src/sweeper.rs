//! The sweeper: nothing that is due is forgotten, whatever else has failed.

use model::id::OrgId;
use model::ingress::GroupRef;
use model::time::Timestamp;
use std::collections::BTreeSet;
use std::pin::{Pin, pin};
use store::keys::Round;
use store::{Due, StoreError};
use tokio::time::Sleep;

use crate::context::WorkerContext;
use crate::report::Report;
use crate::turns::Pace;
use crate::turns::{in_turn, until_time_is_over};
use crate::worker::Worker;

/// Most that one run works on. What is left is the oldest of the next run.
const DUE_A_RUN: usize = 2_000;

/// Seconds after which somebody else's rules are looked at again while more is due than a run takes: they must not keep ends from being
/// read.
const CROWDED_LOOK_SECONDS: i64 = 300;

/// Things that are worked on at once.
const AT_ONCE: usize = 16;

/// Ends sessions whose time is over, and drives everything that is late.
pub type SessionSweeper = Worker<Sweeps>;

/// The task of a [`SessionSweeper`].
pub enum Sweeps {}

/// What became of something that was due: whether a session was ended, and the groups in which it had rules.
type Done = (bool, Vec<(OrgId, GroupRef)>);

impl Worker<Sweeps> {
    /// A sweeper that knows nothing of any account yet.
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        Self::of(context, Pace::SCHEDULE)
    }

    /// A run. What fails stays due, and keeps nothing else from being worked on.
    ///
    /// # Errors
    /// When the table does not say what is due.
    pub async fn run(&self, now: Timestamp) -> Result<Report, StoreError> {
        let mut end = pin!(tokio::time::sleep(self.pace.run));
        let list = self.context.store.due(Round::Sweep, now, DUE_A_RUN).await?;
        let (late, other): (Vec<Due>, Vec<Due>) =
            list.due.into_iter().partition(|due| matches!(due, Due::Rule(..)));
        let mut report = Report { failed: list.failed, interrupted: list.failed, ..Report::default() };
        let late = late.into_iter().filter_map(|due| match due {
            Due::Rule(org, group) => Some((org, group)),
            Due::Session(..)
            | Due::Rows(..)
            | Due::Ending(..)
            | Due::Resource(..)
            | Due::Credential(..)
            | Due::Group(..) => None,
        });
        // Sessions first: what ends now is removed in this run, also if the stream stands still.
        let touched = self.work_on_all(other, now, &mut report).await;
        let mut seen = BTreeSet::new();
        let groups = late.chain(touched).filter(|group| seen.insert(group.clone()));
        let groups: Vec<_> = groups.collect();
        self.visit_all(groups, list.is_cut_off, now, &mut report, end.as_mut()).await;
        Ok(report)
    }

    async fn work_on_all(
        &self,
        due: Vec<Due>,
        now: Timestamp,
        report: &mut Report,
    ) -> Vec<(OrgId, GroupRef)> {
        let job = |due: Due| async move {
            let outcome = tokio::time::timeout(self.pace.visit, self.work_on(&due, now)).await;
            (outcome, due)
        };
        // What is left of the run is for groups, whose visits last longer.
        let end = pin!(tokio::time::sleep(self.pace.run / 3));
        let (outcomes, left) = until_time_is_over(in_turn(due, Due::org), AT_ONCE, end, job).await;
        report.left += left;
        let mut touched = Vec::new();
        for (outcome, due) in outcomes {
            match outcome {
                Err(_) => {
                    tracing::error!(?due, "something due took too long");
                    report.failed += 1;
                }
                Ok(Ok((is_ended, groups))) => {
                    report.sessions_ended += usize::from(is_ended);
                    touched.extend(groups);
                }
                Ok(Err(error)) => {
                    tracing::error!(?due, ?error, "something due was not worked on");
                    report.failed += 1;
                }
            }
        }
        touched
    }

    async fn work_on(&self, due: &Due, now: Timestamp) -> Result<Done, StoreError> {
        let store = &self.context.store;
        let nothing = |()| (false, Vec::new());
        match due {
            Due::Session(org, id) => {
                let ended = store.process_due_session(org, *id, now).await?;
                let groups = ended.groups.into_iter().map(|group| (org.clone(), group));
                Ok((ended.is_new, groups.collect()))
            }
            Due::Rows(org, id) => store.process_due_rows(org, *id, now).await.map(nothing),
            Due::Ending(org, user) => store.process_due_ending(org, user, now).await.map(nothing),
            Due::Resource(org, id) => store.process_due_resource(org, *id, now).await.map(nothing),
            Due::Credential(org, id) => {
                let groups = store.process_due_credential(org, *id, now).await?;
                Ok((false, groups.into_iter().map(|group| (org.clone(), group)).collect()))
            }
            Due::Rule(..) | Due::Group(..) => Ok(nothing(())),
        }
    }

    async fn visit_all(
        &self,
        groups: Vec<(OrgId, GroupRef)>,
        is_crowded: bool,
        now: Timestamp,
        report: &mut Report,
        end: Pin<&mut Sleep>,
    ) {
        let mut visitor = self.visitor(now);
        if is_crowded {
            visitor.looks_again_after = CROWDED_LOOK_SECONDS;
        }
        let visitor = &visitor;
        let job = |(org, group): (OrgId, GroupRef)| async move {
            let outcome = visitor.visit(&org, &group).await;
            let is_done = outcome.as_ref().is_ok_and(|done| done.groups_postponed == 0 && done.failed == 0);
            if is_crowded && !is_done {
                visitor.postpone(&org, &group).await;
            }
            (outcome, group)
        };
        let turns = in_turn(groups, |(org, _)| org);
        let (outcomes, left) = until_time_is_over(turns, AT_ONCE, end, job).await;
        report.left += left;
        for (outcome, group) in outcomes {
            match outcome {
                Ok(done) => report.add(&done),
                Err(error) => {
                    tracing::error!(%group, ?error, "a group was not visited");
                    report.failed += 1;
                }
            }
        }
    }
}
