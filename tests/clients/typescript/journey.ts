// The walk through the five seeds and the life of a session, with a client that openapi-typescript and openapi-fetch made of
// api/openapi.yaml. The compiler holds every request and every member that is read against the description; the run holds the
// answers.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import { expecting } from "./answers.js";
import type { components, paths } from "./api.js";

type Session = components["schemas"]["Session"];

const { POSTERN_API: baseUrl, POSTERN_ADMIN, POSTERN_PERSON } = process.env;
assert.ok(baseUrl && POSTERN_ADMIN && POSTERN_PERSON, "POSTERN_API, POSTERN_ADMIN and POSTERN_PERSON are not set");
const as = (token: string) => createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
const admin = as(POSTERN_ADMIN);
const person = as(POSTERN_PERSON);
const nobody = createClient<paths>({ baseUrl });

const PERSON = "demo-person";
const UNKNOWN = "00000000-0000-7000-8000-000000000000";
const name = `TypeScript ${Date.now()}`;

/** Reads the session until it is in a state, for ten seconds at most. */
async function untilItIs(status: Session["status"], id: string): Promise<Session> {
  const end = Date.now() + 10_000;
  for (;;) {
    const session = await expecting("session-get", 200, person.GET("/api/v1/sessions/{id}", { params: { path: { id } } }));
    if (session.status === status) return session;
    assert.ok(Date.now() < end, `the session is ${session.status} and not ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function callers(): Promise<void> {
  const health = await expecting("health", 200, nobody.GET("/api/v1/health"));
  assert.equal(health.status, "UP");
  const stranger = await expecting("me-get", 401, nobody.GET("/api/v1/me"));
  assert.deepEqual([stranger.status, stranger.error, stranger.path], [401, "Unauthorized", "/api/v1/me"]);
  const notAdmin = await expecting("resource-list", 403, person.GET("/api/v1/resources"));
  assert.equal(notAdmin.error, "FORBIDDEN");
  const me = await expecting("me-get", 200, person.GET("/api/v1/me"));
  assert.deepEqual([me.id, me.isOrgAdmin], [PERSON, false]);
}

async function aCredential(): Promise<string> {
  const value = { roleArn: "arn:aws:iam::123456789012:role/postern-target", externalId: "postern:demo" };
  const created = await expecting(
    "credential-create",
    201,
    admin.POST("/api/v1/credentials/", { body: { name, value, credential_type: "ASSUME_ROLE" } }),
  );
  assert.deepEqual([created.is_sensitive, created.value, created.uri], [true, null, `credentials://${created.id}`]);
  const params = { path: { id: created.id } };
  const read = await expecting("credential-get", 200, admin.GET("/api/v1/credentials/{id}/", { params }));
  assert.deepEqual(read, created);
  const page = await expecting("credential-list", 200, admin.GET("/api/v1/credentials/", { params: { query: { search: name } } }));
  assert.deepEqual([page.count, page.results.map((one) => one.id)], [1, [created.id]]);

  // The seed: PUT /credentials/{id}/.
  const replaced = await expecting(
    "credential-update",
    200,
    admin.PUT("/api/v1/credentials/{id}/", { params, body: { name, value, description: "Replaced" } }),
  );
  assert.deepEqual([replaced.description, replaced.value, replaced.usage_count], ["Replaced", null, 0]);
  const blank = await expecting("credential-update", 400, admin.PUT("/api/v1/credentials/{id}/", { params, body: { name: " ", value } }));
  assert.ok(!("detail" in blank));
  assert.deepEqual(blank, { name: ["This field may not be blank."] });
  const elsewhere = { path: { id: UNKNOWN } };
  const absent = await expecting(
    "credential-update",
    404,
    admin.PUT("/api/v1/credentials/{id}/", { params: elsewhere, body: { name, value } }),
  );
  assert.deepEqual(absent, { detail: "Not found." });
  return created.id;
}

async function aResource(credentialId: string): Promise<string> {
  const body = {
    name,
    credentialId,
    provider: "AWS",
    resourceType: "SECURITY_GROUP",
    resourceIdentifier: "sg-0abc123def4567890",
    region: "eu-central-1",
    config: { protocol: "tcp", port: 8443 },
  } as const;
  const created = await expecting("resource-create", 201, admin.POST("/api/v1/resources", { body }));
  assert.deepEqual([created.isActive, created.lastVerifiedAt, created.credentialName], [false, null, name]);
  const orphan = await expecting("resource-create", 404, admin.POST("/api/v1/resources", { body: { ...body, credentialId: UNKNOWN } }));
  assert.equal(orphan.error, "CREDENTIAL_NOT_FOUND");

  // The seed: PATCH /resources/{id}.
  const params = { path: { id: created.id } };
  const config = { protocol: "tcp", port: 9443 } as const;
  const patched = await expecting("resource-update", 200, admin.PATCH("/api/v1/resources/{id}", { params, body: { config } }));
  assert.deepEqual([patched.config, patched.name], [config, name]);
  const wrong = await expecting(
    "resource-update",
    400,
    admin.PATCH("/api/v1/resources/{id}", { params, body: { resourceIdentifier: "bastion" } }),
  );
  assert.deepEqual([wrong.error, wrong.message], ["VALIDATION_ERROR", "Invalid resource identifier format"]);
  const stale = { ...params, header: { "If-Match": '"stale"' } };
  const late = await expecting("resource-update", 412, admin.PATCH("/api/v1/resources/{id}", { params: stale, body: { name: "Late" } }));
  assert.equal(late.error, "PRECONDITION_FAILED");
  const elsewhere = { path: { id: UNKNOWN } };
  const absent = await expecting("resource-update", 404, admin.PATCH("/api/v1/resources/{id}", { params: elsewhere, body: {} }));
  assert.deepEqual([absent.error, absent.message], ["RESOURCE_NOT_FOUND", `Resource with ID ${UNKNOWN} not found`]);

  const verified = await expecting("resource-verify", 200, admin.POST("/api/v1/resources/{id}/verify", { params }));
  assert.ok(verified.isActive && verified.ruleSlotsLeft.ipv4 > 0);
  const list = await expecting("resource-list", 200, admin.GET("/api/v1/resources"));
  assert.ok(list.some((one) => one.id === created.id));
  return created.id;
}

async function aRole(resourceId: string): Promise<string> {
  const role = await expecting("role-create", 201, admin.POST("/api/v1/roles", { body: { name, maxSessionDurationHours: 1 } }));
  const again = await expecting("role-create", 400, admin.POST("/api/v1/roles", { body: { name } }));
  assert.equal(again.message, `A role with name '${name}' already exists`);

  // The seed: POST /roles/{id}/resources/{resourceId}.
  const assign = (id: string, resource: string) =>
    admin.POST("/api/v1/roles/{id}/resources/{resourceId}", { params: { path: { id, resourceId: resource } } });
  const assigned = await expecting("role-resource-assign", 200, assign(role.id, resourceId));
  assert.deepEqual(assigned, { message: "Resource assigned to role successfully" });
  const twice = await expecting("role-resource-assign", 400, assign(role.id, resourceId));
  assert.deepEqual([twice.status, twice.message], [400, "Resource already assigned to this role"]);
  const noRole = await expecting("role-resource-assign", 404, assign(UNKNOWN, resourceId));
  assert.equal(noRole.message, `Role not found with id: ${UNKNOWN}`);
  const noResource = await expecting("role-resource-assign", 404, assign(role.id, UNKNOWN));
  assert.equal(noResource.message, `Resource not found with id: ${UNKNOWN}`);

  const member = { path: { id: role.id, userId: PERSON } };
  const joined = await expecting("role-user-assign", 200, admin.POST("/api/v1/roles/{id}/users/{userId}", { params: member }));
  assert.equal(joined.message, "User assigned to role successfully");
  const read = await expecting("role-get", 200, admin.GET("/api/v1/roles/{id}", { params: { path: { id: role.id } } }));
  assert.deepEqual([read.resourceIds, read.userIds], [[resourceId], [PERSON]]);
  return role.id;
}

async function aSession(resourceId: string): Promise<void> {
  const me = await expecting("me-get", 200, person.GET("/api/v1/me"));
  assert.ok(me.resources.some((one) => one.id === resourceId));
  const body = { durationMinutes: 30, resourceIds: [resourceId], reason: "A journey" };
  const started = await expecting("session-start", 201, person.POST("/api/v1/sessions", { body }));
  assert.deepEqual([started.status, started.userId], ["PENDING", PERSON]);
  const active = await untilItIs("ACTIVE", started.id);
  assert.ok(active.resourceIps.length > 0);
  for (const row of active.resourceIps) {
    assert.deepEqual([row.resourceId, row.status], [resourceId, "APPLIED"]);
    assert.ok(row.providerRuleId);
  }
  const rules = await expecting("rule-list", 200, admin.GET("/api/v1/rules"));
  const held = rules.filter((rule) => rule.sessionIds.includes(started.id));
  assert.deepEqual(new Set(held.map((rule) => rule.state)), new Set(["APPLIED"]));
  const tooLong = await expecting(
    "session-extend",
    400,
    person.POST("/api/v1/sessions/{id}/extend", { params: { path: { id: started.id } }, body: { additionalHours: 2 } }),
  );
  assert.equal(tooLong.status, 400);

  // The seed: DELETE /resources/{id}, of one that is in use, and where it says to look before.
  const holding = await expecting("session-list", 200, admin.GET("/api/v1/sessions", { params: { query: { resourceId } } }));
  assert.deepEqual(holding.map((one) => one.id), [started.id]);
  const params = { path: { id: resourceId } };
  const inUse = await expecting("resource-delete", 400, admin.DELETE("/api/v1/resources/{id}", { params }));
  assert.equal(inUse.error, "RESOURCE_IN_USE");
  assert.equal(inUse.message, "Cannot delete resource with active sessions. Stop all active sessions first.");

  const stop = { params: { path: { id: started.id } } };
  const stopped = await expecting("session-stop", 200, person.POST("/api/v1/sessions/{id}/stop", stop));
  assert.deepEqual([stopped.status, stopped.endedReason], ["EXPIRING", "MANUAL"]);
  const over = await untilItIs("CANCELLED", started.id);
  assert.deepEqual(new Set(over.resourceIps.map((row) => row.status)), new Set(["REMOVED"]));
  const tooLate = await expecting("session-stop", 400, person.POST("/api/v1/sessions/{id}/stop", stop));
  assert.equal(tooLate.path, `/api/v1/sessions/${started.id}/stop`);
}

async function farewell(credentialId: string, resourceId: string, roleId: string): Promise<void> {
  // The seed: DELETE /roles/{id}/resources/{resourceId}.
  const link = { params: { path: { id: roleId, resourceId } } };
  await expecting("role-resource-unassign", 204, admin.DELETE("/api/v1/roles/{id}/resources/{resourceId}", link));
  const unlinked = await expecting("role-resource-unassign", 404, admin.DELETE("/api/v1/roles/{id}/resources/{resourceId}", link));
  assert.equal(unlinked.message, "Resource not assigned to this role");

  const credential = { params: { path: { id: credentialId } } };
  const needed = await expecting("credential-delete", 400, admin.DELETE("/api/v1/credentials/{id}/", credential));
  assert.ok(!("detail" in needed));
  assert.equal(needed["non_field_errors"]?.length, 1);

  const resource = { params: { path: { id: resourceId } } };
  await expecting("resource-delete", 204, admin.DELETE("/api/v1/resources/{id}", resource));
  const gone = await expecting("resource-get", 404, admin.GET("/api/v1/resources/{id}", resource));
  assert.equal(gone.error, "RESOURCE_NOT_FOUND");
  await expecting("role-delete", 204, admin.DELETE("/api/v1/roles/{id}", { params: { path: { id: roleId } } }));
  await expecting("credential-delete", 204, admin.DELETE("/api/v1/credentials/{id}/", credential));

  const record = await expecting("audit-log-list", 200, admin.GET("/api/v1/audit-logs", { params: { query: { resourceId } } }));
  assert.deepEqual(
    record.content.filter((row) => row.result === "SUCCESS").map((row) => row.eventType).reverse(),
    ["RESOURCE_CREATE", "RESOURCE_UPDATE", "RESOURCE_VERIFY", "RESOURCE_DELETE"],
  );
  assert.ok(record.content.every((row) => row.actorId === "demo-admin" && row.resourceName === name));
}

await callers();
const credential = await aCredential();
const resource = await aResource(credential);
const role = await aRole(resource);
await aSession(resource);
await farewell(credential, resource, role);
console.log("TypeScript: the journey is done");
