//! The settings of `docs/guides/identity-providers.md` for each provider, with a token as the provider makes it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::issuer::{ALGORITHMS, ISSUER, KeyServer};
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

/// The caller of a token with these claims, under the documented settings.
async fn caller(provider: &str, claims: Value) -> (Value, bool) {
    caller_with(documented(provider), claims).await
}

async fn caller_with(settings: BTreeMap<String, String>, mut claims: Value) -> (Value, bool) {
    let jwt = web::jwt_settings(&|name| settings.get(name).cloned()).unwrap();
    let site = KeyServer::default();
    let base = settings["POSTERN_JWT_ISSUER"].trim_end_matches('/').to_owned();
    let keys = settings.get("POSTERN_JWKS_URL").cloned().unwrap_or_else(|| format!("{base}/keys"));
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

/// Keycloak's Organizations.
#[tokio::test]
async fn keycloak_with_organizations() {
    let mut settings = documented("Keycloak");
    let _ = settings.insert("POSTERN_JWT_CLAIM_ORG".into(), "organization".into());
    let claims = json!({
        "sub": "f3b4a1a2-6c1d-4a0e-9d52-0d8e5a5f7c11", "aud": "postern", "realm_access": {"roles": ["ORG_ADMIN"]},
        "organization": ["acme"], "email": "ada@acme.example", "email_verified": true,
    });
    let found = caller_with(settings, claims).await;
    assert_is(found, "f3b4a1a2-6c1d-4a0e-9d52-0d8e5a5f7c11", "acme", Some("ada@acme.example"));
}

#[tokio::test]
async fn adfs() {
    // One group is a text; several are an array.
    for roles in [json!("Postern Admins"), json!(["Domain Users", "Postern Admins"])] {
        let claims = json!({
            "aud": "microsoft:identityserver:https://postern.example", "ver": "1.0", "apptype": "Public", "scp": "openid",
            "sub": "ldoYM/PkAtl+W8AJ743J2PaovD5oe6mrHs=", "unique_name": "ACME\\ada", "upn": "ada@acme.example",
            "org": "acme", "email": "ada@acme.example", "roles": roles, "auth_time": NOW,
        });
        let found = caller("Microsoft AD FS", claims).await;
        assert_is(found, "ldoYM/PkAtl+W8AJ743J2PaovD5oe6mrHs=", "acme", Some("ada@acme.example"));
    }
}

/// The other claims by which AD FS and Windows name people.
#[tokio::test]
async fn adfs_with_other_subjects() {
    for (claim, id) in [("unique_name", "ACME\\ada"), ("upn", "o'brien@acme.example")] {
        let mut settings = documented("Microsoft AD FS");
        let _ = settings.insert("POSTERN_JWT_CLAIM_SUBJECT".into(), claim.into());
        let mut claims = json!({
            "aud": "microsoft:identityserver:https://postern.example", "org": "acme", "roles": "Postern Admins",
            "sub": "ldoYM/PkAtl+W8AJ743J2PaovD5oe6mrHs=",
        });
        claims[claim] = id.into();
        assert_is(caller_with(settings, claims).await, id, "acme", None);
    }
}

#[tokio::test]
async fn zitadel() {
    let claims = |giver: &str| {
        json!({
            "sub": "163840776835432705", "aud": ["163840776835432345", "228181564391321857"], "client_id": "163840776835432345",
            "urn:zitadel:iam:user:resourceowner:id": "160500253250027793", "urn:zitadel:iam:user:resourceowner:name": "Acme",
            "urn:zitadel:iam:org:project:roles": {"USER": {}, "ORG_ADMIN": {giver: "acme.zitadel.cloud"}},
            "email": "ada@acme.example", "email_verified": true, "nbf": NOW,
        })
    };
    let found = caller("Zitadel", claims("160500253250027793")).await;
    assert_is(found, "163840776835432705", "160500253250027793", Some("ada@acme.example"));
    // An organization with a grant of the project gives roles to its own people, not to those of this one.
    assert!(!caller("Zitadel", claims("160500253250099999")).await.1);
}

#[tokio::test]
async fn google_workspace() {
    let claims = |email: &str| {
        json!({
            "sub": "110169484474386276334", "aud": "1234567890-example.apps.googleusercontent.com", "hd": "acme.example",
            "azp": "1234567890-example.apps.googleusercontent.com", "email": email, "email_verified": true, "name": "Ada",
        })
    };
    let found = caller("Google Workspace", claims("it-admin@acme.example")).await;
    assert_is(found, "110169484474386276334", "acme.example", Some("it-admin@acme.example"));
    assert!(!caller("Google Workspace", claims("ada@acme.example")).await.1);
}

#[tokio::test]
async fn pingone() {
    let claims = json!({
        "client_id": "22222222-3333-4444-5555-666666666666", "sub": "3f1b9c3e-6c1d-4a0e-9d52-0d8e5a5f7c11",
        "aud": ["https://postern.example"], "scope": "postern", "env": "11111111-2222-3333-4444-555555555555",
        "org": "acme", "email": "ada@acme.example", "roles": ["postern-admins"],
    });
    let found = caller("PingOne", claims).await;
    assert_is(found, "3f1b9c3e-6c1d-4a0e-9d52-0d8e5a5f7c11", "acme", Some("ada@acme.example"));
}

#[tokio::test]
async fn jumpcloud() {
    let claims = json!({
        "sub": "5f2a1b3c4d5e6f7a8b9c0d1e", "aud": ["5f0c1a2b-1111-2222-3333-444455556666"], "groups": ["All Users", "postern-admins"],
        "org": "acme", "email": "ada@acme.example", "email_verified": true, "name": "Ada", "rat": NOW, "auth_time": NOW,
    });
    let found = caller("JumpCloud", claims).await;
    assert_is(found, "5f2a1b3c4d5e6f7a8b9c0d1e", "acme", Some("ada@acme.example"));
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
