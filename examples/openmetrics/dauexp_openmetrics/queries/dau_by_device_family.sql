SELECT DATE(time) AS day, device_family AS segment, COUNT(DISTINCT seen.`user`) AS value
FROM openmetrics.exemplars AS seen
WHERE DATE(time) BETWEEN @first_day AND @last_day
GROUP BY day, segment
