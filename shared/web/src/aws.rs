//! What the AWS SDK is told, and no more: docs/adr/0031.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use https::Https;
use std::time::Duration;

use crate::settings::AwsSettings;

/// How long AWS may take. A call that is given up leaves time to say so in the face of the path; one that the
/// function's own timeout of 10 s cuts off is answered by the gateway, in a body of its own.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(7))
        .build()
}

/// The configuration of every client. Region and credentials are those that Lambda puts into the environment; the default chain,
/// which looks for profiles, web identities, containers and instance metadata as well, is neither asked nor linked.
pub(crate) fn config(settings: AwsSettings) -> SdkConfig {
    let AwsSettings { region, endpoint_url, use_fips } = settings;
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Https::default())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::default())
        .timeout_config(timeouts())
        // It gives up what has stood still for 20 seconds, when the operation has long been given up.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(store::retry_config())
        .use_fips(use_fips);
    builder.set_endpoint_url(endpoint_url);
    builder.build()
}
