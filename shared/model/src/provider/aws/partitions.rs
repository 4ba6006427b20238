//! AWS's partitions. They share neither accounts nor credentials, and each has its own regions and domain.

/// A partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Its name, as ARNs have it.
    pub id: &'static str,
    /// The domain of its services.
    pub dns_suffix: &'static str,
    /// The prefixes of its regions' names, before the last word and the number.
    pub region_prefixes: &'static [&'static str],
}

const fn row(
    id: &'static str,
    dns_suffix: &'static str,
    region_prefixes: &'static [&'static str],
) -> Partition {
    Partition { id, dns_suffix, region_prefixes }
}

/// From `partitions.json` of botocore 1.44.5, by `partitions.py` beside this file. A test compares it with what AWS's SDK for Rust
/// knows.
#[rustfmt::skip]
pub const PARTITIONS: [Partition; 8] = [
    row("aws", "amazonaws.com", &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"]),
    row("aws-cn", "amazonaws.com.cn", &["cn"]),
    row("aws-eusc", "amazonaws.eu", &["eusc-de"]),
    row("aws-iso", "c2s.ic.gov", &["us-iso"]),
    row("aws-iso-b", "sc2s.sgov.gov", &["us-isob"]),
    row("aws-iso-e", "cloud.adc-e.uk", &["eu-isoe"]),
    row("aws-iso-f", "csp.hci.ic.gov", &["us-isof"]),
    row("aws-us-gov", "amazonaws.com", &["us-gov"]),
];

/// Longest name of a region, in bytes. It is more than any region has, and within a DNS label.
const REGION_MAX: usize = 32;

/// The partition of a region's name: one of its prefixes, a word and a number.
fn partition_of(region: &str) -> Option<&'static Partition> {
    let (rest, number) = region.rsplit_once('-')?;
    let (prefix, word) = rest.rsplit_once('-')?;
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let is_word = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let is_whole = is_number && is_word && region.len() <= REGION_MAX;
    PARTITIONS.iter().find(|partition| is_whole && partition.region_prefixes.contains(&prefix))
}

/// Whether a text has the form of a region's name, such as `eu-central-1` or `us-gov-west-1`. Which regions exist is not
/// checked: AWS adds some every year.
#[must_use]
pub fn is_region(text: &str) -> bool {
    partition_of(text).is_some()
}

/// The partition of a region, as ARNs name it. Credentials are valid in one partition only. An unknown region belongs to `aws`, as in
/// AWS's SDKs.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    partition_of(region).map_or("aws", |partition| partition.id)
}

/// The domain of AWS's services in a region.
#[must_use]
pub fn dns_suffix(region: &str) -> &'static str {
    partition_of(region).map_or("amazonaws.com", |partition| partition.dns_suffix)
}

/// Whether a partition has this name.
#[must_use]
pub fn is_partition(id: &str) -> bool {
    PARTITIONS.iter().any(|partition| partition.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_look_like_regions() {
        for good in [
            "eu-central-1",
            "us-gov-west-1",
            "ap-southeast-12",
            "mx-central-1",
            "eusc-de-east-1",
            "us-isof-south-1",
        ] {
            assert!(is_region(good), "{good}");
        }
        let named = |letters| format!("eu-{}-1", "a".repeat(letters));
        assert!(is_region(&named(27)));
        for bad in [
            "",
            "eu",
            "eu-1",
            "EU-central-1",
            "eu-central",
            "eu--1",
            "eu-central-123",
            "eu-centr4l-1",
            "europe-west-1",
            "xx-west-1",
            "eu-west-north-1",
            "eusc-east-1",
            "eusc-fr-east-1",
            "us-isoz-east-1",
            "us-west-1.example.com",
            "us-west_2-1",
            "-us-west-1",
            &named(28),
        ] {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn a_region_is_of_one_partition() {
        for (region, id, suffix) in [
            ("eu-central-1", "aws", "amazonaws.com"),
            ("me-south-1", "aws", "amazonaws.com"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
            ("zz-new-1", "aws", "amazonaws.com"),
        ] {
            assert_eq!((partition(region), dns_suffix(region)), (id, suffix), "{region}");
        }
        assert!(is_partition("aws-eusc") && !is_partition("aws-") && !is_partition(""));
    }

    #[test]
    fn no_two_partitions_share_a_region() {
        for partition in &PARTITIONS {
            for prefix in partition.region_prefixes {
                assert_eq!(partition_of(&format!("{prefix}-west-1")), Some(partition));
            }
        }
    }
}
