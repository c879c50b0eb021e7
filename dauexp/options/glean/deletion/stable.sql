-- Deletes what devices sent whose users opted out: the rows that questions are asked of.
DELETE FROM syncstorage_stable.events
WHERE metrics.string.syncstorage_hashed_device_id IN UNNEST(@hashed_device_ids)
