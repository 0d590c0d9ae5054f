"""The office of a care consortium in one application.

Members and their yearly fees, applications, invoices, payments and certificates; events with registration and waiting
list; care sites, schools and outreach; and the indicators that tell how it went, each with the list behind its number.
Staff use the *office*, members the *portal*, everyone the *public* pages, programs the *API*.
Start reading at ``members/applications.py``, ``billing/issuing.py`` and ``history/recording.py``.
"""

__version__ = "0.1.0"
