//! JSON, form and multipart give the same result. Bodies that cannot be read, and the order of checks.

use serde_json::json;
use support::TestApp;

use super::{ALL, Encoding, admin_with_credential, put, put_raw};
use crate::expect;

#[tokio::test]
async fn all_fields_in_three_encodings_have_the_same_result() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let role = admin.new_role("Engineers").await;
    let team = model::id::base58(role.parse().unwrap());
    let mut answers = Vec::new();
    for encoding in ALL {
        let fields = [
            ("name", "  Näme "),
            ("team", team.as_str()),
            ("description", "d"),
            ("is_sensitive", "no"),
            ("value", " s3cret\n"),
        ];
        let mut reply = put(&admin, &path, encoding, &fields).await.expect(200);
        reply.json.as_object_mut().unwrap().shift_remove("updated_at");
        answers.push(reply.json);
    }
    assert_eq!((&answers[0], &answers[0]), (&answers[1], &answers[2]));
    assert_eq!(answers[0]["name"], "Näme");
    assert_eq!(answers[0]["value"], " s3cret\n", "a secret is never trimmed");
}

#[tokio::test]
async fn empty_bodies_lack_both_required_fields() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let both = json!({"name": ["This field is required."], "value": ["This field is required."]});
    expect::body(&put_raw(&admin, &path, "{}").await, 400, both.clone());
    let full = format!("/api/v1{path}");
    for kind in
        [None, Some("application/json"), Some("text/plain"), Some("application/x-www-form-urlencoded")]
    {
        expect::body(&admin.send("PUT", &full, kind, Vec::new()).await, 400, both.clone());
    }
    // JSON that is labelled as a form, and parts that cannot be found.
    let form = Some("application/x-www-form-urlencoded");
    expect::body(
        &admin.send("PUT", &full, form, b"{\"name\":\"n\",\"value\":\"v\"}".to_vec()).await,
        400,
        both.clone(),
    );
    let multipart = Some("multipart/form-data; boundary=other");
    expect::body(&admin.send("PUT", &full, multipart, b"--B\r\n\r\n--B--".to_vec()).await, 400, both);
}

#[tokio::test]
async fn omitted_optional_fields_keep_their_values_in_every_encoding() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let role = admin.new_role("Engineers").await;
    let team = model::id::base58(role.parse().unwrap());
    let key = r#"{"accessKeyId": "AKIA1", "secretAccessKey": "PLANTED-s"}"#;
    let body = json!({"name": "n", "value": key, "team": team, "description": "d", "is_sensitive": true,
                      "credential_type": "ACCESS_KEY"});
    let _ = admin.put(&path, body).await.expect(200);
    for encoding in ALL {
        let reply = put(&admin, &path, encoding, &[("name", "n2"), ("value", key)]).await.expect(200).json;
        assert_eq!(reply["team"], json!(team), "{encoding:?}");
        assert_eq!(reply["description"], "d", "{encoding:?}");
        assert_eq!(
            reply["is_sensitive"], true,
            "{encoding:?}: a form that omits it must not publish the secret"
        );
        assert_eq!(reply["credential_type"], "ACCESS_KEY", "{encoding:?}");
    }
}

#[tokio::test]
async fn repeated_fields_count_last() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let reply = put_raw(&admin, &path, r#"{"name":"a","value":"v","name":"b"}"#).await.expect(200);
    assert_eq!(reply.json["name"], "b");
    for encoding in [Encoding::Form, Encoding::Multipart] {
        let reply =
            put(&admin, &path, encoding, &[("name", "a"), ("value", "v"), ("name", "c")]).await.expect(200);
        assert_eq!(reply.json["name"], "c");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let before = app.db_items().await;
    let full = format!("/api/v1{path}");
    for body in [
        "{",
        "{\"name\": }",
        "name=n&value=v",
        "{\"value\": NaN}",
        "{\"value\": Infinity}",
        "{\"value\": 1e999}",
        "\u{feff}{}",
        "{} x",
        "{\"a\": \"\\ud800\", \"b\": }",
    ] {
        let reply = put_raw(&admin, &path, body).await.expect(400);
        let detail = reply.json["detail"].as_str().unwrap();
        assert!(detail.starts_with("JSON parse error - "), "{body}: {detail}");
    }
    let reply =
        admin.send("PUT", &full, Some("application/json"), b"{\"name\":\"\xff\"}".to_vec()).await.expect(400);
    assert!(reply.json["detail"].as_str().unwrap().starts_with("JSON parse error - "));
    for (body, place) in [
        ("{\"name\":\"x\",\"value\":1e400}", "line 1 column 25"),
        ("{\n\"name\":\"x\",\n \"value\": [1,\n  1e400]}", "line 4 column 7"),
    ] {
        let reply = put_raw(&admin, &path, body).await.expect(400);
        assert!(reply.json["detail"].as_str().unwrap().ends_with(place), "{body}: {}", reply.text);
    }
    let deep = format!("{{\"value\":{}}}", "[".repeat(100_000));
    assert_eq!(put_raw(&admin, &path, &deep).await.status.as_u16(), 400);
    let reply = admin.send("PUT", &full, Some("multipart/form-data"), b"x".to_vec()).await;
    let message = "Multipart form parse error - Invalid boundary in multipart: None";
    expect::body(&reply, 400, json!({"detail": message}));
    for (body, kind) in [("[]", "list"), ("\"s\"", "str"), ("5", "int"), ("1.5", "float"), ("true", "bool")] {
        let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
        expect::body(&put_raw(&admin, &path, body).await, 400, json!({"non_field_errors": [message]}));
    }
    expect::body(
        &put_raw(&admin, &path, "null").await,
        400,
        json!({"non_field_errors": ["No data provided"]}),
    );
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn existence_comes_before_type_parsing_and_fields() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let unknown = "/credentials/BWBeN28Vb7cMEx7Ym8AUzs/";
    let not_found = json!({"detail": "Not found."});
    for path in
        [unknown, "/credentials/0OIl/", "/credentials/zzzzzzzzzzzzzzzzzzzzzz/", "/credentials/4DY4qGohso1r/"]
    {
        let full = format!("/api/v1{path}");
        expect::body(
            &admin.send("PUT", &full, Some("text/plain"), b"x".to_vec()).await,
            404,
            not_found.clone(),
        );
        expect::body(&put_raw(&admin, path, "{").await, 404, not_found.clone());
        expect::body(&admin.get(path).await, 404, not_found.clone());
    }
    expect::body(
        &app.member().put(unknown, json!({})).await,
        403,
        json!({"detail": "You do not have permission to perform this action."}),
    );
    expect::body(
        &app.anonymous().put(unknown, json!({})).await,
        401,
        json!({"detail": "Authentication credentials were not provided."}),
    );
    let full = format!("/api/v1{path}");
    for (kind, shown) in [(Some("text/plain"), "text/plain"), (None, "")] {
        let message = format!("Unsupported media type \"{shown}\" in request.");
        expect::body(&admin.send("PUT", &full, kind, b"x".to_vec()).await, 415, json!({"detail": message}));
    }
}

#[tokio::test]
async fn a_slash_at_the_end_makes_no_difference() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let slashless = path.trim_end_matches('/');
    let reply = admin.put(slashless, json!({"name": "n", "value": "v"})).await.expect(200);
    assert_eq!(admin.get(slashless).await.text, reply.text);
    assert_eq!(admin.get(&path).await.text, reply.text);
    assert_eq!(admin.get("/credentials").await.text, admin.get("/credentials/").await.text);
    let _ = admin.post("/credentials", json!({"name": "n", "value": "v"})).await.expect(201);
}

#[tokio::test]
async fn a_credential_is_found_under_every_spelling() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let reply = admin.get(&path).await.expect(200);
    let uuid = model::id::CredentialId::parse_any(&reply.id()).unwrap();
    assert_eq!(admin.get(&format!("/credentials/{uuid}/")).await.text, reply.text);
}

#[tokio::test]
async fn files_are_no_values() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let part = |name: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\ndata\r\n")
    };
    let body = format!("{}{}{}--B--\r\n", part("name"), part("value"), part("is_sensitive"));
    let kind = Some("multipart/form-data; boundary=B");
    let reply = admin.send("PUT", &format!("/api/v1{path}"), kind, body.into_bytes()).await;
    expect::body(
        &reply,
        400,
        json!({"name": ["Not a valid string."], "is_sensitive": ["Must be a valid boolean."],
                                      "value": ["Not a valid string."]}),
    );
}

#[tokio::test]
async fn limits_and_rules_are_the_same_in_every_encoding() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let theirs = app.other_admin().new_role("Theirs").await;
    let theirs = model::id::base58(theirs.parse().unwrap());
    let too_long = |limit: usize| format!("Ensure this field has no more than {limit} characters.");
    let no_object = |team: &str| format!("Invalid pk \"{team}\" - object does not exist.");
    for encoding in ALL {
        let sent = async |fields: &[(&str, &str)]| put(&admin, &path, encoding, fields).await;
        let (name, description) = ("😀".repeat(255), "é".repeat(1024));
        let fits = sent(&[("name", &name), ("value", "v"), ("description", &description)]).await.expect(200);
        assert_eq!((&fits.json["name"], &fits.json["description"]), (&json!(name), &json!(description)));
        let (name, description) = (name + "😀", description + "é");
        let long = sent(&[("name", &name), ("value", "v"), ("description", &description)]).await;
        expect::body(&long, 400, json!({"name": [too_long(255)], "description": [too_long(1024)]}));
        let huge = sent(&[("name", "n"), ("value", &"x".repeat(65_537))]).await;
        expect::body(&huge, 400, json!({"value": [too_long(65_536)]}));
        let nobody = sent(&[("name", "n"), ("value", "v"), ("team", "")]).await.expect(200);
        assert_eq!(nobody.json["team"], json!(null));
        for team in ["zz", "BWBeN28Vb7cMEx7Ym8AUzs", theirs.as_str()] {
            let unknown = sent(&[("name", "n"), ("value", "v"), ("team", team)]).await;
            expect::body(&unknown, 400, json!({"team": [no_object(team)]}));
        }
        let read_only = [("name", "n"), ("value", "v"), ("id", "x"), ("usage_count", "9"), ("creator", "me")];
        let ignored = sent(&[read_only.as_slice(), &[("colour", "red")]].concat()).await.expect(200);
        assert_eq!((&ignored.json["id"], &ignored.json["usage_count"]), (&nobody.json["id"], &json!(0)));
    }
    let message = "A new value is required to make a sensitive credential readable.";
    for encoding in [Encoding::Form, Encoding::Multipart] {
        let reply =
            put(&admin, &path, encoding, &[("name", "n"), ("value", ""), ("is_sensitive", "false")]).await;
        expect::body(&reply, 400, json!({"non_field_errors": [message]}));
        let shown =
            put(&admin, &path, encoding, &[("name", "n"), ("value", "v"), ("is_sensitive", "0")]).await;
        assert_eq!(shown.expect(200).json["value"], "v");
        let hidden =
            put(&admin, &path, encoding, &[("name", "n"), ("value", ""), ("is_sensitive", "1")]).await;
        assert_eq!(hidden.expect(200).json["value"], json!(null));
    }
}

/// A partial update could leave a secret readable, and a replaced byte would store another secret.
#[tokio::test]
async fn forms_that_cannot_be_read_to_their_end_change_nothing() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let (full, before) = (format!("/api/v1{path}"), app.db_items().await);
    let part = |name: &[u8], value: &[u8]| {
        [b"--X\r\nContent-Disposition: form-data; name=\"", name, b"\"\r\n\r\n", value, b"\r\n"].concat()
    };
    let (name, value) = (part(b"name", b"n"), part(b"value", b"v"));
    let cut_off = part(b"is_sensitive", b"true");
    let multipart = "multipart/form-data; boundary=X";
    let form = "application/x-www-form-urlencoded";
    let bodies: [(&str, Vec<u8>); 6] = [
        (multipart, [name.as_slice(), &value].concat()),
        (multipart, [name.as_slice(), &value, &cut_off[..cut_off.len() - 4]].concat()),
        (multipart, [name.as_slice(), &part(b"value", b"caf\xe9"), b"--X--\r\n"].concat()),
        (multipart, [part(b"na\xe4me", b"n").as_slice(), &name, &value, b"--X--\r\n"].concat()),
        (form, b"name=n&value=%FFsecret".into()),
        (form, b"name=n\xff&value=v".into()),
    ];
    for (kind, body) in bodies {
        for method in ["PUT", "PATCH"] {
            let reply = admin.send(method, &full, Some(kind), body.clone()).await.expect(400);
            let detail = reply.json["detail"].as_str().unwrap();
            assert!(detail.contains("orm parse error - "), "{}: {detail}", body.escape_ascii());
        }
    }
    assert_eq!(app.db_items().await, before);
    let _ = admin.send("PATCH", &full, Some(multipart), b"hello".into()).await.expect(400);
    assert_eq!(app.db_items().await, before);
    let whole = [name.as_slice(), &value, b"--X--\r\n"].concat();
    let _ = admin.send("PUT", &full, Some(multipart), whole).await.expect(200);
}
