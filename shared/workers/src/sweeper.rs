//! The sweeper: nothing that is due is forgotten, whatever else has failed.

use futures_util::{StreamExt, stream};
use model::id::OrgId;
use model::ingress::GroupRef;
use model::time::Timestamp;
use std::collections::BTreeSet;
use store::keys::Round;
use store::{Due, StoreError};

use crate::brake::Brake;
use crate::{Report, Tools};

/// Most that one run looks after. What is left is the oldest of the next run.
const DUE_A_RUN: usize = 2_000;

/// Things that are looked after at once.
const AT_ONCE: usize = 16;

/// Ends sessions whose time is over, and drives everything that is late.
#[derive(Clone)]
pub struct SessionSweeper(Tools);

impl SessionSweeper {
    /// A sweeper.
    #[must_use]
    pub fn new(tools: Tools) -> Self {
        Self(tools)
    }

    /// A run. What fails stays due, and keeps nothing else from being looked after.
    ///
    /// # Errors
    /// When the table does not say what is due.
    pub async fn run(&self, now: Timestamp) -> Result<Report, StoreError> {
        let due = self.0.store.due(Round::Sweep, now, DUE_A_RUN).await?;
        let (late, other): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|due| matches!(due, Due::Rule(..)));
        let mut report = Report::default();
        let mut groups: BTreeSet<(OrgId, GroupRef)> = BTreeSet::new();
        // Sessions first: what ends now is removed in this run, also if the stream stands still.
        let ends = other.into_iter().map(|due| async move { (self.look_after(&due, now).await, due) });
        let mut ends = stream::iter(ends).buffer_unordered(AT_ONCE);
        while let Some((outcome, due)) = ends.next().await {
            match outcome {
                Ok((ended, touched)) => {
                    report.sessions_ended += ended;
                    groups.extend(touched);
                }
                Err(error) => {
                    tracing::error!(?due, ?error, "something due was not looked after");
                    report.failed += 1;
                }
            }
        }
        groups.extend(late.into_iter().filter_map(|due| match due {
            Due::Rule(org, group) => Some((org, group)),
            Due::Session(..)
            | Due::Rows(..)
            | Due::Ending(..)
            | Due::Resource(..)
            | Due::Credential(..)
            | Due::Group(..) => None,
        }));
        self.look_after_groups(groups, now, &mut report).await;
        Ok(report)
    }

    async fn look_after(
        &self,
        due: &Due,
        now: Timestamp,
    ) -> Result<(usize, Vec<(OrgId, GroupRef)>), StoreError> {
        let store = &self.0.store;
        match due {
            Due::Session(org, id) => {
                let ended = store.look_after_session(org, *id, now).await?;
                let groups: Vec<_> = ended.groups.into_iter().map(|group| (org.clone(), group)).collect();
                Ok((usize::from(ended.is_new), groups))
            }
            Due::Rows(org, id) => store.look_after_rows(org, *id, now).await.map(|()| (0, Vec::new())),
            Due::Ending(org, user) => store.look_after_ending(org, user, now).await.map(|()| (0, Vec::new())),
            Due::Resource(org, id) => {
                store.look_after_resource(org, *id, now).await.map(|()| (0, Vec::new()))
            }
            Due::Credential(org, id) => {
                let groups = store.look_after_credential(org, *id, now).await?;
                Ok((0, groups.into_iter().map(|group| (org.clone(), group)).collect()))
            }
            Due::Rule(..) | Due::Group(..) => Ok((0, Vec::new())),
        }
    }

    async fn look_after_groups(
        &self,
        groups: BTreeSet<(OrgId, GroupRef)>,
        now: Timestamp,
        report: &mut Report,
    ) {
        let brake = &Brake::default();
        let jobs = groups.into_iter().map(|(org, group)| async move {
            (brake.look_after_group(&self.0, (&org, &group), now).await, group)
        });
        let mut jobs = stream::iter(jobs).buffer_unordered(AT_ONCE);
        while let Some((outcome, group)) = jobs.next().await {
            match outcome {
                Ok(done) => report.add(&done),
                Err(error) => {
                    tracing::error!(%group, ?error, "a group was not looked after");
                    report.failed += 1;
                }
            }
        }
    }
}
