//! KMS: the two calls that the vault makes (AWS Key Management Service API Reference, "GenerateDataKey", "Decrypt"), on the runtime of
//! the SDK's clients, which signs, tries again and gives up as they do. The generated client is 80 KB of each function
//! that has a vault: docs/adr/0036.

use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_dynamodb::error::{ErrorMetadata, SdkError};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{FrozenLayer, Layer};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// KMS in a function's region.
#[derive(Clone)]
pub struct Kms {
    operation: Operation<Call, DataKey, ErrorMetadata>,
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kms")
    }
}

#[derive(Debug)]
struct Call {
    /// What `x-amz-target` says.
    target: &'static str,
    body: Value,
}

/// A data key, open.
#[derive(Debug)]
pub(crate) struct DataKey {
    pub(crate) plaintext: SecretSlice<u8>,
    /// The same under the key that never leaves KMS; nothing where it was given.
    pub(crate) wrapped: Vec<u8>,
}

/// Why there is no data key.
pub(crate) type KmsError = SdkError<ErrorMetadata, HttpResponse>;

impl Kms {
    /// KMS as a function sees it: where `config` says, or in its region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let region = config.region().map_or("", AsRef::as_ref);
        let mut operation = Operation::builder()
            .service_name("KMS")
            .operation_name("DataKey")
            .endpoint_url(&https::endpoint(config, "kms", region))
            .runtime_plugin(
                StaticRuntimePlugin::new()
                    .with_config(settings(region))
                    .with_runtime_components(components(config)),
            );
        if let Some(retries) = config.retry_config() {
            operation = operation.standard_retry(retries);
        }
        if let Some(timeouts) = config.timeout_config() {
            operation = operation.timeout_config(timeouts.clone());
        }
        Self { operation: operation.serializer(request).deserializer(answer).build() }
    }

    /// A new data key of 256 bits, open and wrapped under a key: an id, an ARN or an alias.
    pub(crate) async fn generate(&self, key_id: &str, context: &Value) -> Result<DataKey, KmsError> {
        let body = json!({"KeyId": key_id, "KeySpec": "AES_256", "EncryptionContext": context});
        self.operation.invoke(Call { target: "TrentService.GenerateDataKey", body }).await
    }

    /// A wrapped data key, open. KMS refuses one that was wrapped under another key or in another context.
    pub(crate) async fn decrypt(
        &self,
        key_id: &str,
        wrapped: &[u8],
        context: &Value,
    ) -> Result<DataKey, KmsError> {
        let blob = STANDARD.encode(wrapped);
        let body = json!({"KeyId": key_id, "CiphertextBlob": blob, "EncryptionContext": context});
        self.operation.invoke(Call { target: "TrentService.Decrypt", body }).await
    }
}

fn settings(region: &str) -> FrozenLayer {
    let mut layer = Layer::new("kms");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(aws_config::Region::new(region.to_owned()))),
        name: Some(SigningName::from_static("kms")),
        ..SigV4OperationSigningConfig::default()
    });
    // Each client has a budget of attempts of its own.
    layer.store_put(RetryPartition::custom("kms").build());
    layer.store_put(SensitiveOutput);
    layer.freeze()
}

fn components(config: &SdkConfig) -> RuntimeComponentsBuilder {
    let mut components = RuntimeComponentsBuilder::new("kms")
        .with_http_client(config.http_client())
        .with_sleep_impl(config.sleep_impl())
        .with_time_source(config.time_source())
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_retry_classifier(HttpStatusCodeClassifier::default())
        .with_retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .with_retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new());
    if let Some(credentials) = config.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, credentials);
    }
    components
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn request(call: Call) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(call.body.to_string()));
    request.set_method("POST")?;
    request.headers_mut().insert("content-type", "application/x-amz-json-1.1");
    request.headers_mut().insert("x-amz-target", call.target);
    Ok(request)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    plaintext: String,
    #[serde(default)]
    ciphertext_blob: String,
}

fn answer(response: &HttpResponse) -> Result<DataKey, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    if !response.status().is_success() {
        return Err(OrchestratorError::operation(failure(response.headers().get("x-amzn-errortype"), body)));
    }
    let answer = serde_json::from_slice::<Answer>(body).map_err(OrchestratorError::other)?;
    let bytes = |text: &str| STANDARD.decode(text).map_err(OrchestratorError::other);
    Ok(DataKey { plaintext: bytes(&answer.plaintext)?.into(), wrapped: bytes(&answer.ciphertext_blob)? })
}

/// What KMS says in its header, or else in its body (Smithy, "AWS JSON 1.1 protocol", "Operation error serialization").
fn failure(header: Option<&str>, body: &[u8]) -> ErrorMetadata {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let kind = header.or_else(|| text("__type")).unwrap_or_default();
    let code = kind.split(':').next().and_then(|code| code.rsplit('#').next()).unwrap_or_default();
    let message = text("message").or_else(|| text("Message")).unwrap_or_default();
    ErrorMetadata::builder().code(code).message(message).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use secrecy::ExposeSecret as _;

    fn of(status: u16, body: &'static str) -> Result<DataKey, OrchestratorError<ErrorMetadata>> {
        answer(&HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body)))
    }

    #[test]
    fn an_answer_is_a_key_that_no_log_shows() {
        let key = of(200, r#"{"KeyId": "k", "Plaintext": "c2VjcmV0", "CiphertextBlob": "AAE="}"#).unwrap();
        assert_eq!((key.plaintext.expose_secret(), key.wrapped.as_slice()), (&b"secret"[..], &[0, 1][..]));
        let shown = format!("{key:?}");
        assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
        for broken in ["", "{}", r#"{"Plaintext": "%"}"#, r#"{"Plaintext": 1}"#] {
            assert!(of(200, broken).is_err_and(|error| !error.is_operation_error()), "{broken}");
        }
    }

    #[test]
    fn a_failure_has_the_code_that_the_header_or_the_body_names() {
        let code =
            |header, body: &str| failure(header, body.as_bytes()).code().unwrap_or_default().to_owned();
        let typed = r#"{"__type": "com.amazonaws.kms#DisabledException", "message": "It is disabled."}"#;
        assert_eq!(code(None, typed), "DisabledException");
        assert_eq!(code(Some("ThrottlingException:http://internal/#place"), typed), "ThrottlingException");
        assert_eq!(code(None, "no JSON"), "");
        assert_eq!(failure(None, typed.as_bytes()).message(), Some("It is disabled."));
        assert!(of(400, typed).is_err_and(|error| error.is_operation_error()));
    }

    #[test]
    fn what_is_sent_is_the_services_json() {
        let sent = request(Call { target: "TrentService.Decrypt", body: json!({"KeyId": "k"}) }).unwrap();
        assert_eq!(sent.method(), "POST");
        assert_eq!(sent.headers().get("x-amz-target"), Some("TrentService.Decrypt"));
        assert_eq!(sent.body().bytes(), Some(br#"{"KeyId":"k"}"#.as_slice()));
    }
}
