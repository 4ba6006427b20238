//! Ten thousand sessions that expire at the same second.

use serde_json::{Value, json};
use support::TestApp;
use support::ledger::unrest;

use super::Sample;
use crate::place::{Place, group};

/// Rules of one group: below the 60 that it takes.
const SESSIONS_A_GROUP: usize = 50;

/// Each run of the sweeper until nothing is left, with its report.
pub(super) async fn runs(sessions: usize) -> Vec<(Sample, Value)> {
    let place = Place::new(TestApp::new().await).await;
    begin(&place, sessions).await;
    place.app.advance_seconds(3601);
    let mut runs = Vec::new();
    loop {
        let (report, sample) = Sample::once(&place.app, ("sweep", runs.len() + 1), place.app.sweep()).await;
        println!("sweep {}: {:.1} s, {report}", runs.len() + 1, sample.millis / 1000.0);
        let is_idle = sample.cost.writes == 0.0;
        let left: usize = place.app.sky.groups().iter().map(|(_, rules)| rules.len()).sum();
        runs.push((sample, json!({"report": report, "rulesLeft": left})));
        if is_idle {
            break;
        }
        assert!(runs.len() < 100, "the sweep never ends");
        // The schedule's minute.
        place.app.advance_seconds(60);
    }
    let left = unrest(&place.app).await;
    assert!(left.is_empty(), "{left:?}");
    runs
}

/// Sessions with an applied rule each.
async fn begin(place: &Place, sessions: usize) {
    let groups = sessions.div_ceil(SESSIONS_A_GROUP);
    for number in 0..groups {
        let resource = place.resource(1 + number).await;
        let person = place.person(&format!("person-{number}"), std::slice::from_ref(&resource)).await;
        for place_in_group in 0..SESSIONS_A_GROUP.min(sessions - number * SESSIONS_A_GROUP) {
            place.start(&person, &resource, place_in_group).await;
        }
        place.work([group(1 + number)]).await;
        place.app.tap.take_calls();
        // All of them end together.
        if number % 50 == 49 {
            println!("{} sessions run", (number + 1) * SESSIONS_A_GROUP);
        }
    }
}
