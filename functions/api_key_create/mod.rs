//! `POST /api-keys`: makes an API key.

use auth::IssuedKey;
use model::api_key::ApiKeyDraft;
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

use crate::views::CreatedApiKey;

/// Creates a key that acts as the caller within its scopes, as long as the caller is in the directory. A caller without an entry gets one.
///
/// Only this answer shows the text of the key. A repeated request with the same `Idempotency-Key` shows the key without it.
///
/// # Errors
/// 400 for wrong or unknown members.
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
