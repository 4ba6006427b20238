//! `/credentials`: the rules of the seed's framework, in all three encodings.

mod changes;
mod encodings;
mod external_id;
mod fields;
mod former;
mod lists;
mod secrets;

use serde_json::Value;
use support::{Client, Reply, TestApp};

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Form,
    Multipart,
}

const ALL: [Encoding; 3] = [Encoding::Json, Encoding::Form, Encoding::Multipart];

/// An administrator and the path of a new sensitive credential.
async fn admin_with_credential(app: &TestApp) -> (Client, String) {
    let admin = app.admin();
    let id = admin.new_credential("AWS Account").await;
    (admin, format!("/credentials/{id}/"))
}

fn quoted(text: &str) -> String {
    let byte = |b: u8| {
        if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    text.bytes().map(byte).collect()
}

/// PUT of text fields in an encoding.
async fn put(admin: &Client, path: &str, encoding: Encoding, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/api/v1{path}");
    match encoding {
        Encoding::Json => {
            let body: Value =
                fields.iter().map(|(name, text)| (String::from(*name), Value::from(*text))).collect();
            admin.send("PUT", &path, Some("application/json"), body.to_string().into_bytes()).await
        }
        Encoding::Form => {
            let pairs: Vec<_> =
                fields.iter().map(|(name, text)| format!("{}={}", quoted(name), quoted(text))).collect();
            let kind = Some("application/x-www-form-urlencoded");
            admin.send("PUT", &path, kind, pairs.join("&").into_bytes()).await
        }
        Encoding::Multipart => {
            let mut body = String::new();
            for (name, text) in fields {
                body.push_str(&format!(
                    "--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
                ));
            }
            body.push_str("--B--\r\n");
            admin.send("PUT", &path, Some("multipart/form-data; boundary=B"), body.into_bytes()).await
        }
    }
}

/// PUT of a raw JSON body.
async fn put_raw(admin: &Client, path: &str, body: &str) -> Reply {
    admin.send("PUT", &format!("/api/v1{path}"), Some("application/json"), body.as_bytes().to_vec()).await
}
