import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import type { Logger } from "../../observability/log.ts";
import type { Inbox } from "./inbox.ts";
import { readTitle } from "./receivers.ts";

const MAX_BYTES = 1_048_576;

/** Registers how to close what was opened. */
export type OnClose = (name: string, close: () => Promise<unknown>) => void;

/** Takes every mail, for any address, without a password; answers on which port. */
export async function listenForMail(
  onClose: OnClose,
  log: Pick<Logger, "info" | "warn">,
  port: number,
  inbox: Inbox,
): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    // It has no certificate, and tells so: a sender that insists on TLS must fail, not wait.
    disabledCommands: ["STARTTLS"],
    size: MAX_BYTES,
    onData(stream, _session, done) {
      simpleParser(stream).then(
        (mail) => {
          const to = [mail.to ?? []]
            .flat()
            .map(({ text }) => text)
            .join(", ");
          const summary = mail.subject ?? "";
          inbox.add(
            { channel: "email", to, ...readTitle(summary), summary },
            { from: mail.from?.text, text: mail.text },
          );
          done();
        },
        (error: Error) => done(error),
      );
    },
  });
  server.on("error", (error) => log.warn({ err: error }, "mail server"));
  const listening = await new Promise<{ port: number }>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(port, () => resolve(server.server.address() as { port: number }));
  });
  onClose("mail server", () => new Promise<void>((resolve) => server.close(() => resolve())));
  return listening.port;
}
