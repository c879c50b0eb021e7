SELECT DATE(time) AS day, COUNT(DISTINCT seen.`user`) AS value
FROM openmetrics.exemplars AS seen
WHERE DATE(time) BETWEEN @first_day AND @last_day
GROUP BY day
