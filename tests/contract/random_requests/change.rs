//! What can happen to a request on its way.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A change of one part.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Method(String),
    Segment { place: Index, with: String },
    Insert { place: Index, segment: String },
    Query(String),
    Header(String, String),
    MediaType(String),
    Body(BodyChange),
}

/// A change of the body.
#[derive(Debug, Clone)]
pub(super) enum BodyChange {
    Bytes(Vec<u8>),
    Flip { place: Index, with: u8 },
    Cut(Index),
    Value { place: Index, with: String },
    Member { name: String, value: String },
    Without(Index),
    Form,
    Multipart,
}

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

const SEGMENTS: [&str; 22] = [
    "",
    ".",
    "..",
    "%2e%2e",
    "%2F",
    "%00",
    "%ff",
    "%f0%9f%90%98",
    "%zz",
    "*",
    "{id}",
    "null",
    "resources",
    "credentials",
    "roles",
    "verify",
    "admin",
    "550e8400-e29b-41d4-a716-446655440000",
    "550E8400-E29B-41D4-A716-446655440000",
    "BWBeN28Vb7cMEx7Ym8AUzs",
    "credentials:%2F%2FBWBeN28Vb7cMEx7Ym8AUzs",
    "auth0%7C123",
];

const PARAMETERS: [&str; 20] = [
    "limit",
    "cursor",
    "page",
    "page_size",
    "name",
    "team",
    "search",
    "ordering",
    "resourceId",
    "userId",
    "status",
    "eventType",
    "actorId",
    "from",
    "to",
    "drain",
    "provider",
    "",
    "limit[]",
    "%00",
];

const ARGUMENTS: [&str; 20] = [
    "",
    "0",
    "1",
    "-1",
    "500",
    "501",
    "99999999999999999999",
    "1e3",
    "true",
    "false",
    "ACTIVE",
    "STUCK",
    "%ff",
    "%00",
    "%F0%9F%90%98",
    "2026-02-18T10:30:00Z",
    "2026-02-30T00:00:00Z",
    "550e8400-e29b-41d4-a716-446655440000",
    "a%20b",
    "eyJhIjoxfQ",
];

const HEADERS: [&str; 12] = [
    "idempotency-key",
    "if-match",
    "accept",
    "origin",
    "x-forwarded-for",
    "x-api-key",
    "authorization",
    "access-control-request-method",
    "content-length",
    "content-encoding",
    "x-amz-date",
    "cookie",
];

const HEADER_VALUES: [&str; 14] = [
    "",
    "*",
    "\"\"",
    "W/\"x\"",
    "\"a\", \"b\"",
    "null",
    "https://evil.example",
    "198.51.100.1, 10.0.0.1",
    "gzip",
    "Bearer",
    "Bearer a.b.c",
    "ApiKey pst_x",
    "DELETE",
    "550e8400-e29b-41d4-a716-446655440000",
];

const MEDIA_TYPES: [&str; 12] = [
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=limit",
    "application/merge-patch+json",
    "",
    ";",
    "application/octet-stream",
];

const NAMES: [&str; 24] = [
    "name",
    "id",
    "email",
    "value",
    "team",
    "description",
    "is_sensitive",
    "provider",
    "credential_type",
    "credentialId",
    "region",
    "config",
    "resourceIdentifier",
    "isActive",
    "durationHours",
    "durationMinutes",
    "ipv4Address",
    "ipv6Address",
    "resourceIds",
    "scopes",
    "expiresAt",
    "additionalHours",
    "",
    "\u{0}",
];

/// Values as they are written, of which some are not JSON at all.
const VALUES: [&str; 41] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1.5",
    "65535",
    "65536",
    "4294967296",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e308",
    "1e309",
    "-1e400",
    "5e-400",
    "NaN",
    "0x10",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\u{202e}x\"",
    "\"a\\nb\"",
    "[]",
    "[null]",
    "[1, 1]",
    "[\"\"]",
    "{}",
    "{\"port\": 0}",
    "{\"port\": 70000}",
    "{\"ports\": []}",
    "{\"fromPort\": 9, \"toPort\": 1}",
    "{\"protocol\": \"all\"}",
    "\"10.0.0.1\"",
    "\"0.0.0.0\"",
    "\"::ffff:198.51.100.1\"",
    "\"2026-13-01T00:00:00Z\"",
    "\"credentials://x\"",
];

fn one_of<const N: usize>(texts: [&'static str; N]) -> impl Strategy<Value = String> {
    select(texts.to_vec()).prop_map(String::from)
}

/// Bytes as a path or a query spells them.
fn escaped() -> impl Strategy<Value = String> {
    let escape = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    proptest::collection::vec(any::<u8>(), 0..24).prop_map(escape)
}

fn long(character: &'static str, lengths: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    lengths.prop_map(move |length| character.repeat(length))
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![6 => one_of(SEGMENTS), 3 => escaped(), 1 => long("a", 100..9_000), 1 => long("%41", 30..400)]
}

fn query() -> impl Strategy<Value = String> {
    let value = prop_oneof![6 => one_of(ARGUMENTS), 3 => escaped(), 1 => long("9", 20..9_000)];
    (one_of(PARAMETERS), value).prop_map(|(name, value)| format!("{name}={value}"))
}

fn header() -> impl Strategy<Value = Change> {
    let value = prop_oneof![6 => one_of(HEADER_VALUES), 2 => "\\PC{0,40}", 1 => long("h", 200..12_000)];
    (one_of(HEADERS), value).prop_map(|(name, value)| Change::Header(name, value))
}

/// A value as it is written: one of the list, a text of any characters, or something deep.
fn value() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| serde_json::Value::from(text).to_string());
    let deep = (1..200_usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let nested =
        (1..200_usize).prop_map(|depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    let huge = long("x", 200..70_000).prop_map(|text| format!("\"{text}\""));
    let digits = long("9", 1..400);
    prop_oneof![8 => one_of(VALUES), 3 => text, 1 => deep, 1 => nested, 1 => huge, 1 => digits]
}

fn body() -> impl Strategy<Value = BodyChange> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let over = (262_100..262_200_usize).prop_map(|length| BodyChange::Bytes(vec![b' '; length]));
    prop_oneof![
        2 => bytes.prop_map(BodyChange::Bytes),
        1 => over,
        1 => long("[", 1..100_000).prop_map(|text| BodyChange::Bytes(text.into_bytes())),
        1 => value().prop_map(|value| BodyChange::Bytes(value.into_bytes())),
        4 => (any::<Index>(), any::<u8>()).prop_map(|(place, with)| BodyChange::Flip { place, with }),
        2 => any::<Index>().prop_map(BodyChange::Cut),
        10 => (any::<Index>(), value()).prop_map(|(place, with)| BodyChange::Value { place, with }),
        6 => (one_of(NAMES), value()).prop_map(|(name, value)| BodyChange::Member { name, value }),
        2 => any::<Index>().prop_map(BodyChange::Without),
        1 => Just(BodyChange::Form),
        1 => Just(BodyChange::Multipart),
    ]
}

/// Any change.
pub(super) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => one_of(METHODS).prop_map(Change::Method),
        2 => (any::<Index>(), segment()).prop_map(|(place, with)| Change::Segment { place, with }),
        1 => (any::<Index>(), segment()).prop_map(|(place, segment)| Change::Insert { place, segment }),
        3 => query().prop_map(Change::Query),
        3 => header(),
        1 => Just(Change::Header("if-match".into(), "\"another\"".into())),
        2 => one_of(MEDIA_TYPES).prop_map(Change::MediaType),
        10 => body().prop_map(Change::Body),
    ]
}
