-- Deletes what devices sent whose users opted out: the rows as they came.
DELETE FROM syncstorage_live.events
WHERE metrics.string.syncstorage_hashed_device_id IN UNNEST(@hashed_device_ids)
