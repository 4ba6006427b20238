import { createHash } from "node:crypto";
import { inUse, notFound, preconditionFailed } from "./failure.mjs";
import { orderedUuid, partition, pause, put, remove, update, write } from "./table.mjs";

const WRITES_MAX = 100;
const WRITES_A_LINK = 2;

const SHOWN = [
  "id", "name", "credentialId", "credentialName", "provider", "resourceType", "resourceIdentifier", "region",
  "config", "isActive", "lastVerifiedAt", "createdAt", "updatedAt",
];
const time = (millis) => millis && `${new Date(millis).toISOString().slice(0, 19)}Z`;

/** Postern's `ETag` of a resource: a digest of version and representation. */
function tag({ version, data }) {
  const shown = { ...data, ...Object.fromEntries(SHOWN.slice(-3).map((name) => [name, time(data[name])])) };
  // The config is JSON text, and stands in the representation as it is.
  const members = SHOWN.map((name) => `"${name}":${name === "config" ? shown.config : JSON.stringify(shown[name])}`);
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(BigInt(version));
  const digest = createHash("sha256").update(number).update(`{${members.join()}}`).digest();
  return digest.subarray(0, 12).toString("base64url");
}

/** A row of the audit log. */
export function auditRow(caller, now, entry) {
  const id = orderedUuid(now);
  return put({
    pk: `ORG#${caller.org}#AUDIT`,
    sk: `${String(now).padStart(15, "0")}#${id}`,
    entity: "AUDIT",
    shape: 1,
    data: {
      id,
      actorId: caller.user,
      actorEmail: caller.email,
      actorType: "USER",
      ipAddress: caller.address,
      createdAt: now,
      ...entry,
      details: JSON.stringify(entry.details ?? {}),
    },
  });
}

const deletion = ({ id, name }) => ({
  eventType: "RESOURCE_DELETE", resourceType: "RESOURCE", resourceId: id, resourceName: name, result: "SUCCESS",
});

/** Both sides of a link: an item on the resource's, and on the other an item of a role or an id in a user's set. */
function unlink(org, id, link) {
  const holder = `ORG#${org}#${link.sk}`;
  const otherSide = link.sk.startsWith("ROLE#")
    ? remove(holder, `RESOURCE#${id}`)
    : { ...update(holder, "#USER", "DELETE resourceIds :ids", { ":ids": new Set([id]) }), isOptional: true };
  return [remove(link.pk, link.sk), otherSide];
}

/** Removes links whose resource is gone, in as many transactions as they need. */
async function unlinkAll(org, id, links) {
  const room = WRITES_MAX / WRITES_A_LINK;
  const parts = Array.from({ length: Math.ceil(links.length / room) }, (_, part) => links.slice(part * room, (part + 1) * room));
  await Promise.all(parts.map((some) => write(some.flatMap((link) => unlink(org, id, link)))));
}

/** Deletes the resource as it was read, with its links. What was in the way, if anything. */
async function deleteAsRead(caller, now, item, links) {
  const { org } = caller;
  const { id, credentialId } = item.data;
  const credential = `ORG#${org}#CREDENTIAL#${credentialId}`;
  const own = [
    remove(item.pk, item.sk, {
      ConditionExpression: "version = :version AND linked = :linked AND live = :zero",
      ExpressionAttributeValues: { ":version": item.version, ":linked": item.linked, ":zero": 0 },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }),
    update(credential, "#CREDENTIAL", "SET #usage = #usage - :one, version = version + :one", { ":one": 1 },
      { ExpressionAttributeNames: { "#usage": "usage" } }),
    remove(credential, `RESOURCE#${id}`, { ConditionExpression: "attribute_exists(pk)" }),
  ];
  const room = Math.floor((WRITES_MAX - own.length - 1) / WRITES_A_LINK);
  const fitting = links.slice(0, room).flatMap((link) => unlink(org, id, link));
  const failed = await write([...own, ...fitting, auditRow(caller, now, deletion(item.data))]);
  if (!failed) await unlinkAll(org, id, links.slice(room));
  return failed && { ...failed, isResource: failed.write === own[0] };
}

/** Deletes a resource that no session holds, with its links and its reference. */
export async function deleteResource(caller, id, admits, now) {
  for (let attempt = 0; ; attempt++) {
    const items = await partition(`ORG#${caller.org}#RESOURCE#${id}`);
    const item = items.find(({ entity }) => entity === "RESOURCE");
    const links = items.filter(({ entity }) => entity === "LINK");
    if (!item) {
      await unlinkAll(caller.org, id, links);
      throw notFound(id);
    }
    if (!admits(() => tag(item))) throw preconditionFailed();
    const isHeld = { isResource: true, Item: { live: { N: item.live } } };
    const failed = item.live > 0 ? isHeld : await deleteAsRead(caller, now, item, links);
    if (!failed) return;
    if (failed.isResource && !failed.Item) throw notFound(id);
    if (failed.isResource && Number(failed.Item.live.N) > 0) {
      const refused = { ...deletion(item.data), result: "REFUSED", details: { reason: "RESOURCE_IN_USE" } };
      await write([auditRow(caller, now, refused)]);
      throw inUse();
    }
    await pause(attempt);
  }
}
