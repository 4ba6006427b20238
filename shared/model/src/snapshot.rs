//! Snapshots: what the audit log keeps of a created or deleted object. That is its representation, without secrets and of limited size.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api_key::ApiKey;
use crate::audit::MASK;
use crate::credential::Credential;
use crate::id::RoleId;
use crate::link::Link;
use crate::resource::Resource;
use crate::role::Role;
use crate::user::User;

/// Largest snapshot, in bytes of its JSON text. It is part of an audit row, and a transaction with a hundred writes takes 4 MB.
pub const SNAPSHOT_MAX_BYTES: usize = 32 * 1024;

/// Most removed ids of one kind that an audit row names. All of them are counted.
pub const REMOVED_NAMED_MAX: usize = 50;

/// An object whose creation and deletion are on record.
pub trait Recorded {
    /// The members of its representation that go on record.
    fn shown(&self) -> Map<String, Value>;
}

fn members(object: &impl Serialize, without: &[&str]) -> Map<String, Value> {
    let value = serde_json::to_value(object).unwrap_or(Value::Null);
    let Value::Object(mut members) = value else { return Map::new() };
    members.retain(|name, _| !without.contains(&name.as_str()));
    members
}

impl Recorded for Resource {
    fn shown(&self) -> Map<String, Value> {
        members(self, &[])
    }
}

/// Links have their own audit rows, and there may be thousands.
impl Recorded for Role {
    fn shown(&self) -> Map<String, Value> {
        members(self, &["resourceIds", "userIds"])
    }
}

impl Recorded for User {
    fn shown(&self) -> Map<String, Value> {
        members(self, &["roleIds", "resourceIds"])
    }
}

/// Also a readable value is left out: readers of the log may not be readers of the value.
impl Recorded for Credential {
    fn shown(&self) -> Map<String, Value> {
        let creator = &self.creator;
        let name = creator.name.clone().or_else(|| creator.email.clone());
        let shown = json!({
            "id": self.id.base58(), "uri": self.id.uri(), "name": self.name, "team": self.team.map(RoleId::base58),
            "description": self.description, "is_sensitive": self.is_sensitive,
            "value": self.has_value.then_some(MASK), "created_at": self.created_at, "updated_at": self.updated_at,
            "creator": {
                "id": creator.id.base58(), "email": creator.email,
                "name": name.unwrap_or_else(|| creator.id.to_string()),
            },
            "provider": self.provider, "credential_type": self.credential_type,
        });
        members(&shown, &[])
    }
}

/// Neither the text of the key nor its digest: both are secret.
impl Recorded for ApiKey {
    fn shown(&self) -> Map<String, Value> {
        let shown = json!({
            "id": self.id.to_string(), "name": self.name, "description": self.description,
            "keyPrefix": self.prefix(), "scopes": self.scopes, "expiresAt": self.expires_at,
            "createdByEmail": self.created_by.email, "createdAt": self.created_at,
        });
        members(&shown, &[])
    }
}

/// The `details` of a creation or a deletion: `{"object": …}`, and in `cut` the members without room.
#[must_use]
pub fn snapshot(object: &impl Recorded) -> Map<String, Value> {
    within(object.shown(), SNAPSHOT_MAX_BYTES)
}

/// Leaves out the largest members until the others fit.
fn within(mut members: Map<String, Value>, most: usize) -> Map<String, Value> {
    let bytes = |value: &Value| value.to_string().len();
    let mut cut = Vec::new();
    while members.iter().map(|(name, value)| name.len() + bytes(value)).sum::<usize>() > most {
        let largest = members.iter().max_by_key(|(_, value)| bytes(value)).map(|(name, _)| name.clone());
        let Some(name) = largest else { break };
        members.remove(&name);
        cut.push(Value::from(name));
    }
    let mut details = [(String::from("object"), Value::Object(members))].into_iter().collect();
    if !cut.is_empty() {
        Map::insert(&mut details, "cut".into(), cut.into());
    }
    details
}

/// What a deletion removed beside the object, by kind: `{"roles": {"count": 54, "ids": […]}}`.
fn removed<const KINDS: usize>(kinds: [(&str, Vec<String>); KINDS]) -> Map<String, Value> {
    let counted = |(kind, mut ids): (&str, Vec<String>)| {
        let count = ids.len();
        ids.truncate(REMOVED_NAMED_MAX);
        (String::from(kind), json!({"count": count, "ids": ids}))
    };
    let kinds: Map<String, Value> = kinds.into_iter().map(counted).collect();
    [(String::from("removed"), Value::Object(kinds))].into_iter().collect()
}

/// The id of a link's other side, if the link is of the kind.
type OtherSide = fn(&Link) -> Option<String>;

/// The `details` of a deletion: the object, and the other sides of its links, by kind.
#[must_use]
pub fn deletion<const KINDS: usize>(
    object: Map<String, Value>,
    links: &[Link],
    kinds: [(&str, OtherSide); KINDS],
) -> Map<String, Value> {
    let mut details = object;
    details.extend(removed(kinds.map(|(kind, side)| (kind, links.iter().filter_map(side).collect()))));
    details
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Large(usize);

    impl Recorded for Large {
        fn shown(&self) -> Map<String, Value> {
            let config = json!({"id": 7, "config": {"a": "x".repeat(self.0)}, "name": "DB"});
            members(&config, &[])
        }
    }

    #[test]
    fn a_snapshot_has_a_bound_and_says_what_was_cut() {
        let small = json!({"object": {"id": 7, "config": {"a": "x"}, "name": "DB"}});
        assert_eq!(Value::Object(snapshot(&Large(1))), small);
        let cut = json!({"object": {"id": 7, "name": "DB"}, "cut": ["config"]});
        for length in [SNAPSHOT_MAX_BYTES, 64 * 1024, 400 * 1024] {
            assert_eq!(Value::Object(snapshot(&Large(length))), cut, "{length}");
        }
        let whole = Value::Object(snapshot(&Large(SNAPSHOT_MAX_BYTES - 100)));
        assert_eq!((whole.get("cut"), whole["object"]["config"].is_object()), (None, true));
        let many: Map<String, Value> =
            (0..5000).map(|number| (number.to_string(), json!("xxxxxxxx"))).collect();
        let kept = Value::Object(within(many, 1000)["object"].as_object().unwrap().clone()).to_string();
        assert!(kept.len() < 2000, "{}", kept.len());
    }

    #[test]
    fn what_was_removed_is_counted_and_the_first_are_named() {
        let ids: Vec<_> = (0..REMOVED_NAMED_MAX + 1).map(|number| number.to_string()).collect();
        let removed = Value::Object(removed([("roles", ids.clone()), ("users", Vec::new())]));
        let named: Vec<_> = ids.iter().take(REMOVED_NAMED_MAX).collect();
        let expected = json!({"roles": {"count": 51, "ids": named}, "users": {"count": 0, "ids": []}});
        assert_eq!(removed, json!({"removed": expected}));
    }
}
