-- Requests of 28 days, by device family, over the requests of a monthly user there, which must
-- be known beforehand. No answer (null) for a segment that had requests but no user in the
-- earlier period.
-- needs: requests_per_user_28d_device_family_desktop
-- needs: requests_per_user_28d_device_family_mobile
-- needs: requests_per_user_28d_device_family_tablet
-- needs: requests_per_user_28d_device_family_other
WITH requests AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS made_on,  -- a flush at midnight ends a day
    device_family AS segment,
    SUM(value) AS requests
  FROM influxdb.requests
  GROUP BY made_on, segment
),
counted AS (
  SELECT day, segment, SUM(requests) AS requests
  FROM requests
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(made_on, DATE_ADD(made_on, INTERVAL 27 DAY))) AS day
  GROUP BY day, segment
),
known AS (
  SELECT 'desktop' AS segment, @requests_per_user_28d_device_family_desktop AS per_user
  UNION ALL SELECT 'mobile', @requests_per_user_28d_device_family_mobile
  UNION ALL SELECT 'tablet', @requests_per_user_28d_device_family_tablet
  UNION ALL SELECT 'other', @requests_per_user_28d_device_family_other
)
SELECT day, segment, IF(requests IS NULL, 0, requests / NULLIF(per_user, 0)) AS value
FROM UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(@first_day, INTERVAL 27 DAY), @last_day)) AS day
CROSS JOIN known
LEFT JOIN counted USING (day, segment)
ORDER BY day, segment
