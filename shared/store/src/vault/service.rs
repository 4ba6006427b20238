//! A service of AWS that speaks JSON (Smithy, "AWS JSON 1.1 protocol"), on the runtime of the SDK's clients, which signs, tries again and
//! gives up as they do.
//!
//! With the generated client of KMS an update of a credential took a third more instructions to its first answer: docs/performance.md,
//! below "instructions".

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
use serde_json::Value;
use std::fmt;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a call has no answer.
pub(crate) type ServiceError = SdkError<ErrorMetadata, HttpResponse>;

/// Reads the body of an answer.
pub(crate) type Read<Out> = fn(&[u8]) -> Result<Out, BoxError>;

/// A service in a function's region. What it answers is a secret, and is logged nowhere.
pub(crate) struct Service<Out> {
    operation: Operation<SignedCall, Out, ErrorMetadata>,
}

impl<Out> Clone for Service<Out> {
    fn clone(&self) -> Self {
        Self { operation: self.operation.clone() }
    }
}

#[derive(Debug)]
struct SignedCall {
    /// What `x-amz-target` says.
    target: &'static str,
    body: Value,
}

impl<Out: fmt::Debug + Send + Sync + 'static> Service<Out> {
    /// A service by the name in its address: where `config` says, or in its region.
    pub(crate) fn new(config: &SdkConfig, name: &'static str, read: Read<Out>) -> Self {
        let region = config.region().map_or("", AsRef::as_ref);
        let mut operation = Operation::builder()
            .service_name(name)
            .operation_name("Call")
            .endpoint_url(&https::service_url(config, name, region))
            .runtime_plugin(
                StaticRuntimePlugin::new()
                    .with_config(settings(name, region))
                    .with_runtime_components(components(name, config)),
            );
        if let Some(retries) = config.retry_config() {
            operation = operation.standard_retry(retries);
        }
        if let Some(timeouts) = config.timeout_config() {
            operation = operation.timeout_config(timeouts.clone());
        }
        let operation = operation.serializer(request).deserializer(move |response| answer(response, read));
        Self { operation: operation.build() }
    }

    pub(crate) async fn call(&self, target: &'static str, body: Value) -> Result<Out, ServiceError> {
        self.operation.invoke(SignedCall { target, body }).await
    }
}

fn settings(name: &'static str, region: &str) -> FrozenLayer {
    let mut layer = Layer::new(name);
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(aws_config::Region::new(region.to_owned()))),
        name: Some(SigningName::from_static(name)),
        ..SigV4OperationSigningConfig::default()
    });
    // Each client has a budget of attempts of its own.
    layer.store_put(RetryPartition::custom(name).build());
    layer.store_put(SensitiveOutput);
    layer.freeze()
}

fn components(name: &'static str, config: &SdkConfig) -> RuntimeComponentsBuilder {
    let mut components = RuntimeComponentsBuilder::new(name)
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

fn request(call: SignedCall) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(call.body.to_string()));
    request.set_method("POST")?;
    request.headers_mut().insert("content-type", "application/x-amz-json-1.1");
    request.headers_mut().insert("x-amz-target", call.target);
    Ok(request)
}

fn answer<Out>(response: &HttpResponse, read: Read<Out>) -> Result<Out, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    if !response.status().is_success() {
        return Err(OrchestratorError::operation(failure(response.headers().get("x-amzn-errortype"), body)));
    }
    read(body).map_err(OrchestratorError::other)
}

/// What a service says in its header, or else in its body (Smithy, "AWS JSON 1.1 protocol", "Operation error serialization").
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
    use serde_json::json;

    fn of(status: u16, body: &'static str) -> Result<usize, OrchestratorError<ErrorMetadata>> {
        let response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
        answer(&response, |body| if body.is_empty() { Err("empty".into()) } else { Ok(body.len()) })
    }

    #[test]
    fn an_answer_is_what_is_read_of_it() {
        assert_eq!(of(200, "four").unwrap(), 4);
        assert!(of(200, "").is_err_and(|error| !error.is_operation_error()));
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
        let sent =
            request(SignedCall { target: "TrentService.Decrypt", body: json!({"KeyId": "k"}) }).unwrap();
        assert_eq!(sent.method(), "POST");
        assert_eq!(sent.headers().get("x-amz-target"), Some("TrentService.Decrypt"));
        assert_eq!(sent.body().bytes(), Some(br#"{"KeyId":"k"}"#.as_slice()));
    }
}
