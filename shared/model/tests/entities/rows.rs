//! A session's row: how it follows from its claims, and what events make of it.

use model::id::{ResourceId, SessionRowId};
use model::ingress::{GroupRef, Ingress, Opening, Protocol};
use model::session::{Claim, ClaimState, RowStatus, RuleEvent, SessionRow};

use crate::at;

const STATES: [ClaimState; 5] =
    [ClaimState::Pending, ClaimState::Applied, ClaimState::Failed, ClaimState::Removing, ClaimState::Removed];

fn opening(place: u16) -> Opening {
    Opening { protocol: Protocol::Tcp, ports: Some((place, place)) }
}

/// A row with a claim in each of these states, on ports that count from 0.
pub(crate) fn row(states: &[ClaimState]) -> SessionRow {
    let claims = states
        .iter()
        .zip(0..)
        .map(|(state, place)| Claim { state: *state, ..Claim::pending(opening(place)) });
    SessionRow {
        id: SessionRowId::generate(at(0)),
        resource_id: ResourceId::parse("550e8400-e29b-41d4-a716-446655440000").unwrap(),
        resource_name: "DB".into(),
        group: GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() },
        address: "203.0.113.7".parse().unwrap(),
        claims: claims.collect(),
        error: None,
        shard: None,
    }
}

/// The first ports of rules.
fn ports(rules: impl Iterator<Item = Ingress>) -> Vec<u16> {
    rules
        .map(|rule| {
            assert_eq!(rule.cidr(), "203.0.113.7/32");
            rule.opening.ports.unwrap().0
        })
        .collect()
}

#[test]
fn a_new_claim_is_pending_and_knows_nothing() {
    let claim = Claim::pending(opening(22));
    assert_eq!((claim.opening, claim.state), (opening(22), ClaimState::Pending));
    assert_eq!(
        (claim.provider_rule_id, claim.applied_at, claim.removed_at, claim.error),
        (None, None, None, None)
    );
}

#[test]
fn a_row_is_as_far_as_the_slowest_of_its_claims() {
    use ClaimState::{Applied, Failed, Pending, Removed, Removing};
    for (states, status, is_settled, has_failure) in [
        (vec![], RowStatus::Failed, true, true),
        (vec![Pending], RowStatus::Pending, false, false),
        (vec![Applied], RowStatus::Applied, false, false),
        (vec![Failed], RowStatus::Failed, true, true),
        (vec![Removing], RowStatus::Removing, false, false),
        (vec![Removed], RowStatus::Removed, true, false),
        (vec![Applied, Pending], RowStatus::Pending, false, false),
        (vec![Removing, Pending], RowStatus::Pending, false, false),
        (vec![Applied, Failed], RowStatus::Applied, false, true),
        (vec![Applied, Removing], RowStatus::Removing, false, false),
        (vec![Failed, Removing], RowStatus::Removing, false, true),
        (vec![Removed, Applied], RowStatus::Applied, false, false),
        (vec![Failed, Removed], RowStatus::Removed, true, true),
        (vec![Failed, Failed], RowStatus::Failed, true, true),
    ] {
        let row = row(&states);
        assert_eq!((row.status(), row.is_settled()), (status, is_settled), "{states:?}");
        assert_eq!(row.has_failure(), has_failure, "{states:?}");
    }
}

#[test]
fn a_row_holds_what_it_has_not_given_up() {
    let row = row(&STATES);
    assert_eq!(ports(row.live()), [0, 1, 3]);
    assert_eq!(ports(row.held()), [0, 1]);
    assert_eq!(ports(row.claims.iter().map(|claim| row.ingress(claim))), [0, 1, 2, 3, 4]);
}

#[test]
fn a_row_gives_up_all_that_is_not_settled() {
    use ClaimState::{Failed, Removed, Removing};
    let states = |row: &SessionRow| row.claims.iter().map(|claim| claim.state).collect::<Vec<_>>();
    let mut given_up = row(&STATES);
    given_up.give_up();
    assert_eq!(states(&given_up), [Removing, Removing, Failed, Removing, Removed]);
    let mut settled = row(&STATES);
    settled.settle_unasked(at(5));
    assert_eq!(states(&settled), [Removed, Removed, Failed, Removed, Removed]);
    let removed: Vec<_> = settled.claims.iter().map(|claim| claim.removed_at).collect();
    let now = Some(at(5).unix_millis());
    assert_eq!(removed, [now, now, None, now, None]);
}

#[test]
fn a_row_shows_the_last_of_its_claims_times_and_the_first_of_their_ids() {
    let mut row = row(&[ClaimState::Removed, ClaimState::Removing, ClaimState::Removed]);
    assert_eq!(
        (row.applied_at(), row.removed_at(), row.provider_rule_id(), row.error()),
        (None, None, None, None)
    );
    for (claim, seconds) in row.claims.iter_mut().zip([7, 9, 8]) {
        claim.applied_at = Some(at(seconds).unix_millis());
        claim.removed_at = Some(at(seconds + 10).unix_millis());
    }
    row.claims[1].provider_rule_id = Some("sgr-1".into());
    row.claims[2].provider_rule_id = Some("sgr-2".into());
    row.claims[1].error = Some("one".into());
    row.claims[2].error = Some("two".into());
    assert_eq!((row.applied_at(), row.removed_at()), (Some(at(9)), None));
    assert_eq!((row.provider_rule_id(), row.error()), (Some("sgr-1"), Some("one")));
    row.claims[1].state = ClaimState::Removed;
    row.error = Some("no port".into());
    assert_eq!((row.removed_at(), row.error()), (Some(at(19)), Some("no port")));
}

/// What becomes of a claim in a state, with an error and an id from before, after an event.
fn learned(state: ClaimState, event: &RuleEvent) -> (bool, Claim) {
    let mut row = row(&[ClaimState::Pending, state]);
    row.claims[1].error = Some("before".into());
    let other = row.claims[0].clone();
    let is_new = row.apply(&opening(1), event, at(5));
    assert_eq!(row.claims[0], other);
    (is_new, row.claims[1].clone())
}

#[test]
fn news_move_a_claim_forward() {
    use ClaimState::{Applied, Failed, Pending, Removed, Removing};
    let (applied, refused) = (RuleEvent::Applied(Some("sgr-1".into())), RuleEvent::Refused("no".into()));
    let (removed, delayed) = (RuleEvent::Removed(None), RuleEvent::Delayed("later".into()));
    for (state, event, after, error) in [
        (Pending, &applied, Applied, None),
        (Applied, &applied, Applied, None),
        (Pending, &refused, Failed, Some("no")),
        (Applied, &refused, Failed, Some("no")),
        (Removing, &removed, Removed, None),
        (Removing, &RuleEvent::Removed(Some("by hand".into())), Removed, Some("by hand")),
        (Pending, &delayed, Pending, Some("later")),
        (Applied, &delayed, Applied, Some("later")),
        (Removing, &delayed, Removing, Some("later")),
    ] {
        let (is_new, claim) = learned(state, event);
        assert!(is_new, "{state:?} {event:?}");
        assert_eq!((claim.state, claim.error.as_deref()), (after, error), "{state:?} {event:?}");
        let now = Some(at(5).unix_millis());
        assert_eq!(
            claim.applied_at,
            now.filter(|_| (state, after) == (Pending, Applied)),
            "{state:?} {event:?}"
        );
        assert_eq!(claim.removed_at, now.filter(|_| after == Removed), "{state:?} {event:?}");
        let id = (after == Applied && *event == applied).then_some("sgr-1");
        assert_eq!(claim.provider_rule_id.as_deref(), id, "{state:?} {event:?}");
    }
}

#[test]
fn old_news_change_nothing() {
    use ClaimState::{Applied, Failed, Pending, Removed, Removing};
    let (applied, refused) = (RuleEvent::Applied(Some("sgr-1".into())), RuleEvent::Refused("no".into()));
    let (removed, delayed) = (RuleEvent::Removed(None), RuleEvent::Delayed("later".into()));
    for (state, old) in [
        (Pending, vec![&removed]),
        (Applied, vec![&removed]),
        (Removing, vec![&applied, &refused]),
        (Failed, vec![&applied, &refused, &removed, &delayed]),
        (Removed, vec![&applied, &refused, &removed, &delayed]),
    ] {
        for event in old {
            let (is_new, claim) = learned(state, event);
            assert!(!is_new, "{state:?} {event:?}");
            assert_eq!((claim.state, claim.error.as_deref()), (state, Some("before")), "{state:?} {event:?}");
        }
    }
}

#[test]
fn news_that_are_known_or_of_another_rule_are_not_new() {
    let mut row = row(&[ClaimState::Pending]);
    let event = RuleEvent::Applied(Some("sgr-1".into()));
    assert!(row.apply(&opening(0), &event, at(5)));
    assert!(!row.apply(&opening(0), &event, at(6)));
    assert_eq!(row.applied_at(), Some(at(5)));
    assert!(!row.apply(&opening(1), &event, at(6)));
    assert!(row.apply(&opening(0), &RuleEvent::Applied(Some("sgr-2".into())), at(6)));
    assert_eq!((row.provider_rule_id(), row.applied_at()), (Some("sgr-2"), Some(at(5))));
}
