//! Texts and JSON that were changed on their way: what was sent is what is kept, shown, listed, sent back and put on record.
//!
//! Numbers beyond 64 bits and texts between systems are where this was reported most; nlohmann/json#187 is one of many.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use support::{Client, TestApp, resource_body};

/// A line that every rule for texts takes: no space at its ends, nothing that cannot be seen.
fn line(most: usize) -> impl Strategy<Value = String> {
    let seen = "[a-zA-Z0-9äéñøßжあ漢-]";
    let inside = format!("{seen}|[ ._,:'()/+]|😀|👍");
    let middle = proptest::collection::vec(proptest::string::string_regex(&inside).unwrap(), 0..=40);
    let end = || proptest::string::string_regex(seen).unwrap();
    (end(), middle, end(), any::<bool>()).prop_map(move |(first, middle, last, is_full)| {
        let text = first + &middle.concat() + &last;
        // As long as a line may be, in code points.
        let count = text.chars().count();
        if is_full { text.clone() + &"é".repeat(most.saturating_sub(count)) } else { text }
    })
}

/// JSON of a depth that every rule allows, and numbers that every number type holds.
fn some_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000_i32..1000).prop_map(|eighths| json!(f64::from(eighths) / 8.0)),
        line(40).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec(("[a-zé]{1,8}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What is sent in one case.
#[derive(Debug, Clone)]
struct Texts {
    lines: [String; 4],
    long: String,
    json: Value,
}

fn texts() -> impl Strategy<Value = Texts> {
    let lines = [line(255), line(255), line(255), line(255)];
    (lines, line(1024), some_json()).prop_map(|(lines, long, json)| Texts { lines, long, json })
}

/// Makes an object of what was sent, and looks at it in every way. The members that were sent are those of `sent`.
struct Way<'a> {
    admin: &'a Client,
    /// Of the list; an object's is below it.
    list: &'a str,
    slash: &'a str,
}

fn assert_has(place: &str, shown: &Value, sent: &Value) {
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{place}: {name} of {shown}");
    }
}

impl Way<'_> {
    /// Creates with some members, changes to others, and sends back.
    async fn walk(&self, beside: Value, [first, second]: [Value; 2]) {
        let mut body = beside;
        body.as_object_mut().unwrap().extend(first.as_object().unwrap().clone());
        let made = self.admin.post(&format!("{}{}", self.list, self.slash), body).await.expect(201);
        let id = made.id();
        let path = format!("{}/{id}{}", self.list, self.slash);
        self.looks(&path, &id, &made.json, &first).await;
        let changed = self.admin.patch(&path, second.clone()).await.expect(200);
        self.looks(&path, &id, &changed.json, &second).await;
        self.on_record(&id, [&first, &second]).await;
        let rows = self.rows(&id).await;
        let back = self.admin.patch(&path, changed.json.clone()).await.expect(200);
        assert_eq!((&back.text, self.rows(&id).await), (&changed.text, rows));
    }

    async fn looks(&self, path: &str, id: &str, answered: &Value, sent: &Value) {
        assert_has("answered", answered, sent);
        assert_has("shown", &self.admin.get(path).await.expect(200).json, sent);
        assert_has("listed", &self.listed(id).await, sent);
    }

    async fn listed(&self, id: &str) -> Value {
        for page in 1.. {
            // Credentials have pages by number, and have all of them shown by one limit of the others.
            let query =
                if self.slash.is_empty() { "limit=500".into() } else { format!("page={page}&length=100") };
            let list = self.admin.get(&format!("{}{}?{query}", self.list, self.slash)).await.expect(200).json;
            let list = list.get("results").unwrap_or(&list);
            let found = list.as_array().unwrap().iter().find(|one| one["id"] == id);
            if let Some(found) = found {
                return found.clone();
            }
        }
        unreachable!("a page after the last one is 404");
    }

    /// The newest row about an object. Among all rows of a moment it need not be the newest: what follows a start stands behind it.
    async fn rows(&self, id: &str) -> Value {
        self.admin.get(&format!("/audit-logs?limit=1&resourceId={id}")).await.expect(200).json["content"]
            .clone()
    }

    /// Both sides of each change that is shown are in the newest row.
    async fn on_record(&self, id: &str, [first, second]: [&Value; 2]) {
        let rows = self.rows(id).await;
        let details = &rows[0]["details"];
        for (name, after) in second.as_object().unwrap() {
            if name == "value" || first[name] == *after {
                continue;
            }
            for side in [&first[name], after] {
                assert!(contains(details, side), "{side} of {name} is not in {details}");
            }
        }
    }
}

fn contains(place: &Value, value: &Value) -> bool {
    place == value
        || match place {
            Value::Array(list) => list.iter().any(|one| contains(one, value)),
            Value::Object(members) => members.values().any(|one| contains(one, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
}

/// Names that no two objects have.
fn unique(text: &str, number: usize) -> String {
    let short: String = text.chars().take(240).collect();
    format!("{short} {number}")
}

async fn walk(admin: &Client, credential: &str, number: usize, texts: Texts) {
    let way = |list, slash| Way { admin, list, slash };
    let [a, b, c, d] = texts.lines;
    let (a, b) = (unique(&a, number), unique(&b, number + 1));
    let role = |name: &str, description: &str| json!({"name": name, "description": description});
    way("/roles", "").walk(json!({}), [role(&a, &texts.long), role(&b, &c)]).await;
    let email = format!("person-{number}@acme.example");
    way("/users", "").walk(json!({"email": email}), [json!({"name": c}), json!({"name": d})]).await;
    let config = |note: &Value| json!({"protocol": "tcp", "port": 22, "note": note});
    let mut resource = resource_body(credential);
    let _ = resource.as_object_mut().unwrap().shift_remove("config");
    let resources =
        [json!({"name": c, "config": config(&texts.json)}), json!({"name": d, "config": config(&json!(c))})];
    way("/resources", "").walk(resource, resources).await;
    let value = if texts.json == json!("") { json!("x") } else { texts.json };
    let secret = |name: &str, description: &str, value: &Value| json!({"name": name, "description": description, "value": value});
    let secrets = [secret(&c, &texts.long, &value), secret(&d, &a, &json!({"v": value}))];
    way("/credentials", "/").walk(json!({"is_sensitive": false}), secrets).await;
    // What cannot be changed is shown as it was sent.
    let key = admin.post("/api-keys", json!({"name": d, "scopes": ["audit:read"]})).await.expect(201);
    let keys = admin.get("/api-keys?limit=500").await.expect(200).json;
    let listed = keys.as_array().unwrap().iter().find(|one| one["id"] == key.json["id"]).unwrap();
    assert_eq!((&key.json["name"], &listed["name"]), (&json!(d), &json!(d)));
    let body = json!({"reason": texts.long, "durationMinutes": 5});
    let session = admin.post("/sessions", body).await.expect(201);
    let path = format!("/sessions/{}", session.id());
    let record = way("", "").rows(&session.id()).await;
    assert!(contains(&record[0]["details"], &json!(texts.long)), "{record}");
    let mine = admin.get("/sessions").await.expect(200).json;
    for shown in [&session.json, &admin.get(&path).await.expect(200).json, &mine[0]] {
        assert_eq!(shown["reason"], json!(texts.long));
    }
    let _ = admin.post_empty(&format!("{path}/stop")).await.expect(200);
}

/// What proptest would run.
const USUAL_CASES: u32 = 256;

#[test]
fn what_is_sent_is_what_is_kept_shown_and_on_record() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (app, credential) = runtime.block_on(async {
        let app = TestApp::new().await;
        let _ = crate::scene::active_resource(&app, 1).await;
        let credential = app.admin().new_credential("of resources").await;
        (app, credential)
    });
    let given = Config::default();
    // PROPTEST_CASES asks for more.
    let cases = if given.cases == USUAL_CASES { 16 } else { given.cases };
    let config = Config { cases, max_shrink_iters: 50, failure_persistence: None, ..given };
    let number = std::cell::Cell::new(0);
    let run = |texts: Texts| {
        number.set(number.get() + 2);
        runtime.block_on(walk(&app.admin(), &credential, number.get(), texts));
        Ok(())
    };
    TestRunner::new(config).run(&texts(), run).unwrap();
}

/// The longest text that is taken is kept whole; one that is longer by a character is refused, and nothing is kept of it.
#[tokio::test]
async fn limits_are_where_they_are_said_to_be() {
    let app = TestApp::new().await;
    let resource = crate::scene::active_resource(&app, 1).await;
    let (admin, credential) = (app.admin(), app.admin().new_credential("AWS").await);
    let json_of = |length: usize| json!({"protocol": "tcp", "port": 22, "note": "n".repeat(length)});
    let config_beside = json_of(0).to_string().len();
    for (path, beside, member, most, is_bytes) in [
        ("/roles", json!({}), "name", 255, false),
        ("/roles", json!({"name": "Described"}), "description", 1024, false),
        ("/users", json!({"email": "a@acme.example"}), "name", 255, false),
        ("/resources", resource_body(&credential), "name", 255, false),
        ("/resources", resource_body(&credential), "config", 16 * 1024 - config_beside, true),
        ("/credentials/", json!({"value": "v"}), "name", 255, false),
        ("/credentials/", json!({"name": "n", "value": "v"}), "description", 1024, false),
        ("/credentials/", json!({"name": "n", "is_sensitive": false}), "value", 64 * 1024, true),
        ("/api-keys", json!({"scopes": ["audit:read"]}), "name", 255, false),
        ("/sessions", json!({"resourceIds": [resource]}), "reason", 1024, false),
    ] {
        let body = |length: usize| {
            let text = if is_bytes { "n" } else { "é" }.repeat(length);
            let mut body = beside.clone();
            body[member] = if member == "config" { json_of(length) } else { json!(text) };
            body
        };
        let before = app.db_objects().await;
        let refused = admin.post(path, body(most + 1)).await.expect(400);
        assert!(refused.text.contains(member), "{path} {member}: {}", refused.text);
        assert_eq!(app.db_objects().await, before, "{path} {member}");
        let made = admin.post(path, body(most)).await.expect(201);
        assert_eq!(made.json[member], body(most)[member], "{path} {member}");
    }
}
