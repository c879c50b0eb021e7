-- Distinct users of a day, by platform, each a series.
WITH seen AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    platform AS segment,
    COUNT(DISTINCT requests.`user`) AS users
  FROM influxdb.requests AS requests
  GROUP BY day, segment
)
SELECT day, segment, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN UNNEST(['firefoxdesktop', 'fenix', 'firefoxios', 'other']) AS segment
LEFT JOIN seen USING (day, segment)
ORDER BY day, segment
