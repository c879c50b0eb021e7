-- Distinct users of 7 days.
WITH daily AS (
  SELECT DISTINCT DATE(time) AS day, requests.`user` AS seen
  FROM influxdb.requests AS requests
)
SELECT last.day, COUNT(DISTINCT seen) AS value
FROM (
  SELECT day
  FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
) AS last
LEFT JOIN daily ON daily.day BETWEEN DATE_SUB(last.day, INTERVAL 6 DAY) AND last.day
GROUP BY last.day
ORDER BY last.day
