//! A session: its status, its end, its extension, and which lists show it.

use model::id::{ResourceId, SessionId, UserId};
use model::query::FromQuery as _;
use model::refusal::Refusal;
use model::role::RoleDraft;
use model::session::{
    ClaimState, EndedReason, Extension, Session, SessionFilter, SessionHead, SessionLimits, SessionStatus,
    Ways,
};
use model::user::UserDraft;
use model::violation::Violations;
use serde_json::{Value, json};

use crate::rows::row;
use crate::{at, read, wrong};

const RESOURCE: &str = "550e8400-e29b-41d4-a716-446655440000";
const OTHER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A session of an hour, with a row of one claim for each of these states; `None` is a row without claims.
fn session(states: &[Option<ClaimState>]) -> Session {
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

fn ended(states: &[Option<ClaimState>], reason: EndedReason) -> Session {
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
fn a_session_is_extended_within_its_limit() {
    let active = [Some(ClaimState::Applied)];
    let extended = |body: Value, longest| {
        let extension: Extension = read(&body).unwrap();
        extension.apply(&session(&active), longest, at(60)).map(|head| head.expires_at)
    };
    let too_long = |member: &str, sentence: &str| Err(Refusal::Invalid(Violations::one(member, sentence)));
    for (body, longest, expected) in [
        (json!({"additionalMinutes": 1}), 61, Ok(at(3660))),
        (json!({"additionalMinutes": 1}), 1440, Ok(at(3660))),
        (json!({"additionalHours": 2}), 180, Ok(at(3 * 3600))),
        (json!({"additionalHours": 2, "additionalMinutes": null}), 180, Ok(at(3 * 3600))),
        (
            json!({"additionalMinutes": 121}),
            180,
            too_long("additionalMinutes", "The session must not be longer than 3 hours in all"),
        ),
        (
            json!({"additionalHours": 2}),
            179,
            too_long("additionalHours", "The session must not be longer than 179 minutes in all"),
        ),
    ] {
        assert_eq!(extended(body.clone(), longest), expected, "{body} {longest}");
    }
    // The limit of the start counts as well.
    for (limit, expected) in [(Some(60), Err("1 hour")), (Some(61), Ok(at(3660))), (Some(2000), Ok(at(3660)))]
    {
        let mut session = session(&active);
        session.head.limit_minutes = limit;
        let extension: Extension = read(&json!({"additionalMinutes": 1})).unwrap();
        let expected = expected.map_err(|longest| {
            let sentence = format!("The session must not be longer than {longest} in all");
            Refusal::Invalid(Violations::one("additionalMinutes", sentence))
        });
        assert_eq!(extension.apply(&session, 1440, at(0)).map(|head| head.expires_at), expected, "{limit:?}");
    }
    for states in [[Some(ClaimState::Pending)], [Some(ClaimState::Failed)]] {
        let session = session(&states);
        let extension: Extension = read(&json!({"additionalHours": 1})).unwrap();
        let refused = Refusal::SessionNotExtensible(session.status(at(60)));
        assert_eq!(extension.apply(&session, 1440, at(60)), Err(refused));
    }
    let extension: Extension = read(&json!({"additionalHours": 1})).unwrap();
    for (session, now, status) in [
        (session(&active), at(3600), SessionStatus::Expiring),
        (ended(&[Some(ClaimState::Removed)], EndedReason::Expired), at(3601), SessionStatus::Expired),
        (ended(&[Some(ClaimState::Removed)], EndedReason::Manual), at(3601), SessionStatus::Cancelled),
    ] {
        let refused = Refusal::SessionNotExtensible(status);
        assert_eq!(extension.apply(&session, 1440, now), Err(refused), "{status:?}");
    }
}

#[test]
fn what_is_wrong_with_an_extension_is_named() {
    for (body, sentences) in [
        (json!({}), vec!["additionalHours is required"]),
        (json!({"additionalHours": null, "additionalMinutes": null}), vec!["additionalHours is required"]),
        (json!({"additionalMinutes": 0}), vec!["additionalMinutes must be a whole number from 1 to 527040"]),
        (json!({"additionalHours": 0}), vec!["additionalHours must be a whole number from 1 to 8784"]),
        (
            json!({"additionalHours": 1, "additionalMinutes": 1}),
            vec!["additionalHours and additionalMinutes exclude each other"],
        ),
    ] {
        assert_eq!(wrong::<Extension>(&body), sentences, "{body}");
    }
}

fn resource(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

/// A person with links of their own, and the roles with their limits and resources.
fn ways(own: &[&str], roles: &[(Option<u32>, &[&str])], is_org_admin: bool) -> Ways {
    let ids = |texts: &[&str]| texts.iter().map(|text| resource(text)).collect();
    let mut user = read::<UserDraft>(&json!({"email": "ada@acme.example"})).unwrap().create(at(0));
    user.resource_ids = ids(own);
    let role = |(hours, resources): &(Option<u32>, &[&str])| {
        let body = json!({"name": "Engineers", "maxSessionDurationHours": hours});
        let mut role = read::<RoleDraft>(&body).unwrap().create(at(0));
        role.resource_ids = ids(resources);
        role
    };
    Ways::of(&user, &roles.iter().map(role).collect::<Vec<_>>(), is_org_admin)
}

#[test]
fn each_resource_has_its_most_generous_way_and_a_session_its_strictest_resource() {
    let limits = SessionLimits::default();
    assert_eq!((limits.default_minutes, limits.max_minutes), (60, 1440));
    let (one, other): (&[&str], &[&str]) = (&[RESOURCE], &[OTHER]);
    for (own, roles, opened, longest) in [
        (one, vec![], one, 1440),
        (&[], vec![(Some(2), one)], one, 120),
        (&[], vec![(Some(2), one), (Some(8), one)], one, 480),
        (&[], vec![(Some(8), one), (Some(2), one)], one, 480),
        (&[], vec![(Some(2), one), (None, one)], one, 1440),
        (&[], vec![(None, one), (Some(2), one)], one, 1440),
        (&[], vec![(Some(25), one)], one, 1440),
        (one, vec![(Some(2), one)], one, 1440),
        // A role that leads to nothing that is opened does not count.
        (&[], vec![(Some(2), one), (Some(1), other)], one, 120),
        (&[], vec![(Some(2), one), (Some(1), other)], &[RESOURCE, OTHER], 60),
        (one, vec![(Some(3), other)], &[RESOURCE, OTHER], 180),
    ] {
        let ways = ways(own, &roles, false);
        let opened: Vec<_> = opened.iter().map(|id| resource(id)).collect();
        assert_eq!(limits.longest(&ways, opened.iter().copied()), longest, "{own:?} {roles:?} {opened:?}");
        assert!(opened.iter().all(|id| ways.lead_to(*id)), "{own:?} {roles:?}");
    }
    let none = ways(&[], &[(Some(2), one)], false);
    assert!(none.lead_to(resource(RESOURCE)) && !none.lead_to(resource(OTHER)));
    // An administrator reaches everything, as by a link of their own.
    let everything = ways(&[], &[(Some(2), one)], true);
    assert!(everything.lead_to(resource(OTHER)));
    assert_eq!(limits.longest(&everything, [resource(RESOURCE)]), 1440);
    assert_eq!(SessionLimits::end(at(0), 90), at(5400));
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
