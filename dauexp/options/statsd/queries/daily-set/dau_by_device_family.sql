-- The sizes of the sets of each device family's users of a day, one for each host, added up.
WITH sizes AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    segment,
    SUM(value) AS size
  FROM influxdb.users
  WHERE dimension = 'device_family'
  GROUP BY day, segment
)
SELECT day, segment, COALESCE(size, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN UNNEST(['desktop', 'mobile', 'tablet', 'other']) AS segment
LEFT JOIN sizes USING (day, segment)
ORDER BY day, segment
