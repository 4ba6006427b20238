"""The walk through the five seeds and the life of a session, with a client that openapi-python-client made of api/openapi.yaml.

mypy holds every request and every member that is read against the description; the run holds the answers."""
import os
import time
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from postern_client import AuthenticatedClient, Client
from postern_client.api.audit_log import audit_log_list
from postern_client.api.credentials import (
    credential_create, credential_delete, credential_get, credential_list, credential_update,
)
from postern_client.api.health import health
from postern_client.api.me import me_get
from postern_client.api.resources import (
    resource_create, resource_delete, resource_get, resource_list, resource_update, resource_verify,
)
from postern_client.api.roles import (
    role_create, role_delete, role_get, role_resource_assign, role_resource_unassign, role_user_assign,
)
from postern_client.api.rules import rule_list
from postern_client.api.sessions import session_extend, session_get, session_list, session_start, session_stop
from postern_client.models import (
    AuditEvent, AuditPage, AuditRowResult, Build, CodeError, CodeErrorError, Config, ConfigProtocol, Credential, CredentialDraft,
    CredentialPage, CredentialTypeType1, CredentialUpdate, DetailErrorType0, DetailErrorType1, ExtensionType0, Me, Message, Provider,
    ReasonError, ResourceDraft, ResourceMembers, ResourcePatch, ResourceType, Role, RoleDraft, Rule, RuleState, Session, SessionDraft,
    SessionEndedReasonType1, SessionRowStatus, SessionStatus, VerifiedResource,
)
from postern_client.types import Response

T = TypeVar("T")
API = os.environ["POSTERN_API"]
ADMIN = AuthenticatedClient(API, os.environ["POSTERN_ADMIN"], raise_on_unexpected_status=True)
PERSON = AuthenticatedClient(API, os.environ["POSTERN_PERSON"], raise_on_unexpected_status=True)
# It refuses a text that is not a token.
STRANGER = AuthenticatedClient(API, "nobody", raise_on_unexpected_status=True)
PERSONS_ID = "demo-person"
UNKNOWN = UUID("00000000-0000-7000-8000-000000000000")
NAME = f"Python {time.time_ns()}"


def expecting(status: int, kind: type[T], answer: Response[Any]) -> T:
    """Holds an answer to a status, and to the type that the client made of a body with this status."""
    assert answer.status_code == HTTPStatus(status), (answer.status_code, answer.content)
    assert answer.headers["x-request-id"]
    assert isinstance(answer.parsed, kind), answer.parsed
    return answer.parsed


def nothing(answer: Response[Any]) -> None:
    """Holds an answer to 204."""
    assert answer.status_code == HTTPStatus.NO_CONTENT and answer.content == b"", (answer.status_code, answer.content)


def every(kind: type[T], answer: Response[Any]) -> list[T]:
    """The objects of a list."""
    objects = expecting(200, list, answer)
    assert all(isinstance(one, kind) for one in objects)
    return objects


def until_it_is(status: SessionStatus, session: UUID) -> Session:
    """Reads the session until it is in a state, for ten seconds at most."""
    end = time.monotonic() + 10
    while True:
        read = expecting(200, Session, session_get.sync_detailed(session, client=PERSON))
        if read.status is status:
            return read
        assert time.monotonic() < end, f"the session is {read.status} and not {status}"
        time.sleep(0.1)


def callers() -> None:
    expecting(200, Build, health.sync_detailed(client=Client(API, raise_on_unexpected_status=True)))
    stranger = expecting(401, ReasonError, me_get.sync_detailed(client=STRANGER))
    assert (stranger.status, stranger.error, stranger.path) == (401, "Unauthorized", "/api/v1/me")
    not_admin = expecting(403, CodeError, resource_list.sync_detailed(client=PERSON))
    assert not_admin.error is CodeErrorError.FORBIDDEN
    me = expecting(200, Me, me_get.sync_detailed(client=PERSON))
    assert (me.id, me.is_org_admin) == (PERSONS_ID, False)


def a_credential() -> Credential:
    value = {"roleArn": "arn:aws:iam::123456789012:role/postern-target", "externalId": "postern:demo"}
    draft = CredentialDraft(NAME, value, credential_type=CredentialTypeType1.ASSUME_ROLE)
    created = expecting(201, Credential, credential_create.sync_detailed(client=ADMIN, body=draft))
    assert (created.is_sensitive, created.value, created.uri) == (True, None, f"credentials://{created.id}")
    assert expecting(200, Credential, credential_get.sync_detailed(created.id, client=ADMIN)) == created
    page = expecting(200, CredentialPage, credential_list.sync_detailed(client=ADMIN, search=NAME))
    assert (page.count, [one.id for one in page.results]) == (1, [created.id])

    # The seed: PUT /credentials/{id}/.
    update = CredentialUpdate(NAME, value, description="Replaced")
    replaced = expecting(200, Credential, credential_update.sync_detailed(created.id, client=ADMIN, body=update))
    assert (replaced.description, replaced.value, replaced.usage_count) == ("Replaced", None, 0)
    blank = credential_update.sync_detailed(created.id, client=ADMIN, body=CredentialUpdate(" ", value))
    assert expecting(400, DetailErrorType1, blank).additional_properties == {"name": ["This field may not be blank."]}
    absent = credential_update.sync_detailed(str(UNKNOWN), client=ADMIN, body=update)
    assert expecting(404, DetailErrorType0, absent).detail == "Not found."
    return created


def a_resource(credential: str) -> UUID:
    def draft(credential: str) -> ResourceDraft:
        return ResourceDraft(
            name=NAME, credential_id=credential, provider=Provider.AWS, resource_type=ResourceType.SECURITY_GROUP,
            resource_identifier="sg-0abc123def4567890", region="eu-central-1", config=Config(protocol=ConfigProtocol.TCP, port=8443),
        )
    created = expecting(201, ResourceMembers, resource_create.sync_detailed(client=ADMIN, body=draft(credential)))
    assert (created.is_active, created.last_verified_at, created.credential_name) == (False, None, NAME)
    orphan = expecting(404, CodeError, resource_create.sync_detailed(client=ADMIN, body=draft(str(UNKNOWN))))
    assert orphan.error is CodeErrorError.CREDENTIAL_NOT_FOUND

    # The seed: PATCH /resources/{id}.
    config = Config(protocol=ConfigProtocol.TCP, port=9443)
    changed = resource_update.sync_detailed(created.id, client=ADMIN, body=ResourcePatch(config=config))
    patched = expecting(200, ResourceMembers, changed)
    assert (patched.config, patched.name) == (config, NAME)
    wrong = resource_update.sync_detailed(created.id, client=ADMIN, body=ResourcePatch(resource_identifier="bastion"))
    refused = expecting(400, CodeError, wrong)
    assert (refused.error, refused.message) == (CodeErrorError.VALIDATION_ERROR, "Invalid resource identifier format")
    stale = resource_update.sync_detailed(created.id, client=ADMIN, body=ResourcePatch(name="Late"), if_match='"stale"')
    assert expecting(412, CodeError, stale).error is CodeErrorError.PRECONDITION_FAILED
    absent = expecting(404, CodeError, resource_update.sync_detailed(UNKNOWN, client=ADMIN, body=ResourcePatch()))
    assert (absent.error, absent.message) == (CodeErrorError.RESOURCE_NOT_FOUND, f"Resource with ID {UNKNOWN} not found")

    verified = expecting(200, VerifiedResource, resource_verify.sync_detailed(created.id, client=ADMIN))
    assert verified.is_active and verified.rule_slots_left.ipv4 > 0
    assert created.id in [one.id for one in every(ResourceMembers, resource_list.sync_detailed(client=ADMIN))]
    return created.id


def a_role(resource: UUID) -> UUID:
    draft = RoleDraft(NAME, max_session_duration_hours=1)
    role = expecting(201, Role, role_create.sync_detailed(client=ADMIN, body=draft)).id
    again = expecting(400, ReasonError, role_create.sync_detailed(client=ADMIN, body=draft))
    assert again.message == f"A role with name '{NAME}' already exists"

    # The seed: POST /roles/{id}/resources/{resourceId}.
    assigned = expecting(200, Message, role_resource_assign.sync_detailed(role, resource, client=ADMIN))
    assert assigned.message == "Resource assigned to role successfully"
    twice = expecting(400, ReasonError, role_resource_assign.sync_detailed(role, resource, client=ADMIN))
    assert (twice.status, twice.message) == (400, "Resource already assigned to this role")
    no_role = expecting(404, ReasonError, role_resource_assign.sync_detailed(UNKNOWN, resource, client=ADMIN))
    assert no_role.message == f"Role not found with id: {UNKNOWN}"
    no_resource = expecting(404, ReasonError, role_resource_assign.sync_detailed(role, UNKNOWN, client=ADMIN))
    assert no_resource.message == f"Resource not found with id: {UNKNOWN}"

    joined = expecting(200, Message, role_user_assign.sync_detailed(role, PERSONS_ID, client=ADMIN))
    assert joined.message == "User assigned to role successfully"
    read = expecting(200, Role, role_get.sync_detailed(role, client=ADMIN))
    assert (read.resource_ids, read.user_ids) == ([resource], [PERSONS_ID])
    return role


def a_session(resource: UUID) -> None:
    me = expecting(200, Me, me_get.sync_detailed(client=PERSON))
    assert resource in [one.id for one in me.resources]
    draft = SessionDraft(duration_minutes=30, resource_ids=[resource], reason="A journey")
    started = expecting(201, Session, session_start.sync_detailed(client=PERSON, body=draft))
    assert (started.status, started.user_id) == (SessionStatus.PENDING, PERSONS_ID)
    active = until_it_is(SessionStatus.ACTIVE, started.id)
    assert {(row.resource_id, row.status) for row in active.resource_ips} == {(resource, SessionRowStatus.APPLIED)}
    assert all(row.provider_rule_id for row in active.resource_ips)
    rules = every(Rule, rule_list.sync_detailed(client=ADMIN))
    assert {rule.state for rule in rules if started.id in rule.session_ids} == {RuleState.APPLIED}
    longer = session_extend.sync_detailed(started.id, client=PERSON, body=ExtensionType0(additional_hours=2))
    assert expecting(400, ReasonError, longer).status == 400

    # The seed: DELETE /resources/{id}, of one that is in use, and where it says to look before.
    holding = every(Session, session_list.sync_detailed(client=ADMIN, resource_id=str(resource)))
    assert [one.id for one in holding] == [started.id]
    in_use = expecting(400, CodeError, resource_delete.sync_detailed(resource, client=ADMIN))
    assert in_use.error is CodeErrorError.RESOURCE_IN_USE
    assert in_use.message == "Cannot delete resource with active sessions. Stop all active sessions first."

    stopped = expecting(200, Session, session_stop.sync_detailed(started.id, client=PERSON))
    assert (stopped.status, stopped.ended_reason) == (SessionStatus.EXPIRING, SessionEndedReasonType1.MANUAL)
    over = until_it_is(SessionStatus.CANCELLED, started.id)
    assert {row.status for row in over.resource_ips} == {SessionRowStatus.REMOVED}
    too_late = expecting(400, ReasonError, session_stop.sync_detailed(started.id, client=PERSON))
    assert too_late.path == f"/api/v1/sessions/{started.id}/stop"


def farewell(credential: str, resource: UUID, role: UUID) -> None:
    # The seed: DELETE /roles/{id}/resources/{resourceId}.
    nothing(role_resource_unassign.sync_detailed(role, resource, client=ADMIN))
    unlinked = expecting(404, ReasonError, role_resource_unassign.sync_detailed(role, resource, client=ADMIN))
    assert unlinked.message == "Resource not assigned to this role"

    needed = expecting(400, DetailErrorType1, credential_delete.sync_detailed(credential, client=ADMIN))
    assert len(needed.additional_properties["non_field_errors"]) == 1
    nothing(resource_delete.sync_detailed(resource, client=ADMIN))
    gone = expecting(404, CodeError, resource_get.sync_detailed(resource, client=ADMIN))
    assert gone.error is CodeErrorError.RESOURCE_NOT_FOUND
    nothing(role_delete.sync_detailed(role, client=ADMIN))
    nothing(credential_delete.sync_detailed(credential, client=ADMIN))

    record = expecting(200, AuditPage, audit_log_list.sync_detailed(client=ADMIN, resource_id=str(resource))).content
    assert [row.event_type for row in reversed(record) if row.result is AuditRowResult.SUCCESS] == [
        AuditEvent.RESOURCE_CREATE, AuditEvent.RESOURCE_UPDATE, AuditEvent.RESOURCE_VERIFY, AuditEvent.RESOURCE_DELETE,
    ]
    assert all((row.actor_id, row.resource_name) == ("demo-admin", NAME) for row in record)


def main() -> None:
    callers()
    credential = a_credential().id
    resource = a_resource(credential)
    role = a_role(resource)
    a_session(resource)
    farewell(credential, resource, role)
    print("Python: the journey is done")


if __name__ == "__main__":
    main()
