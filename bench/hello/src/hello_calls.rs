//! A function that does nothing but the calls of `resource-delete`, in kind, number and size: a query that finds a resource, beside a
//! batch that finds no shards, then a transaction of four writes and one for each shard. What `resource-delete` takes beyond it is Postern's own share: `bench-start` sees to it that both
//! send and get bodies of as many bytes.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, KeysAndAttributes, Put, TransactWriteItem, Update};
use lambda_http::{Body, Error, Request, Response, run, service_fn, tracing};
use std::collections::HashMap;

/// Keys as long as those of a resource and of a credential.
const RESOURCE: &str = "ORG#hello#RESOURCE#01a216b8-e0d6-77c9-bf67-cc2bd6a2e4d";
const CREDENTIAL: &str = "ORG#hello#CREDENTIAL#01a216b8-e00b-71cf-a3c0-2dcb4bc8ea1";
const REFERENCE: &str = "RESOURCE#01a216b8-e0d6-77c9-bf67-cc2bd6a2e4d";

/// As many as a resource has shards.
const SHARDS: usize = 16;

/// As many members as a row of the audit log has, and as a resource has.
const MEMBERS: usize = 12;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    #[expect(clippy::disallowed_methods, reason = "this program has no settings but the table")]
    let table = std::env::var("POSTERN_TABLE")?;
    let (client, table) = (&client, table.as_str());
    run(service_fn(move |_request: Request| calls(client, table))).await
}

/// The query finds what the last transaction put.
async fn calls(client: &Client, table: &str) -> Result<Response<Body>, Error> {
    let partition = client.query().table_name(table).key_condition_expression("#pk = :pk");
    let partition = partition.expression_attribute_names("#pk", "pk");
    let partition = partition.expression_attribute_values(":pk", text(RESOURCE));
    let shards = KeysAndAttributes::builder()
        .consistent_read(true)
        .set_keys(Some((0..SHARDS).map(|number| shard(number, "#NONE_")).collect()));
    let shards = client.batch_get_item().request_items(table, shards.build()?);
    let query = async { partition.consistent_read(true).send().await.map_err(Error::from) };
    tokio::try_join!(query, async { shards.send().await.map_err(Error::from) })?;
    let mut writes = vec![unheld(table)?, uncounted(table)?, unreferenced(table)?, put(table)?];
    for number in 0..SHARDS {
        writes.push(closed(table, number)?);
    }
    client.transact_write_items().set_transact_items(Some(writes)).send().await?;
    Ok(Response::builder().status(204).body(Body::Empty)?)
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn number(digits: &str) -> AttributeValue {
    AttributeValue::N(digits.into())
}

fn shard(number: usize, sk: &str) -> HashMap<String, AttributeValue> {
    [("pk", format!("{RESOURCE}#SHARD#{number:02}")), ("sk", sk.into())]
        .map(|(name, value)| (name.into(), text(value)))
        .into()
}

fn closed(table: &str, number_of_shard: usize) -> Result<TransactWriteItem, Error> {
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(shard(number_of_shard, "#SHARD")))
        .update_expression("SET #entity = :entity, #shape = :shape, #data = :data, #version = :deleted, #expires_at = :until")
        .condition_expression("attribute_not_exists(#live) OR NOT #live = :rows")
        .expression_attribute_names("#entity", "entity")
        .expression_attribute_names("#shape", "shape")
        .expression_attribute_names("#data", "data")
        .expression_attribute_names("#version", "version")
        .expression_attribute_names("#expires_at", "none")
        .expression_attribute_names("#live", "live")
        .expression_attribute_values(":entity", text("SHARD"))
        .expression_attribute_values(":shape", number("1"))
        .expression_attribute_values(":data", AttributeValue::M(HashMap::new()))
        .expression_attribute_values(":deleted", number("1000000000000000"))
        .expression_attribute_values(":until", number("1800000000"))
        .expression_attribute_values(":rows", number("0"))
        .return_values_on_condition_check_failure(AllOld);
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

fn unheld(table: &str) -> Result<TransactWriteItem, Error> {
    let delete = Delete::builder()
        .table_name(table)
        .key("pk", text(RESOURCE))
        .key("sk", text("#NO_MORE"))
        .condition_expression("#version = :version OR #linked = :linked OR NOT #live = :zero")
        .expression_attribute_names("#version", "version")
        .expression_attribute_names("#linked", "linked")
        .expression_attribute_names("#live", "live")
        .expression_attribute_values(":version", number("1"))
        .expression_attribute_values(":linked", number("0"))
        .expression_attribute_values(":zero", number("0"))
        .return_values_on_condition_check_failure(AllOld);
    Ok(TransactWriteItem::builder().delete(delete.build()?).build())
}

fn uncounted(table: &str) -> Result<TransactWriteItem, Error> {
    let update = Update::builder()
        .table_name(table)
        .key("pk", text(CREDENTIAL))
        .key("sk", text("#CREDENTIAL"))
        .update_expression("SET #usage = :one - :one, #version = :one + :one")
        .condition_expression("NOT contains(#pk, :one)")
        .expression_attribute_names("#pk", "pk")
        .expression_attribute_names("#usage", "usage")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":one", number("1"))
        .return_values_on_condition_check_failure(AllOld);
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

fn unreferenced(table: &str) -> Result<TransactWriteItem, Error> {
    let delete = Delete::builder()
        .table_name(table)
        .key("pk", text(CREDENTIAL))
        .key("sk", text(REFERENCE))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", "pk")
        .return_values_on_condition_check_failure(AllOld);
    Ok(TransactWriteItem::builder().delete(delete.build()?).build())
}

fn put(table: &str) -> Result<TransactWriteItem, Error> {
    let members =
        (0..MEMBERS).map(|number| (format!("attribute{number}"), text("a text of 26 characters in it")));
    let put = Put::builder()
        .table_name(table)
        .item("pk", text(RESOURCE))
        .item("sk", text("#RESOURCE"))
        .item("entity", text("RESOURCE"))
        .item("shape", number("1"))
        .item("data", AttributeValue::M(members.collect()))
        .condition_expression("attribute_not_exists(#no)")
        .expression_attribute_names("#no", "no");
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}
