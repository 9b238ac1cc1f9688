-- Whether anybody here still wants a title: asked when a cancelled request is taken back at Overseerr.
CREATE INDEX requests_of_title ON requests (media_type, tmdb_id);
