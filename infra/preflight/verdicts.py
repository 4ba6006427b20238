"""What a check found, and how it is said."""

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

OK, NO, UNKNOWN = "ok", "no", "unknown"


@dataclass(frozen=True)
class Verdict:
    kind: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind:<8} {self.subject:<12} {self.text}"


def ok(subject: str, text: str) -> Verdict:
    return Verdict(OK, subject, text)


def no(subject: str, text: str) -> Verdict:
    return Verdict(NO, subject, text)


def unknown(subject: str, text: str) -> Verdict:
    return Verdict(UNKNOWN, subject, text)


def code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def reason(error: Exception) -> str:
    """Why a question was not answered, in a line."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} was answered {code(error)}"
    return str(error).split("\n")[0]


def asked(subject: str, check) -> list[Verdict]:
    """The verdicts of a check. A question that AWS does not answer passes nothing."""
    try:
        return list(check())
    except (BotoCoreError, ClientError) as error:
        return [unknown(subject, reason(error))]


def exit_status(verdicts: list[Verdict]) -> int:
    kinds = {verdict.kind for verdict in verdicts}
    return 1 if NO in kinds else 3 if UNKNOWN in kinds else 0
