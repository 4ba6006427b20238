//! Members of a `config` that say a port or a protocol under another name than Postern reads.
//!
//! A member that no rule is built from is kept and says nothing. So a typing error in the name of one that rules are built from
//! would open more than was meant: `{"protocol": "all", "from_port": 22}` every port. Two rules refuse it. By name: what EC2,
//! Terraform and other tools call a port or a protocol, however it is spelled. By value: where the member that is missing would
//! have narrowed the rules, a member of whatever name whose value looks like it.

use serde_json::{Map, Value};

use crate::json::whole;

/// The members that rules are built from.
pub(super) const MEMBERS: [&str; 5] = ["protocol", "port", "ports", "fromPort", "toPort"];

/// What others call them, in the form of [`plain`], and the right name. Sources: EC2's `IpPermission` and
/// `SecurityGroupRule`, Terraform's `aws_security_group_rule` and `aws_vpc_security_group_ingress_rule`, Google's `allowed[]`
/// (`IPProtocol`), Azure's `securityRules` (`destinationPortRange`), OpenStack's `security-group-rules` (`port_range_min`).
const OTHER_NAMES: [(&str, &[&str]); 5] = [
    ("protocol", &["protocol", "protocols", "ipprotocol", "ipprotocols", "ipproto", "proto", "prot"]),
    (
        "port",
        &["port", "portnumber", "destinationport", "destport", "dstport", "dport", "tcpport", "udpport"],
    ),
    ("ports", &["ports", "portlist", "destinationports", "dstports", "dports", "tcpports", "udpports"]),
    (
        "fromPort",
        &[
            "fromport",
            "portfrom",
            "startport",
            "portstart",
            "beginport",
            "firstport",
            "minport",
            "portmin",
            "portrangemin",
            "portrangefrom",
            "portrangestart",
        ],
    ),
    (
        "toPort",
        &[
            "toport",
            "portto",
            "endport",
            "portend",
            "lastport",
            "maxport",
            "portmax",
            "portrangemax",
            "portrangeto",
            "portrangeend",
        ],
    ),
];

/// What others call a range, of which Postern names both ends.
const RANGES: [&str; 5] =
    ["portrange", "portranges", "destinationportrange", "destinationportranges", "portspan"];

/// A name without case and without what separates words.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The right name for a member, when it is one of the others.
fn right_name(name: &str) -> Option<&'static str> {
    if MEMBERS.contains(&name) {
        return None;
    }
    let plain = plain(name);
    let other = OTHER_NAMES.iter().find(|(_, others)| others.contains(&plain.as_str()));
    let range = || RANGES.contains(&plain.as_str()).then_some("fromPort and config.toPort");
    other.map(|(right, _)| *right).or_else(range)
}

/// What is wrong with the name of a member, or nothing.
pub(super) fn name_fault(config: &Map<String, Value>) -> Option<String> {
    let found = config.keys().find_map(|name| right_name(name).map(|right| (name, right)));
    found.map(|(name, right)| format!("config.{} is not read: use config.{right}", shown(name)))
}

/// What is wrong with members that Postern does not know, or nothing.
pub(super) fn value_fault(config: &Map<String, Value>) -> Option<String> {
    let unknown = || config.iter().filter(|(name, _)| !MEMBERS.contains(&name.as_str()));
    let opens_every_port = config.get("protocol").is_some_and(|protocol| protocol == "all")
        && ["port", "ports", "fromPort", "toPort"].iter().all(|name| !config.contains_key(*name));
    if opens_every_port && let Some((name, _)) = unknown().find(|(_, value)| has_port(value)) {
        return Some(format!(
            "config.{} looks like a port, and without one every port is opened: use config.port, config.ports, or \
             config.fromPort and config.toPort",
            shown(name)
        ));
    }
    let is_protocol_missing = !config.contains_key("protocol");
    if is_protocol_missing && let Some((name, _)) = unknown().find(|(_, value)| is_protocol(value)) {
        return Some(format!(
            "config.{} looks like a protocol, and without one TCP is opened: use config.protocol",
            shown(name)
        ));
    }
    None
}

/// The beginning of a name, for a sentence.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Whether a value, or something in it, looks like a port or a range of ports.
fn has_port(value: &Value) -> bool {
    match value {
        Value::Number(_) => whole(value).is_some_and(|number| u16::try_from(number).is_ok()),
        Value::String(text) => {
            text.split([',', ' ']).all(|part| part.is_empty() || is_port_range(part))
                && !text.trim().is_empty()
        }
        Value::Array(values) => values.iter().any(has_port),
        Value::Object(members) => members.values().any(has_port),
        Value::Null | Value::Bool(_) => false,
    }
}

/// `22`, `8000-8100` or `8000:8100`.
fn is_port_range(text: &str) -> bool {
    let is_port = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok();
    text.split_once(['-', ':']).map_or_else(|| is_port(text), |(from, to)| is_port(from) && is_port(to))
}

/// Whether a value is the name of a protocol that a rule without one would not open.
fn is_protocol(value: &Value) -> bool {
    const PROTOCOLS: [&str; 6] = ["tcp", "udp", "icmp", "icmpv6", "sctp", "-1"];
    let text = value.as_str().map(|text| text.trim().to_lowercase());
    text.is_some_and(|text| PROTOCOLS.contains(&text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(config: &Value) -> Option<String> {
        name_fault(config.as_object().unwrap())
    }

    fn value(config: &Value) -> Option<String> {
        value_fault(config.as_object().unwrap())
    }

    #[test]
    fn a_member_under_another_name_is_told_the_right_one() {
        for (right, others) in [
            (
                "protocol",
                vec![
                    "Protocol",
                    "PROTOCOL",
                    "ipProtocol",
                    "IpProtocol",
                    "IPProtocol",
                    "ip_protocol",
                    "proto",
                ],
            ),
            ("port", vec!["Port", "PORT", " port", "port_", "p-o-r-t", "destination_port", "dport"]),
            ("ports", vec!["Ports", "PORTS", "port_list", "udpPorts"]),
            (
                "fromPort",
                vec![
                    "from_port",
                    "FromPort",
                    "from-port",
                    "fromport",
                    "FROM_PORT",
                    "port_range_min",
                    "portFrom",
                ],
            ),
            ("toPort", vec!["to_port", "ToPort", "to-port", "toport", "endPort", "maxPort"]),
            (
                "fromPort and config.toPort",
                vec!["portRange", "PortRange", "port_range", "destinationPortRanges"],
            ),
        ] {
            for other in others {
                let said = format!("config.{other} is not read: use config.{right}");
                assert_eq!(name(&json!({ other: 22 })).as_ref(), Some(&said));
                assert_eq!(name(&json!({"port": 22, "protocol": "all", other: null})), Some(said));
            }
        }
        for good in MEMBERS.into_iter().chain([
            "note",
            "portal",
            "report",
            "support",
            "ported",
            "export",
            "owner_port_team",
        ]) {
            assert_eq!(name(&json!({ good: 22 })), None, "{good}");
        }
        let long = name(&json!({ (format!("{}port\u{7}", "-".repeat(500))): 1 })).unwrap();
        assert!(long.len() < 120 && !long.contains('\u{7}'), "{long}");
    }

    #[test]
    fn what_looks_like_a_port_is_refused_where_every_port_would_be_opened() {
        for bad in [
            json!(22),
            json!(0),
            json!(65535),
            json!(22.0),
            json!("22"),
            json!("8000-8100"),
            json!("8000:8100"),
            json!("22, 443"),
            json!([22]),
            json!([{"from": 22}]),
            json!({"lower": {"p": "22"}}),
        ] {
            let said = value(&json!({"protocol": "all", "porrt": bad})).unwrap();
            assert!(said.starts_with("config.porrt looks like a port, and "), "{said}");
            for narrow in [
                json!({"port": 22, "x": bad}),
                json!({"protocol": "all", "ports": [22], "x": bad}),
                json!({"protocol": "tcp", "x": bad}),
            ] {
                assert_eq!(value(&narrow), None, "{narrow}");
            }
        }
        for good in [
            json!("team 22 x"),
            json!("2026-11-28"),
            json!(""),
            json!(" "),
            json!("x"),
            json!(-1),
            json!(65536),
            json!(0.5),
            json!(null),
            json!(true),
            json!([]),
            json!({}),
            json!("65536"),
            json!("-"),
            json!("1-"),
            json!("+5"),
        ] {
            assert_eq!(value(&json!({"protocol": "all", "note": good})), None, "{good}");
        }
    }

    #[test]
    fn what_looks_like_a_protocol_is_refused_where_there_is_none() {
        for bad in ["udp", "UDP", " icmp ", "tcp", "icmpv6", "sctp", "-1"] {
            let said = value(&json!({"port": 53, "prtocol": bad})).unwrap();
            assert!(said.starts_with("config.prtocol looks like a protocol, and "), "{said}");
            assert_eq!(value(&json!({"port": 53, "protocol": "udp", "x": bad})), None);
        }
        for good in [json!("all"), json!("dns"), json!(17), json!(["udp"]), json!(null)] {
            assert_eq!(value(&json!({"port": 53, "note": good})), None, "{good}");
        }
    }
}
