-- An account that an administrator has disabled cannot sign in.
ALTER TABLE users ADD COLUMN disabled_at timestamptz;
