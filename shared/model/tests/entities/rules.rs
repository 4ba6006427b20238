//! What an entry of the ledger needs, and how it is called.

use model::id::{CredentialId, ResourceId, RuleId, SessionId};
use model::ingress::{GroupRef, Ingress};
use model::query::FromQuery as _;
use model::rule::{
    Holder, Need, PROBE_SECONDS, Presence, Resolution, Rule, RuleFilter, RuleState, STUCK_AFTER,
    pause_seconds,
};
use model::violation::Violations;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

use crate::{at, read, wrong};

fn holder(row: u16) -> Holder {
    let session = SessionId::parse("550e8400-e29b-41d4-a716-446655440000").unwrap();
    Holder { session, block: 1, row }
}

/// An entry with so many holders, of whom some were not told yet, and so many rows that leave.
fn rule(presence: Presence, holders: u16, fresh: u16, leaving: u16) -> Rule {
    let rows = |count: u16| (0..count).map(holder).collect::<BTreeSet<_>>();
    Rule {
        id: RuleId::generate(at(0)),
        group: GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() },
        ingress: Ingress::parse("203.0.113.7|tcp|22-22").unwrap(),
        credential_id: CredentialId::generate(at(0)),
        resource_id: ResourceId::generate(at(0)),
        holders: rows(holders),
        fresh: rows(fresh),
        leaving: rows(leaving),
        presence,
        provider_rule_id: None,
        attempts: 0,
        last_error: None,
        is_refused: false,
        account: None,
        unsettled_until: None,
        is_removal_sent: false,
        may_vanish: false,
        asked_up_to: None,
        failed_generation: None,
        due_at: None,
        generation: 0,
        revision: 0,
        created_at: at(0),
    }
}

#[test]
fn what_is_held_is_applied_and_what_is_not_is_removed() {
    use Presence::{Absent, Foreign, Present, Unknown};
    for (presence, holders, fresh, leaving, need) in [
        (Absent, 1, 1, 0, Need::Apply),
        (Unknown, 1, 1, 1, Need::Apply),
        (Present, 1, 0, 0, Need::Nothing),
        (Foreign, 2, 0, 0, Need::Nothing),
        (Present, 1, 1, 0, Need::Tell),
        (Present, 1, 0, 1, Need::Tell),
        (Foreign, 1, 1, 0, Need::Tell),
        (Foreign, 1, 0, 1, Need::Tell),
        (Present, 0, 0, 1, Need::Remove),
        (Unknown, 0, 0, 1, Need::Remove),
        (Present, 0, 0, 0, Need::Remove),
        (Absent, 0, 0, 1, Need::Tell),
        (Foreign, 0, 0, 1, Need::Tell),
        (Absent, 0, 0, 0, Need::Forget),
        (Foreign, 0, 0, 0, Need::Forget),
    ] {
        let rule = rule(presence, holders, fresh, leaving);
        assert_eq!(rule.need(), need, "{presence:?} {holders} {fresh} {leaving}");
        assert_eq!(rule.is_wanted(), holders > 0);
    }
}

#[test]
fn somebody_elses_rule_is_looked_at_while_it_is_held() {
    let foreign = |holders, fresh, leaving| Rule {
        may_vanish: true,
        due_at: Some(at(60)),
        ..rule(Presence::Foreign, holders, fresh, leaving)
    };
    for (holders, fresh, leaving, need) in [
        (1, 0, 0, Need::Look),
        (1, 1, 0, Need::Look),
        (1, 0, 1, Need::Look),
        (0, 0, 1, Need::Tell),
        (0, 0, 0, Need::Forget),
    ] {
        assert_eq!(foreign(holders, fresh, leaving).need(), need, "{holders} {fresh} {leaving}");
    }
    // At its time, or when rows wait to be told, unless that has just failed.
    assert!(!foreign(1, 0, 0).may_be_looked_at(at(59)) && foreign(1, 0, 0).may_be_looked_at(at(60)));
    assert!(foreign(1, 1, 0).may_be_looked_at(at(0)) && foreign(1, 0, 1).may_be_looked_at(at(0)));
    let failed = Rule { attempts: 1, failed_generation: Some(0), ..foreign(1, 1, 0) };
    assert!(!failed.may_be_looked_at(at(59)) && failed.may_be_looked_at(at(60)));
    assert_eq!(failed.state(), RuleState::Applied);
}

#[test]
fn an_entry_is_stuck_when_its_removal_is_refused_or_fails_for_long() {
    for (presence, holders, attempts, is_refused, state) in [
        (Presence::Absent, 1, 0, false, RuleState::Wanted),
        (Presence::Unknown, 1, STUCK_AFTER, true, RuleState::Wanted),
        (Presence::Present, 1, STUCK_AFTER, true, RuleState::Applied),
        (Presence::Foreign, 1, 0, false, RuleState::Applied),
        (Presence::Present, 0, 0, false, RuleState::Unwanted),
        (Presence::Unknown, 0, STUCK_AFTER - 1, false, RuleState::Unwanted),
        (Presence::Present, 0, STUCK_AFTER, false, RuleState::Stuck),
        (Presence::Present, 0, STUCK_AFTER + 1, false, RuleState::Stuck),
        (Presence::Present, 0, 1, true, RuleState::Stuck),
    ] {
        let rule = Rule { attempts, is_refused, ..rule(presence, holders, 0, 0) };
        assert_eq!(rule.state(), state, "{presence:?} {holders} {attempts} {is_refused}");
    }
}

#[test]
fn who_failed_waits_until_the_pause_is_over() {
    for (attempts, due, may) in [
        (0, None, true),
        (0, Some(60), true),
        (1, None, true),
        (1, Some(-1), true),
        (1, Some(0), true),
        (1, Some(1), false),
    ] {
        let rule = Rule { attempts, due_at: due.map(at), ..rule(Presence::Present, 0, 0, 0) };
        assert_eq!(rule.may_be_tried(at(0)), may, "{attempts} {due:?}");
    }
}

#[test]
fn states_are_read_in_any_case() {
    for (state, spelling) in
        RuleState::ALL.into_iter().zip(["WANTED", "APPLIED", "UNWANTED", "STUCK", "UNREADABLE"])
    {
        assert_eq!(state.as_str(), spelling);
        assert_eq!(serde_json::to_value(state).unwrap(), spelling);
        for text in [spelling, &spelling.to_lowercase()] {
            assert_eq!(RuleFilter::read(|_| Some(text)), Ok(RuleFilter { state: Some(state) }));
        }
    }
    assert_eq!(RuleFilter::read(|_| None), Ok(RuleFilter { state: None }));
    let sentence = "state must be one of WANTED, APPLIED, UNWANTED, STUCK, UNREADABLE";
    assert_eq!(RuleFilter::read(|_| Some("GONE")), Err(Violations::one("state", sentence)));
}

#[test]
fn a_holder_is_read_back_from_its_text() {
    let text = "550e8400-e29b-41d4-a716-446655440000:1:2";
    assert_eq!(holder(2).to_string(), text);
    assert_eq!(Holder::parse(text), Some(holder(2)));
    for bad in [
        "",
        "x:1:2",
        &text[..38],
        &text[..36],
        &format!("{text}:3"),
        &format!("{text}x"),
        &text.replace('2', "65536"),
    ] {
        assert_eq!(Holder::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_resolution_needs_a_reason() {
    assert_eq!(read::<Resolution>(&json!({"reason": "removed by hand"})).unwrap().reason, "removed by hand");
    for (body, sentence) in [
        (json!({}), "reason is required"),
        (json!({"reason": " "}), "reason must not be blank"),
        (json!({"reason": "x".repeat(1025)}), "reason must have at most 1024 characters"),
    ] {
        assert_eq!(wrong::<Resolution>(&body), [sentence]);
    }
}

#[test]
fn a_refusal_is_looked_at_again_after_a_day() {
    assert_eq!(PROBE_SECONDS, 86_400);
    // Whatever the rule: never less than three quarters of the full pause, nor none at all.
    for number in 0..1000_u128 {
        let rule = RuleId::from(Uuid::from_u128(number << 64 | number));
        assert!(
            (8..=10).contains(&pause_seconds(rule, 0))
                && (450..=600).contains(&pause_seconds(rule, u32::MAX))
        );
    }
}

#[test]
fn a_pause_ends_with_its_time_and_when_somebody_joins_or_leaves() {
    let failed = Rule {
        attempts: 1,
        generation: 3,
        failed_generation: Some(3),
        due_at: Some(at(60)),
        ..rule(Presence::Unknown, 0, 0, 0)
    };
    assert!(!failed.may_be_tried(at(59)) && failed.may_be_tried(at(60)));
    assert!(Rule { generation: 4, ..failed.clone() }.may_be_tried(at(0)));
    assert!(!Rule { failed_generation: None, ..failed.clone() }.may_be_tried(at(0)), "of an earlier version");
    assert!(Rule { attempts: 0, ..failed }.may_be_tried(at(0)));
}

#[test]
fn a_rule_is_known_by_its_id_while_it_may_be_there() {
    let id = Some(String::from("sgr-1"));
    for (presence, is_known) in [
        (Presence::Present, true),
        (Presence::Unknown, true),
        (Presence::Absent, false),
        (Presence::Foreign, false),
    ] {
        let rule = Rule { provider_rule_id: id.clone(), ..rule(presence, 0, 0, 0) };
        assert_eq!((rule.is_known_as("sgr-1"), rule.is_known_as("sgr-2")), (is_known, false), "{presence:?}");
    }
}
