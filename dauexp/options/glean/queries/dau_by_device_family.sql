-- Daily active users, by device family:
-- distinct users with a request on each UTC day.
SELECT
  day,
  segment,
  COUNT(DISTINCT metrics.string.syncstorage_hashed_fxa_uid) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN
  UNNEST(['desktop', 'mobile', 'tablet', 'other']) AS segment
LEFT JOIN
  syncstorage_stable.events
ON
  DATE(submission_timestamp) = day
  AND metrics.string.syncstorage_device_family = segment
GROUP BY
  day,
  segment
