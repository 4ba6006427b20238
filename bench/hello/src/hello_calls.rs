//! A function that does nothing but the calls of `resource-delete`, in kind and number: a query, then a transaction of four
//! writes. What `resource-delete` takes beyond it, outside of its calls, is Postern's own share.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use lambda_http::{Body, Error, Request, Response, run, service_fn, tracing};

/// As many attributes as a row of the audit log has.
const ATTRIBUTES: usize = 12;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    #[expect(clippy::disallowed_methods, reason = "this program has no settings but the table")]
    let table = std::env::var("POSTERN_TABLE")?;
    let (client, table) = (&client, table.as_str());
    run(service_fn(move |_request: Request| calls(client, table))).await
}

async fn calls(client: &Client, table: &str) -> Result<Response<Body>, Error> {
    let partition = client.query().table_name(table).key_condition_expression("pk = :pk");
    let partition = partition.expression_attribute_values(":pk", text("BENCH#resource"));
    partition.consistent_read(true).send().await?;
    let writes = [update(table, "a")?, update(table, "b")?, delete(table)?, put(table)?];
    client.transact_write_items().set_transact_items(Some(writes.into())).send().await?;
    Ok(Response::builder().status(204).body(Body::Empty)?)
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn update(table: &str, key: &str) -> Result<TransactWriteItem, Error> {
    let update = Update::builder()
        .table_name(table)
        .key("pk", text("BENCH#count"))
        .key("sk", text(key))
        .update_expression("SET #n = if_not_exists(#n, :zero) + :one")
        .condition_expression("attribute_not_exists(#n) OR #n >= :zero")
        .expression_attribute_names("#n", "n")
        .expression_attribute_values(":zero", AttributeValue::N("0".into()))
        .expression_attribute_values(":one", AttributeValue::N("1".into()));
    Ok(TransactWriteItem::builder().update(update.build()?).build())
}

fn delete(table: &str) -> Result<TransactWriteItem, Error> {
    let delete =
        Delete::builder().table_name(table).key("pk", text("BENCH#resource")).key("sk", text("RESOURCE"));
    Ok(TransactWriteItem::builder().delete(delete.build()?).build())
}

fn put(table: &str) -> Result<TransactWriteItem, Error> {
    let attributes =
        (0..ATTRIBUTES).map(|number| (format!("attribute{number}"), text("a value of some length")));
    let put = Put::builder().table_name(table).item("pk", text("BENCH#audit")).item("sk", text("row"));
    let put = attributes.fold(put, |put, (name, value)| put.item(name, value));
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}
