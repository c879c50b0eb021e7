-- The sketches of each device family's users by day; they are united over 28 days and counted
-- outside the database.
-- outside: users_of_28_days
WITH sketches AS (
  SELECT
    DATE(TIMESTAMP_SUB(time, INTERVAL 1 MICROSECOND)) AS day,  -- a flush at midnight ends a day
    device_family AS segment,
    sketch
  FROM influxdb.users
)
SELECT day, segment, sketch
FROM sketches
WHERE day BETWEEN @first_day AND @last_day
