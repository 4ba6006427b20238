//! Blocks of rows fit into an item, however long the provider's messages are.

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::{CredentialId, OrgId, ResourceId, SessionId, UserId};
use model::ingress::{Opening, Protocol};
use model::provider::{Provider, ResourceType};
use model::resource::Resource;
use model::session::{Addresses, ClaimState, RowStatus, SessionHead, SessionRow};
use model::text::{DESCRIPTION_MAX, NAME_MAX, SAID_BYTES_MAX};
use model::time::Timestamp;
use serde_json::json;

use super::plan::{BlockPlan, blocks};
use crate::directory::resource::OpenableResource;
use crate::ledger::session::{BLOCKS, Block, bytes_at_longest, rows_attribute};
use crate::table::item::{Entity, Item, NewItem, number};
use crate::table::keys::{self, DUE_PK, DUE_SK, ROWS, VERSION};
use crate::table::size::{self, ITEM_BYTES_MAX};

/// Writes of a start for its rows.
const ROOM: usize = 95;

fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_772_000_000_000).unwrap()
}

fn addresses() -> Addresses {
    Addresses { v4: "203.0.113.107".parse().ok(), v6: "2001:db8:1111:2222:3333:4444:5555:6666".parse().ok() }
}

/// A resource with a long name and this many ports.
fn resource(group: usize, ports: u16) -> OpenableResource {
    let ports: Vec<u16> = (0..ports).map(|port| u16::MAX - port).collect();
    let config = json!({"ports": ports});
    let value = Resource {
        id: ResourceId::generate(now()),
        name: "🦀".repeat(NAME_MAX),
        credential_id: CredentialId::generate(now()),
        credential_name: "AWS".into(),
        provider: Provider::Aws,
        resource_type: ResourceType::SecurityGroup,
        resource_identifier: format!("sg-{group:017x}"),
        region: Some("ap-southeast-2".into()),
        config: config.as_object().unwrap().clone(),
        is_active: true,
        last_verified_at: None,
        created_at: now(),
        updated_at: now(),
    };
    OpenableResource { resource: value, state: 1, has_shards: true }
}

/// A row whose claims have the maximal length.
fn at_longest(row: &SessionRow) -> SessionRow {
    let mut row = row.clone();
    for claim in &mut row.claims {
        claim.opening.protocol = Protocol::Icmp;
        claim.state = ClaimState::Removing;
        claim.provider_rule_id = Some("s".repeat(64));
        claim.applied_at = Some(now().unix_millis());
        claim.removed_at = Some(now().unix_millis());
        claim.error = Some("x".repeat(SAID_BYTES_MAX));
    }
    row
}

/// A session's item with some rows. Its owner has the longest possible name.
fn item(rows: &[SessionRow]) -> NewItem {
    let org = OrgId::parse("acme").unwrap();
    let head = SessionHead {
        id: SessionId::generate(now()),
        user_id: UserId::parse(&"u".repeat(128)).unwrap(),
        user_name: Some("🦀".repeat(NAME_MAX)),
        user_email: Some("e".repeat(254)),
        ipv4_address: addresses().v4,
        ipv6_address: addresses().v6,
        source_ip: addresses().iter().last(),
        reason: Some("🦀".repeat(DESCRIPTION_MAX)),
        started_at: now(),
        expires_at: now(),
        ended_at: Some(now().unix_millis()),
        ended_reason: None,
        activation: None,
        limit_minutes: Some(u32::MAX),
    };
    let item = NewItem::new(&keys::session(&org, head.id), Entity::Session, &head).unwrap();
    let item = item.with(VERSION, number(u32::MAX)).with(BLOCKS, number(0));
    let item = item.with(DUE_PK, AttributeValue::S("d".repeat(40))).with(DUE_SK, number(i64::MAX));
    item.with(ROWS, rows_attribute(rows).unwrap())
}

fn bytes(plan: &BlockPlan) -> usize {
    let rows: Vec<_> = plan.rows.iter().map(at_longest).collect();
    size::of_attributes(item(&rows).attributes())
}

#[test]
fn a_block_fits_into_an_item_with_the_longest_texts() {
    let mut largest = 0;
    for (resources, groups, ports) in [
        (1, 1, 60),
        (48, 1, 48),
        (90, 1, 1),
        (500, 1, 0),
        (300, 3, 7),
        (200, 1, 60),
        (60, 60, 60),
        (40, 1, 61),
    ] {
        let all: Vec<_> = (0..resources).map(|place| resource(place % groups, ports)).collect();
        let plans = blocks((&all, 15), &addresses(), now(), ROOM);
        let rows: usize = plans.iter().map(|plan| plan.rows.len()).sum();
        assert_eq!(rows, 2 * resources, "no row is lost");
        for plan in &plans {
            assert!(bytes(plan) <= ITEM_BYTES_MAX, "{resources} on {groups} with {ports}: {}", bytes(plan));
            largest = largest.max(bytes(plan));
        }
    }
    assert!(largest > 300 * 1024, "the bound is not far from the limit: {largest}");
}

#[test]
fn what_a_row_takes_is_not_more_than_is_reckoned() {
    let plans = blocks((&[resource(1, 60), resource(2, 0)], 15), &addresses(), now(), ROOM);
    for row in plans.iter().flat_map(|plan| &plan.rows) {
        let longest = at_longest(row);
        let attribute = rows_attribute(std::slice::from_ref(&longest)).unwrap();
        let (size, reckoned) = (size::of(&attribute), bytes_at_longest(row));
        assert!(size <= reckoned && reckoned - size < 8 * 1024, "{size} of {reckoned}");
    }
}

/// A block of an earlier version, which limited only its writes.
fn large_block(ports: u16) -> Block {
    let all: Vec<_> = (0..48).map(|_| resource(1, ports)).collect();
    let addresses = Addresses { v6: None, ..addresses() };
    let rows: Vec<SessionRow> =
        blocks((&all, 15), &addresses, now(), ROOM).iter().flat_map(|plan| plan.rows.clone()).collect();
    assert_eq!(rows.len(), 48);
    Block::read(&Item::read(item(&rows).attributes().clone()).unwrap()).unwrap()
}

#[test]
fn what_does_not_fit_loses_the_texts_that_nobody_is_shown() {
    // With 15 ports everything fits, with 30 one text of each row.
    for (ports, texts) in [(15, 15), (30, 1)] {
        let block = large_block(ports);
        let mut rows = block.rows.clone();
        for row in &mut rows {
            for claim in &mut row.claims {
                (claim.state, claim.error) = (ClaimState::Failed, Some("x".repeat(SAID_BYTES_MAX)));
            }
        }
        let (fitting, attribute) = block.fitting(&rows).unwrap();
        assert!(size::of(&attribute) < ITEM_BYTES_MAX - 8 * 1024);
        for (row, fitting) in rows.iter().zip(&fitting) {
            let kept = fitting.claims.iter().filter(|claim| claim.error.is_some()).count();
            assert_eq!((kept, fitting.status(), fitting.error()), (texts, RowStatus::Failed, row.error()));
            let openings =
                |row: &SessionRow| row.claims.iter().map(|claim| claim.opening).collect::<Vec<Opening>>();
            assert_eq!(openings(fitting), openings(row));
        }
    }
}
