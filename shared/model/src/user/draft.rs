//! A user as a request for their entry describes them.

use super::{User, email, name};
use crate::fields::{Fields, FromFields};
use crate::id::{ActivationId, EntryId, USER_ID_RULE, UserId};
use crate::time::Timestamp;

/// The members of `POST /users`.
#[derive(Debug, Clone)]
pub struct UserDraft {
    id: Option<UserId>,
    email: String,
    name: Option<String>,
}

impl FromFields for UserDraft {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = id(fields);
        let email = email(fields);
        let email = fields.require("email", email);
        let name = name(fields).flatten();
        Some(Self { id, email: email?, name })
    }
}

/// `id`: the `sub` of the person's tokens.
fn id(fields: &mut Fields) -> Option<UserId> {
    let text = fields.text("id")?;
    let id = UserId::parse(&text).ok();
    if id.is_none() {
        fields.refuse("id", format!("id {USER_ID_RULE}"));
    }
    id
}

impl UserDraft {
    /// The user, without links. A person who is known by an email only is invited. They have a generated id until their first token.
    #[must_use]
    pub fn create(&self, now: Timestamp) -> User {
        User {
            id: self.id.clone().unwrap_or_else(|| UserId::generate(now)),
            email: Some(self.email.clone()),
            name: self.name.clone(),
            is_active: true,
            is_invited: self.id.is_none(),
            role_ids: Vec::new(),
            resource_ids: Vec::new(),
            created_at: now,
            updated_at: now,
            entry: Some(EntryId::generate(now)),
            activation: Some(ActivationId::generate(now)),
        }
    }
}
