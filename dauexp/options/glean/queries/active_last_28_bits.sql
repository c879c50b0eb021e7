-- Users by the number of the last 28 UTC days on which they had a request.
-- From a table of days seen, as Mozilla's warehouse keeps it (clients_last_seen): for each user and
-- day 28 bits, the lowest of which is that day. The warehouse makes each day's rows of those of the
-- day before, shifted by one bit; here all are made at once.
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
    BIT_COUNT(days_seen_bits) AS days_seen,
    COUNT(*) AS users
  FROM
    last_seen
  GROUP BY
    window_day,
    days_seen
)
SELECT
  day,
  LPAD(CAST(days AS STRING), 2, '0') AS segment,
  COALESCE(users, 0) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
CROSS JOIN
  UNNEST(GENERATE_ARRAY(1, 28)) AS days
LEFT JOIN
  counted
ON
  window_day = day
  AND days_seen = days
