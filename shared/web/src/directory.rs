//! What this environment has seen of callers in the directory.
//!
//! A deactivated person must be refused within five seconds, in every environment. So a remembered standing counts for four seconds of the
//! requests' own time. Why not a condition on the caller's item: ADR 0038.

use model::id::{EntryId, OrgId, UserId};
use model::time::Timestamp;
use model::user::User;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a remembered standing counts, in milliseconds. The fifth second is for the request that has just read it.
const LIFETIME_MILLIS: i64 = 4_000;

/// Most people whom an environment remembers. A forgotten person is looked up again.
const PEOPLE_MAX: usize = 10_000;

/// What the directory says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// They have no entry.
    Absent,
    /// They were deactivated.
    Inactive,
    /// They are active, under this entry.
    Active(Option<EntryId>),
}

impl Standing {
    pub(crate) fn of(user: Option<&User>) -> Self {
        match user {
            None => Self::Absent,
            Some(user) if user.is_active => Self::Active(user.entry),
            Some(_) => Self::Inactive,
        }
    }
}

/// The people whom this environment has seen, and when.
#[derive(Debug, Default)]
pub(crate) struct Directory(Mutex<HashMap<(OrgId, UserId), (Standing, Timestamp)>>);

impl Directory {
    fn people(&self) -> MutexGuard<'_, HashMap<(OrgId, UserId), (Standing, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn seen(&self, person: &(OrgId, UserId), now: Timestamp) -> Option<Standing> {
        let seen = self.people().get(person).copied();
        seen.filter(|(_, at)| is_fresh(*at, now)).map(|(standing, _)| standing)
    }

    pub(crate) fn note(&self, person: (OrgId, UserId), standing: Standing, now: Timestamp) {
        let mut people = self.people();
        if people.len() >= PEOPLE_MAX && !people.contains_key(&person) {
            people.retain(|_, (_, at)| is_fresh(*at, now));
            if people.len() >= PEOPLE_MAX {
                people.clear();
            }
        }
        people.insert(person, (standing, now));
    }

    /// Has a person looked up again at their next request.
    pub(crate) fn forget(&self, org: &OrgId, user: &UserId) {
        self.people().remove(&(org.clone(), user.clone()));
    }
}

/// A standing from the future is not fresh: the clock went back, so its age is unknown.
fn is_fresh(seen: Timestamp, now: Timestamp) -> bool {
    (0..LIFETIME_MILLIS).contains(&now.unix_millis().saturating_sub(seen.unix_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).unwrap()
    }

    fn person(name: &str) -> (OrgId, UserId) {
        (OrgId::parse("acme").unwrap(), UserId::parse(name).unwrap())
    }

    #[test]
    fn a_remembered_standing_counts_for_four_seconds() {
        let directory = Directory::default();
        directory.note(person("ada"), Standing::Inactive, at(10_000));
        for (now, expected) in [
            (9_999, None),
            (10_000, Some(Standing::Inactive)),
            (13_999, Some(Standing::Inactive)),
            (14_000, None),
        ] {
            assert_eq!(directory.seen(&person("ada"), at(now)), expected, "{now}");
        }
        assert_eq!(directory.seen(&person("grace"), at(10_000)), None);
        let (org, user) = person("ada");
        directory.forget(&org, &user);
        assert_eq!(directory.seen(&person("ada"), at(10_000)), None);
    }

    #[test]
    fn an_environment_remembers_a_limited_number_of_people() {
        let directory = Directory::default();
        for number in 0..PEOPLE_MAX {
            directory.note(person(&format!("early-{number}")), Standing::Absent, at(0));
        }
        directory.note(person("late"), Standing::Absent, at(4_000));
        assert_eq!(directory.people().len(), 1, "stale ones go first");
        for number in 0..PEOPLE_MAX {
            directory.note(person(&format!("many-{number}")), Standing::Absent, at(4_000));
        }
        assert!(directory.people().len() <= PEOPLE_MAX);
        assert_eq!(directory.seen(&person("many-9999"), at(4_000)), Some(Standing::Absent));
    }
}
