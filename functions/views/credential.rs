//! A credential as the API shows it (seed `PUT /credentials/:id/`).

use model::credential::{Creator, CredentialType, Readable};
use model::id::{OrgId, RoleId};
use model::json::{self, LISTED_LEVELS_MAX};
use model::provider::Provider;
use model::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use store::CredentialRecord;
use web::reply::OkTagged;
use web::{App, Failure};

/// The members have the seed's order. `provider` and `credential_type` are extensions.
#[derive(Debug, Serialize)]
pub struct CredentialView {
    id: String,
    uri: String,
    name: String,
    team: Option<String>,
    description: String,
    is_sensitive: bool,
    /// `null` when sensitive.
    value: Option<Box<RawValue>>,
    created_at: Timestamp,
    updated_at: Timestamp,
    creator: CreatorView,
    usage_count: usize,
    references: Vec<ReferenceView>,
    provider: Provider,
    credential_type: Option<CredentialType>,
}

#[derive(Debug, Serialize)]
struct CreatorView {
    id: String,
    email: Option<String>,
    /// The schema requires a name. Without one, the email or the id takes its place.
    name: String,
}

#[derive(Debug, Serialize)]
struct ReferenceView {
    root_object_id: String,
    root_object_type: &'static str,
    root_object_display_name: String,
    ui_reference_key: &'static str,
}

impl CredentialView {
    /// The vault opens only a value that may be shown.
    ///
    /// # Errors
    /// Those of the vault.
    pub async fn of(app: &App, org: &OrgId, record: CredentialRecord) -> Result<Self, Failure> {
        let credential = record.credential;
        let value = match &record.sealed {
            Some(sealed) if !credential.is_sensitive => {
                credential.readable(Some(app.vault()?.open(org, credential.id, sealed).await?))
            }
            Some(_) | None => None,
        };
        let references: Vec<_> = record.references.into_iter().map(ReferenceView::of).collect();
        Ok(Self {
            id: credential.id.base58(),
            uri: credential.id.uri(),
            name: credential.name,
            team: credential.team.map(RoleId::base58),
            description: credential.description,
            is_sensitive: credential.is_sensitive,
            value: value.as_ref().map(raw).transpose()?,
            created_at: credential.created_at,
            updated_at: credential.updated_at,
            creator: CreatorView::of(credential.creator),
            usage_count: references.len(),
            references,
            provider: credential.provider,
            credential_type: credential.credential_type,
        })
    }
}

impl CredentialView {
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => Map::new(),
        }
    }

    /// The credential with the tag of its state.
    ///
    /// # Errors
    /// Those of the vault.
    pub async fn tagged(app: &App, org: &OrgId, record: CredentialRecord) -> Result<OkTagged<Self>, Failure> {
        let tag = record.tag()?;
        Ok(OkTagged::new(Self::of(app, org, record).await?, tag))
    }
}

impl CredentialView {
    /// Whether the value is too deep for a list. An earlier version accepted such values.
    #[must_use]
    pub fn is_too_deep(&self) -> bool {
        let is_shallow = |value: &RawValue| {
            let value: Result<Value, _> = serde_json::from_str(value.get());
            value.is_ok_and(|value| json::levels(&value) <= LISTED_LEVELS_MAX)
        };
        self.value.as_deref().is_some_and(|value| !is_shallow(value))
    }
}

fn raw(value: &Readable) -> Result<Box<RawValue>, Failure> {
    RawValue::from_string(value.json().into()).map_err(|_| Failure::internal("a stored value is not JSON"))
}

impl CreatorView {
    fn of(creator: Creator) -> Self {
        let name = creator.name.or_else(|| creator.email.clone());
        let name = name.unwrap_or_else(|| creator.id.to_string());
        Self { id: creator.id.base58(), email: creator.email, name }
    }
}

impl ReferenceView {
    fn of(reference: model::credential::Reference) -> Self {
        Self {
            root_object_id: reference.resource_id.to_string(),
            root_object_type: "Resource",
            root_object_display_name: reference.resource_name,
            ui_reference_key: "credentialId",
        }
    }
}
