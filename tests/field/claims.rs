//! A good signature over claims that cannot be used looked like a forgery: openshift/oauth-server#33, kubesphere/kubesphere#6298 and
//! suitenumerique/docs#1280, each about the subjects of AD FS, which are Base64.

use model::principal::ORG_ADMIN;
use serde_json::{Value, json};
use support::{ADMIN, Client, JWT_SECRET, ORG, START_MILLIS, TestApp, jwt_settings};

use jsonwebtoken::{Algorithm, EncodingKey, Header};

/// A token of the deployment's issuer with these claims beside the usual ones.
pub(crate) fn signed(with: &Value) -> String {
    let settings = jwt_settings();
    let mut claims = json!({"iss": settings.issuer, "aud": settings.audience, "sub": ADMIN, "org": ORG,
                            "roles": [ORG_ADMIN], "exp": START_MILLIS / 1000 + 3600});
    for (name, value) in with.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}

#[tokio::test]
async fn the_answer_names_the_claim_and_never_the_value() {
    let app = TestApp::new().await;
    for (name, value, why) in [
        ("sub", json!("secret value"), "it must have 1 to 128 letters, digits or -._~!$&'()*+;=:@|/\\"),
        ("sub", json!(["secret"]), "it must be a text"),
        ("org", json!("secret#value"), "it must have 1 to 64 letters, digits or -._~"),
        ("org", json!(["secret", "value"]), "it must name one organization and names several"),
        ("org", json!(null), "it is missing"),
        ("aud", json!("secret"), "it does not name the audience of this deployment"),
        ("iss", json!("https://secret.example"), "it is not the issuer of this deployment"),
        ("exp", json!(START_MILLIS / 1000 - 61), "it lies in the past"),
        ("nbf", json!(START_MILLIS / 1000 + 61), "it lies in the future"),
        ("exp", json!("secret"), "it must be a number of seconds since 1970"),
    ] {
        let token = signed(&json!({ name: value }));
        let sentence = format!("The token's claim '{name}' cannot be used: {why}");
        for (path, member, end) in
            [("/resources", "message", ""), ("/me", "message", ""), ("/credentials", "detail", ".")]
        {
            let reply = app.bearer(&token).get(path).await.expect(401);
            assert_eq!(reply.json[member], format!("{sentence}{end}"), "{path}");
            assert_eq!(reply.header("x-postern-error"), Some("UNUSABLE_CLAIM"));
            assert!(!reply.text.contains("secret"));
        }
        // The same claims under another signature: nothing is said of them.
        let forged = format!("{}AAAA", &token[..token.len() - 4]);
        let reply = app.bearer(&forged).get("/me").await.expect(401);
        assert_eq!(reply.json["message"], "Missing or invalid authentication token");
        assert_eq!(reply.header("x-postern-error"), Some("UNAUTHORIZED"));
    }
}

#[tokio::test]
async fn every_refusal_has_its_code_in_a_header_in_every_format() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let unknown = "550e8400-e29b-41d4-a716-446655440000";
    for (reply, status, code) in [
        (admin.get(&format!("/resources/{unknown}")).await, 404, "RESOURCE_NOT_FOUND"),
        (admin.get(&format!("/roles/{unknown}")).await, 404, "ROLE_NOT_FOUND"),
        (admin.get("/credentials/BWBeN28Vb7cMEx7Ym8AUzs/").await, 404, "CREDENTIAL_NOT_FOUND"),
        (admin.post("/users", json!({"email": 5})).await, 400, "VALIDATION_ERROR"),
        (app.member().get("/roles").await, 403, "FORBIDDEN"),
        (admin.get("/nothing").await, 404, "NOT_FOUND"),
        (admin.put("/me", json!({})).await, 405, "METHOD_NOT_ALLOWED"),
    ] {
        assert_eq!(
            (reply.status.as_u16(), reply.header("x-postern-error")),
            (status, Some(code)),
            "{}",
            reply.text
        );
    }
    assert_eq!(admin.get("/me").await.expect(200).header("x-postern-error"), None);
}

/// Subjects as providers give them, and how a path spells them.
const SUBJECTS: [&str; 8] = [
    "ldoYM/PkAtl+W8AJ743J2PaovD5oe6mrHs=",
    "S//808E9UOiYKKAkagOBLGxvuLUbDCXlp8sZz6ilew8=",
    "ACME\\ada",
    "o'brien@acme.example",
    "auth0|5f7c8ec7c33c6c004bbafe82",
    "a/../b",
    "/",
    "x/resources/550e8400-e29b-41d4-a716-446655440000",
];

/// The id in a path: `/` as `%2F`, and then the whole escaped as a client escapes every parameter.
fn in_path(id: &str) -> String {
    percent_encoding::utf8_percent_encode(&id.replace('/', "%2F"), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}

async fn own_id(caller: &Client) -> Value {
    caller.get("/me").await.expect(200).json["id"].clone()
}

#[tokio::test]
async fn every_operation_finds_the_person_with_such_an_id_and_nobody_else() {
    for subject in SUBJECTS {
        let app = TestApp::new().await;
        let admin = app.admin();
        let near = admin.post("/users", json!({"id": "x", "email": "near@acme.example"})).await.expect(201);
        let person = app.bearer(&signed(&json!({"sub": subject, "roles": []})));
        assert_eq!(own_id(&person).await, subject);
        let (user, escaped) = (format!("/users/{}", in_path(subject)), in_path(subject));
        assert_eq!(admin.get(&user).await.expect(200).json["id"], subject);
        let changed =
            admin.patch(&user, json!({"name": "Ada", "email": "ada@acme.example"})).await.expect(200);
        assert_eq!(admin.patch(&user, changed.json.clone()).await.expect(200).text, changed.text);
        let (role, resource) = admin.new_role_and_resource().await;
        let _ = admin.post_empty(&format!("/roles/{role}/users/{escaped}")).await.expect(200);
        let _ = admin.post_empty(&format!("{user}/resources/{resource}")).await.expect(200);
        let shown = admin.get(&user).await.expect(200).json;
        assert_eq!((&shown["roleIds"], &shown["resourceIds"]), (&json!([role]), &json!([resource])));
        assert_eq!(admin.get(&format!("/roles/{role}")).await.expect(200).json["userIds"], json!([subject]));
        let query = |name: &str| format!("{name}={escaped}").replace("%252F", "%2F");
        let rows = admin.get(&format!("/audit-logs?{}", query("resourceId"))).await.expect(200).json;
        assert!(rows["content"].as_array().unwrap().iter().all(|row| row["resourceId"] == subject));
        assert!(rows["content"].as_array().unwrap().len() >= 3, "{rows}");
        let rows = admin.get(&format!("/audit-logs?{}", query("actorId"))).await.expect(200).json;
        assert_eq!(rows["content"][0]["eventType"], "USER_CREATE");
        let _ = admin.get(&format!("/sessions/admin?{}", query("userId"))).await.expect(200);
        let _ = admin.delete(&format!("{user}/resources/{resource}")).await.expect(204);
        let _ = admin.delete(&format!("/roles/{role}/users/{escaped}")).await.expect(204);
        assert_eq!(admin.get("/users").await.expect(200).json[0], near.json);
        let _ = admin.delete(&user).await.expect(204);
        let _ = admin.get(&user).await.expect(404);
        assert_eq!(admin.get("/users/x").await.expect(200).json, near.json);
    }
}

/// `#` separates the parts of a table key, and `%` escapes.
#[tokio::test]
async fn an_id_that_could_reach_another_key_is_no_id() {
    let app = TestApp::new().await;
    let before = app.db_objects().await;
    for subject in ["ada#x", "x#USER#ada", "a%23b", "a b", "a\u{0}b", "a,b", "é", ".."] {
        let _ = app.bearer(&signed(&json!({"sub": subject}))).get("/me").await.expect(401);
        let escaped = percent_encoding::utf8_percent_encode(subject, percent_encoding::NON_ALPHANUMERIC);
        let reply = app.admin().send("GET", &format!("/api/v1/users/{escaped}"), None, Vec::new()).await;
        assert!([400, 404].contains(&reply.status.as_u16()), "{subject}: {}", reply.text);
        let _ =
            app.admin().post("/users", json!({"id": subject, "email": "a@acme.example"})).await.expect(400);
    }
    for path in ["a%2523b", "a%252523b", "%252e%252e", "%25%32%46%00", "a%25zz", "%25ff"] {
        let _ =
            app.admin().send("DELETE", &format!("/api/v1/users/{path}"), None, Vec::new()).await.expect(400);
    }
    assert_eq!(app.db_objects().await, before);
}
