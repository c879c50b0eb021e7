-- Distinct users of 28 days, each a series.
WITH seen AS (
  SELECT DISTINCT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS seen_on,  -- a flush at midnight ends a day
    requests.`user` AS id
  FROM influxdb.requests AS requests
),
counted AS (
  SELECT day, COUNT(DISTINCT id) AS users
  FROM seen
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(seen_on, DATE_ADD(seen_on, INTERVAL 27 DAY))) AS day
  GROUP BY day
)
SELECT day, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
LEFT JOIN counted USING (day)
ORDER BY day
