-- Daily active users:
-- distinct users with a request on each UTC day.
SELECT
  day,
  COUNT(DISTINCT metrics.string.syncstorage_hashed_fxa_uid) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN
  syncstorage_stable.events
ON
  DATE(submission_timestamp) = day
GROUP BY
  day
