-- What runs short today on the free plan: a JSON object, `Shortage` of src/protocol/plan/shortage.ts; null: nothing.
-- In the settings' row, which each isolate reads every few seconds anyway.
ALTER TABLE host_settings ADD COLUMN shortage TEXT;
