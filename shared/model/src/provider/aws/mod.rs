//! Amazon Web Services: security groups.

mod external_id;
mod openings;

pub use external_id::{
    as_sts_text, external_id, external_id_fault, is_external_id_of_another, told_external_id,
};
pub use openings::openings;

use serde_json::{Map, Value};

use crate::json::whole;

/// Whether a text has the form of a security group's id: `sg-` and 8 to 17 lower-case hexadecimal digits.
/// AWS gave 8 digits until 2018 and gives 17 since.
#[must_use]
pub fn is_security_group_id(text: &str) -> bool {
    text.strip_prefix("sg-").is_some_and(|digits| {
        (8..=17).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Whether a text has the form of a region's name, such as `eu-central-1` or `us-gov-west-1`. Which regions
/// exist is not checked: AWS adds some every year.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [continent, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    text.len() <= 32
        && continent.len() == 2
        && is_word(continent)
        && !middle.is_empty()
        && middle.iter().all(is_word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// The partition of a region, as ARNs name it: credentials of one are nothing to another.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 6] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    let found = PARTITIONS.iter().find(|(regions, _)| region.starts_with(regions));
    found.map_or("aws", |(_, partition)| partition)
}

const PORT_MAX: i64 = 65_535;

/// What is wrong with a security group's `config`, or nothing.
///
/// The members that rules are built from are checked: `protocol` (`tcp`, `udp`, `icmp`, `all`), and at most one
/// of `port`, `ports` and the pair `fromPort`, `toPort`, each 0–65535. Members that no rule is built from are
/// kept as they are.
#[must_use]
pub fn security_group_config_fault(config: &Map<String, Value>) -> Option<String> {
    protocol_fault(config).or_else(|| several_spellings(config)).or_else(|| port_fault(config))
}

fn protocol_fault(config: &Map<String, Value>) -> Option<String> {
    let protocol = config.get("protocol")?;
    let is_known = matches!(protocol.as_str(), Some("tcp" | "udp" | "icmp" | "all"));
    (!is_known).then(|| "config.protocol must be tcp, udp, icmp or all".into())
}

fn several_spellings(config: &Map<String, Value>) -> Option<String> {
    let range = config.contains_key("fromPort") || config.contains_key("toPort");
    let spellings = [config.contains_key("port"), config.contains_key("ports"), range];
    (spellings.into_iter().filter(|present| *present).count() > 1)
        .then(|| "config must name ports in one way: port, ports, or fromPort and toPort".into())
}

fn port_fault(config: &Map<String, Value>) -> Option<String> {
    let is_port = |value: &Value| whole(value).is_some_and(|port| (0..=PORT_MAX).contains(&port));
    for name in ["port", "fromPort", "toPort"] {
        if config.get(name).is_some_and(|value| !is_port(value)) {
            return Some(format!("config.{name} must be a whole number from 0 to {PORT_MAX}"));
        }
    }
    if let Some(ports) = config.get("ports") {
        let all = ports.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_port));
        return (!all).then(|| format!("config.ports must list whole numbers from 0 to {PORT_MAX}"));
    }
    match (config.get("fromPort"), config.get("toPort")) {
        (None, None) => None,
        (Some(from), Some(to)) if whole(from) <= whole(to) => None,
        (Some(_), Some(_)) => Some("config.fromPort must not be greater than config.toPort".into()),
        (Some(_), None) | (None, Some(_)) => Some("config.fromPort and config.toPort go together".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn identifiers_have_eight_to_seventeen_hex_digits() {
        for good in ["sg-0abc123d", "sg-0abc123def456789", "sg-0abc123def4567890"] {
            assert!(is_security_group_id(good), "{good}");
        }
        for bad in [
            "sg-0abc123",
            "sg-0abc123def45678901",
            "sg-0ABC123D",
            "sg-9xyz789ghi012",
            "0abc123def",
            "sg-",
            "",
        ] {
            assert!(!is_security_group_id(bad), "{bad}");
        }
    }

    #[test]
    fn regions_look_like_regions() {
        for good in ["eu-central-1", "us-gov-west-1", "ap-southeast-12"] {
            assert!(is_region(good), "{good}");
        }
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
        ] {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn a_region_is_of_one_partition() {
        for (region, expected) in [
            ("eu-central-1", "aws"),
            ("me-south-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
        ] {
            assert_eq!(partition(region), expected, "{region}");
        }
    }

    #[test]
    fn configs_are_checked_where_rules_are_built_from_them() {
        for good in [
            json!({}),
            json!({"protocol": "tcp", "port": 8443}),
            json!({"protocol": "udp", "ports": [22, 80]}),
            json!({"protocol": "icmp"}),
            json!({"fromPort": 0, "toPort": 65535, "protocol": "all"}),
            json!({"port": 22, "note": {"any": "thing"}}),
        ] {
            assert_eq!(security_group_config_fault(good.as_object().unwrap()), None, "{good}");
        }
        for (bad, names) in [
            (json!({"protocol": "http"}), "protocol"),
            (json!({"protocol": 6}), "protocol"),
            (json!({"port": 65536}), "config.port "),
            (json!({"port": -1}), "config.port "),
            (json!({"port": 22.5}), "config.port "),
            (json!({"port": "22"}), "config.port "),
            (json!({"ports": []}), "config.ports"),
            (json!({"ports": [22, "80"]}), "config.ports"),
            (json!({"port": 22, "ports": [22]}), "one way"),
            (json!({"port": 22, "fromPort": 1, "toPort": 2}), "one way"),
            (json!({"port": 22, "fromPort": 1}), "one way"),
            (json!({"ports": [22], "toPort": 1}), "one way"),
            (json!({"fromPort": 1}), "go together"),
            (json!({"fromPort": 2, "toPort": 1}), "greater"),
        ] {
            let fault = security_group_config_fault(bad.as_object().unwrap()).unwrap();
            assert!(fault.contains(names), "{bad}: {fault}");
        }
    }
}
