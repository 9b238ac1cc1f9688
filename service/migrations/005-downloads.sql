-- What becomes of a request once it is approved: Overseerr is asked for it, and its download is followed.
CREATE TABLE downloads (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  request_id   uuid NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
  -- The request's owner once more, so that a page of one's own is one index scan.
  user_id      text NOT NULL,
  status       text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'downloading', 'completed', 'failed', 'cancelled')),
  -- Whole percent.
  progress     smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  -- Overseerr's own id of the request, once it has one.
  overseerr_id integer,
  -- Counts the looks at Overseerr. A job names the look it is for: one that comes twice finds that it was made.
  tick         integer NOT NULL DEFAULT 0,
  version      integer NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT now(),
  changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((status = 'completed') = (progress = 100))
);
-- A request has one download under way at most, whatever happens.
CREATE UNIQUE INDEX downloads_under_way ON downloads (request_id) WHERE status IN ('queued', 'downloading');
-- GET /api/v1/downloads: one's own, everybody's, in one state, of one request; newest first.
CREATE INDEX downloads_page_of_user ON downloads (user_id, created_at DESC, id DESC);
CREATE INDEX downloads_page ON downloads (created_at DESC, id DESC);
CREATE INDEX downloads_page_of_status ON downloads (status, created_at DESC, id DESC);
CREATE INDEX downloads_page_of_request ON downloads (request_id, created_at DESC, id DESC);

-- Which of two states of a row is the newer one, and what changed lately: live updates need both.
ALTER TABLE requests ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE requests ADD COLUMN changed_at timestamptz NOT NULL DEFAULT clock_timestamp();
-- For the sweep of live updates.
CREATE INDEX requests_changed ON requests (changed_at, id);
CREATE INDEX downloads_changed ON downloads (changed_at, id);

-- In the database, so that no statement can forget it, not even one of the version before this.
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.changed_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER count_change BEFORE UPDATE ON requests
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION count_change();
CREATE TRIGGER count_change BEFORE UPDATE ON downloads
  FOR EACH ROW WHEN ((OLD.status, OLD.progress) IS DISTINCT FROM (NEW.status, NEW.progress))
  EXECUTE FUNCTION count_change();
