//! Operations in organizations of growing size: so many resources, roles, users, ended sessions and rows of the audit log
//! beside the objects that are measured.

use serde_json::{Value, json};
use support::{Client, ORG, Reply, TestApp};

use super::Sample;
use super::filling::{Pattern, id, import};
use crate::measure::{metered, timed};
use crate::place::{Place, group};

const SIZES: [usize; 6] = [1, 10, 100, 1_000, 10_000, 100_000];

/// Repetitions of each operation, of which the median is taken.
const TIMES: usize = 15;

/// The operations, by the words that the table shows. Each leaves as much as there was, or a little more.
const OPERATIONS: [&str; 31] = [
    "GET resource",
    "GET role",
    "GET user",
    "GET credential",
    "GET session",
    "GET 50 resources",
    "GET 50 roles",
    "GET 50 users",
    "GET 50 credentials",
    "GET 50 own sessions",
    "GET 50 sessions of all",
    "GET 50 running sessions of all",
    "GET 50 audit rows",
    "GET 50 audit rows of a rare kind",
    "POST resource",
    "POST role",
    "POST user",
    "PATCH resource",
    "PATCH role",
    "PATCH user",
    "DELETE resource",
    "DELETE role",
    "DELETE user",
    "assign",
    "unassign",
    "POST session",
    "stop session",
    "GET me",
    "GET rules",
    "POST session by an admin, one resource named",
    "a sweep with nothing due",
];

/// Only for organizations that an answer of 6 MB has room for: these are about everything that there is.
const WHOLE: [&str; 2] = ["GET all resources", "GET me of an admin"];
const WHOLE_SIZE_MAX: usize = 10_000;

/// What the operations are about.
struct Measured {
    place: Place,
    /// Somebody with one resource.
    person: Client,
    /// Who had all the sessions that have ended.
    veteran: Client,
    credential: String,
    resource: String,
    role: String,
    session: String,
}

/// The operations at each size.
pub(super) async fn samples(largest: usize) -> Vec<Sample> {
    let mut samples = Vec::new();
    for size in SIZES.into_iter().filter(|size| *size <= largest) {
        let measured = Measured::new(size).await;
        let whole = WHOLE.iter().filter(|_| size <= WHOLE_SIZE_MAX);
        for what in OPERATIONS.iter().chain(whole) {
            samples.push(measured.sample(what, size).await);
        }
        samples.extend(measured.endings(size).await);
        println!("organization of {size}: measured");
    }
    samples
}

impl Measured {
    async fn new(size: usize) -> Self {
        let place = Place::new(TestApp::new().await).await;
        fill(&place, size).await;
        let admin = &place.admin;
        let credential = admin.new_credential("Measured").await;
        let (resource, role) = (place.resource(2).await, admin.new_role("Measured").await);
        let person = place.person("measured", std::slice::from_ref(&resource)).await;
        let session = place.start(&person, &resource, 1).await;
        place.work([group(2)]).await;
        let veteran = place.token_of("veteran");
        Self { person, veteran, credential, resource, role, session, place }
    }

    async fn sample(&self, what: &str, size: usize) -> Sample {
        let own = self.prepare(what, 0).await;
        let (reply, cost) = metered(&self.place.app, self.run(what, &own, 0)).await;
        check(what, reply);
        let mut times = Vec::new();
        let repetitions = if WHOLE.contains(&what) { 3 } else { TIMES };
        for number in 1..=repetitions {
            let own = self.prepare(what, number).await;
            let (reply, took) = timed(self.run(what, &own, number)).await;
            check(what, reply);
            times.push(took);
            self.place.app.proxy.take_calls();
        }
        Sample::repeated((what, size), cost, times)
    }

    /// What can be done once: the drain of a resource, and the deletion of the person who had all the sessions.
    async fn endings(&self, size: usize) -> Vec<Sample> {
        let (app, admin) = (&self.place.app, &self.place.admin);
        let path = format!("/resources/{}?drain=true", self.resource);
        let (reply, drain) = Sample::once(app, ("DELETE resource, drained", size), admin.delete(&path)).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        let what = "DELETE user who had all the sessions";
        let (reply, deletion) = Sample::once(app, (what, size), admin.delete("/users/veteran")).await;
        assert_eq!(reply.status.as_u16(), 204, "{}", reply.text);
        vec![drain, deletion]
    }

    /// What an operation needs of its own.
    async fn prepare(&self, what: &str, number: usize) -> String {
        let admin = &self.place.admin;
        let link = format!("/roles/{}/resources/{}", self.role, self.resource);
        match what {
            "DELETE resource" => admin.new_resource(&self.place.credential).await,
            "DELETE role" => admin.new_role(&format!("Short-lived {number}")).await,
            "DELETE user" => admin.new_user(&format!("short-lived-{number}")).await,
            "stop session" => self.place.start(&self.person, &self.resource, 100 + number).await,
            "assign" => {
                let _ = admin.delete(&link).await;
                link
            }
            "unassign" => {
                let _ = admin.post_empty(&link).await;
                link
            }
            _ => String::new(),
        }
    }

    async fn run(&self, what: &str, own: &str, number: usize) -> Option<Reply> {
        let (admin, named) = (&self.place.admin, json!({"name": format!("{what} {number}")}));
        let reply = match what {
            "assign" => admin.post_empty(own).await,
            "unassign" => admin.delete(own).await,
            "POST resource" => admin.post("/resources", support::resource_body(&self.credential)).await,
            "POST role" => admin.post("/roles", named).await,
            "POST user" => admin.post("/users", json!({"email": format!("new-{number}@acme.example")})).await,
            "PATCH resource" => admin.patch(&format!("/resources/{}", self.resource), named).await,
            "PATCH role" => admin.patch(&format!("/roles/{}", self.role), named).await,
            "PATCH user" => admin.patch("/users/measured", named).await,
            "DELETE resource" => admin.delete(&format!("/resources/{own}")).await,
            "DELETE role" => admin.delete(&format!("/roles/{own}")).await,
            "DELETE user" => admin.delete(&format!("/users/{own}")).await,
            "POST session" => self.person.post("/sessions", self.start_body(number)).await,
            "POST session by an admin, one resource named" => {
                admin.post("/sessions", self.start_body(200 + number)).await
            }
            "stop session" => self.person.post_empty(&format!("/sessions/{own}/stop")).await,
            "a sweep with nothing due" => {
                let _ = self.place.app.sweep().await;
                return None;
            }
            _ => self.read(what).await,
        };
        Some(reply)
    }

    fn start_body(&self, number: usize) -> Value {
        json!({"resourceIds": [self.resource], "ipv4Address": crate::place::address(500 + number)})
    }

    async fn read(&self, what: &str) -> Reply {
        let admin = &self.place.admin;
        match what {
            "GET resource" => admin.get(&format!("/resources/{}", self.resource)).await,
            "GET role" => admin.get(&format!("/roles/{}", self.role)).await,
            "GET user" => admin.get("/users/measured").await,
            "GET credential" => admin.get(&format!("/credentials/{}/", self.credential)).await,
            "GET session" => self.person.get(&format!("/sessions/{}", self.session)).await,
            "GET 50 resources" => admin.get("/resources?limit=50").await,
            "GET all resources" => admin.get("/resources").await,
            "GET 50 roles" => admin.get("/roles?limit=50").await,
            "GET 50 users" => admin.get("/users?limit=50").await,
            "GET 50 credentials" => admin.get("/credentials/?length=50").await,
            "GET 50 own sessions" => self.veteran.get("/sessions?limit=50").await,
            "GET 50 sessions of all" => admin.get("/sessions/admin?limit=50").await,
            "GET 50 running sessions of all" => admin.get("/sessions/admin?limit=50&status=ACTIVE").await,
            "GET 50 audit rows" => admin.get("/audit-logs?limit=50").await,
            "GET 50 audit rows of a rare kind" => admin.get("/audit-logs?limit=50&actorId=nobody").await,
            "GET me" => self.person.get("/me").await,
            "GET me of an admin" => admin.get("/me").await,
            "GET rules" => admin.get("/rules?limit=50").await,
            other => panic!("nothing measures {other}"),
        }
    }
}

fn check(what: &str, reply: Option<Reply>) {
    if let Some(reply) = reply {
        assert!(reply.status.is_success(), "{what}: {} {}", reply.status, reply.text);
    }
}

/// Makes one object of each kind, and the others as its copies.
async fn fill(place: &Place, size: usize) {
    let (app, admin) = (&place.app, &place.admin);
    let (resource, role) = (place.resource(1).await, admin.new_role("Pattern of roles").await);
    let user = admin.new_user("pattern").await;
    let veteran = place.person("veteran", std::slice::from_ref(&resource)).await;
    let session = place.start(&veteran, &resource, 0).await;
    place.work([group(1)]).await;
    let _ = veteran.post_empty(&format!("/sessions/{session}/stop")).await.expect(200);
    place.work([group(1)]).await;
    let _ = app.sweep().await;
    let resources = Pattern::read(app, &["RESOURCE", "REFERENCE"], &resource).await;
    let roles = Pattern::read(app, &["ROLE", "ROLE_NAME"], &role).await;
    let users = Pattern::read(app, &["USER", "EMAIL"], &user).await;
    let entry = users.text_of("USER", "listingSk");
    let sessions = Pattern::read(app, &["SESSION", "SESSION_OF_USER"], &session).await;
    let rows = Pattern::read(app, &["AUDIT"], &role).await;
    let row = rows.text_of("AUDIT", "sk");
    let row = row.split_once('#').expect("an id").1;
    import(
        app,
        (1..size).map(|number| {
            let [resource_id, role_id, session_id, row_id, user_id, entry_id] =
                [2, 1, 4, 3, 5, 6].map(|kind| id(kind, number));
            let mut items = resources.copies(&[(&resource, &resource_id)]);
            items.extend(roles.copies(&[(&role, &role_id), ("Pattern of roles", &role_id)]));
            items.extend(users.copies(&[(&entry, &entry_id), ("pattern", &user_id)]));
            items.extend(sessions.copies(&[(&session, &session_id)]));
            items.extend(rows.copies(&[(row, &row_id)]));
            items
        }),
    );
    let shown = admin.get("/users?limit=500").await.expect(200).json;
    assert!(shown.as_array().expect("a list").len() >= size.min(500), "{ORG} is filled");
}
