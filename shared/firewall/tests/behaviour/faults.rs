//! The faults of the simulated cloud.

use firewall::simulated::{Fault, Gate, Operation};
use firewall::{Firewall, FirewallError};

use crate::simulated::Simulated;
use crate::suite::{Subject, authorize, describe, new, revoke, ssh};

/// What two new rules leave under a fault: the answer, and how many rules there are then.
async fn under(fault: Fault) -> (Result<(), FirewallError>, usize) {
    let subject = Simulated::default();
    let group = subject.new_group().await;
    subject.cloud.fault_next_of(Operation::Authorize, fault);
    let rules = [new(ssh("203.0.113.1")), new(ssh("203.0.113.2"))];
    let answer = authorize(&subject, &group, &rules).await;
    (answer, describe(&subject, &group).await.len())
}

#[tokio::test(flavor = "current_thread")]
async fn a_fault_decides_what_happens_and_what_is_answered() {
    assert_eq!(under(Fault::Throttle).await, (Err(FirewallError::Throttled), 0));
    for (fault, rules) in [(Fault::Lose, 0), (Fault::HalfApply, 1), (Fault::Drop, 2)] {
        let (answer, found) = under(fault).await;
        assert!(matches!(answer, Err(FirewallError::Unreachable(_))), "{answer:?}");
        assert_eq!(found, rules);
    }
    assert_eq!(under(Fault::Lie).await, (Ok(()), 0));
    let gate = Gate::default();
    gate.open();
    assert_eq!(under(Fault::Delay(gate)).await, (Ok(()), 2));
}

#[tokio::test(flavor = "current_thread")]
async fn a_delayed_call_waits_for_its_gate() {
    let subject = Simulated::default();
    let (group, gate) = (subject.new_group().await, Gate::default());
    subject.cloud.fault_next(Fault::Delay(gate.clone()));
    let rules = [new(ssh("203.0.113.1"))];
    let late = authorize(&subject, &group, &rules);
    let meanwhile = async {
        gate.reached().await;
        let before = describe(&subject, &group).await.len();
        gate.open();
        before
    };
    let (answer, before) = tokio::join!(late, meanwhile);
    assert_eq!((answer, before, describe(&subject, &group).await.len()), (Ok(()), 0, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn a_default_vpc_keeps_silent_about_what_is_not_there() {
    let subject = Simulated::default();
    let group = subject.new_group().await;
    authorize(&subject, &group, &[new(ssh("203.0.113.1"))]).await.unwrap();
    let unknown = ["sgr-00000000000000000".into()];
    assert_eq!(revoke(&subject, &group, &unknown).await, Err(FirewallError::RuleMissing));
    subject.cloud.put_into_default_vpc(&group);
    assert_eq!(revoke(&subject, &group, &unknown).await, Ok(()));
    assert_eq!(describe(&subject, &group).await.len(), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn denials_and_outages_stay_until_they_end() {
    let subject = Simulated::default();
    let (group, access) = (subject.new_group().await, subject.access());
    subject.cloud.deny("AKIA1");
    for _ in 0..2 {
        let denied = subject.cloud.describe(&access, &group).await.unwrap_err();
        assert!(denied.is_refusal() && denied.reason(&group).contains("not authorized"));
    }
    subject.cloud.allow("AKIA1");
    subject.cloud.set_down(true);
    for _ in 0..2 {
        let none = subject.cloud.describe(&access, &group).await.unwrap_err();
        assert!(!none.is_refusal() && none.reason(&group).contains("no answer"));
    }
    subject.cloud.set_down(false);
    assert!(subject.cloud.describe(&access, &group).await.is_ok());
    assert_eq!(subject.cloud.calls(), 5);
}

#[tokio::test(flavor = "current_thread")]
async fn an_account_is_told_to_who_may_do_nothing_and_has_faults_of_its_own() {
    let subject = Simulated::default();
    let (group, access) = (subject.new_group().await, subject.access());
    subject.cloud.deny("AKIA1");
    subject.cloud.fault_next(Fault::Throttle);
    assert_eq!(subject.cloud.account(&access, &group.region).await, Ok(subject.account()));
    assert_eq!(subject.cloud.describe(&access, &group).await, Err(FirewallError::Throttled));
    subject.cloud.fault_next_of(Operation::Account, Fault::Throttle);
    assert_eq!(subject.cloud.account(&access, &group.region).await, Err(FirewallError::Throttled));
    subject.cloud.set_down(true);
    let lost = subject.cloud.account(&access, &group.region).await.unwrap_err();
    assert!(matches!(lost, FirewallError::Unreachable(_)), "{lost:?}");
    assert_eq!(subject.cloud.calls(), 1);
}
