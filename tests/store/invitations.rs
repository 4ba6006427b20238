//! What happens to an invitation between the look at it and its claim.

use aws_sdk_dynamodb::types::AttributeValue;
use model::principal::{ActorType, Principal};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::keys;
use support::interleave::between;
use support::{Client, ORG, TestApp, actor, at_millis, org};

use crate::fixture::{put_raw, raw};

const EMAIL: &str = "grace@acme.example";

/// Somebody with a verified email, as the verifier gives them.
fn principal(sub: &str, email: Option<&str>) -> Principal {
    Principal {
        org: org(ORG),
        user: model::id::UserId::parse(sub).unwrap(),
        is_org_admin: false,
        email: email.map(String::from),
        email_is_verified: true,
        name: None,
        kind: ActorType::User,
    }
}

/// What the first request about oneself does; the ids of the roles that it leads to.
async fn sign_in(app: &TestApp, sub: &str, email: Option<&str>) -> Result<Vec<String>, store::StoreError> {
    let (db, principal, now) = (app.db.clone(), principal(sub, email), app.now());
    let known = db.user(&principal.org, &principal.user).await?.map(|user| user.value);
    let user = db.sign_in(&actor(ORG), &principal, known, now).await?;
    Ok(user.role_ids.iter().map(ToString::to_string).collect())
}

struct Invited {
    app: TestApp,
    admin: Client,
    id: String,
    role: String,
    resource: String,
}

/// An invitation with a role and a resource, and somebody who is known without an email.
async fn invited() -> Invited {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.post("/users", json!({"email": EMAIL})).await.expect(201).id();
    let (role, resource) = admin.new_role_and_resource().await;
    let _ = admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
    let _ = admin.post_empty(&format!("/users/{id}/resources/{resource}")).await.expect(200);
    assert_eq!(sign_in(&app, "grace", None).await.unwrap(), Vec::<String>::new());
    Invited { app, admin, id, role, resource }
}

impl Invited {
    /// The claim of the known person, with something between its reads and its transaction.
    async fn claim_around(
        &self,
        meanwhile: impl Future<Output = ()>,
    ) -> Result<Vec<String>, store::StoreError> {
        let (db, principal, now) = (self.app.db.clone(), principal("grace", Some(EMAIL)), self.app.now());
        let claim = async move {
            let known = db.user(&principal.org, &principal.user).await?.map(|user| user.value);
            let user = db.sign_in(&actor(ORG), &principal, known, now).await?;
            Ok(user.role_ids.iter().map(ToString::to_string).collect())
        };
        between(&self.app, claim, meanwhile).await
    }

    async fn shown(&self, user: &str) -> Value {
        self.admin.get(&format!("/users/{user}")).await.expect(200).json
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_claim_takes_the_invitation_as_it_is_at_its_write() {
    for change in [
        "edited",
        "deleted",
        "deactivated",
        "unassigned",
        "taken away",
        "assigned",
        "role deleted",
        "resource deleted",
    ] {
        let it = invited().await;
        let (admin, id, role, resource) = (&it.admin, &it.id, &it.role, &it.resource);
        let other = admin.new_role("Other").await;
        let claimed = it
            .claim_around(async {
                let _ = match change {
                    "edited" => admin
                        .patch(&format!("/users/{id}"), json!({"email": "g@acme.example"}))
                        .await
                        .expect(200),
                    "deleted" => admin.delete(&format!("/users/{id}")).await.expect(204),
                    "deactivated" => {
                        admin.patch(&format!("/users/{id}"), json!({"isActive": false})).await.expect(200)
                    }
                    "unassigned" => admin.delete(&format!("/roles/{role}/users/{id}")).await.expect(204),
                    "taken away" => {
                        admin.delete(&format!("/users/{id}/resources/{resource}")).await.expect(204)
                    }
                    "assigned" => admin.post_empty(&format!("/roles/{other}/users/{id}")).await.expect(200),
                    "role deleted" => admin.delete(&format!("/roles/{role}")).await.expect(204),
                    _ => admin.delete(&format!("/resources/{resource}")).await.expect(204),
                };
            })
            .await;
        let grace = it.shown("grace").await;
        let (roles, resources) = (&grace["roleIds"], &grace["resourceIds"]);
        match change {
            "edited" | "deleted" => assert_eq!(
                (claimed.unwrap().len(), roles, resources),
                (0, &json!([]), &json!([])),
                "{change}"
            ),
            "deactivated" => {
                assert!(claimed.is_err());
                assert_eq!((roles, &grace["isActive"]), (&json!([]), &json!(true)));
                assert_eq!(it.shown(id).await["roleIds"], json!([role]), "it stays as it is");
            }
            "unassigned" | "role deleted" => {
                assert_eq!((roles, resources), (&json!([]), &json!([resource])), "{change}");
            }
            "assigned" => {
                assert_eq!((roles, resources), (&json!([role, other]), &json!([resource])), "{change}");
            }
            _ => assert_eq!((roles, resources), (&json!([role]), &json!([])), "{change}"),
        }
        let is_there = admin.get(&format!("/users/{id}")).await.status.as_u16() == 200;
        assert_eq!(is_there, ["edited", "deactivated"].contains(&change), "{change}");
        if change != "role deleted" {
            let members = admin.get(&format!("/roles/{role}")).await.expect(200).json["userIds"].clone();
            let holder = if is_there { id } else { "grace" };
            let expected =
                if ["deleted", "unassigned"].contains(&change) { json!([]) } else { json!([holder]) };
            assert_eq!(members, expected, "{change}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_claims_one_gets_everything_and_the_other_nothing() {
    let it = invited().await;
    let meanwhile = async {
        assert_eq!(sign_in(&it.app, "eve", Some(EMAIL)).await.unwrap(), [it.role.as_str()]);
    };
    assert_eq!(it.claim_around(meanwhile).await.unwrap(), Vec::<String>::new());
    assert_eq!(it.shown("eve").await["resourceIds"], json!([it.resource]));
    assert_eq!(
        (&it.shown("grace").await["email"], &it.shown("grace").await["resourceIds"]),
        (&Value::Null, &json!([]))
    );
}

/// A role or a resource that is being deleted while the claim hands its link over loses that link too.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_takes_along_the_link_that_was_handed_over_before_its_write() {
    for family in ["roles", "resources"] {
        let it = invited().await;
        let admin = it.admin.clone();
        let path = if family == "roles" {
            format!("/roles/{}", it.role)
        } else {
            format!("/resources/{}", it.resource)
        };
        let deletion = async move { admin.delete(&path).await };
        let deleted = between(&it.app, deletion, async {
            let _ = sign_in(&it.app, "grace", Some(EMAIL)).await.unwrap();
        })
        .await;
        let _ = deleted.expect(204);
        let grace = it.shown("grace").await;
        let left = if family == "roles" { &grace["roleIds"] } else { &grace["resourceIds"] };
        assert_eq!(left, &json!([]));
        let gone = if family == "roles" { &it.role } else { &it.resource };
        let table = format!("{:?}", it.app.db_items().await);
        assert!(
            !table.contains(&format!("#{gone}\"")) || !table.contains(&format!("{gone}#USER")),
            "{family}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_claims_at_once_one_gets_the_invitation() {
    for _ in 0..10 {
        let it = invited().await;
        let claims = (0..6).map(|number| {
            let (db, principal) = (it.app.db.clone(), principal(&format!("eve-{number}"), Some(EMAIL)));
            let now = at_millis(it.app.now().unix_millis() + number);
            tokio::spawn(async move { db.sign_in(&actor(ORG), &principal, None, now).await })
        });
        let mut found = Vec::new();
        for claim in claims.collect::<Vec<_>>() {
            found.push(claim.await.unwrap().unwrap());
        }
        let with_links: Vec<_> = found.iter().filter(|user| !user.role_ids.is_empty()).collect();
        assert_eq!(with_links.len(), 1);
        assert_eq!((with_links[0].email.as_deref(), with_links[0].resource_ids.len()), (Some(EMAIL), 1));
        assert!(found.iter().all(|user| user.email.is_none() || user.id == with_links[0].id));
        let ids: BTreeSet<_> = found.iter().map(|user| user.id.as_str()).collect();
        assert_eq!(ids.len(), 6, "everybody is in the directory");
    }
}

/// An earlier version did not say who was invited, and made an id for everybody who was known by an email alone.
#[tokio::test]
async fn an_entry_of_an_earlier_version_is_an_invitation_by_the_id_that_it_was_given() {
    let it = invited().await;
    let known =
        it.admin.post("/users", json!({"id": "ada", "email": "ada@acme.example"})).await.expect(201).id();
    for (id, change, is_invited) in [
        (&it.id, "", true),
        (&it.id, "of another time", false),
        (&it.id, "with sessions", false),
        (&known, "", false),
    ] {
        let key = keys::user(&org(ORG), &model::id::UserId::parse(id).unwrap());
        let before = raw(&it.app, &key).await;
        let mut item = before.clone();
        let AttributeValue::M(data) = item.get_mut("data").unwrap() else { panic!("no members") };
        assert!(data.remove("isInvited").is_some());
        // The clock of this process may have been ahead when the id was made.
        let made = uuid::Uuid::parse_str(id).map_or(0, |uuid| i64::try_from(uuid.as_u128() >> 80).unwrap());
        let created = made - i64::from(change == "of another time");
        data.insert("createdAt".into(), AttributeValue::N(created.max(0).to_string()));
        if change == "with sessions" {
            item.insert("sessionIds".into(), AttributeValue::Ss(vec![it.role.clone()]));
        }
        put_raw(&it.app, vec![item]).await;
        assert_eq!(it.shown(id).await["invited"], is_invited, "{id} {change}");
        put_raw(&it.app, vec![before]).await;
    }
}
