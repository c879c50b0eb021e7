-- Weekly active users, by platform:
-- distinct users with a request on any of the 7 UTC days up to each day.
-- Only days whose whole window lies in the period are counted.
WITH active AS (
  SELECT DISTINCT
    DATE(submission_timestamp) AS active_day,
    metrics.string.syncstorage_platform AS platform,
    metrics.string.syncstorage_hashed_fxa_uid AS uid
  FROM
    syncstorage_stable.events
),
counted AS (
  SELECT
    window_day,
    platform,
    COUNT(DISTINCT uid) AS users
  FROM
    active
  CROSS JOIN
    UNNEST(
      GENERATE_DATE_ARRAY(active_day, DATE_ADD(active_day, INTERVAL 6 DAY))
    ) AS window_day
  GROUP BY
    window_day,
    platform
)
SELECT
  day,
  segment,
  COALESCE(users, 0) AS value
FROM
  UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 6 DAY), @last_day)) AS day
CROSS JOIN
  UNNEST(['firefoxdesktop', 'fenix', 'firefoxios', 'other']) AS segment
LEFT JOIN
  counted
ON
  window_day = day
  AND platform = segment
