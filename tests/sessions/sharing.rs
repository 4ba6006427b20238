//! Many sessions at one rule, one group, one moment.

use serde_json::json;

use crate::world::{SOURCE, World, row_states, shown, start};
use support::ledger::unrest;

#[tokio::test]
async fn sessions_of_one_address_share_a_rule_and_the_last_one_out_removes_it() {
    let world = World::new().await;
    // Two resources on one group: it is one rule all the same.
    let (first, second) = (world.resource(1).await, world.resource(1).await);
    let (ada, grace) = (world.person("ada", &[&first]).await, world.person("grace", &[&second]).await);
    let (of_ada, of_grace) = (start(&ada, json!({})).await, start(&grace, json!({})).await);
    world.app.settle().await;
    assert_eq!(world.addresses(1), [format!("{SOURCE}/32")]);
    let stop = |session: &serde_json::Value| format!("/sessions/{}/stop", session["id"].as_str().unwrap());
    let _ = ada.post_empty(&stop(&of_ada)).await.expect(200);
    world.app.settle().await;
    assert_eq!(shown(&ada, &of_ada).await["status"], "CANCELLED", "the rule is grace's now");
    assert_eq!((world.addresses(1).len(), world.live(&first).await, world.live(&second).await), (1, 0, 1));
    assert_eq!(shown(&grace, &of_grace).await["status"], "ACTIVE");
    let _ = grace.post_empty(&stop(&of_grace)).await.expect(200);
    world.app.settle().await;
    assert!(world.rules(1).is_empty());
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_last_slot_of_a_group_goes_to_one_and_the_other_is_told_why() {
    let world = World::new().await;
    let resource = world.resource_with(1, json!({"port": 22})).await;
    let person = world.person("grace", &[&resource]).await;
    for number in 0..59 {
        let _ = start(&person, json!({"ipv4Address": format!("198.51.100.{number}")})).await;
    }
    world.app.settle().await;
    assert_eq!(world.rules(1).len(), 59);
    let one = start(&person, json!({"ipv4Address": "198.51.100.101"})).await;
    let other = start(&person, json!({"ipv4Address": "198.51.100.102"})).await;
    world.app.settle().await;
    assert_eq!(world.rules(1).len(), 60);
    let (one, other) = (shown(&person, &one).await, shown(&person, &other).await);
    let mut states: Vec<_> = [&one, &other].map(|session| session["status"].as_str().unwrap()).into();
    states.sort_unstable();
    assert_eq!(states, ["ACTIVE", "FAILED"]);
    let failed = if one["status"] == "FAILED" { one } else { other };
    assert_eq!(row_states(&failed), ["FAILED"]);
    let message = failed["resourceIps"][0]["errorMessage"].as_str().unwrap();
    assert!(message.contains("no room for another inbound rule"), "{message}");
    assert_eq!(world.live(&resource).await, 60, "what failed holds nothing");
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}
