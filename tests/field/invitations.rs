//! People whom an administrator entered by their email before they first came: opsknight-labs/OpsKnight#336, neochaotic/leoflow#1166 (no token
//! matches the entry), Budibase/budibase#18050 (the email is taken), lightdash/lightdash#12860 (and must be verified).

use serde_json::{Value, json};
use support::{Client, Reply, TestApp};

use crate::claims::signed;

const EMAIL: &str = "grace@acme.example";

/// Somebody with a verified email.
fn person(app: &TestApp, sub: &str, email: &str) -> Client {
    app.bearer(&signed(&json!({"sub": sub, "email": email, "email_verified": true, "roles": []})))
}

/// Somebody whose email is anybody's word.
fn unverified(app: &TestApp, sub: &str, with: &Value) -> Client {
    let mut claims = json!({"sub": sub, "email": EMAIL, "roles": []});
    for (name, value) in with.as_object().unwrap() {
        claims[name] = value.clone();
    }
    app.bearer(&signed(&claims))
}

async fn invite(admin: &Client, email: &str) -> Reply {
    admin.post("/users", json!({"email": email, "name": "Grace"})).await.expect(201)
}

/// An invitation with a role and a resource.
struct Invited {
    id: String,
    role: String,
    resource: String,
}

async fn invited(admin: &Client) -> Invited {
    let id = invite(admin, EMAIL).await.id();
    let (role, resource) = admin.new_role_and_resource().await;
    let _ = admin.patch(&format!("/resources/{resource}"), json!({"isActive": true})).await.expect(200);
    let _ = admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
    let _ = admin.post_empty(&format!("/users/{id}/resources/{resource}")).await.expect(200);
    Invited { id, role, resource }
}

#[tokio::test]
async fn an_entry_for_an_email_alone_is_shown_as_invited() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let invited = invite(&admin, EMAIL).await;
    assert_eq!(invited.json["invited"], true);
    assert_eq!(admin.get(&format!("/users/{}", invited.id())).await.expect(200).text, invited.text);
    assert_eq!(admin.get("/users").await.expect(200).json, json!([invited.json]));
    let known = admin.post("/users", json!({"id": "ada", "email": "ada@acme.example"})).await.expect(201);
    assert_eq!(known.json["invited"], false);
    // What is shown can be sent back.
    let path = format!("/users/{}", invited.id());
    assert_eq!(admin.patch(&path, invited.json.clone()).await.expect(200).text, invited.text);
}

#[tokio::test]
async fn the_first_token_with_the_verified_email_takes_everything_over() {
    for ask in ["GET /me", "POST /sessions"] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let Invited { id, role, resource } = invited(&admin).await;
        let before = admin.get(&format!("/users/{id}")).await.expect(200).json;
        // The email in another case is the same person's.
        let grace = person(&app, "idp|grace", "Grace@ACME.example");
        app.advance_seconds(60);
        if ask == "GET /me" {
            let me = grace.get("/me").await.expect(200).json;
            assert_eq!(me["roles"][0]["id"], role.as_str(), "{me}");
        } else {
            let session = grace.post("/sessions", json!({"resourceIds": [resource]})).await.expect(201).json;
            assert_eq!((&session["userId"], &session["userEmail"]), (&json!("idp|grace"), &json!(EMAIL)));
        }
        let after = admin.get("/users/idp%7Cgrace").await.expect(200).json;
        let mut expected = before.clone();
        expected["id"] = "idp|grace".into();
        expected["invited"] = false.into();
        expected["updatedAt"] = after["updatedAt"].clone();
        assert_eq!(after, expected);
        assert_eq!(after["updatedAt"], "2026-02-18T10:31:00Z");
        let _ = admin.get(&format!("/users/{id}")).await.expect(404);
        assert_eq!(admin.get("/users").await.expect(200).json, json!([after]));
        assert_eq!(
            admin.get(&format!("/roles/{role}")).await.expect(200).json["userIds"],
            json!(["idp|grace"])
        );
        let row =
            admin.get("/audit-logs?eventType=INVITATION_CLAIM").await.expect(200).json["content"][0].clone();
        assert_eq!((&row["actorId"], &row["resourceId"]), (&json!("idp|grace"), &json!("idp|grace")));
        let details = json!({"invitationId": id, "roleIds": [role], "resourceIds": [resource]});
        assert_eq!(row["details"], details);
        // Nothing is left behind that another person, or a deletion, would find.
        assert!(!format!("{:?}", app.db_items().await).contains(&format!("USER#{id}")));
        let _ = admin.delete(&format!("/roles/{role}/users/idp%7Cgrace")).await.expect(204);
        let _ = admin.delete(&format!("/users/idp%7Cgrace/resources/{resource}")).await.expect(204);
        let _ = admin.delete("/users/idp%7Cgrace").await.expect(204);
        let _ = invite(&admin, EMAIL).await;
    }
}

#[tokio::test]
async fn an_email_that_is_not_verified_claims_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let Invited { id, .. } = invited(&admin).await;
    let before = admin.get(&format!("/users/{id}")).await.expect(200).text;
    for (number, with) in [
        json!({}),
        json!({"email_verified": false}),
        json!({"email_verified": "false"}),
        json!({"email_verified": null}),
        json!({"email_verified": 1}),
        json!({"email_verified": ["true"]}),
        json!({"email_verified": true, "email": "grace@acme.example "}),
        json!({"email_verified": true, "email": [EMAIL]}),
        json!({"email_verified": true, "email": "grace@acme.example.evil.example"}),
    ]
    .iter()
    .enumerate()
    {
        let eve = unverified(&app, &format!("eve-{number}"), with);
        let me = eve.get("/me").await.expect(200).json;
        assert_eq!((&me["roles"], &me["resources"]), (&json!([]), &json!([])), "{with}");
        let _ = eve.post("/sessions", json!({})).await.expect(400);
        assert_eq!(admin.get(&format!("/users/{id}")).await.expect(200).text, before, "{with}");
    }
    // The person themselves comes later all the same.
    let me = person(&app, "grace", EMAIL).get("/me").await.expect(200).json;
    assert_eq!(me["roles"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_email_that_only_looks_the_same_claims_nothing() {
    for (invited_as, token_has) in [
        ("kate@acme.example", "\u{212A}ate@acme.example"),
        ("\u{212A}ate@acme.example", "kate@acme.example"),
        ("ida@acme.example", "\u{130}da@acme.example"),
        ("i\u{307}da@acme.example", "\u{130}da@acme.example"),
        ("ada@acme.example", "ad\u{430}@acme.example"),
        ("ada@acme.example", "ada@acme.example."),
        ("jos\u{e9}@acme.example", "jose\u{301}@acme.example"),
    ] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let id = invite(&admin, invited_as).await.id();
        let (role, _) = admin.new_role_and_resource().await;
        let _ = admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
        let before = admin.get(&format!("/users/{id}")).await.expect(200).text;
        let me = person(&app, "idp|mallory", token_has).get("/me").await.expect(200).json;
        assert_eq!(me["roles"], json!([]), "{invited_as} {token_has}");
        assert_eq!(admin.get(&format!("/users/{id}")).await.expect(200).text, before);
        // The person who was meant still can.
        let me = person(&app, "idp|right", invited_as).get("/me").await.expect(200).json;
        assert_eq!(me["roles"][0]["id"], role.as_str(), "{invited_as}");
    }
}

#[tokio::test]
async fn a_provider_that_verifies_emails_need_not_say_so_and_may_say_no() {
    let mut jwt = support::jwt_settings();
    jwt.claims.emails_are_verified = true;
    let app = TestApp::with_setup(support::Setup { jwt, ..support::Setup::default() }).await;
    let admin = app.admin();
    let Invited { id, .. } = invited(&admin).await;
    let me = unverified(&app, "eve", &json!({"email_verified": false})).get("/me").await.expect(200).json;
    assert_eq!(me["roles"], json!([]));
    let _ = admin.get(&format!("/users/{id}")).await.expect(200);
    let me = unverified(&app, "grace", &json!({})).get("/me").await.expect(200).json;
    assert_eq!(me["roles"].as_array().unwrap().len(), 1);
}

/// Somebody who came before the invitation is known: without an email, it becomes theirs; with one, it is refused as before.
#[tokio::test]
async fn a_person_who_was_there_before_is_not_entered_twice() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = unverified(&app, "grace", &json!({"email": null})).get("/me").await.expect(200);
    let Invited { role, resource, .. } = invited(&admin).await;
    let other = admin.new_role("Others").await;
    let _ = admin.post_empty(&format!("/roles/{other}/users/grace")).await.expect(200);
    let grace = person(&app, "grace", EMAIL);
    let me = grace.get("/me").await.expect(200).json;
    assert_eq!(me["roles"].as_array().unwrap().len(), 2, "{me}");
    let shown = admin.get("/users/grace").await.expect(200).json;
    assert_eq!((&shown["roleIds"], &shown["resourceIds"]), (&json!([role, other]), &json!([resource])));
    assert_eq!((&shown["email"], &shown["invited"]), (&json!(EMAIL), &json!(false)));
    let taken = admin.post("/users", json!({"email": "GRACE@acme.example"})).await.expect(400);
    assert_eq!(taken.json["message"], "A user with email 'GRACE@acme.example' already exists");
    // Somebody with an email of their own claims none that they get later.
    let _ = person(&app, "ada", "ada@acme.example").get("/me").await.expect(200);
    let second = invite(&admin, "a@acme.example").await.json;
    let _ = person(&app, "ada", "a@acme.example").get("/me").await.expect(200);
    assert_eq!(
        admin.get(&format!("/users/{}", second["id"].as_str().unwrap())).await.expect(200).json,
        second
    );
}

#[tokio::test]
async fn a_deactivated_invitation_admits_nobody() {
    for ask in ["/me", "/sessions"] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let Invited { id, .. } = invited(&admin).await;
        let _ = admin.patch(&format!("/users/{id}"), json!({"isActive": false})).await.expect(200);
        let grace = person(&app, "grace", EMAIL);
        let asked = async || match ask {
            "/me" => grace.get("/me").await,
            _ => grace.post("/sessions", json!({})).await,
        };
        assert_eq!(asked().await.expect(403).header("x-postern-error"), Some("USER_INACTIVE"));
        // It is theirs, so that every other operation refuses them too.
        let shown = admin.get("/users/grace").await.expect(200).json;
        assert_eq!((&shown["isActive"], &shown["invited"]), (&json!(false), &json!(false)));
        let _ = grace.get("/sessions").await.expect(403);
        let _ = admin.patch("/users/grace", json!({"isActive": true})).await.expect(200);
        app.advance_seconds(5);
        assert_eq!(grace.get("/me").await.expect(200).json["roles"].as_array().unwrap().len(), 1);
    }
    // Somebody who is known already is refused as well, and keeps what they have.
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = unverified(&app, "grace", &json!({"email": null})).get("/me").await.expect(200);
    let Invited { id, .. } = invited(&admin).await;
    let _ = admin.patch(&format!("/users/{id}"), json!({"isActive": false})).await.expect(200);
    let _ = person(&app, "grace", EMAIL).get("/me").await.expect(403);
    assert_eq!(admin.get("/users/grace").await.expect(200).json["isActive"], true);
}

#[tokio::test]
async fn an_invitation_of_another_organization_is_not_for_this_one() {
    let app = TestApp::new().await;
    let other = app.other_admin();
    let Invited { id, .. } = invited(&other).await;
    let me = person(&app, "grace", EMAIL).get("/me").await.expect(200).json;
    assert_eq!((&me["roles"], &me["email"]), (&json!([]), &json!(EMAIL)));
    assert_eq!(other.get(&format!("/users/{id}")).await.expect(200).json["invited"], true);
}

#[tokio::test]
async fn an_invitation_that_was_edited_or_deleted_is_claimed_as_it_is() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let Invited { id, .. } = invited(&admin).await;
    let moved = json!({"email": "g.hopper@acme.example", "name": "Grace Hopper"});
    assert_eq!(admin.patch(&format!("/users/{id}"), moved).await.expect(200).json["invited"], true);
    assert_eq!(person(&app, "other", EMAIL).get("/me").await.expect(200).json["roles"], json!([]));
    let me = person(&app, "grace", "g.hopper@acme.example").get("/me").await.expect(200).json;
    assert_eq!((me["roles"].as_array().unwrap().len(), &me["name"]), (1, &json!("Grace Hopper")), "{me}");
    let gone = invite(&admin, "late@acme.example").await.id();
    let _ = admin.delete(&format!("/users/{gone}")).await.expect(204);
    let late = person(&app, "late", "late@acme.example").get("/me").await.expect(200).json;
    assert_eq!((&late["roles"], &late["email"]), (&json!([]), &json!("late@acme.example")));
}

/// The identity provider may have been told the id that the entry got.
#[tokio::test]
async fn a_token_that_names_the_id_itself_is_the_persons() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let Invited { id, role, .. } = invited(&admin).await;
    let grace = unverified(&app, &id, &json!({"email": null}));
    assert_eq!(grace.get("/me").await.expect(200).json["roles"][0]["id"], role.as_str());
    let shown = admin.get(&format!("/users/{id}")).await.expect(200).json;
    assert_eq!(shown["invited"], false);
    let me = person(&app, "eve", EMAIL).get("/me").await.expect(200).json;
    assert_eq!(me["roles"], json!([]), "it is nobody's to claim any more");
    assert_eq!(admin.get(&format!("/users/{id}")).await.expect(200).json, shown);
}

/// An API key acts for the person who made it, and claims nothing.
#[tokio::test]
async fn an_api_key_claims_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let ada = app.bearer(&signed(&json!({"sub": "ada", "email": null})));
    let key = ada.new_api_key(&["sessions:write"]).await;
    let Invited { id, .. } = invited(&admin).await;
    let caller = app.caller(&[("x-api-key", &key)]);
    let _ = caller.get("/me").await.expect(200);
    let _ = caller.post("/sessions", json!({})).await.expect(400);
    assert_eq!(admin.get(&format!("/users/{id}")).await.expect(200).json["invited"], true);
}

/// With more links than a transaction has room for, the claim takes several, and one that broke off goes on.
#[tokio::test]
async fn many_links_come_with_it_however_often_it_breaks_off() {
    const ROLES: usize = 70;
    let app = TestApp::new().await;
    let admin = app.admin();
    let Invited { id, role, resource } = invited(&admin).await;
    let mut roles = vec![role];
    for number in 1..ROLES {
        let role = admin.new_role(&format!("Role {number}")).await;
        let _ = admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
        roles.push(role);
    }
    let grace = person(&app, "grace", EMAIL);
    // After each of the first two transactions the next one fails.
    for claimed in [32, 64] {
        // Her entry is tried first, and meets the invitation's email.
        let before = if claimed == 32 { 2 } else { 1 };
        app.proxy.fail_after("TransactWriteItems", before, 400, &json!({"__type": "x#ValidationException"}));
        let _ = grace.get("/me").await.expect(500);
        let partly = admin.get("/users/grace").await.expect(200).json;
        assert_eq!((partly["roleIds"].as_array().unwrap().len(), &partly["email"]), (claimed, &Value::Null));
        // The rest is bound to her: nobody else gets it.
        let eve = person(&app, &format!("eve-{claimed}"), EMAIL).get("/me").await.expect(200).json;
        assert_eq!(eve["roles"], json!([]));
    }
    assert_eq!(grace.get("/me").await.expect(200).json["roles"].as_array().unwrap().len(), ROLES);
    let shown = admin.get("/users/grace").await.expect(200).json;
    assert_eq!((&shown["roleIds"], &shown["resourceIds"]), (&json!(roles), &json!([resource])));
    assert_eq!(shown["email"], EMAIL);
    let _ = admin.get(&format!("/users/{id}")).await.expect(404);
    assert!(!format!("{:?}", app.db_items().await).contains(&format!("USER#{id}")));
    for role in roles {
        assert_eq!(admin.get(&format!("/roles/{role}")).await.expect(200).json["userIds"], json!(["grace"]));
    }
}

/// Somebody who is known with an email costs no call more than before: what the directory says of them, and what they reach.
#[tokio::test]
async fn a_known_person_costs_no_call_more() {
    let app = TestApp::new().await;
    let grace = person(&app, "grace", EMAIL);
    let _ = grace.get("/me").await.expect(200);
    app.advance_seconds(60);
    let _ = app.proxy.take_calls();
    let _ = grace.get("/me").await.expect(200);
    let calls = app.proxy.take_calls();
    assert!(!calls.iter().any(|call| call.contains("TransactWriteItems")), "{calls:?}");
    assert_eq!(
        calls.iter().filter(|call| call.contains("GetItem") && !call.contains("Batch")).count(),
        1,
        "{calls:?}"
    );
}

/// What is bound to an entry would be lost if somebody else could still claim it.
#[tokio::test]
async fn who_makes_an_api_key_under_the_id_of_an_invitation_has_come() {
    let app = TestApp::new().await;
    let id = invite(&app.admin(), EMAIL).await.id();
    let ada = app.bearer(&signed(&json!({"sub": id, "email": null})));
    let key = ada.new_api_key(&["sessions:read"]).await;
    assert_eq!(app.admin().get(&format!("/users/{id}")).await.expect(200).json["invited"], false);
    let _ = person(&app, "eve", EMAIL).get("/me").await.expect(200);
    app.advance_seconds(5);
    let _ = app.caller(&[("x-api-key", &key)]).get("/sessions").await.expect(200);
}
