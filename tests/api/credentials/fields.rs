//! The fields: accepted values, refused values, and the words of each refusal.

use serde_json::{Value, json};
use support::TestApp;

use super::{ALL, Encoding, admin_with_credential, put, put_raw};
use crate::expect;

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const NOT_A_STRING: &str = "Not a valid string.";
const NOT_A_BOOLEAN: &str = "Must be a valid boolean.";

/// A body with good required fields and one more, as JSON text.
fn with(field: &str, json: &str) -> String {
    let mut members =
        vec![(String::from("name"), String::from("\"n\"")), (String::from("value"), String::from("\"v\""))];
    members.retain(|(name, _)| name != field);
    members.push((field.into(), json.into()));
    let members: Vec<_> = members.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
    format!("{{{}}}", members.join(","))
}

#[tokio::test]
async fn each_refusal_has_the_words_of_the_seeds_framework() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let before = app.db_items().await;
    let long = |limit: usize| format!("Ensure this field has no more than {limit} characters.");
    let text = |count: usize| format!("\"{}\"", "x".repeat(count));
    for (field, json, message) in [
        ("name", "null".into(), NULL.into()),
        ("name", "\"\"".into(), BLANK.into()),
        ("name", "\" \\t\\u00a0\"".into(), BLANK.into()),
        ("name", "true".into(), NOT_A_STRING.into()),
        ("name", "[]".into(), NOT_A_STRING.into()),
        ("name", "{}".into(), NOT_A_STRING.into()),
        ("name", text(256), long(255)),
        ("name", "\"a\\u0000\"".into(), "Null characters are not allowed.".into()),
        ("name", "\"a\\ud800\"".into(), "Surrogate characters are not allowed: U+D800.".into()),
        ("description", "null".into(), NULL.into()),
        ("description", "[1]".into(), NOT_A_STRING.into()),
        ("description", text(1025), long(1024)),
        ("is_sensitive", "null".into(), NULL.into()),
        ("is_sensitive", "\"\"".into(), NOT_A_BOOLEAN.into()),
        ("is_sensitive", "\" \"".into(), NOT_A_BOOLEAN.into()),
        ("is_sensitive", "\"null\"".into(), NOT_A_BOOLEAN.into()),
        ("is_sensitive", "2".into(), NOT_A_BOOLEAN.into()),
        ("is_sensitive", "-1".into(), NOT_A_BOOLEAN.into()),
        ("is_sensitive", "[]".into(), NOT_A_BOOLEAN.into()),
        ("is_sensitive", "\"maybe\"".into(), NOT_A_BOOLEAN.into()),
        ("value", "\"\"".into(), BLANK.into()),
        ("value", text(65_537), long(65_536)),
        ("team", "true".into(), "Incorrect type. Expected pk value, received bool.".into()),
        ("team", "[]".into(), "Incorrect type. Expected pk value, received list.".into()),
        ("team", "\"zzzzzzzzzzzz\"".into(), "Invalid pk \"zzzzzzzzzzzz\" - object does not exist.".into()),
        ("team", "5".into(), "Invalid pk \"5\" - object does not exist.".into()),
        ("provider", "\"GCP\"".into(), "\"GCP\" is not a valid choice.".into()),
        ("credential_type", "\"PASSWORD\"".into(), "\"PASSWORD\" is not a valid choice.".into()),
    ] {
        let reply = put_raw(&admin, &path, &with(field, &json)).await;
        let body: Value = [(String::from(field), json!([message]))].into_iter().collect();
        expect::body(&reply, 400, body);
    }
    let both = format!("\"{}\\u0000\"", "x".repeat(256));
    let reply = put_raw(&admin, &path, &with("name", &both)).await;
    expect::body(&reply, 400, json!({"name": [long(255), "Null characters are not allowed."]}));
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn every_faulty_field_is_named_in_the_order_of_the_schema() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let body = r#"{"is_sensitive":"maybe","team":"zz","name":""}"#;
    expect::body(
        &put_raw(&admin, &path, body).await,
        400,
        json!({
            "name": [BLANK], "team": ["Invalid pk \"zz\" - object does not exist."],
            "is_sensitive": [NOT_A_BOOLEAN], "value": [REQUIRED],
        }),
    );
    // An unknown team is reported beside other mistakes, and alone.
    let unknown = "BWBeN28Vb7cMEx7Ym8AUzs";
    let sentence = format!("Invalid pk \"{unknown}\" - object does not exist.");
    let body = format!(r#"{{"value":"","team":"{unknown}","name":"n"}}"#);
    expect::body(
        &put_raw(&admin, &path, &body).await,
        400,
        json!({"team": [sentence.clone()], "value": [BLANK]}),
    );
    expect::body(
        &put_raw(&admin, &path, &with("team", &format!("\"{unknown}\""))).await,
        400,
        json!({"team": [sentence]}),
    );
}

#[tokio::test]
async fn accepted_texts() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let (letters, emoji) = ("x".repeat(255), "😀".repeat(255));
    for (json, stored) in [
        ("\"  padded  \"".into(), "padded"),
        ("123".into(), "123"),
        ("1.5".into(), "1.5"),
        ("1e3".into(), "1000.0"),
        ("\"a\\tb\\nc\"".into(), "a\tb\nc"),
        ("\"a\\u200b\"".into(), "a\u{200b}"),
        (format!("\" {letters} \""), letters.as_str()),
        (format!("\"{emoji}\""), emoji.as_str()),
    ] {
        let reply = put_raw(&admin, &path, &with("name", &json)).await.expect(200);
        assert_eq!(reply.json["name"], stored);
    }
    for (json, stored) in [("\"\"", ""), ("\"  \"", ""), ("\" d \"", "d")] {
        let reply = put_raw(&admin, &path, &with("description", json)).await.expect(200);
        assert_eq!(reply.json["description"], stored);
    }
    let longest = "é".repeat(1024);
    let reply = put_raw(&admin, &path, &with("description", &format!("\"{longest}\""))).await.expect(200);
    assert_eq!(reply.json["description"], longest);
}

#[tokio::test]
async fn the_boolean_table() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let truths = ["true", "T", "yes", "Y", "on", "1", "True", "YES"];
    let lies = ["false", "F", "no", "N", "off", "0", "False", "OFF"];
    for (texts, flag) in [(truths, true), (lies, false)] {
        for text in texts {
            for encoding in ALL {
                let fields = [("name", "n"), ("value", "v"), ("is_sensitive", text)];
                let reply = put(&admin, &path, encoding, &fields).await.expect(200);
                assert_eq!(reply.json["is_sensitive"], flag, "{encoding:?} {text}");
            }
        }
    }
    for (json, flag) in
        [("true", true), ("1", true), ("1.0", true), ("false", false), ("0", false), ("0.0", false)]
    {
        let reply = put_raw(&admin, &path, &with("is_sensitive", json)).await.expect(200);
        assert_eq!(reply.json["is_sensitive"], flag, "{json}");
    }
    for encoding in [Encoding::Form, Encoding::Multipart] {
        let reply =
            put(&admin, &path, encoding, &[("name", "n"), ("value", "v"), ("is_sensitive", "")]).await;
        assert_eq!(reply.expect(200).json["is_sensitive"], false, "empty in a form is unchanged");
    }
}

#[tokio::test]
async fn team_is_a_role_of_the_organization_or_none() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let role = admin.new_role("Engineers").await;
    let team = model::id::base58(role.parse().unwrap());
    for spelling in [&team, &role] {
        let reply = put_raw(&admin, &path, &with("team", &format!("\"{spelling}\""))).await.expect(200);
        assert_eq!(reply.json["team"], json!(team));
        for nobody in ["null", "\"\""] {
            let reply = put_raw(&admin, &path, &with("team", nobody)).await.expect(200);
            assert_eq!(reply.json["team"], Value::Null);
        }
    }
    let theirs = app.other_admin().new_role("Engineers").await;
    let theirs = model::id::base58(theirs.parse().unwrap());
    let message = format!("Invalid pk \"{theirs}\" - object does not exist.");
    let reply = put_raw(&admin, &path, &with("team", &format!("\"{theirs}\""))).await;
    expect::body(&reply, 400, json!({"team": [message]}));
    for encoding in [Encoding::Form, Encoding::Multipart] {
        let reply = put(&admin, &path, encoding, &[("name", "n"), ("value", "v"), ("team", "null")]).await;
        expect::body(&reply, 400, json!({"team": ["Invalid pk \"null\" - object does not exist."]}));
    }
}

#[tokio::test]
async fn read_only_and_unknown_fields_are_ignored() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let before = admin.get(&path).await.json;
    let body = json!({"name": "AWS Account", "value": null, "id": "x", "uri": 1, "creator": [], "usage_count": 9,
                      "references": {}, "created_at": null, "updated_at": 0, "colour": "red"});
    assert_eq!(admin.put(&path, body).await.expect(200).json, before);
}

#[tokio::test]
async fn creation_has_the_same_rules() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let both = json!({"name": [REQUIRED], "value": [REQUIRED]});
    expect::body(&admin.post("/credentials/", json!({})).await, 400, both);
    let reply = admin.post("/credentials/", json!({"name": "n", "value": null})).await;
    expect::body(&reply, 400, json!({"value": [NULL]}));
    let reply = admin.post("/credentials/", json!({"name": "n", "value": "v"})).await.expect(201);
    assert_eq!((&reply.json["is_sensitive"], &reply.json["value"]), (&json!(true), &Value::Null));
    assert_eq!((&reply.json["provider"], &reply.json["description"]), (&json!("AWS"), &json!("")));
    let body = json!({"name": "n", "value": null, "is_sensitive": false, "credential_type": "ASSUME_ROLE"});
    let reply = admin.post("/credentials/", body).await.expect(201);
    assert_eq!((&reply.json["value"], &reply.json["credential_type"]), (&Value::Null, &json!("ASSUME_ROLE")));
    let unknown = "BWBeN28Vb7cMEx7Ym8AUzs";
    let reply = admin.post("/credentials/", json!({"name": "n", "value": "v", "team": unknown})).await;
    expect::body(
        &reply,
        400,
        json!({"team": [format!("Invalid pk \"{unknown}\" - object does not exist.")]}),
    );
}
