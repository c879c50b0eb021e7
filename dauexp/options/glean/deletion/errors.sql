-- Deletes what devices sent whose users opted out: the documents that were rejected, kept whole.
-- They have no columns, so the ids are looked for in their bytes.
DELETE FROM syncstorage_errors.events
WHERE EXISTS (
  SELECT 1
  FROM UNNEST(@hashed_device_ids) AS id
  WHERE STRPOS(TO_HEX(document), TO_HEX(CAST(id AS BYTES))) > 0
)
