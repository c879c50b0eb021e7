-- The sizes of all sets of a day, by platform, over the sample rate: right for requests, not
-- for distinct users.
-- needs: sample_rate
WITH sizes AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    platform AS segment,
    SUM(value) AS size
  FROM influxdb.users
  GROUP BY day, segment
)
SELECT day, segment, COALESCE(size, 0) / @sample_rate AS value
FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
CROSS JOIN UNNEST(['firefoxdesktop', 'fenix', 'firefoxios', 'other']) AS segment
LEFT JOIN sizes USING (day, segment)
ORDER BY day, segment
