-- The same of option C's strategy `tag`: each user is a series, whose values count requests.
WITH heavy AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    requests.`user` AS user_id
  FROM
    influxdb.requests AS requests
  GROUP BY
    day,
    user_id
  HAVING
    SUM(value) >= 10
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
