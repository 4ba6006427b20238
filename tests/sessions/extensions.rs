//! An extension is a new grant: it asks for what a start asks for.

use serde_json::{Value, json};
use support::interleave::between;
use support::{Client, ORG, Reply};

use crate::world::{World, start};

/// Grace, with a session of an hour on the first group through a role that allows two hours.
struct Running {
    world: World,
    person: Client,
    resource: String,
    role: String,
    path: String,
}

impl Running {
    async fn new() -> Self {
        let world = World::new().await;
        let (resource, person) = (world.resource(1).await, world.person("grace", &[]).await);
        let role = role(&world, "Engineers", json!(2), &resource).await;
        let session = start(&person, json!({"durationHours": 1})).await;
        world.app.settle().await;
        let path = format!("/sessions/{}/extend", session["id"].as_str().unwrap());
        Self { world, person, resource, role, path }
    }

    async fn extend(&self, minutes: u32) -> Reply {
        self.person.post(&self.path, json!({"additionalMinutes": minutes})).await
    }

    /// What an extension by one minute is answered, which must be refused.
    async fn refused(&self) -> Value {
        let before = self.world.app.db_objects().await;
        let refused = self.extend(1).await.expect(400).json;
        assert_eq!(self.world.app.db_objects().await, before);
        refused
    }

    /// The sentence for a resource that is out of reach or not open.
    fn sentence(&self, why: &str) -> String {
        format!("The session cannot be extended: resource {} {why}", self.resource)
    }
}

const OUT_OF_REACH: &str = "is out of your reach";
const NOT_OPEN: &str = "is not active, or is being deleted";

/// A role with Grace and a resource.
async fn role(world: &World, name: &str, hours: Value, resource: &str) -> String {
    let admin = world.app.admin();
    let body = json!({"name": name, "maxSessionDurationHours": hours});
    let role = admin.post("/roles", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    role
}

#[tokio::test]
async fn a_person_who_lost_access_to_a_resource_extends_no_session_on_it() {
    for way in ["/roles/{role}/users/grace", "/roles/{role}/resources/{resource}", "/roles/{role}"] {
        let running = Running::new().await;
        let admin = running.world.app.admin();
        let path = way.replace("{role}", &running.role).replace("{resource}", &running.resource);
        let _ = admin.delete(&path).await.expect(204);
        let refused = running.refused().await;
        assert_eq!(refused["message"], running.sentence(OUT_OF_REACH), "{way}");
        // Another way will do.
        let link = format!("/users/grace/resources/{}", running.resource);
        let _ = admin.post_empty(&link).await.expect(200);
        let _ = running.extend(1).await.expect(200);
        let _ = admin.delete(&link).await.expect(204);
        assert_eq!(running.refused().await["message"], running.sentence(OUT_OF_REACH), "{way}");
    }
}

#[tokio::test]
async fn what_is_not_open_any_more_is_not_extended() {
    for is_drained in [false, true] {
        let running = Running::new().await;
        let (admin, path) = (running.world.app.admin(), format!("/resources/{}", running.resource));
        if is_drained {
            // A crash before the sessions are ended.
            let no = json!({"__type": "AccessDeniedException", "message": "no"});
            running.world.app.proxy.fail_after("Query", 1, 400, &no);
            let _ = admin.delete(&format!("{path}?drain=true")).await.expect(202);
        } else {
            let _ = admin.patch(&path, json!({"isActive": false})).await.expect(200);
        }
        assert_eq!(running.refused().await["message"], running.sentence(NOT_OPEN), "{is_drained}");
        if !is_drained {
            let _ = admin.patch(&path, json!({"isActive": true})).await.expect(200);
            let _ = running.extend(1).await.expect(200);
        }
    }
}

/// What changes while the extension is on its way counts as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_before_the_write_counts() {
    for change in ["resource", "owner", "owner, for a moment"] {
        let running = Running::new().await;
        let (person, path) = (running.person.clone(), running.path.clone());
        let extension = async move { person.post(&path, json!({"additionalMinutes": 1})).await };
        let admin = running.world.app.admin();
        let set_active = async |is_active: bool| {
            let _ = admin.patch("/users/grace", json!({"isActive": is_active})).await.expect(200);
        };
        let reply = between(&running.world.app, extension, async {
            let path = format!("/resources/{}", running.resource);
            match change {
                "resource" => drop(admin.patch(&path, json!({"isActive": false})).await.expect(200)),
                "owner" => set_active(false).await,
                _ => {
                    set_active(false).await;
                    set_active(true).await;
                }
            }
        })
        .await;
        let expected = match change {
            "resource" => (400, running.sentence(NOT_OPEN)),
            "owner" => (403, "This user was deactivated".into()),
            // Their sessions were ended.
            _ => (400, "A session that is EXPIRING cannot be extended".into()),
        };
        let found = (reply.status.as_u16(), reply.json["message"].as_str().unwrap().to_owned());
        assert_eq!(found, expected, "{change}");
    }
}

#[tokio::test]
async fn the_limit_is_the_smaller_one_of_then_and_now() {
    let running = Running::new().await;
    let admin = running.world.app.admin();
    let (role, sentence) = (format!("/roles/{}", running.role), |hours| {
        let room = if hours == "1 hour" { "cannot be extended" } else { "can be extended by at most 1 hour" };
        format!("The session must not be longer than {hours} in all: it {room}")
    });
    let refused = async |minutes| {
        let refused = running.extend(minutes).await.expect(400).json;
        refused["validationErrors"]["additionalMinutes"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(61).await, sentence("2 hours"));
    for (hours, expected) in [(json!(1), "1 hour"), (json!(3), "2 hours"), (json!(null), "2 hours")] {
        let _ = admin.patch(&role, json!({"maxSessionDurationHours": hours})).await.expect(200);
        assert_eq!(refused(61).await, sentence(expected), "{hours}");
    }
    // A role whose people may stay as long as they like does not lift the limit of the start.
    let _ = self::role(&running.world, "Unlimited", json!(null), &running.resource).await;
    let _ = admin.delete(&format!("/roles/{}/users/grace", running.role)).await.expect(204);
    assert_eq!(refused(61).await, sentence("2 hours"));
    let _ = running.extend(60).await.expect(200);
    let full = "The session must not be longer than 2 hours in all: it cannot be extended";
    assert_eq!(refused(1).await, full);
}

#[tokio::test]
async fn only_roles_that_lead_to_a_resource_limit_a_session_there() {
    let world = World::new().await;
    let (first, second) = (world.resource(1).await, world.resource(2).await);
    let person = world.person("grace", &[]).await;
    let admin = world.app.admin();
    role(&world, "Two", json!(2), &first).await;
    role(&world, "Four", json!(4), &first).await;
    role(&world, "Three", json!(3), &second).await;
    let refused = async |body: Value| {
        let refused = person.post("/sessions", body).await.expect(400).json;
        refused["validationErrors"]["durationHours"].as_str().unwrap().to_owned()
    };
    let on = |resources: &[&String]| json!({"resourceIds": resources, "durationHours": 24});
    assert_eq!(refused(on(&[&first])).await, "durationHours must not be longer than 4 hours");
    assert_eq!(refused(on(&[&second])).await, "durationHours must not be longer than 3 hours");
    assert_eq!(refused(on(&[&first, &second])).await, "durationHours must not be longer than 3 hours");
    // A direct link allows what the deployment allows.
    let _ = admin.post_empty(&format!("/users/grace/resources/{second}")).await.expect(200);
    let _ = start(&person, on(&[&second])).await;
    assert_eq!(refused(on(&[&first, &second])).await, "durationHours must not be longer than 4 hours");
    let as_admin = world.app.bearer(&world.app.token("grace", ORG, &["ORG_ADMIN"]));
    let _ = start(&as_admin, on(&[&first, &second])).await;
}

/// A session that was started before the limit was kept has only the present one.
#[tokio::test]
async fn a_session_of_an_earlier_version_has_the_limit_of_now() {
    let running = Running::new().await;
    let pk = format!("ORG#{ORG}#SESSION#{}", running.path.split('/').nth(2).unwrap());
    let app = &running.world.app;
    #[expect(clippy::disallowed_methods, reason = "an item of an earlier version")]
    let call = app.dynamodb.update_item().table_name(&app.table);
    let text = aws_sdk_dynamodb::types::AttributeValue::S;
    let call = call.key("pk", text(pk)).key("sk", text("#SESSION".into()));
    let call = call.update_expression("REMOVE #data.limitMinutes");
    call.expression_attribute_names("#data", "data").send().await.expect("an update");
    let role = format!("/roles/{}", running.role);
    let _ = app.admin().patch(&role, json!({"maxSessionDurationHours": 3})).await.expect(200);
    let _ = running.extend(120).await.expect(200);
    let _ = running.extend(1).await.expect(400);
}

/// More resources than one transaction can ask about are read directly before.
#[tokio::test]
async fn a_session_of_many_resources_is_extended_likewise() {
    let world = World::new().await;
    let first = world.resource(1).await;
    let mut resources = vec![first.clone()];
    for _ in 0..99 {
        let body = json!({
            "name": "One of many", "credentialId": world.credential, "provider": "AWS",
            "resourceType": "SECURITY_GROUP", "resourceIdentifier": crate::world::group(1).group_id,
            "region": crate::world::REGION, "config": {"port": 22, "protocol": "tcp"},
        });
        let admin = world.app.admin();
        let id = admin.post("/resources", body).await.expect(201).id();
        let _ = admin.patch(&format!("/resources/{id}"), json!({"isActive": true})).await.expect(200);
        resources.push(id);
    }
    let person = world.app.admin();
    let session = start(&person, json!({"resourceIds": resources})).await;
    world.app.settle().await;
    let path = format!("/sessions/{}/extend", session["id"].as_str().unwrap());
    let _ = person.post(&path, json!({"additionalMinutes": 1})).await.expect(200);
    let _ =
        person.patch(&format!("/resources/{}", resources[50]), json!({"isActive": false})).await.expect(200);
    let refused = person.post(&path, json!({"additionalMinutes": 1})).await.expect(400).json;
    let expected = format!("The session cannot be extended: resource {} {NOT_OPEN}", resources[50]);
    assert_eq!(refused["message"], expected);
}
