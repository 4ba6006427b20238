//! What a form says is misunderstood: an empty file field is a file, an encoded text is the secret, and a credential for a cloud
//! holds a text with which no cloud can be asked.
//!
//! Reported of form parsers: <https://github.com/mscdex/busboy/issues/258>,
//! <https://github.com/node-formidable/formidable/pull/128>, <https://github.com/akka/akka-http/issues/3812>.

use serde_json::{Value, json};
use support::{Client, Reply, TestApp};

const KEY: &str = r#"{"accessKeyId": "AKIA1", "secretAccessKey": "a/b+c="}"#;

const ROLE: &str = r#"{"roleArn": "arn:aws:iam::123456789012:role/postern"}"#;

/// A part of a multipart form: what follows its name, and its content.
type Part<'a> = (&'a str, &'a str, &'a str);

async fn multipart(admin: &Client, method: &str, path: &str, parts: &[Part<'_>]) -> Reply {
    let mut body = String::new();
    for (name, beside, content) in parts {
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"{beside}");
        body.push_str(&format!("--B\r\n{disposition}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--B--\r\n");
    let kind = Some("multipart/form-data; boundary=B");
    admin.send(method, &format!("/api/v1{path}"), kind, body.into_bytes()).await
}

async fn form(admin: &Client, method: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let kind = Some("application/x-www-form-urlencoded");
    admin.send(method, &format!("/api/v1{path}"), kind, body.into_bytes()).await
}

/// The path of a credential whose value is shown.
async fn readable_credential(admin: &Client) -> String {
    let parts = [("name", "", "n"), ("value", "", "v"), ("is_sensitive", "", "no")];
    let made = multipart(admin, "POST", "/credentials/", &parts).await.expect(201);
    format!("/credentials/{}/", made.id())
}

#[tokio::test]
async fn a_file_field_in_which_nothing_was_chosen_was_not_sent() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let empty = "; filename=\"\"\r\nContent-Type: application/octet-stream";
    let name = ("name", "", "n");
    let parts = [
        name,
        ("value", "", "v"),
        ("is_sensitive", "", "no"),
        ("description", empty, ""),
        ("team", empty, ""),
    ];
    let made = multipart(&admin, "POST", "/credentials/", &parts).await.expect(201);
    assert_eq!((&made.json["value"], &made.json["description"]), (&json!("v"), &json!("")));
    let path = format!("/credentials/{}/", made.id());
    // A part that was sent beside it counts.
    let parts = [name, ("value", "", "w"), ("value", empty, "")];
    assert_eq!(multipart(&admin, "PUT", &path, &parts).await.expect(200).json["value"], "w");
    let lacking = multipart(&admin, "PUT", &path, &[name, ("value", empty, "")]).await.expect(400);
    assert_eq!(lacking.json, json!({"value": ["This field is required."]}));
    // A file is still none, with a name or with content.
    for (beside, content) in
        [("; filename=\"key.pem\"", ""), ("; filename=\"key.pem\"", "x"), ("; filename=\"\"", "x")]
    {
        let refused = multipart(&admin, "PATCH", &path, &[("value", beside, content)]).await.expect(400);
        assert_eq!(refused.json, json!({"value": ["Not a valid string."]}), "{beside} {content}");
    }
}

#[tokio::test]
async fn an_encoded_part_is_decoded_or_refused() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = readable_credential(&admin).await;
    for (encoding, content, value) in [
        ("base64", "czNjcmV0", "s3cret"),
        ("BASE64", "czNj\r\ncmV0\r\n", "s3cret"),
        ("base64", "IHMgCg==", " s \n"),
        ("binary", "czNjcmV0", "czNjcmV0"),
        ("8bit", "é", "é"),
        ("7bit", "x", "x"),
    ] {
        let beside = format!("\r\nContent-Transfer-Encoding: {encoding}");
        let changed = multipart(&admin, "PATCH", &path, &[("value", &beside, content)]).await.expect(200);
        assert_eq!(changed.json["value"], value, "{encoding} {content}");
    }
    let before = app.db_items().await;
    for (encoding, content) in [
        ("base64", "s3cret!"),
        ("base64", "czNjcmV"),
        ("base64", "/w=="),
        ("quoted-printable", "s3=63ret"),
        ("x-uuencode", "s"),
    ] {
        let beside = format!("\r\nContent-Transfer-Encoding: {encoding}");
        let refused = multipart(&admin, "PATCH", &path, &[("value", &beside, content)]).await.expect(400);
        assert!(
            refused.json["detail"].as_str().unwrap().starts_with("Multipart form parse error - "),
            "{encoding}"
        );
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn a_part_that_would_be_read_as_something_else_is_refused() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = readable_credential(&admin).await;
    let before = app.db_items().await;
    for (beside, content, why) in [
        ("; filename*=UTF-8''key.pem", "x", "a part has filename*"),
        ("; x=\"a;b\\\"\"; FILENAME* = UTF-8''key.pem", "x", "a part has filename*"),
        ("\r\nContent-Type: text/plain; charset=utf-16", "a\0b\0", "a part must be UTF-8"),
        ("\r\nContent-Type: text/plain; charset=\"UTF-16LE\"", "a\0b\0", "a part must be UTF-8"),
        ("\r\nContent-Type: text/plain; charset=iso-8859-1", "Ã©", "a part must be UTF-8"),
    ] {
        let refused = multipart(&admin, "PATCH", &path, &[("value", beside, content)]).await.expect(400);
        let detail = refused.json["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("Multipart form parse error - {why}")), "{beside}: {detail}");
    }
    for (kind, body) in [
        ("application/x-www-form-urlencoded; charset=utf-16", "value=x"),
        ("application/x-www-form-urlencoded;charset=ISO-8859-1", "value=%C3%A9&x=é"),
    ] {
        let refused =
            admin.send("PATCH", &format!("/api/v1{path}"), Some(kind), body.into()).await.expect(400);
        assert_eq!(refused.json, json!({"detail": "Form parse error - a form must be UTF-8"}), "{kind}");
    }
    assert_eq!(app.db_items().await, before);
    // What means the same in UTF-8 is taken.
    for (beside, content) in [
        ("\r\nContent-Type: text/plain; charset=UTF-8", "é"),
        ("\r\nContent-Type: text/plain; charset=ISO-8859-1", "s3cret"),
        ("; x=\"; filename*=\"", "s3cret"),
        // Of a repeated header the last counts.
        ("\r\nContent-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: binary", "czNjcmV0"),
    ] {
        let changed = multipart(&admin, "PATCH", &path, &[("value", beside, content)]).await.expect(200);
        assert_eq!(changed.json["value"], content, "{beside}");
    }
}

#[tokio::test]
async fn a_credential_for_a_cloud_that_is_made_by_a_form_can_be_used() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (kind, text) in [("ACCESS_KEY", KEY), ("ASSUME_ROLE", ROLE)] {
        let expected: Value = serde_json::from_str(text).unwrap();
        let fields = [("name", "n"), ("value", text), ("is_sensitive", "false"), ("credential_type", kind)];
        let parts = fields.map(|(name, text)| (name, "", text));
        let made = form(&admin, "POST", "/credentials/", &fields).await.expect(201);
        assert_eq!(made.json["value"], expected, "{kind}");
        let path = format!("/credentials/{}/", made.id());
        assert_eq!(multipart(&admin, "PUT", &path, &parts).await.expect(200).json["value"], expected);
        // The type is the stored one where it is not sent.
        let changed = form(&admin, "PATCH", &path, &[("value", text)]).await.expect(200);
        assert_eq!(changed.json["value"], expected, "{kind}");
        let as_text = json!({"value": text});
        assert_eq!(admin.patch(&path, as_text).await.expect(200).json["value"], expected, "{kind}");
    }
    // A plain secret stays the text that it is.
    let fields = [("name", "n"), ("value", KEY), ("is_sensitive", "false")];
    assert_eq!(form(&admin, "POST", "/credentials/", &fields).await.expect(201).json["value"], KEY);
}

#[tokio::test]
async fn what_no_cloud_can_be_asked_with_is_refused_in_every_encoding() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = format!("/credentials/{}/", admin.new_credential("AWS").await);
    let before = app.db_items().await;
    let (key, role) = (
        "The value of an ACCESS_KEY must be a JSON object with accessKeyId and secretAccessKey.",
        "The value of an ASSUME_ROLE must be a JSON object with roleArn.",
    );
    let arn = "roleArn must be the ARN of a role, such as arn:aws:iam::123456789012:role/postern.";
    let external_id = "externalId must be \"postern:acme\", or left out.";
    for (kind, value, sentence) in [
        ("ACCESS_KEY", json!("PLANTED-text"), key),
        ("ACCESS_KEY", json!([]), key),
        (
            "ACCESS_KEY",
            json!({"accessKeyId": "", "secretAccessKey": "s"}),
            "accessKeyId must be a text without spaces.",
        ),
        ("ACCESS_KEY", json!({"accessKeyId": "a"}), "secretAccessKey must be a text without spaces."),
        ("ASSUME_ROLE", json!("PLANTED-text"), role),
        ("ASSUME_ROLE", json!({"roleArn": "postern"}), arn),
        ("ASSUME_ROLE", json!({"roleArn": "arn:aws:iam::123456789012:user/ada"}), arn),
        (
            "ASSUME_ROLE",
            json!({"roleArn": "arn:aws:iam::123456789012:role/postern", "externalId": ""}),
            external_id,
        ),
    ] {
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        let fields = [("name", "n"), ("value", text.as_str()), ("credential_type", kind)];
        let parts = fields.map(|(name, text)| (name, "", text));
        let body = json!({"name": "n", "value": value, "credential_type": kind});
        for reply in [
            admin.post("/credentials/", body.clone()).await,
            admin.put(&path, body.clone()).await,
            admin.patch(&path, json!({"value": value, "credential_type": kind})).await,
            form(&admin, "POST", "/credentials/", &fields).await,
            form(&admin, "PUT", &path, &fields).await,
            multipart(&admin, "POST", "/credentials/", &parts).await,
        ] {
            assert_eq!(reply.expect(400).json, json!({"value": [sentence]}), "{kind} {value}");
        }
    }
    let unseen = admin.patch(&path, json!({"credential_type": "ACCESS_KEY"})).await.expect(400).json;
    assert_eq!(
        unseen,
        json!({"value": ["A new value is required when credential_type becomes ACCESS_KEY."]})
    );
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn json_that_is_sent_as_a_form_is_refused() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = format!("/api/v1/credentials/{}/", admin.new_credential("AWS").await);
    let kind = Some("application/x-www-form-urlencoded");
    let before = app.db_items().await;
    for body in [r#"{"is_sensitive": true}"#, " {\"name\":\"x\"}\n"] {
        let refused = admin.send("PATCH", &path, kind, body.into()).await.expect(400);
        let detail = "Form parse error - this is JSON: send it with Content-Type: application/json";
        assert_eq!(refused.json, json!({"detail": detail}), "{body}");
    }
    assert_eq!(app.db_items().await, before);
}
