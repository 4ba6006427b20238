//! Transactions that meet at an item: the proxy raises the conflicts that the embedded engine never does.

use model::link::Link;
use std::time::Duration;
use support::{ORG, TestApp, actor};

use crate::fixture::{resource_id, role_id};

/// Long enough that calls which begin together are under way together.
const LENGTH: Duration = Duration::from_millis(100);

#[tokio::test]
async fn the_later_of_two_transactions_with_a_common_item_is_cancelled_and_tried_again() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = resource_id(&admin.new_resource(&credential).await);
    let (first, second) = (admin.new_role("First").await, admin.new_role("Second").await);
    let link = |role: &str| Link::RoleResource(role_id(role), resource);
    app.proxy.switch_conflicts(Some(LENGTH));
    app.proxy.take_calls();
    let (org, first, second) = (actor(ORG), link(&first), link(&second));
    let both = tokio::join!(app.db.assign(&org, &first, app.now()), app.db.assign(&org, &second, app.now()));
    both.0.unwrap();
    both.1.unwrap();
    assert!(app.proxy.conflicts() > 0, "both count on the resource");
    assert_eq!(app.proxy.take_calls().len(), 2 + app.proxy.conflicts());
}

#[tokio::test]
async fn a_condition_on_an_item_meets_a_write_of_it() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let (resource, role) = (admin.new_resource(&credential).await, admin.new_role("Role").await);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let other = admin.new_role("Other").await;
    app.proxy.switch_conflicts(Some(LENGTH));
    // The one requires the resource to exist, the other counts a link on it.
    let taken = Link::RoleResource(role_id(&role), resource_id(&resource));
    let made = Link::RoleResource(role_id(&other), resource_id(&resource));
    let org = actor(ORG);
    let both = tokio::join!(app.db.unassign(&org, &taken, app.now()), app.db.assign(&org, &made, app.now()));
    both.0.unwrap();
    both.1.unwrap();
    assert!(app.proxy.conflicts() > 0);
}

#[tokio::test]
async fn transactions_conflict_only_over_a_common_item_and_only_while_that_is_on() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resources = [admin.new_resource(&credential).await, admin.new_resource(&credential).await];
    let roles = [admin.new_role("First").await, admin.new_role("Second").await];
    let link = |role: usize, resource: usize| {
        Link::RoleResource(role_id(&roles[role]), resource_id(&resources[resource]))
    };
    let org = actor(ORG);
    for (length, links) in [(Some(LENGTH), [link(0, 0), link(1, 1)]), (None, [link(0, 1), link(1, 1)])] {
        if length.is_none() {
            app.db.unassign(&org, &link(1, 1), app.now()).await.unwrap();
        }
        app.proxy.switch_conflicts(length);
        let both = tokio::join!(
            app.db.assign(&org, &links[0], app.now()),
            app.db.assign(&org, &links[1], app.now())
        );
        both.0.unwrap();
        both.1.unwrap();
        app.proxy.switch_conflicts(None);
    }
    assert_eq!(app.proxy.conflicts(), 0);
}
