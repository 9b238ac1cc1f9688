/** The used part of two libraries that bring no types. */
declare module "smtp-server" {
  import type { EventEmitter } from "node:events";
  import type { Server } from "node:net";
  import type { Readable } from "node:stream";

  export interface Options {
    authOptional?: boolean;
    disabledCommands?: string[];
    size?: number;
    onData?(stream: Readable, session: unknown, done: (error?: Error) => void): void;
  }
  export class SMTPServer extends EventEmitter {
    constructor(options: Options);
    readonly server: Server;
    listen(port: number, done: () => void): void;
    close(done: () => void): void;
  }
}

declare module "mailparser" {
  import type { Readable } from "node:stream";

  export interface Addresses {
    text: string;
  }
  export interface Mail {
    subject?: string;
    text?: string;
    from?: Addresses;
    to?: Addresses | Addresses[];
  }
  export function simpleParser(source: Readable): Promise<Mail>;
}
