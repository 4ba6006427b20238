//! What the directory says of callers, as far as this environment has seen it.
//!
//! A deactivated person is refused within five seconds of the change, in every environment. So what was seen counts for four
//! seconds of the requests' own time, and then the directory is asked again: at the same time as the rate limiter asks the table,
//! so that a request waits for one call at most. Why this and no condition on the caller's item: ADR 0038.

use model::id::{EntryId, OrgId, UserId};
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::User;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::identify::{Caller, KeyRejected};
use crate::app::App;
use crate::failure::{Failure, Unauthenticated};

/// Milliseconds for which it counts that a person was seen. The fifth second is for the request that has just seen it.
const LIFETIME_MILLIS: i64 = 4_000;

/// People whom an environment remembers. One who is forgotten is looked up again.
const PEOPLE_MAX: usize = 10_000;

/// What the directory says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It does not know them.
    Absent,
    /// They were deactivated.
    Inactive,
    /// They are active, under this entry.
    Active(Option<EntryId>),
}

impl Standing {
    fn of(user: Option<&User>) -> Self {
        match user {
            None => Self::Absent,
            Some(user) if user.is_active => Self::Active(user.entry),
            Some(_) => Self::Inactive,
        }
    }
}

/// Whom this environment has seen, and when.
#[derive(Debug, Default)]
pub(crate) struct Directory(Mutex<HashMap<(OrgId, UserId), (Standing, Timestamp)>>);

impl Directory {
    fn people(&self) -> MutexGuard<'_, HashMap<(OrgId, UserId), (Standing, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self, person: &(OrgId, UserId), now: Timestamp) -> Option<Standing> {
        let seen = self.people().get(person).copied();
        seen.filter(|(_, at)| is_fresh(*at, now)).map(|(standing, _)| standing)
    }

    fn note(&self, person: (OrgId, UserId), standing: Standing, now: Timestamp) {
        let mut people = self.people();
        if people.len() >= PEOPLE_MAX && !people.contains_key(&person) {
            people.retain(|_, (_, at)| is_fresh(*at, now));
            if people.len() >= PEOPLE_MAX {
                people.clear();
            }
        }
        people.insert(person, (standing, now));
    }

    /// Looks a person up again at their next request.
    pub(crate) fn forget(&self, org: &OrgId, user: &UserId) {
        self.people().remove(&(org.clone(), user.clone()));
    }
}

/// A clock that went back says nothing about how long ago something was.
fn is_fresh(seen: Timestamp, now: Timestamp) -> bool {
    (0..LIFETIME_MILLIS).contains(&now.unix_millis().saturating_sub(seen.unix_millis()))
}

/// The caller's own user, where this request has read it.
pub(super) type Read = Option<Option<User>>;

/// Whether a caller may do anything at all.
///
/// # Errors
/// 403 for a deactivated person and for every API key that they made; 401 for a key whose maker is not in the directory; 503 and
/// 500 when the directory cannot be asked.
pub(super) async fn check(app: &App, caller: &Caller) -> Result<Read, Failure> {
    let person = (caller.principal.org.clone(), caller.principal.user.clone());
    if let Some(standing) = app.directory().seen(&person, app.now) {
        let admitted = admits(caller, standing);
        // A key may be younger than what was seen: its maker came, or came back, to make it.
        if caller.key.is_none() || admitted.is_ok() {
            return admitted.map(|()| None);
        }
    }
    let user = app.store().user(&person.0, &person.1).await?.map(|user| user.value);
    let standing = Standing::of(user.as_ref());
    app.directory().note(person, standing, app.now);
    admits(caller, standing).map(|()| Some(user))
}

/// Whether a caller of whom the directory says this is admitted. A person whom it does not know is: they are entered in it when
/// it is needed. A key is its maker's, and never that of somebody who came after them.
fn admits(caller: &Caller, standing: Standing) -> Result<(), Failure> {
    match (&caller.key, standing) {
        (_, Standing::Inactive) => Err(Refusal::UserInactive.into()),
        (None, Standing::Absent | Standing::Active(_)) => Ok(()),
        (Some(key), Standing::Active(entry)) if key.is_made_by(entry) => Ok(()),
        (Some(_), Standing::Absent | Standing::Active(_)) => Err(maker_gone()),
    }
}

/// The refusal of a key whose maker was deleted.
pub(super) fn maker_gone() -> Failure {
    Failure::Unauthenticated(Unauthenticated::InvalidKey(KeyRejected::MakerGone))
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
    fn what_was_seen_counts_for_four_seconds_of_a_clock_that_does_not_go_back() {
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
    fn an_environment_remembers_so_many_people_and_the_latest() {
        let directory = Directory::default();
        for number in 0..PEOPLE_MAX {
            directory.note(person(&format!("early-{number}")), Standing::Absent, at(0));
        }
        directory.note(person("late"), Standing::Absent, at(4_000));
        assert_eq!(directory.people().len(), 1, "what is stale goes first");
        for number in 0..PEOPLE_MAX {
            directory.note(person(&format!("many-{number}")), Standing::Absent, at(4_000));
        }
        assert!(directory.people().len() <= PEOPLE_MAX);
        assert_eq!(directory.seen(&person("many-9999"), at(4_000)), Some(Standing::Absent));
    }
}
