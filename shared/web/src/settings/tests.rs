//! Settings as the environment gives them.

use super::*;

const GOOD: [(&str, &str); 4] = [
    ("AWS_REGION", "eu-central-1"),
    ("POSTERN_TABLE", "postern"),
    ("POSTERN_JWT_ISSUER", "https://id.example"),
    ("POSTERN_JWT_AUDIENCE", "postern"),
];

fn read(more: &[(&str, &str)]) -> Result<Settings, BadSetting> {
    let all: Vec<_> = more.iter().chain(&GOOD).collect();
    Settings::read(&|name| all.iter().find(|(key, _)| *key == name).map(|(_, value)| String::from(*value)))
}

#[test]
fn each_bad_setting_is_named() {
    for (name, value) in [
        ("POSTERN_RATE_PER_MINUTE", "many"),
        ("POSTERN_RATE_PER_MINUTE", "60001"),
        ("POSTERN_RATE_PER_MINUTE", "-1"),
        ("POSTERN_RATE_BURST", "0"),
        ("POSTERN_RATE_BURST", "10001"),
        ("POSTERN_CORS_ORIGINS", "*"),
        ("POSTERN_EDGE_SECRET", "short"),
        ("POSTERN_KEYS_MAX_AGE_SECONDS", "0"),
        ("POSTERN_KEYS_MAX_AGE_SECONDS", "3601"),
        ("POSTERN_SESSION_MAX_MINUTES", "0"),
        ("POSTERN_SESSIONS_PER_PERSON", "0"),
        ("POSTERN_SESSIONS_PER_PERSON", "1001"),
        ("AWS_USE_FIPS_ENDPOINT", "perhaps"),
        ("POSTERN_JWT_EMAILS_ARE_VERIFIED", "yes"),
    ] {
        assert_eq!(read(&[(name, value)]).err(), Some(BadSetting(name)), "{value}");
    }
    for missing in GOOD {
        let found = Settings::read(&|name| (name != missing.0).then(|| "x".into()));
        assert!(found.is_err(), "{missing:?}");
    }
}

#[test]
fn the_rate_limit_is_off_default_or_as_set() {
    assert_eq!(read(&[]).unwrap().rate, Some(RateLimit::default()));
    assert_eq!(read(&[("POSTERN_RATE_PER_MINUTE", "0")]).unwrap().rate, None);
    let tight = [("POSTERN_RATE_PER_MINUTE", "6"), ("POSTERN_RATE_BURST", "2")];
    assert_eq!(read(&tight).unwrap().rate, RateLimit::new(6, 2));
}

#[test]
fn emails_count_as_unverified_unless_the_setting_says_otherwise() {
    for (value, expected) in [("", false), ("false", false), ("False", false), ("true", true), ("TRUE", true)]
    {
        let more: &[_] = if value.is_empty() { &[] } else { &[("POSTERN_JWT_EMAILS_ARE_VERIFIED", value)] };
        assert_eq!(read(more).unwrap().jwt.claims.emails_are_verified, expected, "{value}");
    }
}

#[test]
fn the_quota_of_sessions_is_the_default_or_as_set() {
    assert_eq!(read(&[]).unwrap().sessions.per_person, 20);
    assert_eq!(read(&[("POSTERN_SESSIONS_PER_PERSON", "3")]).unwrap().sessions.per_person, 3);
}

#[test]
fn aws_is_reached_as_the_environment_says() {
    let region = String::from("eu-central-1");
    let usual = AwsSettings { region, endpoint_url: None, use_fips: false };
    assert_eq!(read(&[]).unwrap().aws, usual);
    assert_eq!(read(&[("AWS_USE_FIPS_ENDPOINT", "False")]).unwrap().aws, usual);
    assert!(read(&[("AWS_USE_FIPS_ENDPOINT", "true")]).unwrap().aws.use_fips);
    let elsewhere = read(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:8000")]).unwrap().aws;
    assert_eq!(elsewhere.endpoint_url.as_deref(), Some("http://127.0.0.1:8000"));
}

#[test]
fn a_worker_does_not_start_without_its_settings() {
    const ALL: [&str; 4] =
        ["POSTERN_TABLE", "AWS_REGION", "POSTERN_KMS_KEY_ID", "POSTERN_SESSION_ENDS_QUEUE_URL"];
    let without = |missing: &str, source| {
        WorkerSettings::read(&|name| (ALL.contains(&name) && name != missing).then(|| "x".into()), source)
    };
    for (missing, source, is_needed) in [
        ("POSTERN_KMS_KEY_ID", EventSource::Stream, true),
        ("POSTERN_KMS_KEY_ID", EventSource::Schedule, true),
        ("POSTERN_KMS_KEY_ID", EventSource::Queue, false),
        ("POSTERN_SESSION_ENDS_QUEUE_URL", EventSource::Queue, true),
        ("POSTERN_SESSION_ENDS_QUEUE_URL", EventSource::Stream, false),
        ("POSTERN_TABLE", EventSource::Queue, true),
        ("AWS_REGION", EventSource::Queue, true),
    ] {
        assert_eq!(without(missing, source).is_err(), is_needed, "{source:?} without {missing}");
    }
}

#[test]
fn the_log_follows_lambdas_settings() {
    let read = |all: &[(&str, &str)]| {
        LogSettings::read(&|name| all.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()))
    };
    let usual = LogSettings { level: LevelFilter::INFO, is_json: false };
    assert_eq!(read(&[]), usual);
    assert_eq!(read(&[("AWS_LAMBDA_LOG_LEVEL", "loud"), ("AWS_LAMBDA_LOG_FORMAT", "Text")]), usual);
    let levels =
        [("AWS_LAMBDA_LOG_LEVEL", "DEBUG"), ("RUST_LOG", "error"), ("AWS_LAMBDA_LOG_FORMAT", "JSON")];
    assert_eq!(read(&levels), LogSettings { level: LevelFilter::INFO, is_json: true });
    assert_eq!(read(&[("AWS_LAMBDA_LOG_LEVEL", "TRACE")]).level, LevelFilter::INFO);
    assert_eq!(read(&[("RUST_LOG", "error")]).level, LevelFilter::ERROR);
}

#[test]
fn tokens_have_one_source_of_keys() {
    let (secret, set, url) =
        (("POSTERN_JWT_SECRET", "s"), ("POSTERN_JWKS", "{}"), ("POSTERN_JWKS_URL", "https://id.example/k"));
    assert!(matches!(read(&[secret]).unwrap().jwt.keys, JwtKeys::Secret(_)));
    assert!(matches!(read(&[set]).unwrap().jwt.keys, JwtKeys::Inline(_)));
    assert!(matches!(read(&[url]).unwrap().jwt.keys, JwtKeys::Remote(KeySource::Url(_))));
    assert!(matches!(read(&[]).unwrap().jwt.keys, JwtKeys::Remote(KeySource::Discovery { .. })));
    let stored = ("POSTERN_JWT_SECRET_NAME", "postern/jwt");
    assert!(matches!(read(&[stored]).unwrap().jwt.keys, JwtKeys::Stored(name) if name == "postern/jwt"));
    for two in [[secret, set], [secret, url], [set, url], [secret, stored], [stored, set], [stored, url]] {
        assert!(read(&two).is_err(), "{two:?}");
    }
}

#[test]
fn the_secret_of_the_edge_is_given_or_stored() {
    let (given, stored) = (("POSTERN_EDGE_SECRET", ["x"; 32].concat()), ("POSTERN_EDGE_SECRET_NAME", "edge"));
    let given = (given.0, given.1.as_str());
    assert!(matches!(read(&[given]).unwrap().edge, EdgeSetting::Given(_)));
    assert!(matches!(read(&[stored]).unwrap().edge, EdgeSetting::Stored(name) if name == "edge"));
    assert!(read(&[given, stored]).is_err());
}

#[test]
fn keys_are_read_again_after_ten_minutes_or_as_set() {
    assert_eq!(read(&[]).unwrap().keys_max_age, 600);
    assert_eq!(read(&[("POSTERN_KEYS_MAX_AGE_SECONDS", "60")]).unwrap().keys_max_age, 60);
}
