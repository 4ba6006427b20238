//! `POST /api-keys`: makes an API key.

use auth::IssuedKey;
use model::api_key::ApiKeyDraft;
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

use crate::views::CreatedApiKey;

/// Creates the key, which acts as the caller within its scopes, for as long as they are in the directory: a caller whom it does
/// not know is entered in it. The key's text is shown this once; a repetition of the request
/// with the same `Idempotency-Key` shows the key without it.
///
/// # Errors
/// 400 for members that are wrong or unknown.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Json(draft): Json<ApiKeyDraft>,
) -> Result<Created<CreatedApiKey>, Failure> {
    let actor = caller.actor();
    let mut key = draft.create(actor.as_creator(), app.now)?;
    key.maker_entry = caller.user(&app).await?.entry;
    let id = key.id;
    let issued = IssuedKey::generate(caller.org(), id).map_err(|_| Failure::internal("no random numbers"))?;
    let key = app.store().create_api_key(&actor, key, issued.hash.as_bytes(), app.now).await?;
    let text = (key.id == id).then_some(issued.text);
    Ok(Created(CreatedApiKey::of(key, text)))
}
