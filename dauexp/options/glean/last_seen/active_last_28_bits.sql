-- Users by the number of the last 28 UTC days on which they had a request.
SELECT
  LPAD(CAST(days AS STRING), 2, '0') AS segment,
  COUNT(uid) AS value
FROM
  UNNEST(GENERATE_ARRAY(1, 28)) AS days
LEFT JOIN
  last_seen
ON
  BIT_COUNT(days_seen_bits) = days
GROUP BY
  days
