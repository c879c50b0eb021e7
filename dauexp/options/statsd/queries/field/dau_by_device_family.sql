-- Distinct users of a day, by device family.
WITH seen AS (
  SELECT
    DATE(time) AS day,
    device_family AS segment,
    COUNT(DISTINCT requests.`user`) AS users
  FROM influxdb.requests AS requests
  GROUP BY day, segment
)
SELECT day, segment, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN UNNEST(['desktop', 'mobile', 'tablet', 'other']) AS segment
LEFT JOIN seen USING (day, segment)
ORDER BY day, segment
