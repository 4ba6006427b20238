//! Fills a table: one object of each kind is made over HTTP, and the others are copies of its items under other ids.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use support::{Client, TestApp};

type Item = HashMap<String, AttributeValue>;

/// How much there is of what.
pub(crate) struct Size {
    pub(crate) resources: usize,
    pub(crate) roles: usize,
}

/// The large organization, the much linked resource aside.
pub(crate) const LARGE: Size = Size { resources: 5_000, roles: 1_000 };
/// Roles with a share of the links.
const LINKED_ROLES: usize = 500;
const LINKS_A_ROLE: usize = 100;
/// Links beside those of the much linked resource.
pub(crate) const LINKS: usize = LINKED_ROLES * LINKS_A_ROLE;
/// Rows of the audit log.
pub(crate) const AUDIT_ROWS: usize = 100_000;

/// A filled table.
pub(crate) struct Large {
    pub(crate) app: TestApp,
    pub(crate) admin: Client,
    /// The resource that every role links to.
    pub(crate) much_linked: String,
}

/// The items of one object of each kind.
struct Patterns {
    resource_id: String,
    role_id: String,
    resource: Item,
    reference: Item,
    role: Item,
    role_name: Item,
    links: Vec<Item>,
    audit: Item,
    audit_id: String,
}

fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// A copy with other texts in place of some.
fn copy(value: &AttributeValue, replaced: &[(&str, &str)]) -> AttributeValue {
    match value {
        AttributeValue::S(text) => {
            AttributeValue::S(replaced.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to)))
        }
        AttributeValue::M(map) => AttributeValue::M(copy_item(map, replaced)),
        AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null(_) | _ => value.clone(),
    }
}

fn copy_item(item: &Item, replaced: &[(&str, &str)]) -> Item {
    item.iter().map(|(name, value)| (name.clone(), copy(value, replaced))).collect()
}

fn id(kind: usize, number: usize) -> String {
    format!("019d0000-{kind:04x}-7000-8000-{number:012x}")
}

impl Patterns {
    async fn new(app: &TestApp, admin: &Client) -> Self {
        let credential = admin.new_credential("AWS").await;
        let (role_id, resource_id) =
            (admin.new_role("Pattern of roles").await, admin.new_resource(&credential).await);
        let _ = admin.post_empty(&format!("/roles/{role_id}/resources/{resource_id}")).await.expect(200);
        #[expect(clippy::disallowed_methods, reason = "patterns are read as they stand")]
        let scan = app.dynamodb.scan().table_name(&app.table).send().await.unwrap();
        let items = scan.items.unwrap();
        let of =
            |entity: &'static str| items.iter().filter(move |item| text(item, "entity") == entity).cloned();
        let audit = of("AUDIT").next().unwrap();
        Self {
            resource_id,
            role_id,
            resource: of("RESOURCE").next().unwrap(),
            reference: of("REFERENCE").next().unwrap(),
            role: of("ROLE").next().unwrap(),
            role_name: of("ROLE_NAME").next().unwrap(),
            links: of("LINK").collect(),
            audit_id: text(&audit, "sk").split_once('#').unwrap().1.to_owned(),
            audit,
        }
    }

    fn resource(&self, id: &str) -> Vec<Item> {
        [&self.resource, &self.reference].map(|item| copy_item(item, &[(&self.resource_id, id)])).into()
    }

    fn role(&self, id: &str) -> Vec<Item> {
        let replaced = [(self.role_id.as_str(), id), ("Pattern of roles", id)];
        [&self.role, &self.role_name].map(|item| copy_item(item, &replaced)).into()
    }

    fn link(&self, role: &str, resource: &str) -> Vec<Item> {
        let replaced = [(self.role_id.as_str(), role), (self.resource_id.as_str(), resource)];
        self.links.iter().map(|item| copy_item(item, &replaced)).collect()
    }
}

/// An attribute in DynamoDB's JSON. The patterns have these kinds only.
fn json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(digits) => json!({"N": digits}),
        AttributeValue::Bool(flag) => json!({"BOOL": flag}),
        AttributeValue::Null(_) => json!({"NULL": true}),
        AttributeValue::M(map) => json!({"M": json_item(map)}),
        AttributeValue::B(_) | AttributeValue::L(_) | _ => panic!("a pattern has {value:?}"),
    }
}

fn json_item(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), json(value))).collect::<Map<_, _>>().into()
}

impl Large {
    /// Fills a table. The pattern's own role and resource count among the others.
    pub(crate) async fn fill() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin();
        let patterns = Patterns::new(&app, &admin).await;
        let much_linked = patterns.resource_id.clone();
        let roles: Vec<String> = (1..LARGE.roles).map(|number| id(1, number)).collect();
        let resources: Vec<String> = (0..LARGE.resources).map(|number| id(2, number)).collect();
        let mut items: Vec<Item> = resources.iter().flat_map(|id| patterns.resource(id)).collect();
        for role in &roles {
            items.extend(patterns.role(role));
            items.extend(patterns.link(role, &much_linked));
        }
        for (number, role) in roles.iter().take(LINKED_ROLES).enumerate() {
            for place in 0..LINKS_A_ROLE {
                let resource = &resources[(number * LINKS_A_ROLE + place * 7) % LARGE.resources];
                items.extend(patterns.link(role, resource));
            }
        }
        let rows =
            (0..AUDIT_ROWS).map(|number| copy_item(&patterns.audit, &[(&patterns.audit_id, &id(3, number))]));
        items.extend(rows);
        app.aws.import(&app.table, items.iter().map(json_item).collect()).expect("an import");
        Self { app, admin, much_linked }
    }
}
