import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBClient, TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, paginateQuery, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { busy } from "./failure.mjs";

if (!process.env.POSTERN_TABLE) throw new Error("POSTERN_TABLE is not set");
const TableName = process.env.POSTERN_TABLE;
const client = DynamoDBDocumentClient.from(
  new DynamoDBClient({ maxAttempts: 5, requestHandler: { connectionTimeout: 1000, requestTimeout: 3000 } }),
);

const RETRIES = 12;
const PASSING = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/** Waits before another attempt: exponential with full jitter, as often as Postern does. */
export async function pause(attempt) {
  if (attempt === RETRIES) throw busy();
  await sleep(Math.random() * Math.min(20 * 2 ** attempt, 400));
}

/** Everything in a partition, as it is now. */
export async function partition(pk) {
  const query = {
    TableName,
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": pk },
    ConsistentRead: true,
  };
  const items = [];
  for await (const page of paginateQuery({ client }, query)) items.push(...page.Items);
  const other = items.find((item) => item.shape !== 1);
  if (other) throw new Error(`${other.pk} ${other.sk} has the shape ${other.shape}`);
  return items;
}

/** Writes all or nothing. What was in the way: the writes whose condition was false, in their order. */
async function attempt(writes) {
  // The same token in every attempt: a transaction whose answer was lost is not done twice.
  const ClientRequestToken = randomUUID();
  const TransactItems = writes.map(({ isOptional, ...write }) => write);
  for (let attempt = 0; ; attempt++) {
    try {
      await client.send(new TransactWriteCommand({ TransactItems, ClientRequestToken }));
      return [];
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = error.CancellationReasons.map((reason) => reason.Code);
      const failed = error.CancellationReasons
        .map(({ Code, Item }, place) => ({ Code, Item, write: writes[place] }))
        .filter(({ Code }) => Code === "ConditionalCheckFailed");
      const isPassing = codes.some((code) => PASSING.includes(code));
      const isKnown = codes.every((code) => ["None", "ConditionalCheckFailed", ...PASSING].includes(code));
      if (!isKnown || (!isPassing && failed.length === 0)) throw error;
      if (!isPassing) return failed;
    }
    await pause(attempt);
  }
}

/** Writes all or nothing, but for optional writes that have nothing left to do. The first other write that is in the way. */
export async function write(writes) {
  for (;;) {
    const failed = await attempt(writes);
    const decisive = failed.find(({ write }) => !write.isOptional);
    if (decisive || failed.length === 0) return decisive;
    writes = writes.filter((write) => !failed.some((other) => other.write === write));
  }
}

export const put = (Item) => ({ Put: { TableName, Item, ConditionExpression: "attribute_not_exists(pk)" } });

export const remove = (pk, sk, condition = {}) => ({ Delete: { TableName, Key: { pk, sk }, ...condition } });

export const update = (pk, sk, UpdateExpression, ExpressionAttributeValues, names = {}) => ({
  Update: {
    TableName,
    Key: { pk, sk },
    UpdateExpression,
    ConditionExpression: "attribute_exists(pk)",
    ExpressionAttributeValues,
    ...names,
  },
});

/** A UUID of version 7: its order is that of creation. */
export function orderedUuid(now) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
