"""Mistakes that are left to a team whose logger is generated, as in option A."""

from __future__ import annotations

from dauexp.experiments.mutation.catalogue import Code, mistake

EMITTER, METRICS = "emitter.py", "metrics.yaml"

_USER = "  hashed_fxa_uid:\n    type: string\n"
_LAST = "\n  platform:\n    type: string\n"

# In the call --------------------------------------------------------------------------------------


@mistake("glean", thinking="Both say what the client is.")
def platform_and_family_swapped(code: Code) -> Code:
    """Platform and device family are passed in each other's place."""
    return code.change(EMITTER, "platform=platform", "platform=device_family").change(
        EMITTER, "device_family=device_family", "device_family=platform"
    )


@mistake("glean", thinking="An id is an id.")
def device_as_user(code: Code) -> Code:
    """The hashed device id is passed as the user."""
    return code.change(EMITTER, "fxa_uid=hashed_fxa_uid", "fxa_uid=hashed_device_id")


@mistake("glean", thinking="The user comes with the request.")
def user_not_passed(code: Code) -> Code:
    """The user is not passed; the generated logger asks for nothing."""
    return code.change(EMITTER, "                syncstorage_hashed_fxa_uid=hashed_fxa_uid,\n", "")


@mistake("glean", thinking="The desktop is what we want to know about.")
def user_agent_as_platform(code: Code) -> Code:
    """The user agent is passed as the platform."""
    return code.change(EMITTER, "platform=platform", "platform=user_agent")


@mistake("glean", thinking="What is not Firefox is of no interest.")
def others_not_logged(code: Code) -> Code:
    """Requests of the device family `other` are not logged."""
    return code.change(
        EMITTER,
        "            record(\n",
        '            if device_family == "other":\n                continue\n            record(\n',
    )


@mistake("glean", thinking="The middleware does it, and the handler, to be sure.")
def called_twice(code: Code) -> Code:
    """The logger is called twice for each request."""
    return code.change(EMITTER, "in requests:", "in (each for each in requests for _ in range(2)):")


@mistake("glean", thinking="It is Firefox's.")
def wrong_application(code: Code) -> Code:
    """The logger is made for another application."""
    return code.change(EMITTER, "parameters.application_id", '"firefox-sync"')


@mistake("glean", thinking="The database has the user's number.")
def user_as_number(code: Code) -> Code:
    """The user is passed as a number."""
    return code.change(EMITTER, "fxa_uid=hashed_fxa_uid", "fxa_uid=int(hashed_fxa_uid, 16)")


# In the registry ----------------------------------------------------------------------------------


def _of_user(code: Code, old: str, new: str) -> Code:
    """The registry with something else in the entry of the user."""
    start = code.files[METRICS].index(_USER)
    end = code.files[METRICS].index("\n\n", start)
    entry = code.files[METRICS][start:end]
    return code.change(
        METRICS, entry, Code({METRICS: entry}).change(METRICS, old, new).files[METRICS]
    )


@mistake("glean", thinking="It goes where everything goes.")
def send_in_pings_forgotten(code: Code) -> Code:
    """The user has no `send_in_pings`."""
    return _of_user(code, "    send_in_pings:\n      - events\n", "")


@mistake("glean", thinking="It belongs to one event.")
def ping_misspelt(code: Code) -> Code:
    """The user is sent in the ping `event`."""
    return _of_user(code, "      - events\n", "      - event\n")


@mistake("glean", thinking="We shall look at it again in a year.")
def metric_expired(code: Code) -> Code:
    """The user has expired, and nobody has noticed."""
    return _of_user(code, "expires: never", "expires: 2025-01-01")


@mistake("glean", thinking="It is anew with every ping.")
def wrong_lifetime(code: Code) -> Code:
    """The user has the lifetime `ping`."""
    return _of_user(code, "lifetime: application", "lifetime: ping")


@mistake("glean", thinking="An id is a UUID.")
def wrong_type(code: Code) -> Code:
    """The user is a `uuid`, which the generator does not know."""
    return _of_user(code, "type: string", "type: uuid")


@mistake("glean", thinking="It is a text.")
def type_of_other_pings(code: Code) -> Code:
    """The user is a `text`, which this ping cannot have."""
    return _of_user(code, "type: string", "type: text")


@mistake("glean", thinking="The bug is known to all of us.")
def entry_incomplete(code: Code) -> Code:
    """The user has no `bugs`."""
    return _of_user(
        code, "    bugs:\n      - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967\n", ""
    )


@mistake("glean", thinking="Account is the better word; the compiler finds all uses.")
def renamed_without_queries(code: Code) -> Code:
    """The user is renamed in registry and call; the queries still ask for the old name."""
    return _of_user(code, "hashed_fxa_uid:", "hashed_account:").change(
        EMITTER, "syncstorage_hashed_fxa_uid=", "syncstorage_hashed_account="
    )


# Between registry, release and pipeline -----------------------------------------------------------

_APP_VERSION = """
  client_version:
    type: string
    description: The version of the client, from the request's user agent.
    bugs:
      - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967
    data_reviews:
      - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967
    notification_emails:
      - sync-team@mozilla.com
    data_sensitivity:
      - technical
    lifetime: application
    send_in_pings:
      - events
    expires: never
"""


def _with_client_version(code: Code) -> Code:
    """The registry with a metric more."""
    return code.change(METRICS, _LAST, _APP_VERSION + _LAST)


_PASSED = "                syncstorage_platform=platform,\n"
_PASSED_TOO = _PASSED + '                syncstorage_client_version=user_agent.split("/")[-1],\n'


@mistake("glean", thinking="It is in the registry, so it is collected.")
def generated_code_out_of_date(code: Code) -> Code:
    """The registry has a new metric; what is shipped was generated before."""
    return _with_client_version(code).configure(generated_from="before")


@mistake("glean", thinking="It is in the registry, so it has a column.")
def tables_out_of_date(code: Code) -> Code:
    """The service sends a new metric before the pipeline knows the registry that has it."""
    new = _with_client_version(code).configure(tables_from="before")
    return new.change(EMITTER, _PASSED, _PASSED_TOO)


@mistake("glean", thinking="The code is reviewed, so it can be merged.")
def call_before_generated_code(code: Code) -> Code:
    """The call passes a new metric to code that was generated before."""
    new = _with_client_version(code).configure(generated_from="before")
    return new.change(EMITTER, _PASSED, _PASSED_TOO)
