-- Of the users first seen 7 days before, the share that is seen on the day.
WITH seen AS (
  SELECT DISTINCT
    DATE(time) AS seen_on,
    requests.`user` AS id
  FROM influxdb.requests AS requests
),
joined AS (
  SELECT id, DATE_ADD(MIN(seen_on), INTERVAL 7 DAY) AS day
  FROM seen
  GROUP BY id
),
counted AS (
  SELECT day, COUNT(seen.id) AS retained, COUNT(*) AS users
  FROM joined
  LEFT JOIN seen ON seen.id = joined.id AND seen.seen_on = joined.day
  GROUP BY day
)
SELECT day, COALESCE(retained / users, 0) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 7 DAY), @last_day)) AS day
LEFT JOIN counted USING (day)
ORDER BY day
