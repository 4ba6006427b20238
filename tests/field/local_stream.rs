//! One large or slow piece of work held up everybody behind it in the stream.
//!
//! Reported of workers that take a stream batch after batch, for which Lambda has a parallelization factor:
//! serverless/serverless#7019.

use firewall::simulated::{Fault, Gate, Operation};
use serde_json::json;
use support::{InFunction as _, TestApp};

use crate::scene::active_resource;

/// A group that gives no answer does not keep another one's rule from coming, nor from going.
#[tokio::test]
async fn a_group_that_waits_holds_up_no_other() {
    let app = TestApp::alive().await;
    let admin = app.admin();
    // Nine groups: whatever lanes there are, most have another one than the first.
    let mut resources = Vec::new();
    for number in 1..=9 {
        resources.push(active_resource(&app, number).await);
    }
    let start = async |resource: &str| {
        let body = json!({"resourceIds": [resource], "durationHours": 1});
        admin.post("/sessions", body).await.expect(201).id()
    };
    let gate = Gate::default();
    app.cloud.fault_next_of(Operation::Describe, Fault::Delay(gate.clone()));
    let slow = start(&resources[0]).await;
    let others_are_done = async {
        gate.reached().await;
        let mut others = Vec::new();
        for resource in &resources[1..] {
            others.push(start(resource).await);
        }
        for _ in 0..200 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let mut active = 0;
            for session in &others {
                let shown = admin.get(&format!("/sessions/{session}")).await.expect(200).json;
                active += usize::from(shown["status"] == "ACTIVE");
            }
            if active > others.len() / 2 {
                return;
            }
        }
        panic!("they wait for the one that waits");
    };
    tokio::select! {
        () = app.scheduler.read_on().in_function("rule-worker") => {}
        () = others_are_done => {}
    }
    let shown = admin.get(&format!("/sessions/{slow}")).await.expect(200).json;
    assert_eq!(shown["status"], "PENDING");
    gate.open();
}
