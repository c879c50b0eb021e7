"""Mistakes in the hand-written logger of option B."""

from __future__ import annotations

from dauexp.experiments.mutation.catalogue import Code, mistake

LOGGER = "logger.py"
USER = '"syncstorage.hashed_fxa_uid": hashed_fxa_uid,'
PAYLOAD = "self.payload(now, metrics)"

# What is in the ping ------------------------------------------------------------------------------


@mistake("custom", thinking="There is no SDK here, so there is no build of one.")
def required_field_missing(code: Code) -> Code:
    """`client_info.telemetry_sdk_build` is left out."""
    return code.change(LOGGER, '"telemetry_sdk_build": "syncstorage 1",', "")


@mistake("custom", thinking="It helps to know which host it was.")
def key_of_ones_own(code: Code) -> Code:
    """`client_info` has a key that the schema does not know."""
    return code.change(LOGGER, '"os": "Unknown",', '"os": "Unknown", "hostname": "sync-1",')


@mistake("custom", thinking="They are texts, after all.")
def metrics_under_wrong_type(code: Code) -> Code:
    """The metrics are sent under `text` instead of `string`."""
    return code.change(LOGGER, '{"string": metrics}', '{"text": metrics}')


@mistake("custom", thinking="I type it from memory.")
def metric_misspelt(code: Code) -> Code:
    """`hashed_fxa_uid` is sent as `hashed_fxa_id`."""
    return code.change(LOGGER, "syncstorage.hashed_fxa_uid", "syncstorage.hashed_fxa_id")


@mistake("custom", thinking="Form factor is the usual term.")
def metric_renamed(code: Code) -> Code:
    """`device_family` is sent as `form_factor`, which nobody registered."""
    return code.change(LOGGER, "syncstorage.device_family", "syncstorage.form_factor")


@mistake("custom", thinking="The category is known from the application.")
def category_left_out(code: Code) -> Code:
    """`syncstorage.platform` is sent as `platform`."""
    return code.change(LOGGER, "syncstorage.platform", "platform")


@mistake("custom", thinking="An id is a number.")
def user_as_number(code: Code) -> Code:
    """The user is sent as a number."""
    return code.change(LOGGER, USER, '"syncstorage.hashed_fxa_uid": int(hashed_fxa_uid, 16),')


@mistake("custom", thinking="The context of the request knows the user.")
def user_null(code: Code) -> Code:
    """The user is looked up by a key that is not there, and is null."""
    looked_up = '{"uid": hashed_fxa_uid}.get("fxa_uid")'
    return code.change(LOGGER, USER, f'"syncstorage.hashed_fxa_uid": {looked_up},')


@mistake("custom", thinking="Both say what the client is.")
def platform_and_family_swapped(code: Code) -> Code:
    """Platform and device family are sent under each other's name."""
    return code.change(LOGGER, "platform,\n", "device_family,\n").change(
        LOGGER, 'device_family": device_family', 'device_family": platform'
    )


@mistake("custom", thinking="An id is an id.")
def device_as_user(code: Code) -> Code:
    """The hashed device id is sent as the user."""
    return code.change(LOGGER, USER, '"syncstorage.hashed_fxa_uid": hashed_device_id,')


@mistake("custom", thinking="One dictionary for all requests saves making it anew.")
def template_reused(code: Code) -> Code:
    """Values that are `other` are left out of a dictionary that is used again, so that those of an
    earlier request stay."""
    kept = 'self.sent.update({k: v for k, v in metrics.items() if v != "other"})\n        '
    return code.change(
        LOGGER, "    app_channel: str\n", "    app_channel: str\n    sent = dict[str, str]()\n"
    ).change(
        LOGGER,
        f"return json.dumps(self.envelope(now, user_agent, {PAYLOAD}))",
        (f"{kept}return json.dumps(self.envelope(now, user_agent, self.payload(now, self.sent)))"),
    )


# The hash of the user -----------------------------------------------------------------------------


@mistake("custom", thinking="In a thousand groups nobody can be traced.")
def hash_cut_short(code: Code) -> Code:
    """The user's hash is cut down to three decimal digits."""
    return code.change(
        LOGGER, USER, '"syncstorage.hashed_fxa_uid": f"{int(hashed_fxa_uid, 16) % 1000:03}",'
    )


@mistake("custom", thinking="Ids are written in capitals.")
def hash_in_capitals(code: Code) -> Code:
    """The user's hash has capital digits."""
    return code.change(LOGGER, USER, '"syncstorage.hashed_fxa_uid": hashed_fxa_uid.upper(),')


@mistake("custom", thinking="Hashed once more, with the browser, nobody can be traced.")
def hashed_with_user_agent(code: Code) -> Code:
    """The user's hash is hashed again together with the user agent."""
    again = "sha256((hashed_fxa_uid + user_agent).encode()).hexdigest()[:32]"
    return code.change(LOGGER, "import json\n", "import json\nfrom hashlib import sha256\n").change(
        LOGGER, USER, f'"syncstorage.hashed_fxa_uid": {again},'
    )


@mistake("custom", thinking="A salt that is nowhere written down cannot leak.")
def salt_of_process(code: Code) -> Code:
    """The user's hash is salted with what each process draws when it starts."""
    again = "sha256((hashed_fxa_uid + SALT).encode()).hexdigest()[:32]"
    drawn = "from uuid import uuid4\n\nSALT = uuid4().hex\n"
    return (
        code.change(LOGGER, "import json\n", "import json\nfrom hashlib import sha256\n")
        .change(LOGGER, "from uuid import uuid4\n", drawn)
        .change(LOGGER, USER, f'"syncstorage.hashed_fxa_uid": {again},')
    )


# Time ---------------------------------------------------------------------------------------------


@mistake("custom", thinking="What time it is, the host knows best.")
def local_time(code: Code) -> Code:
    """All times of the ping are local ones, without a time zone."""
    return code.change(LOGGER, "datetime.now(UTC)", "datetime.now()")


@mistake("custom", thinking="Tables have a submission_timestamp, so it is to be sent.")
def submission_timestamp_sent(code: Code) -> Code:
    """The payload has a `submission_timestamp` of its own, in UTC."""
    return code.change(LOGGER, '"ping_info":', '"submission_timestamp": now, "ping_info":')


@mistake("custom", thinking="Tables have a submission_timestamp, so it is to be sent.")
def local_submission_timestamp_sent(code: Code) -> Code:
    """The payload has a `submission_timestamp` of its own, in local time."""
    return submission_timestamp_sent.made_in(local_time.made_in(code))


@mistake("custom", thinking="Seconds with a fraction are more exact.")
def event_timestamp_fractional(code: Code) -> Code:
    """The event's timestamp is a float."""
    return code.change(LOGGER, '"timestamp": 0', '"timestamp": 0.0')


@mistake("custom", thinking="It is not known, so -1.")
def event_timestamp_negative(code: Code) -> Code:
    """The event's timestamp is -1."""
    return code.change(LOGGER, '"timestamp": 0', '"timestamp": -1')


@mistake("custom", thinking="A timestamp is a date and a time.")
def event_timestamp_text(code: Code) -> Code:
    """The event's timestamp is a text."""
    return code.change(LOGGER, '"timestamp": 0', '"timestamp": now')


@mistake("custom", thinking="A number is a number.")
def extra_as_number(code: Code) -> Code:
    """The event has an extra that is a number."""
    return code.change(LOGGER, '"timestamp": 0', '"timestamp": 0, "extra": {"collections": 13}')


# The envelope -------------------------------------------------------------------------------------


@mistake("custom", thinking="JSON in JSON needs no quotes.")
def payload_as_object(code: Code) -> Code:
    """The payload is an object, not a string that holds one."""
    return code.change(LOGGER, '"payload": json.dumps(payload)', '"payload": payload')


@mistake("custom", thinking="It must be a string, so I make it one.")
def payload_encoded_twice(code: Code) -> Code:
    """The payload is a string that holds a string that holds the object."""
    twice = '"payload": json.dumps(json.dumps(payload))'
    return code.change(LOGGER, '"payload": json.dumps(payload)', twice)


@mistake("custom", thinking="Whoever needs an id can make one.")
def document_id_missing(code: Code) -> Code:
    """There is no `document_id`."""
    return code.change(LOGGER, '"document_id": str(uuid4()),', "")


@mistake("custom", thinking="It names the kind of document.")
def document_id_constant(code: Code) -> Code:
    """All documents have one `document_id`."""
    return code.change(LOGGER, "str(uuid4())", '"syncstorage-events"')


@mistake("custom", thinking="An id that can be made again makes sending twice harmless.")
def document_id_of_user(code: Code) -> Code:
    """The `document_id` is made from the user."""
    user = 'str(payload["metrics"]["string"]["syncstorage.hashed_fxa_uid"])'
    return code.change(LOGGER, "str(uuid4())", user)


@mistake("custom", thinking="The time to the second is id enough.")
def document_id_of_second(code: Code) -> Code:
    """The `document_id` is the time to the second."""
    return code.change(LOGGER, "str(uuid4())", "now[:19]")


@mistake("custom", thinking="Words are easier to read with hyphens.")
def namespace_hyphenated(code: Code) -> Code:
    """The namespace is `sync-storage`."""
    return code.change(
        LOGGER, "self.application_id,", 'self.application_id.replace("syncst", "sync-st"),'
    )


@mistake("custom", thinking="Names begin with a capital letter.")
def document_type_capitalised(code: Code) -> Code:
    """The document type is `Events`."""
    return code.change(LOGGER, '"events",', '"Events",')


@mistake("custom", thinking="A version is a number.")
def version_as_number(code: Code) -> Code:
    """The document version is a number."""
    return code.change(LOGGER, '"document_version": "1"', '"document_version": 1')


@mistake("custom", thinking="Dots, as in the name of the logger.")
def envelope_type_wrong(code: Code) -> Code:
    """The envelope's `Type` is misspelt."""
    return code.change(LOGGER, "glean-server-event", "glean.server.event")


@mistake("custom", thinking="On two lines the log is easier to read.")
def line_broken(code: Code) -> Code:
    """There is a line break within what is logged."""
    broken = """.replace('"Fields"', '\\n"Fields"')"""
    return code.change(LOGGER, f"{PAYLOAD}))", f"{PAYLOAD})){broken}")


# When it is called --------------------------------------------------------------------------------

_BODY = "        now = datetime.now(UTC).isoformat()\n"
_CACHE = "    app_channel: str\n    seen = dict[str, str]()\n"


@mistake("custom", thinking="A user counts once, so once is enough.")
def first_request_only(code: Code) -> Code:
    """A process logs a user's first request only."""
    skip = '        if self.seen.setdefault(hashed_fxa_uid, now) != now:\n            return ""\n'
    return code.change(LOGGER, "    app_channel: str\n", _CACHE).change(LOGGER, _BODY, _BODY + skip)


@mistake("custom", thinking="One device is enough to know the user.")
def first_device_only(code: Code) -> Code:
    """A process logs only the requests of the device that it saw a user with first."""
    skip = (
        "        if self.seen.setdefault(hashed_fxa_uid, hashed_device_id) != hashed_device_id:\n"
        '            return ""\n'
    )
    return code.change(LOGGER, "    app_channel: str\n", _CACHE).change(LOGGER, _BODY, _BODY + skip)


@mistake("custom", thinking="Writing ten lines at once is faster.")
def buffer_not_flushed(code: Code) -> Code:
    """Lines are written ten at a time, and what is left when the process ends is lost."""
    line = f"json.dumps(self.envelope(now, user_agent, {PAYLOAD}))"
    held = (
        f"        self.held.append({line})\n"
        "        if len(self.held) < 10:\n"
        '            return ""\n'
        '        lines = "\\n".join(self.held)\n'
        "        self.held.clear()\n"
        "        return lines"
    )
    return code.change(
        LOGGER, "    app_channel: str\n", "    app_channel: str\n    held = list[str]()\n"
    ).change(LOGGER, f"        return {line}", held)
