//! One of each key, as it stands in the table.

use model::id::{
    ApiKeyId, AuditId, CredentialId, EntryId, OrgId, ResourceId, RoleId, RuleId, SessionId, UserId,
};
use model::ingress::{GroupRef, Ingress};
use std::collections::BTreeSet;
use store::Payer;
use store::keys::{self, Assignee, Key, ListingKey, Round};
use support::{START_MILLIS, at_millis};
use uuid::Uuid;

use crate::repository::{list, read};

/// A UUID whose every digit is this one.
fn all(digit: u128) -> Uuid {
    Uuid::from_u128(0x1111_1111_1111_1111_1111_1111_1111_1111 * digit)
}

fn table(rows: &[(&str, Key)]) -> String {
    let width = rows.iter().map(|(_, key)| key.pk.len()).max().unwrap();
    rows.iter().map(|(function, Key { pk, sk })| format!("{function:<28} {pk:<width$}  {sk}\n")).collect()
}

fn listing(ListingKey { pk, sk }: ListingKey) -> Key {
    Key { pk, sk }
}

fn partition(pk: String) -> Key {
    Key { pk, sk: "…".into() }
}

/// The sort keys between two bounds, in the audit log.
fn between(org: &OrgId, (from, to): (String, String)) -> Key {
    Key { pk: keys::audit_partition(org), sk: format!("{from} to {to}") }
}

/// A line for each function of `store::keys`.
fn rows() -> Vec<(&'static str, Key)> {
    let org = OrgId::parse("acme").unwrap();
    let (resource, role, credential) =
        (ResourceId::from(all(1)), RoleId::from(all(2)), CredentialId::from(all(3)));
    let (session, audit) = (SessionId::from(all(4)), AuditId::from(all(5)));
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() };
    let ssh = Ingress::parse("203.0.113.7|tcp|22-22").unwrap();
    let alice = UserId::parse("auth0.alice").unwrap();
    let (in_role, user) = (Assignee::Role(role), Assignee::User(alice.clone()));
    vec![
        ("resource_partition", partition(keys::resource_partition(&org, resource))),
        ("resource", keys::resource(&org, resource)),
        ("link_of_resource, role", keys::link_of_resource(&org, resource, &in_role)),
        ("link_of_resource, user", keys::link_of_resource(&org, resource, &user)),
        ("shard_of_resource", keys::shard_of_resource(&org, resource, 3)),
        ("shard_of_role", keys::shard_of_role(&org, role, 3)),
        ("assignee_partition, role", partition(keys::assignee_partition(&org, &in_role))),
        ("assignee, role", keys::assignee(&org, &in_role)),
        ("role", keys::role(&org, role)),
        ("link_of_role", keys::link_of_role(&org, role, resource)),
        ("member_of_role", keys::member_of_role(&org, role, &alice)),
        ("role_name", keys::role_name(&org, "On call, #1")),
        ("assignee_partition, user", partition(keys::assignee_partition(&org, &user))),
        ("assignee, user", keys::assignee(&org, &user)),
        ("user", keys::user(&org, &alice)),
        ("remains", keys::remains(&org, &alice)),
        ("session_of_user", keys::session_of_user(&org, &alice, session)),
        ("ending", keys::ending(&org, &alice)),
        ("session_partition", partition(keys::session_partition(&org, session))),
        ("session", keys::session(&org, session)),
        ("session_rows", keys::session_rows(&org, session, 1)),
        ("group_partition", partition(keys::group_partition(&org, &group))),
        ("group", keys::group(&org, &group)),
        ("rule", keys::rule(&org, &group, &ssh)),
        ("email", keys::email(&org, "alice@acme.example")),
        ("api_key", keys::api_key(&org, ApiKeyId::from(all(6)))),
        ("idempotency", keys::idempotency(&org, &alice, "4f5e")),
        ("credential_partition", partition(keys::credential_partition(&org, credential))),
        ("credential", keys::credential(&org, credential)),
        ("reference", keys::reference(&org, credential, resource)),
        ("closings", keys::closings(&org)),
        ("former_value", keys::former_value(&org, credential, 7)),
        ("value_change", keys::value_change(&org, credential)),
        ("audit_partition", partition(keys::audit_partition(&org))),
        ("audit", keys::audit(&org, at_millis(START_MILLIS), audit)),
        (
            "audit_between",
            between(&org, keys::audit_between(Some(at_millis(0)), Some(at_millis(START_MILLIS)))),
        ),
        ("audit_between, open", between(&org, keys::audit_between(None, None))),
        ("audit, before", {
            let key = keys::audit(&org, at_millis(START_MILLIS), audit);
            Key { sk: keys::before(&key.sk), ..key }
        }),
        ("resources, listed", listing(keys::listed(keys::resources(&org), resource))),
        ("roles, listed", listing(keys::listed(keys::roles(&org), role))),
        ("roles, behind", {
            let ListingKey { pk, sk } = keys::listed(keys::roles(&org), role);
            Key { pk, sk: keys::behind(&sk) }
        }),
        ("roles, listed_behind", {
            let link = keys::link_of_role(&org, role, resource);
            listing(keys::listed_behind(keys::roles(&org), role, &link))
        }),
        ("users, listed", listing(keys::listed(keys::users(&org), EntryId::from(all(7))))),
        ("api_keys, listed", listing(keys::listed(keys::api_keys(&org), ApiKeyId::from(all(6))))),
        ("sessions, listed", listing(keys::listed(keys::sessions(&org), session))),
        ("rules, listed_rule", listing(keys::listed_rule(&org, RuleId::from(all(8))))),
        ("credentials, listed", listing(keys::listed(keys::credentials(&org), credential))),
        ("credentials, listed_behind", {
            let reference = keys::reference(&org, credential, resource);
            listing(keys::listed_behind(keys::credentials(&org), credential, &reference))
        }),
    ]
}

/// A partition of each kind, those of the table's indexes left out.
pub(crate) fn partitions() -> Vec<String> {
    let listed = |name: &str| name.contains("listed") || name.contains("behind");
    rows().into_iter().filter(|(name, _)| !listed(name)).map(|(_, key)| key.pk).collect()
}

#[test]
fn keys() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("key_table", table(&rows()));
    });
}

#[test]
fn every_key_function_has_a_line() {
    let files = list("shared/store/src/table/keys");
    let source: String =
        files.iter().map(|file| read(&format!("shared/store/src/table/keys/{file}"))).collect();
    let functions = source.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('(').next());
    let rows = rows();
    let covered = |function: &str| rows.iter().any(|(name, _)| name.split(", ").any(|word| word == function));
    let missing: Vec<_> =
        functions.filter(|function| !covered(function) && !OF_NOBODY.contains(function)).collect();
    assert!(missing.is_empty(), "tests/contract/key_table.rs: add a line for {missing:?}");
}

#[test]
fn every_key_begins_with_its_organization() {
    for (function, key) in rows() {
        assert!(key.pk.starts_with("ORG#acme#"), "{function}: {}", key.pk);
    }
}

#[test]
fn objects_come_first_in_their_partition() {
    let rows = rows();
    for (_, object) in rows.iter().filter(|(_, key)| key.sk.starts_with('#')) {
        let others = rows.iter().filter(|(_, key)| key.pk == object.pk && key.sk != object.sk);
        assert!(others.into_iter().all(|(_, other)| object.sk < other.sk), "{object:?}");
    }
}

/// What belongs to Postern and not to an organization: keys of the index of what is due, and what is read out of keys.
const OF_NOBODY: [&str; 12] = [
    "bucket",
    "sign_ins",
    "deployment",
    "due_partition",
    "due_shard",
    "due_time",
    "credential_of_partition",
    "group_of_partition",
    "session_of_partition",
    "user_of_partition",
    "resource_of_partition",
    "listed",
];

#[test]
fn what_is_due_names_nobody_and_leads_back_to_the_item() {
    let (org, now) = (OrgId::parse("acme").unwrap(), at_millis(START_MILLIS));
    assert_eq!(keys::due_partition(Round::Sweep, 3), "DUE#SWEEP#3");
    assert_eq!(keys::due_partition(Round::Reconcile, 0), "DUE#RECONCILE#0");
    assert_eq!(keys::due_time(now), "001771410600000");
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() };
    let partition = keys::group_partition(&org, &group);
    assert_eq!(keys::group_of_partition(&partition), Some((org.clone(), group)));
    let (session, resource) = (SessionId::from(all(4)), ResourceId::from(all(1)));
    let partition = keys::session_partition(&org, session);
    assert_eq!(keys::session_of_partition(&partition), Some((org.clone(), session)));
    let alice = UserId::parse("auth0.alice").unwrap();
    let partition = keys::assignee_partition(&org, &Assignee::User(alice.clone()));
    assert_eq!(keys::user_of_partition(&partition), Some((org.clone(), alice)));
    let partition = keys::resource_partition(&org, resource);
    assert_eq!(keys::resource_of_partition(&partition), Some((org.clone(), resource)));
    let credential = CredentialId::from(all(3));
    let partition = keys::credential_partition(&org, credential);
    assert_eq!(keys::credential_of_partition(&partition), Some((org.clone(), credential)));
    for other in ["", "ORG#acme", "ORG#acme#ROLE#1", "DUE#SWEEP#0", "ORG#a/b#SESSION#1"] {
        assert!(keys::group_of_partition(other).is_none() && keys::session_of_partition(other).is_none());
    }
    let shards: BTreeSet<_> = (0..500)
        .map(|number| keys::due_shard(&keys::session(&org, Uuid::from_u128(number).into())))
        .collect();
    assert_eq!(shards.len(), usize::from(keys::DUE_SHARDS));
}

#[test]
fn a_bucket_is_in_a_partition_of_its_own() {
    let org = OrgId::parse("acme").unwrap();
    for (payer, pk) in [
        (Payer::User(org.clone(), UserId::parse("auth0|alice").unwrap()), "RATE#acme#USER#auth0|alice"),
        (Payer::Key(org, ApiKeyId::from(all(6))), "RATE#acme#API_KEY#66666666-6666-6666-6666-666666666666"),
        (Payer::Address("2001:db8::/64".into()), "RATE##ADDRESS#2001:db8::/64"),
    ] {
        assert_eq!(keys::bucket(&payer), Key { pk: pk.into(), sk: "#BUCKET".into() });
    }
}

#[test]
fn failed_sign_ins_are_of_no_organization() {
    for (millis, address, day, place) in [
        (START_MILLIS, "203.0.113.7", "2026-02-18", "10:30#203.0.113.7"),
        (START_MILLIS + 59_999, "2001:db8::/64", "2026-02-18", "10:30#2001:db8::/64"),
        (START_MILLIS + 60_000, "unknown", "2026-02-18", "10:31#unknown"),
    ] {
        let expected = Key { pk: format!("RATE##SIGN_INS#{day}"), sk: place.into() };
        assert_eq!(keys::sign_ins(address, at_millis(millis)), expected);
    }
}

#[test]
fn a_link_names_its_holder() {
    let org = OrgId::parse("acme").unwrap();
    for holder in
        [Assignee::Role(RoleId::from(all(2))), Assignee::User(UserId::parse("auth0.alice").unwrap())]
    {
        let key = keys::link_of_resource(&org, ResourceId::from(all(1)), &holder);
        assert_eq!(Assignee::of_link(&key.sk), Some(holder));
    }
    for other in ["#RESOURCE", "HOLD#1", "ROLE#1", "ROLE#", "USER#", "USER#a#b", "ROLE", "", "GROUP#1"] {
        assert_eq!(Assignee::of_link(other), None, "{other}");
    }
}
