-- Retention: of the users whose first request was 7 days before, the share with a request on the day,
-- 0 where there are none.
WITH active AS (
  SELECT DISTINCT
    DATE(submission_timestamp) AS active_day,
    metrics.string.syncstorage_hashed_fxa_uid AS uid
  FROM
    syncstorage_stable.events
  WHERE
    metrics.string.syncstorage_hashed_fxa_uid IS NOT NULL
),
joined AS (
  SELECT
    uid,
    DATE_ADD(MIN(active_day), INTERVAL 7 DAY) AS seventh_day
  FROM
    active
  GROUP BY
    uid
),
counted AS (
  SELECT
    seventh_day,
    COUNT(active.uid) AS retained,
    COUNT(*) AS users
  FROM
    joined
  LEFT JOIN
    active
  ON
    active.uid = joined.uid
    AND active_day = seventh_day
  GROUP BY
    seventh_day
)
SELECT
  day,
  COALESCE(retained / users, 0) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 7 DAY), @last_day)) AS day
LEFT JOIN
  counted
ON
  seventh_day = day
