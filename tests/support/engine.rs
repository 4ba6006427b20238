//! Where a test's table is: in the process, or in the engine that `POSTERN_TEST_DYNAMODB` names.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use local::aws::LocalAws;
use local::template::Template;
use std::sync::Arc;
use store::Kms;
use uuid::Uuid;

use crate::fault_proxy::{FaultProxy, Wire, set_body};

/// The address of an engine that speaks DynamoDB's protocol, for suites that are to run against another one.
const OTHER_ENGINE: &str = "POSTERN_TEST_DYNAMODB";

/// A table of a test's own, and clients to it and to the stand-in for KMS.
pub(crate) struct Engine {
    /// The table's name.
    pub(crate) table: String,
    /// Past the proxy.
    pub(crate) dynamodb: Client,
    /// Through the proxy.
    pub(crate) proxied: Client,
    /// Through the proxy.
    pub(crate) kms: Kms,
}

impl Engine {
    /// Makes the template's table under a name that no other test has.
    pub(crate) async fn new(aws: &LocalAws, template: &Template, proxy: &Arc<FaultProxy>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place of the tests")]
        let other = std::env::var(OTHER_ENGINE).ok();
        let mut config = aws.dynamodb().config().to_builder();
        if let Some(address) = &other {
            config = config.endpoint_url(address);
        }
        let dynamodb = Client::from_conf(config.clone().build());
        let table = format!("test-{}", Uuid::new_v4());
        proxy.set_table(&table);
        create(&dynamodb, &table, &template.create_table(&table)).await;
        // Tests that run at once share no budget of attempts.
        let name = format!("{table}-retries");
        let wire = Wire::new(Arc::clone(proxy));
        let proxied = config.http_client(wire.clone()).retry_partition(RetryPartition::new(name));
        let kms = Kms::new(&aws.sdk_config().into_builder().http_client(wire).build());
        Self { table, dynamodb, proxied: Client::from_conf(proxied.build()), kms }
    }
}

/// The template is JSON in DynamoDB's own words: the SDK signs and sends it as it is.
async fn create(client: &Client, table: &str, body: &serde_json::Value) {
    let body = body.to_string();
    let call = client.create_table().table_name(table).customize().mutate_request(move |request| {
        set_body(request, body.clone().into_bytes());
    });
    call.send().await.expect("a table");
}
