//! The plan of a start: the rows of a session in blocks, and the counts and rules of each block.

use model::id::{CredentialId, ResourceId, SessionRowId};
use model::ingress::{GroupRef, Ingress};
use model::session::{Addresses, Claim, SessionRow};
use model::text::said;
use model::time::Timestamp;
use std::collections::BTreeMap;

use crate::directory::resource::OpenableResource;
use crate::ledger::session::{ROWS_BYTES_MAX, bytes_at_longest};

/// Most rules of one row: as many as a security group takes.
const RULES_A_ROW: usize = 60;

/// The rows of one resource, and what their block needs to know of it.
struct Planned {
    rows: Vec<SessionRow>,
    resource: ResourceId,
    state: i64,
    credential: CredentialId,
}

/// Rows that are written by one transaction.
#[derive(Default)]
pub(super) struct BlockPlan {
    pub(super) rows: Vec<SessionRow>,
    /// Bytes of the rows at their longest.
    bytes: usize,
    /// By resource: the state in which it was read, and how many rows it gets.
    pub(super) counts: BTreeMap<ResourceId, (i64, i64)>,
    /// By rule: the places of the rows that join it, and for which resource.
    pub(super) rules: BTreeMap<(GroupRef, Ingress), RulePlan>,
}

/// A rule that rows join.
pub(super) struct RulePlan {
    pub(super) places: Vec<usize>,
    pub(super) credential: CredentialId,
    pub(super) resource: ResourceId,
}

impl BlockPlan {
    /// Writes that the block costs.
    pub(super) fn writes(&self) -> usize {
        self.counts.len() + self.rules.len()
    }

    /// Adds a row. Returns it if the block would cost more writes than `room` or be too large for its item.
    fn add(&mut self, row: SessionRow, from: &Planned, room: usize) -> Option<SessionRow> {
        let wanted: Vec<_> = row.live().map(|ingress| (row.group.clone(), ingress)).collect();
        let new_rules = wanted.iter().filter(|rule| !self.rules.contains_key(*rule)).count();
        let new_count = usize::from(!wanted.is_empty() && !self.counts.contains_key(&from.resource));
        let bytes = self.bytes + bytes_at_longest(&row);
        let is_too_much = self.writes() + new_rules + new_count > room || bytes > ROWS_BYTES_MAX;
        if is_too_much && !self.rows.is_empty() {
            return Some(row);
        }
        self.bytes = bytes;
        let place = self.rows.len();
        if !wanted.is_empty() {
            self.counts.entry(from.resource).or_insert((from.state, 0)).1 += 1;
        }
        for rule in wanted {
            let plan = RulePlan { places: Vec::new(), credential: from.credential, resource: from.resource };
            self.rules.entry(rule).or_insert(plan).places.push(place);
        }
        self.rows.push(row);
        None
    }
}

/// The rows of resources and addresses.
fn planned(
    (resources, shard): (&[OpenableResource], u16),
    addresses: &Addresses,
    now: Timestamp,
) -> Vec<Planned> {
    let planned = |versioned: &OpenableResource| {
        let resource = &versioned.resource;
        let openings = resource.resource_type.openings(&resource.config);
        let openings = match openings {
            Ok(openings) if openings.len() > RULES_A_ROW => {
                Err("The resource's config names more than 60 rules".into())
            }
            other => other,
        };
        let rows = addresses.iter().map(|address| SessionRow {
            id: SessionRowId::generate(now),
            resource_id: resource.id,
            resource_name: resource.name.clone(),
            group: GroupRef {
                region: resource.region.clone().unwrap_or_default(),
                group_id: resource.resource_identifier.clone(),
            },
            address,
            claims: openings.iter().flatten().copied().map(Claim::pending).collect(),
            error: openings.as_ref().err().map(|why| said(why)),
            shard: Some(shard),
        });
        let (credential, state) = (resource.credential_id, versioned.state);
        Planned { rows: rows.collect(), resource: resource.id, state, credential }
    };
    resources.iter().map(planned).collect()
}

/// All rows, in as few blocks as possible. A block has at most `room` writes and fits into an item. The rows count on one shard of each
/// resource.
pub(super) fn blocks(
    (resources, shard): (&[OpenableResource], u16),
    addresses: &Addresses,
    now: Timestamp,
    room: usize,
) -> Vec<BlockPlan> {
    let (mut blocks, mut block) = (Vec::new(), BlockPlan::default());
    for mut planned in planned((resources, shard), addresses, now) {
        for row in std::mem::take(&mut planned.rows) {
            if let Some(row) = block.add(row, &planned, room) {
                blocks.push(std::mem::take(&mut block));
                // An empty block takes any row.
                let _none = block.add(row, &planned, room);
            }
        }
    }
    blocks.push(block);
    blocks
}
