//! The table of a test, past HTTP: what is in it, and what no operation writes.

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::UserId;
use serde_json::Value;
use std::collections::BTreeMap;
use store::AuditRow;

use crate::attributes::attribute_json;
use crate::{ORG, TestApp, every_audit_row, org};

impl TestApp {
    /// The audit log of [`ORG`], oldest first.
    pub async fn db_audit(&self) -> Vec<AuditRow> {
        let (mut rows, mut cursor) = (Vec::new(), None);
        loop {
            let page =
                self.db.audit_rows_newest_first(&org(ORG), &every_audit_row(), cursor.as_deref()).await;
            let page = page.expect("the audit log");
            rows.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                rows.reverse();
                return rows;
            }
        }
    }

    /// Every item of the table as JSON, by primary key. Bytes are hexadecimal.
    pub async fn db_table(&self) -> BTreeMap<(String, String), Value> {
        #[expect(clippy::disallowed_methods, reason = "a test compares whole tables")]
        let pages = self.dynamodb.scan().table_name(&self.table).consistent_read(true).into_paginator();
        let items = pages.items().send().collect::<Result<Vec<_>, _>>().await.expect("a scan");
        let key = |item: &Value, name: &str| item[name].as_str().expect("a key").to_owned();
        let items = items.into_iter().map(|item| attribute_json(&AttributeValue::M(item)));
        items.map(|item| ((key(&item, "pk"), key(&item, "sk")), item)).collect()
    }

    /// The same without the audit log: what refused attempts must leave as it is.
    pub async fn db_objects(&self) -> BTreeMap<(String, String), Value> {
        let mut table = self.db_table().await;
        table.retain(|_, item| item["entity"] != "AUDIT" && item["entity"] != "SIGN_INS");
        table
    }

    /// Gives a user of [`ORG`] these ids as roles and as resources, whether they exist or not.
    pub async fn db_fill_sets_of_user(&self, user: &str, ids: &[String]) {
        let key = store::keys::user(&org(ORG), &UserId::parse(user).expect("a user"));
        let set = AttributeValue::Ss(ids.to_vec());
        #[expect(clippy::disallowed_methods, reason = "more links than a test has time to make")]
        let call = self.dynamodb.update_item().table_name(&self.table);
        let call = call.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
        let call = call.update_expression("SET roleIds = :ids, resourceIds = :ids");
        call.expression_attribute_values(":ids", set).send().await.expect("an update");
    }

    /// Every item, each as text.
    pub async fn db_items(&self) -> BTreeMap<(String, String), String> {
        self.db_table().await.into_iter().map(|(key, item)| (key, item.to_string())).collect()
    }

    /// Makes this a table of a version that knew no deployments.
    pub async fn db_forget_deployment(&self) {
        let key = store::keys::deployment();
        #[expect(clippy::disallowed_methods, reason = "what no version does")]
        let call = self.dynamodb.delete_item().table_name(&self.table);
        let call = call.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
        let _ = call.send().await.expect("a deletion");
    }
}
