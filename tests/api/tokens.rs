//! Tokens that are not accepted on any path.

use auth::{JwtKeys, Mint, mint};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::principal::ORG_ADMIN;
use serde_json::json;
use support::{Client, JWT_SECRET, ORG, TestApp, jwt_settings};

use crate::expect;

fn minted(app: &TestApp, change: impl Fn(&mut auth::JwtSettings), ttl_seconds: i64) -> Client {
    let mut settings = jwt_settings();
    change(&mut settings);
    let roles = [ORG_ADMIN.into()];
    let token = Mint {
        sub: "admin",
        org: ORG,
        roles: &roles,
        email: None,
        name: None,
        email_verified: false,
        ttl_seconds,
    };
    app.bearer(&mint(&settings, &token, app.now()).unwrap())
}

/// A good token's claims with the header `alg: none` and an empty signature (RFC 7519 §6.1).
fn unsigned(app: &TestApp) -> Client {
    let good = app.token("admin", ORG, &[ORG_ADMIN]);
    let claims = good.split('.').nth(1).unwrap();
    app.bearer(&format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."))
}

fn without_organization(app: &TestApp) -> Client {
    let settings = jwt_settings();
    let claims = json!({"iss": settings.issuer, "aud": settings.audience, "sub": "admin", "roles": [ORG_ADMIN],
                        "exp": app.now().plus_seconds(60).unix_seconds()});
    let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    app.bearer(&jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap())
}

/// Callers whom every protected endpoint refuses.
pub(crate) fn bad_callers(app: &TestApp) -> Vec<(&'static str, Client)> {
    let good = app.token("admin", ORG, &[ORG_ADMIN]);
    vec![
        ("no token", app.anonymous()),
        ("garbage", app.bearer("garbage")),
        ("expired", minted(app, |_| {}, -60)),
        ("wrong issuer", minted(app, |settings| settings.issuer = "https://other.test".into(), 60)),
        ("wrong audience", minted(app, |settings| settings.audience = "other".into(), 60)),
        ("wrong secret", minted(app, |settings| settings.keys = JwtKeys::Secret("x".repeat(32).into()), 60)),
        ("alg none", unsigned(app)),
        ("no organization", without_organization(app)),
        ("basic", app.caller(&[("authorization", "Basic YWRtaW46YWRtaW4=")])),
        ("no scheme", app.caller(&[("authorization", &good)])),
        (
            "two tokens",
            app.caller(&[("authorization", &format!("Bearer {good}")), ("authorization", "Bearer x")]),
        ),
    ]
}

#[tokio::test]
async fn the_two_schemes_of_the_seeds_are_accepted_in_any_case() {
    let app = TestApp::new().await;
    let token = app.token("admin", ORG, &[ORG_ADMIN]);
    for scheme in ["Bearer", "bearer", "BEARER", "JWT", "jwt"] {
        let caller = app.caller(&[("authorization", &format!("{scheme} {token}"))]);
        let _ = caller.get("/resources").await.expect(200);
    }
}

#[tokio::test]
async fn a_token_ends_a_minute_after_its_exp() {
    let app = TestApp::new().await;
    let admin = app.admin();
    app.advance_seconds(3600 + 59);
    let _ = admin.get("/resources").await.expect(200);
    app.advance_seconds(1);
    let _ = admin.get("/resources").await.expect(401);
}

#[tokio::test]
async fn format_d_tells_a_missing_token_from_a_wrong_one() {
    let app = TestApp::new().await;
    let none = app.anonymous().get("/credentials/").await;
    expect::body(&none, 401, json!({"detail": "Authentication credentials were not provided."}));
    let wrong = app.bearer("x").get("/credentials/").await;
    expect::body(&wrong, 401, json!({"detail": "Incorrect authentication credentials."}));
}
