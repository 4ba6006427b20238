//! A region of the European Sovereign Cloud is refused, or asked at an address of another partition.
//!
//! Reported of other tools: <https://github.com/whilenull/7777-support/issues/74>,
//! <https://github.com/okta-awscli/okta-awscli/pull/239>.

use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use model::provider::aws::{PARTITIONS, is_region, partition};
use serde_json::json;
use support::{TestApp, resource_body};

/// What AWS's own SDK takes for the address of a service in a region.
async fn of_sdk(region: &str) -> String {
    let params = Params::builder().region(region.to_owned()).build().unwrap();
    DefaultResolver::new().resolve_endpoint(&params).await.unwrap().url().to_owned()
}

/// The regions that the SDK's data names in each partition, and one that each pattern fits.
fn regions() -> Vec<String> {
    let named = [
        "us-east-1",
        "eu-central-1",
        "ap-southeast-7",
        "mx-central-1",
        "il-central-1",
        "cn-north-1",
        "cn-northwest-1",
        "eusc-de-east-1",
        "us-iso-east-1",
        "us-iso-west-1",
        "us-isob-east-1",
        "us-isob-west-1",
        "eu-isoe-west-1",
        "us-isof-east-1",
        "us-isof-south-1",
        "us-gov-east-1",
        "us-gov-west-1",
    ];
    let fitting = PARTITIONS.iter().flat_map(|partition| partition.region_prefixes.iter());
    named.iter().map(ToString::to_string).chain(fitting.map(|prefix| format!("{prefix}-north-9"))).collect()
}

#[tokio::test]
async fn services_are_where_the_sdk_has_them() {
    let config = aws_config::SdkConfig::builder().build();
    for region in regions() {
        let ours = https::service_url(&config, "dynamodb", &region);
        assert_eq!(ours.trim_end_matches('/'), of_sdk(&region).await, "{region}");
        assert!(is_region(&region), "{region}");
    }
}

#[tokio::test]
async fn resources_may_be_in_every_partition_and_nowhere_else() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    for region in regions() {
        let mut body = resource_body(&credential);
        body["region"] = json!(region);
        assert_eq!(admin.post("/resources", body).await.expect(201).json["region"], region);
    }
    for region in [
        "eusc-east-1",
        "eusc-de-1",
        "europe-west-1",
        "xx-north-1",
        "us-west-1.example.com",
        "us-west-1/",
        "aws-global",
    ] {
        let mut body = resource_body(&credential);
        body["region"] = json!(region);
        let reply = admin.post("/resources", body).await.expect(400);
        assert_eq!(reply.json["message"], "region must be a region of the provider, such as eu-central-1");
    }
    assert_eq!(partition("eusc-de-east-1"), "aws-eusc");
}
