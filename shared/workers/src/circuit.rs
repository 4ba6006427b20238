//! The circuit breaker: an account that gives no answer in a region is left alone for a minute, so that it delays no other one.

use firewall::FirewallError;
use model::account::AccountId;
use model::id::{CredentialId, OrgId};
use model::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Seconds for which an open circuit admits no call. Then one trial call decides.
const OPEN_SECONDS: i64 = 60;

/// Lost answers in a row that open a circuit. One lost answer says little.
const LOST_MAX: u32 = 2;

/// Most places that an environment remembers. With more, all are forgotten: opening a circuit again costs only a few calls.
const PLACES_MAX: usize = 10_000;

/// The scope of a circuit: an account in a region, or a credential there while its account is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Account(AccountId, String),
    Credential(OrgId, CredentialId, String),
}

/// How calls ended, for the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// There was no call.
    Untried,
    /// There was an answer, such as a refusal.
    Answered,
    /// There was no answer.
    Lost,
    /// The provider throttles, or the visit ran out of time.
    Overloaded,
}

impl Ending {
    /// The ending of a failed call.
    pub(crate) fn of(error: &FirewallError) -> Self {
        match error {
            FirewallError::Throttled => Self::Overloaded,
            FirewallError::Unreachable(_) => Self::Lost,
            FirewallError::GroupMissing
            | FirewallError::Full
            | FirewallError::Duplicate
            | FirewallError::RuleMissing
            | FirewallError::Denied(_) => Self::Answered,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Circuit {
    lost: u32,
    open_until: Option<Timestamp>,
    is_trying: bool,
}

impl Circuit {
    fn admits(&mut self, now: Timestamp) -> bool {
        let Some(until) = self.open_until else { return true };
        // A clock that was set back must not prolong an open circuit.
        let is_open = now < until && until <= now.plus_seconds(OPEN_SECONDS);
        let admits = !is_open && !self.is_trying;
        self.is_trying |= admits;
        admits
    }
}

/// Admitted calls. The drop tells the circuit how they ended.
pub(crate) struct Trial<'a> {
    breaker: &'a CircuitBreaker,
    place: Place,
    now: Timestamp,
    ending: Mutex<Ending>,
}

impl Trial<'_> {
    /// Calls begin now. If this is dropped before they end, they took too long.
    pub(crate) fn begin(&self) {
        self.end(Ending::Overloaded);
    }

    /// Notes how the calls ended.
    pub(crate) fn end(&self, ending: Ending) {
        *self.ending.lock().unwrap_or_else(PoisonError::into_inner) = ending;
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        let ending = *self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        self.breaker.ended(&self.place, ending, self.now);
    }
}

/// The circuits of an environment. A clone shares them.
#[derive(Debug, Clone, Default)]
pub struct CircuitBreaker(Arc<Mutex<HashMap<Place, Circuit>>>);

impl CircuitBreaker {
    fn circuits(&self) -> MutexGuard<'_, HashMap<Place, Circuit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits calls to a place, unless its circuit is open. After the pause it admits one trial.
    pub(crate) fn admit(&self, place: Place, now: Timestamp) -> Option<Trial<'_>> {
        let is_admitted = self.circuits().get_mut(&place).is_none_or(|circuit| circuit.admits(now));
        let ending = Mutex::new(Ending::Untried);
        // Only an admitted trial may end as one.
        is_admitted.then(|| Trial { breaker: self, place, now, ending })
    }

    fn ended(&self, place: &Place, ending: Ending, now: Timestamp) {
        let mut circuits = self.circuits();
        if ending == Ending::Answered {
            circuits.remove(place);
            return;
        }
        if ending == Ending::Untried {
            if let Some(circuit) = circuits.get_mut(place) {
                circuit.is_trying = false;
            }
            return;
        }
        if circuits.len() >= PLACES_MAX && !circuits.contains_key(place) {
            circuits.clear();
        }
        let circuit = circuits.entry(place.clone()).or_default();
        circuit.is_trying = false;
        circuit.lost = circuit.lost.saturating_add(1);
        if ending == Ending::Overloaded || circuit.lost >= LOST_MAX {
            circuit.open_until = Some(now.plus_seconds(OPEN_SECONDS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(1_771_410_600_000).unwrap().plus_seconds(seconds)
    }

    fn place(account: u64) -> Place {
        Place::Account(AccountId::from_number(account), "eu-central-1".into())
    }

    /// Whether a call was let through, which then ended like this.
    fn call(breaker: &CircuitBreaker, account: u64, ending: Ending, seconds: i64) -> bool {
        let trial = breaker.admit(place(account), at(seconds));
        trial.map(|trial| trial.end(ending)).is_some()
    }

    #[test]
    fn an_overload_opens_at_once_and_two_lost_answers_do() {
        let breaker = CircuitBreaker::default();
        assert!(call(&breaker, 1, Ending::Overloaded, 0) && call(&breaker, 2, Ending::Lost, 0));
        assert!(!call(&breaker, 1, Ending::Answered, 0));
        assert!(call(&breaker, 2, Ending::Lost, 1) && !call(&breaker, 2, Ending::Answered, 1));
        assert!(call(&breaker, 3, Ending::Answered, 1));
    }

    #[test]
    fn an_answer_between_two_lost_ones_keeps_it_closed() {
        let breaker = CircuitBreaker::default();
        for ending in [Ending::Lost, Ending::Answered, Ending::Lost] {
            assert!(call(&breaker, 1, ending, 0));
        }
        assert!(call(&breaker, 1, Ending::Answered, 0));
    }

    #[test]
    fn a_visit_that_is_dropped_during_a_call_opens_it() {
        let breaker = CircuitBreaker::default();
        let trial = breaker.admit(place(1), at(0)).unwrap();
        trial.begin();
        drop(trial);
        assert!(breaker.admit(place(1), at(0)).is_none());
    }

    #[test]
    fn after_a_minute_one_call_tries_and_decides() {
        let breaker = CircuitBreaker::default();
        assert!(call(&breaker, 1, Ending::Overloaded, 0) && !call(&breaker, 1, Ending::Answered, 59));
        let trial = breaker.admit(place(1), at(60)).unwrap();
        for _ in 0..3 {
            assert!(breaker.admit(place(1), at(60)).is_none(), "one at a time");
        }
        trial.end(Ending::Lost);
        drop(trial);
        assert!(!call(&breaker, 1, Ending::Answered, 61));
        assert!(call(&breaker, 1, Ending::Untried, 120), "a trial without a call decides nothing");
        assert!(call(&breaker, 1, Ending::Answered, 121));
        assert!(call(&breaker, 1, Ending::Lost, 121) && call(&breaker, 1, Ending::Answered, 121));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_it_open() {
        let breaker = CircuitBreaker::default();
        assert!(call(&breaker, 1, Ending::Overloaded, 7200) && call(&breaker, 1, Ending::Answered, 0));
    }
}
