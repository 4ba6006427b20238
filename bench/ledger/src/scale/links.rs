//! Operations about an object with a growing number of links.

use model::link::USER_LINKS_MAX;
use serde_json::json;
use support::{Client, Reply, TestApp};

use super::Sample;
use super::filling::{Pattern, id, import};
use crate::place::{Place, group};

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// What is done to an object that has so many links, in this order.
struct Look<'a> {
    place: &'a Place,
    size: usize,
    samples: Vec<Sample>,
}

impl Look<'_> {
    async fn at(&mut self, what: &str, status: u16, work: impl Future<Output = Reply>) {
        let (reply, sample) = Sample::once(&self.place.app, (what, self.size), work).await;
        assert_eq!(reply.status.as_u16(), status, "{what}: {}", reply.text);
        self.samples.push(sample);
    }
}

/// The operations at each size.
pub(super) async fn samples(largest: usize) -> Vec<Sample> {
    let mut samples = Vec::new();
    for size in SIZES.into_iter().filter(|size| *size <= largest) {
        samples.extend(roles_of_a_resource(size).await);
        samples.extend(users_of_a_resource(size).await);
        samples.extend(resources_of_a_role(size).await);
        samples.extend(users_of_a_role(size).await);
        samples.extend(resources_of_a_credential(size).await);
        println!("{size} links: measured");
    }
    // One place is left for what is assigned in between.
    let of_users = SIZES.into_iter().filter(|size| *size < USER_LINKS_MAX).chain([USER_LINKS_MAX - 1]);
    for size in of_users.filter(|size| *size <= largest) {
        samples.extend(resources_of_a_user(size).await);
    }
    samples
}

async fn set_up() -> (Place, Client, String) {
    let place = Place::new(TestApp::new().await).await;
    let (admin, resource) = (place.admin.clone(), place.resource(1).await);
    (place, admin, resource)
}

async fn roles_of_a_resource(size: usize) -> Vec<Sample> {
    let (place, admin, resource) = set_up().await;
    let role = admin.new_role("Pattern of roles").await;
    let link = format!("/roles/{role}/resources/{resource}");
    let _ = admin.post_empty(&link).await.expect(200);
    let pattern = Pattern::read(&place.app, &["ROLE", "ROLE_NAME", "LINK"], &role).await;
    import(
        &place.app,
        (1..size).map(|number| {
            let other = id(1, number);
            pattern.copies(&[(&role, &other), ("Pattern of roles", &other)])
        }),
    );
    let mut look = Look { place: &place, size, samples: Vec::new() };
    let path = format!("/resources/{resource}");
    look.at("resource with roles: GET", 200, admin.get(&path)).await;
    look.at("resource with roles: PATCH name", 200, admin.patch(&path, json!({"name": "Renamed"}))).await;
    look.at("resource with roles: unassign one", 204, admin.delete(&link)).await;
    look.at("resource with roles: assign it again", 200, admin.post_empty(&link)).await;
    look.at("resource with roles: DELETE", 204, admin.delete(&path)).await;
    look.samples
}

async fn users_of_a_resource(size: usize) -> Vec<Sample> {
    let (place, admin, resource) = set_up().await;
    let _ = place.person("pattern", std::slice::from_ref(&resource)).await;
    copy_users(&place.app, size).await;
    let mut look = Look { place: &place, size, samples: Vec::new() };
    let path = format!("/resources/{resource}");
    look.at("resource with users: DELETE", 204, admin.delete(&path)).await;
    let shown = admin.get(&format!("/users/{}", if size > 1 { id(5, 1) } else { "pattern".into() })).await;
    assert_eq!(shown.json["resourceIds"], json!([]), "the links are gone");
    look.samples
}

async fn copy_users(app: &TestApp, size: usize) {
    let pattern = Pattern::read(app, &["USER", "EMAIL", "LINK"], "pattern").await;
    let entry = pattern.text_of("USER", "listingSk");
    import(
        app,
        (1..size).map(|number| pattern.copies(&[(&entry, &id(6, number)), ("pattern", &id(5, number))])),
    );
}

async fn resources_of_a_role(size: usize) -> Vec<Sample> {
    let (place, admin, resource) = set_up().await;
    let (role, spare) = (admin.new_role("Engineers").await, place.resource(2).await);
    let link = format!("/roles/{role}/resources/{resource}");
    let _ = admin.post_empty(&link).await.expect(200);
    copy_resources(&place.app, &resource, size, &["RESOURCE", "REFERENCE", "LINK"]).await;
    let mut look = Look { place: &place, size, samples: Vec::new() };
    let path = format!("/roles/{role}");
    look.at("role with resources: GET", 200, admin.get(&path)).await;
    look.at("role with resources: GET 50 roles", 200, admin.get("/roles?limit=50")).await;
    look.at("role with resources: PATCH name", 200, admin.patch(&path, json!({"name": "Renamed"}))).await;
    look.at("role with resources: assign one", 200, admin.post_empty(&format!("{path}/resources/{spare}")))
        .await;
    look.at("role with resources: unassign one", 204, admin.delete(&link)).await;
    look.at("role with resources: DELETE", 204, admin.delete(&path)).await;
    look.samples
}

async fn copy_resources(app: &TestApp, resource: &str, size: usize, kinds: &[&str]) {
    let pattern = Pattern::read(app, kinds, resource).await;
    let first = group(1).group_id;
    import(
        app,
        (1..size).map(|number| {
            pattern.copies(&[(resource, &id(2, number)), (&first, &group(1_000 + number).group_id)])
        }),
    );
}

async fn users_of_a_role(size: usize) -> Vec<Sample> {
    let (place, admin, _) = set_up().await;
    let role = admin.new_role("Engineers").await;
    let _ = place.person("pattern", &[]).await;
    let link = format!("/roles/{role}/users/pattern");
    let _ = admin.post_empty(&link).await.expect(200);
    copy_users(&place.app, size).await;
    let mut look = Look { place: &place, size, samples: Vec::new() };
    look.at("role with users: GET", 200, admin.get(&format!("/roles/{role}"))).await;
    look.at("role with users: unassign one", 204, admin.delete(&link)).await;
    look.at("role with users: DELETE", 204, admin.delete(&format!("/roles/{role}"))).await;
    look.samples
}

async fn resources_of_a_credential(size: usize) -> Vec<Sample> {
    let (place, admin, resource) = set_up().await;
    copy_resources(&place.app, &resource, size, &["RESOURCE", "REFERENCE"]).await;
    let mut look = Look { place: &place, size, samples: Vec::new() };
    let (path, own) = (format!("/credentials/{}/", place.credential), format!("/resources/{resource}"));
    look.at("credential with resources: GET", 200, admin.get(&path)).await;
    look.at("credential with resources: GET 50 credentials", 200, admin.get("/credentials/?length=50")).await;
    look.at(
        "credential with resources: rename a resource",
        200,
        admin.patch(&own, json!({"name": "Renamed"})),
    )
    .await;
    look.at(
        "credential with resources: PATCH description",
        200,
        admin.patch(&path, json!({"description": "d"})),
    )
    .await;
    look.at("credential with resources: PATCH name", 200, admin.patch(&path, json!({"name": "Renamed"})))
        .await;
    look.at("credential with resources: DELETE, refused", 400, admin.delete(&path)).await;
    look.samples
}

/// A person's links stand on their item, and are at most 2,000.
async fn resources_of_a_user(size: usize) -> Vec<Sample> {
    let (place, admin, resource) = set_up().await;
    copy_resources(&place.app, &resource, size, &["RESOURCE", "REFERENCE"]).await;
    let spare = place.resource(2).await;
    let resources: Vec<String> = (1..size).map(|number| id(2, number)).chain([resource.clone()]).collect();
    let person = place.person("grace", &resources).await;
    place.app.proxy.take_calls();
    let mut look = Look { place: &place, size, samples: Vec::new() };
    let one = json!({"resourceIds": [resource]});
    look.at("user with resources: GET", 200, admin.get("/users/grace")).await;
    look.at("user with resources: GET me", 200, person.get("/me")).await;
    look.at("user with resources: POST session of one", 201, person.post("/sessions", one)).await;
    look.at("user with resources: PATCH name", 200, admin.patch("/users/grace", json!({"name": "G"}))).await;
    look.at(
        "user with resources: assign one",
        200,
        admin.post_empty(&format!("/users/grace/resources/{spare}")),
    )
    .await;
    look.at(
        "user with resources: unassign one",
        204,
        admin.delete(&format!("/users/grace/resources/{spare}")),
    )
    .await;
    look.at("user with resources: DELETE", 204, admin.delete("/users/grace")).await;
    look.samples
}
