//! Creation and update of a role.

use model::role::{AppliedToRole, Role, RoleDraft, RolePatch};
use serde_json::{Value, json};

use crate::{at, names, read, wrong};

fn role() -> Role {
    let body = json!({"name": "Engineers", "description": "all", "maxSessionDurationHours": 8});
    read::<RoleDraft>(&body).unwrap().create(at(0))
}

fn applied(body: &Value) -> AppliedToRole {
    read::<RolePatch>(body).unwrap().apply(&role(), at(60))
}

#[test]
fn a_new_role_is_what_was_said_and_empty() {
    let made = role();
    assert_eq!((made.name.as_str(), made.description.as_deref()), ("Engineers", Some("all")));
    assert_eq!(made.max_session_duration_hours, Some(8));
    assert!(made.resource_ids.is_empty() && made.user_ids.is_empty());
    assert_eq!((made.created_at, made.updated_at), (at(0), at(0)));
    for body in
        [json!({"name": "E"}), json!({"name": "E", "description": null, "maxSessionDurationHours": null})]
    {
        let made = read::<RoleDraft>(&body).unwrap().create(at(0));
        assert_eq!((made.description, made.max_session_duration_hours), (None, None), "{body}");
    }
}

#[test]
fn what_is_wrong_with_a_role_is_named() {
    let hours = "maxSessionDurationHours must be a whole number from 1 to 8784";
    for (member, value, sentences) in [
        ("name", json!(""), vec!["name must not be blank"]),
        ("description", json!("é".repeat(1024)), vec![]),
        ("description", json!("é".repeat(1025)), vec!["description must have at most 1024 characters"]),
        ("description", json!(1), vec!["description must be a string"]),
        ("maxSessionDurationHours", json!(1), vec![]),
        ("maxSessionDurationHours", json!(8784), vec![]),
        ("maxSessionDurationHours", json!(0), vec![hours]),
        ("maxSessionDurationHours", json!(8785), vec![hours]),
        ("maxSessionDurationHours", json!(1.5), vec![hours]),
        ("maxSessionDurationHours", json!("8"), vec![hours]),
        ("x", json!(1), vec!["Unknown field: x"]),
    ] {
        let mut body = json!({"name": "E"});
        body[member] = value.clone();
        assert_eq!(wrong::<RoleDraft>(&body), sentences, "{member}");
        assert_eq!(wrong::<RolePatch>(&json!({ member: value })), sentences, "{member} of a patch");
    }
    assert_eq!(wrong::<RoleDraft>(&json!({})), ["name is required"]);
}

#[test]
fn a_patch_changes_what_it_names() {
    for (body, changed) in [
        (json!({}), vec![]),
        (json!({"name": "Engineers", "description": "all", "maxSessionDurationHours": 8}), vec![]),
        (json!({"id": 1, "resourceIds": 1, "userIds": 1, "createdAt": 1, "updatedAt": 1}), vec![]),
        (json!({"name": "Ops"}), vec!["name"]),
        (json!({"description": null}), vec!["description"]),
        (json!({"maxSessionDurationHours": null}), vec!["maxSessionDurationHours"]),
        (
            json!({"description": "some", "maxSessionDurationHours": 9}),
            vec!["description", "maxSessionDurationHours"],
        ),
    ] {
        let applied = applied(&body);
        assert_eq!(names(&applied.changes), changed, "{body}");
        assert_eq!(applied.role.updated_at, at(if changed.is_empty() { 0 } else { 60 }), "{body}");
        let shown = serde_json::to_value(&applied.role).unwrap();
        for name in changed {
            assert_eq!(shown[name], body[name], "{body}");
        }
    }
}
