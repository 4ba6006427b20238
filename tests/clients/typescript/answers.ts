// What the client answers, as the type that the description gives an operation's answer of one status.
import assert from "node:assert/strict";
import type { FetchResponse } from "openapi-fetch";
import type { operations } from "./api.js";

type Responses<O extends keyof operations> = operations[O]["responses"];
type Status<O extends keyof operations> = keyof Responses<O> & number;
type Body<R> = R extends { content: { "application/json": infer B } } ? B : undefined;

/** Sends a request of the operation and holds its answer to a status that the description knows. The body has that status's type. */
export async function expecting<O extends keyof operations, S extends Status<O>>(
  operation: O,
  status: S,
  sent: Promise<FetchResponse<operations[O], object, "application/json">>,
): Promise<Body<Responses<O>[S]>> {
  const { data, error, response } = await sent;
  const said: unknown = data ?? error;
  assert.equal(response.status, status, `${operation}: ${JSON.stringify(said)}`);
  assert.ok(response.headers.get("x-request-id"), `${operation} has no request id`);
  return said as Body<Responses<O>[S]>;
}
