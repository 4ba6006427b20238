//! Sessions of a growing number of resources, each on a group of its own.

use serde_json::json;
use support::{Client, TestApp};

use super::Sample;
use super::filling::{Pattern, id, import};
use crate::place::{Place, group};

/// 48 resources with one rule each are what one transaction has room for; 2,000 rows are the most of a session.
const SIZES: [usize; 9] = [1, 10, 47, 48, 49, 100, 300, 1_000, 2_000];

/// Groups are visited one by one: more of them would show nothing new.
const APPLIED_MAX: usize = 100;

/// Start, look and stop at each size; the last line is what more than the most is answered.
pub(super) async fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for size in SIZES {
        let (place, person) = set_up(size).await;
        let app = &place.app;
        let start = person.post("/sessions", json!({"durationMinutes": 60}));
        let (reply, sample) = Sample::once(app, ("start", size), start).await;
        let session = reply.expect(201);
        assert_eq!(session.json["resourceIps"].as_array().map(Vec::len), Some(size));
        samples.push(sample);
        let path = format!("/sessions/{}", session.id());
        let (reply, sample) = Sample::once(app, ("look", size), person.get(&path)).await;
        let _ = reply.expect(200);
        samples.push(sample);
        if size <= APPLIED_MAX {
            let groups = (0..size).map(|number| group(1 + number));
            let ((), sample) = Sample::once(app, ("rules are applied", size), place.work(groups)).await;
            samples.push(sample);
        }
        let (reply, sample) = Sample::once(app, ("stop", size), person.post_empty(&(path + "/stop"))).await;
        let _ = reply.expect(200);
        samples.push(sample);
        println!("session of {size} resources: measured");
    }
    let (place, person) = set_up(2_001).await;
    let (reply, sample) =
        Sample::once(&place.app, ("refused", 2_001), person.post("/sessions", json!({}))).await;
    assert_eq!(reply.status.as_u16(), 400, "{}", reply.text);
    samples.push(sample);
    samples
}

/// Somebody who may open so many resources, through one role.
async fn set_up(size: usize) -> (Place, Client) {
    let place = Place::new(TestApp::new().await).await;
    let (app, admin) = (&place.app, &place.admin);
    let (resource, role) = (place.resource(1).await, admin.new_role("All of them").await);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let pattern = Pattern::read(app, &["RESOURCE", "REFERENCE", "LINK"], &resource).await;
    let first = group(1).group_id;
    import(
        app,
        (1..size).map(|number| {
            app.cloud.add_group(group(1 + number));
            pattern.copies(&[(&resource, &id(2, number)), (&first, &group(1 + number).group_id)])
        }),
    );
    let person = place.person("grace", &[]).await;
    let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
    (place, person)
}
