-- Distinct users of a day.
WITH seen AS (
  SELECT
    DATE(time) AS day,
    COUNT(DISTINCT requests.`user`) AS users
  FROM influxdb.requests AS requests
  GROUP BY day
)
SELECT day, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN seen USING (day)
ORDER BY day
