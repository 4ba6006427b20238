//! A longer session: how long, from which state, and from which end.

use model::refusal::Refusal;
use model::session::{ClaimState, EndedReason, Extension, SessionStatus};
use model::violation::Violations;
use serde_json::{Value, json};

use crate::sessions::{ended, session};
use crate::{at, read, wrong};

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
            too_long(
                "additionalMinutes",
                "The session must not be longer than 3 hours in all: it can be extended by at most 2 hours",
            ),
        ),
        (
            json!({"additionalHours": 2}),
            179,
            too_long(
                "additionalHours",
                "The session must not be longer than 179 minutes in all: it can be extended by at most 119 minutes",
            ),
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
            let sentence =
                format!("The session must not be longer than {longest} in all: it cannot be extended");
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
        (json!({}), vec!["additionalHours or additionalMinutes is required"]),
        (
            json!({"additionalHours": null, "additionalMinutes": null}),
            vec!["additionalHours or additionalMinutes is required"],
        ),
        (
            json!({"additionalHours": "x", "expectedExpiresAt": "soon"}),
            vec![
                "additionalHours must be a whole number, 1 or more, and not a text",
                "expectedExpiresAt must be a time such as 2026-02-18T10:30:00Z",
            ],
        ),
        (json!({"additionalMinutes": 0}), vec!["additionalMinutes must be a whole number, 1 or more"]),
        (json!({"additionalHours": 0}), vec!["additionalHours must be a whole number, 1 or more"]),
        (
            json!({"additionalHours": 1, "additionalMinutes": 1}),
            vec!["additionalHours and additionalMinutes exclude each other"],
        ),
    ] {
        assert_eq!(wrong::<Extension>(&body), sentences, "{body}");
    }
}

#[test]
fn an_extension_of_another_end_than_the_caller_has_seen_is_refused() {
    let mut session = session(&[Some(ClaimState::Applied)]);
    session.head.expires_at = model::time::Timestamp::from_unix_millis(at(3600).unix_millis() + 999).unwrap();
    let extended = |expected: Value, now| {
        let body = json!({"additionalMinutes": 1, "expectedExpiresAt": expected});
        let extension: Extension = read(&body).unwrap();
        extension
            .apply(&session, 1440, at(now))
            .map(|head| head.expires_at.unix_seconds() - at(0).unix_seconds())
    };
    let shown = at(3600).to_string();
    for same in
        [json!(null), json!(shown), json!(shown.replace('Z', ".5Z")), json!(shown.replace('Z', "+00:00"))]
    {
        assert_eq!(extended(same.clone(), 60), Ok(3660), "{same}");
    }
    for other in [at(3599), at(3601), at(0)] {
        let refused = Err(Refusal::SessionEndsAt(session.head.expires_at));
        assert_eq!(extended(json!(other.to_string()), 60), refused, "{other}");
        // Before its state is looked at, as any other precondition.
        assert_eq!(extended(json!(other.to_string()), 7200), refused, "{other}");
    }
    assert_eq!(extended(json!(shown), 7200), Err(Refusal::SessionNotExtensible(SessionStatus::Expiring)));
}
