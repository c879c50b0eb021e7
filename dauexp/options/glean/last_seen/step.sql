-- The table of days seen after a day, from that after the day before, as Mozilla's warehouse makes it
-- (clients_last_seen): for each user 28 bits, the lowest of which is the day. A user whose last bit
-- leaves is left out. Reads the documents of one day, which their partition holds.
-- needs: 268435455
WITH seen AS (
  SELECT DISTINCT
    metrics.string.syncstorage_hashed_fxa_uid AS uid
  FROM
    syncstorage_stable.events
  WHERE
    submission_timestamp >= TIMESTAMP(@day)
    AND submission_timestamp < TIMESTAMP(DATE_ADD(@day, INTERVAL 1 DAY))
    AND metrics.string.syncstorage_hashed_fxa_uid IS NOT NULL
),
stepped AS (
  SELECT
    COALESCE(last_seen.uid, seen.uid) AS uid,
    ((COALESCE(days_seen_bits, 0) << 1) & 268435455)
      | IF(seen.uid IS NULL, 0, 1) AS days_seen_bits
  FROM
    last_seen
  FULL OUTER JOIN
    seen
  ON
    seen.uid = last_seen.uid
)
SELECT
  uid,
  days_seen_bits
FROM
  stepped
WHERE
  days_seen_bits > 0
