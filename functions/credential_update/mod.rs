//! `PUT /credentials/{id}/`: updates a credential (seed).

use model::credential::CredentialUpdate;
use model::credential::input::{GivenFields, InvalidFields};
use model::id::CredentialId;
use model::precondition::Precondition;
use model::refusal::Refusal;
use web::access::OrgAdmin;
use web::input::{CredentialBody, IfMatch, Path};
use web::reply::OkTagged;
use web::{App, Failure};

use crate::views::CredentialView;

/// Updates the credential. Optional fields that the body omits keep their values.
///
/// # Errors
/// First 404, then 415, then 400: for a body that cannot be parsed, then with every wrong field, then for what the stored credential does not
/// allow.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<CredentialId>,
    body: CredentialBody,
    IfMatch(expected): IfMatch,
) -> Result<OkTagged<CredentialView>, Failure> {
    update(&app, &caller, id, (&body, CredentialUpdate::read_whole), &expected).await
}

type ReadUpdate = fn(&GivenFields) -> Result<CredentialUpdate, Box<InvalidFields>>;

/// The common part of PUT and PATCH. They differ in how they read the body.
pub(crate) async fn update(
    app: &App,
    caller: &OrgAdmin,
    id: CredentialId,
    (body, read): (&CredentialBody, ReadUpdate),
    expected: &Precondition,
) -> Result<OkTagged<CredentialView>, Failure> {
    let (store, org) = (app.store(), caller.org());
    let record = store.credential(org, id).await?.ok_or(Refusal::CredentialNotFound(id))?;
    let fields = body.fields().await?;
    let update = match read(&fields) {
        Ok(update) => Ok(update),
        Err(rejected) => {
            let shown = CredentialView::of(app, org, record.clone()).await?.members();
            CredentialUpdate::read_again(&fields, rejected, &shown)
        }
    };
    let update = match update {
        Ok(update) => update,
        Err(rejected) => return Err(store.all_violations(org, *rejected).await?.into()),
    };
    let record =
        store.update_credential(app.vault()?, &caller.actor(), record, &update, expected, app.now).await?;
    CredentialView::tagged(app, org, record).await
}
