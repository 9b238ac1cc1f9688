import { readBeside } from "../files.ts";

/**
 * Name and text of the script that puts the names of the pod's own cluster into /etc/nginx/nginx.conf, as
 * /tmp/nginx.conf. It belongs beside nginx.conf.
 */
export const resolveScript = { "resolve.sh": readBeside(import.meta.url, "resolve.sh") } as const;
