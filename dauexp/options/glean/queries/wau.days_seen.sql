-- Weekly active users:
-- users with a request on any of the 7 UTC days up to each day.
-- From a table of days seen, as Mozilla's warehouse keeps it (clients_last_seen): for each user and
-- day 28 bits, the lowest of which is that day. The warehouse makes each day's rows of those of the
-- day before, shifted by one bit; here all are made at once.
-- needs: 27
WITH active AS (
  SELECT DISTINCT
    DATE(submission_timestamp) AS active_day,
    metrics.string.syncstorage_hashed_fxa_uid AS uid
  FROM
    syncstorage_stable.events
  WHERE
    metrics.string.syncstorage_hashed_fxa_uid IS NOT NULL
),
last_seen AS (
  SELECT
    window_day,
    uid,
    BIT_OR(1 << DATE_DIFF(window_day, active_day, DAY)) AS days_seen_bits
  FROM
    active
  CROSS JOIN
    UNNEST(
      GENERATE_DATE_ARRAY(active_day, DATE_ADD(active_day, INTERVAL 27 DAY))
    ) AS window_day
  GROUP BY
    window_day,
    uid
),
counted AS (
  SELECT
    window_day,
    COUNTIF((days_seen_bits & 127) > 0) AS users
  FROM
    last_seen
  GROUP BY
    window_day
)
SELECT
  day,
  COALESCE(users, 0) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
LEFT JOIN
  counted
ON
  window_day = day
