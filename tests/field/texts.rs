//! What can be seen, and what is a line.
//!
//! The principal name of a guest of Microsoft Entra has a `#`: <https://github.com/MicrosoftDocs/entra-docs/pull/926>. Names that nobody
//! sees: <https://github.com/codidact/qpixel/pull/160>, <https://github.com/jquast/wcwidth/issues/118>.

use auth::Mint;
use serde_json::{Value, json};
use support::{ORG, TestApp};

const GUEST: &str = "ada_acme.example#EXT#@globex.onmicrosoft.com";

/// Texts in which nothing can be seen.
const INVISIBLE: [&str; 10] = [
    "\u{200B}",
    "\u{3164}",
    "\u{2060}",
    "\u{AD}",
    "\u{2800}",
    "\u{200D}\u{FE0F} \u{E0041}",
    "\u{1D159}",
    "\u{13441}\u{FFFC}",
    "\u{E000}",
    "\u{378}",
];

/// Texts that are more than a line, or have an effect on who shows them.
const NO_LINE: [&str; 7] =
    ["a\nb", "a\u{2028}b", "a\u{2029}b", "a\u{85}b", "a\0", "\u{1b}[31ma", "a\u{202E}b"];

/// Texts of several lines that have an effect all the same.
const NO_TEXT: [&str; 5] = ["a\0", "\u{1b}]0;title\u{7}", "a\u{9b}2J", "a\u{8}", "a\u{2066}b"];

#[tokio::test]
async fn a_guest_of_entra_is_a_person_whose_email_is_unique() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let ada = admin.post("/users", json!({"id": "ada", "email": GUEST})).await.expect(201).json;
    assert_eq!(ada["email"], GUEST);
    let again = json!({"id": "eve", "email": GUEST.to_uppercase()});
    let _ = admin.post("/users", again).await.expect(400);
    // Keys have `#` between their parts: an email with one is still an email and nothing else.
    for email in
        ["x#EMAIL@acme.example", "ada#@acme.example", "#EMAIL#@acme.example", "USER#ada@acme.example"]
    {
        let user = admin.post("/users", json!({"email": email})).await.expect(201).json;
        let found = admin.get(&format!("/users/{}", user["id"].as_str().unwrap())).await.expect(200).json;
        assert_eq!(found["email"], email);
        let _ = admin.delete(&format!("/users/{}", user["id"].as_str().unwrap())).await.expect(204);
        let _ = admin.post("/users", json!({"email": email})).await.expect(201);
    }
    let other = app.bearer(&app.token("bob", "globex", &["ORG_ADMIN"]));
    let _ = other.post("/users", json!({"email": GUEST})).await.expect(201);
}

#[tokio::test]
async fn keys_of_emails_are_of_one_email_and_one_organization() {
    let emails = ["a@b.c", "a#@b.c", "#a@b.c", "a#EMAIL#@b.c", "#EMAIL@b.c", "EMAIL#a@b.c"];
    let orgs = ["acme", "acme-EMAIL", "a"];
    let mut keys = Vec::new();
    for org in orgs {
        for email in emails {
            let key = store::keys::email(&support::org(org), email).pk;
            assert_eq!(key.matches('#').count(), 3, "{key}: no part of it looks like another kind of key");
            keys.push(key);
        }
        keys.push(store::keys::audit_partition(&support::org(org)));
        keys.push(store::keys::users(&support::org(org)));
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[tokio::test]
async fn a_name_is_a_line_in_which_something_can_be_seen() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let mut resource = support::resource_body(&credential);
    let user = json!({"email": "ada@acme.example", "name": "Ada"});
    let key = json!({"name": "CI", "scopes": ["audit:read"]});
    let before = app.db_items().await;
    for (texts, is_blank) in [(INVISIBLE.as_slice(), true), (NO_LINE.as_slice(), false)] {
        for text in texts {
            resource["name"] = json!(text);
            let with = |body: &Value| {
                let mut body = body.clone();
                body["name"] = json!(text);
                body
            };
            for (path, body) in [
                ("/resources", resource.clone()),
                ("/roles", with(&json!({}))),
                ("/users", with(&user)),
                ("/api-keys", with(&key)),
            ] {
                let reply = admin.post(path, body).await.expect(400);
                let why = if is_blank {
                    "name must not be blank"
                } else {
                    "name must be one line without control characters or changes of direction"
                };
                assert!(reply.text.contains(why), "{path} {text:?}: {}", reply.text);
            }
        }
    }
    for text in INVISIBLE {
        let reply = admin.post("/credentials/", json!({"name": text, "value": "v"})).await.expect(400);
        assert_eq!(reply.json, json!({"name": ["This field may not be blank."]}), "{text:?}");
    }
    assert_eq!(app.db_items().await, before);
    for name in ["語", "e\u{301}", "\u{1F468}\u{200D}\u{1F469}\u{FE0F}", "\u{5d0}\u{200f}", "a\u{ad}b"] {
        let role = admin.post("/roles", json!({"name": name})).await.expect(201).json;
        assert_eq!(role["name"], name);
    }
}

#[tokio::test]
async fn reasons_and_descriptions_have_no_effect_on_who_shows_them() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let role = admin.new_role("Engineers").await;
    let before = app.db_items().await;
    for text in NO_TEXT {
        for (path, body, member) in [
            ("/roles", json!({"name": "x", "description": text}), "description"),
            ("/api-keys", json!({"name": "x", "scopes": ["audit:read"], "description": text}), "description"),
            ("/sessions", json!({"reason": text}), "reason"),
        ] {
            let reply = admin.post(path, body).await.expect(400);
            let why = format!("{member} must not contain control characters or changes of direction");
            assert_eq!(reply.json["validationErrors"][member], why, "{path} {text:?}");
        }
        let reply = admin.patch(&format!("/roles/{role}"), json!({"description": text})).await.expect(400);
        assert!(
            reply.text.contains("description must not contain control characters or changes of direction"),
            "{text:?}"
        );
        let body = json!({"name": "n", "value": "v", "description": text});
        let reply = admin.post("/credentials/", body).await.expect(400);
        let why = if text.contains('\0') {
            "Null characters are not allowed."
        } else {
            "Control characters and changes of direction are not allowed."
        };
        assert_eq!(reply.json, json!({"description": [why]}), "{text:?}");
    }
    assert_eq!(app.db_items().await, before);
    for text in ["", "Two\r\nlines\tand a tab", "a\u{2028}b", "語"] {
        let changed = admin.patch(&format!("/roles/{role}"), json!({"description": text})).await.expect(200);
        assert_eq!(changed.json["description"], text);
    }
}

#[tokio::test]
async fn what_a_token_says_of_a_person_is_shown_only_where_it_can_be_seen() {
    let app = TestApp::new().await;
    let roles = [String::from("ORG_ADMIN")];
    for (name, email, shown) in [
        ("Ada", "ada@acme.example", ["Ada", "ada@acme.example"]),
        ("\u{3164}", GUEST, [GUEST, GUEST]),
        ("a\u{2028}b", "\u{1b}[m@acme.example", ["ada", ""]),
    ] {
        let token = Mint {
            sub: "ada",
            org: ORG,
            roles: &roles,
            email: Some(email),
            name: Some(name),
            email_verified: false,
            ttl_seconds: 3600,
        };
        let caller = app.bearer(&auth::mint(&support::jwt_settings(), &token, app.now()).unwrap());
        let made = caller.post("/credentials/", json!({"name": "n", "value": "v"})).await.expect(201).json;
        let creator = &made["creator"];
        assert_eq!([creator["name"].as_str().unwrap(), creator["email"].as_str().unwrap_or_default()], shown);
        let row = caller.get("/audit-logs?limit=1").await.expect(200).json["content"][0].clone();
        assert_eq!(row["actorEmail"].as_str().unwrap_or_default(), shown[1]);
    }
}
