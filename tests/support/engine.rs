//! Where a test's table is: in the process, or in the engine that `POSTERN_TEST_DYNAMODB` names.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryPartition;
use local::cloud::Cloud;
use local::template::Template;
use std::sync::Arc;
use store::Kms;
use uuid::Uuid;

use crate::tap::{TapRecord, Wire, set_body};

/// The address of an engine that speaks DynamoDB's protocol, for suites that are to run against another one.
const OTHER_ENGINE: &str = "POSTERN_TEST_DYNAMODB";

/// A table of a test's own, and clients to it and to the stand-in for KMS.
pub(crate) struct Engine {
    /// The table's name.
    pub(crate) table: String,
    /// Past the tap.
    pub(crate) dynamodb: Client,
    /// Through the tap.
    pub(crate) tapped: Client,
    /// Through the tap.
    pub(crate) kms: Kms,
}

impl Engine {
    /// Makes the template's table under a name that no other test has.
    pub(crate) async fn new(cloud: &Cloud, template: &Template, tap: &Arc<TapRecord>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place of the tests")]
        let other = std::env::var(OTHER_ENGINE).ok();
        let mut config = cloud.dynamodb().config().to_builder();
        if let Some(address) = &other {
            config = config.endpoint_url(address);
        }
        let dynamodb = Client::from_conf(config.clone().build());
        let table = format!("test-{}", Uuid::new_v4());
        tap.set_table(&table);
        create(&dynamodb, &table, &template.create_table(&table)).await;
        // Tests that run at once share no budget of attempts.
        let name = format!("{table}-retries");
        let wire = Wire::new(Arc::clone(tap));
        let tapped = config.http_client(wire.clone()).retry_partition(RetryPartition::new(name));
        let kms = Kms::new(&cloud.sdk_config().into_builder().http_client(wire).build());
        Self { table, dynamodb, tapped: Client::from_conf(tapped.build()), kms }
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
