-- The exact answer, from the requests themselves: the table `requests` has the columns time, host,
-- user_agent, hashed_fxa_uid, hashed_device_id, platform and device_family.
WITH heavy AS (
  SELECT
    DATE(time) AS day,
    hashed_fxa_uid
  FROM
    requests
  GROUP BY
    day,
    hashed_fxa_uid
  HAVING
    COUNT(*) >= 10
)
SELECT
  day,
  COUNT(hashed_fxa_uid) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day
LEFT JOIN
  heavy
USING
  (day)
GROUP BY
  day
