//! Creation and update of a credential, and what may happen to its secret.

use super::Credential;
use super::input::{CredentialForm, GivenFields, InvalidFields, Required, Team};
use super::usable::usable;
use crate::audit::FieldChange;
use crate::id::{CredentialId, OrgId, RoleId};
use crate::principal::Actor;
use crate::provider::Provider;
use crate::secret::SecretJson;
use crate::time::Timestamp;
use crate::violation::{NON_FIELD, Violations};
use serde_json::{Map, Value};

/// What happens to the stored value.
#[derive(Debug, Clone)]
pub enum ValueChange {
    /// It is kept.
    Keep,
    /// It is deleted.
    Clear,
    /// It is replaced.
    Replace(SecretJson),
}

/// The result of an update.
#[derive(Debug, Clone)]
pub struct CredentialChange {
    /// The credential afterwards.
    pub credential: Credential,
    /// What happens to its value.
    pub value: ValueChange,
    /// Each changed field for the audit log, with a masked value. Empty if nothing changes.
    pub changes: Vec<FieldChange>,
}

impl CredentialChange {
    /// Whether calls to the provider change. A plain secret is never used for a provider.
    #[must_use]
    pub fn changes_access(&self, before: &Credential) -> bool {
        let after = &self.credential;
        let is_new_value = match self.value {
            ValueChange::Keep => false,
            ValueChange::Clear => before.has_value,
            ValueChange::Replace(_) => true,
        };
        match (before.credential_type, after.credential_type) {
            (None, None) => false,
            (was, is) => was != is || is_new_value,
        }
    }
}

/// A checked body of `PUT` or `PATCH /credentials/{id}/`. A field that it omits keeps its value.
#[derive(Debug, Clone)]
pub struct CredentialUpdate(CredentialForm);

impl CredentialUpdate {
    /// Reads the body of a PUT, in which `name` and `value` are required.
    ///
    /// # Errors
    /// Everything that is wrong, field by field.
    pub fn read_whole(fields: &GivenFields) -> Result<Self, Box<InvalidFields>> {
        CredentialForm::read(fields, Required::NameAndValue).map(Self)
    }

    /// Reads the body of a PATCH, in which nothing is required.
    ///
    /// # Errors
    /// Everything that is wrong, field by field.
    pub fn read_partial(fields: &GivenFields) -> Result<Self, Box<InvalidFields>> {
        CredentialForm::read(fields, Required::Nothing).map(Self)
    }

    /// Reads a refused body again, now with the credential's representation. A field that equals the representation is not a change, so
    /// it cannot be refused.
    ///
    /// # Errors
    /// Everything that is wrong with the other fields.
    pub fn read_again(
        fields: &GivenFields,
        rejected: Box<InvalidFields>,
        shown: &Map<String, Value>,
    ) -> Result<Self, Box<InvalidFields>> {
        if rejected.lacks_a_field() { Err(rejected) } else { Self::read_partial(&fields.changed(shown)) }
    }

    /// Whether the sent value may be the one that readers see.
    #[must_use]
    pub fn may_keep_value_of(&self, stored: &Credential) -> bool {
        !stored.is_sensitive && matches!(self.0.value, Some(Some(_)))
    }

    /// The update without its value, if that is the stored one: readers can send back what they see. A sensitive value is always
    /// replaced. Otherwise an update would tell whether the caller has guessed it.
    #[must_use]
    pub fn without_value(mut self, stored: &SecretJson) -> Self {
        if self.0.value.as_ref().and_then(Option::as_ref).is_some_and(|sent| sent.is_same_as(stored)) {
            self.0.value = None;
        }
        self
    }

    /// The team that the update names, which must exist.
    #[must_use]
    pub fn team(&self) -> Option<&Team> {
        self.0.team.as_ref()?.as_ref()
    }

    /// Applies the update to the stored credential.
    ///
    /// `null` as the value of a credential that stays or becomes sensitive keeps the secret, because readers of a sensitive credential
    /// see `null`.
    ///
    /// # Errors
    /// Making a sensitive credential readable without a new value, which would publish the old one; a provider
    /// that differs from the stored one; a value that its type cannot use.
    pub fn apply(
        &self,
        stored: &Credential,
        org: &OrgId,
        now: Timestamp,
    ) -> Result<CredentialChange, Violations> {
        let form = &self.0;
        if form.provider.is_some_and(|provider| provider != stored.provider) {
            return Err(Violations::one("provider", "This field cannot be changed."));
        }
        let value = value_change(form, stored)?;
        let mut after = stored.clone();
        after.name = form.name.clone().unwrap_or(after.name);
        after.team = team_after(form, stored.team);
        after.description = form.description.clone().unwrap_or(after.description);
        after.is_sensitive = form.is_sensitive.unwrap_or(after.is_sensitive);
        after.credential_type = form.credential_type.unwrap_or(after.credential_type);
        let value = usable_change((stored, &after), value, org)?;
        after.has_value = match value {
            ValueChange::Keep => stored.has_value,
            ValueChange::Clear => false,
            ValueChange::Replace(_) => true,
        };
        let changes = changes(stored, &after, &value);
        if !changes.is_empty() {
            after.updated_at = now;
        }
        Ok(CredentialChange { credential: after, value, changes })
    }
}

fn team_after(form: &CredentialForm, stored: Option<RoleId>) -> Option<RoleId> {
    form.team.as_ref().map_or(stored, |team| team.as_ref().map(|team| team.id))
}

fn value_change(form: &CredentialForm, stored: &Credential) -> Result<ValueChange, Violations> {
    let sensitive = form.is_sensitive.unwrap_or(stored.is_sensitive);
    match (&form.value, stored.is_sensitive, sensitive) {
        (Some(Some(value)), _, _) => Ok(ValueChange::Replace(value.clone())),
        (_, true, false) => Err(Violations::one(
            NON_FIELD,
            "A new value is required to make a sensitive credential readable.",
        )),
        (Some(None), false, false) => Ok(ValueChange::Clear),
        (Some(None) | None, _, _) => Ok(ValueChange::Keep),
    }
}

/// The value in the form that the credential's type needs. A stored value that would become one for a cloud is refused: a sealed value
/// cannot be checked.
fn usable_change(
    (before, after): (&Credential, &Credential),
    change: ValueChange,
    org: &OrgId,
) -> Result<ValueChange, Violations> {
    let Some(kind) = after.credential_type else { return Ok(change) };
    let used = match change {
        ValueChange::Replace(value) => usable(kind, &value, org).map(ValueChange::Replace),
        ValueChange::Keep if before.credential_type != Some(kind) && before.has_value => {
            Err(format!("A new value is required when credential_type becomes {}.", kind.as_str()))
        }
        change @ (ValueChange::Keep | ValueChange::Clear) => Ok(change),
    };
    used.map_err(|fault| Violations::one("value", fault))
}

fn changes(before: &Credential, after: &Credential, value: &ValueChange) -> Vec<FieldChange> {
    let value = match value {
        ValueChange::Keep => None,
        ValueChange::Clear => before.has_value.then(|| FieldChange::masked("value")),
        ValueChange::Replace(_) => Some(FieldChange::masked("value")),
    };
    [
        FieldChange::between("name", &before.name, &after.name),
        FieldChange::between("team", &before.team.map(RoleId::base58), &after.team.map(RoleId::base58)),
        FieldChange::between("description", &before.description, &after.description),
        FieldChange::between("is_sensitive", &before.is_sensitive, &after.is_sensitive),
        value,
        FieldChange::between("credential_type", &before.credential_type, &after.credential_type),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A checked body of `POST /credentials/`.
#[derive(Debug, Clone)]
pub struct CredentialDraft(CredentialForm);

impl CredentialDraft {
    /// Reads the body. `is_sensitive` is true unless said otherwise, and a sensitive credential needs a value.
    ///
    /// # Errors
    /// Everything that is wrong, field by field.
    pub fn read(fields: &GivenFields) -> Result<Self, Box<InvalidFields>> {
        CredentialForm::read(fields, Required::NameAndValue).map(Self)
    }

    /// The team that the credential is meant for, which must exist.
    #[must_use]
    pub fn team(&self) -> Option<&Team> {
        self.0.team.as_ref()?.as_ref()
    }

    /// The credential and its value.
    ///
    /// # Errors
    /// A sensitive credential without a value; a value that its type cannot use.
    pub fn create(
        &self,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Credential, Option<SecretJson>), Violations> {
        let form = self.0.clone();
        let value = form.value.flatten();
        let is_sensitive = form.is_sensitive.unwrap_or(true);
        if is_sensitive && value.is_none() {
            return Err(Violations::one("value", "This field may not be null."));
        }
        let credential_type = form.credential_type.flatten();
        let value = match (credential_type, value) {
            (Some(kind), Some(value)) => {
                let used = usable(kind, &value, &actor.org);
                Some(used.map_err(|fault| Violations::one("value", fault))?)
            }
            (_, value) => value,
        };
        let credential = Credential {
            id: CredentialId::generate(now),
            name: form.name.unwrap_or_default(),
            team: form.team.flatten().map(|team| team.id),
            description: form.description.unwrap_or_default(),
            is_sensitive,
            has_value: value.is_some(),
            provider: form.provider.unwrap_or(Provider::Aws),
            credential_type,
            creator: actor.as_creator(),
            created_at: now,
            updated_at: now,
        };
        Ok((credential, value))
    }
}
