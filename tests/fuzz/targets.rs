//! What strangers can send, each as a function that panics when a promise is broken. libFuzzer calls them with whatever it comes
//! up with (`tests/fuzz.sh`); `cargo test` calls them with what it came up with so far (`replay.rs`).

use auth::{ClaimNames, Fetch, FetchFault, JwtKeys, JwtSettings, Mint, PresentedKey, Verifier, mint};
use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use firewall::simulated::SimulatedCloud;
use futures_util::future::BoxFuture;
use model::audit::AuditFilter;
use model::id::{CredentialId, OrgId, base58 as spelling, parse_base58};
use model::ingress::Opening;
use model::json::whole;
use model::provider::ResourceType;
use model::session::SessionLimits;
use model::time::Timestamp;
use serde_json::{Map, Value};
use std::sync::{Arc, LazyLock};
use store::{Kms, Store, StoreError, Vault};
use tokio::runtime::{Builder, Runtime};
use web::{App, Edge, Endpoint, Origins, Parts};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

const SECRET: &str = "a secret of the fuzzer, 32 bytes or more";

/// Public keys: the examples of RFC 7517, appendix A.1.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"1",
"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
"e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}"#;

fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_771_410_600_000).expect("a time")
}

/// AWS, out of reach.
#[derive(Debug)]
struct Nowhere;

impl HttpConnector for Nowhere {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::io(std::io::Error::other("nowhere").into())))
    }
}

fn nowhere() -> SharedHttpClient {
    http_client_fn(|_, _| SharedHttpConnector::new(Nowhere))
}

fn store() -> Store {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "fuzz"))
        .retry_config(RetryConfig::disabled())
        .http_client(nowhere());
    Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "table")
}

fn vault() -> Vault {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "fuzz")))
        .retry_config(RetryConfig::disabled())
        .http_client(nowhere());
    Vault::new(Kms::new(&config.build()), "alias/fuzz")
}

fn settings(keys: JwtKeys) -> JwtSettings {
    JwtSettings {
        keys,
        issuer: "https://issuer.example".into(),
        audience: "postern".into(),
        claims: ClaimNames::default(),
    }
}

/// Fetches nothing.
#[derive(Debug)]
struct NoNetwork;

impl Fetch for NoNetwork {
    fn get<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(async { Err(FetchFault("there is no network".into())) })
    }
}

fn verifier(keys: JwtKeys) -> Option<Verifier> {
    Verifier::new(&settings(keys), Arc::new(NoNetwork)).ok()
}

/// Every function with callers, by name, an app that they work with, and an administrator's token.
struct House {
    functions: Vec<(&'static str, Endpoint)>,
    app: App,
    token: String,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let mut functions = functions::all();
    functions.sort_by_key(|(name, _)| *name);
    let app = App::new(Parts {
        store: store(),
        verifier: verifier(JwtKeys::Secret(SECRET.into())),
        vault: Some(vault()),
        firewall: Some(Arc::new(SimulatedCloud::strict())),
        timers: None,
        sessions: SessionLimits::default(),
        rate: None,
        origins: Origins::parse("https://console.example").expect("an origin"),
        edge: Edge::default().into(),
        clock: Arc::new(now),
    });
    let roles = [model::principal::ORG_ADMIN.to_owned()];
    let token = Mint {
        sub: "admin",
        org: "acme",
        roles: &roles,
        email: None,
        name: None,
        email_verified: false,
        ttl_seconds: 3600,
    };
    let token = mint(&settings(JwtKeys::Secret(SECRET.into())), &token, now()).expect("a token");
    House { functions, app, token }
});

/// A token that somebody has signed, to see whether [`token`] notices.
#[cfg(test)]
pub fn token_of_the_house() -> String {
    HOUSE.token.clone()
}

/// An event of API Gateway, to the function that the first byte chooses: whatever it is, the answer is no 500. A token that
/// is accepted takes the place of `{{token}}`.
pub fn event(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    let house = &*HOUSE;
    let text = text.replace("{{token}}", &house.token);
    let Ok(Value::Object(mut event)) = serde_json::from_str(&text) else { return };
    name_parameters(&mut event);
    let Ok(request) = web::event::decode(&Value::Object(event).to_string()) else { return };
    let (name, endpoint) = &house.functions[usize::from(*first) % house.functions.len()];
    let response = RUNTIME.block_on(endpoint.respond(&house.app, request));
    assert_ne!(response.status().as_u16(), 500, "{name}: {response:?}");
    assert!(response.headers().contains_key("x-request-id"), "{name}: {response:?}");
}

/// Those of a route are always there: API Gateway names them itself, and the caller chooses their texts.
fn name_parameters(event: &mut Map<String, Value>) {
    let given = event.remove("pathParameters").unwrap_or_default();
    let text =
        |name| given.get(name).and_then(Value::as_str).unwrap_or("550e8400-e29b-41d4-a716-446655440000");
    let named = ["id", "resourceId", "userId"].map(|name| (name.to_owned(), text(name).into()));
    event.insert("pathParameters".into(), Value::Object(named.into_iter().collect()));
}

/// A cursor of somebody else's making: it is refused, or it leads into the caller's own list.
pub fn cursor(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let org = OrgId::parse("acme").expect("an organization");
    let filter = <AuditFilter as model::query::FromQuery>::read(|_| None).expect("a filter");
    let page = store();
    match RUNTIME.block_on(page.audit_rows_newest_first(&org, &filter, Some(text))) {
        Err(StoreError::Refused(_) | StoreError::Busy(_)) => {}
        other => panic!("{text:?}: {other:?}"),
    }
}

/// The spelling of ids: what can be read is written as it was.
pub fn base58(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(uuid) = parse_base58(text) {
        assert_eq!(spelling(uuid), text);
    }
    if let Ok(id) = CredentialId::parse_any(text) {
        for other in [id.to_string(), id.base58(), id.uri()] {
            assert_eq!(CredentialId::parse_any(&other), Ok(id), "{text:?}");
        }
    }
}

static VERIFIERS: LazyLock<[Verifier; 2]> = LazyLock::new(|| {
    [JwtKeys::Secret(SECRET.into()), JwtKeys::Inline(KEYS.into())].map(|keys| verifier(keys).expect("keys"))
});

/// A token, an API key, a set of public keys: nobody gets in with what nobody signed.
pub fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for verifier in VERIFIERS.iter() {
        let verified = RUNTIME.block_on(verifier.verify(text, now()));
        assert!(verified.is_err(), "{text:?}: {verified:?}");
    }
    if let Some(key) = PresentedKey::parse(text) {
        assert!(text.starts_with("pst_") && text.ends_with(&format!(".{}", key.org)), "{text:?}");
    }
    if let Some(verifier) = verifier(JwtKeys::Inline(text.into())) {
        assert!(RUNTIME.block_on(verifier.verify("a.b.c", now())).is_err());
    }
}

/// A resource's `config`: what is accepted opens what it names, and never more.
pub fn config(data: &[u8]) {
    let Ok(Value::Object(config)) = serde_json::from_slice(data) else { return };
    let kind = ResourceType::SecurityGroup;
    if kind.config_fault(&config).is_some() {
        return;
    }
    let Ok(openings) = kind.openings(&config) else { return };
    assert!(!openings.is_empty(), "{config:?}");
    for opening in openings {
        assert!(is_named(&opening, &config), "{opening:?} of {config:?}");
    }
}

fn is_named(opening: &Opening, config: &Map<String, Value>) -> bool {
    let protocol = config.get("protocol").and_then(Value::as_str).unwrap_or("tcp");
    if protocol != "all" && opening.protocol.as_str() != protocol {
        return false;
    }
    let number = |name: &str| config.get(name).and_then(whole);
    let Some((from, to)) = opening.ports.map(|(from, to)| (i64::from(from), i64::from(to))) else {
        let ports = ["port", "ports", "fromPort", "toPort"];
        return protocol == "icmp"
            || protocol == "all" && !ports.iter().any(|name| config.contains_key(*name));
    };
    let listed = config.get("ports").and_then(Value::as_array);
    let is_listed = listed.is_some_and(|ports| ports.iter().any(|port| whole(port) == Some(from)));
    let is_single = from == to && (is_listed || number("port") == Some(from));
    from <= to && (is_single || (number("fromPort"), number("toPort")) == (Some(from), Some(to)))
}
