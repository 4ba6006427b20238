//! The start of a session: how long, for whom, and for which resources.

use model::session::{Addresses, SessionDraft, SessionLimits};
use model::violation::Violations;
use serde_json::{Value, json};
use std::net::IpAddr;

use crate::{read, wrong};

const LIMITS: SessionLimits = SessionLimits { default_minutes: 60, max_minutes: 1440, per_person: 20 };

fn draft(body: &Value) -> SessionDraft {
    read(body).unwrap()
}

fn addresses(body: &Value, source: Option<&str>) -> Vec<String> {
    let addresses: Addresses = draft(body).addresses(source.map(|source| source.parse().unwrap()));
    addresses.iter().map(|address: IpAddr| address.to_string()).collect()
}

#[test]
fn a_session_lasts_as_long_as_was_asked_within_the_limit() {
    let refused = |member: &str, sentence: &str| Err(Violations::one(member, sentence));
    for (body, longest, expected) in [
        (json!({}), 1440, Ok(60)),
        (json!({"durationHours": null, "durationMinutes": null}), 1440, Ok(60)),
        (json!({}), 30, Ok(30)),
        (json!({"durationHours": 3}), 1440, Ok(180)),
        (json!({"durationMinutes": 5}), 1440, Ok(5)),
        (json!({"durationMinutes": 480}), 480, Ok(480)),
        (
            json!({"durationMinutes": 481}),
            480,
            refused("durationMinutes", "durationMinutes must not be longer than 8 hours"),
        ),
        (
            json!({"durationHours": 2}),
            90,
            refused("durationHours", "durationHours must not be longer than 90 minutes"),
        ),
        (
            json!({"durationHours": 2}),
            60,
            refused("durationHours", "durationHours must not be longer than 1 hour"),
        ),
        (
            json!({"durationHours": 2}),
            1,
            refused("durationHours", "durationHours must not be longer than 1 minute"),
        ),
    ] {
        assert_eq!(draft(&body).minutes(&LIMITS, longest), expected, "{body} {longest}");
    }
}

#[test]
fn a_length_is_a_whole_number_of_hours_or_of_minutes() {
    for (member, most) in [("durationHours", 8_784), ("durationMinutes", 527_040)] {
        for good in [1, most] {
            assert!(wrong::<SessionDraft>(&json!({ member: good })).is_empty(), "{member} {good}");
        }
        let sentence = format!("{member} must be a whole number, 1 or more");
        for bad in [json!(0), json!(-1), json!(1.5), json!(-1e30), json!([1]), json!(true)] {
            assert_eq!(wrong::<SessionDraft>(&json!({ member: bad })), [sentence.as_str()], "{bad}");
        }
        let text = format!("{sentence}, and not a text");
        assert_eq!(wrong::<SessionDraft>(&json!({ member: "1" })), [text]);
        // What nobody may is refused with what the caller may.
        for long in [json!(most + 1), json!(1_u64 << 32 | 1), json!(u64::MAX), json!(1e30)] {
            let refused = draft(&json!({ member: long })).minutes(&LIMITS, 480);
            let sentence = format!("{member} must not be longer than 8 hours");
            assert_eq!(refused, Err(Violations::one(member, sentence)), "{long}");
        }
    }
    let both = ["durationHours and durationMinutes exclude each other"];
    assert_eq!(wrong::<SessionDraft>(&json!({"durationHours": 1, "durationMinutes": 1})), both);
}

#[test]
fn the_address_is_the_gateways_unless_another_is_declared() {
    let none = json!({"ipv4Address": null, "ipv6Address": null});
    let both = json!({"ipv4Address": "8.8.8.8", "ipv6Address": "2001:db8::8"});
    let (v4, v6) = (json!({"ipv4Address": "8.8.8.8"}), json!({"ipv6Address": "2001:db8::8"}));
    for (body, source, expected) in [
        (&none, Some("203.0.113.7"), vec!["203.0.113.7"]),
        (&none, Some("2001:db8::7"), vec!["2001:db8::7"]),
        (&none, Some("::ffff:203.0.113.7"), vec!["203.0.113.7"]),
        (&none, Some("10.0.0.1"), vec!["10.0.0.1"]),
        (&none, Some("0.0.0.0"), vec![]),
        (&none, Some("::"), vec![]),
        (&none, Some("224.0.0.1"), vec![]),
        (&none, Some("ff02::1"), vec![]),
        (&none, None, vec![]),
        (&v4, Some("203.0.113.7"), vec!["8.8.8.8"]),
        (&v4, Some("2001:db8::7"), vec!["8.8.8.8", "2001:db8::7"]),
        (&v6, Some("203.0.113.7"), vec!["203.0.113.7", "2001:db8::8"]),
        (&v6, None, vec!["2001:db8::8"]),
        (&both, Some("203.0.113.7"), vec!["8.8.8.8", "2001:db8::8"]),
    ] {
        assert_eq!(addresses(body, source), expected, "{body} {source:?}");
    }
}

#[test]
fn a_declared_address_is_public_and_of_its_version() {
    assert_eq!(addresses(&json!({"ipv4Address": "::ffff:8.8.8.8"}), None), ["8.8.8.8"]);
    for (member, version, bad) in [
        ("ipv4Address", 4, ["10.0.0.1", "2001:db8::7", "8.8.8.8/32", ""]),
        ("ipv6Address", 6, ["fe80::1", "8.8.8.8", "::ffff:8.8.8.8", ""]),
    ] {
        let sentence = format!("{member} must be a public unicast address of IPv{version}");
        for bad in bad {
            assert_eq!(wrong::<SessionDraft>(&json!({ member: bad })), [sentence.as_str()], "{bad}");
        }
        assert_eq!(wrong::<SessionDraft>(&json!({ member: 8 })), [format!("{member} must be a string")]);
    }
}

#[test]
fn a_session_may_name_its_resources_and_say_what_it_is_for() {
    let (a, b) = ("550e8400-e29b-41d4-a716-446655440000", "7c9e6679-7425-40de-944b-e07fc1f90ae7");
    let named = draft(&json!({"resourceIds": [b, a, b], "reason": ""}));
    let ids: Vec<_> = named.resource_ids.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!((ids, named.reason.as_deref()), (vec![a.into(), b.into()], Some("")));
    let long = "é".repeat(1024);
    assert_eq!(draft(&json!({ "reason": long })).reason, Some(long));
    for body in [json!({}), json!({"resourceIds": null, "reason": null})] {
        let draft = draft(&body);
        assert_eq!((draft.resource_ids, draft.reason), (None, None), "{body}");
    }
    let ids = "resourceIds must be a list of at least one UUID";
    let second = "resourceIds[1] must be the id of a resource, which is a UUID, and not its name";
    for (body, sentence) in [
        (json!({"resourceIds": []}), ids),
        (json!({"resourceIds": a}), ids),
        (json!({"resourceIds": [a, "x"]}), second),
        (json!({"resourceIds": [a, 1]}), second),
        (json!({"reason": 1}), "reason must be a string"),
        (json!({"reason": "é".repeat(1025)}), "reason must have at most 1024 characters"),
        (json!({"address": a}), "Unknown field: address"),
    ] {
        assert_eq!(wrong::<SessionDraft>(&body), [sentence], "{body}");
    }
}
