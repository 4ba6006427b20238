//! What functions and workers do about sessions that cannot be read, and about those of somebody who leaves.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use support::objects::Objects;
use support::sessions::{entered, start};
use support::{ADMIN, ORG};

use super::drive::Drive;
use super::sessions::resources_of_many_rules;

/// Somebody whose sessions end.
struct Leaver {
    /// A session with a single block of rows.
    small: String,
    /// One with several blocks.
    large: String,
}

impl Leaver {
    /// Somebody with a small session, a large one and one whose start broke off.
    async fn new(drive: &Drive, name: &str, minutes: u32) -> Self {
        let mut objects = Objects::new(&drive.app, &drive.admin, name).await;
        objects.begin_session(&drive.admin).await;
        let many = resources_of_many_rules(drive).await;
        let small = begin(drive, name, &[objects.resource().to_owned()], minutes).await;
        let large = begin(drive, name, &many, minutes).await;
        break_off(drive, name, &many, minutes).await;
        Self { small, large }
    }

    /// The small session and a block of the large one are of a version that this one does not read.
    async fn make_unreadable(&self, drive: &Drive) {
        set_shape(drive, &self.small, "#SESSION").await;
        set_shape(drive, &self.large, "ROWS#0002").await;
    }
}

/// Starts a session past HTTP.
async fn begin(drive: &Drive, user: &str, resources: &[String], minutes: u32) -> String {
    let user = entered(&drive.app.db, ORG, user, drive.app.now()).await;
    let body = json!({"resourceIds": resources, "durationMinutes": minutes});
    start(&drive.app.db, &user, body, drive.app.now()).await.unwrap().head.id.to_string()
}

/// The same with more rows than one transaction takes, whose claims are not written down.
async fn break_off(drive: &Drive, user: &str, resources: &[String], minutes: u32) -> String {
    let no = json!({"__type": "AccessDeniedException", "message": "no"});
    // The arming's.
    drive.app.proxy.fail_next("Query", 400, &no);
    begin(drive, user, resources, minutes).await
}

async fn set_shape(drive: &Drive, session: &str, sk: &str) {
    #[expect(clippy::disallowed_methods, reason = "what another version has written")]
    let call = drive.app.dynamodb.update_item().table_name(&drive.app.table);
    let key = |text: &str| AttributeValue::S(text.into());
    let call = call.key("pk", key(&format!("ORG#{ORG}#SESSION#{session}"))).key("sk", key(sk));
    let call = call.update_expression("SET shape = :shape");
    call.expression_attribute_values(":shape", AttributeValue::N("2".into())).send().await.unwrap();
}

/// Sessions that end although they, or some of their rows, cannot be read.
pub(super) async fn drive_what_cannot_be_read(drive: &mut Drive) {
    drive.admin = drive.app.admin();
    for (name, is_readable) in [("patched", true), ("patched-past", false)] {
        let leaver = Leaver::new(drive, name, 60).await;
        if !is_readable {
            leaver.make_unreadable(drive).await;
        }
        let _ = drive.call(&format!("PATCH /users/{name}"), json!({"isActive": false}), 200).await;
    }
    for (name, is_readable) in [("deleted", true), ("deleted-past", false)] {
        let leaver = Leaver::new(drive, name, 60).await;
        if !is_readable {
            leaver.make_unreadable(drive).await;
        }
        drive.all(&[(format!("DELETE /users/{name}"), 204)]).await;
    }
    drive_stops(drive).await;
    let timed = Leaver::new(drive, "timed-past", 1).await;
    timed.make_unreadable(drive).await;
    drive.app.advance_seconds(60);
    for session in [&timed.small, &timed.large] {
        drive.end(session).await;
    }
    drive_rules_of_what_is_over(drive).await;
}

/// Stops of large sessions, by their owner and by an administrator: one whose start broke off, and one with a block that cannot
/// be read.
async fn drive_stops(drive: &mut Drive) {
    for way in ["/sessions", "/sessions/admin"] {
        let resources = resources_of_many_rules(drive).await;
        let id = break_off(drive, ADMIN, &resources, 60).await;
        drive.all(&[(format!("POST {way}/{id}/stop"), 200)]).await;
        let id = begin(drive, ADMIN, &resources, 60).await;
        set_shape(drive, &id, "ROWS#0002").await;
        drive.all(&[(format!("POST {way}/{id}/stop"), 200)]).await;
    }
}

/// Rules that are to be made when their session is over, which cannot be read: it loses them.
async fn drive_rules_of_what_is_over(drive: &mut Drive) {
    for worker in ["rule-worker", "rule-reconciler"] {
        drive.admin = drive.app.admin();
        let mut objects = Objects::new(&drive.app, &drive.admin, "Over").await;
        let group = objects.group();
        let session = objects.begin_session(&drive.admin).await;
        if worker == "rule-reconciler" {
            drive.run("rule-worker", &group).await;
            let rules = drive.app.cloud.groups().into_iter().find(|(found, _)| *found == group).unwrap().1;
            drive.app.cloud.remove_rule(&group, &rules[0].id);
        }
        set_shape(drive, &session, "#SESSION").await;
        drive.app.advance_seconds(3700);
        drive.run(worker, &group).await;
    }
    drive.admin = drive.app.admin();
}
