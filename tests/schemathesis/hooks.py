"""For tests/schemathesis/run.sh: what the settings of schemathesis cannot say, and a check of our own."""
import itertools
import re
import unicodedata

import schemathesis
from schemathesis.core.failures import Failure

NUMBERS = itertools.count()
# The administrator of the demo organization, whose token the run shows.
CALLER = "demo-admin"
# What a refusal for the state of things says. Any other sentence means that the server takes less than the document says.
STATE = re.compile("|".join([
    r"already (exists|assigned)", r"^Idempotency-Key was used before", r"^cursor was not made for this list$",
    r"^There is no active resource that you may open$", r"^A session that is \w+ cannot be ", r"must not be longer than",
    r"^Only a rule that is stuck", r"^Cannot delete ", r"^The security group ", r"^The credential", r"object does not exist\.$",
    r"^A new value is required", r"^expiresAt must lie in the future", r"^to must not be before from$",
    r"must not be greater than config\.toPort", r"^externalId must be ", r"^Only a rule that waits", r"^You have \d+ running session",
    # What a credential's type or a protocol rules out: the schema of a member does not know its neighbour.
    r"^The value of an \w+ must be a JSON object", r"^\w+ must be a text without spaces", r"^roleArn must be the ARN of a role",
    r"does not go with protocol icmp",
    # What no schema says: how deep a value is, that a number is kept as it was sent, and what the name of a note may not be like.
    r"must have at most 32 levels$", r"has no more than 32 levels\.$", r"has a number that 64 bits do not hold exactly",
    r"looks like a protocol, and without one", r"^config\..* is not read(: use config\.|, and protocol )",
    r"^This number has more digits than are kept\.",
]))
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\\$")
# All ones in Base58, whose letters stand in the order of ASCII. The document's pattern looks at the first two letters.
GREATEST_ID = "YcVfxkQb6JRzqk5kF2tNLv"
TAG = re.compile(r'(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$')


# General categories of characters that cannot be seen, and of those that are private or not assigned: shared/model/src/text.rs. The crate knows a
# newer Unicode than this Python, so that more is assigned there: such a text is passed over here.
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"}
# Letters and symbols that are drawn blank.
BLANK = set("\u115f\u1160\u2800\u3164\uffa0\ufffc\U00013441\U00013442\U0001d159")


def is_seen(character):
    return unicodedata.category(character) not in UNSEEN and character not in BLANK


def outside_of_the_document(case):
    """What the tool sends as valid although the document does not allow it, or cannot say that it does not."""
    body = case.body if isinstance(case.body, dict) else {}
    email = body.get("email")
    # JSON Schema counts characters, and an email's limits are bytes.
    if isinstance(email, str) and (len(email.encode()) > 254 or len(email.partition("@")[0].encode()) > 64):
        return True
    # A domain has letters and digits of any script, which no pattern says in every language: the document's excludes less.
    if isinstance(email, str) and not re.sub("[-.]", "", email.partition("@")[2]).isalnum():
        return True
    # Every character of an email can be seen, and something in a name: by categories, which patterns do not have in every language.
    if isinstance(email, str) and not all(is_seen(c) or unicodedata.category(c) in ("Me", "Mn") for c in email):
        return True
    name = body.get("name")
    if isinstance(name, str) and not any(map(is_seen, name)):
        return True
    credential = str(body.get("credentialId", "")).removeprefix("credentials://")
    if len(credential) == len(GREATEST_ID) and credential > GREATEST_ID:
        return True
    # A tag such as `0`, against the pattern.
    tag = {name.lower(): value for name, value in (case.headers or {}).items()}.get("if-match")
    if tag is not None and not TAG.match(str(tag)):
        return True
    # The name of a part stands in a header, in quotes: there are no control characters, and a backslash at its end takes the second quote
    # for a letter. The tool escapes neither. The same fields are taken in a urlencoded form, and both have one schema.
    if case.media_type == "multipart/form-data" and any(UNREADABLE.search(str(name)) for name in body):
        return True
    # Two ways to name ports at once, against `dependentSchemas`.
    config = body.get("config")
    if isinstance(config, dict):
        ways = ["port" in config, "ports" in config, "fromPort" in config or "toPort" in config]
        return sum(ways) > 1 or ("fromPort" in config) != ("toPort" in config)
    return False


@schemathesis.hook
def before_call(context, case, kwargs):
    # A caller who deactivates or deletes themselves is 403 from then on, and the rest of the run would prove nothing.
    path = case.path_parameters or {}
    if case.method in ("PATCH", "DELETE") and CALLER in str(path.get("id", "")):
        path["id"] = "nobody"
    # A repetition answers the first result, also when its object is gone by now: `ensure_resource_availability` takes that for a fault.
    headers = case.headers or {}
    for name in headers:
        if name.lower() == "idempotency-key" and re.fullmatch("[!-~]{1,240}", str(headers[name])):
            headers[name] = f"{headers[name]}-{next(NUMBERS)}"


class NotTheState(Failure):
    def __init__(self, operation, message):
        super().__init__(operation=operation, title="Valid request refused for its form", message=message)


def sentences(body):
    """What an error says, in each of the three formats."""
    if "detail" in body:
        return [body["detail"]]
    if "validationErrors" in body:
        return list(body["validationErrors"].values())
    if "message" in body:
        return body["message"].split("; ")
    return [sentence for field in body.values() for sentence in field]


@schemathesis.check
def refused_for_the_state_only(ctx, response, case):
    """A request that the document calls valid may be 400 only because of how things stand."""
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return None
    if outside_of_the_document(case) or not isinstance(response.json(), dict):
        return None
    wrong = [sentence for sentence in sentences(response.json()) if not STATE.search(sentence)]
    if wrong:
        raise NotTheState(case.operation.label, "; ".join(sorted(wrong)))
    return None
