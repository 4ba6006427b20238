//! `POST /credentials/`: stores a credential and seals its value.

use model::credential::CredentialDraft;
use web::access::OrgAdmin;
use web::input::CredentialBody;
use web::reply::Created;
use web::{App, Failure};

use crate::views::CredentialView;

/// Creates the credential. It is sensitive unless the body says otherwise. No answer ever shows a sensitive value.
///
/// # Errors
/// 415; 400 for a body that cannot be parsed; 400 with every wrong field.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    body: CredentialBody,
) -> Result<Created<CredentialView>, Failure> {
    let (store, org) = (app.store(), caller.org());
    let draft = match CredentialDraft::read(&body.fields().await?) {
        Ok(draft) => draft,
        Err(rejected) => return Err(store.all_violations(org, *rejected).await?.into()),
    };
    let record = store.create_credential(app.vault()?, &caller.actor(), &draft, app.now).await?;
    Ok(Created(CredentialView::of(&app, org, record).await?))
}
