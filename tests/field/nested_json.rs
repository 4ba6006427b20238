//! One object that is nested too deep makes a list unreadable for good.
//!
//! Reported of parsers with a bound: <https://github.com/flop-labs/technocore-chat/issues/130>,
//! <https://github.com/HarperFast/harper/issues/1292>.

use aws_sdk_dynamodb::types::AttributeValue;
use model::credential::CredentialDraft;
use model::credential::input::{Given, GivenFields};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{Client, ORG, TestApp, actor};

/// JSON text of so many levels, all of them arrays but the first.
fn nested(levels: usize) -> String {
    format!("{{\"port\":22,\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
}

async fn patch_config(admin: &Client, resource: &str, config: &str) -> support::Reply {
    let body = format!("{{\"config\":{config}}}");
    let path = format!("/api/v1/resources/{resource}");
    admin.send("PATCH", &path, Some("application/json"), body.into_bytes()).await
}

#[tokio::test]
async fn json_that_is_kept_has_at_most_32_levels() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = admin.new_resource(&credential).await;
    let shown = patch_config(&admin, &resource, &nested(32)).await.expect(200);
    assert!(shown.text.contains(&nested(32)), "{}", shown.text);
    assert!(admin.get("/audit-logs?limit=1").await.expect(200).text.contains(&nested(32)));
    for levels in [33, 34, 124, 125, 126, 127, 128, 5000] {
        let refused = patch_config(&admin, &resource, &nested(levels)).await.expect(400);
        let is_named = refused.text.contains("config must have at most 32 levels");
        assert!(is_named || refused.text.contains("recursion limit"), "{levels}: {}", refused.text);
        let mut draft = support::resource_body(&credential);
        if levels < 120 {
            draft["config"] = serde_json::from_str(&nested(levels)).unwrap();
            assert!(admin.post("/resources", draft).await.expect(400).text.contains("at most 32 levels"));
        }
    }
    let path = format!("/api/v1/credentials/{credential}/");
    for (levels, status) in [(32, 200), (33, 400), (125, 400), (126, 400), (5000, 400)] {
        let body = format!("{{\"name\":\"n\",\"is_sensitive\":false,\"value\":{}}}", nested(levels));
        let reply =
            admin.send("PUT", &path, Some("application/json"), body.into_bytes()).await.expect(status);
        if status == 200 {
            assert!(reply.text.contains(&nested(levels)));
        }
    }
    let _ = admin.get("/credentials/").await.expect(200);
    let _ = admin.get("/audit-logs").await.expect(200);
}

/// Changes an attribute of an item in place: what an earlier or later version may have left.
async fn set(app: &TestApp, (pk, sk): &(String, String), path: &[&str], value: AttributeValue) {
    #[expect(clippy::disallowed_methods, reason = "what another version has written")]
    let mut call = app.dynamodb.update_item().table_name(&app.table);
    call = call.key("pk", AttributeValue::S(pk.clone())).key("sk", AttributeValue::S(sk.clone()));
    let names: Vec<_> = (0..path.len()).map(|place| format!("#n{place}")).collect();
    for (name, part) in names.iter().zip(path) {
        call = call.expression_attribute_names(name, *part);
    }
    call = call.update_expression(format!("SET {} = :value", names.join(".")));
    call.expression_attribute_values(":value", value).send().await.unwrap();
}

/// An organization with three objects in each list. Each was made a second after the one before.
async fn peopled() -> (TestApp, Client) {
    let app = TestApp::new().await;
    let admin = app.admin();
    for number in 0..3 {
        let credential = admin.new_credential(&format!("C{number}")).await;
        let _ = admin.new_resource(&credential).await;
        let _ = admin.new_role(&format!("R{number}")).await;
        let _ = admin.new_user(&format!("u{number}")).await;
        let _ = admin.new_api_key(&["audit:read"]).await;
        app.advance_seconds(1);
    }
    (app, admin)
}

/// The keys of the items of a kind, in the order of their creation.
async fn places(app: &TestApp, entity: &str) -> Vec<(String, String)> {
    let table = app.db_table().await;
    let mut found: Vec<_> = table.iter().filter(|(_, item)| item["entity"] == entity).collect();
    found.sort_by_key(|(_, item)| item["data"]["createdAt"].as_i64());
    found.into_iter().map(|(at, _)| at.clone()).collect()
}

/// The ids that a list shows, and those that it names as unreadable, each with its time: the list whole, and part by part.
async fn walked(admin: &Client, list: &str, by: &str) -> (Vec<String>, Vec<String>) {
    let (mut shown, mut named) = (Vec::new(), Vec::new());
    let mut path = format!("{list}{by}");
    for _ in 0..100 {
        let page = admin.get(&path).await.expect(200);
        let objects = page.json.as_array().or_else(|| page.json["content"].as_array());
        let objects = objects.or_else(|| page.json["results"].as_array()).unwrap();
        shown.extend(objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()));
        let header = page.header("x-postern-unreadable").unwrap_or_default();
        named.extend(header.split(',').filter(|one| !one.is_empty()).map(String::from));
        let cursor = page.json["nextCursor"].as_str().map(|cursor| format!("{list}{by}&cursor={cursor}"));
        let link = page.header("link").and_then(|link| link.strip_prefix("</api/v1")?.split('>').next());
        match cursor.or_else(|| link.map(String::from)) {
            Some(next) => path = next,
            None => return (shown, named),
        }
    }
    panic!("{list} has no end");
}

#[tokio::test]
async fn an_unreadable_object_of_any_list_is_named_with_its_time_and_hides_no_other() {
    let broken = [
        ("shape", vec!["shape"], AttributeValue::N("2".into())),
        ("members", vec!["data"], AttributeValue::M(Default::default())),
    ];
    for (what, path, value) in broken {
        for (entity, list, by) in [
            ("RESOURCE", "/resources", "?limit=1"),
            ("ROLE", "/roles", "?limit=1"),
            ("USER", "/users", "?limit=1"),
            ("API_KEY", "/api-keys", "?limit=1"),
            ("CREDENTIAL", "/credentials/", "?length=1"),
        ] {
            let (app, admin) = peopled().await;
            let (before, none) = walked(&admin, list, "?").await;
            assert!(none.is_empty() && before.len() >= 3, "{list}");
            for (count, at) in places(&app, entity).await.iter().enumerate() {
                set(&app, at, &path, value.clone()).await;
                for by in ["?", by] {
                    if list == "/credentials/" && by != "?" {
                        continue; // Its pages are counted: the whole names every one.
                    }
                    let (shown, named) = walked(&admin, list, by).await;
                    let ids: BTreeSet<_> = named.iter().map(|one| one.split(';').next().unwrap()).collect();
                    assert_eq!(ids.len(), count + 1, "{list}{by} with {what}: {named:?}");
                    let all: BTreeSet<_> = shown.iter().map(String::as_str).chain(ids).collect();
                    assert_eq!(all, before.iter().map(String::as_str).collect(), "{list}{by} with {what}");
                    let times: BTreeSet<_> =
                        named.iter().filter_map(|one| one.split_once(";createdAt=")).collect();
                    assert_eq!(times.len(), count + 1, "{list}{by} with {what}: {named:?}");
                }
            }
            assert_eq!(walked(&admin, list, "?").await.0, Vec::<String>::new(), "{list}: all are named");
        }
    }
}

#[tokio::test]
async fn an_unreadable_row_of_the_audit_log_is_shown_with_id_and_time_on_its_page() {
    let (app, admin) = peopled().await;
    let rows = places(&app, "AUDIT").await;
    let (before, _) = walked(&admin, "/audit-logs", "?limit=500").await;
    assert_eq!(before.len(), rows.len());
    // What an earlier version has written of a config of 125 levels, and what no version can read.
    let deep = format!("{{\"changes\":{{\"config\":{{\"from\":{},\"to\":{{}}}}}}}}", nested(126));
    for (place, (path, value)) in [
        (vec!["data", "details"], AttributeValue::S(deep)),
        (vec!["data", "details"], AttributeValue::S("[]".into())),
        (vec!["data", "details"], AttributeValue::S("{".into())),
        (vec!["data", "createdAt"], AttributeValue::N("99999999999999999".into())),
        (vec!["data", "eventType"], AttributeValue::S("FUTURE".into())),
        (vec!["shape"], AttributeValue::N("2".into())),
        (vec!["data"], AttributeValue::M(Default::default())),
    ]
    .into_iter()
    .enumerate()
    {
        let at = &rows[place * 2];
        set(&app, at, &path, value).await;
        let whole = admin.get("/audit-logs?limit=500").await.expect(200).json;
        let unreadable = whole["unreadable"].as_array().unwrap();
        assert_eq!(unreadable.len(), place + 1, "{path:?}");
        let row: &Value = unreadable.iter().find(|row| at.1.ends_with(row["id"].as_str().unwrap())).unwrap();
        let millis: i64 = at.1.split('#').next().unwrap().parse().unwrap();
        assert_eq!(row["createdAt"], json!(model::time::Timestamp::from_unix_millis(millis).unwrap()));
        for limit in ["?limit=1", "?limit=2", "?limit=500", "?eventType=ROLE_CREATE"] {
            let (shown, named) = walked(&admin, "/audit-logs", limit).await;
            let ids: BTreeSet<_> = named.iter().map(|one| one.split(';').next().unwrap()).collect();
            let all: BTreeSet<_> = shown.iter().map(String::as_str).chain(ids.iter().copied()).collect();
            // A filter leaves out a row of which it can tell that it is of another event.
            if !limit.contains("eventType") {
                assert_eq!(ids.len(), place + 1, "{limit}: {named:?}");
                assert_eq!(all, before.iter().map(String::as_str).collect(), "{limit}");
            }
        }
    }
}

#[tokio::test]
async fn a_resource_of_an_earlier_version_with_a_deep_config_blocks_nothing_and_can_be_corrected() {
    let (app, admin) = peopled().await;
    let at = places(&app, "RESOURCE").await.remove(1);
    let id = at.0.rsplit('#').next().unwrap().to_owned();
    let path = format!("/resources/{id}");
    // Up to 60 levels it is shown, beyond it the list names it.
    for (levels, count) in [(33, 3), (60, 3), (61, 2), (126, 2)] {
        set(&app, &at, &["data", "config"], AttributeValue::S(nested(levels))).await;
        for by in ["?", "?limit=1"] {
            let (shown, named) = walked(&admin, "/resources", by).await;
            assert_eq!((shown.len(), named.len()), (count, 3 - count), "{levels} {by}");
            assert!(named.iter().all(|one| one.starts_with(&format!("{id};createdAt="))), "{named:?}");
        }
        // Alone it can be read as long as a parser can, and corrected in any case. The record says that it does not have it whole.
        if levels < 126 {
            assert!(admin.get(&path).await.expect(200).text.contains(&nested(levels)));
        }
        let _ = patch_config(&admin, &id, "{}").await.expect(200);
        let log = admin.get("/audit-logs?limit=1").await.expect(200).json;
        let from = &log["content"][0]["details"]["changes"]["config"]["from"];
        assert_eq!(*from, json!(format!("(JSON of {levels} levels, which is not recorded)")), "{log}");
    }
    assert_eq!(admin.get("/audit-logs?limit=500").await.expect(200).json["unreadable"], json!(null));
}

#[tokio::test]
async fn a_value_of_an_earlier_version_that_is_too_deep_hides_no_other_credential() {
    let (app, admin) = peopled().await;
    for (levels, is_listed) in [(33, true), (60, true), (61, false), (126, false)] {
        let mut fields = GivenFields::default();
        for (name, text, raw) in [
            ("name", "n", "\"n\""),
            ("is_sensitive", "no", "\"no\""),
            ("value", "v", nested(levels).as_str()),
        ] {
            // What the reader of this version takes for a text is stored as an earlier version stored JSON.
            fields.set(name.into(), Given::Json { value: text.into(), raw: raw.into() });
        }
        let draft = CredentialDraft::read(&fields).unwrap();
        let made = app.db.create_credential(&app.vault, &actor(ORG), &draft, app.now()).await.unwrap();
        let id = made.credential.id.base58();
        let (shown, named) = walked(&admin, "/credentials/", "?").await;
        assert_eq!(shown.contains(&id), is_listed, "{levels}");
        assert_eq!(
            named.iter().any(|one| one.starts_with(&format!("{id};createdAt="))),
            !is_listed,
            "{levels}"
        );
    }
}
