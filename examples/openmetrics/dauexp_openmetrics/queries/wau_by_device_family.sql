SELECT day, device_family AS segment, COUNT(DISTINCT seen.`user`) AS value
FROM openmetrics.exemplars AS seen
CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
WHERE DATE(time) BETWEEN DATE_SUB(day, INTERVAL 6 DAY) AND day
GROUP BY day, segment
