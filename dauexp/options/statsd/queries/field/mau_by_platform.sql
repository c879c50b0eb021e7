-- Distinct users of 28 days, by platform.
WITH seen AS (
  SELECT DISTINCT
    DATE(time) AS seen_on,
    platform AS segment,
    requests.`user` AS id
  FROM influxdb.requests AS requests
),
counted AS (
  SELECT day, segment, COUNT(DISTINCT id) AS users
  FROM seen
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(seen_on, DATE_ADD(seen_on, INTERVAL 27 DAY))) AS day
  GROUP BY day, segment
)
SELECT day, segment, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
CROSS JOIN UNNEST(['firefoxdesktop', 'fenix', 'firefoxios', 'other']) AS segment
LEFT JOIN counted USING (day, segment)
ORDER BY day, segment
