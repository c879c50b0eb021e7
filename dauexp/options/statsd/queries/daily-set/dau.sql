-- The sizes of the sets of all users of a day, one for each host, added up.
WITH sizes AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    SUM(value) AS size
  FROM influxdb.users
  WHERE dimension = 'all'
  GROUP BY day
)
SELECT day, COALESCE(size, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN sizes USING (day)
ORDER BY day
