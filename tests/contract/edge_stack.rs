//! The edge: what `infra/edge.yaml` sends is what the functions take, and nothing on the way is kept, shown or answered for them.

use serde_yaml_ng::Value as Yaml;
use support::{Setup, TestApp};

use crate::repository::{read, usual, yaml};

const SECRET: &str = "PLANTED-secret-of-the-distribution";

fn edge(resource: &str) -> Yaml {
    yaml("infra/edge.yaml")["Resources"][resource]["Properties"].clone()
}

fn distribution() -> Yaml {
    edge("Distribution")["DistributionConfig"].clone()
}

fn text(value: &Yaml) -> &str {
    usual(value).as_str().unwrap()
}

/// The names of the headers are said in YAML and in Rust: a request with those of the template is one through the edge.
#[tokio::test]
async fn the_functions_take_the_headers_that_the_distribution_sends() {
    let edge_setting = web::edge(&|_| Some(SECRET.into())).unwrap();
    let app = TestApp::with_setup(Setup { edge: edge_setting.into(), ..Setup::default() }).await;
    let origin = &distribution()["Origins"][0];
    let sent = origin["OriginCustomHeaders"].as_sequence().unwrap().clone();
    let headers = &edge("ToTheApi")["OriginRequestPolicyConfig"]["HeadersConfig"];
    assert_eq!(headers["HeaderBehavior"], "allViewerAndWhitelistCloudFront");
    let added = headers["Headers"].as_sequence().unwrap().clone();
    assert_eq!((sent.len(), added.len()), (1, 1));
    let through = app.admin().with_header("x-amz-cf-id", "x");
    let _ = through.get("/roles").await.expect(403);
    let through = through.with_header(text(&sent[0]["HeaderName"]), SECRET);
    let _ = through.get("/roles").await.expect(403);
    let through = through.with_header(text(&added[0]), "198.51.100.10:46532");
    let _ = through.get("/roles").await.expect(200);
}

/// One secret, of which CloudFront sends a member and the functions accept another, so that it can be rotated. CloudFormation puts the
/// first into the distribution, because CloudFront can read no secret. The functions read the second themselves.
#[test]
fn both_stacks_name_the_secret_and_the_functions_read_it() {
    let origin = distribution()["Origins"][0].clone();
    let sent = "{{resolve:secretsmanager:${EdgeSecretName}:SecretString:sent}}";
    assert_eq!(text(&origin["OriginCustomHeaders"][0]["HeaderValue"]), sent);
    let template = yaml("template.yaml");
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(text(&variables["POSTERN_EDGE_SECRET_NAME"]), "EdgeSecretName");
}

/// Who may read a function's configuration reads no secret in it.
#[test]
fn no_environment_contains_a_secret() {
    let template = read("template.yaml");
    for secret in ["{{resolve:", "POSTERN_JWT_SECRET:", "POSTERN_EDGE_SECRET:"] {
        assert!(!template.contains(secret), "{secret}");
    }
}

#[test]
fn nothing_is_kept_at_the_edge_and_every_method_passes() {
    let distribution = distribution();
    let behavior = &distribution["DefaultCacheBehavior"];
    assert_eq!(behavior["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "AWS's CachingDisabled");
    assert_eq!(behavior["ViewerProtocolPolicy"], "https-only");
    assert_eq!(behavior["AllowedMethods"].as_sequence().unwrap().len(), 7);
    assert_eq!(distribution["ViewerCertificate"]["MinimumProtocolVersion"], "TLSv1.2_2021");
    let origin = &distribution["Origins"][0]["CustomOriginConfig"];
    assert_eq!(origin["OriginProtocolPolicy"], "https-only");
    let errors = distribution["CustomErrorResponses"].as_sequence().unwrap();
    let of = |error: &Yaml| (error["ErrorCode"].as_u64().unwrap(), error["ErrorCachingMinTTL"].as_u64());
    // Those that CloudFront can be told about (CustomErrorResponse in its API reference).
    let all = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504].map(|code| (code, Some(0)));
    assert_eq!(errors.iter().map(of).collect::<Vec<_>>(), all);
}

#[test]
fn the_web_acl_shows_no_token_and_lets_bodies_through() {
    let acl = edge("WebAcl");
    assert_eq!(acl["Scope"], "CLOUDFRONT");
    let rules = acl["Rules"].as_sequence().unwrap();
    for part in rules.iter().chain([&acl]) {
        assert_eq!(part["VisibilityConfig"]["SampledRequestsEnabled"], false, "{part:?}");
    }
    assert!(!rules[0]["Statement"]["RateBasedStatement"].is_null(), "the limit comes first");
    let groups = rules.iter().map(|rule| &rule["Statement"]["ManagedRuleGroupStatement"]);
    let common = groups.into_iter().find(|group| group["Name"] == "AWSManagedRulesCommonRuleSet").unwrap();
    let counted = common["RuleActionOverrides"].as_sequence().unwrap();
    let counted: Vec<_> = counted.iter().map(|rule| rule["Name"].as_str().unwrap()).collect();
    for rule in ["SizeRestrictions", "CrossSiteScripting", "EC2MetaDataSSRF", "GenericLFI", "GenericRFI"] {
        assert!(counted.contains(&format!("{rule}_BODY").as_str()), "{rule}");
    }
    let redacted = edge("WebAclLogging")["RedactedFields"].as_sequence().unwrap().clone();
    for name in ["authorization", "x-api-key"] {
        assert!(redacted.iter().any(|field| field["SingleHeader"]["Name"] == name), "{name}");
    }
}

#[test]
fn the_stage_has_a_throttle_that_carries_callers_at_their_full_budget() {
    let template = yaml("template.yaml");
    let stage = &template["Resources"]["Api"]["Properties"]["DefaultRouteSettings"];
    let default = |setting: &str| template["Parameters"][text(&stage[setting])]["Default"].as_u64().unwrap();
    let (rate, burst) = (default("ThrottlingRateLimit"), default("ThrottlingBurstLimit"));
    assert!((1..=10_000).contains(&rate) && burst >= rate);
    assert!(rate >= 10 * u64::from(model::rate::PER_MINUTE_DEFAULT) / 60, "ten callers at once");
    assert!(burst > u64::from(model::rate::BURST_DEFAULT));
    assert_eq!(template["Parameters"]["DisableExecuteApiEndpoint"]["Default"], "false");
}
