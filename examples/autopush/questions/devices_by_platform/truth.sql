-- Distinct devices with a request on each UTC day.
SELECT
  DATE(time) AS day,
  platform AS segment,
  COUNT(DISTINCT hashed_device_id) AS value
FROM
  requests
WHERE
  DATE(time) BETWEEN @first_day AND @last_day
GROUP BY
  day,
  segment
