"""A mail address, checked for its form and brought into its usual one (RFC 5321, RFC 6531)."""

from crm.values import BadValue
from crm.values.japanese import narrow


class NotMailAddress(BadValue):
    """A text that is not a mail address."""


def mail_address(text: str) -> str:
    """The address with full-width letters turned and the domain in lower case. Raises `NotMailAddress`.

    Nothing is looked up on the network and .test is not refused: whether a letter arrives is found out by sending it.
    """
    from email_validator import EmailNotValidError, validate_email  # slow to import, rarely needed

    try:
        return validate_email(narrow(text).strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise NotMailAddress("This is not a mail address.") from None
