//! A rule is there only when a look has shown it, and it is ours only when this entry made it: whatever looks show late, and other
//! people do to the rules.

use serde_json::json;
use support::ledger::unrest;
use support::{InFunction as _, ORG};
use workers::RuleReconciler;

use crate::scene::Scene;
use crate::world::{SOURCE, group, shown, start};
#[tokio::test]
async fn a_removal_that_is_still_visible_does_not_make_the_next_session_active() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.cloud.freeze(&group(1));
    scene.stop(&session).await;
    scene.work().await;
    assert!(scene.world.rules(1).is_empty());
    let next = scene.start().await;
    scene.work().await;
    let status = scene.status(&next).await;
    assert!(status == "PENDING" && scene.world.rules(1).len() == 1, "{status}");
    scene.cloud.thaw();
    scene.sweeps(1).await;
    assert_eq!(scene.status(&next).await, "ACTIVE");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stuck_rule_that_somebody_removed_does_not_make_the_next_session_active() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.world.app.cloud.deny("AKIA1");
    scene.stop(&session).await;
    scene.work().await;
    let id = scene.world.rules(1)[0].id.clone();
    scene.world.app.cloud.remove_rule(&group(1), &id);
    scene.world.app.cloud.allow("AKIA1");
    let next = scene.start().await;
    scene.work().await;
    assert_eq!((scene.status(&next).await.as_str(), scene.world.rules(1).len()), ("ACTIVE", 1));
}

#[tokio::test]
async fn one_leaves_and_one_joins_a_full_group_in_the_same_visit() {
    let scene = Scene::new().await;
    let mut sessions = Vec::new();
    for number in 1..=60 {
        let body = json!({"ipv4Address": format!("198.51.100.{number}")});
        sessions.push(start(&scene.person, body).await);
    }
    scene.work().await;
    assert_eq!(scene.world.rules(1).len(), 60);
    scene.stop(&sessions[0]).await;
    let next = start(&scene.person, json!({"ipv4Address": "198.51.100.61"})).await;
    scene.work().await;
    assert_eq!((scene.status(&next).await.as_str(), scene.world.rules(1).len()), ("ACTIVE", 60));
}

/// A rule of somebody else that a stale look does not show does not become ours, and is not removed.
#[tokio::test]
async fn a_rule_of_somebody_else_stays_whatever_a_look_does_not_show() {
    let scene = Scene::new().await;
    let ingress = model::ingress::Ingress::parse(&format!("{SOURCE}|tcp|22-22"));
    let version = Some(model::ingress::IpVersion::V4);
    let rule = firewall::CloudRule { id: String::new(), ingress, version, tag: None };
    let theirs = scene.world.app.cloud.add_rule(&group(1), rule);
    let session = scene.start().await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "ACTIVE");
    scene.cloud.show(&group(1), Vec::new());
    scene.world.app.advance_seconds(3600);
    let report = RuleReconciler::new(scene.worker_context())
        .run(scene.world.app.now())
        .in_function("rule-reconciler")
        .await
        .unwrap();
    assert_eq!(report.missing, 1);
    scene.stop(&session).await;
    scene.work().await;
    scene.cloud.thaw();
    scene.sweeps(3).await;
    assert_eq!(scene.world.rules(1).iter().map(|rule| &rule.id).collect::<Vec<_>>(), [&theirs]);
    assert_eq!(scene.status(&session).await, "CANCELLED");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_comparison_looks_with_every_credential_of_the_group() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let admin = world.app.admin();
    let value = json!({"accessKeyId": "AKIA2", "secretAccessKey": "s"});
    let body = json!({"name": "Second", "credential_type": "ACCESS_KEY", "value": value});
    let second = admin.post("/credentials/", body).await.expect(201).id();
    let body = json!({
        "name": "Second", "credentialId": second, "provider": "AWS", "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": group(1).group_id, "region": group(1).region, "config": {"port": 443},
    });
    let resource = admin.post("/resources", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200);
    let ada = world.person("ada", &[&resource]).await;
    let _ = scene.start().await;
    let session = start(&ada, json!({"durationHours": 8})).await;
    scene.work().await;
    assert_eq!(world.rules(1).len(), 2);
    for denied in ["AKIA1", "AKIA2"] {
        world.app.cloud.deny(denied);
        let lost = world.rules(1).into_iter().find(|rule| rule.tag.is_some()).unwrap();
        let orphan = firewall::CloudRule {
            ingress: model::ingress::Ingress::parse("198.51.100.9|tcp|22-22"),
            tag: Some(firewall::RuleTag {
                rule: "019c9459-0000-7000-8000-000000000000".into(),
                ..lost.tag.unwrap()
            }),
            ..lost
        };
        world.app.cloud.add_rule(&group(1), orphan);
        world.app.advance_seconds(3600);
        let report = RuleReconciler::new(scene.worker_context())
            .run(world.app.now())
            .in_function("rule-reconciler")
            .await
            .unwrap();
        assert_eq!((report.orphans, report.groups_unseen), (1, 0), "{denied} is denied: {report:?}");
        world.app.cloud.allow(denied);
    }
    let ada = world.app.bearer(&world.app.token("ada", ORG, &["USER"]));
    assert_eq!(shown(&ada, &session).await["status"], "ACTIVE");
}

#[tokio::test]
async fn a_late_stream_opens_nothing_for_a_session_that_is_over() {
    let scene = Scene::new().await;
    let session = start(&scene.person, json!({"durationMinutes": 1})).await;
    scene.world.app.advance_seconds(3600);
    scene.work().await;
    assert_eq!(scene.cloud.calls("AKIA1"), 1, "a look, and nothing else");
    assert!(scene.world.rules(1).is_empty());
    assert_eq!(scene.status(&session).await, "EXPIRED");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

/// The entry of the first session is gone, and a look that is older than its removal shows its rule to the next one.
#[tokio::test]
async fn the_rule_of_an_entry_that_is_gone_does_not_make_the_next_session_active() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    let old = scene.world.rules(1);
    scene.stop(&session).await;
    scene.work().await;
    assert!(scene.world.ledger().await.is_empty() && scene.world.rules(1).is_empty());
    scene.cloud.show(&group(1), old);
    let next = scene.start().await;
    scene.work().await;
    assert_eq!((scene.status(&next).await.as_str(), scene.world.rules(1).len()), ("PENDING", 1));
    scene.cloud.thaw();
    scene.sweeps(1).await;
    assert_eq!(scene.status(&next).await, "ACTIVE");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

/// An orphan of an earlier entry is really there: it is not adopted, because the comparison may be removing it.
#[tokio::test]
async fn an_orphan_is_replaced_and_not_adopted() {
    let scene = Scene::new().await;
    let ingress = model::ingress::Ingress::parse(&format!("{SOURCE}|tcp|22-22"));
    let version = Some(model::ingress::IpVersion::V4);
    let rule = "019c9459-0000-7000-8000-000000000000".into();
    let tag = Some(firewall::RuleTag { deployment: None, org: ORG.into(), rule });
    let orphan = firewall::CloudRule { id: String::new(), ingress, version, tag };
    let orphan = scene.world.app.cloud.add_rule(&group(1), orphan);
    let session = scene.start().await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "ACTIVE");
    let rules = scene.world.rules(1);
    assert!(rules.len() == 1 && rules[0].id != orphan, "{rules:?}");
}
