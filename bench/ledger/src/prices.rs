//! List prices of us-east-1 in US dollars, without free tiers: the one place to change them.
//!
//! Found on 2026-11-25 in copies of public pages, because the vendor's own pages were out of reach: check them against
//! <https://aws.amazon.com/dynamodb/pricing/on-demand/>, <https://aws.amazon.com/lambda/pricing/> and
//! <https://aws.amazon.com/kms/pricing/> before you rely on them.

/// A million read request units of DynamoDB, on demand, table class Standard. From
/// <https://airbyte.com/data-engineering-resources/dynamodb-pricing>.
pub(crate) const READS: f64 = 0.125;

/// A million write request units, from the same page.
pub(crate) const WRITES: f64 = 0.625;

/// A million requests to Lambda. From <https://cloudchipr.com/blog/aws-lambda-pricing>, a page of 2024.
pub(crate) const INVOCATIONS: f64 = 0.20;

/// A GB-second of Lambda on arm64, first tier, from the same page.
pub(crate) const GB_SECOND_ARM64: f64 = 0.000_013_333_4;

/// The same on x86.
pub(crate) const GB_SECOND_X86: f64 = 0.000_016_666_7;

/// A million calls of KMS: an assumption, 0.03 for ten thousand, as docs/operations.md reckons.
pub(crate) const KMS: f64 = 3.00;

/// Dollars for a million runs of so many milliseconds, each billed in whole ones.
pub(crate) fn lambda_time(milliseconds: f64, memory_mb: f64, gb_second: f64) -> f64 {
    milliseconds.ceil() / 1000.0 * memory_mb / 1024.0 * gb_second * 1_000_000.0
}
