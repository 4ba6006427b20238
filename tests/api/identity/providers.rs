//! The settings that `docs/guides/identity-providers.md` gives for each provider, with a token as that provider makes it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::issuer::{ALGORITHMS, ISSUER, Site};
use support::{Setup, TestApp};

use super::NOW;

const DOCUMENT: &str = include_str!("../../../docs/guides/identity-providers.md");

/// The settings under a heading.
fn documented(provider: &str) -> BTreeMap<String, String> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with(provider)).unwrap();
    let block = section.split("```").nth(1).unwrap();
    let lines = block.lines().filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.into(), value.into())).collect()
}

/// What the directory says about the caller whose token has these claims, under the documented settings.
async fn caller(provider: &str, mut claims: Value) -> (Value, bool) {
    let settings = documented(provider);
    let jwt = web::jwt_settings(&|name| settings.get(name).cloned()).unwrap();
    let site = Site::default();
    let base = settings["POSTERN_JWT_ISSUER"].trim_end_matches('/').to_owned();
    let keys = format!("{base}/keys");
    site.put(
        &format!("{base}/.well-known/openid-configuration"),
        json!({"issuer": settings["POSTERN_JWT_ISSUER"], "jwks_uri": keys}),
    );
    // Entra ID's keys have no `alg`.
    let mut set = ISSUER.set(&ALGORITHMS[..1]);
    let _ = set["keys"][0].as_object_mut().unwrap().shift_remove("alg");
    site.put(&keys, set);
    let app = TestApp::with_setup(Setup { jwt, fetch: Arc::new(site), ..Setup::default() }).await;
    claims["iss"] = settings["POSTERN_JWT_ISSUER"].clone().into();
    claims["iat"] = NOW.into();
    claims["exp"] = (NOW + 3600).into();
    let caller = app.bearer(&ISSUER.token("RS256", &claims));
    let me = caller.get("/me").await.expect(200).json;
    (me, caller.get("/roles").await.status.as_u16() == 200)
}

fn assert_is(found: (Value, bool), id: &str, org: &str, email: Option<&str>) {
    assert_eq!(found.0["id"], id);
    assert!(found.0.to_string().contains(&format!("\"{org}\"")), "{}", found.0);
    assert_eq!(found.0["email"], email.map_or(Value::Null, Value::from), "{}", found.0);
    assert!(found.1, "not an administrator");
}

#[tokio::test]
async fn cognito() {
    let claims = json!({
        "sub": "6c34d8a2-1051-70c1-0d5a-3f6d3a4e2b11", "aud": "1example23456789", "token_use": "id",
        "cognito:groups": ["ORG_ADMIN", "developers"], "cognito:username": "ada", "custom:org": "acme",
        "email": "ada@acme.example", "email_verified": true, "name": "Ada", "auth_time": NOW,
    });
    let found = caller("Amazon Cognito", claims).await;
    assert_is(found, "6c34d8a2-1051-70c1-0d5a-3f6d3a4e2b11", "acme", Some("ada@acme.example"));
}

#[tokio::test]
async fn auth0() {
    let claims = json!({
        "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "org_id": "org_9ybsU1dN2dKfDkBi",
        "aud": ["https://postern.example", "https://acme.eu.auth0.com/userinfo"], "azp": "client", "scope": "openid",
        "https://postern.example/roles": ["ORG_ADMIN"], "https://postern.example/email": "ada@acme.example",
    });
    let found = caller("Auth0", claims).await;
    assert_is(found, "auth0|5f7c8ec7c33c6c004bbafe82", "org_9ybsU1dN2dKfDkBi", Some("ada@acme.example"));
}

#[tokio::test]
async fn keycloak() {
    let claims = json!({
        "sub": "f3b4a1a2-6c1d-4a0e-9d52-0d8e5a5f7c11", "typ": "Bearer", "aud": ["postern", "account"], "azp": "postern-cli",
        "realm_access": {"roles": ["offline_access", "ORG_ADMIN"]}, "resource_access": {"account": {"roles": []}},
        "org": "acme", "email": "ada@acme.example", "name": "Ada Admin", "preferred_username": "ada",
    });
    let found = caller("Keycloak", claims).await;
    assert_is(found, "f3b4a1a2-6c1d-4a0e-9d52-0d8e5a5f7c11", "acme", Some("ada@acme.example"));
}

#[tokio::test]
async fn entra() {
    let claims = json!({
        "aud": "11111111-2222-3333-4444-555555555555", "tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "ver": "2.0",
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "oid": "00000000-0000-0000-66f3-3332eca7ea81",
        "preferred_username": "ada@acme.example", "name": "Ada Admin", "roles": ["ORG_ADMIN"], "scp": "access_as_user",
        "nbf": NOW,
    });
    let found = caller("Microsoft Entra ID", claims).await;
    assert_is(
        found,
        "00000000-0000-0000-66f3-3332eca7ea81",
        "aaaabbbb-0000-cccc-1111-dddd2222eeee",
        Some("ada@acme.example"),
    );
}

#[tokio::test]
async fn okta() {
    let claims = json!({
        "ver": 1, "jti": "AT.x", "aud": "api://postern", "cid": "client", "uid": "00u1abcdefGHIJKLMNOP",
        "sub": "ada@acme.example", "scp": ["openid"], "groups": ["Everyone", "postern-admins"], "org": "acme",
    });
    let found = caller("Okta", claims).await;
    assert_is(found, "00u1abcdefGHIJKLMNOP", "acme", Some("ada@acme.example"));
}
