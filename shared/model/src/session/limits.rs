//! How long a session may last.

use std::collections::BTreeMap;

use crate::id::ResourceId;
use crate::role::Role;
use crate::time::Timestamp;
use crate::user::User;

/// The longest that a deployment can allow, in hours: a year of 366 days, as on roles.
pub const DURATION_HOURS_MAX: u32 = crate::role::SESSION_HOURS_MAX;

/// Most running sessions that a deployment can allow one person. All of their ids are on one item.
pub const PER_PERSON_MAX: u32 = 1_000;

/// A deployment's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// The length of a session by default, in minutes.
    pub default_minutes: u32,
    /// The deployment's own maximum, in minutes.
    pub max_minutes: u32,
    /// Most running sessions of one person.
    pub per_person: u32,
}

impl Default for SessionLimits {
    /// An hour by default, a day at most, and twenty sessions.
    fn default() -> Self {
        Self { default_minutes: 60, max_minutes: 24 * 60, per_person: 20 }
    }
}

/// The ways by which a person may open resources.
#[derive(Debug, Clone)]
pub struct Ways {
    /// By resource: the longest session of the most generous way, in minutes; `None` if it has no limit.
    limits: BTreeMap<ResourceId, Option<u32>>,
    /// Whether they may open everything, without a limit of their own.
    is_org_admin: bool,
}

impl Ways {
    /// The ways of a person: their roles and their own links, or everything for an administrator.
    #[must_use]
    pub fn of<'r>(user: &User, roles: impl IntoIterator<Item = &'r Role>, is_org_admin: bool) -> Self {
        let mut limits: BTreeMap<ResourceId, Option<u32>> = BTreeMap::new();
        for role in roles {
            let limit = role.max_session_duration_hours.map(|hours| hours.saturating_mul(60));
            for id in &role.resource_ids {
                let best = limits.entry(*id).or_insert(limit);
                *best = best.zip(limit).map(|(best, limit)| best.max(limit));
            }
        }
        limits.extend(user.resource_ids.iter().map(|id| (*id, None)));
        Self { limits, is_org_admin }
    }

    /// Whether one of them leads to a resource.
    #[must_use]
    pub fn lead_to(&self, id: ResourceId) -> bool {
        self.is_org_admin || self.limits.contains_key(&id)
    }

    fn limit(&self, id: ResourceId) -> Option<u32> {
        if self.is_org_admin { None } else { self.limits.get(&id).copied().flatten() }
    }
}

impl SessionLimits {
    /// The longest session on some accessible resources, in minutes. For each resource the most generous way counts: a role's limit, or
    /// the deployment's maximum for a role without a limit and for a direct link. The session's limit is the smallest of these, and at
    /// most the deployment's maximum.
    #[must_use]
    pub fn longest(&self, ways: &Ways, resources: impl IntoIterator<Item = ResourceId>) -> u32 {
        let limits = resources.into_iter().filter_map(|id| ways.limit(id));
        limits.fold(self.max_minutes, u32::min)
    }

    /// The end of a session of this length that starts now.
    #[must_use]
    pub fn end(now: Timestamp, minutes: u32) -> Timestamp {
        now.plus_seconds(i64::from(minutes) * 60)
    }
}

/// "90 minutes", "2 hours".
pub(super) fn in_words(minutes: u32) -> String {
    match (minutes, minutes % 60) {
        (60, _) => "1 hour".into(),
        (1, _) => "1 minute".into(),
        (minutes, 0) => format!("{} hours", minutes / 60),
        (minutes, _) => format!("{minutes} minutes"),
    }
}
