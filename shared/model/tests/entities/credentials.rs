//! Creation and update of a credential.

use model::audit::MASK;
use model::credential::{
    Creator, Credential, CredentialChange, CredentialDraft, CredentialType, CredentialUpdate, ValueChange,
};
use model::id::{CredentialId, OrgId, RoleId, UserId};
use model::principal::{Actor, ActorType};
use model::provider::Provider;
use model::secret::SecretJson;
use serde_json::{Value, json};

use crate::credential_fields::{json_field, sent};
use crate::{at, names};

pub(crate) fn credential(name: &str, is_sensitive: bool) -> Credential {
    Credential {
        id: CredentialId::generate(at(0)),
        name: name.into(),
        team: None,
        description: "d".into(),
        is_sensitive,
        has_value: true,
        provider: Provider::Aws,
        credential_type: None,
        creator: Creator { id: UserId::parse("ada").unwrap(), email: None, name: None },
        created_at: at(0),
        updated_at: at(0),
    }
}

const ROLE: &str = "arn:aws:iam::123456789012:role/postern";

fn acme() -> OrgId {
    OrgId::parse("acme").unwrap()
}

fn draft(body: Value) -> CredentialDraft {
    let names = ["name", "value", "is_sensitive", "team", "credential_type"];
    let fields = names.into_iter().filter_map(|name| Some((name, json_field(body.get(name)?))));
    CredentialDraft::read(&sent(fields)).unwrap()
}

fn patch(body: &Value) -> CredentialUpdate {
    let names = ["name", "team", "description", "is_sensitive", "value", "provider", "credential_type"];
    let fields = names.into_iter().filter_map(|name| Some((name, json_field(body.get(name)?))));
    CredentialUpdate::read_partial(&sent(fields)).unwrap()
}

fn applied(body: &Value, stored: &Credential) -> CredentialChange {
    patch(body).apply(stored, &acme(), at(60)).unwrap()
}

#[test]
fn an_update_changes_what_it_names() {
    let stored = credential("n", true);
    let team = "BWBeN28Vb7cMEx7Ym8AUzs";
    let key = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    for (body, changed) in [
        (json!({}), vec![]),
        (
            json!({"name": "n", "team": null, "description": "d", "is_sensitive": true, "provider": "AWS"}),
            vec![],
        ),
        (json!({"name": "m"}), vec!["name"]),
        (json!({"team": team}), vec!["team"]),
        (json!({"description": ""}), vec!["description"]),
        (json!({"credential_type": "ACCESS_KEY", "value": key}), vec!["value", "credential_type"]),
        (json!({"value": "x", "is_sensitive": false}), vec!["is_sensitive", "value"]),
    ] {
        let change = applied(&body, &stored);
        assert_eq!(names(&change.changes), changed, "{body}");
        assert_eq!(change.credential.updated_at, at(if changed.is_empty() { 0 } else { 60 }), "{body}");
    }
    let all =
        json!({"name": "m", "team": team, "description": "e", "credential_type": "ACCESS_KEY", "value": key});
    let after = applied(&all, &stored).credential;
    assert_eq!((after.name.as_str(), after.description.as_str()), ("m", "e"));
    assert_eq!(after.team.map(RoleId::base58).as_deref(), Some(team));
    assert_eq!(after.credential_type, Some(CredentialType::AccessKey));
    let with_all = applied(&json!({}), &after).credential;
    assert_eq!((with_all.team, with_all.credential_type), (after.team, after.credential_type));
    let cleared = applied(&json!({"team": null, "credential_type": null}), &after).credential;
    assert_eq!((cleared.team, cleared.credential_type), (None, None));
    assert!(patch(&all).team().is_some() && patch(&json!({"team": null})).team().is_none());
}

#[test]
fn what_becomes_of_the_value_depends_on_who_may_read_it() {
    let (secret, shown) = (credential("n", true), credential("n", false));
    let empty = Credential { has_value: false, ..shown.clone() };
    for (stored, body, becomes, has_value, is_recorded) in [
        (&secret, json!({}), "keep", true, false),
        (&secret, json!({"value": null}), "keep", true, false),
        (&secret, json!({"value": "x"}), "replace", true, true),
        (&shown, json!({"is_sensitive": true}), "keep", true, false),
        (&shown, json!({"value": null, "is_sensitive": true}), "keep", true, false),
        (&shown, json!({"value": null}), "clear", false, true),
        (&empty, json!({"value": null}), "clear", false, false),
        (&empty, json!({"name": "m"}), "keep", false, false),
        (&empty, json!({"value": "x"}), "replace", true, true),
    ] {
        let change = applied(&body, stored);
        let found = match &change.value {
            ValueChange::Keep => "keep",
            ValueChange::Clear => "clear",
            ValueChange::Replace(value) => {
                assert_eq!(value.expose(), "\"x\"");
                "replace"
            }
        };
        assert_eq!((found, change.credential.has_value), (becomes, has_value), "{body}");
        let recorded = change.changes.iter().find(|change| change.field == "value");
        assert_eq!(recorded.is_some(), is_recorded, "{body}");
        assert!(recorded.is_none_or(|change| change.from == MASK && change.to == MASK), "{body}");
    }
}

#[test]
fn what_an_update_must_not_do_is_refused() {
    let stored = credential("n", true);
    let readable = "A new value is required to make a sensitive credential readable.";
    for body in [json!({"is_sensitive": false}), json!({"is_sensitive": false, "value": null})] {
        let wrong = patch(&body).apply(&stored, &acme(), at(60)).unwrap_err();
        assert_eq!(wrong.iter().collect::<Vec<_>>(), [("non_field_errors", readable)]);
    }
}

#[test]
fn a_credential_is_a_secret_unless_said_otherwise() {
    let actor = Actor {
        org: acme(),
        kind: ActorType::User,
        id: UserId::parse("ada").unwrap(),
        email: Some("ada@acme.example".into()),
        name: Some("Ada".into()),
        api_key: None,
        ip_address: None,
        request_id: None,
        idempotency: None,
    };
    let (made, value) = draft(json!({"name": "n", "value": {"a": 1}})).create(&actor, at(5)).unwrap();
    assert!(made.is_sensitive && made.has_value);
    assert_eq!(value.as_ref().map(SecretJson::expose), Some(r#"{"a":1}"#));
    assert_eq!((made.provider, made.credential_type, made.team), (Provider::Aws, None, None));
    assert_eq!((made.created_at, made.updated_at, made.description.as_str()), (at(5), at(5), ""));
    assert_eq!(made.creator, actor.as_creator());
    assert_eq!(made.creator.email.as_deref(), Some("ada@acme.example"));
    let open =
        draft(json!({"name": "n", "value": null, "is_sensitive": false, "team": "BWBeN28Vb7cMEx7Ym8AUzs"}));
    let (made, value) = open.create(&actor, at(5)).unwrap();
    assert!(!made.is_sensitive && !made.has_value && value.is_none());
    assert_eq!((made.team, open.team().map(|team| team.id)), (open.team().map(|team| team.id), made.team));
    assert!(made.team.is_some());
    let refused = draft(json!({"name": "n", "value": null})).create(&actor, at(5)).unwrap_err();
    assert_eq!(refused.iter().collect::<Vec<_>>(), [("value", "This field may not be null.")]);
}

#[test]
fn only_what_is_not_sensitive_is_shown() {
    let shown = |is_sensitive, value: Option<&str>| {
        let value = value.map(|value| SecretJson::new(value.into()));
        credential("n", is_sensitive).readable(value).map(|readable| readable.json().to_owned())
    };
    assert_eq!(shown(true, Some("1")), None);
    assert_eq!(shown(false, Some("[1]")).as_deref(), Some("[1]"));
    assert_eq!(shown(false, None), None);
}

#[test]
fn types_have_one_spelling() {
    for (text, kind) in [
        ("ASSUME_ROLE", Some(CredentialType::AssumeRole)),
        ("ACCESS_KEY", Some(CredentialType::AccessKey)),
        ("access_key", None),
        ("", None),
    ] {
        assert_eq!(CredentialType::parse(text), kind, "{text}");
        assert!(kind.is_none_or(|kind| serde_json::to_value(kind).unwrap() == text), "{text}");
    }
}

#[test]
fn the_external_id_of_a_role_is_the_organizations_own() {
    let plain = credential("n", true);
    let role = Credential { credential_type: Some(CredentialType::AssumeRole), ..plain.clone() };
    let empty = Credential { has_value: false, ..plain.clone() };
    let own = json!({"roleArn": ROLE, "externalId": "postern:acme"});
    let other = json!({"roleArn": ROLE, "externalId": "postern:globex"});
    for (stored, body) in [
        (&role, json!({"value": own})),
        (&role, json!({"value": {"roleArn": ROLE}})),
        (&role, json!({"name": "m"})),
        (&role, json!({"value": other, "credential_type": null})),
        (&plain, json!({"value": other})),
        (&plain, json!({"value": own, "credential_type": "ASSUME_ROLE"})),
        (&empty, json!({"credential_type": "ASSUME_ROLE"})),
    ] {
        assert!(patch(&body).apply(stored, &acme(), at(60)).is_ok(), "{body}");
    }
    let fault = [("value", "externalId must be \"postern:acme\", or left out.")];
    for (stored, body) in [
        (&role, json!({"value": other})),
        (&role, json!({"value": {"roleArn": ROLE, "externalId": "x"}})),
        (&plain, json!({"value": other, "credential_type": "ASSUME_ROLE"})),
    ] {
        let wrong = patch(&body).apply(stored, &acme(), at(60)).unwrap_err();
        assert_eq!(wrong.iter().collect::<Vec<_>>(), fault, "{body}");
    }
    // What is sealed already was not checked when it was written.
    for kind in ["ASSUME_ROLE", "ACCESS_KEY"] {
        let unseen = patch(&json!({"credential_type": kind})).apply(&plain, &acme(), at(60)).unwrap_err();
        let needs = format!("A new value is required when credential_type becomes {kind}.");
        assert_eq!(unseen.iter().collect::<Vec<_>>(), [("value", needs.as_str())]);
        assert!(patch(&json!({"credential_type": kind})).apply(&empty, &acme(), at(60)).is_ok());
    }
    let body = json!({"name": "n", "credential_type": "ASSUME_ROLE", "value": other});
    let wrong = draft(body).create(&Actor::system(acme()), at(5)).unwrap_err();
    assert_eq!(wrong.iter().collect::<Vec<_>>(), fault);
    assert!(draft(json!({"name": "n", "value": other})).create(&Actor::system(acme()), at(5)).is_ok());
}

#[test]
fn only_what_a_provider_is_asked_with_changes_its_access() {
    let assume = Some(CredentialType::AssumeRole);
    let (key, role) = (json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"}), json!({"roleArn": ROLE}));
    for (stored, body, changes) in [
        (None, json!({"value": "x"}), false),
        (None, json!({"credential_type": "ACCESS_KEY", "value": key}), true),
        (assume, json!({}), false),
        (assume, json!({"name": "m", "value": null}), false),
        (assume, json!({"credential_type": "ASSUME_ROLE"}), false),
        (assume, json!({"value": role}), true),
        (assume, json!({"value": role.to_string()}), true),
        (assume, json!({"credential_type": "ACCESS_KEY", "value": key}), true),
        (assume, json!({"credential_type": null}), true),
    ] {
        let stored = Credential { credential_type: stored, ..credential("n", true) };
        assert_eq!(applied(&body, &stored).changes_access(&stored), changes, "{stored:?} {body}");
    }
    let clear = json!({"value": null});
    for (has_value, changes) in [(true, true), (false, false)] {
        let stored = Credential { credential_type: assume, has_value, ..credential("n", false) };
        assert_eq!(applied(&clear, &stored).changes_access(&stored), changes, "{has_value}");
    }
}
