-- New users: those whose first request in the period was on each UTC day.
WITH joined AS (
  SELECT
    metrics.string.syncstorage_hashed_fxa_uid AS uid,
    MIN(DATE(submission_timestamp)) AS first_seen
  FROM
    syncstorage_stable.events
  GROUP BY
    uid
)
SELECT
  day,
  COUNT(uid) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN
  joined
ON
  first_seen = day
GROUP BY
  day
