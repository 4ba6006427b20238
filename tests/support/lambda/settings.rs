//! What a function's environment and its recorded event hold.

use auth::{JwtSettings, Mint, mint};
use local::template::TEMPLATE;
use model::principal::ORG_ADMIN;
use std::collections::HashMap;
use std::path::Path;

/// The settings that `template.yaml` gives a function, with values for this machine.
#[must_use]
pub fn settings(name: &str, cloud: &str, table: &str) -> HashMap<String, String> {
    let JwtSettings { issuer, audience, .. } = crate::jwt_settings();
    let value = |variable: &str| match variable {
        "POSTERN_TABLE" => table.into(),
        "POSTERN_KMS_KEY_ID" => "alias/postern".into(),
        "POSTERN_SESSION_ENDS_QUEUE_URL" => format!("{cloud}000000000000/session-ends"),
        "POSTERN_KEYS_MAX_AGE_SECONDS" => "600".into(),
        "POSTERN_JWT_ISSUER" => issuer.clone(),
        "POSTERN_JWT_AUDIENCE" => audience.clone(),
        "POSTERN_JWT_EMAILS_ARE_VERIFIED" => "false".into(),
        "POSTERN_RATE_PER_MINUTE" => "600".into(),
        "POSTERN_RATE_BURST" => "100".into(),
        other if other.starts_with("POSTERN_JWT_CLAIM_") => String::new(),
        "POSTERN_JWKS"
        | "POSTERN_JWKS_URL"
        | "POSTERN_JWT_ADMIN_ROLE"
        | "POSTERN_CORS_ORIGINS"
        | "POSTERN_JWT_SECRET_NAME"
        | "POSTERN_EDGE_SECRET_NAME" => String::new(),
        "POSTERN_SESSION_DEFAULT_MINUTES" => "60".into(),
        "POSTERN_SESSION_MAX_MINUTES" => "1440".into(),
        "POSTERN_SESSIONS_PER_PERSON" => "1000".into(),
        unknown => panic!("template.yaml sets {unknown}, of which this harness knows no value"),
    };
    let mut settings: HashMap<_, _> =
        variables(name).into_iter().map(|variable| (variable.clone(), value(&variable))).collect();
    settings.insert("AWS_ENDPOINT_URL".into(), cloud.into());
    // Who measures a start, or has no cloud, reads no secret.
    settings.insert("POSTERN_JWT_SECRET".into(), crate::JWT_SECRET.into());
    settings
}

/// The same, with as many calls allowed as a bench makes.
#[must_use]
pub fn unlimited(name: &str, cloud: &str, table: &str) -> HashMap<String, String> {
    let mut settings = settings(name, cloud, table);
    settings.insert("POSTERN_RATE_PER_MINUTE".into(), "0".into());
    settings
}

/// The names of the variables that `template.yaml` sets for a function: for all, and for this one.
fn variables(name: &str) -> Vec<String> {
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(TEMPLATE).expect("template.yaml");
    let resources = template["Resources"].as_mapping().expect("resources").values();
    let built = serde_yaml_ng::Value::from(format!("target/lambda/{name}/"));
    let own =
        resources.map(|resource| &resource["Properties"]).filter(|properties| properties["CodeUri"] == built);
    own.chain([&template["Globals"]["Function"]])
        .filter_map(|properties| properties["Environment"]["Variables"].as_mapping())
        .flat_map(|variables| variables.keys().filter_map(|name| name.as_str().map(String::from)))
        .collect()
}

/// `event.json` of a function: as API Gateway sends it, with `{{placeholders}}` for what differs from run to run.
#[must_use]
pub fn recorded_event(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions").join(name.replace('-', "_"));
    let file = folder.join("event.json");
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The same, with its placeholders filled in.
#[must_use]
pub fn filled_event(name: &str, known: &HashMap<&str, String>) -> String {
    let filled = known.iter().fold(recorded_event(name), |event, (placeholder, value)| {
        event.replace(&format!("{{{{{placeholder}}}}}"), value)
    });
    assert!(!filled.contains("{{"), "{name}: nothing is known yet for a placeholder of\n{filled}");
    filled
}

/// A token of an administrator, as of now: bootstraps have the system's clock.
#[must_use]
pub fn administrator(ttl_seconds: i64) -> String {
    let roles = [String::from(ORG_ADMIN)];
    let (email, name) = (Some("admin@acme.example"), Some("Ada Admin"));
    let token = Mint {
        sub: crate::ADMIN,
        org: crate::ORG,
        roles: &roles,
        email,
        name,
        email_verified: false,
        ttl_seconds,
    };
    mint(&crate::jwt_settings(), &token, web::clock::now()).expect("a token")
}
