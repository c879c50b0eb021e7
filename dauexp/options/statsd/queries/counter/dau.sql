-- Requests of a day over the requests of a daily user, which must be known beforehand.
-- needs: requests_per_user_1d
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY day
)
SELECT day, COALESCE(requests, 0) / NULLIF(@requests_per_user_1d, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN requests USING (day)
ORDER BY day
