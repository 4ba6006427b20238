//! Thousands of random and mutated requests to every route: no 5xx, no panic, and every refusal in the format of its path.

mod change;
mod draft;
mod formats;

use local::gateway::decoded;
use model::api_key::Scope;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use support::{Client, Reply, TestApp};

use crate::repository::{assert_nothing_wrong, exact_routes};
use change::Change;
use draft::Draft;
use support::objects::{Objects, open_the_cloud};

/// Requests in one run of the tests.
const CASES: u32 = 10_000;
/// What proptest would run.
const USUAL_CASES: u32 = 256;
/// Requests to one Postern: what is there to be found shall not all be deleted.
const REQUESTS_OF_A_WORLD: u32 = 200;
/// Statuses that are no success. Nothing here is out of reach, and there is no rate limit: neither 429 nor 503.
const REFUSALS: [u16; 10] = [400, 401, 403, 404, 405, 412, 413, 414, 415, 431];

/// A request that the route takes from its caller, and what happens to it on the way.
#[derive(Debug, Clone)]
struct Wild {
    route: Index,
    caller: usize,
    changes: Vec<Change>,
}

fn wild() -> impl Strategy<Value = Wild> {
    let caller = prop_oneof![8 => Just(0_usize), 4 => 1..5_usize];
    let changes = proptest::collection::vec(change::change(), 0..4);
    (any::<Index>(), caller, changes).prop_map(|(route, caller, changes)| Wild { route, caller, changes })
}

/// A Postern with an object of each kind, and everybody who may ask it.
struct World {
    /// Dropped last: it looks for secrets in the log.
    _app: TestApp,
    callers: [Client; 5],
    /// What no session has anything to do with.
    idle: Objects,
    /// Those of a session.
    running: Objects,
    /// Those of a rule that cannot be removed.
    stuck: Objects,
    requests: u32,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        open_the_cloud(&app);
        let admin = app.admin();
        let idle = Objects::new(&app, &admin, "Idle").await;
        let mut stuck = Objects::new(&app, &admin, "Stuck").await;
        stuck.run_session(&app, &admin).await;
        stuck.make_stuck(&app, &admin).await;
        let mut running = Objects::new(&app, &admin, "Running").await;
        running.run_session(&app, &admin).await;
        let key = admin.new_api_key(&Scope::ALL.map(Scope::as_str)).await;
        let key = app.caller(&[("x-api-key", &key)]);
        let callers = [admin, app.member(), key, app.other_admin(), app.anonymous()];
        Self { _app: app, callers, idle, running, stuck, requests: 0 }
    }

    /// Sends the request; what was sent and what came back.
    async fn send(&mut self, (method, route): &(String, String), wild: &Wild) -> (Draft, Reply) {
        self.requests += 1;
        let objects = match route.split('/').nth(3) {
            Some("sessions") => &self.running,
            Some("rules") => &self.stuck,
            _ => &self.idle,
        };
        let mut draft = Draft::of(objects, method, route);
        for change in &wild.changes {
            draft.change(change);
        }
        let caller = &self.callers[wild.caller];
        let caller = draft
            .headers
            .iter()
            .fold(caller.clone(), |caller, (name, value)| caller.with_header(name, value));
        let media_type = draft.media_type.as_deref();
        let reply = caller.send(&draft.method, &draft.uri(), media_type, draft.body()).await;
        (draft, reply)
    }
}

/// What came back so far.
#[derive(Default)]
struct Tally {
    statuses: BTreeMap<u16, u32>,
    served: BTreeSet<(String, String)>,
}

#[test]
fn no_request_gets_a_5xx_or_another_format() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let routes = exact_routes();
    let (world, tally) = (RefCell::new(runtime.block_on(World::new())), RefCell::new(Tally::default()));
    let given = Config::default();
    // PROPTEST_CASES asks for more.
    let cases = if given.cases == USUAL_CASES { CASES } else { given.cases };
    let config = Config { cases, failure_persistence: None, ..given };
    let outcome = TestRunner::new(config).run(&wild(), |wild| {
        let (mut world, mut tally) = (world.borrow_mut(), tally.borrow_mut());
        if world.requests == REQUESTS_OF_A_WORLD {
            *world = runtime.block_on(World::new());
        }
        let route = wild.route.get(&routes);
        let (draft, reply) = runtime.block_on(world.send(route, &wild));
        let status = reply.status.as_u16();
        *tally.statuses.entry(status).or_default() += 1;
        if reply.status.is_success() {
            tally.served.insert(route.clone());
        }
        let wrong = match draft.method.as_str() {
            "HEAD" => formats::faults_of_head(&reply),
            _ => formats::faults(&decoded(&draft.path), &reply),
        };
        prop_assert!(wrong.is_empty(), "{} {}: {:?}: {}", draft.method, draft.uri(), wrong, reply.text);
        let is_known = reply.status.is_success() || status == 308 || REFUSALS.contains(&status);
        prop_assert!(is_known, "{} {}: {} {}", draft.method, draft.uri(), status, reply.text);
        Ok(())
    });
    outcome.unwrap();
    assert_everything_was_met(&routes, &tally.borrow());
}

/// A storm that meets nothing but closed doors proves nothing.
fn assert_everything_was_met(routes: &[(String, String)], tally: &Tally) {
    let closed = routes.iter().filter(|route| !tally.served.contains(*route));
    let closed: Vec<_> = closed.map(|(method, route)| format!("{method} {route} never succeeded")).collect();
    assert_nothing_wrong(&closed);
    for status in REFUSALS {
        assert!(tally.statuses.contains_key(&status), "no request was refused with {status}");
    }
    println!("{:?}", tally.statuses);
}
