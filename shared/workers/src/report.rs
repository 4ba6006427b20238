//! The report of a worker's run.

use serde::Serialize;

/// Numbers of a run, for the log and for alarms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Sessions whose time was over and that were ended.
    pub sessions_ended: usize,
    /// Visited groups.
    pub groups: usize,
    /// Groups that another worker had leased.
    pub groups_busy: usize,
    /// Groups whose provider throttled.
    pub groups_throttled: usize,
    /// Groups that were left for later because their account throttles or gives no answer.
    pub groups_postponed: usize,
    /// Groups whose visit took too long and was abandoned.
    pub groups_timed_out: usize,
    /// Groups that were not compared, because no credential could describe them.
    pub groups_unseen: usize,
    /// Work that is left for the next run, because this one had no time.
    pub left: usize,
    /// Rules that were applied.
    pub applied: usize,
    /// Rules that are gone.
    pub removed: usize,
    /// Rules that the provider refused to apply.
    pub refused: usize,
    /// Rules that are to be tried again.
    pub delayed: usize,
    /// Rules that no worker tried within a minute of their change. There is an alarm on it.
    pub late: usize,
    /// Rules that cannot be removed for now; each is in `GET /rules?state=stuck`.
    pub stuck: usize,
    /// Rules of ours that no session holds, and that were removed.
    pub orphans: usize,
    /// Rules that sessions hold and that were gone.
    pub missing: usize,
    /// Rules of ours that were edited in the cloud.
    pub altered: usize,
    /// Timers that were set for the ends of sessions.
    pub timers_set: usize,
    /// Timers that could not be set: a sweep ends these sessions, up to a minute late.
    pub timers_failed: usize,
    /// Items that failed and stay due. There is an alarm on it.
    pub failed: usize,
    /// Those of them that failed because the table or the vault gave no answer. The event that woke the worker is delivered again.
    pub interrupted: usize,
}

impl Report {
    /// Everything that was postponed. A little is usual; there is an alarm if it goes on for long.
    #[must_use]
    pub fn postponed(&self) -> usize {
        let groups = self.groups_throttled + self.groups_postponed + self.groups_timed_out;
        groups + self.delayed + self.left + self.timers_failed
    }

    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.sessions_ended, other.sessions_ended),
            (&mut self.groups, other.groups),
            (&mut self.groups_busy, other.groups_busy),
            (&mut self.groups_throttled, other.groups_throttled),
            (&mut self.groups_postponed, other.groups_postponed),
            (&mut self.groups_timed_out, other.groups_timed_out),
            (&mut self.groups_unseen, other.groups_unseen),
            (&mut self.left, other.left),
            (&mut self.applied, other.applied),
            (&mut self.removed, other.removed),
            (&mut self.refused, other.refused),
            (&mut self.delayed, other.delayed),
            (&mut self.late, other.late),
            (&mut self.stuck, other.stuck),
            (&mut self.orphans, other.orphans),
            (&mut self.missing, other.missing),
            (&mut self.altered, other.altered),
            (&mut self.timers_set, other.timers_set),
            (&mut self.timers_failed, other.timers_failed),
            (&mut self.failed, other.failed),
            (&mut self.interrupted, other.interrupted),
        ];
        for (sum, more) in pairs {
            *sum += more;
        }
    }
}
