//! `limit` and `cursor` on the lists.

use serde_json::{Value, json};
use support::{Client, TestApp};

/// Seven roles, each with two resources, fourteen resources, seven users and seven API keys.
async fn listed(app: &TestApp) -> Client {
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    for number in 0..7 {
        let role = admin.new_role(&format!("Role {number}")).await;
        // The ids of users are not in order of creation.
        let user = admin.new_user(&format!("{}-{number}", ["q", "a", "z"][number % 3])).await;
        let _ = admin.post_empty(&format!("/roles/{role}/users/{user}")).await.expect(200);
        let _ = admin.new_api_key(&["audit:read"]).await;
        for _ in 0..2 {
            let resource = admin.new_resource(&credential).await;
            let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
        }
    }
    admin
}

/// The path of the next page, from the `Link` header.
fn next(header: Option<&str>) -> Option<String> {
    let (target, relation) = header?.split_once(';').unwrap();
    assert_eq!(relation.trim(), "rel=\"next\"");
    Some(target.strip_prefix("</api/v1").unwrap().strip_suffix('>').unwrap().into())
}

#[tokio::test]
async fn the_pages_together_are_the_whole_list() {
    let app = TestApp::new().await;
    let admin = listed(&app).await;
    for list in ["/roles", "/resources", "/users", "/api-keys"] {
        let whole = admin.get(list).await.expect(200);
        assert_eq!(whole.header("link"), None);
        let whole: Vec<Value> = serde_json::from_value(whole.json).unwrap();
        for limit in [1, 2, 3, 7, 14, 15, 500] {
            let (mut items, mut parts) = (Vec::new(), 0);
            let mut path = Some(format!("{list}?limit={limit}"));
            while let Some(part) = path {
                let reply = admin.get(&part).await.expect(200);
                let part: Vec<Value> = serde_json::from_value(reply.json.clone()).unwrap();
                assert!((1..=limit).contains(&part.len()), "{list} {limit}");
                items.extend(part);
                parts += 1;
                path = next(reply.header("link"));
            }
            assert_eq!((&items, parts), (&whole, whole.len().div_ceil(limit)), "{list} {limit}");
        }
    }
}

#[tokio::test]
async fn a_cursor_survives_inserts_and_deletions() {
    let app = TestApp::new().await;
    let admin = listed(&app).await;
    let whole = admin.get("/roles").await.json;
    let first = admin.get("/roles?limit=3").await.expect(200);
    let path = next(first.header("link")).unwrap();
    let _ = admin.new_role("Later").await;
    let last_shown = first.json[2]["id"].as_str().unwrap();
    let _ = admin.delete(&format!("/roles/{last_shown}")).await.expect(204);
    let second = admin.get(&path).await.expect(200).json;
    assert_eq!(second[0], whole[3], "the position is kept although the role that marked it is gone");
    let cursor = path.split_once("cursor=").unwrap().1;
    let rest = admin.get(&format!("/roles?cursor={cursor}")).await.expect(200);
    assert_eq!((rest.json.as_array().unwrap().len(), rest.header("link")), (5, None));
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_its_organization() {
    let app = TestApp::new().await;
    let admin = listed(&app).await;
    let path = next(admin.get("/roles?limit=1").await.header("link")).unwrap();
    let cursor = path.split_once("cursor=").unwrap().1.to_owned();
    let wrong = json!({"cursor": "cursor was not made for this list"});
    let foreign = app.other_admin().get(&path).await.expect(400);
    assert_eq!(foreign.json["validationErrors"], wrong);
    for text in ["x", &cursor[1..], &format!("{cursor}A"), &cursor.to_uppercase()] {
        let reply = admin.get(&format!("/roles?cursor={text}")).await.expect(400);
        assert_eq!(reply.json["validationErrors"], wrong, "{text}");
    }
    let other_list = admin.get(&format!("/resources?cursor={cursor}")).await.expect(400);
    assert_eq!(other_list.json["message"], "cursor was not made for this list");
}

#[tokio::test]
async fn limits_are_whole_numbers_from_1_to_500() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for limit in ["0", "501", "-1", "x", "1.5"] {
        let reply = admin.get(&format!("/resources?limit={limit}")).await.expect(400);
        assert_eq!(reply.json["message"], "limit must be a whole number from 1 to 500", "{limit}");
    }
    for limit in ["1", "500"] {
        assert_eq!(admin.get(&format!("/resources?limit={limit}")).await.expect(200).text, "[]");
    }
}
