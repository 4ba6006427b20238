//! Creation and update of a resource.

use model::id::CredentialId;
use model::provider::{Provider, ResourceType};
use model::resource::{Applied, CONFIG_MAX_BYTES, NewCredential, Resource, ResourceDraft, ResourcePatch};
use serde_json::{Value, json};

use crate::{at, names, read, sentences, wrong};

const CREDENTIAL: &str = "550e8400-e29b-41d4-a716-446655440000";
const OTHER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

fn draft() -> Value {
    json!({"name": "DB", "credentialId": CREDENTIAL, "provider": "AWS", "resourceType": "SECURITY_GROUP",
           "resourceIdentifier": "sg-0abc123def4567890", "region": "eu-central-1",
           "config": {"protocol": "tcp", "port": 5432}})
}

fn draft_with(name: &str, value: Value) -> Value {
    let mut body = draft();
    body[name] = value;
    body
}

fn resource() -> Resource {
    read::<ResourceDraft>(&draft()).unwrap().create("key", at(0))
}

fn applied(body: &Value, credential: Option<&NewCredential>) -> Result<Applied, Vec<String>> {
    let patch = read::<ResourcePatch>(body).map_err(|wrong| sentences(&wrong))?;
    patch.apply(&resource(), credential, at(60)).map_err(|wrong| sentences(&wrong))
}

/// A config whose JSON text has so many bytes.
fn config_of(bytes: usize) -> Value {
    json!({"x": "x".repeat(bytes - r#"{"x":""}"#.len())})
}

#[test]
fn a_new_resource_is_what_was_said_and_not_active() {
    let made = resource();
    let shown = serde_json::to_value(&made).unwrap();
    let mut expected = draft();
    for (name, value) in [
        ("id", json!(made.id.to_string())),
        ("credentialName", json!("key")),
        ("isActive", json!(false)),
        ("lastVerifiedAt", json!(null)),
        ("createdAt", json!("2026-02-18T10:30:00Z")),
        ("updatedAt", json!("2026-02-18T10:30:00Z")),
    ] {
        expected[name] = value;
    }
    assert_eq!(shown, expected);
    for config in [json!(null), json!({})] {
        let made = read::<ResourceDraft>(&draft_with("config", config)).unwrap().create("key", at(0));
        assert!(made.config.is_empty());
    }
}

#[test]
fn what_a_draft_lacks_is_named() {
    let region = "region is required";
    for (member, sentences) in [
        ("name", vec!["name is required"]),
        ("credentialId", vec!["credentialId is required"]),
        ("provider", vec!["provider is required"]),
        ("resourceType", vec!["resourceType is required"]),
        ("resourceIdentifier", vec!["resourceIdentifier is required"]),
        ("region", vec![region]),
        ("config", vec![]),
    ] {
        let mut body = draft();
        let _ = body.as_object_mut().unwrap().shift_remove(member);
        assert_eq!(wrong::<ResourceDraft>(&body), sentences, "{member}");
    }
    let all = ["name", "credentialId", "provider", "resourceType", "resourceIdentifier"];
    assert_eq!(wrong::<ResourceDraft>(&json!({})), all.map(|name| format!("{name} is required")));
}

#[test]
fn what_is_wrong_with_a_draft_is_named() {
    let long = "config must have at most 16384 bytes";
    for (member, value, sentence) in [
        ("name", json!(" "), "name must not be blank"),
        ("credentialId", json!("x"), "credentialId must be a UUID, a Base58 id or a credentials:// URI"),
        ("credentialId", json!(1), "credentialId must be a string"),
        ("provider", json!("GCP"), "provider must be one of: AWS"),
        ("resourceType", json!("VPC"), "resourceType must be one of: SECURITY_GROUP"),
        ("resourceIdentifier", json!("sg-1"), "Invalid resource identifier format"),
        ("resourceIdentifier", json!(null), "resourceIdentifier must not be null"),
        ("region", json!("mars"), "region must be a region of the provider, such as eu-central-1"),
        ("config", json!([]), "config must be an object"),
        ("config", json!("x"), "config must be an object"),
        ("config", json!({"protocol": "http"}), "config.protocol must be tcp, udp, icmp or all"),
        ("config", config_of(16_385), long),
        ("isActive", json!(true), "Unknown field: isActive"),
    ] {
        assert_eq!(wrong::<ResourceDraft>(&draft_with(member, value.clone())), [sentence], "{member}");
        if member != "isActive" && !["provider", "resourceType"].contains(&member) {
            assert_eq!(wrong::<ResourcePatch>(&json!({ member: value })), [sentence], "{member} of a patch");
        }
    }
    assert_eq!(CONFIG_MAX_BYTES, 16_384);
    for largest in [config_of(16_384), config_of(10)] {
        assert!(wrong::<ResourceDraft>(&draft_with("config", largest)).is_empty());
    }
}

#[test]
fn a_credential_is_named_in_any_spelling() {
    for spelling in [CREDENTIAL, "BWBeN28Vb7cMEx7Ym8AUzs", "credentials://BWBeN28Vb7cMEx7Ym8AUzs"] {
        let draft = read::<ResourceDraft>(&draft_with("credentialId", json!(spelling))).unwrap();
        assert_eq!(draft.credential_id, CredentialId::parse(CREDENTIAL).unwrap());
        assert_eq!(draft.provider, Provider::Aws);
    }
}

#[test]
fn a_patch_changes_what_it_names() {
    let read_only =
        json!({"id": 1, "credentialName": 1, "lastVerifiedAt": 1, "createdAt": 1, "updatedAt": 1});
    for (body, changed) in [
        (json!({}), vec![]),
        (draft_with("isActive", json!(false)), vec![]),
        (read_only, vec![]),
        (json!({"name": "DB 2"}), vec!["name"]),
        (json!({"resourceIdentifier": "sg-0abc123d"}), vec!["resourceIdentifier"]),
        (json!({"region": "us-east-1"}), vec!["region"]),
        (json!({"isActive": true}), vec!["isActive"]),
        (json!({"config": {"port": 5432}}), vec!["config"]),
        (json!({"config": null}), vec!["config"]),
    ] {
        let applied = applied(&body, None).unwrap();
        assert_eq!(names(&applied.changes), changed, "{body}");
        assert_eq!(applied.resource.updated_at, at(if changed.is_empty() { 0 } else { 60 }), "{body}");
        let shown = serde_json::to_value(&applied.resource).unwrap();
        for name in changed {
            let expected = if body[name].is_null() { json!({}) } else { body[name].clone() };
            assert_eq!(shown[name], expected, "{body}");
        }
    }
}

#[test]
fn a_patch_may_switch_to_a_credential_of_the_same_provider() {
    let other = NewCredential { name: "other".into(), provider: Provider::Aws };
    let applied = applied(&json!({"credentialId": OTHER}), Some(&other)).unwrap();
    assert_eq!(names(&applied.changes), ["credentialId"]);
    let Resource { credential_id, credential_name, is_active, .. } = applied.resource;
    assert_eq!((credential_id.to_string().as_str(), credential_name.as_str()), (OTHER, "other"));
    assert!(!is_active);
}

#[test]
fn a_patch_cannot_change_provider_and_type() {
    for (member, same, other) in [("provider", "AWS", "GCP"), ("resourceType", "SECURITY_GROUP", "VPC")] {
        assert!(applied(&json!({ member: same }), None).unwrap().changes.is_empty());
        let refused = applied(&json!({ member: other }), None).unwrap_err();
        assert_eq!(refused, [format!("{member} cannot be changed after creation")]);
    }
    for member in
        ["name", "resourceIdentifier", "credentialId", "region", "isActive", "provider", "resourceType"]
    {
        assert_eq!(wrong::<ResourcePatch>(&json!({ member: null })), [format!("{member} must not be null")]);
    }
    assert_eq!(wrong::<ResourcePatch>(&json!({"x": 1})), ["Unknown field: x"]);
    assert_eq!(wrong::<ResourcePatch>(&json!({"isActive": 1})), ["isActive must be true or false"]);
}

#[test]
fn kinds_of_resources_have_one_spelling() {
    assert_eq!(Provider::Aws.to_string(), "AWS");
    assert_eq!((Provider::parse("AWS"), Provider::parse("aws")), (Some(Provider::Aws), None));
    let kind = ResourceType::SecurityGroup;
    assert_eq!(kind.to_string(), "SECURITY_GROUP");
    assert_eq!((ResourceType::parse("SECURITY_GROUP"), ResourceType::parse("")), (Some(kind), None));
    let config = json!({"ports": [22, 443]});
    assert_eq!(kind.openings(config.as_object().unwrap()).unwrap().len(), 2);
}
