-- Requests of 7 days over the requests of a weekly user, which must be known beforehand.
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY day
)
SELECT last.day, COALESCE(SUM(requests), 0) / NULLIF(@requests_per_user_7d, 0) AS value
FROM (
  SELECT day
  FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
) AS last
LEFT JOIN requests ON requests.day BETWEEN DATE_SUB(last.day, INTERVAL 6 DAY) AND last.day
GROUP BY last.day
ORDER BY last.day
