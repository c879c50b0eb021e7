-- Users by the number of the last 28 days on which they were seen: the bits that are set of 28,
-- one a day.
WITH seen AS (
  SELECT DISTINCT
    DATE(time) AS seen_on,
    requests.`user` AS id
  FROM influxdb.requests AS requests
),
days_seen AS (
  SELECT day, id, BIT_OR(1 << DATE_DIFF(day, seen_on, DAY)) AS bits
  FROM seen
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(seen_on, DATE_ADD(seen_on, INTERVAL 27 DAY))) AS day
  GROUP BY day, id
),
counted AS (
  SELECT day, BIT_COUNT(bits) AS days, COUNT(*) AS users
  FROM days_seen
  GROUP BY day, days
)
SELECT day, LPAD(CAST(days AS STRING), 2, '0') AS segment, COALESCE(users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
CROSS JOIN UNNEST(GENERATE_ARRAY(1, 28)) AS days
LEFT JOIN counted USING (day, days)
ORDER BY day, segment
