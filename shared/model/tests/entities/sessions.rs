//! A session: its status, its end, its extension, and which lists show it.

use model::id::{ResourceId, SessionId, UserId};
use model::query::FromQuery as _;
use model::session::{ClaimState, EndedReason, Session, SessionFilter, SessionHead, SessionStatus};

use crate::at;
use crate::rows::row;

const RESOURCE: &str = "550e8400-e29b-41d4-a716-446655440000";
const OTHER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A session of an hour, with a row of one claim for each of these states; `None` is a row without claims.
pub(crate) fn session(states: &[Option<ClaimState>]) -> Session {
    let head = SessionHead {
        id: SessionId::generate(at(0)),
        user_id: UserId::parse("ada").unwrap(),
        user_name: None,
        user_email: None,
        ipv4_address: Some("203.0.113.7".parse().unwrap()),
        ipv6_address: None,
        source_ip: None,
        reason: None,
        started_at: at(0),
        expires_at: at(3600),
        ended_at: None,
        ended_reason: None,
        activation: None,
        limit_minutes: None,
    };
    Session { head, rows: states.iter().map(|state| row(state.as_slice())).collect() }
}

pub(crate) fn ended(states: &[Option<ClaimState>], reason: EndedReason) -> Session {
    let session = session(states);
    Session { head: session.head.ended(reason, at(60)), ..session }
}

#[test]
fn the_status_follows_from_the_rows() {
    use ClaimState::{Applied, Failed, Pending};
    for (states, status) in [
        (vec![Some(Pending)], SessionStatus::Pending),
        (vec![Some(Pending), Some(Applied), Some(Failed)], SessionStatus::Pending),
        (vec![Some(Applied)], SessionStatus::Active),
        (vec![Some(Applied), Some(Applied)], SessionStatus::Active),
        (vec![Some(Applied), Some(Failed)], SessionStatus::Partial),
        (vec![Some(Applied), None], SessionStatus::Partial),
        (vec![Some(Failed), Some(Failed)], SessionStatus::Failed),
        (vec![None], SessionStatus::Failed),
    ] {
        assert_eq!(session(&states).status(at(60)), status, "{states:?}");
    }
}

#[test]
fn an_ended_session_is_expiring_until_its_rules_are_gone() {
    use ClaimState::{Applied, Failed, Removed, Removing};
    for (reason, over) in [
        (EndedReason::Manual, SessionStatus::Cancelled),
        (EndedReason::Admin, SessionStatus::Cancelled),
        (EndedReason::Expired, SessionStatus::Expired),
    ] {
        for (states, status) in [
            (vec![Some(Removed), Some(Removing)], SessionStatus::Expiring),
            (vec![Some(Applied)], SessionStatus::Expiring),
            (vec![Some(Removed), Some(Failed), None], over),
        ] {
            assert_eq!(ended(&states, reason).status(at(60)), status, "{reason:?} {states:?}");
        }
        let head = ended(&[], reason).head;
        assert_eq!((head.ended_at(), head.ended_reason), (Some(at(60)), Some(reason)));
    }
    assert_eq!(session(&[]).head.ended_at(), None);
}

#[test]
fn from_its_end_on_a_session_is_expiring_before_somebody_has_ended_it() {
    use ClaimState::{Applied, Failed, Pending, Removed, Removing};
    let end = at(3600);
    let before = model::time::Timestamp::from_unix_millis(end.unix_millis() - 1).unwrap();
    for (states, running) in [
        (vec![Some(Pending)], SessionStatus::Pending),
        (vec![Some(Applied)], SessionStatus::Active),
        (vec![Some(Applied), Some(Failed)], SessionStatus::Partial),
    ] {
        let session = session(&states);
        assert_eq!((session.status(before), session.status(end)), (running, SessionStatus::Expiring));
        assert_eq!(session.status(at(99_999)), SessionStatus::Expiring);
        assert!(!session.has_ended(), "{states:?} is still to be ended");
    }
    let failed = session(&[Some(Failed)]);
    assert_eq!((failed.status(end), failed.has_ended()), (SessionStatus::Failed, true));
    for (states, over) in
        [(vec![Some(Removed)], SessionStatus::Cancelled), (vec![Some(Removing)], SessionStatus::Expiring)]
    {
        let session = ended(&states, EndedReason::Manual);
        assert_eq!((session.status(before), session.status(end)), (over, over));
        assert!(session.has_ended());
    }
}

#[test]
fn states_have_one_spelling_and_allow_what_they_allow() {
    for (spelling, is_stoppable, is_extensible) in [
        ("PENDING", true, false),
        ("ACTIVE", true, true),
        ("PARTIAL", true, true),
        ("FAILED", false, false),
        ("EXPIRING", false, false),
        ("EXPIRED", false, false),
        ("CANCELLED", false, false),
        ("UNREADABLE", false, false),
    ] {
        let status = SessionStatus::ALL.into_iter().find(|status| status.as_str() == spelling).unwrap();
        assert_eq!(serde_json::to_value(status).unwrap(), spelling);
        assert_eq!(
            (status.is_stoppable(), status.is_extensible()),
            (is_stoppable, is_extensible),
            "{spelling}"
        );
    }
}

#[test]
fn a_list_shows_what_its_filter_admits() {
    let filter = |query: &[(&str, &'static str)]| {
        SessionFilter::read(|name| query.iter().find(|(other, _)| *other == name).map(|(_, value)| *value))
    };
    let session = session(&[Some(ClaimState::Applied)]);
    for (query, admits) in [
        (vec![], true),
        (vec![("resourceId", RESOURCE)], true),
        (vec![("resourceId", OTHER)], false),
        (vec![("userId", "ada")], true),
        (vec![("userId", "bob")], false),
        (vec![("status", "ACTIVE")], true),
        (vec![("status", "active")], true),
        (vec![("status", "PENDING")], false),
        (vec![("resourceId", RESOURCE), ("userId", "ada"), ("status", "ACTIVE")], true),
        (vec![("resourceId", OTHER), ("userId", "ada"), ("status", "ACTIVE")], false),
        (vec![("resourceId", RESOURCE), ("userId", "bob"), ("status", "ACTIVE")], false),
        (vec![("resourceId", RESOURCE), ("userId", "ada"), ("status", "FAILED")], false),
    ] {
        assert_eq!(filter(&query).unwrap().admits(&session, at(60)), admits, "{query:?}");
    }
    for (status, now, admits) in
        [("ACTIVE", 3600, false), ("EXPIRING", 3600, true), ("EXPIRING", 3599, false)]
    {
        assert_eq!(
            filter(&[("status", status)]).unwrap().admits(&session, at(now)),
            admits,
            "{status} {now}"
        );
    }
    let wrong = filter(&[("resourceId", "x"), ("userId", "a b"), ("status", "running")]).unwrap_err();
    let status =
        "status must be one of PENDING, ACTIVE, PARTIAL, FAILED, EXPIRING, EXPIRED, CANCELLED, UNREADABLE";
    let user = "userId must have 1 to 128 letters, digits or -._~!$&'()*+;=:@|/\\";
    assert_eq!(crate::sentences(&wrong), ["resourceId must be a UUID", user, status]);
    assert!(session.opens(ResourceId::parse(RESOURCE).unwrap()));
    assert!(!session.opens(ResourceId::parse(OTHER).unwrap()));
}
