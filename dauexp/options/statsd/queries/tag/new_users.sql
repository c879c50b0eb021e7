-- Users by the day on which they were first seen, each a series.
WITH seen AS (
  SELECT DISTINCT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS seen_on,  -- a flush at midnight ends a day
    requests.`user` AS id
  FROM influxdb.requests AS requests
),
joined AS (
  SELECT id, MIN(seen_on) AS day
  FROM seen
  GROUP BY id
),
counted AS (
  SELECT day, COUNT(*) AS users
  FROM joined
  GROUP BY day
)
SELECT day, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN counted USING (day)
ORDER BY day
