"""The queries that a change brings, and those that it changes: in BigQuery's SQL, for A and B.

A new one is put beside the others, in the folder `new`, and named after the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dauexp.experiments.evolution.code import Code

Change = Callable[[Code], Code]

FOLDER: Final = "glean/queries"

ONLY_REQUESTS: Final = (
    "(SELECT * FROM syncstorage_stable.events "
    "WHERE events[SAFE_OFFSET(0)].name = 'get_collections')"
)
"""The documents of the event that users are counted by, where there is another one."""

_NEW: Mapping[str, str] = {
    "new_string": """-- Daily active users by the version of their client.
SELECT
  DATE(submission_timestamp) AS day,
  metrics.string.syncstorage_client_version AS version,
  COUNT(DISTINCT metrics.string.syncstorage_hashed_fxa_uid) AS users
FROM syncstorage_stable.events
GROUP BY day, version
""",
    "labeled_counter": """-- Answers of a day, by label.
SELECT
  DATE(submission_timestamp) AS day,
  label.key AS response,
  SUM(label.value) AS responses
FROM syncstorage_stable.events
CROSS JOIN UNNEST(metrics.labeled_counter.syncstorage_responses) AS label
GROUP BY day, response
""",
    "new_event": """-- Uploads of a day.
SELECT DATE(submission_timestamp) AS day, COUNT(*) AS uploads
FROM syncstorage_stable.events
WHERE events[SAFE_OFFSET(0)].name = 'post_collections'
GROUP BY day
""",
    "second_ping": """-- Requests of a day by the version of the client.
SELECT
  DATE(submission_timestamp) AS day,
  metrics.string.health_client_version AS version,
  COUNT(*) AS requests
FROM syncstorage_stable.client_health
GROUP BY day, version
""",
    "second_application": """-- Subscribing user agents of a day.
SELECT
  DATE(submission_timestamp) AS day,
  COUNT(DISTINCT metrics.string.webpush_hashed_uaid) AS user_agents
FROM autopush_stable.events
GROUP BY day
""",
}


def queried(name: str) -> Change:
    """The change of the queries by this name."""

    def change(code: Code) -> Code:
        if name in _NEW:
            code = code.write(f"glean/new/{name}.sql", _NEW[name])
        if name == "new_event":
            return code.change_all(FOLDER, "syncstorage_stable.events", ONLY_REQUESTS)
        if name == "renamed":
            old, new = (f"metrics.string.syncstorage_{each}platform" for each in ("", "client_"))
            return code.change_all(FOLDER, old, f"COALESCE({new}, {old})")
        return code.remove(FOLDER, "device_family") if name == "expired" else code

    return change
