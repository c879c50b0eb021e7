-- Daily over monthly users, each estimated from requests as in dau.sql and mau.sql.
-- needs: requests_per_user_1d
-- needs: requests_per_user_28d
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS made_on,  -- a flush at midnight ends a day
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY made_on
),
counted AS (
  SELECT day, SUM(IF(made_on = day, requests, 0)) AS daily, SUM(requests) AS monthly
  FROM requests
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(made_on, DATE_ADD(made_on, INTERVAL 27 DAY))) AS day
  GROUP BY day
)
SELECT
  day,
  COALESCE(daily / NULLIF(@requests_per_user_1d, 0), 0)
    / NULLIF(COALESCE(monthly / NULLIF(@requests_per_user_28d, 0), 0), 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
LEFT JOIN counted USING (day)
ORDER BY day
