-- Daily active users, by platform:
-- distinct users with a request on each UTC day.
SELECT
  day,
  segment,
  COUNT(DISTINCT metrics.string.syncstorage_hashed_fxa_uid) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN
  UNNEST(['firefoxdesktop', 'fenix', 'firefoxios', 'other']) AS segment
LEFT JOIN
  syncstorage_stable.events
ON
  DATE(submission_timestamp) = day
  AND metrics.string.syncstorage_platform = segment
GROUP BY
  day,
  segment
