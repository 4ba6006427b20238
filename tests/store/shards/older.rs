//! Beside a version without shards: what it would delete, and what it has written.

use super::*;

/// A version without shards deletes what counts nothing on its own item. One that starts count elsewhere for counts a million there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_version_does_not_delete_a_resource_with_shards() {
    let ready = Ready::new().await;
    assert_eq!(ready.live().await, (0, RESERVE), "from its creation on");
    ready.unmark().await;
    assert_eq!(ready.live().await, (0, 0));
    let _ = ready.start().await.unwrap();
    let _ = ready.start().await.unwrap();
    assert_eq!(ready.live().await, (2, RESERVE), "marked once");
}

/// Rows that a version without shards wrote count on the resource's own item, and those that it rewrote have lost their shard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_version_without_shards_count_on_the_resource() {
    for (is_from_before, on_own) in [(true, 0), (false, -1)] {
        let ready = Ready::new().await;
        let session = ready.start().await.unwrap();
        let key = keys::session(&org(ORG), session.head.id);
        let mut item = raw(&ready.app, &key).await;
        let rows = item.get_mut("rows").unwrap();
        let AttributeValue::M(rows) = rows else { panic!("rows") };
        let Some(AttributeValue::M(row)) = rows.get_mut("r0") else { panic!("a row") };
        row.remove("shard").unwrap();
        let mut items = vec![item];
        if is_from_before {
            let mut own = raw(&ready.app, &keys::resource(&org(ORG), ready.resource)).await;
            own.insert("live".into(), AttributeValue::N("1".into()));
            own.remove("shards").unwrap();
            let key = keys::shard_of_resource(&org(ORG), ready.resource, session.rows[0].shard.unwrap());
            let mut shard = raw(&ready.app, &key).await;
            shard.remove("live").unwrap();
            items.extend([own, shard]);
        }
        put_raw(&ready.app, items).await;
        assert_eq!(ready.live().await.0, 1);
        assert_eq!(refusal(ready.delete().await), Refusal::ResourceInUse);
        let second = ready.start().await.unwrap();
        assert_eq!(ready.live().await.0, 2);
        assert_eq!(refusal(ready.delete().await), Refusal::ResourceInUse);
        ready.stop(&second).await;
        ready.stop(&session).await;
        let (all, own) = ready.live().await;
        assert_eq!((all, own - RESERVE), (0, on_own), "the sum counts, and not each of them");
        ready.delete().await.unwrap();
    }
}

/// A row that was rewritten in between, beside one that was not: both leave the resource by one write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_rows_with_and_without_their_shard_ends() {
    let ready = Ready::new().await;
    let body = json!({
        "resourceIds": [ready.resource], "ipv4Address": "203.0.113.9", "ipv6Address": "2001:db8::9",
    });
    let (db, now) = (&ready.app.db, ready.app.now());
    let session = start_as(db, (ORG, &ready.user, false), body, now).await.unwrap();
    assert_eq!(session.rows.len(), 2);
    let mut item = raw(&ready.app, &keys::session(&org(ORG), session.head.id)).await;
    let AttributeValue::M(rows) = item.get_mut("rows").unwrap() else { panic!("rows") };
    let Some(AttributeValue::M(row)) = rows.get_mut("r1") else { panic!("a row") };
    row.remove("shard").unwrap();
    put_raw(&ready.app, vec![item]).await;
    ready.stop(&session).await;
    assert_eq!(ready.live().await.0, 0);
    ready.delete().await.unwrap();
}
