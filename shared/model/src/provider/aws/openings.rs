//! The openings of a security group's `config`.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

use super::security_group_config_fault;
use crate::ingress::{Opening, Protocol};
use crate::json::whole;

/// The openings of a group: one for each of `ports`, one for `port` and for a range.
///
/// The default protocol is TCP. `all` without ports is every protocol and port; with ports it is TCP and UDP on those ports only. A
/// config without ports opens nothing. A config that an earlier version stored and that would be refused today opens nothing either,
/// because its meaning is a guess.
///
/// # Errors
/// If the config does not say what to open.
pub fn openings(config: &Map<String, Value>) -> Result<Vec<Opening>, String> {
    if let Some(fault) = security_group_config_fault(config) {
        return Err(format!("The resource's config must be corrected: {fault}"));
    }
    let ranges = ranges(config);
    let on_ports = |protocol| ranges.iter().map(move |range| Opening { protocol, ports: Some(*range) });
    let protocol = config.get("protocol").and_then(Value::as_str).unwrap_or("tcp");
    let openings: Vec<Opening> = match protocol {
        "icmp" => vec![Opening { protocol: Protocol::Icmp, ports: None }],
        "all" if ranges.is_empty() => vec![Opening { protocol: Protocol::All, ports: None }],
        "all" => on_ports(Protocol::Tcp).chain(on_ports(Protocol::Udp)).collect(),
        "udp" => on_ports(Protocol::Udp).collect(),
        _ => on_ports(Protocol::Tcp).collect(),
    };
    if openings.is_empty() { Err("The resource's config names no port".into()) } else { Ok(openings) }
}

fn ranges(config: &Map<String, Value>) -> BTreeSet<(u16, u16)> {
    let port = |value: Option<&Value>| whole(value?).and_then(|port| u16::try_from(port).ok());
    let listed = config.get("ports").and_then(Value::as_array).into_iter().flatten();
    let single =
        listed.chain(config.get("port")).filter_map(|value| port(Some(value))).map(|port| (port, port));
    single.chain(port(config.get("fromPort")).zip(port(config.get("toPort")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_of_config_says_what_to_open() {
        for (config, opened) in [
            (json!({"port": 443}), vec!["tcp 443-443"]),
            (json!({"port": 53, "protocol": "udp"}), vec!["udp 53-53"]),
            (json!({"ports": [443, 22, 443], "protocol": "tcp"}), vec!["tcp 22-22", "tcp 443-443"]),
            (json!({"fromPort": 8000, "toPort": 8100}), vec!["tcp 8000-8100"]),
            (json!({"protocol": "icmp"}), vec!["icmp"]),
            (json!({"protocol": "all"}), vec!["all"]),
            (json!({"protocol": "all", "port": 22}), vec!["tcp 22-22", "udp 22-22"]),
        ] {
            let found = openings(config.as_object().unwrap()).unwrap();
            let found: Vec<String> = found
                .iter()
                .map(|opening| {
                    let ports = opening.ports.map(|(from, to)| format!(" {from}-{to}")).unwrap_or_default();
                    format!("{}{ports}", opening.protocol.as_str())
                })
                .collect();
            assert_eq!(found, opened, "{config}");
        }
    }

    #[test]
    fn a_config_without_a_port_opens_nothing() {
        for config in [json!({}), json!({"protocol": "tcp"}), json!({"protocol": "udp", "note": 1})] {
            assert!(openings(config.as_object().unwrap()).is_err(), "{config}");
        }
    }

    #[test]
    fn a_config_of_an_earlier_version_opens_no_more_than_was_meant() {
        for (config, right) in [
            (json!({"protocol": "all", "from_port": 22, "to_port": 22}), "use config.fromPort"),
            (json!({"protocol": "all", "portRange": "22-22"}), "use config.fromPort and config.toPort"),
            (json!({"protocol": "all", "porrt": 22}), "use config.port"),
            (json!({"port": 53, "ipProtocol": "udp"}), "use config.protocol"),
            (json!({"port": 53, "prtocol": "udp"}), "use config.protocol"),
            (json!({"protocol": "icmp", "port": 22}), "leave it out"),
        ] {
            let refused = openings(config.as_object().unwrap()).unwrap_err();
            assert!(refused.starts_with("The resource's config must be corrected: config."), "{refused}");
            assert!(refused.contains(right), "{refused}");
        }
    }
}
