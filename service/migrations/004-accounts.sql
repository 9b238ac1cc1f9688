-- People who sign in. The id is text in requests, since the dev token's user has none here.
CREATE TABLE users (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email         text NOT NULL UNIQUE CHECK (email = lower(email)),
  name          text NOT NULL,
  -- Holds its own parameters, so that they can be raised later. See src/accounts/passwords.ts.
  password_hash text NOT NULL,
  role          text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'moderator', 'admin')),
  created_at    timestamptz NOT NULL DEFAULT now()
);
-- GET /api/v1/admin/users, newest first.
CREATE INDEX users_page ON users (created_at DESC, id DESC);

-- `pending` stays what it was: approved, and its job is under way.
ALTER TABLE requests DROP CONSTRAINT requests_status_check;
ALTER TABLE requests ADD CONSTRAINT requests_status_check
  CHECK (status IN ('awaiting', 'pending', 'available', 'declined', 'cancelled', 'failed'));
-- GET /api/v1/requests: one's own, everybody's, and everybody's in one state, newest first.
CREATE INDEX requests_page_of_user ON requests (user_id, created_at DESC, id DESC);
CREATE INDEX requests_page ON requests (created_at DESC, id DESC);
CREATE INDEX requests_page_of_status ON requests (status, created_at DESC, id DESC);
