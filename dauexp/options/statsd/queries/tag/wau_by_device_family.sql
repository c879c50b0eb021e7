-- Distinct users of 7 days, by device family, each a series.
WITH seen AS (
  SELECT DISTINCT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS seen_on,  -- a flush at midnight ends a day
    device_family AS segment,
    requests.`user` AS id
  FROM influxdb.requests AS requests
),
counted AS (
  SELECT day, segment, COUNT(DISTINCT id) AS users
  FROM seen
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(seen_on, DATE_ADD(seen_on, INTERVAL 6 DAY))) AS day
  GROUP BY day, segment
)
SELECT day, segment, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
CROSS JOIN UNNEST(['desktop', 'mobile', 'tablet', 'other']) AS segment
LEFT JOIN counted USING (day, segment)
ORDER BY day, segment
