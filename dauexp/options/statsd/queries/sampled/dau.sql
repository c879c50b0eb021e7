-- The sizes of all sets of a day, over the sample rate: right for requests, not for distinct
-- users.
-- needs: sample_rate
WITH sizes AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    SUM(value) AS size
  FROM influxdb.users
  GROUP BY day
)
SELECT day, COALESCE(size, 0) / @sample_rate AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN sizes USING (day)
ORDER BY day
