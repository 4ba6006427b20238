/** A refusal, as the error format of `/resources` words it. */
export class Failure extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}

export const unauthenticated = () =>
  new Failure(401, "UNAUTHORIZED", "Missing or invalid authentication token", { "www-authenticate": "Bearer" });
export const notAdmin = () => new Failure(403, "FORBIDDEN", "Requires the ORG_ADMIN role");
export const invalid = (message) => new Failure(400, "VALIDATION_ERROR", message);
export const notFound = (id) => new Failure(404, "RESOURCE_NOT_FOUND", `Resource with ID ${id} not found`);
export const preconditionFailed = () =>
  new Failure(412, "PRECONDITION_FAILED", "The object is not in the state that If-Match names");
export const inUse = () =>
  new Failure(400, "RESOURCE_IN_USE", "Cannot delete resource with active sessions. Stop all active sessions first.");
export const busy = () =>
  new Failure(503, "SERVICE_UNAVAILABLE", "The service is busy, try again", { "retry-after": "1" });
export const internal = () => new Failure(500, "INTERNAL_ERROR", "An unexpected error occurred");
