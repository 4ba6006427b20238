//! Keys of one set under one name, of which only one was tried: keycloak/keycloak#14794, keycloak/keycloak#15616,
//! mozilla/mozilla-django-oidc#350; and a key for encryption under the name of one for signatures: opensearch-project/security#4618.

use auth::{ClaimNames, JwtKeys, JwtSettings};
use serde_json::json;
use support::issuer::{ISSUER, STRANGER};
use support::{ADMIN, ORG, START_MILLIS, Setup, TestApp};

const ALGORITHMS: [&str; 4] = ["RS256", "ES256", "ES384", "EdDSA"];

#[tokio::test]
async fn each_key_of_a_name_verifies_the_tokens_of_its_own_algorithm() {
    let named = |algorithm: &str| {
        let mut key = ISSUER.jwk(algorithm);
        key["kid"] = "one".into();
        key
    };
    let now = START_MILLIS / 1000;
    let claims = json!({"iss": "https://id.example", "aud": "postern", "sub": ADMIN, "org": ORG, "exp": now + 600,
                        "roles": ["ORG_ADMIN"]});
    for first in 0..ALGORITHMS.len() {
        let mut keys: Vec<_> = ALGORITHMS.iter().map(|algorithm| named(algorithm)).collect();
        keys.rotate_left(first);
        let jwt = JwtSettings {
            keys: JwtKeys::Inline(json!({ "keys": keys }).to_string()),
            issuer: "https://id.example".into(),
            audience: "postern".into(),
            claims: ClaimNames::default(),
        };
        let app = TestApp::with_setup(Setup { jwt, ..Setup::default() }).await;
        for algorithm in ALGORITHMS {
            let token = |signer: &support::issuer::Issuer, said: &str| {
                let header = json!({"alg": said, "typ": "JWT", "kid": "one"});
                signer.sign(algorithm, &header.to_string(), &claims.to_string())
            };
            let _ = app.bearer(&token(&ISSUER, algorithm)).get("/roles").await.expect(200);
            let _ = app.bearer(&token(&STRANGER, algorithm)).get("/roles").await.expect(401);
            for said in ALGORITHMS.into_iter().filter(|said| *said != algorithm) {
                let _ = app.bearer(&token(&ISSUER, said)).get("/roles").await.expect(401);
            }
            let _ = app.bearer(&token(&ISSUER, "HS256")).get("/roles").await.expect(401);
        }
    }
}
