//! Users: the directory of an organization's people. The identity provider decides about identity, passwords and administrators.

mod draft;
mod email;
mod patch;

pub use draft::UserDraft;
pub use email::{EMAIL_MAX, email_key, is_email, is_same_mailbox};
pub use patch::{AppliedToUser, UserPatch};

use serde::Serialize;

use crate::fields::Fields;
use crate::id::{ActivationId, EntryId, ResourceId, RoleId, UserId};
use crate::principal::Principal;
use crate::text::{NAME_MAX, is_line};
use crate::time::Timestamp;

/// A person. Its JSON is the API's representation (docs/api.md).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The `sub` of the person's tokens.
    pub id: UserId,
    /// Unique in the organization, regardless of case. `None` only for people whose token had no usable email.
    pub email: Option<String>,
    /// For people, 1–255 characters.
    pub name: Option<String>,
    /// Whether the person may use Postern.
    pub is_active: bool,
    /// Whether this is an invitation: an administrator entered an email, and nobody has claimed it. Its id stands in for the person's
    /// (docs/adr/0038).
    #[serde(rename = "invited")]
    pub is_invited: bool,
    /// Their roles, in the order of the roles' creation.
    pub role_ids: Vec<RoleId>,
    /// The resources that they may open without a role, in the order of creation.
    pub resource_ids: Vec<ResourceId>,
    /// Creation.
    pub created_at: Timestamp,
    /// The last change of the user. Links do not change it.
    pub updated_at: Timestamp,
    /// Their entry in the directory. A new person with the same id has another one. Not shown.
    #[serde(skip)]
    pub entry: Option<EntryId>,
    /// The present activation, to which their new sessions belong. Not shown. `None` for an entry of an earlier version until its first
    /// deactivation.
    #[serde(skip)]
    pub activation: Option<ActivationId>,
}

impl User {
    /// A person who is new to the directory, with the values of their token.
    #[must_use]
    pub fn entered(principal: &Principal, now: Timestamp) -> Self {
        Self {
            id: principal.user.clone(),
            email: principal.email.clone().filter(|email| is_email(email)),
            name: principal.name.clone().filter(|name| is_line(name, NAME_MAX)),
            is_active: true,
            is_invited: false,
            role_ids: Vec::new(),
            resource_ids: Vec::new(),
            created_at: now,
            updated_at: now,
            entry: Some(EntryId::generate(now)),
            activation: Some(ActivationId::generate(now)),
        }
    }
}

impl Principal {
    /// The email that the identity provider has verified. It can claim an invitation.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|email| self.email_is_verified && is_email(email))
    }
}

/// `email`.
fn email(fields: &mut Fields) -> Option<String> {
    let text = fields.text("email")?;
    if is_email(&text) {
        return Some(text);
    }
    fields.refuse("email", "Invalid email format");
    None
}

/// `name`. `Some(None)` is an explicit `null`, which clears it.
fn name(fields: &mut Fields) -> Option<Option<String>> {
    if fields.clears("name") {
        return Some(None);
    }
    fields.line("name", NAME_MAX).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FromFields;
    use crate::id::OrgId;
    use crate::principal::ActorType;
    use crate::violation::Violations;
    use serde_json::{Value, json};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).unwrap()
    }

    fn read<T: FromFields>(body: &Value) -> Result<T, Violations> {
        Fields::read(body.as_object().unwrap().clone())
    }

    fn wrong<T: FromFields + std::fmt::Debug>(body: &Value) -> Vec<String> {
        let violations = read::<T>(body).unwrap_err();
        violations.iter().map(|(_, sentence)| sentence.into()).collect()
    }

    #[test]
    fn drafts_have_an_email_and_may_have_an_id_and_a_name() {
        let body = json!({"id": "auth0.ada", "email": "ada@acme.example", "name": "Ada"});
        let user = read::<UserDraft>(&body).unwrap().create(at(1000));
        assert_eq!((user.id.as_str(), user.email.as_deref()), ("auth0.ada", Some("ada@acme.example")));
        assert!(user.is_active && user.role_ids.is_empty() && user.resource_ids.is_empty());
        let user =
            read::<UserDraft>(&json!({"email": "a@b.example", "name": null})).unwrap().create(at(1000));
        assert_eq!((user.id.as_str().len(), user.name), (36, None));
    }

    #[test]
    fn everything_that_is_wrong_with_a_draft_is_named() {
        for (body, sentences) in [
            (json!({}), vec!["email is required"]),
            (json!({"email": "x"}), vec!["Invalid email format"]),
            (json!({"email": null}), vec!["email must not be null"]),
            (
                json!({"id": "a b", "email": "a@b.example", "name": ""}),
                vec![
                    "id must have 1 to 128 letters, digits or -._~!$&'()*+;=:@|/\\",
                    "name must not be blank",
                ],
            ),
            (json!({"email": "a@b.example", "isOrgAdmin": true}), vec!["Unknown field: isOrgAdmin"]),
        ] {
            assert_eq!(wrong::<UserDraft>(&body), sentences, "{body}");
        }
    }

    #[test]
    fn patches_change_what_they_name() {
        let body = json!({"email": "ada@acme.example", "name": "Ada"});
        let user = read::<UserDraft>(&body).unwrap().create(at(1000));
        for (body, fields) in [
            (json!({}), vec![]),
            (json!({"name": "Ada", "isActive": true, "id": "x", "roleIds": [1], "createdAt": 1}), vec![]),
            (json!({"name": null}), vec!["name"]),
            (
                json!({"email": "b@acme.example", "name": "B", "isActive": false}),
                vec!["email", "name", "isActive"],
            ),
        ] {
            let applied = read::<UserPatch>(&body).unwrap().apply(&user, at(2000));
            assert_eq!(
                applied.changes.iter().map(|change| change.field).collect::<Vec<_>>(),
                fields,
                "{body}"
            );
            let expected = if fields.is_empty() { at(1000) } else { at(2000) };
            assert_eq!(applied.user.updated_at, expected, "{body}");
        }
        assert_eq!(wrong::<UserPatch>(&json!({"isActive": 1})), ["isActive must be true or false"]);
    }

    #[test]
    fn who_enters_by_a_token_keeps_what_is_usable_of_it() {
        let principal = |email: Option<&str>, name: Option<&str>| Principal {
            org: OrgId::parse("acme").unwrap(),
            user: UserId::parse("ada").unwrap(),
            is_org_admin: false,
            email: email.map(String::from),
            email_is_verified: false,
            name: name.map(String::from),
            kind: ActorType::User,
        };
        let user = User::entered(&principal(Some("ada@acme.example"), Some("Ada")), at(1));
        assert_eq!((user.email.as_deref(), user.name.as_deref()), (Some("ada@acme.example"), Some("Ada")));
        for (email, name) in [
            (None, None),
            (Some("x"), Some("  ")),
            (Some(""), Some("a\u{7}")),
            (None, Some("\u{3164}")),
            (None, Some("a\u{2028}")),
        ] {
            let user = User::entered(&principal(email, name), at(1));
            assert_eq!((user.email, user.name), (None, None));
        }
    }
}
