//! A part of a list costs what it shows, however much there is behind it.

use serde_json::{Value, json};
use support::{ORG, TestApp, resource_body};

use crate::world::{World, start};

/// More places than one part looks at.
const PLACES: usize = 1_100;

/// Places of sessions of a person that are newer than every session, and whose sessions are gone.
fn places(person: &str) -> Vec<Value> {
    let place = |number| {
        let sk = format!("SESSION#01ff0000-0000-7000-8000-{number:012x}");
        let texts =
            [("pk", format!("ORG#{ORG}#USER#{person}")), ("sk", sk), ("entity", "SESSION_OF_USER".into())];
        let mut item = json!({"shape": {"N": "1"}, "data": {"M": {}}});
        for (name, text) in texts {
            item[name] = json!({"S": text});
        }
        item
    };
    (0..PLACES).map(place).collect()
}

#[tokio::test]
async fn a_part_that_a_filter_leaves_empty_ends_and_leads_on() {
    let world = World::of(TestApp::new().await).await;
    let resource = world.resource(1).await;
    let grace = world.person("grace", &[&resource]).await;
    let wanted = start(&grace, json!({})).await;
    world.app.aws.import(&world.app.table, places("grace")).unwrap();
    world.app.proxy.take_calls();
    let first = grace.get("/sessions?limit=5&status=PENDING").await.expect(200);
    // Who asks is looked up as well.
    let calls = world.app.proxy.take_calls();
    let queries = calls.iter().filter(|call| *call == "Query").count();
    assert_eq!((first.text.as_str(), queries), ("[]", 10), "{calls:?}");
    let link = first.header("link").expect("a next part");
    let next = link.trim_start_matches("</api/v1").split('>').next().unwrap();
    let second = grace.get(next).await.expect(200);
    assert_eq!((&second.json[0]["id"], second.header("link")), (&wanted["id"], None));
    let whole = grace.get("/sessions?status=PENDING").await.expect(200);
    assert_eq!(whole.json, second.json, "without a limit everything is looked at");
}

/// The read units of a request.
async fn read_units(app: &TestApp, path: &str) -> f64 {
    app.proxy.switch_meter_on(std::time::Duration::ZERO);
    let _ = app.admin().get(path).await.expect(200);
    app.proxy.take_metered().reads
}

#[tokio::test]
async fn a_part_of_a_list_costs_what_it_shows() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let mut costs = Vec::new();
    for _ in 0..2 {
        for number in 0..30 {
            let _ = admin.post("/resources", resource_body(&credential)).await.expect(201);
            let _ = admin.new_role(&format!("Role {number} of {}", costs.len())).await;
        }
        let lists = ["/resources?limit=5", "/roles?limit=5", "/sessions?limit=5", "/rules?limit=5"];
        let mut units = Vec::new();
        for list in lists {
            units.push(read_units(&app, list).await);
        }
        costs.push(units);
    }
    assert_eq!(costs[0], costs[1], "30 more of each change nothing");
    assert_eq!(costs[0][..2], [0.5, 0.5], "half a unit for up to 4 KB");
}
