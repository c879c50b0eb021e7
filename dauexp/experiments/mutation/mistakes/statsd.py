"""Mistakes in the calls and the configuration of option C."""

from __future__ import annotations

from dauexp.experiments.mutation.catalogue import Code, mistake

SERVICE = "service.py"
_SET = "client.set(name, request.hashed_fxa_uid)"
_NAME = '    name = f"users,platform={request.platform},device_family={request.device_family}"\n'
_COUNT = (
    'client.incr(f"requests,platform={request.platform},device_family={request.device_family}")'
)

# The set ------------------------------------------------------------------------------------------


@mistake("statsd:set", thinking="It counts users, so it is a counter.")
def counter_for_set(code: Code) -> Code:
    """A counter goes up instead of the user being put in a set."""
    return code.change(SERVICE, _SET, "client.incr(name)")


@mistake("statsd:set", thinking="The number of users goes up and down.")
def gauge_for_set(code: Code) -> Code:
    """The user is sent as the value of a gauge."""
    return code.change(SERVICE, _SET, "client.gauge(name, request.hashed_fxa_uid)")


@mistake("statsd:set", thinking="It measures how the user is doing.")
def timing_for_set(code: Code) -> Code:
    """The user is sent as a timing."""
    return code.change(SERVICE, _SET, "client.timing(name, request.hashed_fxa_uid)")


@mistake("statsd:set", thinking="User and device, with a line between them.")
def pipe_in_value(code: Code) -> Code:
    """The value is `USER|DEVICE`."""
    value = 'f"{request.hashed_fxa_uid}|{request.hashed_device_id}"'
    return code.change(SERVICE, _SET, f"client.set(name, {value})")


@mistake("statsd:set", thinking="A key is the platform, a colon, and the user.")
def colon_in_value(code: Code) -> Code:
    """The value is `PLATFORM:USER`."""
    value = 'f"{request.platform}:{request.hashed_fxa_uid}"'
    return code.change(SERVICE, _SET, f"client.set(name, {value})")


@mistake("statsd:set", thinking="An id is an id.")
def device_as_user(code: Code) -> Code:
    """The hashed device id is put in the set."""
    return code.change(SERVICE, _SET, "client.set(name, request.hashed_device_id)")


@mistake("statsd:set", thinking="Active users is what they are.")
def name_changed(code: Code) -> Code:
    """The set is called `active_users`; the queries still ask for `users`."""
    return code.change(SERVICE, 'f"users,', 'f"active_users,')


@mistake("statsd:set", thinking="A name of its own for each user keeps them apart.")
def user_in_name(code: Code) -> Code:
    """The user is part of the set's name."""
    return code.change(SERVICE, 'f"users,', 'f"users.{request.hashed_fxa_uid},')


@mistake("statsd:set", thinking="The order of tags does not matter.")
def tags_in_other_order(code: Code) -> Code:
    """The device family comes before the platform."""
    other = (
        '    name = f"users,device_family={request.device_family},platform={request.platform}"\n'
    )
    return code.change(SERVICE, _NAME, other)


@mistake("statsd:set", thinking="Who knows what we shall want to ask.")
def datagram_too_long(code: Code) -> Code:
    """A tag with the whole request makes the packet longer than a datagram."""
    headers = '    name += ",headers=" + (request.user_agent.replace(" ", "_") * 60)\n'
    return code.change(SERVICE, _NAME, _NAME + headers)


@mistake("statsd:set", thinking="Once a minute is often enough, and less to store.")
def flushed_too_seldom(code: Code) -> Code:
    """The servers flush once a minute."""
    return code.configure(flush_seconds=60)


@mistake("statsd:set", thinking="All hosts are the same, so they have the same configuration.")
def one_name_for_all_hosts(code: Code) -> Code:
    """All servers write the same tag `host`."""
    return code.configure(hostname="sync")


# The other strategies -----------------------------------------------------------------------------


@mistake("statsd:counter", thinking="It counts users, so it is a set of them.")
def set_for_counter(code: Code) -> Code:
    """The user is put in a set instead of a counter going up."""
    return code.change(
        SERVICE, _COUNT, _COUNT.replace("incr(", "set(")[:-1] + ", request.hashed_fxa_uid)"
    )


@mistake("statsd:counter", thinking="The middleware does it, and the handler, to be sure.")
def counted_twice(code: Code) -> Code:
    """The counter goes up when a request begins and when it ends."""
    return code.change(SERVICE, _COUNT, f"{_COUNT}\n    {_COUNT}")


@mistake("statsd:counter", thinking="A sync is as many requests as there are collections.")
def unit_mixed_up(code: Code) -> Code:
    """The counter goes up by the number of collections, not by one request."""
    return code.change(SERVICE, _COUNT, _COUNT.removesuffix(")") + ", 13)")


@mistake("statsd:tag", thinking="Tags are separated by a semicolon, as Graphite has them.")
def tag_separator_of_graphite(code: Code) -> Code:
    """The tag of the user comes after a semicolon."""
    return code.change(SERVICE, "{tags},user=", "{tags};user=")


@mistake("statsd:tag", thinking="A tag for the user, as for everything.")
def tag_renamed(code: Code) -> Code:
    """The tag is called `uid`; the queries still ask for `user`."""
    return code.change(SERVICE, ",user=", ",uid=")


@mistake("statsd:field", thinking="A timestamp is in seconds.")
def seconds_for_milliseconds(code: Code) -> Code:
    """The time of a point is in seconds, and taken for milliseconds."""
    return code.change(SERVICE, '.time(milliseconds, "ms")', ".time(milliseconds // 1000)")


@mistake("statsd:field", thinking="A tag can be searched.")
def user_as_tag(code: Code) -> Code:
    """The user is a tag, and the field only counts."""
    return code.change(
        SERVICE,
        '.field("user", request.hashed_fxa_uid)',
        '.tag("user", request.hashed_fxa_uid).field("value", 1)',
    )


@mistake("statsd:field", thinking="The host is known from the network.")
def host_left_out(code: Code) -> Code:
    """A point has no tag `host`."""
    return code.change(SERVICE, '    made.tag("host", host)\n', "")
