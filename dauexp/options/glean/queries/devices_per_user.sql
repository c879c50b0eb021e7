-- Devices of a daily active user, on average:
-- distinct devices over distinct users of each UTC day, 0 where there are none.
WITH counted AS (
  SELECT
    DATE(submission_timestamp) AS active_day,
    COUNT(DISTINCT metrics.string.syncstorage_hashed_fxa_uid) AS users,
    COUNT(DISTINCT metrics.string.syncstorage_hashed_device_id) AS devices
  FROM
    syncstorage_stable.events
  WHERE
    metrics.string.syncstorage_hashed_fxa_uid IS NOT NULL
  GROUP BY
    active_day
)
SELECT
  day,
  COALESCE(devices / users, 0) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN
  counted
ON
  active_day = day
