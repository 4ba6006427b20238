import { identify } from "./caller.mjs";
import { auditRow, deleteResource } from "./deletion.mjs";
import { busy, Failure, internal, invalid, notAdmin } from "./failure.mjs";
import { write } from "./table.mjs";

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
};
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TAGS = /^(W\/)?"[\x21\x23-\x7e]*"(\s*,\s*(W\/)?"[\x21\x23-\x7e]*")*$/;

/** Whether an object with a tag may be changed, as `If-Match` says. Weak tags match nothing. */
function precondition(header) {
  const wanted = header?.trim();
  if (wanted === undefined || wanted === "*") return () => true;
  if (!TAGS.test(wanted)) throw invalid('If-Match must be * or a list of ETags, such as "AbC123"');
  return (tag) => wanted.split(",").some((other) => other.trim() === `"${tag()}"`);
}

/** An attempt of a known caller who may not. The answer stays the refusal that it is if it cannot be recorded. */
async function recordDenied(caller, now, { method, path }) {
  const entry = {
    eventType: "ACCESS_DENIED", resourceType: "REQUEST", resourceId: path.slice(0, 512), resourceName: null,
    result: "DENIED", details: { method },
  };
  await write([auditRow(caller, now, entry)]).catch((error) => console.error(error));
}

async function respond(event, now, caller) {
  const { http } = event.requestContext;
  Object.assign(caller, await identify(event.headers), { address: http.sourceIp });
  if (!caller.isAdmin) {
    await recordDenied(caller, now, http);
    throw notAdmin();
  }
  const { id } = event.pathParameters;
  if (!UUID.test(id)) throw invalid("id must be a UUID");
  await deleteResource(caller, id.toLowerCase(), precondition(event.headers["if-match"]), now);
}

const BUSY =
  /^(InternalServerError|LimitExceeded|ProvisionedThroughput|RequestLimitExceeded|Throttling|TransactionInProgress|TimeoutError)/;

function failure(error) {
  if (error instanceof Failure) return error;
  // Errors of the network have a code and no answer.
  return BUSY.test(error.name) || (error.code && !error.$response) ? busy() : internal();
}

export async function handler(event) {
  const [now, caller, { http, requestId }] = [Date.now(), {}, event.requestContext];
  const error = await respond(event, now, caller).then(() => undefined, (error) => error);
  const failed = error && failure(error);
  const statusCode = failed?.status ?? 204;
  const cause = statusCode < 500 ? undefined : error.stack;
  const { org, user } = caller;
  const line = { requestId, method: http.method, path: http.path, status: statusCode, millis: Date.now() - now, org, user, cause };
  console.log(JSON.stringify(line));
  const headers = { ...HEADERS, "x-request-id": requestId };
  if (!failed) return { statusCode, headers };
  const timestamp = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const body = JSON.stringify({ error: failed.code, message: failed.message, timestamp });
  return { statusCode, headers: { ...headers, ...failed.headers, "content-type": "application/json" }, body };
}
