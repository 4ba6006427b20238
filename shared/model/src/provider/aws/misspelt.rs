//! Misspelt members of a `config`: a port or a protocol under another name than Postern's.
//!
//! Unknown members are kept and have no effect. So a typing error could open more than was meant: `{"protocol": "all", "from_port": 22}`
//! would open every port. Three rules refuse such members. First, the names of EC2, Terraform and other tools for a port or a protocol
//! are refused, in any spelling. Second, `protocol: all` without ports refuses every other member, because no list of names finds every
//! typing error. Third, without a protocol, a member whose value looks like one is refused.

use serde_json::{Map, Value};

use crate::json::whole;
use crate::text::is_visible;

/// The members that rules are built from.
pub(super) const MEMBERS: [&str; 5] = ["protocol", "port", "ports", "fromPort", "toPort"];

/// Other tools' names for them, in the form of [`plain`], and the right name. Sources: EC2's `IpPermission` and `SecurityGroupRule`,
/// Terraform's `aws_security_group_rule` and `aws_vpc_security_group_ingress_rule`, Google's `allowed[]` (`IPProtocol`), Azure's
/// `securityRules` (`destinationPortRange`), OpenStack's `security-group-rules` (`port_range_min`).
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

/// Other tools' names for a range. Postern names both ends instead.
const RANGES: [&str; 5] =
    ["portrange", "portranges", "destinationportrange", "destinationportranges", "portspan"];

/// A name in lower case without separators.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The right name for another tool's name.
fn right_name(name: &str) -> Option<&'static str> {
    if MEMBERS.contains(&name) {
        return None;
    }
    let plain = plain(name);
    let other = OTHER_NAMES.iter().find(|(_, others)| others.contains(&plain.as_str()));
    let range = || RANGES.contains(&plain.as_str()).then_some("fromPort and config.toPort");
    other.map(|(right, _)| *right).or_else(range)
}

/// What is wrong with the name of a member; `None` if it is valid.
pub(super) fn name_fault(config: &Map<String, Value>) -> Option<String> {
    let found = config.keys().find_map(|name| right_name(name).map(|right| (name, right)));
    found.map(|(name, right)| format!("config.{} is not read: use config.{right}", shown(name)))
}

/// What is wrong with unknown members; `None` if they are valid.
pub(super) fn unknown_fault(config: &Map<String, Value>) -> Option<String> {
    let unknown = || config.iter().filter(|(name, _)| !MEMBERS.contains(&name.as_str()));
    let named = |(name, _): (&String, &Value)| shown(name);
    match config.get("protocol").map(|protocol| protocol.as_str().unwrap_or_default()) {
        Some("all") if port_member(config).is_none() => unknown().next().map(named).map(|name| {
            format!(
                "config.{name} is not read, and protocol all without ports opens every port: use config.port, config.ports, or \
                 config.fromPort and config.toPort, or leave config.{name} out"
            )
        }),
        Some("icmp") if port_member(config).is_none() => unknown().next().map(named).map(|name| {
            format!(
                "config.{name} is not read, and protocol icmp opens every type: leave config.{name} out"
            )
        }),
        None => {
            let says_protocol = |(name, value): &(&String, &Value)| names_protocol(name) || has_protocol(value);
            unknown().find(says_protocol).map(named).map(|name| {
                format!(
                    "config.{name} looks like a protocol, and without one TCP is opened: use config.protocol"
                )
            })
        }
        Some(_) => None,
    }
}

/// The first member that names ports.
pub(super) fn port_member(config: &Map<String, Value>) -> Option<&'static str> {
    ["port", "ports", "fromPort", "toPort"].into_iter().find(|name| config.contains_key(*name))
}

/// The beginning of a name, for an error message.
fn shown(name: &str) -> String {
    name.chars().filter(|c| is_visible(*c) || *c == ' ').take(40).collect()
}

/// Whether a value contains a protocol: its name, or its number in IANA's "Protocol Numbers". ICMP's number is left out, because 1
/// usually means something else.
fn has_protocol(value: &Value) -> bool {
    const NUMBERS: [i64; 4] = [6, 17, 58, 132];
    match value {
        Value::Number(_) => whole(value).is_some_and(|number| NUMBERS.contains(&number)),
        Value::String(text) => {
            names_protocol(text) || text.trim().parse().is_ok_and(|number: i64| NUMBERS.contains(&number))
        }
        Value::Array(values) => values.iter().any(has_protocol),
        Value::Object(members) => {
            members.iter().any(|(name, value)| names_protocol(name) || has_protocol(value))
        }
        Value::Null | Value::Bool(_) => false,
    }
}

/// Whether a protocol's name stands in a text, also within a word: `useUDP`, `udp53`.
fn names_protocol(text: &str) -> bool {
    const PROTOCOLS: [&str; 4] = ["tcp", "udp", "icmp", "sctp"];
    let seen = text.chars().filter(|c| is_visible(*c) || c.is_whitespace());
    let seen = seen.map(half_width).collect::<String>().to_ascii_lowercase();
    PROTOCOLS.iter().any(|protocol| seen.contains(protocol))
}

/// A character of the block "Fullwidth ASCII variants" as that of ASCII.
fn half_width(c: char) -> char {
    let number = u32::from(c);
    if (0xFF01..=0xFF5E).contains(&number) { char::from_u32(number - 0xFEE0).unwrap_or(c) } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(config: &Value) -> Option<String> {
        name_fault(config.as_object().unwrap())
    }

    fn value(config: &Value) -> Option<String> {
        unknown_fault(config.as_object().unwrap())
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

    /// Values under unknown names: ports as people write them, and notes.
    fn values() -> Vec<Value> {
        let texts =
            ["22", "8000-8100", "22, 443", "tcp/22", "22/tcp", "port 22", ":22", "10.0.0.1:22", "0x16"];
        let more = ["２２", "22\u{200b}", "ssh", "twenty-two", "team", ""];
        let texts = texts.into_iter().chain(more).map(Value::from);
        let others = [json!(22), json!(22.0), json!([22]), json!([{"from": 22}]), json!({"22": true})];
        texts.chain(others).chain([json!(null), json!(true), json!([]), json!({})]).collect()
    }

    #[test]
    fn no_other_member_stands_beside_what_opens_every_port() {
        for any in values() {
            for name in ["porrt", "note", "l4protocol", ""] {
                let said = value(&json!({"protocol": "all", name: any})).unwrap();
                assert!(said.starts_with(&format!("config.{name} is not read, and ")), "{said}");
                assert!(said.ends_with(&format!("or leave config.{name} out")), "{said}");
            }
            for narrow in [
                json!({"port": 22, "protocol": "tcp", "x": any}),
                json!({"protocol": "all", "port": 22, "x": any}),
                json!({"protocol": "all", "ports": [22], "x": any}),
                json!({"protocol": "all", "fromPort": 22, "toPort": 22, "x": any}),
                json!({"protocol": "tcp", "x": any}),
            ] {
                assert_eq!(value(&narrow), None, "{narrow}");
            }
            let said = value(&json!({"protocol": "icmp", "type": any})).unwrap();
            assert_eq!(
                said,
                "config.type is not read, and protocol icmp opens every type: leave config.type out"
            );
        }
        assert_eq!(value(&json!({"protocol": "all"})), None);
    }

    #[test]
    fn what_looks_like_a_protocol_is_refused_where_there_is_none() {
        for bad in [
            json!("udp"),
            json!("UDP"),
            json!(" icmp "),
            json!("tcp"),
            json!("icmpv6"),
            json!("sctp"),
            json!("udp/53"),
            json!("53/udp"),
            json!("over UDP."),
            json!("udp6"),
            json!("useUDP"),
            json!("\u{ff35}\u{ff24}\u{ff30}"),
            json!("ud\u{200b}p"),
            json!("17"),
            json!(" 17 "),
            json!(17),
            json!(17.0),
            json!(6),
            json!(["udp"]),
            json!([{"a": ["x", 17]}]),
            json!({"udp": true}),
            json!({"deep": {"UDP": null}}),
        ] {
            let said = value(&json!({"port": 53, "l4": bad})).unwrap();
            assert!(said.starts_with("config.l4 looks like a protocol, and "), "{said}");
            assert_eq!(value(&json!({"port": 53, "protocol": "udp", "x": bad})), None);
        }
        assert!(value(&json!({"port": 53, "udp": true})).unwrap().starts_with("config.udp looks like"));
        assert!(
            value(&json!({"port": 53, "udp-only": 1})).unwrap().starts_with("config.udp-only looks like")
        );
        for good in [
            json!("all"),
            json!("dns"),
            json!("update"),
            json!(1),
            json!(-1),
            json!(170),
            json!("1.17"),
            json!(null),
        ] {
            assert_eq!(value(&json!({"port": 53, "note": good})), None, "{good}");
        }
    }
}
