/** Rooms of a process's sockets: one for each user, and one for users who may read all requests. */
export const roomOf = (userId: string) => `user:${userId}`;
export const READERS_OF_ALL = "readers-of-all";
