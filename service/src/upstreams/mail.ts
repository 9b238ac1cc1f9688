import { createTransport } from "nodemailer";

/** What each step of a delivery may take, in milliseconds. */
const STEP_MS = 10_000;

export interface Mailer {
  /** Resolves when the mail server has taken it. */
  send(mail: { to: string; subject: string; text: string }): Promise<void>;
  close(): void;
}

/** `url` as nodemailer takes it: `smtp://user:password@host:587?requireTLS=true`, or `smtps://…`. */
export function createMailer(url: string, from: string): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
  });
  return {
    send: async (mail) => void (await transport.sendMail({ from, ...mail })),
    close: () => transport.close(),
  };
}
