-- Distinct devices with a request on each UTC day.
SELECT
  DATE(submission_timestamp) AS day,
  metrics.string.webpush_client AS segment,
  COUNT(DISTINCT metrics.string.webpush_hashed_uaid) AS value
FROM
  autopush_stable.push_activity
WHERE
  DATE(submission_timestamp) BETWEEN @first_day AND @last_day
GROUP BY
  day,
  segment
