"""Refusals, as the error format of `/resources` words them."""


class Failure(Exception):
    def __init__(self, status, code, message, headers=None):
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def unauthenticated():
    return Failure(401, "UNAUTHORIZED", "Missing or invalid authentication token", {"www-authenticate": "Bearer"})


def not_admin():
    return Failure(403, "FORBIDDEN", "Requires the ORG_ADMIN role")


def invalid(message):
    return Failure(400, "VALIDATION_ERROR", message)


def not_found(resource_id):
    return Failure(404, "RESOURCE_NOT_FOUND", f"Resource with ID {resource_id} not found")


def precondition_failed():
    return Failure(412, "PRECONDITION_FAILED", "The object is not in the state that If-Match names")


def in_use():
    message = "Cannot delete resource with active sessions. Stop all active sessions first."
    return Failure(400, "RESOURCE_IN_USE", message)


def busy():
    return Failure(503, "SERVICE_UNAVAILABLE", "The service is busy, try again", {"retry-after": "1"})


def internal():
    return Failure(500, "INTERNAL_ERROR", "An unexpected error occurred")
