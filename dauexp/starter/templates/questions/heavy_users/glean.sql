-- The same of what option A stored, in BigQuery's SQL: it runs as it is in production, too.
WITH heavy AS (
  SELECT
    DATE(submission_timestamp) AS day,
    metrics.string.my_service_hashed_user_id AS user_id
  FROM
    my_service_stable.events
  GROUP BY
    day,
    user_id
  HAVING
    COUNT(*) >= 10
)
SELECT
  day,
  COUNT(user_id) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN
  heavy
USING
  (day)
GROUP BY
  day
