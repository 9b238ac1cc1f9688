-- Who asked for what, and whether it was delivered.
CREATE TABLE requests (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id      text NOT NULL,
  media_type   text NOT NULL CHECK (media_type IN ('movie', 'tv')),
  tmdb_id      integer NOT NULL CHECK (tmdb_id > 0),
  title        text NOT NULL,
  status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'available')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  -- Makes a repeated wish a conflict instead of a second request, whichever process it reaches.
  UNIQUE (user_id, media_type, tmdb_id),
  CHECK ((status = 'available') = (delivered_at IS NOT NULL))
);
