-- Requests of 7 days over the requests of a weekly user, which must be known beforehand.
-- needs: requests_per_user_7d
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS made_on,  -- a flush at midnight ends a day
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY made_on
),
counted AS (
  SELECT day, SUM(requests) AS requests
  FROM requests
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(made_on, DATE_ADD(made_on, INTERVAL 6 DAY))) AS day
  GROUP BY day
)
SELECT day, COALESCE(requests, 0) / NULLIF(@requests_per_user_7d, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
LEFT JOIN counted USING (day)
ORDER BY day
