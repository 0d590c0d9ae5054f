"""A mail address, checked for its form and brought into its usual one (RFC 5321, RFC 6531)."""

import re
from functools import lru_cache

from crm.values import BadValue
from crm.values.japanese import narrow

LONGEST = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
_PLAIN_NAME = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")


class NotMailAddress(BadValue):
    """A text that is not a mail address."""


def mail_address(text: str) -> str:
    """The address with full-width letters turned and the domain in lower case. Raises `NotMailAddress`.

    Nothing is looked up on the network and .test is not refused: whether a letter arrives is found out by sending it.
    """
    written = narrow(text).strip()
    name, _at, domain = written.partition("@")
    if len(written) <= LONGEST and _PLAIN_NAME.fullmatch(name) and domain.isascii():
        return f"{name}@{_domain(domain)}"  # a list names the same few domains again and again
    return _checked(written)


@lru_cache(maxsize=4096)
def _domain(written: str) -> str:
    return _checked(f"a@{written}").partition("@")[2]


def _checked(written: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # slow to import, rarely needed

    try:
        return validate_email(written, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise NotMailAddress("This is not a mail address.") from None
